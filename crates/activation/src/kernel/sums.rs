//! The gradient by the bias: columns are added while the chunk that was just written is in the cache.

use pliant_kernels::linear::add_rows;
use pliant_kernels::parallel;
use pliant_kernels::scratch::Scratch;

/// Calls `work(chunk index, chunk)` for chunks of `length` values, whole rows of `totals`, and adds up the rows that it
/// leaves in them: in f32 within a chunk, over the chunks in order.
pub(super) fn with_column_sums(
    values: &mut [f32],
    length: usize,
    totals: Option<&mut [f32]>,
    work: impl Fn(usize, &mut [f32]) + Sync + Send,
) {
    let Some(totals) = totals else {
        parallel::for_each_chunk(values, length, work);
        return;
    };
    let mut partials = Scratch::new(values.len().div_ceil(length) * totals.len());
    parallel::for_each_chunk2(
        (values, length),
        (&mut partials, totals.len()),
        |index, values, partial| {
            work(index, values);
            add_columns(values, partial);
        },
    );
    parallel::fold_partials(&partials, totals);
}

/// As [`with_column_sums`], with a part of `others` for each chunk.
pub(super) fn with_column_and_other_sums(
    values: &mut [f32],
    length: usize,
    totals: Option<&mut [f32]>,
    others: (&mut [f64], usize),
    work: impl Fn(usize, &mut [f32], &mut [f64]) + Sync + Send,
) {
    let Some(totals) = totals else {
        parallel::for_each_chunk2((values, length), others, work);
        return;
    };
    let mut partials = Scratch::new(values.len().div_ceil(length) * totals.len());
    parallel::for_each_chunk3(
        (values, length),
        others,
        (&mut partials, totals.len()),
        |index, values, other, partial| {
            work(index, values, other);
            add_columns(values, partial);
        },
    );
    parallel::fold_partials(&partials, totals);
}

fn add_columns(values: &[f32], partial: &mut [f32]) {
    partial.fill(0.0);
    add_rows(values, partial);
}
