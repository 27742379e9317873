//! Prediction and evaluation with finished models.

use std::{cell::Cell, fmt::Write, rc::Rc};

use pliant_nn::Precision;
use pliant_train::finetune::FinetuneOptions;
use pliant_train::predict::{Prediction, Predictor, PredictorKind, Streamed};
use pliant_train::{ErrorKind, TaskEvaluationOptions, evaluate_task};

use crate::world::{World, run, run_options, told};

fn trained(world: &World) -> (std::path::PathBuf, f64) {
    let options = FinetuneOptions {
        epochs: 10,
        examples: None,
        learning_rate: 5e-3,
        ..world.options("full")
    };
    let out = world.path("run");
    let result = run(&options, 1, &out, &run_options(2)).result.unwrap();
    (out.join("model"), result.test.unwrap()["accuracy"])
}

#[test]
fn labels_have_probabilities_and_streams_keep_their_order() {
    let world = World::new("rational", "all");
    let (model, accuracy) = trained(&world);
    let predictor = Predictor::load(&model, None, Precision::F32).unwrap();
    assert_eq!(
        predictor.kind(),
        PredictorKind::Classify {
            labels: vec!["negative".to_owned(), "positive".to_owned()]
        }
    );
    let rows: Vec<(String, Option<String>)> =
        ["the film was good", "a bad story", "the film was great"]
            .map(|text| (text.to_owned(), None))
            .to_vec();
    let predictions = predictor.label(&rows).unwrap();
    for (prediction, expected) in predictions.iter().zip(["positive", "negative", "positive"]) {
        let Prediction::Label {
            label,
            probability,
            labels,
        } = prediction
        else {
            panic!("{prediction:?}")
        };
        assert_eq!(label, expected);
        let sum: f64 = labels.iter().map(|label| label.probability).sum();
        assert!((sum - 1.0).abs() < 1e-12 && *probability > 0.5);
    }

    // The same file scores as in training's final report.
    let report = evaluate_task(
        &model,
        None,
        "sst2".parse().unwrap(),
        &world.data().join("dev.tsv"),
        &TaskEvaluationOptions::default(),
    )
    .unwrap();
    assert_eq!((report.rows, report.metrics["accuracy"]), (60, accuracy));
}

#[test]
fn masks_are_filled_with_probable_words() {
    let world = World::new("gelu", "all");
    let predictor = Predictor::load(&world.model(), None, Precision::F32).unwrap();
    assert_eq!(predictor.kind(), PredictorKind::FillMask);
    let texts = ["the [MASK] was good", "[MASK] and [MASK]", "a story"].map(str::to_owned);
    let filled = predictor.fill(&texts[..2], 5).unwrap();
    assert_eq!((filled[0].masks.len(), filled[1].masks.len()), (1, 2));
    for mask in filled.iter().flat_map(|filled| &filled.masks) {
        assert_eq!(mask.len(), 5);
        assert!(mask.is_sorted_by(|a, b| a.probability >= b.probability));
        assert!(mask.iter().all(|word| !word.token.is_empty()));
    }
    let all: f32 = predictor.fill(&texts[..1], 34).unwrap()[0].masks[0]
        .iter()
        .map(|word| word.probability)
        .sum();
    assert!((all - 1.0).abs() < 1e-4, "{all}");

    let error = predictor.fill(&texts, 5).unwrap_err();
    assert!(
        told(&error).starts_with("the text has no [MASK]"),
        "{error}"
    );
    let error = predictor.label(&[("a".to_owned(), None)]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Configuration);
    assert!(told(&error).contains("fine-tuned"), "{error}");
}

#[test]
fn a_stream_answers_line_by_line() {
    let world = World::new("gelu", "all");
    let (model, _) = trained(&world);
    let predictor = Predictor::load(&model, None, Precision::F32).unwrap();
    let mut lines = String::new();
    for row in 0..600 {
        let (sentence, _) = crate::world::sentence(row);
        writeln!(lines, "{{\"id\": {row}, \"text\": \"{sentence}\"}}").unwrap();
    }
    let mut answers = Vec::new();
    let mut collect = |streamed: Streamed| {
        answers.push(serde_json::to_value(streamed)?);
        Ok(())
    };
    let count = predictor
        .stream(&mut lines.as_bytes(), 1, &mut collect)
        .unwrap();
    assert_eq!(count, 600);
    assert_eq!(answers.len(), 600);
    for (row, answer) in answers.iter().enumerate() {
        assert_eq!(answer["line"], row + 1);
        assert_eq!(answer["id"], row);
        assert!(answer["label"].is_string() && answer["probability"].is_f64());
    }
    // The line that fails is named, whatever is wrong with it, and those before it are answered.
    for (wrong, told_of) in [
        ("{\"txt\": 1}", "unknown field `txt`"),
        ("{\"text\": \" \"}", "empty"),
        (
            "{\"question\": \"who?\", \"context\": \"she\"}",
            "names labels",
        ),
    ] {
        let mut answered = 0;
        let lines = format!("{{\"text\": \"a film\"}}\n{wrong}\n{{\"text\": \"a film\"}}\n");
        let error = predictor
            .stream(&mut lines.as_bytes(), 1, &mut |_| {
                answered += 1;
                Ok(())
            })
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Data);
        let text = told(&error);
        assert!(text.contains("line 2") && text.contains(told_of), "{text}");
        assert_eq!(answered, 1, "{text}");
    }
}

/// Gives its lines one by one, as a pipe into which somebody writes and waits.
struct Dialogue {
    lines: Vec<&'static str>,
    answered: Rc<Cell<usize>>,
    given: usize,
}

impl std::io::Read for Dialogue {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        // Nothing new is written before the last line is answered.
        assert_eq!(self.answered.get(), self.given);
        let Some(line) = self.lines.get(self.given) else {
            return Ok(0);
        };
        self.given += 1;
        buffer[..line.len()].copy_from_slice(line.as_bytes());
        Ok(line.len())
    }
}

#[test]
fn a_line_is_answered_before_the_next_one_is_there() {
    let world = World::new("gelu", "all");
    let (model, _) = trained(&world);
    let predictor = Predictor::load(&model, None, Precision::F32).unwrap();
    let answered = Rc::default();
    let mut input = Dialogue {
        lines: vec!["{\"text\": \"a film\"}\n", "{\"text\": \"a story\"}\n"],
        answered: Rc::clone(&answered),
        given: 0,
    };
    let mut count = |_: Streamed| {
        answered.set(answered.get() + 1);
        Ok(())
    };
    assert_eq!(predictor.stream(&mut input, 1, &mut count).unwrap(), 2);
}
