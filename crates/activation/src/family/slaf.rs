//! Self-learnable activation: `Σ c_k x^k` for k below the number of terms, all coefficients starting at one; the guarded
//! polynomial of degree `terms − 1` under the name of its authors, who have no guard.

use super::parametric::SHARE;
use super::polynomial::{self, LARGEST, LIMIT};
use super::{Family, Function, Validation};
use crate::error::ActivationError;
use crate::spec::{ActivationSpec, Parameter, ParameterKind, Value};
use std::sync::Arc;

pub(super) static FAMILY: Slaf = Slaf;

pub(super) struct Slaf;

impl Family for Slaf {
    fn name(&self) -> &'static str {
        "slaf"
    }

    fn parameters(&self) -> &'static [Parameter] {
        &[
            Parameter {
                name: "terms",
                positional: true,
                kind: ParameterKind::Integer {
                    default: 2,
                    smallest: 1,
                    largest: LARGEST + 1,
                },
            },
            LIMIT,
            SHARE,
        ]
    }

    fn source(&self) -> &'static str {
        "Goyal et al. 2019, arXiv 1906.09529; start as in densechen/AReLU's collection"
    }

    fn note(&self) -> &'static str {
        "polynomial(terms − 1) started at ones, with its guard: the tangent beyond ±limit, which the source does not have."
    }

    fn examples(&self) -> &'static [&'static str] {
        &["slaf(4)"]
    }

    fn is_learnable(&self, _values: &[Value]) -> bool {
        true
    }

    fn validate(&self, values: &[Value]) -> Validation {
        polynomial::check_limit(values)
    }

    fn resolve(&self, spec: &ActivationSpec) -> Result<Arc<dyn Function>, ActivationError> {
        let terms = match spec.values().first() {
            Some(Value::Integer(terms)) => *terms,
            _ => 2,
        };
        let limit = polynomial::limit(spec.values());
        Ok(polynomial::learnable(spec, &vec![1.0; terms], limit))
    }
}
