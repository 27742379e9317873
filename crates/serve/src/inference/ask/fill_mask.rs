//! Words for masks.

use pliant_train::TrainError;
use pliant_train::predict::{Encoded, Filled, Predictor};
use serde::Deserialize;
use utoipa::ToSchema;

use super::text::{StringOr, StringOrText, Text};
use super::{Ask, Inputs, check_top, excess, five};
use crate::inference::endpoint::Endpoint;
use crate::inference::problem::Problem;

/// What may stand at the masks of a text, or of each of several: give `text` or `inputs`.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct FillMask {
    /// A text with `[MASK]` in it.
    #[schema(example = "The capital of France is [MASK].")]
    text: Option<String>,
    /// Several texts.
    #[schema(value_type = Option<Vec<StringOrText>>)]
    inputs: Option<Vec<StringOr<Text>>>,
    /// Words to give for each mask, the most probable first, from 1 to 100.
    #[serde(default = "five")]
    top: usize,
    /// Whether the end of a text that is too long is cut; without it such a text is refused.
    #[serde(default)]
    truncate: bool,
}

impl Ask for FillMask {
    type Input = StringOr<Text>;
    type Reply = Filled;
    const ENDPOINT: Endpoint = Endpoint::FillMask;

    fn inputs(&mut self) -> Result<Inputs<Self::Input>, Problem> {
        check_top(self.top)?;
        let one = self.text.take().map(|text| StringOr(text.into()));
        Inputs::one_or_list("text", one, self.inputs.take())
    }

    fn encode(
        &self,
        predictor: &Predictor,
        StringOr(input): &Self::Input,
    ) -> Result<Encoded<Filled>, TrainError> {
        predictor.encode_fill(&input.text, self.top, excess(self.truncate))
    }
}
