//! Names that other parts of the program define: tasks and modes.

use pliant_data::task::{GlueTask, TaskName};
use pliant_train::finetune::Mode;

/// What is wrong with a name, and what to do.
type Refusal = (String, Option<String>);

/// The text form of a task that a sweep can train.
pub(super) fn task(text: &str) -> Result<String, Refusal> {
    let name: TaskName = text
        .parse()
        .map_err(|error: pliant_data::TaskError| (error.to_string(), error.hint()))?;
    match name {
        TaskName::Glue(_) | TaskName::Squad { .. } => Ok(name.to_string()),
        TaskName::Snli | TaskName::Own => Err((
            format!("a sweep does not train the task `{name}`"),
            Some(
                "its tasks are those of GLUE, squad and squad2; `pliant finetune` takes other data"
                    .to_owned(),
            ),
        )),
    }
}

/// The text form of a mode.
pub(super) fn mode(text: &str) -> Result<String, Refusal> {
    let mode: Mode = text
        .parse()
        .map_err(|error: pliant_train::TrainError| (error.to_string(), error.hint()))?;
    Ok(mode.to_string())
}

/// What the score of a task is, in words.
pub(super) fn metric(task: &str) -> &'static str {
    match task.parse() {
        Ok(TaskName::Glue(GlueTask::Cola)) => "Matthews",
        Ok(TaskName::Glue(GlueTask::Stsb)) => "mean of Pearson and Spearman",
        Ok(TaskName::Glue(GlueTask::Mrpc | GlueTask::Qqp)) => "mean of accuracy and F1",
        Ok(TaskName::Squad { .. }) => "F1",
        _ => "accuracy",
    }
}
