//! Passes of task models: loss and gradients, logits, and looks inside.

use std::sync::Arc;

use super::network::ForwardBatch;
use super::observation::Outputs;
use super::{DropoutKey, Gradients, TaskInput, TaskModel, TaskScore};
use crate::error::ModelError;
use crate::head::TaskHead;
use crate::module::Observer;
use crate::operation::TaskLoss;

impl TaskModel {
    /// Loss, and gradients of `scale` times its sum over the sequences, for the parameters that train
    /// ([`TaskModel::set_trainable`]).
    ///
    /// Losses are those of `BertForSequenceClassification` and `BertForQuestionAnswering` of Hugging Face with `scale` =
    /// 1 / sequences, but that the softmax over the places of a span leaves padding out. Without `dropout` nothing is
    /// dropped; with it, what is dropped depends on (seed, step, sequence in the step) only.
    ///
    /// # Errors
    /// [`ModelError::InputLength`], [`ModelError::InputRange`], [`ModelError::EmptySequence`], [`ModelError::TargetKind`],
    /// [`ModelError::ScoreNotFinite`] or [`ModelError::MaskedPadding`] if the input does not fit the model.
    pub fn forward_backward(
        &self,
        input: &TaskInput<'_>,
        dropout: Option<DropoutKey>,
        scale: f32,
    ) -> Result<(TaskScore, Gradients), ModelError> {
        let (batch, loss) = self.prepare(input, scale)?;
        if !self.trainable.contains(&true) {
            let (score, _) = self.evaluated(input, &batch, &loss);
            return Ok((score, self.no_gradients()));
        }
        let gradients = self.backward(&batch, dropout, input.first_sequence, |network, pass| {
            network.loss(&batch, &loss, pass)
        });
        Ok((loss.score.take().unwrap_or_default(), gradients))
    }

    /// Score and logits (as [`TaskModel::logits`]) of one pass without dropout.
    ///
    /// # Errors
    /// As [`TaskModel::forward_backward`].
    pub fn evaluate(&self, input: &TaskInput<'_>) -> Result<(TaskScore, Vec<f32>), ModelError> {
        let (batch, loss) = self.prepare(input, 1.0)?;
        let (score, logits) = self.evaluated(input, &batch, &loss);
        Ok((score, self.unpacked(&batch, logits)))
    }

    /// Logits without dropout, `[sequences, labels]`, `[sequences, 1]` for a regression, or `[sequences, length, 2]` (start
    /// and end) for spans, negative infinity where padding is. Targets are not looked at. Passes over few tokens keep
    /// packed weights until the parameters change: up to 6 bytes a weight.
    ///
    /// # Errors
    /// [`ModelError::InputLength`], [`ModelError::InputRange`] or [`ModelError::EmptySequence`] if the input does not fit
    /// the model.
    pub fn logits(&self, input: &TaskInput<'_>) -> Result<Vec<f32>, ModelError> {
        input.validate_tokens(&self.config)?;
        let tokens = input.tokens();
        let batch = ForwardBatch::new(&tokens);
        let logits = self.look(&tokens, &batch, None, |network, pass| {
            network.logits(&batch, pass)
        });
        Ok(self.unpacked(&batch, logits))
    }

    /// Shows the inputs of every activation site (after the bias) on a batch, without dropout: `sink(site index, [rows,
    /// channels])`, the real tokens of all sequences one after the other, or for the pooler one row for each sequence.
    ///
    /// # Errors
    /// As [`TaskModel::logits`].
    pub fn observe(
        &self,
        input: &TaskInput<'_>,
        sink: &mut dyn FnMut(usize, &[f32]),
    ) -> Result<(), ModelError> {
        self.watch(input, &mut self.site_inputs(sink))
    }

    /// Shows the output of every module on a batch; see [`super::AnyModel::outputs`].
    ///
    /// # Errors
    /// As [`TaskModel::logits`].
    pub fn outputs(
        &self,
        input: &TaskInput<'_>,
        sink: &mut dyn FnMut(&str, &[f32]),
    ) -> Result<(), ModelError> {
        self.watch(input, &mut Outputs { sink })
    }

    /// The first place of the forward pass (without dropout) whose output is not finite, for example
    /// `bert.encoder.layer.1.intermediate.activation` or `classifier`; before it the first parameter that is not.
    ///
    /// # Errors
    /// As [`TaskModel::logits`].
    pub fn first_non_finite(&self, input: &TaskInput<'_>) -> Result<Option<String>, ModelError> {
        input.validate_tokens(&self.config)?;
        let tokens = input.tokens();
        let batch = ForwardBatch::new(&tokens);
        Ok(self.first_non_finite_in(|observer| {
            self.look(&tokens, &batch, Some(observer), |network, pass| {
                network.logits(&batch, pass)
            });
        }))
    }

    /// Runs the model under an observer.
    fn watch(&self, input: &TaskInput<'_>, observer: &mut dyn Observer) -> Result<(), ModelError> {
        input.validate_tokens(&self.config)?;
        let tokens = input.tokens();
        let batch = ForwardBatch::new(&tokens);
        self.look(&tokens, &batch, Some(observer), |network, pass| {
            network.logits(&batch, pass)
        });
        Ok(())
    }

    /// Checks an input with targets.
    fn prepare(
        &self,
        input: &TaskInput<'_>,
        scale: f32,
    ) -> Result<(ForwardBatch, TaskLoss), ModelError> {
        input.validate_tokens(&self.config)?;
        let batch = ForwardBatch::new(&input.tokens());
        let loss = TaskLoss {
            truth: input.truth(self.head(), &batch)?,
            scale,
            score: Arc::default(),
            logits: Arc::default(),
        };
        Ok((batch, loss))
    }

    fn evaluated(
        &self,
        input: &TaskInput<'_>,
        batch: &ForwardBatch,
        loss: &TaskLoss,
    ) -> (TaskScore, Vec<f32>) {
        self.look(&input.tokens(), batch, None, |network, pass| {
            network.loss(batch, loss, pass)
        });
        (
            loss.score.take().unwrap_or_default(),
            loss.logits.take().unwrap_or_default(),
        )
    }

    /// Logits of tokens at their places in the padded batch.
    fn unpacked(&self, batch: &ForwardBatch, logits: Vec<f32>) -> Vec<f32> {
        let layout = &batch.layout;
        if *self.head() != TaskHead::Span || layout.places().is_none() {
            return logits;
        }
        let mut padded = vec![f32::NEG_INFINITY; layout.sequences() * layout.length() * 2];
        for (row, logits) in logits.as_chunks::<2>().0.iter().enumerate() {
            padded.as_chunks_mut::<2>().0[layout.place(row)] = *logits;
        }
        padded
    }
}
