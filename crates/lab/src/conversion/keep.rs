//! Which parts of a trained model stay; the others start afresh.

use std::collections::BTreeSet;
use std::str::FromStr;

use pliant_nn::{AnyModel, Sites};

use super::ConversionError;

/// Parts of a model, in text form `embeddings,0-5,pooler,head`. The norm at the end of an encoder belongs to its last layer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Keep {
    text: String,
    embeddings: bool,
    pooler: bool,
    head: bool,
    layers: Sites,
}

impl FromStr for Keep {
    type Err = ConversionError;

    fn from_str(text: &str) -> Result<Self, ConversionError> {
        let refuse = |reason: String| ConversionError::Keep {
            text: text.to_owned(),
            reason,
        };
        let (mut parts, mut layers) = (BTreeSet::new(), Vec::new());
        for part in text.split(',').map(str::trim) {
            match part {
                "embeddings" | "pooler" | "head" => {
                    parts.insert(part);
                }
                "" => return Err(refuse("a part is empty".to_owned())),
                _ if part.starts_with(|first: char| first.is_ascii_digit()) => layers.push(part),
                other => return Err(refuse(format!("`{other}` is no part"))),
            }
        }
        let layers = if layers.is_empty() {
            Sites::none()
        } else {
            layers
                .join(",")
                .parse()
                .map_err(|error: pliant_nn::ModelError| refuse(error.to_string()))?
        };
        Ok(Self {
            text: text.to_owned(),
            embeddings: parts.contains("embeddings"),
            pooler: parts.contains("pooler"),
            head: parts.contains("head"),
            layers,
        })
    }
}

impl Keep {
    /// The model with what is not kept drawn afresh from the seed, and the names of what was.
    ///
    /// # Errors
    /// A layer that the model does not have.
    pub fn apply(
        &self,
        model: &AnyModel,
        seed: u64,
    ) -> Result<(AnyModel, Vec<String>), ConversionError> {
        let config = model.config();
        let layers = self
            .layers
            .resolve(config.layers)
            .map_err(|error| ConversionError::Keep {
                text: self.text.clone(),
                reason: error.to_string(),
            })?;
        let (mut values, mut drawn) = (model.named_values(), Vec::new());
        let head = model.head().cloned();
        let mixed = AnyModel::with_values(config, head, seed, &mut |info| {
            if self.has(&info.name, &layers) {
                return values.remove(&info.name);
            }
            drawn.push(info.name.clone());
            None
        })?;
        Ok((mixed, drawn))
    }

    fn has(&self, name: &str, layers: &[bool]) -> bool {
        if let Some(rest) = name.strip_prefix("bert.encoder.") {
            let layer = rest
                .strip_prefix("layer.")
                .and_then(|rest| rest.split('.').next()?.parse::<usize>().ok());
            layer.map_or_else(
                || layers.last().copied().unwrap_or(false),
                |layer| layers.get(layer).copied().unwrap_or(false),
            )
        } else if name.starts_with("bert.embeddings.") {
            self.embeddings
        } else if name.starts_with("bert.pooler.") {
            self.pooler
        } else {
            self.head
        }
    }
}
