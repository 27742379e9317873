//! A function of its own for each layer: `layers([f, g, …])`, as many as the model has layers.

use super::{Family, Function, Validation};
use crate::error::ActivationError;
use crate::spec::{ActivationSpec, Parameter, ParameterKind, Value};
use std::sync::Arc;

pub(super) static FAMILY: Layers = Layers;

pub(super) struct Layers;

const MOST: usize = 1000;

impl Family for Layers {
    fn name(&self) -> &'static str {
        "layers"
    }

    fn parameters(&self) -> &'static [Parameter] {
        &[Parameter {
            name: "functions",
            positional: true,
            kind: ParameterKind::Functions { most: MOST },
        }]
    }

    fn source(&self) -> &'static str {
        ""
    }

    fn is_learnable(&self, values: &[Value]) -> bool {
        let functions = self.layers(values).unwrap_or_default();
        functions.iter().any(ActivationSpec::is_learnable)
    }

    fn is_outermost_only(&self) -> bool {
        true
    }

    fn is_listed(&self) -> bool {
        false
    }

    fn layers<'a>(&self, values: &'a [Value]) -> Option<&'a [ActivationSpec]> {
        match values {
            [Value::Functions(functions)] => Some(functions),
            _ => None,
        }
    }

    fn validate(&self, values: &[Value]) -> Validation {
        if self.layers(values).is_none_or(<[_]>::is_empty) {
            return Err((
                "functions",
                "layers needs a function for each layer, e.g. layers([gelu, rational])".into(),
            ));
        }
        Ok(())
    }

    fn resolve(&self, spec: &ActivationSpec) -> Result<Arc<dyn Function>, ActivationError> {
        Err(ActivationError::NoFunction {
            activation: spec.to_string(),
            reason: "it names one for each layer of a model".into(),
        })
    }
}
