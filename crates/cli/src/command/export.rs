use pliant_hub::hugging_face;

use super::context::Context;
use crate::{
    arguments::export::{Export, Format},
    exit::Failure,
};

pub(crate) fn run(arguments: &Export, context: &Context) -> Result<(), Failure> {
    if !arguments.model.join("config.json").is_file() {
        return Err(Failure::no_model(&arguments.model));
    }
    let exported = match arguments.to {
        Format::Hf => hugging_face::export(&arguments.model, &arguments.out),
    }?;
    context.output.result(&exported, |_| {
        format!(
            "{} in {}: {}\n",
            exported.architecture,
            exported.folder.display(),
            exported.files.join(", ")
        )
    })
}
