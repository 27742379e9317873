//! The gradient by the bias: each chunk adds up its columns while it writes them.

use pliant_kernels::parallel;
use pliant_kernels::scratch::Scratch;

/// Elements of a chunk in backward passes: each writes and reads a row of sums beside its rows.
const ELEMENTS: usize = 4 * parallel::ELEMENTS;

/// Rows of `columns` elements in a chunk of a backward pass.
pub(super) fn rows_per_chunk(columns: usize) -> usize {
    (ELEMENTS / columns.max(1)).max(1)
}

/// Calls `work(chunk index, chunk, sums of its columns)` for chunks of `length` values, whole rows of `columns`. `work` adds
/// every value that it leaves in the chunk to the sum of its column, which begins at zero: in f32 within a chunk, over
/// the chunks in order and in f64. The totals are dropped where nobody asks for them.
pub(super) fn with_column_sums(
    values: &mut [f32],
    length: usize,
    columns: usize,
    totals: Option<&mut [f32]>,
    work: impl Fn(usize, &mut [f32], &mut [f32]) + Sync + Send,
) {
    let mut nothing = vec![(); values.len().div_ceil(length)];
    let others = (nothing.as_mut_slice(), 1);
    with_column_and_other_sums(
        values,
        length,
        columns,
        totals,
        others,
        |index, values, sums, _| work(index, values, sums),
    );
}

/// As [`with_column_sums`], with a part of `others` for each chunk.
pub(super) fn with_column_and_other_sums<T: Send>(
    values: &mut [f32],
    length: usize,
    columns: usize,
    totals: Option<&mut [f32]>,
    others: (&mut [T], usize),
    work: impl Fn(usize, &mut [f32], &mut [f32], &mut [T]) + Sync + Send,
) {
    let Some(totals) = totals else {
        parallel::for_each_chunk2((values, length), others, |index, values, other| {
            let mut unwanted = Scratch::new(columns);
            work(index, values, &mut unwanted, other);
        });
        return;
    };
    let mut partials = Scratch::new(values.len().div_ceil(length) * columns);
    parallel::for_each_chunk3(
        (values, length),
        others,
        (&mut partials, columns),
        |index, values, other, partial| {
            partial.fill(0.0);
            work(index, values, partial, other);
        },
    );
    parallel::fold_partials(&partials, totals);
}
