//! A function and a learnable multiple of a fixed correction: `f(x) = from(x) + ε·t(x)`.
//!
//! `f' = from' + ε·t'`, `∂f/∂ε = t(x)`. The correction `t` is a table: values at evenly spaced knots over the range, lines between
//! them, and 0 beyond one more distance on either side; `t'` at a knot is the slope of the piece to its left. Without a table it
//! is the entropy correction of `from` under standard normal inputs, at 65 knots. `pliant act eafo` writes the table for the
//! inputs that a trained model sees. Sun et al. 2024; the general form is derived in [`crate::entropy`].

use super::fixed::Fixed;
use super::parametric::{self, Parametric, SHARE};
use super::{Family, Function, MakeSeries, Validation};
use crate::entropy::{Correction, Density};
use crate::error::ActivationError;
use crate::number::Number;
use crate::spec::{ActivationSpec, Parameter, ParameterKind, Real, Value};
use crate::table::Table;
use std::sync::Arc;

pub(super) static FAMILY: CorrectedFamily = CorrectedFamily;

pub(super) struct CorrectedFamily;

/// Knots of a table that is computed.
const KNOTS: usize = 65;
/// Knots of a table that is given.
const MOST: usize = 1025;

const FROM: usize = 0;
const COEFFICIENT: usize = 1;
const TABLE: usize = 2;
const RANGE: usize = 3;

impl Family for CorrectedFamily {
    fn name(&self) -> &'static str {
        "corrected"
    }

    fn parameters(&self) -> &'static [Parameter] {
        &[
            Parameter {
                name: "from",
                positional: true,
                kind: ParameterKind::Function { default: "relu" },
            },
            Parameter {
                name: "coefficient",
                positional: true,
                kind: ParameterKind::Number { default: 0.01 },
            },
            Parameter {
                name: "table",
                positional: false,
                kind: ParameterKind::Numbers { most: MOST },
            },
            Parameter {
                name: "range",
                positional: false,
                kind: ParameterKind::Range,
            },
            SHARE,
        ]
    }

    fn source(&self) -> &'static str {
        "Sun et al. 2024, EAFO, arXiv 2405.12954; for starts beside ReLU and for measured inputs derived here"
    }

    fn note(&self) -> &'static str {
        "t is a table over the range, linear between its knots, zero outside. Without one: the entropy correction for standard normal inputs at 65 knots, of ReLU x·exp(-x²/2) to within 0.0034. The kinks of the start remain; the coefficient must not be decayed."
    }

    fn examples(&self) -> &'static [&'static str] {
        &[
            "corrected(gelu)",
            "corrected(tanh, -0.2)",
            "corrected(silu, 0.3, table=[0.25, -0.5, 0, 1, 0.125], range=-2..3)",
        ]
    }

    fn is_learnable(&self, _values: &[Value]) -> bool {
        true
    }

    fn validate(&self, values: &[Value]) -> Validation {
        let Some(arguments) = Arguments::of(values) else {
            return Ok(());
        };
        let from = arguments.from;
        match (arguments.table.as_slice(), arguments.range) {
            ([], Some(_)) => Err(("range", "a range is that of a table: give both".into())),
            ([_], _) => Err(("table", "a table has at least two values".into())),
            ([_, _, ..], None) => {
                Err(("table", "a table needs its range, e.g. range=-4..4".into()))
            }
            _ if from
                .resolved_family()
                .corrected(from, 0.0, Table::of(0.0, 1.0, &[0.0, 0.0]))
                .is_none() =>
            {
                Err((
                    "from",
                    format!(
                        "`{from}` cannot be corrected: take a fixed activation such as relu or gelu"
                    ),
                ))
            }
            ([], None) => match Correction::new(from, Density::StandardNormal) {
                Ok(_) => Ok(()),
                Err(error) => Err(("from", error.to_string())),
            },
            _ => Ok(()),
        }
    }

    fn resolve(&self, spec: &ActivationSpec) -> Result<Arc<dyn Function>, ActivationError> {
        let unusable = || ActivationError::NoFunction {
            activation: spec.to_string(),
            reason: "its start cannot be corrected".into(),
        };
        let arguments = Arguments::of(spec.values()).ok_or_else(unusable)?;
        let table = if let Some((low, high)) = arguments.range {
            Table::of(low, high, &arguments.table)
        } else {
            let correction = Correction::new(arguments.from, Density::StandardNormal)?;
            let table = correction.table(KNOTS);
            Table::of(table.low, table.high, &table.values)
        };
        arguments
            .from
            .resolved_family()
            .corrected(arguments.from, arguments.coefficient, table)
            .map(|make| make(spec))
            .ok_or_else(unusable)
    }
}

struct Arguments<'a> {
    from: &'a ActivationSpec,
    coefficient: f64,
    table: Vec<f64>,
    range: Option<(f64, f64)>,
}

