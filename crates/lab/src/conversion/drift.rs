//! How far a model moves when its activation is replaced.

use pliant_nn::{AnyModel, TaskHead};
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

/// Compares a model with others that have equal encoders but for their activations; one result for each of them.
pub(super) fn measure(
    before: &AnyModel,
    candidates: &[&AnyModel],
    sample: &Sample,
) -> Result<Vec<Drift>, ConversionError> {
    let width = before
        .head()
        .map_or(before.config().vocabulary_size, TaskHead::outputs);
    let mut sums: Vec<Sums> = candidates
        .iter()
        .map(|_| Sums::new(before.config().layers))
        .collect();
    for batch in sample.batches() {
        let own = Looked::at(before, batch)?;
        for (candidate, sums) in candidates.iter().zip(&mut sums) {
            sums.add(&own, &Looked::at(candidate, batch)?, width, batch.tokens());
        }
    }
    sums.into_iter()
        .map(|sums| sums.drift(width))
        .collect::<Option<_>>()
        .ok_or(ConversionError::EmptySample)
}

/// What a model makes of a batch.
struct Looked {
    /// The outputs of the layers.
    hidden_states: Vec<Vec<f32>>,
    logits: Vec<f32>,
}

impl Looked {
    fn at(model: &AnyModel, batch: &SampleBatch) -> Result<Self, ConversionError> {
        Ok(Self {
            hidden_states: hidden_states(model, batch)?,
            logits: model.logits(&batch.input())?,
        })
    }
}

/// Differences so far.
struct Sums {
    layers: Vec<Sum>,
    logits: Sum,
    same: usize,
    places: usize,
    tokens: usize,
}

impl Sums {
    fn new(layers: usize) -> Self {
        Self {
            layers: vec![Sum::default(); layers],
            logits: Sum::default(),
            same: 0,
            places: 0,
            tokens: 0,
        }
    }

    fn add(&mut self, before: &Looked, after: &Looked, width: usize, tokens: usize) {
        let states = before.hidden_states.iter().zip(&after.hidden_states);
        for (sum, (own, others)) in self.layers.iter_mut().zip(states) {
            sum.add(own, others);
        }
        self.logits.add(&before.logits, &after.logits);
        let rows = before.logits.chunks_exact(width);
        for (own, others) in rows.zip(after.logits.chunks_exact(width)) {
            // Padding of spans has no logits.
            if own.iter().all(|logit| logit.is_finite()) {
                self.places += 1;
                self.same += usize::from(largest(own) == largest(others));
            }
        }
        self.tokens += tokens;
    }

    /// None where there was nothing to look at.
    fn drift(&self, width: usize) -> Option<Drift> {
        let layers = self.layers.iter().enumerate();
        (self.tokens > 0).then(|| Drift {
            tokens: self.tokens,
            layers: layers
                .map(|(layer, sum)| ModuleDrift {
                    layer,
                    hidden: sum.difference(),
                })
                .collect(),
            logits: self.logits.difference(),
            same_prediction: (width > 1 && self.places > 0)
                .then(|| self.same as f64 / self.places as f64),
        })
    }
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
