//! The most probable words of a row.

use super::{Denominator, Head, longest};
use crate::Precision;
use crate::parallel;
use crate::scratch::Scratch;

use super::TASK_ROWS;

/// For each row of hidden `[rows, hidden_size]` the `count` words of largest probability under `softmax(hidden · tableᵀ +
/// bias)`, largest first (the first of equal ones first), with their probabilities. Logits exist for a slab of words only.
/// Words whose logit is NaN are left out.
///
/// # Panics
/// If a slice does not have the length of its shape.
pub fn most_probable(
    precision: Precision,
    hidden: &[f32],
    table: &[f32],
    bias: &[f32],
    hidden_size: usize,
    vocabulary: usize,
    count: usize,
) -> Vec<Vec<(u32, f32)>> {
    // The label of a row plays no part here, but rows are counted by them.
    let labels = vec![0; hidden.len() / hidden_size.max(1)];
    let head = Head::new(
        precision,
        hidden,
        table,
        bias,
        &labels,
        hidden_size,
        vocabulary,
    );
    head.blocks()
        .flat_map(|(_, head)| of_block(head, count))
        .collect()
}

/// What a row has seen so far.
#[derive(Clone)]
struct Row {
    denominator: Denominator,
    /// Largest first; of equal ones the first word.
    best: Vec<(u32, f32)>,
}

fn of_block(head: Head<'_>, count: usize) -> Vec<Vec<(u32, f32)>> {
    let empty = Row {
        denominator: Denominator::EMPTY,
        best: Vec::with_capacity(count + 1),
    };
    let mut rows = vec![empty; head.labels.len()];
    let mut logits = Scratch::new(longest(head));
    for slab in head.slabs() {
        let words = slab.len();
        let logits = &mut logits[..head.labels.len() * words];
        head.logits(&slab, logits);
        let logits = &*logits;
        parallel::for_each_chunk(&mut rows, TASK_ROWS, |task, rows| {
            let logits = logits[task * TASK_ROWS * words..].chunks_exact(words);
            for (logits, row) in logits.zip(rows) {
                row.add(slab.start, logits, count);
            }
        });
    }
    rows.into_iter().map(Row::finish).collect()
}

impl Row {
    /// Takes in the logits of the words from `first` on.
    fn add(&mut self, first: usize, logits: &[f32], count: usize) {
        for (word, logit) in logits.iter().enumerate() {
            let is_among = match self.best.last() {
                Some((_, last)) if self.best.len() >= count => logit > last,
                _ => count > 0 && !logit.is_nan(),
            };
            if is_among {
                let place = self.best.partition_point(|(_, other)| other >= logit);
                self.best.insert(place, ((first + word) as u32, *logit));
                self.best.truncate(count);
            }
        }
        self.denominator.add(first, 0, logits);
    }

    /// Logits become probabilities.
    fn finish(self) -> Vec<(u32, f32)> {
        let Denominator { highest, sum, .. } = self.denominator;
        self.best
            .into_iter()
            .map(|(word, logit)| {
                let share = libm::exp(f64::from(logit) - f64::from(highest)) / sum;
                (word, share as f32)
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{narrow, random};

    #[test]
    fn words_and_probabilities_are_those_of_all_logits() {
        let (rows, hidden_size) = (5, 8);
        for vocabulary in [3, 700, 9000] {
            let hidden = random(1, rows * hidden_size, 1.0);
            let table = random(2, vocabulary * hidden_size, 0.5);
            let bias = random(3, vocabulary, 0.5);
            let found = most_probable(
                Precision::F32,
                &narrow(&hidden),
                &narrow(&table),
                &narrow(&bias),
                hidden_size,
                vocabulary,
                4,
            );
            assert_eq!(found.len(), rows);
            for (row, found) in found.iter().enumerate() {
                let own = &hidden[row * hidden_size..(row + 1) * hidden_size];
                let mut all: Vec<(u32, f64)> = (0..vocabulary)
                    .map(|word| {
                        let words = &table[word * hidden_size..(word + 1) * hidden_size];
                        let product: f64 = own.iter().zip(words).map(|(a, b)| a * b).sum();
                        (word as u32, libm::exp(product + bias[word]))
                    })
                    .collect();
                let sum: f64 = all.iter().map(|(_, weight)| weight).sum();
                all.sort_by(|a, b| b.1.total_cmp(&a.1));
                assert_eq!(found.len(), vocabulary.min(4));
                for ((word, probability), (exact, weight)) in found.iter().zip(&all) {
                    assert_eq!(word, exact);
                    assert!((f64::from(*probability) - weight / sum).abs() < 1e-5);
                }
            }
        }
    }

    #[test]
    fn the_first_of_equal_words_comes_first_and_nan_is_left_out() {
        let bias = [0.0, 1.0, 1.0, f32::NAN, 0.5];
        let found = most_probable(Precision::F32, &[0.0], &[0.0; 5], &bias, 1, 5, 3);
        let words: Vec<u32> = found[0].iter().map(|(word, _)| *word).collect();
        assert_eq!(words, [1, 2, 4]);
        assert!(most_probable(Precision::F32, &[0.0], &[0.0; 5], &bias, 1, 5, 0)[0].is_empty());
    }
}
