//! What learnable functions of few coefficients have in common: layout, sharing, kernels, from one definition.

use super::{Family, Function, Validation};
use crate::activation::CoefficientTensor;
use crate::dual::Dual;
use crate::error::ActivationError;
use crate::expression::Expression;
use crate::fold::Fold;
use crate::kernel;
use crate::number::Number;
use crate::spec::{ActivationSpec, Parameter, ParameterKind, Share, Value};
use std::fmt::Debug;
use std::sync::Arc;

/// A function of `x` and C coefficients: one definition for every reading of a number.
///
/// The formulas see each coefficient through [`effective`](Self::effective), which holds what keeps it in its bounds: it is
/// computed once for a call and not once for an element.
pub(crate) trait Parametric<const C: usize>: Copy + Debug + Send + Sync + 'static {
    /// The coefficient tensors and the symbols of their columns, C in all.
    fn symbols(self) -> Vec<(&'static str, Vec<String>)>;
    /// The start of the coefficients.
    fn start(self) -> [f64; C];
    /// What the formula takes for coefficient `index`.
    fn effective<N: Number>(self, _index: usize, coefficient: &N) -> N {
        coefficient.clone()
    }
    /// The derivative of [`effective`](Self::effective).
    fn effective_slope<N: Number>(self, _index: usize, _coefficient: &N) -> N {
        N::constant(1.0)
    }
    /// `f(x)` by effective coefficients.
    fn value<N: Number>(self, c: &[N; C], x: &N) -> N;
    /// `f'(x)`
    fn derivative<N: Number>(self, c: &[N; C], x: &N) -> N;
    /// `∂f/∂c` for each effective coefficient.
    fn gradient<N: Number>(self, c: &[N; C], x: &N) -> [N; C];
    /// The function of these effective coefficients as a fixed one between affine maps, where it is exactly one.
    fn fold(self, _c: &[f64; C]) -> Option<Fold> {
        None
    }
    /// Where the derivative may jump, by effective coefficients.
    fn kinks(self, _c: &[f64; C]) -> Vec<f64> {
        Vec::new()
    }
    /// Magnitude of the inputs up to which f32 keeps the digits of the formula.
    fn precise_within(self) -> f64 {
        f64::INFINITY
    }
    /// The pieces of a piecewise linear function, by which the kernels look values up.
    fn pieces(self) -> Option<kernel::Pieces<C>> {
        None
    }
    /// Where the formula is meant to be used, if it has bounds.
    fn range(self) -> Option<(f64, f64)> {
        None
    }
}

/// The option that every learnable family has.
pub(super) const SHARE: Parameter = Parameter {
    name: "share",
    positional: false,
    kind: ParameterKind::Share,
};

/// A family whose number of coefficients does not depend on its options.
pub(super) struct ParametricFamily<F, const C: usize> {
    pub(super) name: &'static str,
    /// Numbers, and [`SHARE`].
    pub(super) parameters: &'static [Parameter],
    pub(super) source: &'static str,
    pub(super) note: &'static str,
    pub(super) examples: &'static [&'static str],
    /// The function for the numbers among its arguments.
    pub(super) make: fn(&[f64]) -> F,
    /// Refuses numbers; names the parameter at fault.
    pub(super) check: fn(&[f64]) -> Validation,
}

impl<F: Parametric<C>, const C: usize> Family for ParametricFamily<F, C> {
    fn name(&self) -> &'static str {
        self.name
    }
    fn parameters(&self) -> &'static [Parameter] {
        self.parameters
    }
    fn source(&self) -> &'static str {
        self.source
    }
    fn note(&self) -> &'static str {
        self.note
    }
    fn examples(&self) -> &'static [&'static str] {
        self.examples
    }
    fn is_learnable(&self, _values: &[Value]) -> bool {
        true
    }
    fn validate(&self, values: &[Value]) -> Validation {
        (self.check)(&numbers(values))
    }
    fn resolve(&self, spec: &ActivationSpec) -> Result<Arc<dyn Function>, ActivationError> {
        Ok(function(spec, (self.make)(&numbers(spec.values()))))
    }
}

/// The numbers among the arguments.
pub(super) fn numbers(values: &[Value]) -> Vec<f64> {
    values
        .iter()
        .filter_map(|value| match value {
            Value::Number(number) => Some(number.get()),
            _ => None,
        })
        .collect()
}

/// The function of a spec with the option [`SHARE`].
pub(super) fn function<F: Parametric<C>, const C: usize>(
    spec: &ActivationSpec,
    definition: F,
) -> Arc<dyn Function> {
    let share = spec.values().iter().find_map(|value| match value {
        Value::Share(share) => Some(*share),
        _ => None,
    });
    Arc::new(ParametricFunction {
        text: spec.to_string(),
        share: share.unwrap_or(Share::Layer),
        definition,
    })
}

