//! The masked-language-model head: projection on the (tied) word table, softmax, cross-entropy and their gradients.
//!
//! The logits exist for one chunk of rows at a time, so memory grows with the vocabulary, not with the batch.

use crate::Precision;
use crate::dispatch::Arithmetic;
use crate::linear::add_rows;
use crate::math::{exp, maximum};
use crate::parallel;
use crate::product::{Mode, Threads, View, multiply};
use crate::scratch::Scratch;

/// Rows whose logits exist at once.
const ROWS: usize = 128;
/// Columns of a task that sums the bias gradient.
const BIAS_COLUMNS: usize = 512;
/// Terms of a softmax sum that are added in f32.
const BLOCK: usize = 1024;

/// What a model earned on some masked positions.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Score {
    /// Sum of the cross-entropies, in nats.
    pub loss_sum: f64,
    /// Rows whose label has the largest logit (the first of equal ones counts).
    pub correct: usize,
    /// Number of rows.
    pub rows: usize,
}

impl std::ops::AddAssign for Score {
    fn add_assign(&mut self, other: Self) {
        self.loss_sum += other.loss_sum;
        self.correct += other.correct;
        self.rows += other.rows;
    }
}

/// Scores hidden `[rows, hidden_size]` on table `[vocabulary, hidden_size]` and bias `[vocabulary]`, labels `[rows]`.
/// A logit that is NaN, or infinite, makes the loss NaN or infinite.
///
/// # Panics
/// If a label lies outside the vocabulary or a slice does not have the length of its shape.
pub fn score(
    precision: Precision,
    hidden: &[f32],
    table: &[f32],
    bias: &[f32],
    labels: &[u32],
    hidden_size: usize,
    vocabulary: usize,
) -> Score {
    check(hidden, table, bias, labels, hidden_size, vocabulary);
    let mut total = Score::default();
    let table = View::new(table, vocabulary, hidden_size).transposed();
    let mut logits = Scratch::new(labels.len().min(ROWS) * vocabulary);
    for start in (0..labels.len()).step_by(ROWS) {
        let labels = &labels[start..labels.len().min(start + ROWS)];
        let logits = &mut logits[..labels.len() * vocabulary];
        let hidden = &hidden[start * hidden_size..(start + labels.len()) * hidden_size];
        let hidden = View::new(hidden, labels.len(), hidden_size);
        multiply(
            precision,
            hidden,
            table,
            1.0,
            Mode::Overwrite,
            Threads::All,
            logits,
        );
        total += score_rows(logits, bias, labels, None);
    }
    total
}

/// As [`score`], and the gradients of `scale * loss_sum` by hidden, table and bias, all overwritten.
///
/// # Panics
/// If a label lies outside the vocabulary or a slice does not have the length of its shape.
pub fn score_and_gradients(
    precision: Precision,
    hidden: &[f32],
    table: &[f32],
    bias: &[f32],
    labels: &[u32],
    hidden_size: usize,
    vocabulary: usize,
    scale: f32,
    dhidden: &mut [f32],
    dtable: &mut [f32],
    dbias: &mut [f32],
) -> Score {
    check(hidden, table, bias, labels, hidden_size, vocabulary);
    assert_eq!(dhidden.len(), hidden.len(), "dhidden is as hidden");
    assert_eq!(dtable.len(), table.len(), "dtable is as table");
    assert_eq!(dbias.len(), bias.len(), "dbias is as bias");
    dbias.fill(0.0);
    if labels.is_empty() {
        dtable.fill(0.0);
    }
    let mut total = Score::default();
    let table = View::new(table, vocabulary, hidden_size);
    let mut logits = Scratch::new(labels.len().min(ROWS) * vocabulary);
    for start in (0..labels.len()).step_by(ROWS) {
        let labels = &labels[start..labels.len().min(start + ROWS)];
        let rows = labels.len();
        let logits = &mut logits[..rows * vocabulary];
        let range = start * hidden_size..(start + rows) * hidden_size;
        let hidden = View::new(&hidden[range.clone()], rows, hidden_size);
        multiply(
            precision,
            hidden,
            table.transposed(),
            1.0,
            Mode::Overwrite,
            Threads::All,
            logits,
        );
        total += score_rows(logits, bias, labels, Some(scale));
        let logits: &[f32] = logits;
        parallel::for_each_chunk(dbias, BIAS_COLUMNS, |chunk, dbias| {
            let from = chunk * BIAS_COLUMNS;
            let mut sum = [0.0; BIAS_COLUMNS];
            let sum = &mut sum[..dbias.len()];
            for row in logits.chunks_exact(vocabulary) {
                add_rows(&row[from..from + sum.len()], sum);
            }
            add_rows(sum, dbias);
        });
        let dlogits = View::new(logits, rows, vocabulary);
        multiply(
            precision,
            dlogits,
            table,
            1.0,
            Mode::Overwrite,
            Threads::All,
            &mut dhidden[range],
        );
        let mode = if start == 0 {
            Mode::Overwrite
        } else {
            Mode::Add
        };
        multiply(
            precision,
            dlogits.transposed(),
            hidden,
            1.0,
            mode,
            Threads::All,
            dtable,
        );
    }
    total
}

