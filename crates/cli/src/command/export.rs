use pliant_hub::{
    hugging_face,
    onnx::{self, Element, OnnxOptions},
};

use super::context::Context;
use crate::{
    arguments::export::{Export, Format},
    exit::Failure,
};

pub(crate) fn run(arguments: &Export, context: &Context) -> Result<(), Failure> {
    if !arguments.model.join("config.json").is_file() {
        return Err(Failure::no_model(&arguments.model));
    }
    match arguments.to {
        Format::Hf => to_hugging_face(arguments, context),
        Format::Onnx => to_onnx(arguments, context),
    }
}

fn to_hugging_face(arguments: &Export, context: &Context) -> Result<(), Failure> {
    for (option, is_given) in [
        ("--half", arguments.half),
        ("--encoder-only", arguments.encoder_only),
        ("--adapter", arguments.adapter.is_some()),
    ] {
        if is_given {
            return Err(
                Failure::usage(format_args!("{option} has no meaning with --to hf"))
                    .hint(format_args!("leave {option} out, or write --to onnx")),
            );
        }
    }
    let exported = hugging_face::export(&arguments.model, &arguments.out)?;
    context.output.result(&exported, |_| {
        format!(
            "{} in {}: {}\n",
            exported.architecture,
            exported.folder.display(),
            exported.files.join(", ")
        )
    })
}

fn to_onnx(arguments: &Export, context: &Context) -> Result<(), Failure> {
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
