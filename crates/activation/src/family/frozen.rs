//! A learned function as a fixed one: any function with coefficients, held at given ones.

use super::held::HeldGroups;
use super::{Family, Function, OverRows, Validation};
use crate::dual::Dual;
use crate::error::ActivationError;
use crate::expression::Expression;
use crate::number::Number;
use crate::spec::{ActivationSpec, Parameter, ParameterKind, Real, Value};
use std::sync::Arc;

pub(crate) const NAME: &str = "frozen";

pub(super) static FAMILY: FrozenFamily = FrozenFamily;

pub(super) struct FrozenFamily;

const OF: usize = 0;
const COEFFICIENTS: usize = 1;
/// More than any layer has, also with a function for each channel.
const MOST: usize = 1 << 20;

impl Family for FrozenFamily {
    fn name(&self) -> &'static str {
        NAME
    }

    fn parameters(&self) -> &'static [Parameter] {
        &[
            Parameter {
                name: "of",
                positional: true,
                kind: ParameterKind::AnyFunction {
                    default: "rational",
                },
            },
            Parameter {
                name: "coefficients",
                positional: true,
                kind: ParameterKind::Numbers { most: MOST },
            },
        ]
    }

    fn source(&self) -> &'static str {
        "that of the function it holds; a learned rational is held in Fang et al. 2022, RAFT, section 5"
    }

    fn note(&self) -> &'static str {
        "Any function with coefficients, held at given ones; without them, at its start. A function for each group of channels is held with the coefficients of all groups and fits one number of channels. `pliant freeze` writes it from a run."
    }

    fn examples(&self) -> &'static [&'static str] {
        &[
            "frozen(swish, [1.25])",
            "frozen(rational(3/2), [0.01, 0.5, 0.3, 0, 0.1, 0.2])",
            "frozen(poly_norm, [0.6, 0.2, -0.1, 0.05])",
        ]
    }

    fn is_over_rows(&self, values: &[Value]) -> bool {
        matches!(&values[OF], Value::Function(of) if of.is_over_rows())
    }

    fn is_by_channel(&self, values: &[Value]) -> bool {
        matches!(&values[OF], Value::Function(of) if group_width(of).is_some())
    }

    fn validate(&self, values: &[Value]) -> Validation {
        let (Value::Function(of), Value::Numbers(coefficients)) =
            (&values[OF], &values[COEFFICIENTS])
        else {
            return Ok(());
        };
        if !of.is_learnable() {
            return Err(("of", format!("`{of}` has no coefficients to hold")));
        }
        if let Some(width) = group_width(of) {
            if coefficients.is_empty() {
                return Err((
                    "coefficients",
                    format!(
                        "`{of}` is a function for each group of channels: it is held with the coefficients of all groups"
                    ),
                ));
            }
            let function = of
                .resolved_family()
                .resolve(of)
                .map_err(|error| ("of", error.to_string()))?;
            if held_groups(of, function, width, coefficients).is_none() {
                return Err((
                    "coefficients",
                    format!(
                        "{} coefficients are not those of whole groups of `{of}`",
                        coefficients.len()
                    ),
                ));
            }
            return Ok(());
        }
        let symbols = |function: Arc<dyn Function>| {
            let tensors = function.symbols();
            tensors
                .iter()
                .map(|(_, symbols)| symbols.len())
                .sum::<usize>()
        };
        match of.resolved_family().resolve(of).map(symbols) {
            Err(error) => Err(("of", error.to_string())),
            Ok(count) if coefficients.is_empty() || coefficients.len() == count => Ok(()),
            Ok(count) => Err((
                "coefficients",
                format!(
                    "`{of}` has {count} coefficients, not {}",
                    coefficients.len()
                ),
            )),
        }
    }

    fn resolve(&self, spec: &ActivationSpec) -> Result<Arc<dyn Function>, ActivationError> {
        let (Some(Value::Function(of)), Some(Value::Numbers(given))) =
            (spec.values().first(), spec.values().get(COEFFICIENTS))
        else {
            return Err(ActivationError::NoFunction {
                activation: spec.to_string(),
                reason: "it holds no function".into(),
            });
        };
        let function = of.resolved_family().resolve(of)?;
        if let Some(width) = group_width(of) {
            let held = held_groups(of, function, width, given);
            return match held {
                Some(held) => Ok(Arc::new(held)),
                None => Err(ActivationError::NoFunction {
                    activation: spec.to_string(),
                    reason: "its coefficients are not those of whole groups".into(),
                }),
            };
        }
        let of = function;
        let coefficients = if given.is_empty() {
            of.prepare()?;
            of.group_start()
        } else {
            given.iter().map(|number| number.get()).collect()
        };
        // What the kernels see is what the reference sees.
        let single: Vec<f32> = coefficients.iter().map(|value| *value as f32).collect();
        Ok(Arc::new(Frozen {
            of,
            coefficients: single.iter().map(|value| f64::from(*value)).collect(),
            single,
        }))
    }
}

