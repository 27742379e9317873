//! `LoRA` on queries and values.

use burn::module::{Module, Param};
use burn::tensor::Tensor;

use super::source::ParameterSource;
use crate::initialisation::Draw;
use crate::operation::{Products, add_to_query_and_value, linear};
use crate::parameter::Role;

/// `alpha / rank · B A x` for queries and for values (Hu et al. 2021).
#[derive(Module, Debug)]
pub(crate) struct LowRank {
    query: LowRankProduct,
    value: LowRankProduct,
    factor: f32,
}

/// `B A x`.
#[derive(Module, Debug)]
struct LowRankProduct {
    down: Param<Tensor<2>>,
    up: Param<Tensor<2>>,
}

impl LowRank {
    /// Parameters `{name}.query.lora_A.weight` `[rank, hidden]`, `{name}.query.lora_B.weight` `[hidden, rank]`, and so on
    /// for `value`.
    pub(crate) fn init(
        name: &str,
        rank: usize,
        alpha: f32,
        source: &mut ParameterSource<'_>,
    ) -> Self {
        let hidden_size = source.config().hidden_size;
        let mut product = |kind: &str| LowRankProduct {
            down: source.single(
                format!("{name}.{kind}.lora_A.weight"),
                Role::Adapter,
                [rank, hidden_size],
                Draw::Uniform(1.0 / (hidden_size as f64).sqrt()),
            ),
            up: source.single(
                format!("{name}.{kind}.lora_B.weight"),
                Role::Adapter,
                [hidden_size, rank],
                Draw::Constant(0.0),
            ),
        };
        Self {
            query: product("query"),
            value: product("value"),
            factor: alpha / rank as f32,
        }
    }

    /// # Shapes
    /// - qkv, output: `[1, tokens, 3 * hidden]`
    /// - hidden: `[1, tokens, hidden]`
    pub(crate) fn forward(
        &self,
        qkv: Tensor<3>,
        hidden: &Tensor<3>,
        products: &Products,
    ) -> Tensor<3> {
        let [query, value] = [&self.query, &self.value].map(|product| {
            let narrow = linear(hidden.clone(), product.down.val(), products);
            linear(narrow, product.up.val(), products)
        });
        add_to_query_and_value(qkv, query, value, self.factor)
    }
}
