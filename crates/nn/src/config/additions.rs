//! What the layers have that BERT's have not.

use pliant_activation::{Activation, ActivationSpec};
use serde::{Deserialize, Serialize};

use super::{ModelConfig, Place, resolve_activation};
use crate::error::ModelError;

/// Further functions and norms in every layer. None of them is part of BERT, so what can only describe a BERT refuses them.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Additions {
    /// The function that the inputs of the up-projection pass through, as before every matrix of KAT (Yang, Wang 2025,
    /// arXiv 2409.10594, section 4).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub feed_forward_input: Option<ActivationSpec>,
    /// The function that the values of all heads pass through before the output projection of the attention.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attention_output: Option<ActivationSpec>,
    /// Whether a layer norm over the inner values stands before the feed-forward activation.
    #[serde(default)]
    pub inner_norm: bool,
}

impl Additions {
    /// Whether there is none.
    pub fn is_none(&self) -> bool {
        *self == Self::default()
    }

    /// Refuses additions, for what can only take BERT's layers.
    ///
    /// # Errors
    /// [`ModelError::Addition`] names the first.
    pub fn refuse(&self, what: &'static str) -> Result<(), ModelError> {
        let first = [
            ("feed_forward_input", self.feed_forward_input.is_some()),
            ("attention_output", self.attention_output.is_some()),
            ("inner_norm", self.inner_norm),
        ]
        .into_iter()
        .find(|(_, is_there)| *is_there);
        match first {
            Some((addition, _)) => Err(ModelError::Addition { addition, what }),
            None => Ok(()),
        }
    }
}

impl ModelConfig {
    /// Checks the additions against the other fields.
    pub(super) fn validate_additions(&self) -> Result<(), ModelError> {
        for place in self.added_places() {
            self.added_function(place)?;
        }
        if self.additions.inner_norm {
            let layers = self.layer_activations()?;
            if let Some(gated) = layers.into_iter().find(|layer| layer.gated().is_some()) {
                return Err(ModelError::InnerNorm {
                    activation: gated.to_string(),
                });
            }
        }
        Ok(())
    }

    /// Every place of a function that BERT's layers have not, whether or not this model has one there.
    pub(crate) fn added_places(&self) -> impl Iterator<Item = Place> + use<> {
        (0..self.layers).flat_map(|layer| {
            [
                Place::FeedForwardInput { layer },
                Place::AttentionOutput { layer },
            ]
        })
    }

    /// The function that was added at a place, ready for use; none where there is none.
    pub(crate) fn added_function(&self, place: Place) -> Result<Option<Activation>, ModelError> {
        let resolve = |spec| resolve_activation(spec, self.hidden_size, &place.site());
        self.added_spec(place)?.map(resolve).transpose()
    }

    /// The function that was added at a place: the addition's, which may name one for each layer.
    pub(crate) fn added_spec(&self, place: Place) -> Result<Option<&ActivationSpec>, ModelError> {
        let (spec, layer) = match place {
            Place::FeedForwardInput { layer } => (&self.additions.feed_forward_input, layer),
            Place::AttentionOutput { layer } => (&self.additions.attention_output, layer),
            Place::FeedForward { .. } | Place::Pooler => return Ok(None),
        };
        let Some(spec) = spec else { return Ok(None) };
        match spec.of_each_layer() {
            Some(functions) if functions.len() != self.layers => Err(ModelError::LayerFunctions {
                functions: functions.len(),
                layers: self.layers,
            }),
            _ => Ok(Some(spec.of_layer(layer).unwrap_or(spec))),
        }
    }
}
