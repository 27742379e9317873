//! Embedding tables: words, positions and token types.

use crate::gather;
use crate::linear::add_rows;
use crate::parallel;

/// `out[i] = table[ids[i]]` with table `[rows, columns]` and out `[ids, columns]`.
///
/// # Panics
/// If an id lies outside the table or a slice does not have the length of its shape.
pub fn forward(ids: &[u32], table: &[f32], columns: usize, out: &mut [f32]) {
    gather::rows(table, ids, columns, out);
}

/// `out[i] += table[ids[i]]`, for the second and third table.
///
/// # Panics
/// If an id lies outside the table or a slice does not have the length of its shape.
pub fn forward_add(ids: &[u32], table: &[f32], columns: usize, out: &mut [f32]) {
    gather::check(table.len(), ids, columns);
    assert_eq!(
        out.len(),
        ids.len() * columns,
        "out is [{}, {columns}]",
        ids.len()
    );
    let count = parallel::rows_per_chunk(columns);
    parallel::for_each_chunk(out, count * columns, |chunk, out| {
        for (out, id) in out.chunks_exact_mut(columns).zip(&ids[chunk * count..]) {
            let start = *id as usize * columns;
            for (out, value) in out.iter_mut().zip(&table[start..start + columns]) {
                *out += value;
            }
        }
    });
}

/// Rows of the table of one task.
const TABLE_ROWS: usize = 64;
/// Gradients that are added in f32 before they go to the table.
const RUN: usize = 32;

/// `dtable[ids[i]] += dout[i]` on top of what dtable holds, in the order of i for each row of the table: in runs of 32,
/// so that the gradient of a frequent word does not lose digits.
///
/// # Panics
/// If an id lies outside the table or a slice does not have the length of its shape.
pub fn backward(ids: &[u32], dout: &[f32], columns: usize, dtable: &mut [f32]) {
    gather::check(dtable.len(), ids, columns);
    assert_eq!(
        dout.len(),
        ids.len() * columns,
        "dout is [{}, {columns}]",
        ids.len()
    );
    // Ascending by id, then by place: the keys are distinct, so the order does not depend on the sort.
    let mut places: Vec<u64> = (0_u64..)
        .zip(ids)
        .map(|(place, id)| u64::from(*id) << 32 | place)
        .collect();
    places.sort_unstable();
    parallel::for_each_chunk(dtable, TABLE_ROWS * columns, |chunk, dtable| {
        let from = (chunk * TABLE_ROWS) as u64;
        let below = |id: u64| places.partition_point(|place| place >> 32 < id);
        let own = &places[below(from)..below(from + TABLE_ROWS as u64)];
        let mut sum = vec![0.0; columns];
        for same in own.chunk_by(|a, b| a >> 32 == b >> 32) {
            let row = ((same[0] >> 32) - from) as usize;
            let total = &mut dtable[row * columns..(row + 1) * columns];
            for run in same.chunks(RUN) {
                sum.fill(0.0);
                for place in run {
                    let start = (place & u64::from(u32::MAX)) as usize * columns;
                    add_rows(&dout[start..start + columns], &mut sum);
                }
                add_rows(&sum, total);
            }
        }
    });
}

/// The same in f64, in the order of the ids.
#[doc(hidden)]
pub mod reference {
    /// See [`super::forward`].
    pub fn forward(ids: &[u32], table: &[f64], columns: usize) -> Vec<f64> {
        ids.iter()
            .flat_map(|id| &table[*id as usize * columns..(*id as usize + 1) * columns])
            .copied()
            .collect()
    }

    /// See [`super::backward`].
    pub fn backward(ids: &[u32], dout: &[f64], columns: usize, dtable: &mut [f64]) {
        for (id, dout) in ids.iter().zip(dout.chunks_exact(columns)) {
            for (j, dout) in dout.iter().enumerate() {
                dtable[*id as usize * columns + j] += dout;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parallel::tests::same_at_any_thread_count;
    use crate::random::{Purpose, Stream};
    use crate::testing::{assert_close, bits, narrow, random};

    fn ids(count: usize, rows: u64) -> Vec<u32> {
        let stream = Stream::new(5, Purpose::Probe, 1);
        // Squared, so that some words are frequent.
        (0..count as u64)
            .map(|i| (stream.uniform(i).powi(2) * rows as f64) as u32)
            .collect()
    }

    #[test]
    fn agrees_with_the_reference() {
        for (count, rows, columns) in [
            (1, 1, 1),
            (500, 2, 9),
            (300, 1000, 33),
            (0, 5, 4),
            (2000, 129, 16),
        ] {
            let ids = ids(count, rows as u64);
            let table = random(1, rows * columns, 1.0);
            let dout = random(2, count * columns, 1.0);
            let mut out = vec![f32::NAN; count * columns];
            forward(&ids, &narrow(&table), columns, &mut out);
            let exact = reference::forward(&ids, &table, columns);
            assert_close("out", &out, &exact, 0.0);
            forward_add(&ids, &narrow(&table), columns, &mut out);
            let twice: Vec<f64> = exact.iter().map(|value| 2.0 * value).collect();
            assert_close("out", &out, &twice, 0.0);
            let mut dtable = narrow(&table);
            backward(&ids, &narrow(&dout), columns, &mut dtable);
            let mut exact = table.clone();
            reference::backward(&ids, &dout, columns, &mut exact);
            assert_close("dtable", &dtable, &exact, 1e-6);
        }
    }

    #[test]
    fn the_same_bytes_at_any_thread_count() {
        let columns = 24;
        let ids = ids(5000, 700);
        let dout = narrow(&random(2, ids.len() * columns, 1.0));
        same_at_any_thread_count(|| {
            let mut dtable = vec![0.0; 700 * columns];
            backward(&ids, &dout, columns, &mut dtable);
            bits(&dtable)
        });
    }
}
