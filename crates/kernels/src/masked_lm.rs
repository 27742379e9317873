//! The masked-language-model head: projection on the (tied) word table, softmax, cross-entropy and their gradients.
//!
//! The logits are made for a slab of words at a time: a first pass finds each row's softmax denominator, a second turns the
//! slab into gradients while it is in the cache. Where products are fast the second projects again, so that memory grows
//! neither with the vocabulary nor with the batch; where they are slow it takes the logits that the first kept, up to a limit.
//! The table and its gradient pass through memory once each way.

mod denominator;
mod logits;
#[doc(hidden)]
pub mod reference;
mod top;

use crate::Precision;
use crate::dispatch::Arithmetic;
use crate::linear::add_rows;
use crate::math::exp;
use crate::parallel;
use crate::product::{Engine, Mode, Threads, View, multiply, multiply_from};
use crate::scratch::Scratch;

use denominator::{Denominator, denominators};
pub use logits::logits;
pub use top::most_probable;

/// Rows whose logits exist at once.
const ROWS: usize = 4096;
/// Logits that exist at once, about.
const LOGITS: usize = 1 << 20;
/// Logits that are kept between the passes, at most: 128 MiB.
const KEPT: usize = 1 << 25;
/// Rows of a task in passes over the logits.
const TASK_ROWS: usize = 8;
/// Columns of a task that sums the bias gradient.
const BIAS_COLUMNS: usize = 256;
/// Rows of logits gradients that are added in f32.
const BIAS_ROWS: usize = 128;

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
    /// Hidden `[rows, hidden_size]`, table `[vocabulary, hidden_size]`, bias `[vocabulary]`, labels `[rows]`.
    ///
    /// # Panics
    /// If a label lies outside the vocabulary or a slice does not have the length of its shape.
    fn new(
        precision: Precision,
        hidden: &'a [f32],
        table: &'a [f32],
        bias: &'a [f32],
        labels: &'a [u32],
        hidden_size: usize,
        vocabulary: usize,
    ) -> Self {
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
        Self {
            precision,
            hidden,
            table,
            bias,
            labels,
            hidden_size,
        }
    }

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

    /// Where the logits of a slab lie in the memory of the passes: behind those of the slabs before if all are kept, else in
    /// their place.
    fn place(self, slab: &std::ops::Range<usize>, keep: bool) -> std::ops::Range<usize> {
        let rows = self.labels.len();
        let start = if keep { rows * slab.start } else { 0 };
        start..start + rows * slab.len()
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
    let head = Head::new(
        precision,
        hidden,
        table,
        bias,
        labels,
        hidden_size,
        vocabulary,
    );
    let mut total = Score::default();
    for (_, head) in head.blocks() {
        let mut logits = Scratch::new(longest(head));
        total += summary(head, &denominators(head, false, &mut logits));
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
    let head = Head::new(
        precision,
        hidden,
        table,
        bias,
        labels,
        hidden_size,
        vocabulary,
    );
    assert_eq!(dhidden.len(), hidden.len(), "dhidden is as hidden");
    assert_eq!(dtable.len(), table.len(), "dtable is as table");
    assert_eq!(dbias.len(), bias.len(), "dbias is as bias");
    let slow = matches!(
        Engine::of(precision),
        Engine::Vectors | Engine::RoundedVectors
    );
    differentiate(
        head,
        scale,
        if slow { KEPT } else { 0 },
        dhidden,
        dtable,
        dbias,
    )
}

/// The gradients by hidden, table and bias; at most `kept` logits wait for the second pass. The limit changes no bits.
fn differentiate(
    head: Head<'_>,
    scale: f32,
    kept: usize,
    dhidden: &mut [f32],
    dtable: &mut [f32],
    dbias: &mut [f32],
) -> Score {
    let hidden_size = head.hidden_size;
    dbias.fill(0.0);
    if head.labels.is_empty() {
        dtable.fill(0.0);
    }
    let mut total = Score::default();
    for (start, head) in head.blocks() {
        let rows = head.labels.len();
        let all = rows * head.bias.len();
        let keep = all <= kept;
        let mut memory = Scratch::new(if keep { all } else { longest(head) });
        let denominators = denominators(head, keep, &mut memory);
        total += summary(head, &denominators);
        let dhidden = &mut dhidden[start..start + head.hidden.len()];
        for slab in head.slabs() {
            let words = slab.len();
            let logits = &mut memory[head.place(&slab, keep)];
            if !keep {
                head.logits(&slab, logits);
            }
            to_gradients(head, &denominators, &slab, scale, logits);
            add_columns(logits, words, &mut dbias[slab.clone()]);
            let dlogits = View::new(logits, rows, words);
            let mode = |first| if first { Mode::Overwrite } else { Mode::Add };
            multiply(
                head.precision,
                dlogits,
                head.words(&slab),
                1.0,
                mode(slab.start == 0),
                Threads::All,
                dhidden,
            );
            let dtable = &mut dtable[slab.start * hidden_size..slab.end * hidden_size];
            multiply(
                head.precision,
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
fn scaled_exponentials_body<A: Arithmetic>(highest: f32, factor: f32, values: &mut [f32]) {
    for value in values {
        *value = factor * exp::<A>(*value - highest);
    }
}
crate::simd! {
    /// `values = factor * exp(values - highest)`
    fn scaled_exponentials(highest: f32, factor: f32, values: &mut [f32]) = scaled_exponentials_body;
}

#[cfg(test)]
mod tests;
