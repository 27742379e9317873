//! The masked-language-model head: projection on the (tied) word table, softmax, cross-entropy and their gradients.
//!
//! The logits exist for a slab of words at a time, and twice: the first pass finds each row's softmax denominator, the
//! second projects again and turns the slab into gradients while it is in the cache. So memory grows neither with the
//! vocabulary nor with the batch, and the table and its gradient pass through memory once each way.

mod logits;
mod top;

use crate::Precision;
use crate::dispatch::Arithmetic;
use crate::linear::add_rows;
use crate::math::{exp, maximum};
use crate::parallel;
use crate::product::{Mode, Threads, View, multiply, multiply_from};
use crate::scratch::Scratch;

pub use logits::logits;
pub use top::most_probable;

/// Rows whose logits exist at once.
const ROWS: usize = 4096;
/// Logits that exist at once, about.
const LOGITS: usize = 1 << 20;
/// Rows of a task in passes over the logits.
const TASK_ROWS: usize = 8;
/// Columns of a task that sums the bias gradient.
const BIAS_COLUMNS: usize = 256;
/// Rows of logits gradients that are added in f32.
const BIAS_ROWS: usize = 128;
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

/// The operands of a head.
#[derive(Clone, Copy)]
struct Head<'a> {
    precision: Precision,
    hidden: &'a [f32],
    table: &'a [f32],
    bias: &'a [f32],
    labels: &'a [u32],
    hidden_size: usize,
}

impl<'a> Head<'a> {
    /// The rows in blocks of at most [`ROWS`].
    fn blocks(self) -> impl Iterator<Item = (usize, Self)> {
        self.labels
            .chunks(ROWS)
            .enumerate()
            .map(move |(block, labels)| {
                let start = block * ROWS * self.hidden_size;
                let hidden = &self.hidden[start..start + labels.len() * self.hidden_size];
                (
                    start,
                    Self {
                        hidden,
                        labels,
                        ..self
                    },
                )
            })
    }

    /// The words of a slab, and where it begins, for all slabs.
    fn slabs(self) -> impl Iterator<Item = std::ops::Range<usize>> {
        let words = (LOGITS / self.labels.len().max(1) / 256).clamp(2, 16) * 256;
        let vocabulary = self.bias.len();
        (0..vocabulary)
            .step_by(words)
            .map(move |first| first..vocabulary.min(first + words))
    }

    fn hidden(self) -> View<'a> {
        View::new(self.hidden, self.labels.len(), self.hidden_size)
    }

    /// The table's rows of some words.
    fn words(self, slab: &std::ops::Range<usize>) -> View<'a> {
        let rows = &self.table[slab.start * self.hidden_size..slab.end * self.hidden_size];
        View::new(rows, slab.len(), self.hidden_size)
    }

    /// Logits `[rows, words of the slab]`.
    fn logits(self, slab: &std::ops::Range<usize>, logits: &mut [f32]) {
        multiply_from(
            self.precision,
            self.hidden(),
            self.words(slab).transposed(),
            &self.bias[slab.clone()],
            Threads::All,
            logits,
        );
    }
}

/// What a row knows of its softmax after some slabs.
#[derive(Clone, Copy)]
struct Denominator {
    /// The largest logit so far.
    highest: f32,
    /// Sum of `exp(logit - highest)` so far.
    sum: f64,
    /// The logit of the label, once its slab has passed.
    own: f32,
    /// The first word with the largest logit; none if every logit is NaN.
    prediction: usize,
}

impl Denominator {
    const EMPTY: Self = Self {
        highest: f32::NEG_INFINITY,
        sum: 0.0,
        own: 0.0,
        prediction: usize::MAX,
    };

    /// Takes in the logits of the words from `first` on, which are overwritten.
    fn add(&mut self, first: usize, label: usize, logits: &mut [f32]) {
        if let Some(own) = label.checked_sub(first).and_then(|at| logits.get(at)) {
            self.own = *own;
        }
        let highest = largest(logits);
        if highest > self.highest {
            // Words come in order, so an equal logit later on does not take the place of the first.
            let first_of_equal = logits.iter().position(|logit| *logit == highest);
            self.prediction = first + first_of_equal.unwrap_or(0);
            self.sum *= libm::exp(f64::from(self.highest) - f64::from(highest));
            self.highest = highest;
        }
        self.sum += exponentials(self.highest, logits);
    }