#[derive(Debug)]
struct ParametricFunction<F, const C: usize> {
    text: String,
    share: Share,
    definition: F,
}

impl<F: Parametric<C>, const C: usize> ParametricFunction<F, C> {
    /// Effective coefficients; missing ones are zero.
    fn effective<N: Number>(&self, coefficients: &[N]) -> [N; C] {
        std::array::from_fn(|index| {
            let coefficient = coefficients.get(index).cloned();
            self.definition
                .effective(index, &coefficient.unwrap_or_else(|| N::constant(0.0)))
        })
    }

    fn columns(&self, channels: usize) -> kernel::parametric::Columns {
        kernel::parametric::Columns {
            channels,
            channels_per_group: self.share.channels_per_group(),
            tensors: self
                .definition
                .symbols()
                .iter()
                .map(|(_, symbols)| symbols.len())
                .collect(),
        }
    }
}

impl<F: Parametric<C>, const C: usize> Function for ParametricFunction<F, C> {
    fn tensors(&self, channels: usize) -> Result<Vec<CoefficientTensor>, ActivationError> {
        let groups = self.share.groups(channels, &self.text)?;
        Ok(self
            .definition
            .symbols()
            .into_iter()
            .map(|(name, symbols)| CoefficientTensor {
                name,
                shape: vec![groups, symbols.len()],
            })
            .collect())
    }

    fn symbols(&self) -> Vec<(&'static str, Vec<String>)> {
        self.definition.symbols()
    }

    fn start(&self, channels: usize) -> Result<Vec<f32>, ActivationError> {
        let start = self.definition.start();
        let mut rest = start.as_slice();
        let mut flat = Vec::new();
        for tensor in self.tensors(channels)? {
            let (row, others) = rest.split_at(tensor.shape[1]);
            rest = others;
            flat.extend(
                row.iter()
                    .cycle()
                    .take(tensor.len())
                    .map(|value| *value as f32),
            );
        }
        Ok(flat)
    }

    fn group_start(&self) -> Vec<f64> {
        self.definition.start().to_vec()
    }

    fn fit_range(&self) -> Option<(f64, f64)> {
        self.definition.range()
    }

    fn precise_within(&self) -> f64 {
        self.definition.precise_within()
    }

    fn fold(&self, coefficients: &[f64]) -> Option<Fold> {
        self.definition.fold(&self.effective(coefficients))
    }

    fn value(&self, coefficients: &[f64], x: f64) -> f64 {
        self.definition.value(&self.effective(coefficients), &x)
    }

    fn derivative(&self, coefficients: &[f64], x: f64) -> f64 {
        self.definition
            .derivative(&self.effective(coefficients), &x)
    }

    fn coefficient_gradient(&self, coefficients: &[f64], x: f64, out: &mut [f64]) {
        let gradient = self.definition.gradient(&self.effective(coefficients), &x);
        let each = out.iter_mut().zip(coefficients).zip(gradient);
        for (index, ((out, coefficient), by_effective)) in each.enumerate() {
            *out = by_effective * self.definition.effective_slope(index, coefficient);
        }
    }

    fn dual(&self, coefficients: &[Dual], x: Dual) -> Dual {
        self.definition.value(&self.effective(coefficients), &x)
    }

    fn dual_derivative(&self, coefficients: &[Dual], x: Dual) -> Dual {
        self.definition
            .derivative(&self.effective(coefficients), &x)
    }

    fn expressions(&self) -> (Expression, Expression) {
        let symbols: Vec<Expression> = self
            .definition
            .symbols()
            .iter()
            .flat_map(|(_, symbols)| symbols)
            .map(|name| Expression::symbol(name))
            .collect();
        let (c, x) = (self.effective(&symbols), Expression::symbol("x"));
        (
            self.definition.value(&c, &x),
            self.definition.derivative(&c, &x),
        )
    }

    fn kinks(&self, coefficients: &[f64]) -> Vec<f64> {
        self.definition.kinks(&self.effective(coefficients))
    }

    fn forward(
        &self,
        coefficients: &[f32],
        x: &[f32],
        bias: Option<&[f32]>,
        channels: usize,
        y: &mut [f32],
    ) {
        kernel::parametric::forward(
            self.definition,
            &self.columns(channels),
            coefficients,
            x,
            bias,
            y,
        );
    }

    fn backward(
        &self,
        coefficients: &[f32],
        x: &[f32],
        bias: Option<&[f32]>,
        dy: Option<&[f32]>,
        channels: usize,
        dx: &mut [f32],
        dbias: Option<&mut [f32]>,
        dcoefficients: &mut [f32],
    ) {
        kernel::parametric::backward(
            self.definition,
            &self.columns(channels),
            coefficients,
            x,
            bias,
            dy,
            dx,
            dbias,
            dcoefficients,
        );
    }
}
