//! Answers to questions about a context.

use pliant_data::metric::Metric;
use pliant_data::squad::{Question, QuestionAnswers, WindowOptions, windows};
use pliant_nn::TaskHead;
use serde::Serialize;

use super::{BATCH, Predictor};
use crate::TrainError;
use crate::finetune::part::Sequences;
use crate::finetune::score::Scoring;

/// An answer with its place.
#[derive(Clone, Debug, PartialEq, Serialize)]
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
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Answers {
    /// They do not overlap.
    pub answers: Vec<TextAnswer>,
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
            .map(|(row, (question, context))| Question {
                id: (row + 1).to_string(),
                question: question.clone(),
                context: context.as_str().into(),
                answers: Vec::new(),
                is_impossible: false,
            })
            .collect();
        Ok(self
            .answers(&questions, self.reading.null_threshold)?
            .into_iter()
            .map(|of| Answers {
                answers: of
                    .answers
                    .into_iter()
                    .take(top)
                    .map(|answer| TextAnswer {
                        text: answer.text,
                        start: answer.start,
                        end: answer.end,
                        probability: answer.probability,
                    })
                    .collect(),
            })
            .collect())
    }

    /// The best answers to questions, with scores; with a threshold, "no answer" may be one of them.
    pub(crate) fn answers(
        &self,
        questions: &[Question],
        null_threshold: Option<f64>,
    ) -> Result<Vec<QuestionAnswers>, TrainError> {
        let model = self.task("answer questions")?;
        if *model.head() != TaskHead::Span {
            return Err(self.unable("answer questions"));
        }
        let cut = WindowOptions {
            max_length: self.reading.max_length,
            doc_stride: self.reading.doc_stride,
            max_query_length: self.reading.max_query_length,
        };
        let sequences = Sequences::Windows(windows(&self.tokenizer, questions, cut)?);
        let logits = sequences.logits(model, BATCH, self.tokenizer.special().pad)?;
        let Sequences::Windows(windows) = &sequences else {
            return Ok(Vec::new());
        };
        Ok(self
            .scoring()
            .answers(questions, windows, &logits, null_threshold))
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
