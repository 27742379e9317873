//! Start values at run time: a rational function fitted to any target.
//!
//! Weighted least squares by Levenberg and Marquardt from several starts, then Lawson's reweighting (Lawson 1961; Ellacott
//! and Williams 1976 for rationals) towards the smallest maximum error. Everything is f64 and a fixed sequence of
//! operations, so equal requests give equal bytes on every machine.

pub(crate) mod polynomial;
mod problem;
mod refine;
mod report;
mod solve;

pub(crate) use report::errors_of;
pub use report::{Errors, FitReport};

use crate::activation::Activation;
use crate::error::ActivationError;
use crate::family::rational::LARGEST;
use crate::spec::{ActivationSpec, DenominatorForm};
use serde::Serialize;

/// What to fit, and where.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct FitRequest {
    /// The function to approach; one without coefficients.
    pub target: ActivationSpec,
    /// Form of the denominator.
    pub form: DenominatorForm,
    /// Degree of the numerator, 1…9.
    pub numerator_degree: usize,
    /// Degree of the denominator, 1…8.
    pub denominator_degree: usize,
    /// Where the maximum error counts.
    pub range: (f64, f64),
    /// Weight of the error between the range and twice the range, 0 for none: 0.01 allows a hundred times the error there.
    pub tail_weight: f64,
}

impl FitRequest {
    /// A request with the degrees 5/4, and range and tail weight as the start of `rational` has them in this form.
    pub fn new(target: ActivationSpec, form: DenominatorForm) -> Self {
        Self {
            target,
            form,
            numerator_degree: 5,
            denominator_degree: 4,
            range: crate::family::rational::default_range(form),
            tail_weight: default_tail_weight(form),
        }
    }

    fn refuse(&self, message: impl Into<String>) -> ActivationError {
        ActivationError::Fit {
            target: self.target.to_string(),
            message: message.into(),
        }
    }

    fn check(&self) -> Result<(), ActivationError> {
        if self.target.is_over_rows() {
            return Err(self.refuse(
                "an output depends on its whole row of channels, so it is no function of one input",
            ));
        }
        if self.target.is_learnable() {
            return Err(self.refuse("it has coefficients itself"));
        }
        if !(1..=LARGEST.0).contains(&self.numerator_degree)
            || !(1..=LARGEST.1).contains(&self.denominator_degree)
        {
            return Err(self.refuse(format!(
                "degrees {}/{} are not within 1/1 and {}/{}",
                self.numerator_degree, self.denominator_degree, LARGEST.0, LARGEST.1
            )));
        }
        let (low, high) = self.range;
        if !(low.is_finite() && high.is_finite() && low < high) || low.abs().max(high.abs()) > 1e6 {
            return Err(self.refuse(format!(
                "the range {low}..{high} is not low..high within ±1e6"
            )));
        }
        if !(0.0..=1.0).contains(&self.tail_weight) {
            return Err(self.refuse(format!(
                "the tail weight {} is not between 0 and 1",
                self.tail_weight
            )));
        }
        Ok(())
    }
}

/// The tail weight of the start of `rational`.
pub fn default_tail_weight(form: DenominatorForm) -> f64 {
    match form {
        DenominatorForm::A => 0.006,
        _ => 0.001,
    }
}

/// Fits a rational function to the target where inputs lie: by least squares over them, instead of for the smallest maximum
/// error over a range. The request's range becomes theirs, and its tail weight plays no part.
///
/// # Errors
/// As [`fit`]; also if there are no inputs, or one is not finite.
pub fn fit_inputs(request: &FitRequest, inputs: &[f64]) -> Result<FitReport, ActivationError> {
    let mut inputs = inputs.to_vec();
    inputs.sort_unstable_by(f64::total_cmp);
    let (Some(low), Some(high)) = (inputs.first(), inputs.last()) else {
        return Err(request.refuse("there are no inputs"));
    };
    let request = FitRequest {
        range: (*low, *high),
        ..request.clone()
    };
    request.check()?;
    let target = Activation::new(&request.target)?;
    let problem = problem::Problem::of_inputs(&request, &inputs, &|x| target.value(&[], x));
    let coefficients = refine::least_squares(&problem);
    report(&request, &problem, &coefficients, &target)
}

/// Fits a rational function to the target.
///
/// # Errors
/// If the request is out of bounds, or if the best denominator found has a zero in the range (only form N can).
pub fn fit(request: &FitRequest) -> Result<FitReport, ActivationError> {
    request.check()?;
    let target = Activation::new(&request.target)?;
    let problem = problem::Problem::new(request, &|x| target.value(&[], x));
    let coefficients = refine::solve(&problem);
    report(request, &problem, &coefficients, &target)
}

/// What was found, if it has no pole in the range.
fn report(
    request: &FitRequest,
    problem: &problem::Problem,
    coefficients: &[f64],
    target: &Activation,
) -> Result<FitReport, ActivationError> {
    let (numerator, denominator) = problem.unscaled(coefficients);
    let report = FitReport::new(request, numerator, denominator, target);
    if let Some(pole) = report
        .poles
        .iter()
        .find(|pole| (request.range.0..=request.range.1).contains(*pole))
    {
        return Err(ActivationError::Pole {
            activation: format!("fit of {}", request.target),
            pole: *pole,
        });
    }
    Ok(report)
}
