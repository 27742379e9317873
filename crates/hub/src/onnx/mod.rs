//! A model as an ONNX file, with operators of ONNX's own domain alone: for ONNX Runtime, tract and others.

mod activation;
mod attention;
mod element;
mod embeddings;
mod encoder;
mod file;
mod graph;
mod head;
mod message;
mod weights;
mod writer;

use std::path::{Path, PathBuf};

use pliant_nn::{Head, MaskedLanguageModel, Model, ModelConfig, TaskHead, TaskModel};
use serde::Serialize;
use serde_json::json;

pub use element::Element;
use graph::Graph;
use head::{Output, free_axes};
use message::{ModelProto, OperatorSetIdProto, StringStringEntryProto};
use weights::Weights;
use writer::{Inputs, Writer};

use crate::HubError;

/// Version of the operators: the first with a layer norm of its own.
const OPERATORS: i64 = 17;
/// Version of the format that belongs to it.
const FORMAT: i64 = 8;

/// What is written of a model, and how.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct OnnxOptions {
    /// Folder of an adapter that was trained on the model; it is merged, as one in the model's own folder is.
    pub adapter: Option<PathBuf>,
    /// Format of weights and hidden values; outputs are f32 all the same.
    pub element: Element,
    /// Leave the head away: the output is `last_hidden_state`.
    pub encoder_only: bool,
}

/// What [`export`] wrote.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ExportedOnnx {
    /// The file.
    pub file: PathBuf,
    /// `masked-language`, `classification`, `regression`, `span` or `encoder`.
    pub kind: &'static str,
    /// The names of the outputs.
    pub outputs: Vec<&'static str>,
    /// Format of the weights.
    pub element: Element,
    /// Version of the operators.
    pub opset: i64,
    /// Length of the file.
    pub bytes: u64,
}

/// Writes `model`, a folder with `config.json` and `model.safetensors`, as the ONNX file `out`.
///
/// Inputs are `input_ids`, `attention_mask` and `token_type_ids`, 64-bit integers `[batch, sequence]`, both axes free; the
/// sequence is at most as long as the model's positions. Outputs are f32: `logits` `[batch, sequence, words]` or `[batch,
/// labels]`, `start_logits` and `end_logits` `[batch, sequence]`, or `last_hidden_state` `[batch, sequence, hidden]`.
///
/// # Errors
/// `model` is no model of this program or damaged, it has [additions](pliant_nn::Additions), an activation cannot be expressed, a weight or the whole does not fit the
/// format, or `out` is something else or cannot be written.
pub fn export(model: &Path, out: &Path, options: &OnnxOptions) -> Result<ExportedOnnx, HubError> {
    file::check(out)?;
    if options.adapter.is_none() && !TaskModel::is_in(model)? {
        let model = MaskedLanguageModel::load(model)?;
        return write(&model, Output::Words, out, options);
    }
    let mut task = match &options.adapter {
        None => TaskModel::load(model)?,
        Some(adapter) => TaskModel::with_adapter(model, adapter)?,
    };
    if task.adapter().is_some() {
        task.merge_adapter()?;
    }
    let output = Output::Task(task.head().clone());
    write(&task, output, out, options)
}

fn write<H: Head>(
    model: &Model<H>,
    whole: Output,
    out: &Path,
    options: &OnnxOptions,
) -> Result<ExportedOnnx, HubError> {
    let output = if options.encoder_only {
        Output::Hidden
    } else {
        whole
    };
    let config = model.config();
    config.additions.refuse("an ONNX graph")?;
    let graph = graph(model, &output, options.element)?;
    let proto = ModelProto {
        ir_version: FORMAT,
        producer_name: file::PRODUCER.to_owned(),
        producer_version: env!("CARGO_PKG_VERSION").to_owned(),
        doc_string: description(config, &output),
        graph: Some(graph.into_proto()),
        opset_import: vec![OperatorSetIdProto {
            domain: String::new(),
            version: OPERATORS,
        }],
        metadata_props: metadata(config, &output, options.element),
    };
    let bytes = file::write(out, &proto)?;
    Ok(ExportedOnnx {
        file: out.to_path_buf(),
        kind: output.kind(),
        outputs: output.names().to_vec(),
        element: options.element,
        opset: OPERATORS,
        bytes,
    })
}

fn graph<H: Head>(model: &Model<H>, output: &Output, element: Element) -> Result<Graph, HubError> {
    let mut graph = Graph::new("pliant", element);
    let axes = free_axes();
    let inputs = Inputs {
        ids: graph.input("input_ids", &axes, "Tokens."),
        mask: graph.input("attention_mask", &axes, "1 for a token, 0 for padding."),
        types: graph.input(
            "token_type_ids",
            &axes,
            "0 for the first text, 1 for the second.",
        ),
    };
    let mut writer = Writer {
        graph,
        weights: Weights::of(model),
        config: model.config(),
    };
    let encoded = writer.encoder(&inputs)?;
    writer.head(output, &inputs, &encoded)?;
    Ok(writer.graph)
}

fn description(config: &ModelConfig, output: &Output) -> String {
    format!(
        "A BERT encoder ({}) with the activation {} (layers: {}); sequences of at most {} tokens.",
        output.kind(),
        config.activation,
        config.sites,
        config.max_positions
    )
}

/// What other programs may want to know, as text.
fn metadata(
    config: &ModelConfig,
    output: &Output,
    element: Element,
) -> Vec<StringStringEntryProto> {
    let mut entries = vec![
        ("task", output.kind().to_owned()),
        ("activation", config.activation.to_string()),
        ("activation_sites", config.sites.to_string()),
        ("hidden_act", config.fixed_activation.to_string()),
        ("pooler_act", config.fixed_pooler_activation.to_string()),
        ("norm_placement", config.norm.to_string()),
        ("position_embedding_type", config.positions.to_string()),
        ("max_position_embeddings", config.max_positions.to_string()),
        (
            "dtype",
            if element == Element::F32 {
                "float32"
            } else {
                "float16"
            }
            .to_owned(),
        ),
    ];
    if let Output::Task(TaskHead::Classification { labels }) = output {
        entries.push(("labels", json!(labels).to_string()));
    }
    let entry = |(key, value): (&str, String)| StringStringEntryProto {
        key: key.to_owned(),
        value,
    };
    entries.into_iter().map(entry).collect()
}
