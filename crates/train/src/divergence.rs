//! The record of a step that was not applied because its loss or gradient is not finite: `diverged.json`.

use std::path::Path;

use serde::Serialize;

use crate::TrainError;
use crate::file::write_json;
use crate::observe;
use crate::shapes::SiteCoefficients;
use crate::step::micro_batches;
use crate::trainable::{Feed, GradientSet, StepBatch, Trainable};

/// Content of `diverged.json`.
#[derive(Debug, Serialize)]
struct Divergence {
    step: u64,
    /// As text: JSON has no NaN.
    loss: String,
    gradient_norm: String,
    place: String,
    learning_rates: Vec<f64>,
    /// (epoch, sequence) of every row of the step.
    sequences: Vec<(u64, u64)>,
    coefficients: Vec<Coefficients>,
}

/// Coefficients as text, which may be not finite.
#[derive(Debug, Serialize)]
struct Coefficients {
    site: String,
    tensors: Vec<(String, Vec<String>)>,
}

impl From<SiteCoefficients> for Coefficients {
    fn from(of: SiteCoefficients) -> Self {
        let text = |values: Vec<f32>| values.iter().map(ToString::to_string).collect();
        let tensors = of
            .tensors
            .into_iter()
            .map(|tensor| (tensor.name, text(tensor.values)))
            .collect();
        Self {
            site: of.site,
            tensors,
        }
    }
}

/// The first place that is not finite: a weight, then the forward pass, then a gradient.
fn place<M: Trainable>(
    model: &M,
    feed: &impl Feed<Batch = M::Batch>,
    micro_batch: usize,
    step: u64,
    gradients: Option<&M::Gradients>,
) -> Result<String, TrainError> {
    for (index, parameter) in model.parameters().iter().enumerate() {
        if model.read(index).iter().any(|value| !value.is_finite()) {
            return Ok(format!("parameter {}", parameter.name));
        }
    }
    for batch in micro_batches(feed, step, micro_batch) {
        if let Some(place) = model.first_non_finite(&batch)? {
            return Ok(format!("output of {place}"));
        }
    }
    let is_bad = |index| {
        gradients
            .and_then(|of| of.get(index))
            .is_some_and(|values| values.iter().any(|value| !value.is_finite()))
    };
    let bad = model
        .parameters()
        .iter()
        .enumerate()
        .find(|(index, _)| is_bad(*index));
    Ok(bad.map_or_else(
        || "the loss".to_owned(),
        |(_, parameter)| format!("gradient of {}", parameter.name),
    ))
}

/// Writes the record; returns the error that ends the run.
pub(crate) fn record<M: Trainable>(
    model: &M,
    feed: &impl Feed<Batch = M::Batch>,
    micro_batch: usize,
    step: u64,
    loss: f64,
    gradient_norm: f64,
    learning_rates: &[f64],
    gradients: Option<&M::Gradients>,
    path: &Path,
) -> Result<TrainError, TrainError> {
    let place = place(model, feed, micro_batch, step, gradients)?;
    let record = Divergence {
        step,
        loss: loss.to_string(),
        gradient_norm: gradient_norm.to_string(),
        place: place.clone(),
        learning_rates: learning_rates.to_vec(),
        sequences: micro_batches(feed, step, micro_batch)
            .flat_map(|batch| batch.rows())
            .collect(),
        coefficients: observe::coefficients(model)
            .into_iter()
            .map(Coefficients::from)
            .collect(),
    };
    write_json(path, &record)?;
    Ok(TrainError::Diverged {
        step,
        loss,
        place,
        report: path.to_path_buf(),
    })
}
