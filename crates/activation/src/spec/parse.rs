//! The parser of the text form: recursive descent over `name(argument, key=value, …)`.

mod value;

use super::{ActivationSpec, Parameter, ParseError, ParseErrorKind, Value};
use crate::family::{self, Family};
use std::ops::Range;

pub(super) fn parse(text: &str) -> Result<ActivationSpec, ParseError> {
    let mut parser = Parser {
        text,
        position: 0,
        depth: 0,
    };
    let spec = parser.function(Place::Outermost)?;
    parser.skip_space();
    if parser.position < text.len() {
        return Err(parser.expected_here("the end of the activation"));
    }
    Ok(spec)
}

/// More functions inside each other than any use needs; a text of many must not use up the stack.
const DEEPEST: usize = 6;

struct Parser<'a> {
    text: &'a str,
    position: usize,
    depth: usize,
}

/// Where a function stands in the text.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Outermost,
    /// In a list with one for each layer.
    Layer,
    /// An argument that must have no coefficients.
    Fixed,
    /// An argument that may have some.
    Any,
}

impl Place {
    /// Whether a feed-forward layer with a gate can stand there.
    fn takes_gates(self) -> bool {
        matches!(self, Self::Outermost | Self::Layer)
    }
}

impl Parser<'_> {
    fn rest(&self) -> &str {
        &self.text[self.position..]
    }

    fn skip_space(&mut self) {
        self.position = self.text.len() - self.rest().trim_start().len();
    }

    fn take(&mut self, symbol: char) -> bool {
        self.skip_space();
        let found = self.rest().starts_with(symbol);
        if found {
            self.position += symbol.len_utf8();
        }
        found
    }

    /// The bytes of the longest run of characters that `belongs` accepts, after white space.
    fn run(&mut self, belongs: impl Fn(char) -> bool) -> Range<usize> {
        self.skip_space();
        let rest = self.rest();
        let length = rest.find(|c| !belongs(c)).unwrap_or(rest.len());
        let start = self.position;
        self.position += length;
        start..start + length
    }

    fn word(&mut self) -> Range<usize> {
        self.run(|c| c.is_alphanumeric() || c == '_')
    }

    fn error(&self, span: Range<usize>, kind: ParseErrorKind) -> ParseError {
        ParseError::new(self.text, span, kind)
    }

    fn expected_here(&self, what: &'static str) -> ParseError {
        let end = self.position + self.rest().chars().next().map_or(0, char::len_utf8);
        self.error(self.position..end, ParseErrorKind::Expected { what })
    }

    fn function(&mut self, place: Place) -> Result<ActivationSpec, ParseError> {
        self.depth += 1;
        let function = self.function_at(place);
        self.depth -= 1;
        function
    }

    fn function_at(&mut self, place: Place) -> Result<ActivationSpec, ParseError> {
        let fixed = place == Place::Fixed;
        let span = self.word();
        if span.is_empty() {
            return Err(self.expected_here("the name of a function"));
        }
        if self.depth > DEEPEST {
            let message = format!("more than {DEEPEST} functions inside each other");
            return Err(self.error(span, ParseErrorKind::Conflict { message }));
        }
        let name = &self.text[span.clone()];
        let known = || {
            family::all()
                .iter()
                .filter(move |family| {
                    let plain = ActivationSpec::plain(**family);
                    (!fixed || !plain.is_learnable())
                        && (place == Place::Outermost || !family.is_outermost_only())
                        && (place.takes_gates() || plain.gated().is_none())
                })
                .map(|family| family.name())
        };
        let Some(family) = family::find(name) else {
            let known: Vec<&str> = known()
                .filter(|name| {
                    fixed || family::find(name).is_some_and(|family| !family.is_start_only())
                })
                .collect();
            let kind = ParseErrorKind::UnknownName {
                name: name.to_owned(),
                nearest: nearest(name, &known),
                known: known.iter().map(ToString::to_string).collect(),
            };
            return Err(self.error(span, kind));
        };
        if !fixed && family.is_start_only() {
            let message =
                format!("`{name}` gives start values only: it is no activation by itself");
            return Err(self.error(span, ParseErrorKind::Conflict { message }));
        }
        if place != Place::Outermost && family.is_outermost_only() {
            let message = format!("`{name}` cannot stand inside another function");
            return Err(self.error(span, ParseErrorKind::Conflict { message }));
        }
        let (values, spans) = self.arguments(family)?;
        if fixed && family.is_over_rows(&values) {
            let message = format!(
                "`{name}` normalises over a row of channels, so it is no function of one input: start from one that is"
            );
            return Err(self.error(span, ParseErrorKind::Conflict { message }));
        }
        if fixed && family.is_by_channel(&values) {
            let message = format!(
                "`{name}` is a function for each group of channels here, not one of its input alone: start from one that is"
            );
            return Err(self.error(span, ParseErrorKind::Conflict { message }));
        }
        if !place.takes_gates() && family.gated(&values).is_some() {
            let message =
                format!("`{name}` is a layer with a gate: it is no function of one input");
            return Err(self.error(span, ParseErrorKind::Conflict { message }));
        }
        if fixed && family.is_learnable(&values) {
            let message = format!("`{name}` has coefficients itself: start from a fixed function");
            return Err(self.error(span, ParseErrorKind::Conflict { message }));
        }
        if let Err((key, message)) = family.validate(&values) {
            let at = family
                .parameters()
                .iter()
                .position(|parameter| parameter.name == key);
            let span = at.and_then(|at| spans[at].clone()).unwrap_or(span);
            return Err(self.error(span, ParseErrorKind::Conflict { message }));
        }
        Ok(ActivationSpec::new(family, values))
    }

    /// The values of all parameters, and where the given ones stand.
    #[expect(clippy::type_complexity, reason = "a pair of lists, used once")]
    fn arguments(
        &mut self,
        family: &'static dyn Family,
    ) -> Result<(Vec<Value>, Vec<Option<Range<usize>>>), ParseError> {
        let parameters = family.parameters();
        let mut values: Vec<Value> = parameters.iter().map(Parameter::default_value).collect();
        let mut spans = vec![None; parameters.len()];
        if !self.take('(') {
            return Ok((values, spans));
        }
        if self.take(')') {
            return Ok((values, spans));
        }
        let mut positional = 0;
        loop {
            self.skip_space();
            let start = self.position;
            let key = self.word();
            let index = if !key.is_empty() && self.take('=') {
                self.named(family, key.clone())?
            } else {
                self.position = start;
                let index = positional;
                positional += 1;
                if parameters
                    .get(index)
                    .is_none_or(|parameter| !parameter.positional)
                {
                    let span = self.run(|c| !matches!(c, ',' | ')'));
                    let kind = if parameters.is_empty()
                        || span.is_empty()
                        || index > 0
                        || !self.text[key.clone()].chars().any(char::is_alphabetic)
                    {
                        ParseErrorKind::TooManyArguments {
                            function: family.name(),
                        }
                    } else {
                        ParseErrorKind::Expected {
                            what: "an option as `key=value`",
                        }
                    };
                    return Err(self.error(span, kind));
                }
                index
            };
            if spans[index].is_some() {
                let kind = ParseErrorKind::Repeated {
                    key: parameters[index].name,
                };
                return Err(self.error(start..self.position, kind));
            }
            self.skip_space();
            let value_start = self.position;
            values[index] = self.value(&parameters[index])?;
            spans[index] = Some(value_start..self.position);
            self.skip_space();
            if self.take(')') {
                return Ok((values, spans));
            }
            if !self.take(',') {
                return Err(self.expected_here("`,` or `)`"));
            }
        }
    }

    fn named(&self, family: &'static dyn Family, key: Range<usize>) -> Result<usize, ParseError> {
        let name = &self.text[key.clone()];
        let parameters = family.parameters();
        parameters
            .iter()
            .position(|parameter| parameter.name == name)
            .ok_or_else(|| {
                let known: Vec<&str> = parameters.iter().map(|parameter| parameter.name).collect();
                let kind = ParseErrorKind::UnknownKey {
                    function: family.name(),
                    key: name.to_owned(),
                    nearest: nearest(name, &known),
                    known: known.iter().map(ToString::to_string).collect(),
                };
                self.error(key, kind)
            })
    }
}

/// The known name within two edits (one for names of up to three letters), the nearest and then the first.
fn nearest(word: &str, known: &[&str]) -> Option<String> {
    let word = word.to_lowercase();
    let allowed = if word.chars().count() <= 3 { 1 } else { 2 };
    let mut best: Option<(usize, &str)> = None;
    for name in known {
        let distance = strsim::damerau_levenshtein(&word, name);
        if distance <= allowed && best.is_none_or(|(least, _)| distance < least) {
            best = Some((distance, name));
        }
    }
    best.map(|(_, name)| name.to_owned())
}
