//! From a mode to the numbers that train.

use std::collections::{BTreeMap, BTreeSet};

use pliant_activation::{Activation, ActivationSpec, CoefficientTensor};
use pliant_kernels::random::{Purpose, Stream, name_key};
use pliant_nn::{ModelConfig, ModelError, ParameterInfo, Role, Sites};

use super::Mode;
use crate::TrainError;

/// What of one parameter trains.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trains {
    /// Every number.
    All,
    /// None.
    None,
    /// The numbers at these flat indices, ascending, at least one.
    Elements(Vec<u32>),
}

/// Which numbers of a model train.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Selection {
    /// For each parameter.
    pub trains: Vec<Trains>,
    /// Numbers that train: `head` (pooler and output layer, weights and biases), the roles `activation`, `norm`, `bias`,
    /// `embedding`, `weight` of the rest, `adapter`, and `total`. Parts that do not train are absent.
    pub counts: BTreeMap<String, usize>,
}

/// The part of a task model that a parameter belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    /// Coefficients of an activation, the pooler's too.
    Activations,
    /// The pooler's dense layer and the output layer.
    Head,
    Adapter,
    Encoder,
}

/// Names before which nothing of the encoder begins.
const HEAD: [&str; 3] = ["bert.pooler.dense.", "classifier.", "qa_outputs."];

impl Part {
    pub(crate) fn of(parameter: &ParameterInfo) -> Self {
        match parameter.role {
            Role::Activation => Self::Activations,
            Role::Adapter => Self::Adapter,
            _ if HEAD.iter().any(|name| parameter.name.starts_with(name)) => Self::Head,
            _ => Self::Encoder,
        }
    }

    /// What a parameter is counted under.
    fn count_name(self, role: Role) -> &'static str {
        match self {
            Self::Head => Role::Head.name(),
            Self::Activations | Self::Adapter | Self::Encoder => role.name(),
        }
    }
}

/// What `bitfit` trains and `matched-bias` draws from: everything in the encoder whose name ends in `.bias`, the norms' too,
/// as in the paper of `BitFit` and the released code.
fn is_encoder_bias(parameter: &ParameterInfo) -> bool {
    Part::of(parameter) == Part::Encoder
        && matches!(parameter.role, Role::Bias | Role::Norm)
        && parameter.name.rsplit('.').next() == Some("bias")
}

impl Selection {
    /// The numbers that `mode` trains of a model with these parameters (adapters included). `matched` is how many bias entries
    /// `matched-bias` draws from `seed`.
    ///
    /// # Errors
    /// [`TrainError::NoActivations`] and [`TrainError::TooFewBiases`].
    pub fn new(
        mode: Mode,
        parameters: &[ParameterInfo],
        matched: usize,
        seed: u64,
    ) -> Result<Self, TrainError> {
        let learns = parameters
            .iter()
            .any(|parameter| parameter.role == Role::Activation);
        if mode.needs_activations() && !learns {
            return Err(TrainError::NoActivations { mode });
        }
        let mut drawn = match mode {
            Mode::MatchedBias => draw_biases(parameters, matched, seed)?,
            _ => BTreeMap::new(),
        };
        let trains: Vec<Trains> = parameters
            .iter()
            .enumerate()
            .map(|(index, parameter)| {
                let part = Part::of(parameter);
                let all = match mode {
                    Mode::Full => true,
                    Mode::FrozenActivations => part != Part::Activations,
                    Mode::Bitfit => is_encoder_bias(parameter),
                    Mode::BitfitActivations => {
                        is_encoder_bias(parameter) || part == Part::Activations
                    }
                    Mode::Activations => part == Part::Activations,
                    Mode::Head | Mode::MatchedBias => false,
                    Mode::Ia3 | Mode::Lora { .. } => part == Part::Adapter,
                };
                if all || part == Part::Head {
                    Trains::All
                } else {
                    drawn.remove(&index).map_or(Trains::None, Trains::Elements)
                }
            })
            .collect();
        let mut counts = BTreeMap::new();
        for (parameter, trains) in parameters.iter().zip(&trains) {
            let numbers = trains.numbers(parameter);
            if numbers > 0 {
                let name = Part::of(parameter).count_name(parameter.role);
                *counts.entry(name.to_owned()).or_insert(0) += numbers;
            }
        }
        counts.insert("total".to_owned(), counts.values().sum());
        Ok(Self { trains, counts })
    }

    /// How many numbers train.
    pub fn total(&self) -> usize {
        self.counts.get("total").copied().unwrap_or(0)
    }

    /// For each parameter whether any of it trains.
    pub fn mask(&self) -> Vec<bool> {
        self.trains
            .iter()
            .map(|trains| *trains != Trains::None)
            .collect()
    }
}

