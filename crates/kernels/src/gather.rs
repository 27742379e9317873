//! Selecting rows, such as the masked positions before the head.

use std::ops::Range;

use crate::linear::add_rows;
use crate::parallel;

/// `out[i] = x[indices[i]]` with x `[_, columns]` and out `[indices, columns]`.
///
/// # Panics
/// If an index lies outside x or a slice does not have the length of its shape.
pub fn rows(x: &[f32], indices: &[u32], columns: usize, out: &mut [f32]) {
    check(x.len(), indices, columns);
    assert_eq!(
        out.len(),
        indices.len() * columns,
        "out is [{}, {columns}]",
        indices.len()
    );
    let count = parallel::rows_per_chunk(columns);
    parallel::for_each_chunk(out, count * columns, |chunk, out| {
        let indices = &indices[chunk * count..];
        for (out, index) in out.chunks_exact_mut(columns).zip(indices) {
            let start = *index as usize * columns;
            out.copy_from_slice(&x[start..start + columns]);
        }
    });
}

/// The backward of [`rows`]: dx (overwritten) is 0 but for `dx[indices[i]] += dout[i]`, in the order of i.
///
/// # Panics
/// If an index lies outside dx or a slice does not have the length of its shape.
pub fn scatter_rows(dout: &[f32], indices: &[u32], columns: usize, dx: &mut [f32]) {
    check(dx.len(), indices, columns);
    assert_eq!(
        dout.len(),
        indices.len() * columns,
        "dout is [{}, {columns}]",
        indices.len()
    );
    let places = sorted_places(indices);
    let count = parallel::rows_per_chunk(columns);
    parallel::for_each_chunk(dx, count * columns, |chunk, dx| {
        dx.fill(0.0);
        let from = chunk * count;
        for place in places_of(&places, from..from + count) {
            let (row, start) = (place.row() - from, place.index() * columns);
            add_rows(
                &dout[start..start + columns],
                &mut dx[row * columns..(row + 1) * columns],
            );
        }
    });
}

/// Which row an index names. Ordered by row, then by the place of the index.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place(u64);

impl Place {
    pub(crate) fn row(self) -> usize {
        (self.0 >> 32) as usize
    }

    pub(crate) fn index(self) -> usize {
        (self.0 & u64::from(u32::MAX)) as usize
    }
}

/// The places of all indices. They are distinct, so the order does not depend on the way of sorting.
pub(crate) fn sorted_places(indices: &[u32]) -> Vec<Place> {
    let mut places: Vec<Place> = (0_u64..)
        .zip(indices)
        .map(|(place, index)| Place(u64::from(*index) << 32 | place))
        .collect();
    places.sort_unstable();
    places
}

/// Those of some rows.
pub(crate) fn places_of(places: &[Place], rows: Range<usize>) -> &[Place] {
    let below = |row: usize| places.partition_point(|place| place.row() < row);
    &places[below(rows.start)..below(rows.end)]
}

pub(crate) fn check(length: usize, indices: &[u32], columns: usize) {
    assert!(
        columns > 0 && length.is_multiple_of(columns),
        "{length} values are no rows of {columns}"
    );
    let rows = length / columns;
    let largest = indices.iter().max();
    assert!(
        largest.is_none_or(|&index| (index as usize) < rows),
        "row {largest:?} of {rows}"
    );
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{narrow, random};

    #[test]
    fn scattering_is_the_transpose_of_gathering() {
        let (count, columns) = (5000, 7);
        let x = narrow(&random(1, count * columns, 1.0));
        let indices: Vec<u32> = (0..count as u32).step_by(3).chain([0, 0, 4999]).collect();
        let mut out = vec![f32::NAN; indices.len() * columns];
        rows(&x, &indices, columns, &mut out);
        for (out, index) in out.chunks(columns).zip(&indices) {
            assert_eq!(out, &x[*index as usize * columns..][..columns]);
        }
        let mut dx = vec![f32::NAN; x.len()];
        scatter_rows(&out, &indices, columns, &mut dx);
        for (row, (dx, x)) in dx.chunks(columns).zip(x.chunks(columns)).enumerate() {
            let times = indices
                .iter()
                .filter(|index| **index as usize == row)
                .count() as f32;
            for (dx, x) in dx.iter().zip(x) {
                assert!((dx - times * x).abs() <= 1e-6 * x.abs());
            }
        }
        rows(&x, &[], columns, &mut []);
    }

    #[test]
    #[should_panic(expected = "row Some(2) of 2")]
    fn an_index_outside_is_refused() {
        rows(&[0.0; 6], &[0, 2], 3, &mut [0.0; 6]);
    }
}