impl<'a> Arguments<'a> {
    fn of(values: &'a [Value]) -> Option<Self> {
        let Value::Function(from) = values.get(FROM)? else {
            return None;
        };
        let Value::Number(coefficient) = values.get(COEFFICIENT)? else {
            return None;
        };
        let Value::Numbers(table) = values.get(TABLE)? else {
            return None;
        };
        let Value::Range(range) = values.get(RANGE)? else {
            return None;
        };
        Some(Self {
            from,
            coefficient: coefficient.get(),
            table: table.iter().copied().map(Real::get).collect(),
            range: range.map(|(low, high)| (low.get(), high.get())),
        })
    }
}

/// The corrected form of a function, for the families that can be one.
pub(super) fn of_base<F: Fixed>(
    from: F,
    coefficient: f64,
    correction: &'static Table,
) -> MakeSeries {
    Box::new(move |spec| {
        parametric::function::<_, 1>(
            spec,
            Corrected {
                from,
                coefficient,
                correction,
            },
        )
    })
}

#[derive(Clone, Copy, Debug)]
struct Corrected<F> {
    from: F,
    coefficient: f64,
    correction: &'static Table,
}

impl<F: Fixed> Parametric<1> for Corrected<F> {
    fn symbols(self) -> Vec<(&'static str, Vec<String>)> {
        vec![("epsilon", vec!["eps".into()])]
    }
    fn start(self) -> [f64; 1] {
        [self.coefficient]
    }
    #[inline(always)]
    fn value<N: Number>(self, [epsilon]: &[N; 1], x: &N) -> N {
        self.from.value(x) + epsilon.clone() * x.tabulated(self.correction)
    }
    #[inline(always)]
    fn derivative<N: Number>(self, [epsilon]: &[N; 1], x: &N) -> N {
        self.from.derivative(x) + epsilon.clone() * x.tabulated_slope(self.correction)
    }
    #[inline(always)]
    fn gradient<N: Number>(self, _c: &[N; 1], x: &N) -> [N; 1] {
        [x.tabulated(self.correction)]
    }
    fn kinks(self, _c: &[f64; 1]) -> Vec<f64> {
        let mut kinks = self.from.kinks().to_vec();
        kinks.extend(self.correction.knots());
        kinks
    }
    fn range(self) -> Option<(f64, f64)> {
        Some(self.correction.range())
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use crate::activation::Activation;

    fn activation(text: &str) -> Activation {
        Activation::new(&text.parse().unwrap()).unwrap()
    }

    #[test]
    fn without_a_table_relu_is_nearly_crrelu() {
        let (corrected, crrelu) = (activation("corrected"), activation("crrelu"));
        assert_eq!(corrected.group_start(), [0.01]);
        for i in -800..=800 {
            let x = f64::from(i) / 100.0;
            let error = (corrected.value(&[1.0], x) - crrelu.value(&[1.0], x)).abs();
            assert!(error <= 0.0034, "off by {error} at {x}");
        }
    }

    #[test]
    fn the_factor_of_the_coefficient_is_the_table() {
        let activation = activation("corrected(silu, 0.3, table=[0.25, -0.5, 1], range=-1..1)");
        let mut gradient = [0.0];
        for (x, t) in [
            (-2.0, 0.0),
            (-1.5, 0.125),
            (-1.0, 0.25),
            (0.5, 0.25),
            (9.0, 0.0),
        ] {
            activation.coefficient_gradient(&[0.3], x, &mut gradient);
            assert_eq!(gradient, [t], "{x}");
            assert_eq!(
                activation.value(&[2.0], x),
                activation.value(&[0.0], x) + 2.0 * t
            );
        }
    }

    #[test]
    fn exporters_get_the_pieces() {
        let activation = activation("corrected(relu, 0.3, table=[0.25, -0.5], range=-1..1)");
        let (formula, slope) = activation.expressions();
        assert_eq!(formula.to_string(), "where(x > 0, x, 0) + eps·t(x)");
        assert_eq!(slope.to_string(), "where(x > 0, 1, 0) + eps·t'(x)");
        let pieces = formula.without_tables();
        for i in -50..=50 {
            let x = f64::from(i) / 10.0;
            let value = pieces
                .evaluate(&|name| Some(if name == "x" { x } else { 0.7 }))
                .unwrap();
            assert!((value - activation.value(&[0.7], x)).abs() < 1e-15, "{x}");
        }
        let python = crate::pytorch::function(&activation, "f");
        assert!(!python.contains("t("), "{python}");
    }

    #[test]
    fn what_cannot_be_corrected_is_refused_with_the_reason() {
        for (text, reason) in [
            ("corrected(range=-1..1)", "give both"),
            ("corrected(table=[1], range=-1..1)", "at least two"),
            ("corrected(table=[1, 2])", "needs its range"),
            ("corrected(prelu)", "has coefficients itself"),
            ("corrected(power)", "cannot be corrected"),
        ] {
            let error = text.parse::<crate::ActivationSpec>().unwrap_err();
            assert!(error.to_string().contains(reason), "{error}");
        }
    }
}
