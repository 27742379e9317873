//! Inputs of one text or two: a JSON string, or an object.

use std::fmt;
use std::marker::PhantomData;

use serde::de::value::MapAccessDeserializer;
use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use utoipa::ToSchema;

use super::Texts;

/// A text.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Text {
    /// The text.
    pub(crate) text: String,
}

/// A text, or two.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TextPair {
    /// The text, or the first of two.
    pub(crate) text: String,
    /// The second text.
    #[serde(default)]
    pub(crate) text_pair: Option<String>,
}

/// A text as a string, or an object of type `O`. Nothing else: the arrays that a derived type also takes would hide mistakes.
#[derive(Debug)]
pub(crate) struct StringOr<O>(pub(crate) O);

/// What [`StringOr`] looks like in `openapi.json`.
#[derive(ToSchema)]
#[serde(untagged)]
#[allow(dead_code, reason = "read by the derive only")]
pub(crate) enum StringOrText {
    /// The text.
    String(String),
    /// The same as an object.
    Object(Text),
}

/// What [`StringOr`] looks like in `openapi.json`.
#[derive(ToSchema)]
#[serde(untagged)]
#[allow(dead_code, reason = "read by the derive only")]
pub(crate) enum StringOrTextPair {
    /// The text.
    String(String),
    /// One text or two.
    Object(TextPair),
}

impl From<String> for Text {
    fn from(text: String) -> Self {
        Self { text }
    }
}

impl From<String> for TextPair {
    fn from(text: String) -> Self {
        Self {
            text,
            text_pair: None,
        }
    }
}

impl Texts for StringOr<Text> {
    fn texts(&self) -> impl Iterator<Item = (&'static str, &str)> {
        std::iter::once(("text", self.0.text.as_str()))
    }
}

impl Texts for StringOr<TextPair> {
    fn texts(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let pair = self.0.text_pair.as_deref().map(|text| ("text_pair", text));
        std::iter::once(("text", self.0.text.as_str())).chain(pair)
    }
}

impl<'de, O: Deserialize<'de> + From<String>> Deserialize<'de> for StringOr<O> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either<O>(PhantomData<O>);

        impl<'de, O: Deserialize<'de> + From<String>> Visitor<'de> for Either<O> {
            type Value = StringOr<O>;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a text or an object with a text")
            }

            fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
                Ok(StringOr(text.to_owned().into()))
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
                O::deserialize(MapAccessDeserializer::new(map)).map(StringOr)
            }
        }

        deserializer.deserialize_any(Either(PhantomData))
    }
}
