//! Functions for groups of channels, held at their coefficients: what [`super::frozen`] is of a function that channels do not share.

use super::Function;
use crate::activation::CoefficientTensor;
use crate::dual::Dual;
use crate::error::ActivationError;
use crate::expression::Expression;
use crate::number::Number;
use std::sync::Arc;

/// A fixed function of the input and its channel. It has coefficient tensors, since a formula with one number in each place
/// would be another for each group; but nobody passes them to the kernels, and nothing trains them.
#[derive(Debug)]
pub(super) struct HeldGroups {
    of: Arc<dyn Function>,
    /// The text form, for errors.
    text: String,
    /// How many there must be: so many that the coefficients are one set for each group.
    channels: usize,
    /// Of all groups, in the layout of the function's tensors.
    coefficients: Vec<f32>,
    /// Of the first group, which stands for all where no coefficients are given.
    first: Vec<f64>,
}

impl HeldGroups {
    /// `of` in groups of `width` channels, held; none if no number of channels has so many coefficients.
    pub(super) fn new(
        of: Arc<dyn Function>,
        width: usize,
        coefficients: Vec<f32>,
        text: String,
    ) -> Option<Self> {
        let tensors = |groups: usize| of.tensors(groups.checked_mul(width)?).ok();
        let count = |tensors: Vec<CoefficientTensor>| {
            tensors.iter().map(CoefficientTensor::len).sum::<usize>()
        };
        let groups = (1..=coefficients.len()).find(|groups| {
            tensors(*groups).is_none_or(|tensors| count(tensors) >= coefficients.len())
        })?;
        let shapes = tensors(groups)?;
        let mut rest = coefficients.as_slice();
        let mut first = Vec::new();
        for tensor in &shapes {
            let (own, others) = rest.split_at_checked(tensor.len())?;
            rest = others;
            first.extend(own[..tensor.shape[1]].iter().map(|value| f64::from(*value)));
        }
        rest.is_empty().then_some(Self {
            channels: groups * width,
            first,
            of,
            text,
            coefficients,
        })
    }

    /// Those of a group, or of the first where none are given.
    fn group<'a>(&'a self, given: &'a [f64]) -> &'a [f64] {
        if given.is_empty() { &self.first } else { given }
    }

    fn dual_group(&self, given: &[Dual]) -> Vec<Dual> {
        if given.is_empty() {
            self.first
                .iter()
                .map(|value| Dual::constant(*value))
                .collect()
        } else {
            given.to_vec()
        }
    }

    /// Those of all groups.
    fn all<'a>(&'a self, given: &'a [f32]) -> &'a [f32] {
        if given.is_empty() {
            &self.coefficients
        } else {
            given
        }
    }

    fn check(&self, channels: usize) -> Result<(), ActivationError> {
        if channels == self.channels {
            Ok(())
        } else {
            Err(ActivationError::HeldChannels {
                activation: self.text.clone(),
                held: self.channels,
                channels,
            })
        }
    }
}

impl Function for HeldGroups {
    fn channels(&self) -> Option<usize> {
        Some(self.channels)
    }
    fn tensors(&self, channels: usize) -> Result<Vec<CoefficientTensor>, ActivationError> {
        self.check(channels)?;
        self.of.tensors(channels)
    }
    fn symbols(&self) -> Vec<(&'static str, Vec<String>)> {
        self.of.symbols()
    }
    fn start(&self, channels: usize) -> Result<Vec<f32>, ActivationError> {
        self.check(channels)?;
        Ok(self.coefficients.clone())
    }
    fn group_start(&self) -> Vec<f64> {
        self.first.clone()
    }
    fn precise_within(&self) -> f64 {
        self.of.precise_within()
    }
    fn value(&self, coefficients: &[f64], x: f64) -> f64 {
        self.of.value(self.group(coefficients), x)
    }
    fn derivative(&self, coefficients: &[f64], x: f64) -> f64 {
        self.of.derivative(self.group(coefficients), x)
    }
    fn coefficient_gradient(&self, coefficients: &[f64], x: f64, out: &mut [f64]) {
        if !coefficients.is_empty() {
            self.of.coefficient_gradient(coefficients, x, out);
        }
    }
    fn dual(&self, coefficients: &[Dual], x: Dual) -> Dual {
        self.of.dual(&self.dual_group(coefficients), x)
    }
    fn dual_derivative(&self, coefficients: &[Dual], x: Dual) -> Dual {
        self.of.dual_derivative(&self.dual_group(coefficients), x)
    }
    fn expressions(&self) -> (Expression, Expression) {
        self.of.expressions()
    }
    fn kinks(&self, coefficients: &[f64]) -> Vec<f64> {
        self.of.kinks(self.group(coefficients))
    }
    fn forward(
        &self,
        coefficients: &[f32],
        x: &[f32],
        bias: Option<&[f32]>,
        channels: usize,
        y: &mut [f32],
    ) {
        self.of
            .forward(self.all(coefficients), x, bias, channels, y);
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
        let all = self.all(coefficients);
        let mut unused = Vec::new();
        let gradient = if coefficients.is_empty() {
            unused.resize(all.len(), 0.0);
            &mut unused[..]
        } else {
            dcoefficients
        };
        self.of
            .backward(all, x, bias, dy, channels, dx, dbias, gradient);
    }
}
