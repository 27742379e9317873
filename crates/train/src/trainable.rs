//! What the loop needs of a model and of data: two small interfaces, so that the loop can be tested without either.

use std::ops::Range;
use std::path::Path;

use pliant_data::{Batch, BatchPlan};
use pliant_nn::{
    DropoutKey, Gradients, MaskedLanguageModel, ModelError, ModelInput, ParameterInfo, Score, Site,
};

/// Gradients by parameter index.
pub(crate) trait GradientSet {
    /// The gradient of a parameter; none if none reached it.
    fn get(&self, index: usize) -> Option<&[f32]>;
    /// Adds the gradients of another pass.
    fn accumulate(&mut self, other: Self);
}

/// Changes the values of all parameters at once: (parameters, their values).
pub(crate) type ApplyToAll<'a> = &'a mut dyn FnMut(&[ParameterInfo], Vec<&mut [f32]>);

/// A model that the loop can train. Parameters keep their order.
pub(crate) trait Trainable {
    /// Its gradients.
    type Gradients: GradientSet;
    fn parameters(&self) -> &[ParameterInfo];
    fn sites(&self) -> &[Site];
    fn read(&self, index: usize) -> Vec<f32>;
    fn write(&mut self, index: usize, values: &[f32]) -> Result<(), ModelError>;
    /// Score, and gradients of `scale · loss_sum`.
    fn forward_backward(
        &self,
        batch: &Batch,
        dropout: DropoutKey,
        scale: f32,
    ) -> Result<(Score, Self::Gradients), ModelError>;
    fn score(&self, batch: &Batch) -> Result<Score, ModelError>;
    /// Runs `apply` once with the values of all parameters.
    fn update(&mut self, apply: ApplyToAll<'_>) -> Result<(), ModelError>;
    /// Inputs of every site, `[tokens, channels]`, without padding.
    fn observe(&self, batch: &Batch, sink: &mut dyn FnMut(usize, &[f32]))
    -> Result<(), ModelError>;
    fn first_non_finite(&self, batch: &Batch) -> Result<Option<String>, ModelError>;
    /// Writes `model.safetensors` (and what describes it) into a folder.
    fn save(&self, folder: &Path) -> Result<(), ModelError>;
}

/// Batches as a pure function of the step (from 0).
pub(crate) trait Feed {
    fn batch_size(&self) -> usize;
    fn rows(&self, step: u64, rows: Range<usize>) -> Batch;
    /// Masked positions of the whole batch of a step.
    fn masked_count(&self, step: u64) -> usize;
    fn validation(&self, batch: usize) -> Box<dyn Iterator<Item = Batch> + '_>;
}

/// A batch as the model takes it.
fn input(batch: &Batch) -> ModelInput<'_> {
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
}

impl Trainable for MaskedLanguageModel {
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
    fn score(&self, batch: &Batch) -> Result<Score, ModelError> {
        self.score(&input(batch))
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
    fn batch_size(&self) -> usize {
        self.batch_size()
    }
    fn rows(&self, step: u64, rows: Range<usize>) -> Batch {
        self.rows(step, rows)
    }
    fn masked_count(&self, step: u64) -> usize {
        self.masked_count(step)
    }
    fn validation(&self, batch: usize) -> Box<dyn Iterator<Item = Batch> + '_> {
        Box::new(self.validation_batches(batch))
    }
}
