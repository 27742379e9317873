//! The model card: what the model is, what its run measured, how to load it.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use pliant_nn::ModelConfig;
use pliant_train::RunSummary;
use serde_json::Value;

/// `README.md`; with the numbers of the run where `model` lies in a run folder.
pub(crate) fn text(model: &Path, config: &ModelConfig, architecture: &str) -> String {
    let mut text = String::from(
        "---\nlibrary_name: transformers\ntags:\n- pliant\n- learnable-activation\n---\n\n",
    );
    let _ = writeln!(
        text,
        "# {architecture}\n\nA BERT encoder whose feed-forward activation is `{}` (layers: {}), trained with [Pliant](https://arxiv.org/abs/2208.14111 \"RAFT: Transformers with Learnable Activation Functions\").\n",
        config.activation, config.sites
    );
    let _ = writeln!(
        text,
        "| | |\n|---|---|\n| layers | {} |\n| hidden size | {} |\n| heads | {} |\n| intermediate size | {} |\n| longest sequence | {} |\n| words | {} |\n| positions | {} |\n| norms | {} |",
        config.layers,
        config.hidden_size,
        config.heads,
        config.inner_size(&config.activation),
        config.max_positions,
        config.vocabulary_size,
        config.positions,
        config.norm
    );
    if let Some(run) = model.parent() {
        numbers(run, &mut text);
    }
    let auto = architecture.trim_start_matches("PliantFor");
    let _ = write!(
        text,
        "\n```python\nfrom transformers import AutoModelFor{auto}, AutoTokenizer\n\nmodel = AutoModelFor{auto}.from_pretrained(FOLDER, trust_remote_code=True)\ntokenizer = AutoTokenizer.from_pretrained(FOLDER, trust_remote_code=True)\n```\n\n\
         `modeling_pliant.py` is plain PyTorch without an extension; the model can be fine-tuned there, and Pliant reads what `save_pretrained` writes.\n"
    );
    text
}

/// What a run measured, as far as its files tell.
fn numbers(run: &Path, text: &mut String) {
    let read = |name: &str| fs::read(run.join(name)).ok();
    if let Some(summary) = read("summary.json")
        && let Ok(summary) = serde_json::from_slice::<RunSummary>(&summary)
    {
        let _ = writeln!(
            text,
            "\n## Pre-training\n\n| | |\n|---|---|\n| steps | {} |\n| validation loss | {:.4} |\n| perplexity | {:.2} |\n| masked accuracy | {:.1} % |\n| precision of matrix products | {} |\n| seed | {} |",
            summary.steps,
            summary.validation_loss,
            summary.perplexity,
            100.0 * summary.masked_accuracy,
            summary.precision,
            summary.seed
        );
    }
    // A fine-tuning run.
    if let Some(result) = read("result.json")
        && let Ok(result) = serde_json::from_slice::<Value>(&result)
        && let Some(task) = result.get("task").and_then(Value::as_str)
    {
        let _ = writeln!(
            text,
            "\n## Fine-tuning\n\n| {task} | validation | test |\n|---|--:|--:|"
        );
        let of = |part: &str, name: &str| {
            let value = result.get(part).and_then(|metrics| metrics.get(name));
            value
                .and_then(Value::as_f64)
                .map_or("–".to_owned(), |value| format!("{value:.4}"))
        };
        let metrics = result.get("validation").and_then(Value::as_object);
        for name in metrics.into_iter().flat_map(serde_json::Map::keys) {
            let _ = writeln!(
                text,
                "| {name} | {} | {} |",
                of("validation", name),
                of("test", name)
            );
        }
    }
}
