//! What the server tells about itself.

use pliant_train::predict::{PredictorKind, Reading};
use serde::Serialize;
use utoipa::ToSchema;

use super::Limits;
use super::endpoint::kind_name;
use super::site::Site;

/// The model that is served.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ModelDescription {
    /// Name of its folder.
    name: String,
    /// What it does.
    #[schema(example = "classification")]
    kind: &'static str,
    /// Where it can be asked.
    endpoints: Vec<&'static str>,
    /// The labels of a classification, in the order of their numbers.
    #[serde(skip_serializing_if = "Option::is_none")]
    labels: Option<Vec<String>>,
    /// The activation function of each layer.
    #[schema(example = json!(["rational", "rational"]))]
    activations: Vec<String>,
    /// Encoder layers.
    layers: usize,
    /// Numbers of an embedding.
    hidden_size: usize,
    /// Attention heads of a layer.
    heads: usize,
    /// Width of the feed-forward layers; those with a gate have two thirds of it.
    intermediate_size: usize,
    /// Tokens known.
    vocabulary_size: usize,
    /// Numbers that have been learned.
    parameters: usize,
    /// How texts become sequences.
    reading: Reading,
    /// What a request may hold.
    limits: Limits,
    /// The program that serves it.
    version: String,
}

impl ModelDescription {
    pub(crate) fn of(site: &Site) -> Self {
        let config = site.predictor.config();
        let parameters = site.predictor.parameters().iter();
        Self {
            name: site.name.to_string(),
            kind: kind_name(&site.kind),
            endpoints: site.paths(),
            labels: match &*site.kind {
                PredictorKind::Classify { labels } => Some(labels.clone()),
                _ => None,
            },
            // A model that is loaded has no sites beyond its layers.
            activations: config
                .layer_activations()
                .unwrap_or_default()
                .into_iter()
                .map(ToString::to_string)
                .collect(),
            layers: config.layers,
            hidden_size: config.hidden_size,
            heads: config.heads,
            intermediate_size: config.intermediate_size,
            vocabulary_size: config.vocabulary_size,
            parameters: parameters.map(pliant_nn::ParameterInfo::count).sum(),
            reading: site.predictor.reading().clone(),
            limits: (*site.limits).clone(),
            version: site.version.to_string(),
        }
    }
}

/// Whether the server can be used.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Health {
    /// `ok`, `ready`, `stopping` or `failed`.
    #[schema(example = "ok")]
    pub(crate) status: &'static str,
}
