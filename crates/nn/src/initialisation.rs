//! How a tensor gets its first values: a pure function of (seed, name), so that one more parameter shifts no other.

use pliant_activation::Activation;
use pliant_kernels::parallel;
use pliant_kernels::random::{Purpose, Stream, name_key};

use crate::config::{Initialisation, ModelConfig};

/// Deviation of BERT's initial weights, used by the released RAFT code wherever it does not deviate.
const BERT_DEVIATION: f64 = 0.02;

/// How the values of one tensor are drawn.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Draw {
    /// All the same.
    Constant(f32),
    /// These.
    Values(Vec<f32>),
    /// Normal around zero with this standard deviation.
    Normal(f64),
    /// Uniform on `±bound`.
    Uniform(f64),
}

impl Draw {
    /// The weight matrix of a linear layer.
    pub(crate) fn matrix(config: &ModelConfig, inputs: usize) -> Self {
        Self::Normal(match config.initialisation {
            Initialisation::Normal { deviation } => deviation,
            Initialisation::FanIn | Initialisation::VariancePreserving => reciprocal_root(inputs),
            Initialisation::ReleasedRaft | Initialisation::ReleasedEqual => BERT_DEVIATION,
        })
    }

    /// The weight matrix of a linear layer that the released RAFT code fuses with its activation: the feed-forward
    /// up-projection and the pooler. That code draws them unequally, depending on whether the activation learns; `released_equal`
    /// draws them as it does for a fixed one.
    pub(crate) fn activated_matrix(
        config: &ModelConfig,
        inputs: usize,
        outputs: usize,
        learnable: bool,
    ) -> Self {
        match config.initialisation {
            Initialisation::ReleasedRaft if learnable => {
                let xavier = (2.0 / (inputs + outputs) as f64).sqrt();
                Self::Normal(xavier * (8.0 * config.layers as f64).powf(-0.25))
            }
            Initialisation::ReleasedRaft | Initialisation::ReleasedEqual => {
                Self::Uniform(reciprocal_root(inputs))
            }
            Initialisation::Normal { .. }
            | Initialisation::FanIn
            | Initialisation::VariancePreserving => Self::matrix(config, inputs),
        }
    }

    /// The weight matrix of a linear layer that reads the outputs of an activation.
    pub(crate) fn after_activation(
        config: &ModelConfig,
        inputs: usize,
        activation: &Activation,
    ) -> Self {
        match config.initialisation {
            Initialisation::VariancePreserving => {
                Self::Normal(reciprocal_root(inputs) / activation.second_moment().sqrt())
            }
            _ => Self::matrix(config, inputs),
        }
    }

    /// An embedding table. Looked up, a table has no fan-in; tied to the output projection its fan-in is the hidden size.
    pub(crate) fn embedding(config: &ModelConfig) -> Self {
        Self::matrix(config, config.hidden_size)
    }

    /// Writes the values of the tensor called `name`.
    pub(crate) fn fill(&self, seed: u64, name: &str, values: &mut [f32]) {
        let stream = Stream::new(seed, Purpose::Initialisation, name_key(name));
        match self {
            Self::Constant(value) => values.fill(*value),
            Self::Values(start) => values.copy_from_slice(start),
            Self::Normal(deviation) => fill_each(values, |index| deviation * stream.normal(index)),
            Self::Uniform(bound) => {
                fill_each(values, |index| bound * (2.0 * stream.uniform(index) - 1.0));
            }
        }
    }
}

fn reciprocal_root(inputs: usize) -> f64 {
    1.0 / (inputs as f64).sqrt()
}

/// `values[i] = value(i)`.
fn fill_each(values: &mut [f32], value: impl Fn(u64) -> f64 + Sync + Send) {
    parallel::for_each_chunk(values, parallel::ELEMENTS, |chunk, values| {
        let first = chunk * parallel::ELEMENTS;
        for (offset, slot) in values.iter_mut().enumerate() {
            *slot = value((first + offset) as u64) as f32;
        }
    });
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::config::Preset;
    use pliant_activation::ActivationSpec;

    /// The two numbers of the released code for BERT-base: 0.00729, and 0.02083 as the deviation of a uniform draw.
    #[test]
    fn released_deviations_of_bert_base() {
        let mut config = Preset::Base
            .config(30_522, "rational".parse().unwrap())
            .unwrap();
        config.initialisation = Initialisation::ReleasedRaft;
        let Draw::Normal(learnable) = Draw::activated_matrix(&config, 768, 3072, true) else {
            unreachable!("a normal draw");
        };
        assert!((learnable - 0.00729).abs() < 1e-5, "{learnable}");
        let Draw::Uniform(bound) = Draw::activated_matrix(&config, 768, 3072, false) else {
            unreachable!("a uniform draw");
        };
        assert!((bound / 3.0_f64.sqrt() - 0.02083).abs() < 1e-5, "{bound}");
        assert_eq!(Draw::matrix(&config, 768), Draw::Normal(0.02));
        config.initialisation = Initialisation::ReleasedEqual;
        for learnable in [true, false] {
            let draw = Draw::activated_matrix(&config, 768, 3072, learnable);
            assert_eq!(draw, Draw::Uniform(bound), "learnable: {learnable}");
        }
        assert_eq!(Draw::matrix(&config, 768), Draw::Normal(0.02));
    }

    /// Squares of the gains: `E[gelu²]` is `1/3 + 1/(2√3 π)` and `E[relu²]` a half; that of `SiLU` was integrated
    /// with other software. KAT's code has 2.35679 and 2.81782, which are 0.2 % above these integrals.
    #[test]
    fn variance_is_preserved_through_the_activation() {
        for (text, square) in [("gelu", 2.3517156), ("silu", 2.8107611), ("relu", 2.0)] {
            let spec: ActivationSpec = text.parse().unwrap();
            let mut config = Preset::Base.config(30_522, spec.clone()).unwrap();
            config.initialisation = Initialisation::VariancePreserving;
            let activation = Activation::new(&spec).unwrap();
            let Draw::Normal(deviation) = Draw::after_activation(&config, 3072, &activation) else {
                unreachable!("a normal draw");
            };
            let gain = deviation * deviation * 3072.0;
            assert!((gain - square).abs() < 2e-5 * square, "{text}: {gain}");
            config.initialisation = Initialisation::FanIn;
            assert_eq!(
                Draw::after_activation(&config, 3072, &activation),
                Draw::matrix(&config, 3072)
            );
        }
    }

    #[test]
    fn draws_have_their_deviation_and_depend_on_seed_and_name() {
        let draw = |seed: u64, name: &str| {
            let mut values = vec![0.0; 40_000];
            Draw::Normal(0.5).fill(seed, name, &mut values);
            values
        };
        let values = draw(1, "a");
        let mean = values.iter().map(|value| f64::from(*value)).sum::<f64>() / 40_000.0;
        let square = values
            .iter()
            .map(|value| f64::from(*value).powi(2))
            .sum::<f64>()
            / 40_000.0;
        assert!(mean.abs() < 0.01, "{mean}");
        assert!((square.sqrt() - 0.5).abs() < 0.01, "{square}");
        assert_eq!(values, draw(1, "a"));
        assert_ne!(values, draw(2, "a"));
        assert_ne!(values, draw(1, "b"));
    }
}
