//! What each activation site computes and what it is fed: `shapes/inputs.json` of a run folder.

use serde::{Deserialize, Serialize};

/// A named tensor with its values, row-major.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct NamedTensor {
    /// Last part of the parameter's name, e.g. `numerator`.
    pub name: String,
    /// Dimensions, e.g. `[groups, degree + 1]`.
    pub shape: Vec<usize>,
    /// Values, row-major.
    pub values: Vec<f32>,
}

/// The coefficients of one activation site at one moment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SiteCoefficients {
    /// Name of the site, e.g. `layer.0`.
    pub site: String,
    /// Coefficient tensors in the order of the activation's definition.
    pub tensors: Vec<NamedTensor>,
}

/// Distribution of the pre-activations (after the bias) that reach a site.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct InputHistogram {
    /// Lower edge of the first bin.
    pub low: f64,
    /// Upper edge of the last bin.
    pub high: f64,
    /// Values per bin, all bins equally wide.
    pub counts: Vec<u64>,
    /// Values below `low`.
    pub below: u64,
    /// Values at or above `high`.
    pub above: u64,
    /// All values seen.
    pub count: u64,
    /// Mean of the values.
    pub mean: f64,
    /// Standard deviation of the values.
    pub deviation: f64,
    /// Smallest value seen.
    pub minimum: f64,
    /// Largest value seen.
    pub maximum: f64,
}

/// One activation site of a trained model.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SiteShape {
    /// Name of the site, e.g. `layer.0`.
    pub site: String,
    /// Layer of the encoder, none for the pooler.
    pub layer: Option<usize>,
    /// Text form of the activation.
    pub activation: String,
    /// Coefficients before training; empty for a fixed activation.
    pub start: Vec<NamedTensor>,
    /// Coefficients after training; empty for a fixed activation.
    pub learned: Vec<NamedTensor>,
    /// Distribution of the site's inputs on validation batches, at the end of training.
    pub inputs: InputHistogram,
}

/// Content of `shapes/inputs.json`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct InputShapes {
    /// Step of the weights that were observed.
    pub step: u64,
    /// Sites in the order of the model.
    pub sites: Vec<SiteShape>,
}
