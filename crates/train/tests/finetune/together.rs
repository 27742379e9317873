//! Asking in steps: what a text is replied does not depend on the texts beside it.

use std::path::Path;

use pliant_kernels::dispatch::{self, Level};
use pliant_nn::{MaskedLanguageModel, Precision, TaskHead, TaskModel};
use pliant_train::predict::{Encoded, Excess, ModelSequence, Pooling, Predictor};

use serde_json::Value;

use crate::world::{config, sentence, vocabulary, write_model};

/// A model wide enough that its products are cut to pieces of several sizes.
fn wide(folder: &Path, head: Option<TaskHead>) -> Predictor {
    write_model(folder, &vocabulary(), "rational", "all");
    let mut config = config(vocabulary().len(), "rational", "all");
    config.hidden_size = 192;
    config.heads = 3;
    config.intermediate_size = 384;
    config.max_positions = 128;
    match head {
        Some(head) => TaskModel::new(&config, head, 3)
            .unwrap()
            .save(folder)
            .unwrap(),
        None => MaskedLanguageModel::new(&config, 3)
            .unwrap()
            .save(folder)
            .unwrap(),
    }
    Predictor::load(folder, None, Precision::F32).unwrap()
}

/// Texts of 3 to some sixty words, more than 2,000 tokens in all.
fn texts() -> Vec<String> {
    (0..120)
        .map(|row| {
            let sentences: Vec<String> = (0..=row % 7)
                .map(|part| sentence(31 * row + part).0)
                .collect();
            sentences.join(" ")
        })
        .collect()
}

/// Replies of one pass over everything, and of a pass for each alone.
fn together_and_alone<R>(
    predictor: &Predictor,
    encode: impl Fn(&str) -> Encoded<R>,
) -> (Vec<R>, Vec<R>) {
    let pass = |inputs: Vec<Encoded<R>>| -> Vec<R> {
        let mut inputs = inputs;
        let own: Vec<Vec<ModelSequence>> = inputs.iter_mut().map(Encoded::take_sequences).collect();
        let all: Vec<&ModelSequence> = own.iter().flatten().collect();
        let mut outputs = predictor.forward(&all).unwrap().into_iter();
        inputs
            .into_iter()
            .zip(&own)
            .map(|(input, own)| {
                let outputs = outputs.by_ref().take(own.len()).collect();
                input.finish(predictor, outputs)
            })
            .collect()
    };
    let texts = texts();
    let together = pass(texts.iter().map(|text| encode(text)).collect());
    let alone = texts
        .iter()
        .flat_map(|text| pass(vec![encode(text)]))
        .collect();
    (together, alone)
}

/// All numbers of replies, in order, and everything else of them.
fn numbers<R: serde::Serialize>(replies: &[R]) -> (Vec<f64>, String) {
    fn collect(value: &mut Value, numbers: &mut Vec<f64>) {
        match value {
            Value::Number(number) if number.is_f64() => {
                numbers.push(number.as_f64().unwrap());
                *value = Value::Null;
            }
            Value::Array(values) => values.iter_mut().for_each(|value| collect(value, numbers)),
            Value::Object(fields) => fields
                .iter_mut()
                .for_each(|(_, value)| collect(value, numbers)),
            _ => {}
        }
    }
    let mut numbers = Vec::new();
    let mut rest = serde_json::to_value(replies).unwrap();
    collect(&mut rest, &mut numbers);
    (numbers, rest.to_string())
}

/// Equal to rounding; where the products of a row do not know the other rows, to the last bit.
fn assert_equal<R: serde::Serialize>(what: &str, (together, alone): (Vec<R>, Vec<R>), exact: bool) {
    let ((together, rest), (alone, other_rest)) = (numbers(&together), numbers(&alone));
    assert!(rest == other_rest, "{what}: {rest}\n{other_rest}");
    assert!(!together.is_empty() && together.len() == alone.len());
    for (a, b) in together.iter().zip(&alone) {
        let close = (a - b).abs() <= 1e-5 * a.abs().max(1.0);
        assert!(if exact { a == b } else { close }, "{what}: {a} and {b}");
    }
}

