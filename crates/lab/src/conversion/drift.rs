//! How far a model moves when its activation is replaced.

use pliant_nn::AnyModel;
use serde::Serialize;

use super::sample::SampleBatch;
use super::{ConversionError, Sample};

/// The difference between two lists of values.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Difference {
    /// Mean of the absolute differences.
    pub mean: f64,
    /// The largest.
    pub max: f64,
    /// Root mean square of the values before: what to measure them by.
    pub scale: f64,
}

/// The difference at a module.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ModuleDrift {
    /// The encoder layer.
    pub layer: usize,
    /// Of its output, the hidden states.
    pub hidden: Difference,
}

/// How far a model moved, measured on a sample of text.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Drift {
    /// Tokens that were looked at.
    pub tokens: usize,
    /// Layer by layer.
    pub layers: Vec<ModuleDrift>,
    /// Of the logits.
    pub logits: Difference,
    /// Share of the places (tokens, sequences) whose largest logit is still the same one; none for a single output.
    pub same_prediction: Option<f64>,
}

/// Compares two models with equal encoders but for their activations.
pub(super) fn measure(
    before: &AnyModel,
    after: &AnyModel,
    sample: &Sample,
) -> Result<Drift, ConversionError> {
    let layers = before.config().layers;
    let mut sums = vec![Sum::default(); layers];
    let mut logits = Sum::default();
    let (mut same, mut places, mut tokens) = (0_usize, 0_usize, 0_usize);
    let width = before.head().map_or(
        before.config().vocabulary_size,
        pliant_nn::TaskHead::outputs,
    );
    for batch in sample.batches() {
        let (own, others) = (hidden_states(before, batch)?, hidden_states(after, batch)?);
        for ((sum, own), others) in sums.iter_mut().zip(&own).zip(&others) {
            sum.add(own, others);
        }
        let (own, others) = (
            before.logits(&batch.input())?,
            after.logits(&batch.input())?,
        );
        logits.add(&own, &others);
        for (own, others) in own.chunks_exact(width).zip(others.chunks_exact(width)) {
            // Padding of spans has no logits.
            if own.iter().all(|logit| logit.is_finite()) {
                places += 1;
                same += usize::from(largest(own) == largest(others));
            }
        }
        tokens += batch.tokens();
    }
    if tokens == 0 {
        return Err(ConversionError::EmptySample);
    }
    Ok(Drift {
        tokens,
        layers: sums
            .iter()
            .enumerate()
            .map(|(layer, sum)| ModuleDrift {
                layer,
                hidden: sum.difference(),
            })
            .collect(),
        logits: logits.difference(),
        same_prediction: (width > 1 && places > 0).then(|| same as f64 / places as f64),
    })
}

/// The outputs of the layers.
fn hidden_states(model: &AnyModel, batch: &SampleBatch) -> Result<Vec<Vec<f32>>, ConversionError> {
    let mut states = vec![Vec::new(); model.config().layers];
    model.outputs(&batch.input(), &mut |module, values| {
        let layer = module
            .strip_prefix("bert.encoder.layer.")
            .and_then(|rest| rest.strip_suffix(".output"))
            .and_then(|layer| layer.parse::<usize>().ok());
        if let Some(state) = layer.and_then(|layer| states.get_mut(layer)) {
            state.extend_from_slice(values);
        }
    })?;
    Ok(states)
}

fn largest(logits: &[f32]) -> Option<usize> {
    logits
        .iter()
        .enumerate()
        .max_by(|a, b| a.1.total_cmp(b.1))
        .map(|(index, _)| index)
}

#[derive(Clone, Copy, Default)]
struct Sum {
    count: usize,
    differences: f64,
    squares: f64,
    max: f64,
}

impl Sum {
    fn add(&mut self, before: &[f32], after: &[f32]) {
        for (before, after) in before.iter().zip(after) {
            if !before.is_finite() && before == after {
                continue;
            }
            let difference = (f64::from(*before) - f64::from(*after)).abs();
            self.count += 1;
            self.differences += difference;
            self.squares += f64::from(*before) * f64::from(*before);
            self.max = self.max.max(difference);
        }
    }

    fn difference(&self) -> Difference {
        let count = self.count.max(1) as f64;
        Difference {
            mean: self.differences / count,
            max: self.max,
            scale: (self.squares / count).sqrt(),
        }
    }
}
