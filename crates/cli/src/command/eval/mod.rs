//! `pliant eval`: a masked-language model on a text, or a fine-tuned one on a task.

mod task;
mod text;

use super::context::Context;
use crate::{arguments::eval::Eval, exit::Failure};

pub(crate) fn run(arguments: &Eval, context: &Context) -> Result<(), Failure> {
    if !arguments.model.join("config.json").is_file() {
        return Err(Failure::no_model(&arguments.model));
    }
    match (
        &arguments.rows.task,
        &arguments.rows.data,
        &arguments.text.corpus,
    ) {
        (Some(task), Some(data), _) => task::run(task, data, arguments, context),
        (_, _, Some(corpus)) => text::run(corpus, arguments, context),
        _ => Err(Failure::usage("there is nothing to measure on")
            .hint("give --corpus TEXT, or --task NAME with --data PATH")),
    }
}
