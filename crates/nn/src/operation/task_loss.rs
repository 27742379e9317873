//! Losses of task models on their logits, in f64: they are few.

use std::sync::Arc;

use burn::tensor::Tensor;
use burn_flex::FlexTensor;
use pliant_kernels::TokenLayout;

use super::buffer::{columns, float_tensor, values};
use super::handover::Handover;
use super::record::{Operation, one};
use crate::model::TaskScore;

/// What is true of a batch.
#[derive(Debug, Clone)]
pub(crate) enum TaskTruth {
    /// The class of each sequence.
    Classes(Arc<[u32]>),
    /// The value of each sequence.
    Scores(Arc<[f32]>),
    /// For each sequence the rows of hidden values that are its own, and where its span starts and ends among them; none
    /// if that is ignored.
    Spans {
        layout: Arc<TokenLayout>,
        starts: Arc<[Option<u32>]>,
        ends: Arc<[Option<u32>]>,
    },
}

/// The loss of a batch, as an operation on its logits.
#[derive(Debug, Clone)]
pub(crate) struct TaskLoss {
    /// What is true.
    pub(crate) truth: TaskTruth,
    /// Factor on the summed loss.
    pub(crate) scale: f32,
    /// Where the forward pass leaves the score.
    pub(crate) score: Arc<Handover<TaskScore>>,
    /// Where the forward pass leaves the logits.
    pub(crate) logits: Arc<Handover<Vec<f32>>>,
}

/// `scale` times the summed loss: cross-entropy in nats of classes, squared error of scores, and for spans the mean of
/// the cross-entropies of start and end.
///
/// # Shapes
/// - logits: `[sequences, labels]`, or `[1, tokens, 2]` for spans
/// - output: `[1]`
pub(crate) fn task_loss<const D: usize>(logits: Tensor<D>, loss: &TaskLoss) -> Tensor<1> {
    one(logits, loss.clone())
}

impl Operation<1> for TaskLoss {
    /// The gradient.
    type Saved = Option<FlexTensor>;

    fn forward(&self, [logits]: [FlexTensor; 1], tracked: bool) -> (FlexTensor, Self::Saved) {
        let input = values(&logits);
        let mut gradient = vec![0.0; if tracked { input.len() } else { 0 }];
        let score = self.score_and_gradient(input, columns(&logits), &mut gradient);
        self.score.put(score);
        self.logits.put(input.to_vec());
        let loss = (f64::from(self.scale) * score.loss_sum) as f32;
        let saved = tracked.then(|| float_tensor(gradient, logits.layout().shape().clone()));
        (float_tensor(vec![loss], [1]), saved)
    }

    fn backward(
        self,
        saved: Self::Saved,
        gradient: FlexTensor,
        wanted: [bool; 1],
    ) -> [Option<FlexTensor>; 1] {
        let factor = values(&gradient)[0];
        [saved.filter(|_| wanted[0]).map(|own| {
            let scaled: Vec<f32> = values(&own).iter().map(|value| value * factor).collect();
            float_tensor(scaled, own.layout().shape().clone())
        })]
    }
}

impl TaskLoss {
    /// The score, and the gradient of `scale` times the loss unless `gradient` is empty.
    fn score_and_gradient(
        &self,
        logits: &[f32],
        columns: usize,
        gradient: &mut [f32],
    ) -> TaskScore {
        let scale = f64::from(self.scale);
        let mut score = TaskScore::default();
        match &self.truth {
            TaskTruth::Classes(classes) => {
                for (sequence, class) in classes.iter().enumerate() {
                    let range = sequence * columns..(sequence + 1) * columns;
                    let softmax = Softmax::of(logits[range.clone()].iter().copied());
                    score.loss_sum += softmax.loss(logits[range.start + *class as usize]);
                    score.correct += usize::from(softmax.largest == *class as usize);
                    if let Some(gradient) = gradient.get_mut(range.clone()) {
                        for (label, slot) in gradient.iter_mut().enumerate() {
                            let own = f64::from(u8::from(label == *class as usize));
                            let share = softmax.probability(logits[range.start + label]);
                            *slot = (scale * (share - own)) as f32;
                        }
                    }
                }
                score.sequences = classes.len();
            }
            TaskTruth::Scores(scores) => {
                for (sequence, (logit, wanted)) in logits.iter().zip(scores.iter()).enumerate() {
                    let difference = f64::from(*logit) - f64::from(*wanted);
                    score.loss_sum += difference * difference;
                    if let Some(slot) = gradient.get_mut(sequence) {
                        *slot = (scale * 2.0 * difference) as f32;
                    }
                }
                score.sequences = scores.len();
            }
            TaskTruth::Spans {
                layout,
                starts,
                ends,
            } => {
                for sequence in 0..layout.sequences() {
                    let rows = layout.rows(sequence);
                    let mut correct = true;
                    for (column, truth) in
                        [starts[sequence], ends[sequence]].into_iter().enumerate()
                    {
                        let Some(truth) = truth.map(|row| row as usize) else {
                            correct = false;
                            continue;
                        };
                        let place = |row: usize| (rows.start + row) * columns + column;
                        let own = (0..rows.len()).map(|row| logits[place(row)]);
                        let softmax = Softmax::of(own);
                        score.loss_sum += 0.5 * softmax.loss(logits[place(truth)]);
                        correct &= softmax.largest == truth;
                        if !gradient.is_empty() {
                            for row in 0..rows.len() {
                                let share = softmax.probability(logits[place(row)]);
                                let own = f64::from(u8::from(row == truth));
                                gradient[place(row)] = (0.5 * scale * (share - own)) as f32;
                            }
                        }
                    }
                    score.correct += usize::from(correct);
                }
                score.sequences = layout.sequences();
            }
        }
        score
    }
}

/// A softmax in f64.
struct Softmax {
    highest: f64,
    sum: f64,
    /// The first of the largest logits; past the end if every logit is NaN.
    largest: usize,
}

impl Softmax {
    fn of(logits: impl Iterator<Item = f32> + Clone) -> Self {
        let (mut highest, mut largest) = (f64::NEG_INFINITY, usize::MAX);
        for (at, logit) in logits.clone().enumerate() {
            if f64::from(logit) > highest {
                (highest, largest) = (f64::from(logit), at);
            }
        }
        let sum = logits
            .map(|logit| libm::exp(f64::from(logit) - highest))
            .sum();
        Self {
            highest,
            sum,
            largest,
        }
    }

    fn probability(&self, logit: f32) -> f64 {
        libm::exp(f64::from(logit) - self.highest) / self.sum
    }

    /// The cross-entropy of the one with this logit.
    fn loss(&self, logit: f32) -> f64 {
        self.highest - f64::from(logit) + libm::log(self.sum)
    }
}
