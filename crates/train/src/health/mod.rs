//! How a model fares at a validation: gradients and updates by role, inputs by activation site.

mod measure;
mod sane;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

pub(crate) use measure::{LastStep, measure};
pub(crate) use sane::leaving;

/// The `health` of a validation.
///
/// Roles are those of the parameters in [`crate::Event::Started`]. Both maps are empty where no step was taken since the
/// process began: before the first step, and in a run with a time budget that is resumed when its time is over.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Health {
    /// Norm of the last step's gradient by role, before clipping, over the parameters that train.
    #[serde(default)]
    pub gradient_norms: BTreeMap<String, f64>,
    /// Norm of the last update over the norm of the weights behind it by role, over the parameters that train. A role
    /// whose weights are all zero is left out.
    #[serde(default)]
    pub update_ratios: BTreeMap<String, f64>,
    /// Every activation site, learnable or not, in the order of the model.
    #[serde(default)]
    pub sites: Vec<SiteHealth>,
}

/// What reaches an activation site, on the first validation sequences.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SiteHealth {
    /// Name of the site, e.g. `layer.0`.
    pub site: String,
    /// Share of the inputs outside the range in which the start was fitted, from 0 to 1; 0 for a fixed activation, which
    /// has no such range.
    pub outside: f64,
    /// Largest absolute input; the largest finite number where one is not finite, because JSON has no infinity.
    pub largest: f64,
}
