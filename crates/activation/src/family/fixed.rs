//! What functions without coefficients have in common.

use super::{Family, Function, MakeSeries, corrected, series};
use crate::dual::Dual;
use crate::error::ActivationError;
use crate::expression::Expression;
use crate::kernel;
use crate::number::Number;
use crate::spec::{ActivationSpec, Parameter, Value};
use crate::table::Table;
use std::fmt::Debug;
use std::sync::Arc;

/// A function of `x` alone: one definition of value and derivative, for every reading of a number.
pub(crate) trait Fixed: Copy + Debug + Send + Sync + 'static {
    fn value<N: Number>(self, x: &N) -> N;
    fn derivative<N: Number>(self, x: &N) -> N;
    /// Where the derivative jumps.
    fn kinks(self) -> &'static [f64] {
        &[]
    }
}

pub(super) struct FixedFamily<F> {
    pub(super) name: &'static str,
    pub(super) parameters: &'static [Parameter],
    pub(super) source: &'static str,
    pub(super) start_only: bool,
    pub(super) examples: &'static [&'static str],
    /// The function for the numbers among its arguments.
    pub(super) make: fn(&[f64]) -> F,
}

impl<F: Fixed> FixedFamily<F> {
    fn function(&self, spec: &ActivationSpec) -> F {
        let numbers: Vec<f64> = spec
            .values()
            .iter()
            .filter_map(|value| match value {
                Value::Number(number) => Some(number.get()),
                Value::Integer(number) => Some(*number as f64),
                _ => None,
            })
            .collect();
        (self.make)(&numbers)
    }
}

impl<F: Fixed> Family for FixedFamily<F> {
    fn name(&self) -> &'static str {
        self.name
    }
    fn parameters(&self) -> &'static [Parameter] {
        self.parameters
    }
    fn source(&self) -> &'static str {
        self.source
    }
    fn is_start_only(&self) -> bool {
        self.start_only
    }
    fn examples(&self) -> &'static [&'static str] {
        self.examples
    }
    fn terms(&self, base: &ActivationSpec, terms: usize) -> Option<MakeSeries> {
        (!self.start_only).then(|| series::of_base(self.function(base), terms))
    }
    fn corrected(
        &self,
        from: &ActivationSpec,
        coefficient: f64,
        correction: &'static Table,
    ) -> Option<MakeSeries> {
        (!self.start_only).then(|| corrected::of_base(self.function(from), coefficient, correction))
    }
    fn resolve(&self, spec: &ActivationSpec) -> Result<Arc<dyn Function>, ActivationError> {
        Ok(Arc::new(FixedFunction(self.function(spec))))
    }
}

#[derive(Debug)]
pub(super) struct FixedFunction<F>(pub(super) F);

impl<F: Fixed> Function for FixedFunction<F> {
    fn value(&self, _coefficients: &[f64], x: f64) -> f64 {
        self.0.value(&x)
    }
    fn derivative(&self, _coefficients: &[f64], x: f64) -> f64 {
        self.0.derivative(&x)
    }
    fn dual(&self, _coefficients: &[Dual], x: Dual) -> Dual {
        self.0.value(&x)
    }
    fn dual_derivative(&self, _coefficients: &[Dual], x: Dual) -> Dual {
        self.0.derivative(&x)
    }
    fn expressions(&self) -> (Expression, Expression) {
        let x = Expression::symbol("x");
        (self.0.value(&x), self.0.derivative(&x))
    }
    fn kinks(&self, _coefficients: &[f64]) -> Vec<f64> {
        self.0.kinks().to_vec()
    }
    fn forward(
        &self,
        _coefficients: &[f32],
        x: &[f32],
        bias: Option<&[f32]>,
        channels: usize,
        y: &mut [f32],
    ) {
        kernel::fixed::forward(self.0, x, bias, channels, y);
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
        kernel::fixed::backward(self.0, x, bias, dy, channels, dx, dbias);
    }
}
