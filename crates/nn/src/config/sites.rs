//! Where activations go: which layers, and whether the pooler.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::error::ModelError;

/// The activation sites of a model, in text form `all`, `none`, `0-11`, `0,2,4`, `0-3,7`, each with `+pooler` behind it
/// if the pooler is one too.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Sites {
    layers: LayerSelection,
    pooler: bool,
}

/// Which layers are meant, before the number of layers is known.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum LayerSelection {
    All,
    /// Inclusive ranges, ascending, not touching each other.
    Ranges(Vec<(usize, usize)>),
}

impl Sites {
    /// Every layer, not the pooler.
    pub const fn all() -> Self {
        Self {
            layers: LayerSelection::All,
            pooler: false,
        }
    }

    /// No layer, not the pooler.
    pub const fn none() -> Self {
        Self {
            layers: LayerSelection::Ranges(Vec::new()),
            pooler: false,
        }
    }

    /// The same layers, with or without the pooler.
    #[must_use]
    pub fn with_pooler(mut self, pooler: bool) -> Self {
        self.pooler = pooler;
        self
    }

    /// Whether the pooler is a site.
    pub const fn pooler(&self) -> bool {
        self.pooler
    }

    /// For each of `layers` layers whether it is a site.
    ///
    /// # Errors
    /// [`ModelError::SiteOutOfRange`] if a layer is named that does not exist.
    pub fn resolve(&self, layers: usize) -> Result<Vec<bool>, ModelError> {
        let ranges = match &self.layers {
            LayerSelection::All => return Ok(vec![true; layers]),
            LayerSelection::Ranges(ranges) => ranges,
        };
        let mut selected = vec![false; layers];
        for &(first, last) in ranges {
            if last >= layers {
                return Err(ModelError::SiteOutOfRange {
                    layer: first.max(layers).min(last),
                    layers,
                });
            }
            selected[first..=last].fill(true);
        }
        Ok(selected)
    }
}

impl Default for Sites {
    fn default() -> Self {
        Self::all()
    }
}

impl fmt::Display for Sites {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.layers {
            LayerSelection::All => formatter.write_str("all")?,
            LayerSelection::Ranges(ranges) if ranges.is_empty() => formatter.write_str("none")?,
            LayerSelection::Ranges(ranges) => {
                for (index, (first, last)) in ranges.iter().enumerate() {
                    let comma = if index == 0 { "" } else { "," };
                    if first == last {
                        write!(formatter, "{comma}{first}")?;
                    } else {
                        write!(formatter, "{comma}{first}-{last}")?;
                    }
                }
            }
        }
        if self.pooler {
            formatter.write_str("+pooler")
        } else {
            Ok(())
        }
    }
}

impl FromStr for Sites {
    type Err = ModelError;

    fn from_str(text: &str) -> Result<Self, ModelError> {
        let fail = |reason: String| ModelError::SitesText {
            text: text.to_owned(),
            reason,
        };
        let trimmed = text.trim();
        let (layers, pooler) = match trimmed.split_once('+') {
            None => (trimmed, false),
            Some((layers, "pooler")) => (layers.trim_end(), true),
            Some((_, other)) => {
                return Err(fail(format!("`+{other}` is not known, only `+pooler` is")));
            }
        };
        let layers = match layers {
            "all" => LayerSelection::All,
            "none" => LayerSelection::Ranges(Vec::new()),
            "" => return Err(fail("it is empty".to_owned())),
            list => LayerSelection::Ranges(parse_ranges(list).map_err(fail)?),
        };
        Ok(Self { layers, pooler })
    }
}

impl TryFrom<String> for Sites {
    type Error = ModelError;

    fn try_from(text: String) -> Result<Self, ModelError> {
        text.parse()
    }
}

impl From<Sites> for String {
    fn from(sites: Sites) -> Self {
        sites.to_string()
    }
}

/// Reads `0-3,7` and merges ranges that overlap or touch.
fn parse_ranges(list: &str) -> Result<Vec<(usize, usize)>, String> {
    let number = |text: &str| {
        let text = text.trim();
        text.parse::<usize>()
            .map_err(|_| format!("`{text}` is not a layer number"))
    };
    let mut ranges = Vec::new();
    for item in list.split(',') {
        let (first, last) = match item.split_once('-') {
            Some((first, last)) => (number(first)?, number(last)?),
            None => (number(item)?, number(item)?),
        };
        if first > last {
            return Err(format!("the range `{}` runs backwards", item.trim()));
        }
        ranges.push((first, last));
    }
    ranges.sort_unstable();
    let mut merged: Vec<(usize, usize)> = Vec::with_capacity(ranges.len());
    for (first, last) in ranges {
        match merged.last_mut() {
            Some(previous) if first <= previous.1.saturating_add(1) => {
                previous.1 = previous.1.max(last);
            }
            _ => merged.push((first, last)),
        }
    }
    Ok(merged)
}
