//! Labels, or numbers, of texts and pairs.

use pliant_train::TrainError;
use pliant_train::predict::{Encoded, Prediction, Predictor};
use serde::Deserialize;
use utoipa::ToSchema;

use super::text::{StringOr, StringOrTextPair, TextPair};
use super::{Ask, Inputs, excess};
use crate::inference::endpoint::Endpoint;
use crate::inference::problem::Problem;

/// The label of a text or a pair, or of each of several, with the probability of every label; a regression gives a score. Give
/// `text` or `inputs`.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Classify {
    /// The text, or the first of two.
    #[schema(example = "It rains.")]
    text: Option<String>,
    /// The second text.
    text_pair: Option<String>,
    /// Several texts or pairs.
    #[schema(value_type = Option<Vec<StringOrTextPair>>)]
    inputs: Option<Vec<StringOr<TextPair>>>,
    /// Whether the end of a text that is too long is cut, of two that of the longer one; without it such a text is refused.
    #[serde(default)]
    truncate: bool,
}

impl Ask for Classify {
    type Input = StringOr<TextPair>;
    type Reply = Prediction;
    const ENDPOINT: Endpoint = Endpoint::Classify;

    fn inputs(&mut self) -> Result<Inputs<Self::Input>, Problem> {
        let one = pair(self.text.take(), self.text_pair.take())?;
        Inputs::one_or_list("text", one, self.inputs.take())
    }

    fn encode(
        &self,
        predictor: &Predictor,
        StringOr(input): &Self::Input,
    ) -> Result<Encoded<Prediction>, TrainError> {
        let excess = excess(self.truncate);
        predictor.encode_label(&input.text, input.text_pair.as_deref(), excess)
    }
}

/// One input of a text or two; a second text needs a first.
pub(super) fn pair(
    text: Option<String>,
    text_pair: Option<String>,
) -> Result<Option<StringOr<TextPair>>, Problem> {
    match (text, text_pair) {
        (Some(text), text_pair) => Ok(Some(StringOr(TextPair { text, text_pair }))),
        (None, None) => Ok(None),
        (None, Some(_)) => Err(Problem::invalid(
            "missing_field",
            "there is a `text_pair` without a `text`",
            "give the first text as `text`; in a list each input has its own `text_pair`",
        )
        .field("text")),
    }
}
