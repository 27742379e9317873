//! An activation ready for use.

use crate::dual::Dual;
use crate::error::ActivationError;
use crate::expression::Expression;
use crate::family::{Function, OverRows};
use crate::fit::FitReport;
use crate::fold::Fold;
use crate::spec::ActivationSpec;
use std::sync::Arc;

/// A spec resolved for use: cheap to clone, shared between threads.
///
/// Coefficients are passed in and out as one flat buffer that holds the tensors of
/// [`coefficient_tensors`](Self::coefficient_tensors) one after the other, each row-major.
#[derive(Clone, Debug)]
pub struct Activation {
    spec: ActivationSpec,
    function: Arc<dyn Function>,
}

/// A named tensor in the flat coefficient buffer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CoefficientTensor {
    /// Name of the tensor, e.g. `numerator`.
    pub name: &'static str,
    /// `[groups, coefficients]`
    pub shape: Vec<usize>,
}

impl CoefficientTensor {
    /// Number of coefficients.
    pub fn len(&self) -> usize {
        self.shape.iter().product()
    }

    /// Whether it has no coefficients.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl Activation {
    /// Resolves a spec; fits the start values of a learnable one (remembered for the process).
    pub fn new(spec: &ActivationSpec) -> Result<Self, ActivationError> {
        let activation = Self::without_start(spec)?;
        activation.function.prepare()?;
        Ok(activation)
    }

    /// Resolves a spec without its start values, for use with other coefficients.
    pub(crate) fn without_start(spec: &ActivationSpec) -> Result<Self, ActivationError> {
        Ok(Self {
            function: spec.resolved_family().resolve(spec)?,
            spec: spec.clone(),
        })
    }

    /// The spec.
    pub fn spec(&self) -> &ActivationSpec {
        &self.spec
    }

    /// Whether there are coefficients to learn.
    pub fn is_learnable(&self) -> bool {
        self.spec.is_learnable()
    }

    /// The one number of channels that a fixed function [for each group](ActivationSpec::is_by_channel) is made for; `None` for
    /// every other function.
    pub fn channels(&self) -> Option<usize> {
        self.function.channels()
    }

    /// The coefficients of each group of a fixed function: nothing for one function, and those that are held where each group of
    /// channels has its own.
    pub fn fixed_groups(&self) -> Vec<Vec<f64>> {
        let groups = || {
            let channels = self.channels()?;
            let held = self.start_coefficients(channels).ok()?;
            let mut groups: Vec<Vec<usize>> = (0..channels)
                .map(|channel| self.positions(channels, channel).ok())
                .collect::<Option<_>>()?;
            groups.dedup();
            let values =
                |group: Vec<usize>| group.into_iter().map(|at| f64::from(held[at])).collect();
            Some(groups.into_iter().map(values).collect())
        };
        groups().unwrap_or_else(|| vec![Vec::new()])
    }

    /// The coefficient tensors of a layer, in the order of the flat buffer: none for a fixed function (but those that are
    /// held where it has [one for each group](ActivationSpec::is_by_channel)), else each
    /// `[groups, columns]`, with one group for a layer, channels / n for `group(n)`, one per channel for `channel`. A
    /// rational has `numerator` `[groups, m + 1]` (shared: `[1, m + 1]`) and `denominator` `[groups, n]` (form C:
    /// `[groups, n + 1]`).
    pub fn coefficient_tensors(
        &self,
        channels: usize,
    ) -> Result<Vec<CoefficientTensor>, ActivationError> {
        self.function.tensors(channels)
    }

    /// The symbols of [`expressions`](Self::expressions) that are coefficients: for each tensor, one for each of its columns,
    /// e.g. `numerator` with `a0` … `a5`.
    pub fn coefficient_symbols(&self) -> Vec<(&'static str, Vec<String>)> {
        self.function.symbols()
    }

    /// The start of every coefficient, flat; empty for a fixed function, or what it holds for each group.
    pub fn start_coefficients(&self, channels: usize) -> Result<Vec<f32>, ActivationError> {
        self.function.start(channels)
    }

    /// [`coefficient_tensors`](Self::coefficient_tensors), each with its part of
    /// [`start_coefficients`](Self::start_coefficients): rows of groups.
    ///
    /// # Errors
    /// As theirs, where the function does not go with so many channels.
    pub fn start_tensors(
        &self,
        channels: usize,
    ) -> Result<Vec<(CoefficientTensor, Vec<f32>)>, ActivationError> {
        let mut rest = self.start_coefficients(channels)?.into_iter();
        let with_values = |tensor: CoefficientTensor| {
            let values = rest.by_ref().take(tensor.len()).collect();
            (tensor, values)
        };
        let tensors = self.coefficient_tensors(channels)?;
        Ok(tensors.into_iter().map(with_values).collect())
    }