    fn loss(&self) -> f64 {
        f64::from(self.highest) - f64::from(self.own) + libm::log(self.sum)
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
    let head = Head {
        precision,
        hidden,
        table,
        bias,
        labels,
        hidden_size,
    };
    let mut total = Score::default();
    for (_, head) in head.blocks() {
        total += summary(head, &denominators(head));
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
    let head = Head {
        precision,
        hidden,
        table,
        bias,
        labels,
        hidden_size,
    };
    let mut total = Score::default();
    for (start, head) in head.blocks() {
        let denominators = denominators(head);
        total += summary(head, &denominators);
        let dhidden = &mut dhidden[start..start + head.hidden.len()];
        let mut logits = Scratch::new(longest(head));
        for slab in head.slabs() {
            let words = slab.len();
            let logits = &mut logits[..head.labels.len() * words];
            head.logits(&slab, logits);
            to_gradients(head, &denominators, &slab, scale, logits);
            add_columns(logits, words, &mut dbias[slab.clone()]);
            let dlogits = View::new(logits, head.labels.len(), words);
            let mode = |first| if first { Mode::Overwrite } else { Mode::Add };
            multiply(
                precision,
                dlogits,
                head.words(&slab),
                1.0,
                mode(slab.start == 0),
                Threads::All,
                dhidden,
            );
            let dtable = &mut dtable[slab.start * hidden_size..slab.end * hidden_size];
            multiply(
                precision,
                dlogits.transposed(),
                head.hidden(),
                1.0,
                mode(start == 0),
                Threads::All,
                dtable,
            );
        }
    }
    total
}

/// Logits of the largest slab.
fn longest(head: Head<'_>) -> usize {
    let words = head.slabs().next().map_or(0, |slab| slab.len());
    head.labels.len() * words
}

/// The first pass: the softmax denominator of every row.
fn denominators(head: Head<'_>) -> Vec<Denominator> {
    let mut denominators = vec![Denominator::EMPTY; head.labels.len()];
    let mut logits = Scratch::new(longest(head));
    for slab in head.slabs() {
        let words = slab.len();
        let logits = &mut logits[..head.labels.len() * words];
        head.logits(&slab, logits);
        parallel::for_each_chunk2(
            (logits, TASK_ROWS * words),
            (&mut denominators, TASK_ROWS),
            |task, logits, denominators| {
                let rows = logits.chunks_exact_mut(words).zip(denominators);
                for (row, (logits, denominator)) in rows.enumerate() {
                    let label = head.labels[task * TASK_ROWS + row] as usize;
                    denominator.add(slab.start, label, logits);
                }
            },
        );
    }
    denominators
}

/// Logits of a slab become gradients of `scale` times the loss.
fn to_gradients(
    head: Head<'_>,
    denominators: &[Denominator],
    slab: &std::ops::Range<usize>,
    scale: f32,
    logits: &mut [f32],
) {
    let words = slab.len();
    parallel::for_each_chunk(logits, TASK_ROWS * words, |task, logits| {
        for (row, logits) in logits.chunks_exact_mut(words).enumerate() {
            let row = task * TASK_ROWS + row;
            let denominator = &denominators[row];
            let factor = (f64::from(scale) / denominator.sum) as f32;
            scaled_exponentials(denominator.highest, factor, logits);
            let label = (head.labels[row] as usize).checked_sub(slab.start);
            if let Some(own) = label.and_then(|at| logits.get_mut(at)) {
                *own -= scale;
            }
        }
    });
}

/// `total[j] += Σ_i rows[i, j]`
fn add_columns(rows: &[f32], columns: usize, total: &mut [f32]) {
    parallel::for_each_chunk(total, BIAS_COLUMNS, |chunk, total| {
        let from = chunk * BIAS_COLUMNS;
        for rows in rows.chunks(BIAS_ROWS * columns) {
            let mut sum = [0.0; BIAS_COLUMNS];
            let sum = &mut sum[..total.len()];
            for row in rows.chunks_exact(columns) {
                add_rows(&row[from..from + sum.len()], sum);
            }
            add_rows(sum, total);
        }
    });
}

fn summary(head: Head<'_>, denominators: &[Denominator]) -> Score {
    let rows = || denominators.iter().zip(head.labels);
    Score {
        loss_sum: denominators.iter().map(Denominator::loss).sum(),
        correct: rows()
            .filter(|(denominator, label)| denominator.prediction == **label as usize)
            .count(),
        rows: head.labels.len(),
    }
}

#[inline(always)]
fn largest_body<A: Arithmetic>(logits: &[f32]) -> f32 {
    maximum(logits)
}
crate::simd! {
    /// The largest logit.
    fn largest(logits: &[f32]) -> f32 = largest_body;
}

#[inline(always)]
fn scaled_exponentials_body<A: Arithmetic>(highest: f32, factor: f32, values: &mut [f32]) {
    for value in values {
        *value = factor * exp::<A>(*value - highest);
    }
}
crate::simd! {
    /// `values = factor * exp(values - highest)`
    fn scaled_exponentials(highest: f32, factor: f32, values: &mut [f32]) = scaled_exponentials_body;
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
