//! The forward pass of one head.
#![allow(unsafe_code)]

use std::ops::Range;

use super::heads::{Head, Interleaved, Part};
use super::{block_rows, softmax};
use crate::product::{Mode, Threads, View, multiply};
use crate::scratch::Scratch;

/// Outputs and statistics of some of its queries.
pub(super) fn compute(
    head: &Head<'_>,
    queries: &Range<usize>,
    output: &Interleaved<'_>,
    statistics: &Interleaved<'_>,
) {
    let (keys, size) = (head.tokens, head.shape.head_size);
    let block = block_rows(keys).min(queries.len());
    let mut key_rows = Scratch::new(keys * size);
    let mut query_rows = Scratch::new(block * size);
    let mut scores = Scratch::new(block * keys);
    let key = head.turned_part(Part::Key, &(0..keys), &mut key_rows);
    let value = head.part(Part::Value, &(0..keys));
    for first in queries.clone().step_by(block) {
        let queries = first..queries.end.min(first + block);
        let scores = &mut scores[..queries.len() * keys];
        let query = head.turned_part(Part::Query, &queries, &mut query_rows);
        multiply(
            head.precision,
            query,
            key.transposed(),
            head.factor(),
            Mode::Overwrite,
            Threads::One,
            scores,
        );
        let range = head.statistics(&queries);
        // SAFETY: the statistics of these queries of this head.
        let statistics = unsafe { statistics.row(range.start, range.len()) };
        softmax::exponentials(
            scores,
            keys,
            head.mask.map(|(mask, _)| mask),
            head.positions,
            first,
            head.mask.map_or(0, |(_, stride)| stride),
            statistics,
        );
        let weights = View::new(scores, queries.len(), keys);
        // SAFETY: the outputs of these queries of this head.
        unsafe {
            output.multiply(
                head.precision,
                weights,
                value,
                head.kept_factor(),
                Mode::Overwrite,
                head.output_start(first),
                head.shape.hidden(),
            );
        }
        for (query, &[_, reciprocal]) in queries.zip(statistics.as_chunks::<2>().0) {
            // SAFETY: the output of this query of this head.
            let row = unsafe { output.row(head.output_start(query), size) };
            for value in row {
                *value *= reciprocal;
            }
        }
    }
}
