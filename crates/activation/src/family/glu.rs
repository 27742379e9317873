//! Gated feed-forward layers: `W_down·(f(W_gate·x + b_gate) ⊙ (W_value·x + b_value))` for any function f of one value.
//!
//! It is no function of one input, so it has no formula here: the gate's function is another family's, and the product with
//! the value is [`crate::gated`]. `glu(silu)` is SwiGLU, `glu(gelu)` GEGLU, `glu` with its default the sigmoid of Dauphin et al.

use super::{Family, Function, Validation};
use crate::error::ActivationError;
use crate::spec::{ActivationSpec, Parameter, ParameterKind, Value};
use std::sync::Arc;

pub(super) static FAMILY: Glu = Glu;

pub(super) struct Glu;

impl Family for Glu {
    fn name(&self) -> &'static str {
        "glu"
    }

    fn parameters(&self) -> &'static [Parameter] {
        &[Parameter {
            name: "inner",
            positional: true,
            kind: ParameterKind::AnyFunction { default: "sigmoid" },
        }]
    }

    fn source(&self) -> &'static str {
        "Dauphin et al. 2017, arXiv 1612.08083; in feed-forward layers Shazeer 2020, arXiv 2002.05202"
    }

    fn note(&self) -> &'static str {
        "Stands in feed-forward layers only: no start, no base of a series, no pooler. Shazeer's layers have no biases; these have them, as those beside them."
    }

    fn examples(&self) -> &'static [&'static str] {
        &["glu(silu)", "glu(gelu)", "glu(identity)", "glu(rational)"]
    }

    fn is_listed(&self) -> bool {
        false
    }

    fn is_learnable(&self, values: &[Value]) -> bool {
        self.gated(values).is_some_and(ActivationSpec::is_learnable)
    }

    fn gated<'a>(&self, values: &'a [Value]) -> Option<&'a ActivationSpec> {
        match values {
            [Value::Function(inner)] => Some(inner),
            _ => None,
        }
    }

    fn validate(&self, values: &[Value]) -> Validation {
        match self.gated(values) {
            Some(inner) if inner.is_over_rows() => Err((
                "inner",
                format!(
                    "`{inner}` normalises over a row of channels: a gate is a function of one input"
                ),
            )),
            _ => Ok(()),
        }
    }

    fn resolve(&self, spec: &ActivationSpec) -> Result<Arc<dyn Function>, ActivationError> {
        Err(ActivationError::NoFunction {
            activation: spec.to_string(),
            reason: "it is a layer with a gate".into(),
        })
    }
}
