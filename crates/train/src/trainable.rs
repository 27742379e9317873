//! What the loop needs of a model and of data: small interfaces, so that pre-training and fine-tuning share it and it can be
//! tested without either.

use std::ops::Range;
use std::path::Path;

use pliant_data::{Batch, BatchPlan};
use pliant_nn::{
    DropoutKey, Gradients, MaskedLanguageModel, ModelError, ModelInput, ParameterInfo, Score, Site,
};
use sha2::{Digest, Sha256};

use crate::checkpoint::{State, Validated};
use crate::health::Health;
use crate::shapes::SiteCoefficients;
use crate::{Event, TrainError, validation};

/// Gradients by parameter index.
pub(crate) trait GradientSet {
    /// The gradient of a parameter; none if none reached it.
    fn get(&self, index: usize) -> Option<&[f32]>;
    /// Adds the gradients of another pass.
    fn accumulate(&mut self, other: Self);
    /// Adds the gradient of one parameter to that of another, and leaves zeros in its place. Nothing happens where one is missing.
    fn move_onto(&mut self, source: usize, target: usize);
}

/// Changes the values of all parameters at once: (parameters, their values).
pub(crate) type ApplyToAll<'a> = &'a mut dyn FnMut(&[ParameterInfo], Vec<&mut [f32]>);

/// What the loop needs of a batch, whatever is predicted.
pub(crate) trait StepBatch {
    /// Number of sequences.
    fn sequences(&self) -> usize;
    /// Tokens of the batch.
    fn tokens(&self) -> u64;
    /// (epoch, row of the data) of every sequence.
    fn rows(&self) -> Vec<(u64, u64)>;
    /// Adds what is to be predicted to a digest, so that it does not depend on how the step is cut into micro-batches.
    fn digest_targets(&self, digest: &mut Sha256);
}

/// A model that the loop can train. Parameters keep their order.
pub(crate) trait Trainable {
    /// What it reads.
    type Batch: StepBatch;
    /// Its gradients.
    type Gradients: GradientSet;
    fn parameters(&self) -> &[ParameterInfo];
    /// Whether training may change a parameter.
    fn trains(&self, _index: usize) -> bool {
        true
    }
    fn sites(&self) -> &[Site];
    fn read(&self, index: usize) -> Vec<f32>;
    fn write(&mut self, index: usize, values: &[f32]) -> Result<(), ModelError>;
    /// Score, and gradients of `scale · loss_sum`.
    fn forward_backward(
        &self,
        batch: &Self::Batch,
        dropout: DropoutKey,
        scale: f32,
    ) -> Result<(Score, Self::Gradients), ModelError>;
    /// Runs `apply` once with the values of all parameters.
    fn update(&mut self, apply: ApplyToAll<'_>) -> Result<(), ModelError>;
    /// Inputs of every site, `[tokens, channels]`, without padding.
    fn observe(
        &self,
        batch: &Self::Batch,
        sink: &mut dyn FnMut(usize, &[f32]),
    ) -> Result<(), ModelError>;
    fn first_non_finite(&self, batch: &Self::Batch) -> Result<Option<String>, ModelError>;
    /// Writes `model.safetensors` (and what describes it) into a folder.
    fn save(&self, folder: &Path) -> Result<(), ModelError>;
}

/// Batches as a pure function of the step (from 0).
pub(crate) trait Feed {
    /// What a model reads.
    type Batch: StepBatch;
    /// Sequences of the whole batch of a step.
    fn batch_size(&self, step: u64) -> usize;
    fn rows(&self, step: u64, rows: Range<usize>) -> Self::Batch;
    /// What the summed loss of the whole batch of a step is divided by.
    fn loss_rows(&self, step: u64) -> usize;
    fn validation(&self, batch: usize) -> Box<dyn Iterator<Item = Self::Batch> + '_>;
}

/// Scores a model on what is held out of training.
pub(crate) trait Validate<M> {
    /// The result behind `step` steps; `micro_batch` sequences go through the model at once.
    fn validate(&self, model: &M, micro_batch: usize, step: u64) -> Result<Validated, TrainError>;
    /// The event that reports it.
    fn event(
        &self,
        result: &Validated,
        best: bool,
        milliseconds: f64,
        coefficients: Vec<SiteCoefficients>,
        health: Health,
    ) -> Event;
}

impl StepBatch for Batch {
    fn sequences(&self) -> usize {
        self.sequences
    }
    fn tokens(&self) -> u64 {
        (self.sequences * self.length) as u64
    }
    fn rows(&self) -> Vec<(u64, u64)> {
        self.sequence_ids.clone()
    }
    fn digest_targets(&self, digest: &mut Sha256) {
        let first = self.first_sequence * self.length as u64;
        for (position, label) in self.masked_positions.iter().zip(&self.labels) {
            digest.update((first + u64::from(*position)).to_le_bytes());
            digest.update(self.ids[*position as usize].to_le_bytes());
            digest.update(label.to_le_bytes());
        }
    }
}

/// A batch as the model takes it.
pub fn input(batch: &Batch) -> ModelInput<'_> {
    ModelInput {
        sequences: batch.sequences,
        length: batch.length,
        ids: &batch.ids,
        type_ids: &batch.type_ids,
        attention_mask: &batch.attention_mask,
        masked_positions: &batch.masked_positions,
        labels: &batch.labels,
        first_sequence: batch.first_sequence,
    }
}

