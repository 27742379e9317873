//! The values of arguments.

use super::super::{
    Degrees, Parameter, ParameterKind, ParseError, ParseErrorKind, Real, Share, Value,
};
use super::{Parser, Place, nearest};
use std::ops::Range;

impl Parser<'_> {
    /// A value that begins at `start` and is none.
    fn invalid(
        &self,
        start: usize,
        key: &'static str,
        expected: String,
        nearest: Option<String>,
    ) -> ParseError {
        // At least the character that stands where the value should.
        let next = self.text[start..].chars().next();
        let shortest = start + next.map_or(0, char::len_utf8);
        let kind = ParseErrorKind::InvalidValue {
            key,
            expected,
            nearest,
        };
        self.error(start..self.position.max(shortest), kind)
    }

    pub(super) fn value(&mut self, parameter: &Parameter) -> Result<Value, ParseError> {
        let start = self.position;
        let invalid = |parser: &Self, expected: String, nearest: Option<String>| {
            parser.invalid(start, parameter.name, expected, nearest)
        };
        match &parameter.kind {
            ParameterKind::Number { .. } => {
                let number = self.number();
                number
                    .map(Value::Number)
                    .ok_or_else(|| invalid(self, "a finite number".into(), None))
            }
            ParameterKind::Integer {
                smallest, largest, ..
            } => {
                let span = self.run(|c| c.is_alphanumeric() || matches!(c, '+' | '-' | '.'));
                let number = self.text[span].parse::<usize>().ok();
                number
                    .filter(|number| (smallest..=largest).contains(&number))
                    .map(Value::Integer)
                    .ok_or_else(|| {
                        let expected = format!("a whole number from {smallest} to {largest}");
                        invalid(self, expected, None)
                    })
            }
            ParameterKind::Degrees { largest, .. } => {
                let degree = |range: Range<usize>, largest: usize, text: &str| {
                    text[range]
                        .parse::<usize>()
                        .ok()
                        .filter(|degree| (1..=largest).contains(degree))
                };
                let numerator = self.run(|c| c.is_ascii_digit());
                let denominator = if self.take('/') {
                    self.run(|c| c.is_ascii_digit())
                } else {
                    0..0
                };
                if denominator.is_empty() {
                    // Take the rest of the argument into the span.
                    self.run(|c| !matches!(c, ',' | ')'));
                }
                let degrees = degree(numerator, largest.numerator, self.text)
                    .zip(degree(denominator, largest.denominator, self.text))
                    .map(|(numerator, denominator)| {
                        Value::Degrees(Degrees {
                            numerator,
                            denominator,
                        })
                    });
                degrees.ok_or_else(|| {
                    let expected = format!(
                        "numerator/denominator from 1/1 to {}/{}, e.g. 5/4",
                        largest.numerator, largest.denominator
                    );
                    invalid(self, expected, None)
                })
            }
            ParameterKind::Choice { choices, .. } => {
                let span = self.word();
                let word = &self.text[span];
                match choices
                    .iter()
                    .find(|choice| choice.eq_ignore_ascii_case(word))
                {
                    Some(choice) => Ok(Value::Choice(choice)),
                    None => Err(invalid(self, one_of(choices), nearest(word, choices))),
                }
            }
            ParameterKind::Share => {
                let span = self.word();
                match &self.text[span] {
                    "layer" => Ok(Value::Share(Share::Layer)),
                    "channel" => Ok(Value::Share(Share::Channel)),
                    "group" if self.take('(') => {
                        let size = self.run(|c| c.is_ascii_digit());
                        let size = self.text[size]
                            .parse::<usize>()
                            .ok()
                            .filter(|size| *size > 0);
                        match size {
                            Some(size) if self.take(')') => Ok(Value::Share(Share::Group(size))),
                            Some(_) => Err(self.expected_here("`)`")),
                            None => Err(invalid(
                                self,
                                "group(n) with n channels in each group, n from 1".into(),
                                None,
                            )),
                        }
                    }
                    word => {
                        let nearest = nearest(word, &["layer", "group(8)", "channel"]);
                        Err(invalid(self, "layer, group(n) or channel".into(), nearest))
                    }
                }
            }
            ParameterKind::Function { .. } => {
                Ok(Value::Function(Box::new(self.function(Place::Fixed)?)))
            }
            ParameterKind::AnyFunction { .. } => {
                Ok(Value::Function(Box::new(self.function(Place::Any)?)))
            }
            ParameterKind::Numbers { most } => {
                let numbers = self.list(*most, "numbers", |parser| {
                    let start = parser.position;
                    let number = parser.number();
                    number.ok_or_else(|| {
                        parser.invalid(start, parameter.name, "finite numbers".into(), None)
                    })
                })?;
                Ok(Value::Numbers(numbers))
            }
            ParameterKind::Functions { most } => {
                let functions =
                    self.list(*most, "functions", |parser| parser.function(Place::Layer))?;
                Ok(Value::Functions(functions))
            }
            ParameterKind::Range => {
                if self.rest().starts_with("auto") {
                    self.position += 4;
                    return Ok(Value::Range(None));
                }
                let span = self.run(|c| !matches!(c, ',' | ')'));
                let range = self.text[span]
                    .trim()
                    .split_once("..")
                    .and_then(|(low, high)| {
                        let low = low.trim().parse().ok().and_then(Real::new)?;
                        let high = high.trim().parse().ok().and_then(Real::new)?;
                        (low.get() < high.get()).then_some((low, high))
                    });
                match range {
                    Some(range) => Ok(Value::Range(Some(range))),
                    None => Err(invalid(
                        self,
                        "low..high with low < high, e.g. -5..5".into(),
                        None,
                    )),
                }
            }
        }
    }

    /// `[item, item, …]` of at most so many; `what` they are.
    fn list<T>(
        &mut self,
        most: usize,
        what: &str,
        item: impl Fn(&mut Self) -> Result<T, ParseError>,
    ) -> Result<Vec<T>, ParseError> {
        if !self.take('[') {
            return Err(self.expected_here("a list in brackets"));
        }
        let mut items = Vec::new();
        if self.take(']') {
            return Ok(items);
        }
        loop {
            self.skip_space();
            let start = self.position;
            items.push(item(self)?);
            if items.len() > most {
                let message = format!("more than {most} {what}");
                return Err(self.error(start..self.position, ParseErrorKind::Conflict { message }));
            }
            if self.take(']') {
                return Ok(items);
            }
            if !self.take(',') {
                return Err(self.expected_here("`,` or `]`"));
            }
        }
    }

    fn number(&mut self) -> Option<Real> {
        let span = self.run(|c| c.is_alphanumeric() || matches!(c, '+' | '-' | '.'));
        self.text[span].parse().ok().and_then(Real::new)
    }
}

fn one_of(choices: &[&str]) -> String {
    match choices {
        [first, last] => format!("{first} or {last}"),
        [all_but_last @ .., last] => format!("{} or {last}", all_but_last.join(", ")),
        [] => String::new(),
    }
}
