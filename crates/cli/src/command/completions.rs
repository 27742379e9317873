use clap::CommandFactory;
use serde::Serialize;

use super::context::Context;
use crate::{
    arguments::{Arguments, completions::Completions},
    exit::Failure,
};

#[derive(Serialize)]
struct Document {
    shell: String,
    script: String,
}

pub(crate) fn run(arguments: &Completions, context: &Context) -> Result<(), Failure> {
    let mut script = Vec::new();
    clap_complete::generate(
        arguments.shell,
        &mut Arguments::command(),
        "pliant",
        &mut script,
    );
    let script = String::from_utf8_lossy(&script).into_owned();
    let document = Document {
        shell: arguments.shell.to_string(),
        script,
    };
    context
        .output
        .result(&document, |_| document.script.clone())
}
