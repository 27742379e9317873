//! Scoring a tuned model on a labelled file: its own task's, or another's without training on it.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Instant;

use pliant_data::metric::{Metric, score_squad};
use pliant_data::squad::{Question, SquadFile, read_squad};
use pliant_data::task::{
    Columns, Example, Labelled, Labels, Target, TaskName, read_glue, read_labelled,
};
use pliant_data::{DataError, TaskError};
use pliant_nn::{Precision, TaskHead};
use serde::{Deserialize, Serialize};

use crate::TrainError;
use crate::finetune::part::Part;
use crate::finetune::rows::encode;
use crate::finetune::score::{Scoring, mean};
use crate::predict::{BATCH, Predictor};
use crate::run::in_threads;

/// Questions whose windows and logits are held at once.
const QUESTIONS: usize = 256;

/// How to score.
#[derive(Clone, Debug, Default)]
pub struct TaskEvaluationOptions {
    /// Sequences that go through the model at once; none for 32.
    pub batch: Option<usize>,
    /// Longest sequence in tokens; none for that of training.
    pub max_length: Option<usize>,
    /// What the operands of matrix products are rounded to.
    pub precision: Precision,
    /// Columns of the user's own tables.
    pub columns: Option<Columns>,
    /// Threads; none for the process's default.
    pub threads: Option<usize>,
}

/// Result of an evaluation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TaskEvaluation {
    /// The task whose rows were scored.
    pub task: String,
    /// Rows, or questions.
    pub rows: usize,
    /// The metric of the task.
    pub primary: String,
    /// Metrics by name, `loss` among them where there is one.
    pub metrics: BTreeMap<String, f64>,
    /// Rows that were left out, and why.
    pub warnings: Vec<String>,
    /// What the operands of matrix products were rounded to.
    pub precision: String,
    /// Time of scoring in seconds.
    pub seconds: f64,
}

/// Scores the tuned model in `model` (or the base `model` with an adapter) on `data` of a task: a labelled file,
/// or a folder with the development part of GLUE or `SQuAD`.
///
/// The task's labels are found among the model's by name, so that a model of MNLI can be scored on SNLI, and one of SQuAD on
/// any file of that form.
///
/// # Errors
/// A model of another kind, a label that the model does not have, and what files say.
pub fn evaluate_task(
    model: &Path,
    adapter: Option<&Path>,
    task: TaskName,
    data: &Path,
    options: &TaskEvaluationOptions,
) -> Result<TaskEvaluation, TrainError> {
    in_threads(options.threads, || {
        let mut predictor = Predictor::load(model, adapter, options.precision)?;
        if let Some(max_length) = options.max_length {
            predictor.reading_mut().max_length = max_length;
        }
        let began = Instant::now();
        let (rows, primary, metrics, warnings) = match task {
            TaskName::Squad { version_2 } if data.is_dir() => {
                let name = if version_2 {
                    "dev-v2.0.json"
                } else {
                    "dev-v1.1.json"
                };
                answers(&predictor, &data.join(name))?
            }
            TaskName::Squad { .. } => answers(&predictor, data)?,
            _ => labels(&predictor, task, data, options)?,
        };
        Ok(TaskEvaluation {
            task: task.to_string(),
            rows,
            primary: primary.name().to_owned(),
            metrics,
            warnings,
            precision: options.precision.to_string(),
            seconds: began.elapsed().as_secs_f64(),
        })
    })
}

/// Rows by part, and what was left out of them.
type LabelledParts = (Vec<(String, Vec<Example>)>, Vec<String>);
type Found = (usize, Metric, BTreeMap<String, f64>, Vec<String>);

fn labels(
    predictor: &Predictor,
    task: TaskName,
    data: &Path,
    options: &TaskEvaluationOptions,
) -> Result<Found, TrainError> {
    let model = predictor.task("name labels")?;
    let known = match model.head() {
        TaskHead::Classification { labels } => Labels::Classes(labels.clone()),
        TaskHead::Regression => Labels::Regression,
        TaskHead::Span => return Err(predictor.unable("name labels")),
    };
    let (parts, warnings) = labelled(task, &known, data, options)?;
    let rows = parts.iter().flat_map(|(_, rows)| rows);
    if rows.clone().any(|row| row.target.is_none()) {
        return Err(DataError::from(TaskError::Unsuitable {
            reason: format!("{} has rows without a label", data.display()),
            remedy: "score a labelled file; `pliant predict` needs no labels".to_owned(),
        })
        .into());
    }
    let scoring = Scoring {
        metrics: task.metrics(&known),
        outputs: known.outputs(),
        max_answer_length: predictor.reading().max_answer_length,
        version_2: false,
    };
    let pad = predictor.tokenizer().special().pad;
    let mut scored = Vec::with_capacity(parts.len());
    for (name, rows) in &parts {
        let max_length = predictor.reading().max_length;
        let part: Part = encode(name, rows, predictor.tokenizer(), max_length)?;
        let batch = options.batch.unwrap_or(BATCH);
        let logits = part.sequences.logits(model, batch, pad)?;
        scored.push((name.clone(), scoring.score(&part, &logits, None)));
    }
    Ok((
        rows.count(),
        scoring.primary(),
        mean(&scored).metrics,
        warnings,
    ))
}

