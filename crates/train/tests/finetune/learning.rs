//! A small task is learned, and everything about it is recorded.

use std::fmt::Write;
use std::fs;

use pliant_train::finetune::FinetuneOptions;
use pliant_train::{Event, InputShapes};

use crate::world::{World, run, run_options};

#[test]
fn accuracy_rises_clearly_above_chance_and_the_folder_is_complete() {
    let world = World::new("rational", "all+pooler");
    let options = FinetuneOptions {
        epochs: 12,
        examples: None,
        learning_rate: 5e-3,
        ..world.options("full")
    };
    let out = world.path("run");
    let ran = run(&options, 1, &out, &run_options(2));
    let result = ran.result.as_ref().unwrap();
    assert!(result.validation["accuracy"] > 0.9, "{result:?}");
    let test = result.test.as_ref().unwrap();
    assert!(test["accuracy"] > 0.85, "{test:?}");
    assert!(test["loss"] > 0.0 && result.primary == "accuracy");
    // 240 rows: 75 % train, 25 % validate; the development file of 60 tests.
    assert_eq!(
        (
            result.rows["train"],
            result.rows["validation"],
            result.rows["test"]
        ),
        (180, 60, 60)
    );
    let losses = ran.losses();
    assert!(losses[losses.len() - 1] < 0.5 * losses[0]);

    let validations: Vec<(u64, bool)> = ran
        .events
        .iter()
        .filter_map(|event| match event {
            Event::TaskValidation {
                epoch,
                best,
                coefficients,
                metrics,
                ..
            } => {
                assert_eq!(coefficients.len(), 3);
                assert!(metrics.contains_key("loss") && metrics.contains_key("accuracy"));
                Some((*epoch, *best))
            }
            _ => None,
        })
        .collect();
    assert_eq!(validations.len() as u64, result.epochs);
    let best = validations.iter().rev().find(|(_, best)| *best).unwrap().0;
    assert_eq!(best, result.best_epoch);

    for name in [
        "recipe.toml",
        "metrics.jsonl",
        "result.json",
        "model/config.json",
        "model/model.safetensors",
        "model/tokenizer.json",
        "model/reading.json",
    ] {
        assert!(out.join(name).is_file(), "{name}");
    }
    let shapes: InputShapes =
        serde_json::from_str(&fs::read_to_string(out.join("shapes/inputs.json")).unwrap()).unwrap();
    assert_eq!(shapes.sites.len(), 3);
    for site in &shapes.sites {
        assert_ne!(site.start, site.learned, "{}", site.site);
        assert!(site.inputs.count > 0, "{}", site.site);
    }
    pliant_train::read_metrics(&out.join("metrics.jsonl")).unwrap();
}

#[test]
fn patience_ends_a_run_that_does_not_improve() {
    let world = World::new("gelu", "all");
    let options = FinetuneOptions {
        epochs: 9,
        patience: 2,
        learning_rate: 0.0,
        head_learning_rate: 0.0,
        ..world.options("full")
    };
    let ran = run(&options, 1, &world.path("run"), &run_options(2));
    let result = ran.result.unwrap();
    assert!(result.stopped_early);
    assert_eq!((result.epochs, result.best_epoch), (3, 1));
    assert!(ran.events.iter().any(|event| matches!(
        event,
        Event::StoppedEarly {
            step: 15,
            best_step: 5
        }
    )));
}

#[test]
fn micro_batches_make_the_same_steps() {
    let world = World::new("rational", "all");
    for mode in ["full", "matched-bias"] {
        let whole = world.options(mode);
        let parts = FinetuneOptions {
            micro_batch: Some(3),
            ..whole.clone()
        };
        let [one, other] = [("whole", &whole), ("parts", &parts)].map(|(name, options)| {
            run(
                options,
                1,
                &world.path(&format!("{mode}-{name}")),
                &run_options(2),
            )
        });
        assert_eq!(one.losses().len(), 10);
        for (one, other) in one.losses().iter().zip(other.losses()) {
            assert!((one - other).abs() < 1e-5 * one.abs(), "{one} {other}");
        }
        assert_eq!(one.result.unwrap().fairness, other.result.unwrap().fairness);
    }
}

#[test]
fn bf16_rounds_and_stays_beside_f32() {
    let world = World::new("rational", "all");
    let full = world.options("full");
    let rounded = FinetuneOptions {
        precision: pliant_nn::Precision::Bf16,
        ..full.clone()
    };
    let full = run(&full, 1, &world.path("f32"), &run_options(2)).losses();
    let rounded = run(&rounded, 1, &world.path("bf16"), &run_options(2)).losses();
    assert_ne!(full, rounded);
    for (one, other) in full.iter().zip(&rounded) {
        assert!((one - other).abs() < 0.05 * one, "{one} {other}");
    }
}

#[test]
fn a_task_that_predicts_a_number_is_learned() {
    let world = World::new("gelu", "all");
    let mut text = String::from("text,number\n");
    for row in 0..200 {
        let (sentence, label) = crate::world::sentence(row);
        writeln!(text, "{sentence},{}", 4 * label + 1).unwrap();
    }
    let file = world.path("numbers.csv");
    fs::write(&file, text).unwrap();
    let options = FinetuneOptions {
        task: "own".parse().unwrap(),
        data: pliant_train::finetune::TaskData::Own {
            train: file.clone(),
            validation: Some(file.clone()),
            test: None,
            text_columns: vec!["text".to_owned()],
            label_column: "number".to_owned(),
            regression: true,
        },
        protocol: "standard".parse().unwrap(),
        examples: None,
        epochs: 8,
        learning_rate: 5e-3,
        ..world.options("full")
    };
    let result = run(&options, 1, &world.path("run"), &run_options(2))
        .result
        .unwrap();
    assert_eq!(result.primary, "pearson_spearman");
    assert!(result.validation["pearson"] > 0.8, "{result:?}");
    assert!(result.test.is_none());
}
