//! Vectors of texts and pairs.

use pliant_train::TrainError;
use pliant_train::predict::{Embedding, Encoded, Pooling, Predictor};
use serde::Deserialize;
use utoipa::ToSchema;

use super::classify::pair;
use super::text::{StringOr, StringOrTextPair, TextPair};
use super::{Ask, Inputs, excess};
use crate::inference::endpoint::Endpoint;
use crate::inference::problem::Problem;

/// The vector of a text or a pair, or of each of several, from the encoder's last layer. Give `text` or `inputs`.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Embeddings {
    /// The text, or the first of two.
    #[schema(example = "It rains.")]
    text: Option<String>,
    /// The second text.
    text_pair: Option<String>,
    /// Several texts or pairs.
    #[schema(value_type = Option<Vec<StringOrTextPair>>)]
    inputs: Option<Vec<StringOr<TextPair>>>,
    /// `mean` takes the mean of all tokens, `[CLS]` and `[SEP]` included; `first` the vector of `[CLS]`.
    #[serde(default)]
    pooling: Pooling,
    /// Whether vectors are brought to length 1.
    #[serde(default)]
    normalize: bool,
    /// Whether the end of a text that is too long is cut, of two that of the longer one; without it such a text is refused.
    #[serde(default)]
    truncate: bool,
}

impl Ask for Embeddings {
    type Input = StringOr<TextPair>;
    type Reply = Embedding;
    const ENDPOINT: Endpoint = Endpoint::Embeddings;

    fn inputs(&mut self) -> Result<Inputs<Self::Input>, Problem> {
        let one = pair(self.text.take(), self.text_pair.take())?;
        Inputs::one_or_list("text", one, self.inputs.take())
    }

    fn encode(
        &self,
        predictor: &Predictor,
        StringOr(input): &Self::Input,
    ) -> Result<Encoded<Embedding>, TrainError> {
        predictor.encode_embedding(
            &input.text,
            input.text_pair.as_deref(),
            self.pooling,
            self.normalize,
            excess(self.truncate),
        )
    }
}