/// The rows of a file, or the development parts of a folder of GLUE, with the model's labels.
fn labelled(
    task: TaskName,
    known: &Labels,
    data: &Path,
    options: &TaskEvaluationOptions,
) -> Result<LabelledParts, TrainError> {
    let TaskName::Glue(task) = task else {
        return file_of_rows(task, known, data, options);
    };
    if !data.is_dir() {
        return file_of_rows(TaskName::Glue(task), known, data, options);
    }
    let mut parts = read_glue(task, data)?;
    for row in parts.official_dev.iter_mut().flat_map(|(_, rows)| rows) {
        row.target = row
            .target
            .map(|target| translated(target, &parts.labels, known, data, row.row))
            .transpose()?;
    }
    Ok((parts.official_dev, parts.warnings))
}

fn file_of_rows(
    task: TaskName,
    known: &Labels,
    data: &Path,
    options: &TaskEvaluationOptions,
) -> Result<LabelledParts, TrainError> {
    let Labelled { examples, warnings } =
        read_labelled(task, known, data, options.columns.as_ref())?;
    let name = data.file_name().unwrap_or_default().to_string_lossy();
    Ok((vec![(name.into_owned(), examples)], warnings))
}

/// A task's class as the number that it has in the model, by its name.
fn translated(
    target: Target,
    own: &Labels,
    known: &Labels,
    path: &Path,
    line: usize,
) -> Result<Target, DataError> {
    match (target, own, known) {
        (Target::Class(class), Labels::Classes(own), Labels::Classes(known)) => {
            let label = &own[class as usize];
            let place = known.iter().position(|name| name == label);
            place
                .map(|place| Target::Class(place as u32))
                .ok_or_else(|| {
                    TaskError::UnknownLabel {
                        path: path.to_owned(),
                        line,
                        label: label.clone(),
                        known: known.clone(),
                        from_training: true,
                    }
                    .into()
                })
        }
        (Target::Score(_), Labels::Regression, Labels::Regression) => Ok(target),
        (.., Labels::Regression) => {
            Err(unsuitable("this model gives numbers, the task has labels"))
        }
        _ => Err(unsuitable("this model names labels, the task has numbers")),
    }
}

fn unsuitable(reason: &str) -> DataError {
    TaskError::Unsuitable {
        reason: reason.to_owned(),
        remedy: "give a model that was fine-tuned on such a task".to_owned(),
    }
    .into()
}

/// Questions in pieces, so that memory does not grow with the file.
fn answers(predictor: &Predictor, data: &Path) -> Result<Found, TrainError> {
    let SquadFile {
        version_2,
        questions,
        warnings,
    } = read_squad(data)?;
    let threshold = predictor.reading().null_threshold;
    let mut predictions = BTreeMap::new();
    for questions in questions.chunks(QUESTIONS) {
        for answers in predictor.answers(questions, None)? {
            let best = answers.answers.first().map(|best| f64::from(best.score));
            let difference = best.map_or(f64::MAX, |best| f64::from(answers.null_score) - best);
            let is_null = version_2 && threshold.is_some_and(|threshold| difference > threshold);
            let text = if is_null { "" } else { answers.text() };
            let text = text.to_owned();
            predictions.insert(answers.id, text);
        }
    }
    Ok((
        questions.len(),
        Metric::SpanF1,
        squad_metrics(&questions, version_2, &predictions),
        warnings,
    ))
}

fn squad_metrics(
    questions: &[Question],
    version_2: bool,
    predictions: &BTreeMap<String, String>,
) -> BTreeMap<String, f64> {
    let scores = score_squad(questions, version_2, predictions, None);
    let mut metrics = BTreeMap::from([
        (Metric::ExactMatch.name().to_owned(), scores.all.exact_match),
        (Metric::SpanF1.name().to_owned(), scores.all.f1),
    ]);
    for (name, part) in [
        ("answerable", scores.answerable),
        ("unanswerable", scores.unanswerable),
    ] {
        if let Some(part) = part {
            metrics.insert(
                format!("{}_{name}", Metric::ExactMatch.name()),
                part.exact_match,
            );
            metrics.insert(format!("{}_{name}", Metric::SpanF1.name()), part.f1);
        }
    }
    metrics
}
