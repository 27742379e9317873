//! A learned function as a fixed one: any function with coefficients, held at given ones.

use super::{Family, Function, OverRows, Validation};
use crate::dual::Dual;
use crate::error::ActivationError;
use crate::expression::Expression;
use crate::number::Number;
use crate::spec::{ActivationSpec, Parameter, ParameterKind, Share, Value};
use std::sync::Arc;

pub(crate) const NAME: &str = "frozen";

pub(super) static FAMILY: FrozenFamily = FrozenFamily;

pub(super) struct FrozenFamily;

const OF: usize = 0;
const COEFFICIENTS: usize = 1;
/// More than any family has.
const MOST: usize = 64;

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
        "Any function with coefficients, held at given ones; without them, at its start. `pliant freeze` writes it from a run."
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

    fn validate(&self, values: &[Value]) -> Validation {
        let (Value::Function(of), Value::Numbers(coefficients)) =
            (&values[OF], &values[COEFFICIENTS])
        else {
            return Ok(());
        };
        if !of.is_learnable() {
            return Err(("of", format!("`{of}` has no coefficients to hold")));
        }
        if of
            .values()
            .iter()
            .any(|value| matches!(value, Value::Share(share) if *share != Share::Layer))
        {
            return Err((
                "of",
                format!(
                    "`{of}` is a function for each group of channels, not one: only share=layer can be frozen into one"
                ),
            ));
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
        let of = of.resolved_family().resolve(of)?;
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
        formula.with_constants(&|name| {
            let index = symbols.iter().position(|symbol| symbol == name)?;
            Some(self.coefficients[index])
        })
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
