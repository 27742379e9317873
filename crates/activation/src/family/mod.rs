//! The families of activation functions. A new one is a file here and a line in the list below.

/// Declares the module of each family and lists its `FAMILY`. (`cargo fmt` does not see modules in here; `.ci/run` formats them.)
macro_rules! families {
    ($($visible:vis $name:ident),+ $(,)?) => {
        $($visible mod $name;)+

        /// Every family, in the order in which they are listed.
        static FAMILIES: &[&dyn Family] = &[$(&$name::FAMILY),+];
    };
}

families! {
    identity,
    relu,
    leaky_relu,
    gelu,
    gelu_tanh,
    silu,
    tanh,
    sigmoid,
    gelu_2020,
    power,
    random,
    prelu,
    polynomial,
    slaf,
    swish,
    arelu,
    crrelu,
    snake,
    xielu,
    corrected,
    series,
    spline,
    poly_norm,
    pub(crate) rational,
    frozen,
    layers,
    glu,
}

mod fixed;
mod held;
mod parametric;

use crate::activation::CoefficientTensor;
use crate::dual::Dual;
use crate::error::ActivationError;
use crate::expression::Expression;
use crate::fit::FitReport;
use crate::fold::Fold;
use crate::spec::{ActivationSpec, Parameter, Value};
use crate::table::Table;
use std::fmt::Debug;
use std::sync::Arc;

pub(crate) use fixed::Fixed;
pub(crate) use frozen::NAME as FROZEN;
pub(crate) use gelu_2020::NAME as GELU_2020;
pub(crate) use parametric::Parametric;

pub(crate) fn all() -> &'static [&'static dyn Family] {
    FAMILIES
}

pub(crate) fn find(name: &str) -> Option<&'static dyn Family> {
    all().iter().copied().find(|family| family.name() == name)
}

/// A family that is known to be there.
pub(crate) fn fixed(name: &str) -> &'static dyn Family {
    find(name).unwrap_or(&identity::FAMILY)
}

/// Refused arguments: the parameter at fault, and why.
pub(crate) type Validation = Result<(), (&'static str, String)>;

/// A family: its text form, and the way from arguments to a function.
pub(crate) trait Family: Send + Sync {
    fn name(&self) -> &'static str;
    fn parameters(&self) -> &'static [Parameter];
    /// Where the function was published.
    fn source(&self) -> &'static str;
    fn is_learnable(&self, _values: &[Value]) -> bool {
        false
    }
    /// Constraints, departures from the source, and what it cannot do: a sentence or more, shown with it.
    fn note(&self) -> &'static str {
        ""
    }
    /// Text forms beside the plain name that checks, documentation and golden values cover.
    fn examples(&self) -> &'static [&'static str] {
        &[]
    }
    /// Only of use as `start=…`.
    fn is_start_only(&self) -> bool {
        false
    }
    /// The function of the gate, where the text names a gated feed-forward layer and no function of one input.
    fn gated<'a>(&self, _values: &'a [Value]) -> Option<&'a ActivationSpec> {
        None
    }
    /// Shown in the list of families.
    fn is_listed(&self) -> bool {
        !self.is_start_only()
    }
    /// No argument of another function.
    fn is_outermost_only(&self) -> bool {
        false
    }
    /// The function of each layer, where they differ.
    fn layers<'a>(&self, _values: &'a [Value]) -> Option<&'a [ActivationSpec]> {
        None
    }
    /// Whether an output depends on its whole row: then it is no function of one input that another could start from.
    fn is_over_rows(&self, _values: &[Value]) -> bool {
        false
    }
    /// Whether it is a fixed function for each group of channels: no function of one input either.
    fn is_by_channel(&self, _values: &[Value]) -> bool {
        false
    }
    /// Refuses combinations of arguments; names the parameter at fault.
    fn validate(&self, _values: &[Value]) -> Validation {
        Ok(())
    }
    /// A learned function of this family as a fixed one between affine maps, where it is exactly one.
    fn fold(
        &self,
        _values: &[Value],
        function: &dyn Function,
        coefficients: &[f64],
    ) -> Option<Fold> {
        function.fold(coefficients)
    }
    /// How a series of so many terms is made of the family's function, if it can be.
    fn terms(&self, _base: &ActivationSpec, _terms: usize) -> Option<MakeSeries> {
        None
    }
    /// How the family's function is corrected by a multiple of a table, if it can be.
    fn corrected(
        &self,
        _from: &ActivationSpec,
        _coefficient: f64,
        _correction: &'static Table,
    ) -> Option<MakeSeries> {
        None
    }
    fn resolve(&self, spec: &ActivationSpec) -> Result<Arc<dyn Function>, ActivationError>;
}

