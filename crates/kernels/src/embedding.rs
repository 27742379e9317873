//! Embedding tables: words, positions and token types.

use crate::gather;
use crate::linear::add_rows;
use crate::parallel;

/// `out[i] = Σ table[ids[i]]` over the tables, in their order; each of them (ids `[count]`, table `[rows, columns]`), out
/// `[count, columns]`.
///
/// # Panics
/// If there is no table, an id lies outside its table or a slice does not have the length of its shape.
pub fn forward(tables: &[(&[u32], &[f32])], columns: usize, out: &mut [f32]) {
    for (ids, table) in tables {
        gather::check(table.len(), ids, columns);
        assert_eq!(
            out.len(),
            ids.len() * columns,
            "out is [{}, {columns}]",
            ids.len()
        );
    }
    assert!(!tables.is_empty(), "a sum of embeddings has a table");
    let (first_ids, first) = tables[0];
    let row = |id: u32| id as usize * columns..(id as usize + 1) * columns;
    let count = parallel::rows_per_chunk(columns);
    parallel::for_each_chunk(out, count * columns, |chunk, out| {
        for (at, out) in (chunk * count..).zip(out.chunks_exact_mut(columns)) {
            out.copy_from_slice(&first[row(first_ids[at])]);
            for (ids, table) in &tables[1..] {
                add_rows(&table[row(ids[at])], out);
            }
        }
    });
}

/// Rows of the table of one task.
const TABLE_ROWS: usize = 16;
/// Gradients that are added in f32 before they go to the table.
const RUN: usize = 32;
/// Ids of a task where the whole table is one task's.
const IDS: usize = 512;

/// `dtable[ids[i]] += dout[i]` on top of what dtable holds, in the order of i for each row of the table: in runs of 32,
/// so that the gradient of a frequent word does not lose digits. For a small table, such as that of token types, parts of
/// the ids are added apart and then to the table, in their order.
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
    if dtable.len() > TABLE_ROWS * columns || ids.len() <= IDS {
        scatter(ids, dout, columns, dtable);
        return;
    }
    let mut parts = vec![0.0; ids.len().div_ceil(IDS) * dtable.len()];
    parallel::for_each_chunk(&mut parts, dtable.len(), |part, table| {
        let range = part * IDS..ids.len().min((part + 1) * IDS);
        let dout = &dout[range.start * columns..range.end * columns];
        scatter(&ids[range], dout, columns, table);
    });
    for part in parts.chunks_exact(dtable.len()) {
        add_rows(part, dtable);
    }
}

fn scatter(ids: &[u32], dout: &[f32], columns: usize, dtable: &mut [f32]) {
    let places = gather::sorted_places(ids);
    parallel::for_each_chunk(dtable, TABLE_ROWS * columns, |chunk, dtable| {
        let from = chunk * TABLE_ROWS;
        let own = gather::places_of(&places, from..from + TABLE_ROWS);
        if own.is_empty() {
            return;
        }
        let mut sum = vec![0.0; columns];
        for same in own.chunk_by(|a, b| a.row() == b.row()) {
            let row = same[0].row() - from;
            let total = &mut dtable[row * columns..(row + 1) * columns];
            for run in same.chunks(RUN) {
                sum.fill(0.0);
                for place in run {
                    let start = place.index() * columns;
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
            (3000, 2, 40),
        ] {
            let ids = ids(count, rows as u64);
            let table = random(1, rows * columns, 1.0);
            let dout = random(2, count * columns, 1.0);
            let mut out = vec![f32::NAN; count * columns];
            let narrow_table = narrow(&table);
            forward(&[(&ids, &narrow_table)], columns, &mut out);
            let exact = reference::forward(&ids, &table, columns);
            assert_close("out", &out, &exact, 0.0);
            let other_ids: Vec<u32> = ids.iter().rev().copied().collect();
            let tables = [
                (ids.as_slice(), narrow_table.as_slice()),
                (&other_ids, &narrow_table),
            ];
            forward(&tables, columns, &mut out);
            let other = reference::forward(&other_ids, &table, columns);
            let sum: Vec<f64> = exact.iter().zip(&other).map(|(a, b)| a + b).collect();
            assert_close("sum", &out, &sum, 1e-7);
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
        for rows in [3, 700] {
            let ids = ids(5000, rows as u64);
            let dout = narrow(&random(2, ids.len() * columns, 1.0));
            same_at_any_thread_count(|| {
                let mut dtable = vec![0.0; rows * columns];
                backward(&ids, &dout, columns, &mut dtable);
                bits(&dtable)
            });
        }
    }
}
