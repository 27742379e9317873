//! All families, with the formula printed from the one definition.

use crate::activation::Activation;
use crate::error::ActivationError;
use crate::family::{self, Family};
use crate::spec::{ActivationSpec, DenominatorForm};
use serde::Serialize;

/// One family, or one denominator form of it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ListEntry {
    /// Text form, with defaults.
    pub name: String,
    /// The formula of the value.
    pub formula: String,
    /// The formula of the derivative by the input.
    pub derivative: String,
    /// Whether it has coefficients to learn.
    pub learnable: bool,
    /// Whether an output depends on its whole row; the formulas then have means over the channels.
    pub over_rows: bool,
    /// Coefficients of one group.
    pub coefficients: usize,
    /// Options as `key=default`.
    pub options: Vec<String>,
    /// The start coefficients of one group with the default options.
    pub start: Vec<f64>,
    /// The tensors that hold the coefficients, and the symbols of their columns.
    pub tensors: Vec<(&'static str, Vec<String>)>,
    /// Further text forms of the family, as examples of its options.
    pub examples: &'static [&'static str],
    /// Where it was published.
    pub source: &'static str,
    /// Constraints, departures from the source, and what it cannot do; may be empty.
    pub note: &'static str,
}

/// Every family of functions; the rational once for each form of its denominator.
///
/// # Errors
/// If a start cannot be fitted.
pub fn list() -> Result<Vec<ListEntry>, ActivationError> {
    let mut entries = Vec::new();
    for family in family::all().iter().filter(|family| family.is_listed()) {
        let spec = ActivationSpec::plain(*family);
        let forms = if spec.rational().is_some() {
            DenominatorForm::ALL
                .iter()
                .filter_map(|form| format!("rational(form={form})").parse().ok())
                .collect()
        } else {
            vec![spec]
        };
        for spec in forms {
            let activation = Activation::new(&spec)?;
            let (formula, derivative) = activation.expressions();
            entries.push(ListEntry {
                name: spec.to_string(),
                formula: formula.to_string(),
                derivative: derivative.to_string(),
                learnable: spec.is_learnable(),
                over_rows: activation.is_over_rows(),
                coefficients: activation.group_start().len(),
                options: options(*family),
                start: activation.group_start(),
                tensors: activation.coefficient_symbols(),
                examples: family.examples(),
                source: family.source(),
                note: family.note(),
            });
        }
    }
    Ok(entries)
}

/// A feed-forward layer with a gate.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct GatedEntry {
    /// Text form, with defaults.
    pub name: String,
    /// What the layer computes; f is the function that is its argument.
    pub formula: &'static str,
    /// Options as `key=default`.
    pub options: Vec<String>,
    /// Further text forms.
    pub examples: &'static [&'static str],
    /// Where it was published.
    pub source: &'static str,
    /// Constraints, departures from the source, and what it cannot do; may be empty.
    pub note: &'static str,
}

/// Every kind of layer with a gate: what an activation's text may name beside the functions of [`list`].
pub fn gated() -> Vec<GatedEntry> {
    let entries = family::all().iter().filter_map(|family| {
        let spec = ActivationSpec::plain(*family);
        spec.gated()?;
        Some(GatedEntry {
            name: spec.to_string(),
            formula: "down(f(gate(x))·value(x))",
            options: options(*family),
            examples: family.examples(),
            source: family.source(),
            note: family.note(),
        })
    });
    entries.collect()
}

fn options(family: &dyn Family) -> Vec<String> {
    let parameters = family.parameters().iter();
    parameters
        .map(|parameter| format!("{}={}", parameter.name, parameter.default_value()))
        .collect()
}
