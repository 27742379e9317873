//! The bodies of requests: what is asked, of one input or of a list.

mod answer;
mod classify;
mod embeddings;
mod fill_mask;
mod text;

use pliant_train::TrainError;
use pliant_train::predict::{Encoded, Excess, Predictor};
use serde::Serialize;
use serde::de::DeserializeOwned;
use utoipa::ToSchema;

pub(crate) use answer::Answer;
pub(crate) use classify::Classify;
pub(crate) use embeddings::Embeddings;
pub(crate) use fill_mask::FillMask;

use super::Limits;
use super::endpoint::Endpoint;
use super::problem::Problem;

/// The most answers that can be asked for.
const MOST_TOP: usize = 100;

/// A request that asks the model.
pub(crate) trait Ask: DeserializeOwned + Send + 'static {
    /// What is asked about.
    type Input: Texts + Send + 'static;
    /// What is replied to each input.
    type Reply: Serialize + Send + 'static;
    /// Where it is asked.
    const ENDPOINT: Endpoint;

    /// Takes the inputs out, checked as far as this can be done without the model.
    fn inputs(&mut self) -> Result<Inputs<Self::Input>, Problem>;

    /// An input as the model reads it.
    fn encode(
        &self,
        predictor: &Predictor,
        input: &Self::Input,
    ) -> Result<Encoded<Self::Reply>, TrainError>;
}

/// Something with texts.
pub(crate) trait Texts {
    /// The fields with their texts.
    fn texts(&self) -> impl Iterator<Item = (&'static str, &str)>;
}

/// The inputs of a request.
#[derive(Debug)]
pub(crate) struct Inputs<I> {
    pub(crate) all: Vec<I>,
    /// Whether they stand in the list `inputs`.
    is_list: bool,
}

impl<I: Texts> Inputs<I> {
    /// One input or a list of them, exactly one of both; `name` is the field that holds the one.
    fn one_or_list(
        name: &'static str,
        one: Option<I>,
        list: Option<Vec<I>>,
    ) -> Result<Self, Problem> {
        let hint = format!("give `{name}` for one, or `inputs` for a list of up to the limit");
        match (one, list) {
            (Some(one), None) => Ok(Self {
                all: vec![one],
                is_list: false,
            }),
            (None, Some(all)) if all.is_empty() => {
                Err(
                    Problem::invalid("no_inputs", "the list `inputs` is empty", hint)
                        .field("inputs"),
                )
            }
            (None, Some(all)) => Ok(Self { all, is_list: true }),
            (None, None) => Err(Problem::invalid(
                "missing_field",
                format!("there is neither `{name}` nor `inputs`"),
                hint,
            )
            .field(name)),
            (Some(_), Some(_)) => Err(Problem::invalid(
                "both_fields",
                format!("there are both `{name}` and `inputs`"),
                hint,
            )
            .field("inputs")),
        }
    }

    /// How the request names a field of an input.
    pub(crate) fn field(&self, index: usize, name: &str) -> String {
        if self.is_list {
            format!("inputs[{index}].{name}")
        } else {
            name.to_owned()
        }
    }

    /// How the request names the texts of an input.
    pub(crate) fn fields(&self, index: usize) -> String {
        if self.is_list {
            return format!("inputs[{index}]");
        }
        let names = self.all[index].texts().map(|(name, _)| name);
        names.collect::<Vec<_>>().join(", ")
    }

    /// Refuses more inputs or longer texts than allowed.
    pub(crate) fn check(&self, limits: &Limits) -> Result<(), Problem> {
        if self.all.len() > limits.inputs {
            return Err(Problem::invalid(
                "too_many_inputs",
                format!(
                    "there are {} inputs; at most {} are taken",
                    self.all.len(),
                    limits.inputs
                ),
                "send them in several requests, or start the server with a larger --max-inputs",
            )
            .field("inputs"));
        }
        for (index, input) in self.all.iter().enumerate() {
            for (name, text) in input.texts() {
                let characters = text.chars().count();
                if characters > limits.characters {
                    return Err(Problem::invalid(
                        "too_many_characters",
                        format!(
                            "the text has {characters} characters; at most {} are taken",
                            limits.characters
                        ),
                        "shorten it, or start the server with a larger --max-characters",
                    )
                    .field(self.field(index, name)));
                }
            }
        }
        Ok(())
    }
}

/// The replies to a request.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Replies<R> {
    /// One for each input, in their order.
    pub(crate) results: Vec<R>,
    /// What the request took.
    pub(crate) usage: Usage,
}

/// What a request took.
#[derive(Debug, PartialEq, Serialize, ToSchema)]
pub(crate) struct Usage {
    /// Sequences that went through the model: one for each input, for long contexts several.
    pub(crate) sequences: usize,
    /// Their tokens, with those that mark beginning and end.
    pub(crate) tokens: usize,
    /// Which inputs were cut because they were too long, counted from 0.
    pub(crate) truncated: Vec<usize>,
}

/// The number of answers wanted.
fn check_top(top: usize) -> Result<(), Problem> {
    if (1..=MOST_TOP).contains(&top) {
        return Ok(());
    }
    Err(Problem::invalid(
        "invalid_value",
        format!("top is {top}"),
        format!("give a number from 1 to {MOST_TOP}"),
    )
    .field("top"))
}

const fn five() -> usize {
    5
}

const fn excess(truncate: bool) -> Excess {
    if truncate {
        Excess::Cut
    } else {
        Excess::Refuse
    }
}