#[test]
fn no_reply_depends_on_what_else_is_in_the_pass() {
    // The encoder's products are ours there; those of the heads, with few rows or columns, are cut as `gemm` likes.
    let exact = dispatch::supported() >= Level::Avx512;
    let folder = tempfile::tempdir().unwrap();
    let fills = wide(&folder.path().join("fills"), None);
    let masked = |text: &str| {
        fills
            .encode_fill(&format!("{text} [MASK]"), 4, Excess::Refuse)
            .unwrap()
    };
    assert_equal("fill", together_and_alone(&fills, masked), false);
    for (pooling, normalized) in [(Pooling::Mean, false), (Pooling::First, true)] {
        let embed = |text: &str| {
            fills
                .encode_embedding(text, None, pooling, normalized, Excess::Refuse)
                .unwrap()
        };
        assert_equal("embed", together_and_alone(&fills, embed), exact);
    }

    let labels = ["no", "yes", "maybe"].map(str::to_owned).to_vec();
    let head = TaskHead::Classification { labels };
    let classifies = wide(&folder.path().join("classifies"), Some(head));
    let label = |text: &str| {
        classifies
            .encode_label(text, Some("a film"), Excess::Refuse)
            .unwrap()
    };
    assert_equal("label", together_and_alone(&classifies, label), false);

    let answers = wide(&folder.path().join("answers"), Some(TaskHead::Span));
    let answer = |text: &str| {
        answers
            .encode_answer("where is the key ?", text, 3, Excess::Refuse)
            .unwrap()
    };
    assert_equal("answer", together_and_alone(&answers, answer), false);
}

#[test]
fn embeddings_are_means_of_all_tokens_or_the_first() {
    let folder = tempfile::tempdir().unwrap();
    let predictor = wide(folder.path(), None);
    let one = |text: &str, pooling, normalized| {
        let mut input = predictor
            .encode_embedding(text, None, pooling, normalized, Excess::Refuse)
            .unwrap();
        let sequences = input.take_sequences();
        let outputs = predictor.forward(&[&sequences[0]]).unwrap();
        input.finish(&predictor, outputs).embedding
    };
    let mean = one("good film", Pooling::Mean, false);
    let first = one("good film", Pooling::First, false);
    assert_eq!((mean.len(), first.len()), (192, 192));
    assert_ne!(mean, first);
    let length = |vector: &[f32]| vector.iter().map(|value| value * value).sum::<f32>().sqrt();
    let normalized = one("good film", Pooling::Mean, true);
    assert!((length(&normalized) - 1.0).abs() < 1e-5);
    for (value, other) in normalized.iter().zip(&mean) {
        assert!((value * length(&mean) - other).abs() < 1e-4);
    }
}

#[test]
fn excess_is_cut_or_refused_with_both_numbers() {
    let folder = tempfile::tempdir().unwrap();
    let predictor = wide(folder.path(), None);
    let long = "good ".repeat(300);
    let refused = predictor
        .encode_embedding(&long, None, Pooling::Mean, false, Excess::Refuse)
        .unwrap_err();
    assert_eq!(
        refused.to_string(),
        "the text has 302 tokens, but the model reads at most 128"
    );
    let mut cut = predictor
        .encode_embedding(&long, None, Pooling::Mean, false, Excess::Cut)
        .unwrap();
    assert!(cut.is_cut());
    assert_eq!(cut.take_sequences()[0].tokens(), 128);
    let kept = predictor
        .encode_fill(&format!("[MASK] {long}"), 1, Excess::Cut)
        .unwrap();
    assert!(kept.is_cut());
    let lost = predictor
        .encode_fill(&format!("{long} [MASK]"), 1, Excess::Cut)
        .unwrap_err();
    assert_eq!(lost.to_string(), "the text has no [MASK]");
}