    /// The start of one group: numerator, then denominator.
    pub fn group_start(&self) -> Vec<f64> {
        self.function.group_start()
    }

    /// Where the coefficients of the group of one channel, numerator then denominator, lie in the flat buffer.
    pub fn positions(
        &self,
        channels: usize,
        channel: usize,
    ) -> Result<Vec<usize>, ActivationError> {
        let tensors = self.coefficient_tensors(channels)?;
        let groups = tensors
            .iter()
            .map(|tensor| tensor.shape[0])
            .max()
            .unwrap_or(1);
        let group = channel * groups / channels.max(1);
        let mut offset = 0;
        let mut positions = Vec::new();
        for tensor in &tensors {
            let row = if tensor.shape[0] == 1 { 0 } else { group };
            let start = offset + row * tensor.shape[1];
            positions.extend(start..start + tensor.shape[1]);
            offset += tensor.len();
        }
        Ok(positions)
    }

    /// Whether an output depends on its whole row of channels and not on the input at its place alone. Then
    /// [`value`](Self::value) and whatever else takes one input give the curve of one channel in a typical row, for pictures;
    /// what computes takes [`row_value`](Self::row_value) and its companions.
    pub fn is_over_rows(&self) -> bool {
        self.function.rows().is_some()
    }

    /// What [`value`](Self::value) is where it is not the function itself, for whoever draws it: `one channel, with …`.
    pub fn curve(&self) -> Option<&'static str> {
        self.function.rows().map(OverRows::curve)
    }

    /// `y[i] = f(x[i] + bias[i % channels])`, or `y = f(x + bias)` row by row for a function
    /// [over rows](Self::is_over_rows).
    ///
    /// # Panics
    /// If the lengths do not fit: `y` as `x`, `x` a whole number of rows of `channels`, `bias` of `channels`,
    /// `coefficients` as [`coefficient_tensors`](Self::coefficient_tensors) says.
    pub fn forward(
        &self,
        coefficients: &[f32],
        x: &[f32],
        bias: Option<&[f32]>,
        channels: usize,
        y: &mut [f32],
    ) {
        check_lengths(x, bias, channels, &[y.len()]);
        self.function.forward(coefficients, x, bias, channels, y);
    }

    /// `dx[i] = dy[i] f'(x[i] + bias)` and the gradient by every coefficient, in one pass over `x` and `dy`.
    ///
    /// `dcoefficients` is overwritten, in the layout of `coefficients`. The sums have a fixed order: the same bytes at any
    /// number of threads.
    ///
    /// # Panics
    /// If the lengths do not fit, as in [`forward`](Self::forward).
    pub fn backward(
        &self,
        coefficients: &[f32],
        x: &[f32],
        bias: Option<&[f32]>,
        dy: &[f32],
        channels: usize,
        dx: &mut [f32],
        dcoefficients: &mut [f32],
    ) {
        check_lengths(x, bias, channels, &[dy.len(), dx.len()]);
        assert_eq!(
            coefficients.len(),
            dcoefficients.len(),
            "a gradient for each coefficient"
        );
        self.function.backward(
            coefficients,
            x,
            bias,
            Some(dy),
            channels,
            dx,
            None,
            dcoefficients,
        );
    }

    /// As [`backward`](Self::backward) in place, with the gradient by the bias: `dy_to_dx` holds `dy` before and `dx`
    /// afterwards, and `dbias`, if it is asked for, is overwritten with the sum of `dx` over the rows.
    ///
    /// # Panics
    /// If the lengths do not fit, as in [`forward`](Self::forward).
    pub fn backward_in_place(
        &self,
        coefficients: &[f32],
        x: &[f32],
        bias: Option<&[f32]>,
        channels: usize,
        dy_to_dx: &mut [f32],
        dbias: Option<&mut [f32]>,
        dcoefficients: &mut [f32],
    ) {
        check_lengths(x, bias, channels, &[dy_to_dx.len()]);
        check_lengths(x, dbias.as_deref(), channels, &[]);
        assert_eq!(
            coefficients.len(),
            dcoefficients.len(),
            "a gradient for each coefficient"
        );
        self.function.backward(
            coefficients,
            x,
            bias,
            None,
            channels,
            dy_to_dx,
            dbias,
            dcoefficients,
        );
    }

    /// f64 reference of a row whose channels share the coefficients: its values.
    pub fn row_value(&self, group_coefficients: &[f64], x: &[f64]) -> Vec<f64> {
        match self.function.rows() {
            Some(rows) => rows.value(group_coefficients, x),
            None => x
                .iter()
                .map(|x| self.value(group_coefficients, *x))
                .collect(),
        }
    }

    /// A row in dual numbers: values with their derivatives in the direction that the duals of inputs and coefficients have.
    pub fn row_dual(&self, group_coefficients: &[Dual], x: &[Dual]) -> Vec<Dual> {
        match self.function.rows() {
            Some(rows) => rows.dual(group_coefficients, x),
            None => x
                .iter()
                .map(|x| self.dual(group_coefficients, *x))
                .collect(),
        }
    }

    /// f64 reference of the backward pass of a row: the gradient by its inputs, and in `out` that by the coefficients, for the
    /// gradient `dy` by its outputs.
    ///
    /// # Panics
    /// If `dy` is not as long as `x`.
    pub fn row_backward(
        &self,
        group_coefficients: &[f64],
        x: &[f64],
        dy: &[f64],
        out: &mut [f64],
    ) -> Vec<f64> {
        assert_eq!(x.len(), dy.len(), "a gradient for each output");
        if let Some(rows) = self.function.rows() {
            return rows.backward(group_coefficients, x, dy, out);
        }
        out.fill(0.0);
        let mut own = vec![0.0; out.len()];
        let each = x.iter().zip(dy).map(|(x, dy)| {
            self.coefficient_gradient(group_coefficients, *x, &mut own);
            for (sum, own) in out.iter_mut().zip(&own) {
                *sum += dy * own;
            }
            dy * self.derivative(group_coefficients, *x)
        });
        each.collect()
    }

    /// f64 reference: `f(x)`. `group_coefficients`: numerator then denominator of one group.
    pub fn value(&self, group_coefficients: &[f64], x: f64) -> f64 {
        self.function.value(group_coefficients, x)
    }

    /// f64 reference: `f'(x)`.
    pub fn derivative(&self, group_coefficients: &[f64], x: f64) -> f64 {
        self.function.derivative(group_coefficients, x)
    }

    /// f64 reference: `∂f/∂c` for each coefficient of the group; `out` is as long as `group_coefficients`.
    pub fn coefficient_gradient(&self, group_coefficients: &[f64], x: f64, out: &mut [f64]) {
        self.function
            .coefficient_gradient(group_coefficients, x, out);
    }

    /// The value in dual numbers.
    pub fn dual(&self, group_coefficients: &[Dual], x: Dual) -> Dual {
        self.function.dual(group_coefficients, x)
    }

    /// The derivative by the input in dual numbers: gives second derivatives.
    pub fn dual_derivative(&self, group_coefficients: &[Dual], x: Dual) -> Dual {
        self.function.dual_derivative(group_coefficients, x)
    }

    /// `E[f(z)²]` for standard normal z, with the start coefficients: by the trapezoidal rule on ±10. Of a function over rows
    /// that of its curve, which a long row of such inputs comes near to.
    pub fn second_moment(&self) -> f64 {
        const STEPS: i32 = 8000;
        let (start, width) = (self.group_start(), 20.0 / f64::from(STEPS));
        let terms = (0..=STEPS).map(|step| {
            let z = f64::from(step) * width - 10.0;
            let value = self.value(&start, z);
            value * value * libm::exp(-0.5 * z * z)
        });
        terms.sum::<f64>() * width / (2.0 * std::f64::consts::PI).sqrt()
    }

    /// With these coefficients of one group, the same function as a fixed one between affine maps, for the neighbouring matrices
    /// to take in; `None` where it is not exactly one.
    pub fn fold(&self, group_coefficients: &[f64]) -> Option<Fold> {
        let family = self.spec.resolved_family();
        family.fold(self.spec.values(), &*self.function, group_coefficients)
    }

    /// The formulas of value and derivative, from the one definition.
    pub fn expressions(&self) -> (Expression, Expression) {
        self.function.expressions()
    }

    /// Inputs where the derivative may jump, for the coefficients of one group.
    pub fn kinks(&self, group_coefficients: &[f64]) -> Vec<f64> {
        self.function.kinks(group_coefficients)
    }

    /// Where the start was fitted; `None` for a fixed function.
    pub fn fit_range(&self) -> Option<(f64, f64)> {
        self.function.fit_range()
    }

    /// Magnitude of the inputs up to which the f32 kernels keep the digits of the formula: infinity but for functions such as
    /// a sine of the input. Beyond it results are finite where the formula's are.
    pub fn precise_within(&self) -> f64 {
        self.function.precise_within()
    }

    /// The fit behind the start; `None` for a fixed function or a stored table.
    pub fn fit(&self) -> Option<&FitReport> {
        self.function.fit()
    }
}

fn check_lengths(x: &[f32], bias: Option<&[f32]>, channels: usize, others: &[usize]) {
    assert!(
        others.iter().all(|length| *length == x.len()),
        "as many outputs and gradients as inputs"
    );
    assert!(
        channels > 0 && x.len().is_multiple_of(channels),
        "inputs in rows of {channels} channels"
    );
    assert!(
        bias.is_none_or(|bias| bias.len() == channels),
        "a bias for each of {channels} channels"
    );
}
