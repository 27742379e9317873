//! Answers to questions about a context.

use pliant_data::metric::Metric;
use pliant_data::squad::{Question, QuestionAnswers, WindowOptions, windows};
use pliant_nn::{TaskHead, TaskModel};
use serde::Serialize;
use utoipa::ToSchema;

use super::steps::{Encoded, Excess, ModelSequence, SequenceOutput};
use super::{BATCH, Predictor};
use crate::TrainError;
use crate::finetune::part::Sequences;
use crate::finetune::score::Scoring;

/// An answer with its place.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct TextAnswer {
    /// The characters of the context; empty for "no answer".
    pub text: String,
    /// First character, counted from 0.
    pub start: usize,
    /// One past the last character.
    pub end: usize,
    /// Its probability among the spans that were considered.
    pub probability: f32,
}

/// The answers to a question, the best first.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct Answers {
    /// They do not overlap.
    pub answers: Vec<TextAnswer>,
}

impl Answers {
    fn best(of: QuestionAnswers, top: usize) -> Self {
        let answers = of.answers.into_iter().take(top);
        Self {
            answers: answers
                .map(|answer| TextAnswer {
                    text: answer.text,
                    start: answer.start,
                    end: answer.end,
                    probability: answer.probability,
                })
                .collect(),
        }
    }
}

/// A question that was given as the row `row`, from 0.
fn asked(row: usize, question: &str, context: &str) -> Question {
    Question {
        id: (row + 1).to_string(),
        question: question.to_owned(),
        context: context.into(),
        answers: Vec::new(),
        is_impossible: false,
    }
}

impl Predictor {
    /// The best answers, at most `top`, to each question about its context, in their order.
    ///
    /// # Errors
    /// An empty question or context, or a model that answers no questions.
    pub fn answer(
        &self,
        rows: &[(String, String)],
        top: usize,
    ) -> Result<Vec<Answers>, TrainError> {
        let questions: Vec<Question> = rows
            .iter()
            .enumerate()
            .map(|(row, (question, context))| asked(row, question, context))
            .collect();
        Ok(self
            .answers(&questions, self.reading.null_threshold)?
            .into_iter()
            .map(|of| Answers::best(of, top))
            .collect())
    }

    /// A question whose `top` best answers are asked; a long context becomes several sequences, as the windows of
    /// [`answer`](Self::answer), and only the question can be too long.
    ///
    /// # Errors
    /// An empty question or context; [`TrainError::TextTooLong`] where a question's excess is refused;
    /// [`TrainError::OtherModelKind`].
    pub fn encode_answer(
        &self,
        question: &str,
        context: &str,
        top: usize,
        excess: Excess,
    ) -> Result<Encoded<Answers>, TrainError> {
        self.answering()?;
        let (tokens, most) = (
            self.tokenizer.encode(question)?.len(),
            self.reading.max_query_length,
        );
        let is_cut = tokens > most;
        if is_cut && excess == Excess::Refuse {
            return Err(TrainError::TextTooLong { tokens, most });
        }
        let questions = [asked(0, question, context)];
        let windows = windows(&self.tokenizer, &questions, self.window_options())?;
        let sequences = windows
            .iter()
            .map(|window| ModelSequence::logits(window.ids.clone(), window.type_ids.clone()))
            .collect();
        Ok(Encoded::several(
            sequences,
            is_cut,
            move |predictor, outputs| {
                let logits: Vec<Vec<f32>> = outputs
                    .into_iter()
                    .map(SequenceOutput::into_values)
                    .collect();
                let threshold = predictor.reading.null_threshold;
                let mut answers = predictor
                    .scoring()
                    .answers(&questions, &windows, &logits, threshold);
                // One question has one list of answers.
                Answers::best(answers.remove(0), top)
            },
        ))
    }

    /// The best answers to questions, with scores; with a threshold, "no answer" may be one of them.
    pub(crate) fn answers(
        &self,
        questions: &[Question],
        null_threshold: Option<f64>,
    ) -> Result<Vec<QuestionAnswers>, TrainError> {
        let model = self.answering()?;
        let cut = self.window_options();
        let sequences = Sequences::Windows(windows(&self.tokenizer, questions, cut)?);
        let logits = sequences.logits(model, BATCH, self.tokenizer.special().pad)?;
        let Sequences::Windows(windows) = &sequences else {
            return Ok(Vec::new());
        };
        Ok(self
            .scoring()
            .answers(questions, windows, &logits, null_threshold))
    }

    /// The model, if it answers questions.
    fn answering(&self) -> Result<&TaskModel, TrainError> {
        let model = self.task("answer questions")?;
        if *model.head() != TaskHead::Span {
            return Err(self.unable("answer questions"));
        }
        Ok(model)
    }

    fn window_options(&self) -> WindowOptions {
        WindowOptions {
            max_length: self.reading.max_length,
            doc_stride: self.reading.doc_stride,
            max_query_length: self.reading.max_query_length,
        }
    }

    pub(crate) fn scoring(&self) -> Scoring {
        Scoring {
            metrics: vec![Metric::SpanF1, Metric::ExactMatch],
            outputs: 2,
            max_answer_length: self.reading.max_answer_length,
            version_2: self.reading.null_threshold.is_some(),
        }
    }
}
