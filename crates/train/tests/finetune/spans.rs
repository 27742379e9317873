//! Question answering: windows, spans, and the scorer.

use std::fs;

use pliant_nn::Precision;
use pliant_train::finetune::{FinetuneOptions, TaskData};
use pliant_train::predict::{Predictor, PredictorKind};
use pliant_train::{TaskEvaluationOptions, evaluate_task};

use crate::world::{WORDS, World, run, run_options, sentence};

/// A file in the form of SQuAD: the answer is the word behind `key`.
pub(crate) fn file(questions: usize) -> String {
    let paragraphs: Vec<serde_json::Value> = (0..questions)
        .map(|row| {
            let (before, _) = sentence(2 * row);
            let (after, _) = sentence(2 * row + 1);
            let answer = WORDS[row * 7 % WORDS.len()];
            let start = before.len() + " key ".len();
            serde_json::json!({
                "context": format!("{before} key {answer} {after}"),
                "qas": [{
                    "id": format!("q{row}"),
                    "question": "where is the key ?",
                    "answers": [{ "text": answer, "answer_start": start }],
                }],
            })
        })
        .collect();
    serde_json::json!({ "version": "1.1", "data": [{ "title": "t", "paragraphs": paragraphs }] })
        .to_string()
}

/// The same in the form of SQuAD v2.0: every second context has no key.
fn file_with_unanswerable(questions: usize) -> String {
    let mut document: serde_json::Value = serde_json::from_str(&file(questions)).unwrap();
    document["version"] = "v2.0".into();
    let paragraphs = document["data"][0]["paragraphs"].as_array_mut().unwrap();
    for (row, paragraph) in paragraphs.iter_mut().enumerate() {
        paragraph["qas"][0]["is_impossible"] = (row % 2 == 1).into();
        if row % 2 == 1 {
            paragraph["qas"][0]["answers"] = serde_json::json!([]);
            paragraph["context"] = sentence(3 * row).0.into();
        }
    }
    document.to_string()
}

fn options(world: &World) -> FinetuneOptions {
    let (train, dev) = (world.path("train.json"), world.path("dev.json"));
    fs::write(&train, file(200)).unwrap();
    fs::write(&dev, file(40)).unwrap();
    FinetuneOptions {
        task: "squad".parse().unwrap(),
        data: TaskData::Questions { train, dev },
        examples: None,
        epochs: 10,
        learning_rate: 5e-3,
        max_length: 24,
        doc_stride: 4,
        max_query_length: 8,
        ..world.options("full")
    }
}

#[test]
fn spans_are_learned_scored_and_given_as_answers() {
    let world = World::new("rational", "all+pooler");
    let out = world.path("run");
    let result = run(&options(&world), 1, &out, &run_options(2))
        .result
        .unwrap();
    assert_eq!(result.primary, "f1");
    let test = result.test.as_ref().unwrap();
    assert!(test["f1"] > 60.0 && test["exact_match"] > 50.0, "{test:?}");
    // No pooler, and so no coefficients of one.
    assert_eq!(result.parameters["activation"], 20);
    assert_eq!(result.coefficients.len(), 2);

    let model = out.join("model");
    let evaluated = evaluate_task(
        &model,
        None,
        "squad".parse().unwrap(),
        &world.path("dev.json"),
        &TaskEvaluationOptions::default(),
    )
    .unwrap();
    assert_eq!(evaluated.rows, 40);
    assert_eq!(evaluated.metrics["f1"], test["f1"]);
    assert_eq!(evaluated.metrics["exact_match"], test["exact_match"]);

    let predictor = Predictor::load(&model, None, Precision::F32).unwrap();
    assert_eq!(predictor.kind(), PredictorKind::Answer);
    let context = "the film was a story key nice and the film";
    let answers = predictor
        .answer(&[("where is the key ?".to_owned(), context.to_owned())], 3)
        .unwrap();
    let answers = &answers[0].answers;
    assert!(!answers.is_empty() && answers.len() <= 3);
    for answer in answers {
        assert_eq!(&context[answer.start..answer.end], answer.text);
        assert!(answer.probability > 0.0 && answer.probability <= 1.0);
    }
    assert!(answers.is_sorted_by(|a, b| a.probability >= b.probability));
}

#[test]
fn an_interrupted_training_of_spans_goes_on_to_the_same_bytes() {
    let world = World::new("rational", "all");
    let options = FinetuneOptions {
        epochs: 2,
        examples: Some(30),
        ..options(&world)
    };
    let (whole, parts) = (world.path("whole"), world.path("parts"));
    let uninterrupted = run(&options, 3, &whole, &run_options(1)).result.unwrap();
    crate::world::run_until(&options, 3, &parts, &run_options(2), 3)
        .result
        .unwrap_err();
    let resumed = run(&options, 3, &parts, &run_options(3)).result.unwrap();
    assert_eq!(uninterrupted.validation, resumed.validation);
    assert_eq!(uninterrupted.test, resumed.test);
    let bytes = |out: &std::path::Path| fs::read(out.join("model/model.safetensors")).unwrap();
    assert!(bytes(&whole) == bytes(&parts));
}

#[test]
fn questions_without_an_answer_are_told_by_a_threshold_that_validation_chose() {
    let world = World::new("rational", "all");
    let mut options = options(&world);
    let (train, dev) = (world.path("train2.json"), world.path("dev2.json"));
    fs::write(&train, file_with_unanswerable(240)).unwrap();
    fs::write(&dev, file_with_unanswerable(40)).unwrap();
    options.task = "squad2".parse().unwrap();
    options.data = TaskData::Questions {
        train,
        dev: dev.clone(),
    };
    let out = world.path("run");
    let result = run(&options, 1, &out, &run_options(2)).result.unwrap();
    let threshold = result.null_threshold.unwrap();
    let test = result.test.unwrap();
    // Half have no answer: to say so always scores 50.
    assert!(test["f1"] > 65.0, "{test:?}");
    let model = out.join("model");
    let predictor = Predictor::load(&model, None, Precision::F32).unwrap();
    assert_eq!(predictor.reading().null_threshold, Some(threshold));
    let document: serde_json::Value =
        serde_json::from_str(&fs::read_to_string(&dev).unwrap()).unwrap();
    let paragraphs = document["data"][0]["paragraphs"].as_array().unwrap();
    let rows: Vec<(String, String)> = paragraphs
        .iter()
        .map(|paragraph| {
            let context = paragraph["context"].as_str().unwrap();
            ("where is the key ?".to_owned(), context.to_owned())
        })
        .collect();
    let texts: Vec<String> = predictor
        .answer(&rows, 1)
        .unwrap()
        .into_iter()
        .map(|of| of.answers[0].text.clone())
        .collect();
    // The texts that are given are those that were scored: right where they are the answer, or rightly none.
    let right = paragraphs
        .iter()
        .zip(&texts)
        .filter(|(paragraph, text)| {
            let answer = &paragraph["qas"][0]["answers"][0]["text"];
            answer.as_str().unwrap_or_default() == *text
        })
        .count();
    assert!((100.0 * right as f64 / 40.0 - test["exact_match"]).abs() < 1e-9);
    let unanswered = texts.iter().filter(|text| text.is_empty()).count();
    assert!((1..40).contains(&unanswered), "{texts:?}");
    let evaluated = evaluate_task(
        &model,
        None,
        options.task,
        &dev,
        &TaskEvaluationOptions::default(),
    )
    .unwrap();
    assert_eq!(evaluated.metrics["f1"], test["f1"]);
    assert!(evaluated.metrics.contains_key("f1_answerable"));
}
