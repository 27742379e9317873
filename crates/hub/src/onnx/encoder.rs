//! The stack of encoder layers.

use pliant_activation::ActivationSpec;
use pliant_nn::NormPlacement;

use super::attention::Shared;
use super::graph::Tensor;
use super::writer::{Inputs, Writer};
use crate::HubError;

/// What an encoder gives.
pub(super) struct Encoded {
    /// `[batch, sequence, hidden]`
    pub(super) hidden: Tensor,
    /// The table of word embeddings `[vocabulary, hidden]`.
    pub(super) words: Tensor,
}

impl Writer<'_> {
    /// Embeddings and layers.
    pub(super) fn encoder(&mut self, inputs: &Inputs) -> Result<Encoded, HubError> {
        let length = self.length(inputs);
        let (mut hidden, words) = self.embeddings(inputs, &length)?;
        let shared = Shared {
            mask: self.mask(inputs)?,
            rotation: self.rotation(&length)?,
        };
        let config = self.config;
        for (layer, activation) in config.layer_activations()?.into_iter().enumerate() {
            hidden = self.layer(
                &format!("bert.encoder.layer.{layer}"),
                activation,
                hidden,
                &shared,
            )?;
        }
        if config.norm == NormPlacement::Pre {
            hidden = self.norm("bert.encoder.final_norm", &hidden)?;
        }
        Ok(Encoded { hidden, words })
    }

    fn layer(
        &mut self,
        name: &str,
        activation: &ActivationSpec,
        hidden: Tensor,
        shared: &Shared,
    ) -> Result<Tensor, HubError> {
        let attention = format!("{name}.attention");
        let hidden = self.sub_layer(&format!("{attention}.output"), hidden, |writer, input| {
            writer.attention(&attention, input, shared)
        })?;
        self.sub_layer(&format!("{name}.output"), hidden, |writer, input| {
            let up = writer.linear(&format!("{name}.intermediate.dense"), input)?;
            let site = format!("{name}.intermediate.activation");
            let channels = writer.config.inner_size(activation);
            let mut activated =
                writer.activation(&site, activation.elementwise(), channels, &up)?;
            if activation.gated().is_some() {
                let value = writer.linear(&format!("{name}.intermediate.value"), input)?;
                let product = format!("{name}.intermediate/Mul_gate");
                let factors = [&activated, &value];
                activated = writer.graph.node(&product, "Mul", &factors, &[]);
            }
            writer.linear(&format!("{name}.output.dense"), &activated)
        })
    }

    /// `residual · factor + f(…)` with the norm `{name}.LayerNorm` behind it, or, with `pre`, before `f`.
    fn sub_layer(
        &mut self,
        name: &str,
        residual: Tensor,
        branch: impl FnOnce(&mut Self, &Tensor) -> Result<Tensor, HubError>,
    ) -> Result<Tensor, HubError> {
        let norm = format!("{name}.LayerNorm");
        let is_first = self.config.norm == NormPlacement::Pre;
        let branch = if is_first {
            let input = self.norm(&norm, &residual)?;
            branch(self, &input)?
        } else {
            branch(self, &residual)?
        };
        let factor = self.config.residual_factor();
        let residual = if factor == 1.0 {
            residual
        } else {
            let factor = self.number(factor)?;
            self.graph.node(
                &format!("{name}/Mul_residual"),
                "Mul",
                &[&residual, &factor],
                &[],
            )
        };
        let sum = self.graph.node(
            &format!("{name}/Add_residual"),
            "Add",
            &[&branch, &residual],
            &[],
        );
        if is_first {
            Ok(sum)
        } else {
            self.norm(&norm, &sum)
        }
    }
}
