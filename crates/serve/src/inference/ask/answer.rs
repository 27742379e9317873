//! Answers to questions about a context.

use pliant_train::TrainError;
use pliant_train::predict::{Answers, Encoded, Predictor};
use serde::Deserialize;
use utoipa::ToSchema;

use super::{Ask, Inputs, Texts, check_top, excess, five};
use crate::inference::endpoint::Endpoint;
use crate::inference::problem::Problem;

/// The best answers to a question, or to each of several, with their places in the context. A context may be longer than the
/// model reads: it is read in windows that overlap. Give `question` and `context`, or `inputs`.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Answer {
    /// The question.
    #[schema(example = "Who wrote it?")]
    question: Option<String>,
    /// The text that holds the answer.
    #[schema(example = "Ada wrote it in May.")]
    context: Option<String>,
    /// Several questions.
    inputs: Option<Vec<Question>>,
    /// Answers to give, the most probable first, from 1 to 100; there are at most 20, which do not overlap.
    #[serde(default = "five")]
    top: usize,
    /// Whether the end of a question that is too long is cut; without it such a question is refused.
    #[serde(default)]
    truncate: bool,
}

/// A question about a context.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Question {
    /// The question.
    question: String,
    /// The text that holds the answer.
    context: String,
}

impl Texts for Question {
    fn texts(&self) -> impl Iterator<Item = (&'static str, &str)> {
        [
            ("question", self.question.as_str()),
            ("context", self.context.as_str()),
        ]
        .into_iter()
    }
}

impl Ask for Answer {
    type Input = Question;
    type Reply = Answers;
    const ENDPOINT: Endpoint = Endpoint::Answer;

    fn inputs(&mut self) -> Result<Inputs<Question>, Problem> {
        check_top(self.top)?;
        let missing = |name: &str, other: &str| {
            Problem::invalid(
                "missing_field",
                format!("there is a `{other}` without a `{name}`"),
                "give both `question` and `context`, or `inputs` for a list",
            )
            .field(name)
        };
        let one = match (self.question.take(), self.context.take()) {
            (Some(question), Some(context)) => Some(Question { question, context }),
            (None, None) => None,
            (Some(_), None) => return Err(missing("context", "question")),
            (None, Some(_)) => return Err(missing("question", "context")),
        };
        Inputs::one_or_list("question", one, self.inputs.take())
    }

    fn encode(
        &self,
        predictor: &Predictor,
        input: &Question,
    ) -> Result<Encoded<Answers>, TrainError> {
        let excess = excess(self.truncate);
        predictor.encode_answer(&input.question, &input.context, self.top, excess)
    }
}
