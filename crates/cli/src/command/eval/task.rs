use std::path::Path;

use pliant_data::task::{Columns, TaskName};
use pliant_train::{TaskEvaluationOptions, evaluate_task};

use super::Context;
use crate::{
    arguments::eval::{Eval, Rows},
    exit::Failure,
    render::{screen::Interruption, task},
};

pub(super) fn run(
    name: &str,
    data: &Path,
    arguments: &Eval,
    context: &Context,
) -> Result<(), Failure> {
    let name: TaskName = name.parse()?;
    let options = TaskEvaluationOptions {
        batch: Some(arguments.batch.into()),
        max_length: arguments.rows.max_length.map(Into::into),
        precision: arguments.precision,
        columns: columns(name, &arguments.rows)?,
        threads: context.threads,
    };
    let adapter = arguments.rows.adapter.as_deref();
    let evaluation = evaluate_task(&arguments.model, adapter, name, data, &options)?;
    let mut screen = context.screen(Interruption::Leaves);
    for warning in &evaluation.warnings {
        screen.warning(warning);
    }
    context.output.result(&evaluation, |palette| {
        task::evaluation(&evaluation, palette)
    })
}

/// The columns of the user's own table, which are needed for it and for it alone.
fn columns(task: TaskName, rows: &Rows) -> Result<Option<Columns>, Failure> {
    let given = !rows.text_columns.is_empty() || rows.label_column.is_some();
    match (task, &rows.label_column) {
        (TaskName::Own, Some(label)) if !rows.text_columns.is_empty() => Ok(Some(Columns {
            text: rows.text_columns.clone(),
            label: Some(label.clone()),
        })),
        (TaskName::Own, _) => Err(
            Failure::usage("your own table needs the names of its columns")
                .hint("give --text-columns and --label-column"),
        ),
        _ if given => Err(
            Failure::usage(format_args!("the columns of the task {task} are known"))
                .hint("leave --text-columns and --label-column away, or give --task own"),
        ),
        _ => Ok(None),
    }
}
