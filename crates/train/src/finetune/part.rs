//! Rows as a model reads them, and what a model says to them.

use std::ops::Range;

use pliant_data::squad::{Question, Window};
use pliant_data::task::{
    BatchTargets, EncodedExample, Sequence, SequenceTarget, TaskBatch, evaluation_batches,
};
use pliant_nn::TaskModel;

use super::tuned::input;
use crate::TrainError;

/// What a model reads, row by row.
#[derive(Clone, Debug)]
pub(crate) enum Sequences {
    /// One or two texts.
    Rows(Vec<EncodedExample>),
    /// A question with a part of its context.
    Windows(Vec<Window>),
}

/// A named part of the data.
#[derive(Clone, Debug)]
pub(crate) struct Part {
    /// `validation`, `dev`, `matched`, …
    pub(crate) name: String,
    pub(crate) sequences: Sequences,
    /// What the windows are of; empty for rows.
    pub(crate) questions: Vec<Question>,
}

impl Part {
    /// Rows, or questions.
    pub(crate) fn rows(&self) -> usize {
        match &self.sequences {
            Sequences::Rows(rows) => rows.len(),
            Sequences::Windows(_) => self.questions.len(),
        }
    }
}

impl Sequences {
    pub(crate) fn len(&self) -> usize {
        match self {
            Self::Rows(rows) => rows.len(),
            Self::Windows(windows) => windows.len(),
        }
    }

    /// Tokens of each sequence.
    pub(crate) fn lengths(&self) -> Vec<usize> {
        match self {
            Self::Rows(rows) => rows.iter().map(|row| row.ids.len()).collect(),
            Self::Windows(windows) => windows.iter().map(|window| window.ids.len()).collect(),
        }
    }

    pub(crate) fn target(&self, index: usize) -> SequenceTarget {
        match self {
            Self::Rows(rows) => rows[index].target(),
            Self::Windows(windows) => windows[index].target(),
        }
    }

    /// `rows[part]` of a step that consists of `rows`.
    pub(crate) fn gather(&self, rows: &[usize], part: Range<usize>, pad: u32) -> TaskBatch {
        match self {
            Self::Rows(all) => TaskBatch::gather(all, rows, part, pad),
            Self::Windows(all) => TaskBatch::gather(all, rows, part, pad),
        }
    }

    /// All of them for evaluation, in order of length.
    pub(crate) fn batches(&self, batch: usize, pad: u32) -> impl Iterator<Item = TaskBatch> + '_ {
        evaluation_batches(&self.lengths(), batch)
            .into_iter()
            .map(move |rows| self.gather(&rows, 0..rows.len(), pad))
    }

    /// What the model says to each, in their order: as many numbers as there are labels, or for windows two per token
    /// (start, end).
    pub(crate) fn logits(
        &self,
        model: &TaskModel,
        batch: usize,
        pad: u32,
    ) -> Result<Vec<Vec<f32>>, TrainError> {
        let mut logits = vec![Vec::new(); self.len()];
        for mut batch in self.batches(batch, pad) {
            batch.targets = BatchTargets::None;
            let all = model.logits(&input(&batch))?;
            let each = all.len() / batch.sequences.max(1);
            for (row, own) in batch.rows.iter().zip(all.chunks_exact(each.max(1))) {
                let own = match self {
                    Self::Rows(_) => own,
                    Self::Windows(windows) => &own[..2 * windows[*row].ids.len()],
                };
                logits[*row] = own.to_vec();
            }
        }
        Ok(logits)
    }
}

/// Start and end logits of a window, from the two of each token.
pub(crate) fn starts_and_ends(logits: &[f32]) -> (Vec<f32>, Vec<f32>) {
    logits
        .as_chunks::<2>()
        .0
        .iter()
        .map(|[start, end]| (*start, *end))
        .unzip()
}

/// The loss of one sequence as in training, and whether the answer is right; none without a target.
pub(crate) fn loss(logits: &[f32], target: SequenceTarget) -> Option<(f64, bool)> {
    match target {
        SequenceTarget::None => None,
        SequenceTarget::Class(class) => Some((
            cross_entropy(logits, class as usize),
            largest(logits) == class as usize,
        )),
        SequenceTarget::Score(score) => {
            let distance = f64::from(logits[0]) - f64::from(score);
            Some((distance * distance, false))
        }
        SequenceTarget::Span(start, end) => {
            let (starts, ends) = starts_and_ends(logits);
            let (start, end) = (start as usize, end as usize);
            let loss = f64::midpoint(cross_entropy(&starts, start), cross_entropy(&ends, end));
            Some((loss, largest(&starts) == start && largest(&ends) == end))
        }
    }
}

/// Probabilities that logits stand for.
pub(crate) fn softmax(logits: &[f32]) -> Vec<f64> {
    let most = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let powers: Vec<f64> = logits
        .iter()
        .map(|logit| f64::from(logit - most).exp())
        .collect();
    let sum: f64 = powers.iter().sum();
    powers.into_iter().map(|power| power / sum).collect()
}

/// In nats.
fn cross_entropy(logits: &[f32], class: usize) -> f64 {
    let most = f64::from(logits.iter().copied().fold(f32::NEG_INFINITY, f32::max));
    let sum: f64 = logits
        .iter()
        .map(|logit| (f64::from(*logit) - most).exp())
        .sum();
    most + sum.ln() - f64::from(logits[class])
}

/// The first of the largest.
pub(crate) fn largest(values: &[f32]) -> usize {
    let mut best = 0;
    for (index, value) in values.iter().enumerate() {
        if *value > values[best] {
            best = index;
        }
    }
    best
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn losses_of_known_logits() {
        let (loss_of_class, right) = loss(&[0.0, 0.0], SequenceTarget::Class(1)).unwrap();
        assert!((loss_of_class - 2.0_f64.ln()).abs() < 1e-12 && !right);
        assert_eq!(
            loss(&[2.5], SequenceTarget::Score(1.0)),
            Some((2.25, false))
        );
        // Two tokens: starts 0 and ln 3, ends 0 and 0.
        let logits = [0.0, 0.0, 3.0_f32.ln(), 0.0];
        let (span, right) = loss(&logits, SequenceTarget::Span(1, 0)).unwrap();
        let expected = f64::midpoint((4.0_f64 / 3.0).ln(), 2.0_f64.ln());
        assert!((span - expected).abs() < 1e-7 && right, "{span}");
        assert!(loss(&[1.0], SequenceTarget::None).is_none());
        let probabilities = softmax(&[0.0, 3.0_f32.ln()]);
        assert!((probabilities[1] - 0.75).abs() < 1e-7);
    }
}
