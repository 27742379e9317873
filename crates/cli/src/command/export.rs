use pliant_hub::{
    HubError,
    hugging_face::{self, Exported},
    repository::{self, Pushed, RepositoryError, RepositoryName, Settings, Transfer},
};
use serde::Serialize;

use super::context::Context;
use crate::{
    arguments::export::{Export, Format},
    exit::Failure,
    render::{screen::Interruption, transfer},
};

/// What `--json` prints.
#[derive(Serialize)]
struct Document<'a> {
    #[serde(flatten)]
    exported: &'a Exported,
    #[serde(skip_serializing_if = "Option::is_none")]
    pushed: Option<&'a Pushed>,
}

pub(crate) fn run(arguments: &Export, context: &Context) -> Result<(), Failure> {
    if !arguments.model.join("config.json").is_file() {
        return Err(Failure::no_model(&arguments.model));
    }
    // A name or a token that will not do is told before anything is written.
    let target = match &arguments.push {
        Some(name) => Some(target(name).map_err(HubError::from)?),
        None => None,
    };
    let exported = match arguments.to {
        Format::Hf => hugging_face::export(&arguments.model, &arguments.out),
    }?;
    let pushed = match &target {
        Some((name, settings)) => {
            Some(push(&exported, name, arguments.private, settings, context)?)
        }
        None => None,
    };
    let document = Document {
        exported: &exported,
        pushed: pushed.as_ref(),
    };
    context.output.result(&document, |_| {
        let commit = pushed.as_ref();
        format!(
            "{} in {}: {}\n{}",
            exported.architecture,
            exported.folder.display(),
            exported.files.join(", "),
            commit.map_or_else(String::new, |pushed| format!("{}\n", pushed.url))
        )
    })
}

fn target(name: &str) -> Result<(RepositoryName, Settings), RepositoryError> {
    let parsed: RepositoryName = name.parse()?;
    if parsed.inside.is_some() {
        return Err(RepositoryError::Name {
            name: name.to_owned(),
            reason: "a model is sent to the whole of it, not to a path inside".to_owned(),
        });
    }
    let settings = Settings::from_environment()?;
    match settings.token {
        Some(_) => Ok((parsed, settings)),
        None => Err(RepositoryError::NoToken),
    }
}

fn push(
    exported: &Exported,
    name: &RepositoryName,
    private: bool,
    settings: &Settings,
    context: &Context,
) -> Result<Pushed, Failure> {
    let mut screen = context.screen(Interruption::Leaves);
    let mut tell = |file: &Transfer| screen.note(&transfer::sent(file));
    let (folder, files) = (&exported.folder, &exported.files);
    let pushed = repository::push(folder, files, name, private, settings, &mut tell);
    screen.clear();
    Ok(pushed.map_err(HubError::from)?)
}