impl GradientSet for Gradients {
    fn get(&self, index: usize) -> Option<&[f32]> {
        Gradients::get(self, index)
    }
    fn accumulate(&mut self, other: Self) {
        Gradients::accumulate(self, other);
    }
    fn move_onto(&mut self, source: usize, target: usize) {
        Gradients::move_onto(self, source, target);
    }
}

impl Trainable for MaskedLanguageModel {
    type Batch = Batch;
    type Gradients = Gradients;
    fn parameters(&self) -> &[ParameterInfo] {
        self.parameters()
    }
    fn sites(&self) -> &[Site] {
        self.sites()
    }
    fn read(&self, index: usize) -> Vec<f32> {
        self.read(index)
    }
    fn write(&mut self, index: usize, values: &[f32]) -> Result<(), ModelError> {
        self.write(index, values)
    }
    fn forward_backward(
        &self,
        batch: &Batch,
        dropout: DropoutKey,
        scale: f32,
    ) -> Result<(Score, Gradients), ModelError> {
        let drops = self.config().dropout > 0.0 || self.config().attention_dropout > 0.0;
        self.forward_backward(&input(batch), drops.then_some(dropout), scale)
    }
    fn update(&mut self, apply: ApplyToAll<'_>) -> Result<(), ModelError> {
        self.update_all(apply)
    }
    fn observe(
        &self,
        batch: &Batch,
        sink: &mut dyn FnMut(usize, &[f32]),
    ) -> Result<(), ModelError> {
        self.observe(&input(batch), sink)
    }
    fn first_non_finite(&self, batch: &Batch) -> Result<Option<String>, ModelError> {
        self.first_non_finite(&input(batch))
    }
    fn save(&self, folder: &Path) -> Result<(), ModelError> {
        self.save(folder)
    }
}

impl Feed for BatchPlan {
    type Batch = Batch;
    fn batch_size(&self, _step: u64) -> usize {
        self.batch_size()
    }
    fn rows(&self, step: u64, rows: Range<usize>) -> Batch {
        self.rows(step, rows)
    }
    fn loss_rows(&self, step: u64) -> usize {
        self.masked_count(step)
    }
    fn validation(&self, batch: usize) -> Box<dyn Iterator<Item = Batch> + '_> {
        Box::new(self.validation_batches(batch))
    }
}

impl Validate<MaskedLanguageModel> for BatchPlan {
    fn validate(
        &self,
        model: &MaskedLanguageModel,
        micro_batch: usize,
        step: u64,
    ) -> Result<Validated, TrainError> {
        validation::score(model, self.validation_batches(micro_batch), step)
    }
    fn event(
        &self,
        result: &Validated,
        best: bool,
        milliseconds: f64,
        coefficients: Vec<SiteCoefficients>,
        health: Health,
    ) -> Event {
        Event::Validation {
            step: result.step,
            loss: result.loss,
            perplexity: State::perplexity(result.loss),
            masked_accuracy: result.masked_accuracy,
            tokens: result.tokens,
            best,
            milliseconds,
            coefficients,
            health: Some(health),
        }
    }
}
