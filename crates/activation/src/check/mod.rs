//! Holds derivatives to differences and kernels to the reference, for every family, form and degree.

mod differences;
mod fast;
mod probe;
mod rows;

use crate::activation::Activation;
use crate::error::ActivationError;
use crate::family;
use crate::family::rational::LARGEST;
use crate::spec::{ActivationSpec, DenominatorForm, ParameterKind};
use probe::Probe;
use rayon::prelude::*;
use serde::Serialize;

/// How much to check.
#[derive(Clone, Debug, PartialEq)]
pub struct CheckOptions {
    /// Seed of the random inputs and coefficients.
    pub seed: u64,
    /// Random inputs of each case.
    pub points: usize,
    /// Only these activations; empty for all families, forms and degrees.
    pub only: Vec<ActivationSpec>,
}

impl Default for CheckOptions {
    fn default() -> Self {
        Self {
            seed: 1,
            points: 200,
            only: Vec::new(),
        }
    }
}

/// One case: an activation, what was compared, on which inputs.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CheckRow {
    /// Text form of the activation.
    pub activation: String,
    /// `start` for the start values, `random` for random coefficients, empty for a fixed function.
    pub coefficients: &'static str,
    /// What was compared with what.
    pub comparison: &'static str,
    /// Kind of inputs.
    pub inputs: &'static str,
    /// Comparisons made.
    pub count: usize,
    /// Largest error, relative to the size of the terms that make up the result.
    pub worst: f64,
    /// Input of the largest error.
    pub at: f64,
    /// The error allowed.
    pub tolerance: f64,
    /// Whether the largest error is within the tolerance.
    pub passed: bool,
}

/// All cases.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CheckReport {
    /// Whether all cases passed.
    pub passed: bool,
    /// Instruction set of the fast kernels.
    pub instructions: &'static str,
    /// The cases.
    pub rows: Vec<CheckRow>,
}

/// Runs the checks.
///
/// # Errors
/// If an activation cannot be resolved.
pub fn run(options: &CheckOptions) -> Result<CheckReport, ActivationError> {
    let by_case = cases(options)
        .par_iter()
        .map(|spec| {
            let activation = Activation::without_start(spec)?;
            let mut rows = Vec::new();
            for probe in Probe::all(&activation, options)? {
                differences::check(&activation, &probe, &mut rows);
                if activation.is_over_rows() {
                    rows::check(&activation, &probe, &mut rows);
                } else {
                    fast::check(&activation, &probe, &mut rows)?;
                }
            }
            Ok(rows)
        })
        .collect::<Result<Vec<_>, ActivationError>>()?;
    let rows: Vec<CheckRow> = by_case.into_iter().flatten().collect();
    Ok(CheckReport {
        passed: rows.iter().all(|row| row.passed),
        instructions: pliant_kernels::dispatch::level().name(),
        rows,
    })
}

fn cases(options: &CheckOptions) -> Vec<ActivationSpec> {
    if !options.only.is_empty() {
        return options.only.clone();
    }
    // A layer with a gate is no function: its product is checked in `gated`, the function of its gate here.
    let functions = || {
        let all = family::all().iter();
        all.filter(|family| ActivationSpec::plain(**family).gated().is_none())
    };
    let mut texts: Vec<String> = functions()
        .filter(|family| family.is_listed())
        .map(|family| family.name().to_owned())
        .collect();
    for family in functions() {
        texts.extend(family.examples().iter().map(ToString::to_string));
        let may_share = !ActivationSpec::plain(*family).is_over_rows()
            && family
                .parameters()
                .iter()
                .any(|parameter| matches!(parameter.kind, ParameterKind::Share));
        if may_share && family.name() != "rational" {
            for share in ["group(4)", "group(32)", "channel"] {
                texts.push(format!("{}(share={share})", family.name()));
            }
        }
    }
    for form in DenominatorForm::ALL {
        for share in [
            "group(4)",
            "group(32)",
            "channel",
            "group(4), numerator=shared",
            "channel, numerator=shared",
        ] {
            texts.push(format!("rational(form={form}, share={share})"));
        }
        for numerator in 1..=LARGEST.0 {
            for denominator in 1..=LARGEST.1 {
                texts.push(format!(
                    "rational({numerator}/{denominator}, form={form}, start=silu)"
                ));
            }
        }
    }
    // The texts are this function's own; one that does not parse would be missed by the test of the count.
    texts.iter().filter_map(|text| text.parse().ok()).collect()
}

/// The worst of many comparisons.
struct Worst {
    error: f64,
    at: f64,
    count: usize,
}

impl Worst {
    fn new() -> Self {
        Self {
            error: 0.0,
            at: 0.0,
            count: 0,
        }
    }

    fn add(&mut self, error: f64, at: f64) {
        self.count += 1;
        // A NaN must not pass.
        if error.is_nan() || error > self.error {
            self.error = if error.is_nan() { f64::INFINITY } else { error };
            self.at = at;
        }
    }

    fn row(
        self,
        activation: &Activation,
        probe: &Probe,
        comparison: &'static str,
        inputs: &'static str,
        tolerance: f64,
    ) -> Option<CheckRow> {
        (self.count > 0).then(|| CheckRow {
            activation: activation.spec().to_string(),
            coefficients: probe.label,
            comparison,
            inputs,
            count: self.count,
            worst: self.error,
            at: self.at,
            tolerance,
            passed: self.error <= tolerance,
        })
    }
}
