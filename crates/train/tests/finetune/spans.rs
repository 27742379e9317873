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
