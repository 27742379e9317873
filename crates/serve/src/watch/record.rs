//! A line of `metrics.jsonl`, of this version or another: what the page shows of it, everything optional.

use std::collections::BTreeMap;

use serde::Deserialize;

/// The parts of an event that are drawn. Unknown events and fields are a later version's and are skipped.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Record {
    pub(crate) event: String,
    pub(crate) step: Option<u64>,
    pub(crate) steps: Option<u64>,
    pub(crate) minutes: Option<f64>,
    pub(crate) loss: Option<f64>,
    pub(crate) metrics: BTreeMap<String, Option<f64>>,
    pub(crate) primary: Option<String>,
    pub(crate) activation: Option<String>,
    pub(crate) groups: Vec<Group>,
    pub(crate) learning_rates: Vec<f64>,
    pub(crate) gradient_norm: Option<f64>,
    pub(crate) activation_gradient_norm: Option<f64>,
    pub(crate) tokens: Option<f64>,
    pub(crate) milliseconds: Option<f64>,
    pub(crate) elapsed_seconds: Option<f64>,
    pub(crate) coefficients: Vec<Site>,
    pub(crate) health: Option<Health>,
    pub(crate) place: Option<String>,
    pub(crate) message: Option<String>,
}

/// An optimizer group.
#[derive(Debug, Deserialize)]
pub(crate) struct Group {
    pub(crate) name: String,
}

/// The norms of a validation.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Health {
    pub(crate) gradient_norms: BTreeMap<String, Option<f64>>,
}

/// The coefficients of a learnable site.
#[derive(Debug, Deserialize)]
pub(crate) struct Site {
    pub(crate) site: String,
    pub(crate) tensors: Vec<Tensor>,
}

/// A tensor of coefficients, a row per group of channels.
#[derive(Debug, Deserialize)]
pub(crate) struct Tensor {
    pub(crate) shape: Vec<usize>,
    pub(crate) values: Vec<Option<f64>>,
}
