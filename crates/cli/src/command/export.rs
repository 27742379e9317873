use pliant_hub::{
    HubError,
    hugging_face::{self, Exported},
    onnx::{self, Element, OnnxOptions},
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
    match arguments.to {
        Format::Hf => to_hugging_face(arguments, context),
        Format::Onnx => to_onnx(arguments, context),
    }
}

/// Refuses an option that the format has no use for.
fn without(format: &str, options: &[(&str, bool)]) -> Result<(), Failure> {
    match options.iter().find(|(_, is_given)| *is_given) {
        None => Ok(()),
        Some((option, _)) => Err(Failure::usage(format_args!(
            "{option} has no meaning with --to {format}"
        ))
        .hint(format_args!("leave {option} out, or choose another --to"))),
    }
}

fn to_hugging_face(arguments: &Export, context: &Context) -> Result<(), Failure> {
    without(
        "hf",
        &[
            ("--half", arguments.half),
            ("--encoder-only", arguments.encoder_only),
            ("--adapter", arguments.adapter.is_some()),
        ],
    )?;
    // A name or a token that will not do is told before anything is written.
    let target = match &arguments.push {
        Some(name) => Some(target(name).map_err(HubError::from)?),
        None => None,
    };
    let exported = hugging_face::export(&arguments.model, &arguments.out)?;
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

fn to_onnx(arguments: &Export, context: &Context) -> Result<(), Failure> {
    without("onnx", &[("--push", arguments.push.is_some())])?;
    let options = OnnxOptions {
        adapter: arguments.adapter.clone(),
        element: if arguments.half {
            Element::F16
        } else {
            Element::F32
        },
        encoder_only: arguments.encoder_only,
    };
    let exported = onnx::export(&arguments.model, &arguments.out, &options)?;
    context.output.result(&exported, |_| {
        format!(
            "{} model in {}: {}; opset {}, {} bytes\n",
            exported.kind,
            exported.file.display(),
            exported.outputs.join(", "),
            exported.opset,
            exported.bytes
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
