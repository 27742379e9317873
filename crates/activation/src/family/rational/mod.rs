//! The learnable rational function, RAFT's activation.

pub(crate) mod definition;
mod function;
mod scale;

use super::{Family, Function, GELU_2020, Validation};
use crate::error::ActivationError;
use crate::spec::{
    ActivationSpec, Degrees, DenominatorForm, Parameter, ParameterKind, ParseError,
    RationalOptions, Share, Value,
};
use std::sync::Arc;

pub(super) static FAMILY: Rational = Rational;

pub(super) struct Rational;

/// The largest degrees m/n.
pub(crate) const LARGEST: (usize, usize) = (9, 8);

const DEGREES: usize = 0;
const FORM: usize = 1;
const START: usize = 2;
const SHARE: usize = 3;
const NUMERATOR: usize = 4;
const RANGE: usize = 5;
const SCALE: usize = 6;

impl Family for Rational {
    fn name(&self) -> &'static str {
        "rational"
    }

    fn parameters(&self) -> &'static [Parameter] {
        &[
            Parameter {
                name: "degrees",
                positional: true,
                kind: ParameterKind::Degrees {
                    default: Degrees {
                        numerator: 5,
                        denominator: 4,
                    },
                    largest: Degrees {
                        numerator: LARGEST.0,
                        denominator: LARGEST.1,
                    },
                },
            },
            Parameter {
                name: "form",
                positional: false,
                kind: ParameterKind::Choice {
                    default: "a",
                    choices: &["a", "b", "c", "n"],
                },
            },
            Parameter {
                name: "start",
                positional: false,
                kind: ParameterKind::Function { default: "gelu" },
            },
            Parameter {
                name: "share",
                positional: false,
                kind: ParameterKind::Share,
            },
            Parameter {
                name: "numerator",
                positional: false,
                kind: ParameterKind::Choice {
                    default: "own",
                    choices: &["own", "shared"],
                },
            },
            Parameter {
                name: "range",
                positional: false,
                kind: ParameterKind::Range,
            },
            Parameter {
                name: "scale",
                positional: false,
                kind: ParameterKind::Number { default: 1.0 },
            },
        ]
    }

    fn source(&self) -> &'static str {
        "Fang et al. 2022, RAFT, arXiv 2208.14111; Molina et al. 2019, arXiv 1907.06732"
    }

    fn examples(&self) -> &'static [&'static str] {
        &[
            "rational(start=gelu_2020)",
            "rational(scale=4)",
            "rational(form=c, scale=0.5)",
        ]
    }

    fn is_learnable(&self, _values: &[Value]) -> bool {
        true
    }

    fn validate(&self, values: &[Value]) -> Validation {
        let degrees = match values[DEGREES] {
            Value::Degrees(degrees) => (degrees.numerator, degrees.denominator),
            _ => (0, 0),
        };
        if let Value::Function(start) = &values[START]
            && start.name() == GELU_2020
            && (degrees != (5, 4)
                || values[FORM] != Value::Choice("a")
                || values[RANGE] != Value::Range(None))
        {
            return Err((
                "start",
                format!("the table `{GELU_2020}` is for 5/4, form=a, without a range"),
            ));
        }
        if let Value::Number(scale) = &values[SCALE]
            && scale.get() <= 0.0
        {
            return Err(("scale", "it must be above 0".into()));
        }
        if values[NUMERATOR] == Value::Choice("shared")
            && values[SHARE] == Value::Share(Share::Layer)
        {
            return Err((
                "numerator",
                "numerator=shared needs share=group(n) or share=channel".into(),
            ));
        }
        Ok(())
    }

    fn resolve(&self, spec: &ActivationSpec) -> Result<Arc<dyn Function>, ActivationError> {
        Ok(function::resolve(spec)?)
    }
}

/// The power of x that the first coefficient of the denominator multiplies.
pub(crate) fn first_power(form: DenominatorForm) -> usize {
    usize::from(form != DenominatorForm::C)
}

/// Where a start is fitted unless the range is given: form A, which cannot turn down in the tails, is fitted wide.
pub(crate) fn default_range(form: DenominatorForm) -> (f64, f64) {
    if form == DenominatorForm::A {
        (-5.0, 5.0)
    } else {
        (-3.0, 3.0)
    }
}

pub(crate) fn options(spec: &ActivationSpec) -> Option<RationalOptions> {
    let [
        Value::Degrees(degrees),
        Value::Choice(form),
        Value::Function(start),
        Value::Share(share),
        numerator,
        Value::Range(range),
        Value::Number(scale),
    ] = spec.values()
    else {
        return None;
    };
    let form = DenominatorForm::from_letter(form)?;
    Some(RationalOptions {
        numerator_degree: degrees.numerator,
        denominator_degree: degrees.denominator,
        form,
        start: (**start).clone(),
        share: *share,
        shared_numerator: *numerator == Value::Choice("shared"),
        range: range.map_or(default_range(form), |(low, high)| (low.get(), high.get())),
        scale: scale.get(),
    })
}

impl RationalOptions {
    /// The activation with these options.
    ///
    /// # Errors
    /// [`ParseError`] where they do not go together.
    pub fn spec(&self) -> Result<ActivationSpec, ParseError> {
        let numerator = if self.shared_numerator {
            "shared"
        } else {
            "own"
        };
        let range = if self.range == default_range(self.form) {
            String::new()
        } else {
            format!(", range={}..{}", self.range.0, self.range.1)
        };
        format!(
            "rational({}/{}, form={}, start={}, share={}, numerator={numerator}{range}, scale={})",
            self.numerator_degree,
            self.denominator_degree,
            self.form,
            self.start,
            self.share,
            self.scale
        )
        .parse()
    }
}
