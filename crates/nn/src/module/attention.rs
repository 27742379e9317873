//! Multi-head self-attention with fused queries, keys and values.

use std::sync::Arc;

use burn::module::{Module, Param};
use burn::tensor::Tensor;
use pliant_kernels::attention::{Rotary, Shape};

use super::linear::{Linear, LinearConfig};
use super::low_rank::LowRank;
use super::pass::{DropoutPlace, Pass};
use super::placed::PlacedActivation;
use super::source::{ParameterSource, Part};
use crate::adapter::AdapterKind;
use crate::config::Place;
use crate::error::ModelError;
use crate::initialisation::Draw;
use crate::operation::{AttentionOperation, Products, attention, linear_with_bias, scale_columns};
use crate::parameter::Role;

/// Builds [`SelfAttention`].
#[derive(Debug)]
pub(crate) struct SelfAttentionConfig {
    /// The layer it belongs to.
    pub(crate) layer: usize,
    /// The rotation of queries and keys, shared by all layers.
    pub(crate) rotary: Option<Arc<Rotary>>,
}

impl SelfAttentionConfig {
    /// The module with parameters `{name}.self.query.weight` … and `{name}.output.dense.weight`, ….
    ///
    /// Queries, keys and values are one buffer `[3 * hidden, hidden]` in memory and three tensors by name.
    pub(crate) fn init(
        self,
        name: &str,
        source: &mut ParameterSource<'_>,
    ) -> Result<SelfAttention, ModelError> {
        let config = source.config();
        let hidden_size = config.hidden_size;
        let parts = |suffix: &str, role: Role, shape: &[usize], draw: &Draw| {
            ["query", "key", "value"]
                .map(|kind| Part {
                    name: format!("{name}.self.{kind}.{suffix}"),
                    role,
                    shape: shape.to_vec(),
                    draw: draw.clone(),
                })
                .to_vec()
        };
        let weights = parts(
            "weight",
            Role::Weight,
            &[hidden_size, hidden_size],
            &Draw::matrix(config, hidden_size),
        );
        let biases = parts("bias", Role::Bias, &[hidden_size], &Draw::Constant(0.0));
        let layer = self.layer;
        Ok(SelfAttention {
            weight: source.fused([3 * hidden_size, hidden_size], weights),
            bias: source.fused([3 * hidden_size], biases),
            factors: None,
            low_rank: None,
            heads_activation: PlacedActivation::init(Place::AttentionOutput { layer }, source)?,
            output: LinearConfig {
                inputs: hidden_size,
                outputs: hidden_size,
                role: Role::Weight,
                draw: Draw::matrix(config, hidden_size),
            }
            .init(&format!("{name}.output.dense"), source),
            name: name.to_owned(),
            heads: config.heads,
            layer,
            rotary: self.rotary,
        })
    }
}

/// Self-attention and its output projection; the projection's bias is left to the residual sum.
#[derive(Module, Debug)]
pub(crate) struct SelfAttention {
    weight: Param<Tensor<2>>,
    bias: Param<Tensor<1>>,
    /// IA³: factors of keys and values.
    factors: Option<Param<Tensor<1>>>,
    low_rank: Option<LowRank>,
    /// A function of the values of all heads.
    heads_activation: Option<PlacedActivation>,
    output: Linear,
    name: String,
    heads: usize,
    layer: usize,
    #[module(skip)]
    rotary: Option<Arc<Rotary>>,
}

impl SelfAttention {
    /// Adds what an adapter has for queries, keys and values.
    pub(crate) fn add_adapter(&mut self, kind: AdapterKind, source: &mut ParameterSource<'_>) {
        let hidden_size = source.config().hidden_size;
        let name = format!("{}.self", self.name);
        match kind {
            AdapterKind::Ia3 => {
                let parts = ["key", "value"].map(|kind| Part {
                    name: format!("{name}.{kind}.ia3_l"),
                    role: Role::Adapter,
                    shape: vec![hidden_size],
                    draw: Draw::Constant(1.0),
                });
                self.factors = Some(source.fused([2 * hidden_size], parts.to_vec()));
            }
            AdapterKind::Lora { rank, alpha } => {
                self.low_rank = Some(LowRank::init(&name, rank, alpha, source));
            }
        }
    }

    /// Takes the adapter away.
    pub(crate) fn remove_adapter(&mut self) {
        self.factors = None;
        self.low_rank = None;
    }

    /// `[1, tokens, 3 * hidden]` of hidden `[1, tokens, hidden]`.
    fn queries_keys_values(&self, hidden: Tensor<3>, products: &Products) -> Tensor<3> {
        let [_, _, hidden_size] = hidden.dims();
        let (weight, bias) = (self.weight.val(), self.bias.val());
        let qkv = match &self.low_rank {
            None => linear_with_bias(hidden, weight, bias, products),
            Some(low_rank) => {
                let qkv = linear_with_bias(hidden.clone(), weight, bias, products);
                low_rank.forward(qkv, &hidden, products)
            }
        };
        match &self.factors {
            None => qkv,
            Some(factors) => scale_columns(qkv, factors.val(), hidden_size),
        }
    }

    /// The projected heads without the projection's bias, and that bias.
    ///
    /// # Shapes
    /// - hidden: `[1, tokens, hidden]`
    /// - output: `[1, tokens, hidden]`, `[hidden]`
    pub(crate) fn forward(&self, hidden: Tensor<3>, pass: &mut Pass<'_>) -> (Tensor<3>, Tensor<1>) {
        let [_, _, hidden_size] = hidden.dims();
        let qkv = self.queries_keys_values(hidden, &pass.products);
        let operation = AttentionOperation {
            shape: Shape {
                heads: self.heads,
                head_size: hidden_size / self.heads,
            },
            layout: Arc::clone(&pass.layout),
            rotary: self.rotary.clone(),
            precision: pass.products.precision,
            dropout: pass.attention_dropout(DropoutPlace::AttentionWeights { layer: self.layer }),
        };
        let heads = attention(qkv, operation);
        pass.output(
            || format!("bert.encoder.layer.{}.attention.self", self.layer),
            &heads,
        );
        let heads = match &self.heads_activation {
            None => heads,
            Some(activation) => activation.forward(heads, pass),
        };
        (
            self.output.product(heads, &pass.products),
            self.output.bias(),
        )
    }
}
