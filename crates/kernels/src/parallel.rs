//! Parallel loops over fixed chunks, and sums in a fixed order.
//!
//! Chunk sizes are arguments and never depend on the number of threads, and partial results are combined in index order,
//! so every result is the same bytes at any number of threads. Work runs on the current rayon pool.

use std::ops::Range;

use rayon::prelude::*;

/// Elements of one chunk in element-wise loops: large enough to pay for a task, small enough for the L2 cache.
pub const ELEMENTS: usize = 16 * 1024;

/// How many rows of `columns` elements make a chunk of about [`ELEMENTS`], at least one.
pub const fn rows_per_chunk(columns: usize) -> usize {
    let columns = if columns == 0 { 1 } else { columns };
    let rows = ELEMENTS / columns;
    if rows == 0 { 1 } else { rows }
}

/// Calls `work(chunk index, chunk)` for each chunk of `output`; the last one may be shorter.
///
/// # Panics
/// If `chunk` is zero.
pub fn for_each_chunk<T: Send>(
    output: &mut [T],
    chunk: usize,
    work: impl Fn(usize, &mut [T]) + Sync + Send,
) {
    assert!(chunk > 0, "chunks need a length");
    if output.len() <= chunk {
        if !output.is_empty() {
            work(0, output);
        }
        return;
    }
    output
        .par_chunks_mut(chunk)
        .enumerate()
        .for_each(|(index, output)| work(index, output));
}

/// As [`for_each_chunk`] over two outputs cut into equally many chunks.
///
/// # Panics
/// If a chunk length is zero or the outputs give different numbers of chunks.
#[expect(
    clippy::needless_pass_by_value,
    reason = "a slice and its chunk length are one argument"
)]
pub fn for_each_chunk2<T: Send, U: Send>(
    first: (&mut [T], usize),
    second: (&mut [U], usize),
    work: impl Fn(usize, &mut [T], &mut [U]) + Sync + Send,
) {
    assert!(first.1 > 0 && second.1 > 0, "chunks need a length");
    assert_eq!(
        first.0.len().div_ceil(first.1),
        second.0.len().div_ceil(second.1),
        "as many chunks of the one as of the other"
    );
    first
        .0
        .par_chunks_mut(first.1)
        .zip(second.0.par_chunks_mut(second.1))
        .enumerate()
        .for_each(|(index, (first, second))| work(index, first, second));
}

/// As [`for_each_chunk`] over three outputs cut into equally many chunks.
///
/// # Panics
/// If a chunk length is zero or the outputs give different numbers of chunks.
#[expect(
    clippy::needless_pass_by_value,
    reason = "a slice and its chunk length are one argument"
)]
pub fn for_each_chunk3<T: Send, U: Send, V: Send>(
    first: (&mut [T], usize),
    second: (&mut [U], usize),
    third: (&mut [V], usize),
    work: impl Fn(usize, &mut [T], &mut [U], &mut [V]) + Sync + Send,
) {
    assert!(
        first.1 > 0 && second.1 > 0 && third.1 > 0,
        "chunks need a length"
    );
    let chunks = first.0.len().div_ceil(first.1);
    assert!(
        chunks == second.0.len().div_ceil(second.1) && chunks == third.0.len().div_ceil(third.1),
        "as many chunks of the one as of the others"
    );
    first
        .0
        .par_chunks_mut(first.1)
        .zip(second.0.par_chunks_mut(second.1))
        .zip(third.0.par_chunks_mut(third.1))
        .enumerate()
        .for_each(|(index, ((first, second), third))| work(index, first, second, third));
}

/// `map(0), map(1), …` in index order, computed in parallel.
pub fn map_ordered<R: Send>(count: usize, map: impl Fn(usize) -> R + Sync + Send) -> Vec<R> {
    if count <= 1 {
        return (0..count).map(map).collect();
    }
    (0..count).into_par_iter().map(map).collect()
}

