//! Reads the coefficient tables of the public rational libraries and says what they are.
//!
//! Two shapes are known: an object of functions with `init_w_numerator` and `init_w_denominator` (`init.json` of
//! rational_kat_cu), and an object of such objects named `Rational_version_A5/4` (`rationals_config.json` of
//! rational_activations); a list of objects with a `name` is read too. Each entry is evaluated under every form of the
//! denominator, because the tables do not say which one the numbers were fitted for, or say it wrongly.

use crate::activation::Activation;
use crate::error::ActivationError;
use crate::family::rational::LARGEST;
use crate::fit::{Errors, errors_of};
use crate::spec::{ActivationSpec, DenominatorForm};
use serde::Serialize;
use serde_json::{Map, Value};
use thiserror::Error;

/// The interval on which both libraries fit.
const RANGE: (f64, f64) = (-3.0, 3.0);

/// A table that cannot be read.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ImportError {
    /// No JSON.
    #[error("not JSON: {0}")]
    Json(#[from] serde_json::Error),
    /// No entry with coefficients.
    #[error("no entry with `init_w_numerator` and `init_w_denominator`")]
    Empty,
    /// An entry with something else than numbers.
    #[error("entry `{entry}`: `{key}` is not a list of finite numbers")]
    Coefficients {
        /// Name of the entry.
        entry: String,
        /// The key at fault.
        key: &'static str,
    },
    /// An entry of more coefficients than are supported.
    #[error("entry `{entry}`: degrees {numerator}/{denominator} are not within 1/1 and {}/{}", LARGEST.0, LARGEST.1)]
    Degrees {
        /// Name of the entry.
        entry: String,
        /// Degree of the numerator.
        numerator: usize,
        /// Degree of the denominator.
        denominator: usize,
    },
    /// A target that cannot be resolved.
    #[error(transparent)]
    Activation(#[from] ActivationError),
}

impl ImportError {
    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Json(_) | Self::Empty => {
                Some("expected the shape of rationals_config.json (rational_activations) or init.json (rational_kat_cu)".into())
            }
            Self::Activation(error) => error.hint(),
            Self::Coefficients { .. } | Self::Degrees { .. } => None,
        }
    }
}

/// What an entry is under one form of the denominator.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct FormReport {
    /// The form.
    pub form: DenominatorForm,
    /// Errors against the function that the name claims, on [-3, 3]; infinite at a pole.
    pub errors: Errors,
    /// Zeros of the denominator on [-3, 3] (form N only).
    pub poles: Vec<f64>,
}

/// One entry of a table.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ImportEntry {
    /// Name in the table.
    pub name: String,
    /// The heading it stands under, e.g. `Rational_version_A5/4`.
    pub heading: Option<String>,
    /// The form that the heading claims; D is B with noise.
    pub claimed_form: Option<DenominatorForm>,
    /// The function that the name claims; `None` for a name that is no known function.
    pub claimed: Option<ActivationSpec>,
    /// Degree of the numerator.
    pub numerator_degree: usize,
    /// Degree of the denominator.
    pub denominator_degree: usize,
    /// `a_0 … a_m`
    pub numerator: Vec<f64>,
    /// `b_1 … b_n`, in form C from `b_0` on.
    pub denominator: Vec<f64>,
    /// The forms that this number of coefficients allows, in the order of their letters; empty without a known function.
    pub forms: Vec<FormReport>,
    /// The form under which the entry is nearest to what it claims.
    pub best_form: Option<DenominatorForm>,
}

/// A table.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ImportReport {
    /// Its entries, in the order of the file.
    pub entries: Vec<ImportEntry>,
}

impl ImportEntry {
    /// The errors under one form.
    pub fn under(&self, form: DenominatorForm) -> Option<&FormReport> {
        self.forms.iter().find(|report| report.form == form)
    }
}

/// Reads a table and measures every entry under every form.
///
/// # Errors
/// If the text is no such table.
pub fn read(text: &str) -> Result<ImportReport, ImportError> {
    let value: Value = serde_json::from_str(text)?;
    let mut entries = Vec::new();
    collect(&value, None, None, &mut entries)?;
    if entries.is_empty() {
        Err(ImportError::Empty)
    } else {
        Ok(ImportReport { entries })
    }
}