impl Trains {
    /// How many numbers of the parameter train.
    pub fn numbers(&self, parameter: &ParameterInfo) -> usize {
        match self {
            Self::All => parameter.count(),
            Self::None => 0,
            Self::Elements(indices) => indices.len(),
        }
    }
}

/// Chooses `count` entries among all encoder biases, each set of entries equally likely: those with the smallest of as many
/// drawn numbers.
fn draw_biases(
    parameters: &[ParameterInfo],
    count: usize,
    seed: u64,
) -> Result<BTreeMap<usize, Vec<u32>>, TrainError> {
    let entries: Vec<(usize, u32)> = parameters
        .iter()
        .enumerate()
        .filter(|(_, parameter)| is_encoder_bias(parameter))
        .flat_map(|(index, parameter)| {
            (0..parameter.count() as u32).map(move |element| (index, element))
        })
        .collect();
    if count == 0 || count > entries.len() {
        return Err(TrainError::TooFewBiases {
            wanted: count,
            biases: entries.len(),
        });
    }
    // A stream that no tensor has: tensors are drawn under their own names.
    let stream = Stream::new(
        seed,
        Purpose::Initialisation,
        name_key("matched-bias entries"),
    );
    let mut keys: Vec<(u64, usize)> = (0..entries.len())
        .map(|place| (stream.bits64(place as u64), place))
        .collect();
    keys.sort_unstable();
    let chosen: BTreeSet<usize> = keys[..count].iter().map(|(_, place)| *place).collect();
    let mut drawn: BTreeMap<usize, Vec<u32>> = BTreeMap::new();
    for place in chosen {
        let (index, element) = entries[place];
        drawn.entry(index).or_default().push(element);
    }
    Ok(drawn)
}

/// How many activation coefficients the rational twin of a model has: the model's own where its activations learn; else those
/// of the default `rational` at the configured sites (at all layers where none is configured), the pooler among them if it is
/// configured. 130 for BERT-base with the pooler: 13 functions of 6 + 4 numbers. (The released code has the constant 117, 9
/// for each of 13, one number fewer than its own functions hold.)
///
/// # Errors
/// Sites that the model does not have, or an activation that does not suit its width.
pub fn twin_coefficients(config: &ModelConfig, has_pooler: bool) -> Result<usize, TrainError> {
    let own = coefficients(config, has_pooler)?;
    if own > 0 {
        return Ok(own);
    }
    let mut twin = config.clone();
    twin.activation = default_rational();
    if !twin.sites.resolve(twin.layers)?.contains(&true) {
        twin.sites = Sites::all().with_pooler(twin.sites.pooler());
    }
    coefficients(&twin, has_pooler)
}

/// How many coefficients of its activations a model has.
fn coefficients(config: &ModelConfig, has_pooler: bool) -> Result<usize, TrainError> {
    let of = |spec: &ActivationSpec, channels: usize| -> Result<usize, TrainError> {
        if !spec.is_learnable() {
            return Ok(0);
        }
        let failed = |source| ModelError::Activation {
            site: "the rational twin".to_owned(),
            source,
        };
        let activation = Activation::new(spec.elementwise()).map_err(failed)?;
        let tensors = activation.coefficient_tensors(channels).map_err(failed)?;
        Ok(tensors.iter().map(CoefficientTensor::len).sum())
    };
    let mut count = 0;
    for function in config.layer_activations()? {
        count += of(function, config.inner_size(function))?;
    }
    let additions = &config.additions;
    let added = [&additions.feed_forward_input, &additions.attention_output];
    for added in added.into_iter().flatten() {
        for layer in 0..config.layers {
            let function = added.of_layer(layer).unwrap_or(added);
            count += of(function, config.hidden_size)?;
        }
    }
    if has_pooler && config.sites.pooler() {
        count += of(config.pooler_activation(), config.hidden_size)?;
    }
    Ok(count)
}

