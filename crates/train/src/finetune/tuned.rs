//! A task model of which a selection of numbers trains, as the loop sees it.

use std::collections::BTreeMap;
use std::path::Path;

use pliant_data::task::{BatchTargets, TaskBatch};
use pliant_nn::{
    DropoutKey, Gradients, ModelError, ParameterInfo, Score, Site, TaskInput, TaskModel, TaskTarget,
};
use sha2::{Digest, Sha256};

use super::{Selection, Trains};
use crate::trainable::{ApplyToAll, GradientSet, StepBatch, Trainable};

/// A batch of a task and the epoch it is of.
#[derive(Clone, Debug)]
pub(crate) struct EpochBatch {
    pub(crate) batch: TaskBatch,
    pub(crate) epoch: u64,
}

/// The model and what of it trains.
#[derive(Debug)]
pub(crate) struct Tuned {
    pub(crate) model: TaskModel,
    pub(crate) selection: Selection,
}

/// Gradients that are 0 where a parameter trains in part and the number is not among those that do.
#[derive(Debug)]
pub(crate) struct SelectedGradients {
    all: Gradients,
    /// Of the parameters that train in part.
    partial: BTreeMap<usize, Vec<f32>>,
}

impl Tuned {
    /// Tells the model which parameters need gradients at all.
    pub(crate) fn new(mut model: TaskModel, selection: Selection) -> Self {
        model.set_trainable(&selection.mask());
        Self { model, selection }
    }

    fn select(&self, all: Gradients) -> SelectedGradients {
        let partial = self
            .selection
            .trains
            .iter()
            .enumerate()
            .filter_map(|(index, trains)| {
                let Trains::Elements(elements) = trains else {
                    return None;
                };
                let gradient = all.get(index)?;
                let mut selected = vec![0.0; gradient.len()];
                for element in elements {
                    selected[*element as usize] = gradient[*element as usize];
                }
                Some((index, selected))
            })
            .collect();
        SelectedGradients { all, partial }
    }
}

/// A batch as the model takes it.
pub(crate) fn input(batch: &TaskBatch) -> TaskInput<'_> {
    TaskInput {
        sequences: batch.sequences,
        length: batch.length,
        ids: &batch.ids,
        type_ids: &batch.type_ids,
        attention_mask: &batch.attention_mask,
        target: match &batch.targets {
            BatchTargets::None => TaskTarget::None,
            BatchTargets::Classes(classes) => TaskTarget::Classes(classes),
            BatchTargets::Scores(scores) => TaskTarget::Scores(scores),
            BatchTargets::Spans { starts, ends } => TaskTarget::Spans { starts, ends },
        },
        first_sequence: batch.first_sequence,
    }
}

impl StepBatch for EpochBatch {
    fn sequences(&self) -> usize {
        self.batch.sequences
    }
    fn tokens(&self) -> u64 {
        // Padding is no work: it is left out of every operation.
        self.batch
            .attention_mask
            .iter()
            .map(|mask| u64::from(*mask))
            .sum()
    }
    fn rows(&self) -> Vec<(u64, u64)> {
        self.batch
            .rows
            .iter()
            .map(|row| (self.epoch, *row as u64))
            .collect()
    }
    fn digest_targets(&self, digest: &mut Sha256) {
        match &self.batch.targets {
            BatchTargets::None => {}
            BatchTargets::Classes(classes) => {
                for class in classes {
                    digest.update(class.to_le_bytes());
                }
            }
            BatchTargets::Scores(scores) => {
                for score in scores {
                    digest.update(score.to_le_bytes());
                }
            }
            BatchTargets::Spans { starts, ends } => {
                for (start, end) in starts.iter().zip(ends) {
                    digest.update(start.to_le_bytes());
                    digest.update(end.to_le_bytes());
                }
            }
        }
    }
}

impl GradientSet for SelectedGradients {
    fn get(&self, index: usize) -> Option<&[f32]> {
        match self.partial.get(&index) {
            Some(selected) => Some(selected),
            None => self.all.get(index),
        }
    }
    fn accumulate(&mut self, other: Self) {
        self.all.accumulate(other.all);
        for (index, values) in other.partial {
            match self.partial.get_mut(&index) {
                Some(sum) => sum
                    .iter_mut()
                    .zip(values)
                    .for_each(|(sum, value)| *sum += value),
                None => drop(self.partial.insert(index, values)),
            }
        }
    }
    /// Coefficients are selected as a whole or not at all.
    fn move_onto(&mut self, source: usize, target: usize) {
        self.all.move_onto(source, target);
    }
}

impl Trainable for Tuned {
    type Batch = EpochBatch;
    type Gradients = SelectedGradients;
    fn parameters(&self) -> &[ParameterInfo] {
        self.model.parameters()
    }
    fn trains(&self, index: usize) -> bool {
        self.selection.trains[index] != Trains::None
    }
    fn sites(&self) -> &[Site] {
        self.model.sites()
    }
    fn read(&self, index: usize) -> Vec<f32> {
        self.model.read(index)
    }
    fn write(&mut self, index: usize, values: &[f32]) -> Result<(), ModelError> {
        self.model.write(index, values)
    }
    fn forward_backward(
        &self,
        batch: &EpochBatch,
        dropout: DropoutKey,
        scale: f32,
    ) -> Result<(Score, SelectedGradients), ModelError> {
        let config = self.model.config();
        let drops = config.dropout > 0.0 || config.attention_dropout > 0.0;
        let (score, gradients) =
            self.model
                .forward_backward(&input(&batch.batch), drops.then_some(dropout), scale)?;
        let score = Score {
            loss_sum: score.loss_sum,
            correct: score.correct,
            rows: score.sequences,
        };
        Ok((score, self.select(gradients)))
    }
    fn update(&mut self, apply: ApplyToAll<'_>) -> Result<(), ModelError> {
        self.model.update_all(apply)
    }
    fn observe(
        &self,
        batch: &EpochBatch,
        sink: &mut dyn FnMut(usize, &[f32]),
    ) -> Result<(), ModelError> {
        self.model.observe(&input(&batch.batch), sink)
    }
    fn first_non_finite(&self, batch: &EpochBatch) -> Result<Option<String>, ModelError> {
        self.model.first_non_finite(&input(&batch.batch))
    }
    fn save(&self, folder: &Path) -> Result<(), ModelError> {
        self.model.save(folder)
    }
}