/// The function for the spec of a series, or of a corrected function.
pub(crate) type MakeSeries = Box<dyn Fn(&ActivationSpec) -> Arc<dyn Function>>;

/// A function with all its options fixed. Coefficients of a group are ordered as its tensors are. What is asked of coefficients
/// has the answer of a function without any as its default.
pub(crate) trait Function: Debug + Send + Sync {
    fn tensors(&self, _channels: usize) -> Result<Vec<CoefficientTensor>, ActivationError> {
        Ok(Vec::new())
    }
    /// The one number of channels that a fixed function for each group of channels is made for.
    fn channels(&self) -> Option<usize> {
        None
    }
    /// The symbols of the formula that are coefficients: for each tensor, one for each of its columns.
    fn symbols(&self) -> Vec<(&'static str, Vec<String>)> {
        Vec::new()
    }
    /// The start of every coefficient of every group, flat.
    fn start(&self, _channels: usize) -> Result<Vec<f32>, ActivationError> {
        Ok(Vec::new())
    }
    /// Makes the start values; fails if they cannot be had.
    fn prepare(&self) -> Result<(), ActivationError> {
        Ok(())
    }
    /// The start of one group.
    fn group_start(&self) -> Vec<f64> {
        Vec::new()
    }
    fn fit(&self) -> Option<&FitReport> {
        None
    }
    fn fit_range(&self) -> Option<(f64, f64)> {
        None
    }
    /// Magnitude of the inputs up to which f32 keeps the digits of the formula.
    fn precise_within(&self) -> f64 {
        f64::INFINITY
    }

    /// The function of these coefficients as a fixed one between affine maps, where it is exactly one.
    fn fold(&self, _coefficients: &[f64]) -> Option<Fold> {
        None
    }

    /// The function of a row, where an output depends on more than its own input. What takes one input is then the curve of one
    /// channel in a typical row: for pictures, and for nothing that computes.
    fn rows(&self) -> Option<&dyn OverRows> {
        None
    }

    fn value(&self, coefficients: &[f64], x: f64) -> f64;
    fn derivative(&self, coefficients: &[f64], x: f64) -> f64;
    fn coefficient_gradient(&self, _coefficients: &[f64], _x: f64, _out: &mut [f64]) {}
    fn dual(&self, coefficients: &[Dual], x: Dual) -> Dual;
    fn dual_derivative(&self, coefficients: &[Dual], x: Dual) -> Dual;
    /// Value and derivative by `x`; means over the channels are written as such.
    fn expressions(&self) -> (Expression, Expression);
    /// Inputs near which the derivative may jump, for these coefficients.
    fn kinks(&self, coefficients: &[f64]) -> Vec<f64>;

    fn forward(
        &self,
        coefficients: &[f32],
        x: &[f32],
        bias: Option<&[f32]>,
        channels: usize,
        y: &mut [f32],
    );
    /// Without `dy`, `dx` holds it when the call begins.
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
    );
}

/// The f64 reference of a function over rows; all channels share the coefficients.
pub(crate) trait OverRows {
    /// What the curve of one input is, in words.
    fn curve(&self) -> &'static str;
    fn value(&self, coefficients: &[f64], x: &[f64]) -> Vec<f64>;
    /// The value in dual numbers: the derivative in any direction.
    fn dual(&self, coefficients: &[Dual], x: &[Dual]) -> Vec<Dual>;
    /// Returns dx and overwrites the coefficient gradients.
    fn backward(
        &self,
        coefficients: &[f64],
        x: &[f64],
        dy: &[f64],
        dcoefficients: &mut [f64],
    ) -> Vec<f64>;
}
