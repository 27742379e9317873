//! The masked-language-model head: transform, norm, projection on the word table.

use std::sync::Arc;

use burn::module::{Module, Param};
use burn::tensor::Tensor;
use pliant_activation::Activation;
use pliant_kernels::masked_lm::Score;

use super::linear::{Linear, LinearConfig};
use super::norm::Norm;
use super::pass::Pass;
use super::source::ParameterSource;
use crate::config::resolve_activation;
use crate::error::ModelError;
use crate::initialisation::Draw;
use crate::operation::{Handover, TiedGradient, bias_activation, gather_rows, masked_lm_loss};
use crate::parameter::Role;

/// Dense layer, GELU (always: the head is no site), layer norm, projection on the word embeddings plus a bias.
#[derive(Module, Debug)]
pub struct MaskedLmHead {
    dense: Linear,
    norm: Norm,
    bias: Param<Tensor<1>>,
    name: String,
    #[module(skip)]
    activation: Arc<Activation>,
}

impl MaskedLmHead {
    /// The head with parameters `{name}.transform.dense.weight`, …, `{name}.bias`.
    pub(crate) fn init(name: &str, source: &mut ParameterSource<'_>) -> Result<Self, ModelError> {
        let config = source.config();
        let hidden_size = config.hidden_size;
        let gelu = "gelu"
            .parse()
            .map_err(|error| ModelError::Framework(format!("gelu is not known: {error}")))?;
        Ok(Self {
            dense: LinearConfig {
                inputs: hidden_size,
                outputs: hidden_size,
                role: Role::Head,
                draw: Draw::matrix(config, hidden_size),
            }
            .init(&format!("{name}.transform.dense"), source),
            norm: Norm::init(&format!("{name}.transform.LayerNorm"), source),
            bias: source.single(
                format!("{name}.bias"),
                Role::Bias,
                [config.vocabulary_size],
                Draw::Constant(0.0),
            ),
            name: name.to_owned(),
            activation: Arc::new(resolve_activation(&gelu, hidden_size, name)?),
        })
    }

    /// What is projected on the words, at some rows.
    ///
    /// # Shapes
    /// - hidden: `[1, tokens, hidden]`
    /// - output: `[rows, hidden]`
    pub(crate) fn transform(
        &self,
        hidden: Tensor<3>,
        rows: &Arc<[u32]>,
        pass: &mut Pass<'_>,
    ) -> Tensor<2> {
        let rows = gather_rows(hidden, Arc::clone(rows));
        let transformed = bias_activation(
            self.dense.product(rows, &pass.products),
            self.dense.bias(),
            None,
            &self.activation,
        );
        let transformed = self.norm.forward(transformed);
        pass.output(|| format!("{}.transform", self.name), &transformed);
        transformed
    }

    /// The bias of the projection `[vocabulary]`.
    pub(crate) fn bias(&self) -> Tensor<1> {
        self.bias.val()
    }

    /// `scale` times the summed cross-entropy at the masked positions; the score is left in the target.
    ///
    /// # Shapes
    /// - hidden: `[1, tokens, hidden]`
    /// - words: `[vocabulary, hidden]`
    /// - output: `[1]`
    pub(crate) fn forward(
        &self,
        hidden: Tensor<3>,
        words: Tensor<2>,
        target: &MaskedTarget,
        tied: &Arc<TiedGradient>,
        pass: &mut Pass<'_>,
    ) -> Tensor<1> {
        let transformed = self.transform(hidden, &target.rows, pass);
        let labels = Arc::clone(&target.labels);
        let loss = masked_lm_loss(
            transformed,
            words,
            self.bias.val(),
            labels,
            target.scale,
            pass.products.precision,
            &target.score,
            tied,
        );
        pass.output(|| self.name.clone(), &loss);
        loss
    }
}

/// What the head predicts.
#[derive(Debug)]
pub(crate) struct MaskedTarget {
    /// Rows of hidden.
    pub(crate) rows: Arc<[u32]>,
    /// The token at each.
    pub(crate) labels: Arc<[u32]>,
    /// Factor on the summed loss.
    pub(crate) scale: f32,
    /// Where the forward pass leaves the score.
    pub(crate) score: Arc<Handover<Score>>,
}
