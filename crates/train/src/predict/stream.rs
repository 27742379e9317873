//! Prediction over a stream of JSON lines, in bounded memory.

use std::io::{BufRead, Write};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{BATCH, Predictor, PredictorKind};
use crate::TrainError;

/// Lines that are read before they are answered: enough to sort by length, few enough to hold.
const CHUNK: usize = 8 * BATCH;

/// One line.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    /// Given back with the answer.
    #[serde(default)]
    id: Option<Value>,
    #[serde(default)]
    text: Option<String>,
    #[serde(default)]
    text_pair: Option<String>,
    #[serde(default)]
    question: Option<String>,
    #[serde(default)]
    context: Option<String>,
}

/// One answer.
#[derive(Serialize)]
struct Answered<T> {
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<Value>,
    #[serde(flatten)]
    result: T,
}

impl Predictor {
    /// Answers every line of `input`, in order, with one line of `output`; returns how many.
    ///
    /// A line is `{"text": …}` (with `[MASK]` for a model that fills masks), `{"text": …, "text_pair": …}`, or
    /// `{"question": …, "context": …}`, each with an optional `id` that is given back. Empty lines are left out.
    ///
    /// # Errors
    /// [`TrainError::BadLine`], naming the line, and what the answers themselves can fail with; `top` is as in
    /// [`Predictor::fill`] and [`Predictor::answer`].
    pub fn stream(
        &self,
        input: &mut dyn BufRead,
        output: &mut dyn Write,
        top: usize,
    ) -> Result<u64, TrainError> {
        let mut count = 0;
        let mut chunk = Vec::with_capacity(CHUNK);
        let mut text = String::new();
        let mut number = 0;
        loop {
            text.clear();
            let read = input.read_line(&mut text).map_err(TrainError::Stream)?;
            number += 1;
            if read > 0 && !text.trim().is_empty() {
                let line: Line =
                    serde_json::from_str(&text).map_err(|error| TrainError::BadLine {
                        line: number,
                        reason: error.to_string(),
                    })?;
                chunk.push((number, line));
            }
            if chunk.len() == CHUNK || (read == 0 && !chunk.is_empty()) {
                count += chunk.len() as u64;
                self.answer_chunk(std::mem::take(&mut chunk), output, top)?;
            }
            if read == 0 {
                output.flush().map_err(TrainError::Stream)?;
                return Ok(count);
            }
        }
    }

    fn answer_chunk(
        &self,
        chunk: Vec<(u64, Line)>,
        output: &mut dyn Write,
        top: usize,
    ) -> Result<(), TrainError> {
        let first = chunk.first().map_or(1, |(number, _)| *number);
        let mut ids = Vec::with_capacity(chunk.len());
        let mut texts = Vec::new();
        let mut pairs = Vec::new();
        let mut questions = Vec::new();
        let kind = self.kind();
        for (number, line) in chunk {
            let missing = |field: &str| TrainError::BadLine {
                line: number,
                reason: format!("there is no `{field}`"),
            };
            ids.push(line.id);
            match kind {
                PredictorKind::FillMask => texts.push(line.text.ok_or_else(|| missing("text"))?),
                PredictorKind::Classify { .. } | PredictorKind::Regress => {
                    pairs.push((line.text.ok_or_else(|| missing("text"))?, line.text_pair));
                }
                PredictorKind::Answer => questions.push((
                    line.question.ok_or_else(|| missing("question"))?,
                    line.context.ok_or_else(|| missing("context"))?,
                )),
            }
        }
        // Rows are counted from 1 within the chunk where something is wrong with one.
        let named = |error| in_stream(error, first);
        match kind {
            PredictorKind::FillMask => {
                write_all(output, ids, self.fill(&texts, top).map_err(named)?)
            }
            PredictorKind::Classify { .. } | PredictorKind::Regress => {
                write_all(output, ids, self.label(&pairs).map_err(named)?)
            }
            PredictorKind::Answer => {
                write_all(output, ids, self.answer(&questions, top).map_err(named)?)
            }
        }
    }
}

/// Says from which line the rows of an error are counted.
fn in_stream(error: TrainError, first: u64) -> TrainError {
    if first == 1 {
        return error;
    }
    TrainError::InStream {
        first,
        source: Box::new(error),
    }
}

fn write_all<T: Serialize>(
    output: &mut dyn Write,
    ids: Vec<Option<Value>>,
    results: Vec<T>,
) -> Result<(), TrainError> {
    for (id, result) in ids.into_iter().zip(results) {
        let mut line = serde_json::to_string(&Answered { id, result })
            .map_err(|error| TrainError::Stream(error.into()))?;
        line.push('\n');
        output
            .write_all(line.as_bytes())
            .map_err(TrainError::Stream)?;
    }
    Ok(())
}