/// Scores rows of logits (still without the bias); with a scale the logits become their gradients.
fn score_rows(logits: &mut [f32], bias: &[f32], labels: &[u32], scale: Option<f32>) -> Score {
    let mut scores = vec![(0.0_f64, false); labels.len()];
    let vocabulary = bias.len();
    parallel::for_each_chunk2(
        (logits, vocabulary),
        (&mut scores, 1),
        |row, logits, score| {
            let label = labels[row] as usize;
            // The first of equal logits is the prediction.
            let highest = biased_maximum(bias, logits);
            let own = logits[label];
            let correct = own == highest && !logits[..label].contains(&highest);
            let sum = exponentials(highest, logits);
            if let Some(scale) = scale {
                multiply_by((f64::from(scale) / sum) as f32, logits);
                logits[label] -= scale;
            }
            score[0] = (
                f64::from(highest) - f64::from(own) + libm::log(sum),
                correct,
            );
        },
    );
    Score {
        loss_sum: scores.iter().map(|(loss, _)| loss).sum(),
        correct: scores.iter().filter(|(_, correct)| *correct).count(),
        rows: labels.len(),
    }
}

#[inline(always)]
fn biased_maximum_body<A: Arithmetic>(bias: &[f32], logits: &mut [f32]) -> f32 {
    for (logit, bias) in logits.iter_mut().zip(bias) {
        *logit += bias;
    }
    maximum(logits)
}
crate::simd! {
    /// Adds the bias and returns the largest logit.
    fn biased_maximum(bias: &[f32], logits: &mut [f32]) -> f32 = biased_maximum_body;
}

#[inline(always)]
pub(crate) fn exponentials_body<A: Arithmetic>(highest: f32, values: &mut [f32]) -> f64 {
    let mut total = 0.0;
    for block in values.chunks_mut(BLOCK) {
        let (chunks, rest) = block.as_chunks_mut::<16>();
        let mut lanes = [0.0_f32; 16];
        for chunk in chunks {
            for lane in 0..16 {
                chunk[lane] = exp::<A>(chunk[lane] - highest);
                lanes[lane] += chunk[lane];
            }
        }
        for value in rest {
            *value = exp::<A>(*value - highest);
            total += f64::from(*value);
        }
        total += f64::from(crate::math::sum_lanes(lanes));
    }
    total
}
crate::simd! {
    /// `values = exp(values - highest)` and their sum.
    fn exponentials(highest: f32, values: &mut [f32]) -> f64 = exponentials_body;
}

#[inline(always)]
fn multiply_by_body<A: Arithmetic>(factor: f32, values: &mut [f32]) {
    for value in values {
        *value *= factor;
    }
}
crate::simd! { fn multiply_by(factor: f32, values: &mut [f32]) = multiply_by_body; }

fn check(
    hidden: &[f32],
    table: &[f32],
    bias: &[f32],
    labels: &[u32],
    hidden_size: usize,
    vocabulary: usize,
) {
    assert!(vocabulary > 0, "a vocabulary has words");
    assert_eq!(
        hidden.len(),
        labels.len() * hidden_size,
        "hidden is [{}, {hidden_size}]",
        labels.len()
    );
    assert_eq!(
        table.len(),
        vocabulary * hidden_size,
        "table is [{vocabulary}, {hidden_size}]"
    );
    assert_eq!(bias.len(), vocabulary, "bias is [{vocabulary}]");
    let largest = labels.iter().max();
    assert!(
        largest.is_none_or(|&label| (label as usize) < vocabulary),
        "label {largest:?} of {vocabulary} words"
    );
}

/// The same in f64, row by row.
#[doc(hidden)]
pub mod reference {
    /// Logits of one row.
    fn logits(hidden: &[f64], table: &[f64], bias: &[f64]) -> Vec<f64> {
        bias.iter()
            .zip(table.chunks_exact(hidden.len()))
            .map(|(bias, word)| bias + word.iter().zip(hidden).map(|(w, h)| w * h).sum::<f64>())
            .collect()
    }

    fn log_sum_exp(logits: &[f64]) -> f64 {
        let highest = logits.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        highest + logits.iter().map(|l| (l - highest).exp()).sum::<f64>().ln()
    }

    /// Sum of the losses and number of correct rows.
    pub fn score(hidden: &[f64], table: &[f64], bias: &[f64], labels: &[u32]) -> (f64, usize) {
        let hidden_size = table.len() / bias.len();
        let mut total = (0.0, 0);
        for (hidden, label) in hidden.chunks_exact(hidden_size).zip(labels) {
            let logits = logits(hidden, table, bias);
            let own = logits[*label as usize];
            total.0 += log_sum_exp(&logits) - own;
            total.1 += usize::from(logits.iter().all(|logit| *logit <= own));
        }
        total
    }

    /// Gradients of the loss sum by (hidden, table, bias).
    pub fn gradients(
        hidden: &[f64],
        table: &[f64],
        bias: &[f64],
        labels: &[u32],
    ) -> (Vec<f64>, Vec<f64>, Vec<f64>) {
        let hidden_size = table.len() / bias.len();
        let mut dhidden = vec![0.0; hidden.len()];
        let mut dtable = vec![0.0; table.len()];
        let mut dbias = vec![0.0; bias.len()];
        for (row, label) in labels.iter().enumerate() {
            let own = row * hidden_size..(row + 1) * hidden_size;
            let logits = logits(&hidden[own.clone()], table, bias);
            let total = log_sum_exp(&logits);
            for (word, logit) in logits.iter().enumerate() {
                let d = (logit - total).exp() - f64::from(u8::from(word == *label as usize));
                dbias[word] += d;
                for j in 0..hidden_size {
                    dhidden[own.start + j] += d * table[word * hidden_size + j];
                    dtable[word * hidden_size + j] += d * hidden[own.start + j];
                }
            }
        }
        (dhidden, dtable, dbias)
    }
}

#[cfg(test)]
mod tests;
