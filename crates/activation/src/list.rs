//! All families, with the formula printed from the one definition.

use crate::activation::Activation;
use crate::error::ActivationError;
use crate::family;
use crate::spec::{ActivationSpec, DenominatorForm, Parameter};
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

/// Every family; the rational once for each form of its denominator.
///
/// # Errors
/// If a start cannot be fitted.
pub fn list() -> Result<Vec<ListEntry>, ActivationError> {
    let mut entries = Vec::new();
    for family in family::all()
        .iter()
        .filter(|family| !family.is_start_only())
    {
        let values = family
            .parameters()
            .iter()
            .map(Parameter::default_value)
            .collect();
        let spec = ActivationSpec::new(*family, values);
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
                options: family
                    .parameters()
                    .iter()
                    .map(|parameter| format!("{}={}", parameter.name, parameter.default_value()))
                    .collect(),
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