/// `map(range of chunk 0), map(range of chunk 1), …` in index order for `0..length` cut into chunks.
///
/// # Panics
/// If `chunk` is zero.
pub fn map_chunks<R: Send>(
    length: usize,
    chunk: usize,
    map: impl Fn(Range<usize>) -> R + Sync + Send,
) -> Vec<R> {
    assert!(chunk > 0, "chunks need a length");
    map_ordered(length.div_ceil(chunk), |index| {
        map(index * chunk..length.min((index + 1) * chunk))
    })
}

/// Sum of a partial sum per chunk, in index order.
///
/// # Panics
/// If `chunk` is zero.
pub fn sum(
    length: usize,
    chunk: usize,
    partial: impl Fn(Range<usize>) -> f64 + Sync + Send,
) -> f64 {
    map_chunks(length, chunk, partial).into_iter().sum()
}

/// `total[j] = Σ partials[chunk * width + j]` over the chunks in index order, in f64. A single chunk is copied.
///
/// # Panics
/// If `partials` is not a whole number of widths.
pub fn fold_partials(partials: &[f32], total: &mut [f32]) {
    let width = total.len();
    if width == 0 {
        return;
    }
    assert_eq!(partials.len() % width, 0, "whole partial sums");
    for_each_chunk(total, 256, |index, total| {
        let mut sums = [0.0_f64; 256];
        let start = index * 256;
        for partial in partials.chunks_exact(width) {
            for (sum, value) in sums.iter_mut().zip(&partial[start..start + total.len()]) {
                *sum += f64::from(*value);
            }
        }
        for (total, sum) in total.iter_mut().zip(sums) {
            *total = sum as f32;
        }
    });
}

#[cfg(test)]
pub(crate) mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
    use super::*;

    /// Runs `work` on pools of 1, 2 and 7 threads and asserts that the bits are equal; returns them.
    pub(crate) fn same_at_any_thread_count<R: PartialEq + std::fmt::Debug + Send>(
        work: impl Fn() -> R + Sync + Send,
    ) -> R {
        let at = |threads| {
            rayon::ThreadPoolBuilder::new()
                .num_threads(threads)
                .build()
                .unwrap()
                .install(&work)
        };
        let one = at(1);
        assert!(one == at(2), "one and two threads differ");
        assert!(one == at(7), "one and seven threads differ");
        one
    }

    #[test]
    fn chunks_come_with_their_index() {
        let mut values = vec![0; 103];
        for_each_chunk(&mut values, 10, |index, chunk| chunk.fill(index));
        assert!(
            values
                .iter()
                .enumerate()
                .all(|(at, value)| *value == at / 10)
        );
        let mut halves = vec![0; 52];
        for_each_chunk2((&mut values, 10), (&mut halves, 5), |index, a, b| {
            a.fill(index + 1);
            b.fill(index + 2);
        });
        assert_eq!((values[102], halves[51]), (11, 12));
        for_each_chunk(&mut [] as &mut [u8], 10, |_, _| panic!("nothing to do"));
    }

    #[test]
    fn sums_do_not_depend_on_the_thread_count() {
        let values: Vec<f64> = (0..100_003).map(|i| 1.0 / (1.0 + f64::from(i))).collect();
        let total = same_at_any_thread_count(|| {
            sum(values.len(), 1000, |range| values[range].iter().sum()).to_bits()
        });
        assert!((f64::from_bits(total) - values.iter().sum::<f64>()).abs() < 1e-9);
    }

    #[test]
    fn partials_fold_by_column() {
        let partials: Vec<f32> = (0..3 * 700)
            .map(|i| (i % 700) as f32 + (i / 700) as f32)
            .collect();
        let mut total = vec![0.0; 700];
        fold_partials(&partials, &mut total);
        assert!(
            total
                .iter()
                .enumerate()
                .all(|(j, sum)| *sum == 3.0 * j as f32 + 3.0)
        );
    }
}