/// Descends through objects and lists to the objects that hold coefficients.
fn collect(
    value: &Value,
    name: Option<&str>,
    heading: Option<&str>,
    entries: &mut Vec<ImportEntry>,
) -> Result<(), ImportError> {
    match value {
        Value::Object(object)
            if object.contains_key("init_w_numerator")
                && object.contains_key("init_w_denominator") =>
        {
            let own = ["name", "function", "approx_func"]
                .iter()
                .find_map(|key| object.get(*key).and_then(Value::as_str));
            let version = object.get("version").and_then(Value::as_str);
            entries.push(entry(
                object,
                own.or(name).unwrap_or_default(),
                version.or(heading),
            )?);
        }
        Value::Object(object) => {
            for (key, value) in object {
                collect(value, Some(key), name.or(heading), entries)?;
            }
        }
        Value::Array(list) => {
            for value in list {
                collect(value, name, heading, entries)?;
            }
        }
        _ => {}
    }
    Ok(())
}

fn entry(
    object: &Map<String, Value>,
    name: &str,
    heading: Option<&str>,
) -> Result<ImportEntry, ImportError> {
    let numbers = |key: &'static str| {
        let list = object.get(key).and_then(Value::as_array);
        list.and_then(|list| {
            list.iter()
                .map(|value| value.as_f64().filter(|value| value.is_finite()))
                .collect::<Option<Vec<f64>>>()
        })
        .filter(|list| !list.is_empty())
        .ok_or_else(|| ImportError::Coefficients {
            entry: name.to_owned(),
            key,
        })
    };
    let (numerator, denominator) = (numbers("init_w_numerator")?, numbers("init_w_denominator")?);
    let claimed_form = heading.and_then(claimed_form);
    let constant = claimed_form == Some(DenominatorForm::C);
    let (m, n) = (
        numerator.len() - 1,
        denominator.len() - usize::from(constant),
    );
    if !(1..=LARGEST.0).contains(&m) || !(1..=LARGEST.1).contains(&n) {
        return Err(ImportError::Degrees {
            entry: name.to_owned(),
            numerator: m,
            denominator: n,
        });
    }
    let claimed = claimed_function(name).and_then(|text| text.parse::<ActivationSpec>().ok());
    let forms = match &claimed {
        None => Vec::new(),
        Some(target) => {
            let target = Activation::new(target)?;
            // Form C has b_0; the numbers of one kind say nothing under the other.
            let forms = DenominatorForm::ALL
                .into_iter()
                .filter(|form| (*form == DenominatorForm::C) == constant);
            forms
                .map(|form| under(form, &numerator, &denominator, &target))
                .collect()
        }
    };
    let best = forms
        .iter()
        .min_by(|a: &&FormReport, b| a.errors.max.total_cmp(&b.errors.max));
    Ok(ImportEntry {
        name: name.to_owned(),
        heading: heading.map(str::to_owned),
        claimed_form,
        claimed,
        numerator_degree: m,
        denominator_degree: n,
        best_form: best.map(|report| report.form),
        forms,
        numerator,
        denominator,
    })
}

fn under(
    form: DenominatorForm,
    numerator: &[f64],
    denominator: &[f64],
    target: &Activation,
) -> FormReport {
    let (mut errors, poles) = errors_of(form, numerator, denominator, target, RANGE);
    if !poles.is_empty() {
        errors = Errors {
            max: f64::INFINITY,
            rms: f64::INFINITY,
            derivative_max: f64::INFINITY,
            derivative_rms: f64::INFINITY,
            ..errors
        };
    }
    FormReport {
        form,
        errors,
        poles,
    }
}

/// The letter in `Rational_version_A5/4`, or alone.
fn claimed_form(heading: &str) -> Option<DenominatorForm> {
    let letter = heading
        .strip_prefix("Rational_version_")
        .unwrap_or(heading)
        .get(..1)?;
    if letter.eq_ignore_ascii_case("d") {
        Some(DenominatorForm::B)
    } else {
        DenominatorForm::from_letter(letter)
    }
}

/// The tables' names for the functions.
fn claimed_function(name: &str) -> Option<&'static str> {
    match name.to_ascii_lowercase().as_str() {
        "identity" => Some("identity"),
        "relu" => Some("relu"),
        "leaky_relu" | "leaky_relu_0.01" => Some("leaky_relu"),
        "leaky_relu_0.1" => Some("leaky_relu(0.1)"),
        "gelu" | "gelu_old" => Some("gelu"),
        "swish" | "silu" => Some("silu"),
        "tanh" => Some("tanh"),
        "sigmoid" => Some("sigmoid"),
        _ => None,
    }
}