#[expect(
    clippy::expect_used,
    reason = "the name of a family is its text form with all defaults"
)]
fn default_rational() -> ActivationSpec {
    "rational".parse().expect("there is a family `rational`")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use pliant_nn::Preset;

    use super::*;

    fn parameters() -> Vec<ParameterInfo> {
        [
            (
                "bert.embeddings.word_embeddings.weight",
                Role::Embedding,
                32,
            ),
            ("bert.encoder.layer.0.output.dense.bias", Role::Bias, 6),
            (
                "bert.encoder.layer.0.output.LayerNorm.weight",
                Role::Norm,
                4,
            ),
            ("bert.encoder.layer.0.output.LayerNorm.bias", Role::Norm, 4),
            (
                "bert.encoder.layer.0.intermediate.activation.numerator",
                Role::Activation,
                6,
            ),
            ("bert.pooler.dense.weight", Role::Weight, 16),
            ("bert.pooler.dense.bias", Role::Bias, 4),
            ("bert.pooler.activation.numerator", Role::Activation, 6),
            ("classifier.weight", Role::Head, 8),
            ("classifier.bias", Role::Bias, 2),
        ]
        .map(|(name, role, count)| ParameterInfo {
            name: name.to_owned(),
            role,
            shape: vec![count],
        })
        .to_vec()
    }

    fn counts(mode: &str) -> Vec<(String, usize)> {
        Selection::new(mode.parse().unwrap(), &parameters(), 3, 1)
            .unwrap()
            .counts
            .into_iter()
            .collect()
    }

    fn expected(list: &[(&str, usize)]) -> Vec<(String, usize)> {
        list.iter()
            .map(|(name, count)| ((*name).to_owned(), *count))
            .collect()
    }

    #[test]
    fn modes_select_by_role() {
        assert_eq!(counts("head"), expected(&[("head", 30), ("total", 30)]));
        assert_eq!(
            counts("activations"),
            expected(&[("activation", 12), ("head", 30), ("total", 42)])
        );
        assert_eq!(
            counts("bitfit"),
            expected(&[("bias", 6), ("head", 30), ("norm", 4), ("total", 40)])
        );
        assert_eq!(
            counts("frozen-activations"),
            expected(&[
                ("bias", 6),
                ("embedding", 32),
                ("head", 30),
                ("norm", 8),
                ("total", 76)
            ])
        );
        assert_eq!(counts("full").last().unwrap().1, 88);
    }

    #[test]
    fn drawn_biases_are_as_many_as_asked_for_and_follow_the_seed() {
        let drawn = |seed| {
            Selection::new(Mode::MatchedBias, &parameters(), 7, seed)
                .unwrap()
                .trains
        };
        let count = |trains: &[Trains]| {
            trains
                .iter()
                .map(|trains| match trains {
                    Trains::Elements(indices) => {
                        assert!(indices.is_sorted_by(|a, b| a < b));
                        indices.len()
                    }
                    _ => 0,
                })
                .sum::<usize>()
        };
        assert_eq!(count(&drawn(1)), 7);
        assert_eq!(drawn(1), drawn(1));
        assert_ne!(drawn(1), drawn(2));
        for wanted in [0, 11] {
            let error = Selection::new(Mode::MatchedBias, &parameters(), wanted, 1).unwrap_err();
            assert!(error.to_string().contains("10"), "{error}");
        }
    }

    #[test]
    fn every_entry_can_be_drawn() {
        let mut seen = BTreeSet::new();
        for seed in 0..60 {
            let trains = Selection::new(Mode::MatchedBias, &parameters(), 1, seed)
                .unwrap()
                .trains;
            for (index, trains) in trains.into_iter().enumerate() {
                if let Trains::Elements(indices) = trains {
                    seen.extend(indices.into_iter().map(|element| (index, element)));
                }
            }
        }
        assert_eq!(seen.len(), 10);
    }

    #[test]
    fn a_model_without_coefficients_has_nothing_for_mode_activations() {
        let fixed: Vec<_> = parameters()
            .into_iter()
            .filter(|parameter| parameter.role != Role::Activation)
            .collect();
        let error = Selection::new(Mode::Activations, &fixed, 0, 1).unwrap_err();
        assert!(error.hint().unwrap().contains("head"), "{error}");
    }

    #[test]
    fn bert_base_has_130_coefficients_with_the_pooler() {
        for (activation, sites, pooler, count) in [
            ("rational", "all+pooler", true, 130),
            ("rational", "all+pooler", false, 120),
            ("gelu", "all+pooler", true, 130),
            ("gelu", "none+pooler", true, 130),
            ("gelu", "0-3", true, 40),
            ("rational(form=c)", "all", true, 132),
            ("glu(rational)", "all", true, 120),
            ("glu(rational(share=group(256)))", "0", true, 80),
            ("glu(silu)", "all", false, 120),
            ("rational(3/2)", "all", false, 72),
            (
                "layers([rational, gelu, gelu, gelu, gelu, gelu, gelu, gelu, gelu, gelu, swish, gelu])",
                "all",
                false,
                11,
            ),
            (
                "layers([relu, gelu, gelu, gelu, gelu, gelu, gelu, gelu, gelu, gelu, silu, gelu])",
                "all",
                false,
                120,
            ),
        ] {
            let mut config = Preset::Base
                .config(30_522, activation.parse().unwrap())
                .unwrap();
            config.sites = sites.parse().unwrap();
            assert_eq!(
                twin_coefficients(&config, pooler).unwrap(),
                count,
                "{activation} {sites}"
            );
        }
    }
}