/// Channels of a group, where channels do not share one function.
fn group_width(of: &ActivationSpec) -> Option<usize> {
    of.values().iter().find_map(|value| match value {
        Value::Share(share) => share.channels_per_group(),
        _ => None,
    })
}

fn held_groups(
    of: &ActivationSpec,
    function: Arc<dyn Function>,
    width: usize,
    given: &[Real],
) -> Option<HeldGroups> {
    let coefficients = given.iter().map(|number| number.get() as f32).collect();
    HeldGroups::new(function, width, coefficients, format!("{NAME}({of}, […])"))
}

#[derive(Debug)]
struct Frozen {
    of: Arc<dyn Function>,
    /// Of the one group: [`single`](Self::single) in f64.
    coefficients: Vec<f64>,
    single: Vec<f32>,
}

impl Frozen {
    fn duals(&self) -> Vec<Dual> {
        self.coefficients
            .iter()
            .map(|value| Number::constant(*value))
            .collect()
    }

    /// The formula with numbers for the coefficients.
    fn held(&self, formula: &Expression) -> Expression {
        let symbols: Vec<String> = self
            .of
            .symbols()
            .into_iter()
            .flat_map(|(_, symbols)| symbols)
            .collect();
        let held = formula.with_constants(&|name| {
            let index = symbols.iter().position(|symbol| symbol == name)?;
            Some(self.coefficients[index])
        });
        held.folded()
    }
}

impl OverRows for Frozen {
    fn curve(&self) -> &'static str {
        self.of.rows().map_or("", OverRows::curve)
    }
    fn value(&self, _coefficients: &[f64], x: &[f64]) -> Vec<f64> {
        let rows = self.of.rows();
        rows.map_or_else(Vec::new, |rows| rows.value(&self.coefficients, x))
    }
    fn dual(&self, _coefficients: &[Dual], x: &[Dual]) -> Vec<Dual> {
        let rows = self.of.rows();
        rows.map_or_else(Vec::new, |rows| rows.dual(&self.duals(), x))
    }
    fn backward(
        &self,
        _coefficients: &[f64],
        x: &[f64],
        dy: &[f64],
        _dcoefficients: &mut [f64],
    ) -> Vec<f64> {
        let mut unused = vec![0.0; self.coefficients.len()];
        let rows = self.of.rows();
        rows.map_or_else(Vec::new, |rows| {
            rows.backward(&self.coefficients, x, dy, &mut unused)
        })
    }
}

impl Function for Frozen {
    fn rows(&self) -> Option<&dyn OverRows> {
        self.of.rows().map(|_| self as &dyn OverRows)
    }

    fn precise_within(&self) -> f64 {
        self.of.precise_within()
    }
    fn value(&self, _coefficients: &[f64], x: f64) -> f64 {
        self.of.value(&self.coefficients, x)
    }
    fn derivative(&self, _coefficients: &[f64], x: f64) -> f64 {
        self.of.derivative(&self.coefficients, x)
    }
    fn dual(&self, _coefficients: &[Dual], x: Dual) -> Dual {
        self.of.dual(&self.duals(), x)
    }
    fn dual_derivative(&self, _coefficients: &[Dual], x: Dual) -> Dual {
        self.of.dual_derivative(&self.duals(), x)
    }
    fn expressions(&self) -> (Expression, Expression) {
        let (value, derivative) = self.of.expressions();
        (self.held(&value), self.held(&derivative))
    }
    fn kinks(&self, _coefficients: &[f64]) -> Vec<f64> {
        self.of.kinks(&self.coefficients)
    }
    fn forward(
        &self,
        _coefficients: &[f32],
        x: &[f32],
        bias: Option<&[f32]>,
        channels: usize,
        y: &mut [f32],
    ) {
        self.of.forward(&self.single, x, bias, channels, y);
    }
    fn backward(
        &self,
        _coefficients: &[f32],
        x: &[f32],
        bias: Option<&[f32]>,
        dy: Option<&[f32]>,
        channels: usize,
        dx: &mut [f32],
        dbias: Option<&mut [f32]>,
        _dcoefficients: &mut [f32],
    ) {
        let mut unused = vec![0.0; self.single.len()];
        self.of
            .backward(&self.single, x, bias, dy, channels, dx, dbias, &mut unused);
    }
}
