//! What is refused, with what hint.

use std::fs;

use pliant_nn::MaskedLanguageModel;
use pliant_train::finetune::{FinetuneOptions, TaskData};
use pliant_train::{ErrorKind, Event, TaskEvaluationOptions, TrainError, evaluate_task};

use crate::world::{World, config, run, run_options, run_until, told, vocabulary, write_model};

fn refusal(options: &FinetuneOptions, world: &World, name: &str) -> (ErrorKind, String) {
    let error = run(options, 1, &world.path(name), &run_options(2)).error();
    (error.kind(), told(&error))
}

#[test]
fn a_tokenizer_of_another_vocabulary_and_none_at_all() {
    let world = World::new("gelu", "all");
    let mut words = vocabulary();
    words.truncate(20);
    let other = world.path("other");
    write_model(&other, &words, "gelu", "all");
    fs::copy(
        other.join("tokenizer.json"),
        world.model().join("tokenizer.json"),
    )
    .unwrap();
    let (kind, text) = refusal(&world.options("full"), &world, "run");
    assert_eq!(kind, ErrorKind::Configuration);
    assert!(
        text.contains("tokenizer.json of") && text.contains("20 words, its model 34"),
        "{text}"
    );
    fs::remove_file(world.model().join("tokenizer.json")).unwrap();
    let (kind, text) = refusal(&world.options("full"), &world, "run");
    assert_eq!(kind, ErrorKind::Configuration);
    assert!(text.contains("has no tokenizer.json"), "{text}");
    assert!(!world.path("run/metrics.jsonl").exists());
}

#[test]
fn more_examples_than_rows() {
    let world = World::new("gelu", "all");
    let options = FinetuneOptions {
        examples: Some(100),
        ..world.options("full")
    };
    let (kind, text) = refusal(&options, &world, "run");
    assert_eq!(kind, ErrorKind::Configuration);
    assert!(
        text.contains("100 examples wanted, but the validation part has 60"),
        "{text}"
    );
}

#[test]
fn modes_that_the_model_cannot_have() {
    let world = World::new("gelu", "all");
    for mode in ["activations", "bitfit+activations"] {
        let (kind, text) = refusal(&world.options(mode), &world, "run");
        assert_eq!(kind, ErrorKind::Configuration);
        assert!(
            text.contains(mode) && text.contains("--mode head"),
            "{text}"
        );
    }
    let mut options = world.options("matched-bias");
    options.matched_bias = Some(1_000_000);
    let (_, text) = refusal(&options, &world, "run");
    assert!(
        text.contains("1000000") && text.contains("from 1 to"),
        "{text}"
    );
}

#[test]
fn settings_outside_of_their_range() {
    let world = World::new("gelu", "all");
    let options = world.options("full");
    let cases = [
        FinetuneOptions {
            batch: 0,
            ..options.clone()
        },
        FinetuneOptions {
            epochs: 0,
            ..options.clone()
        },
        FinetuneOptions {
            dropout: Some(1.0),
            ..options.clone()
        },
        FinetuneOptions {
            learning_rate: f64::NAN,
            ..options.clone()
        },
        FinetuneOptions {
            warmup: 1.5,
            ..options.clone()
        },
        FinetuneOptions {
            max_length: 65,
            ..options.clone()
        },
    ];
    for (case, key) in cases.iter().zip([
        "batch",
        "epochs",
        "dropout",
        "learning_rate",
        "warmup",
        "64 positions",
    ]) {
        let (kind, text) = refusal(case, &world, "run");
        assert_eq!(kind, ErrorKind::Configuration, "{text}");
        assert!(text.contains(key) && !text.ends_with("hint: "), "{text}");
    }
}

#[test]
fn data_that_are_not_there_or_not_of_the_task() {
    let world = World::new("gelu", "all");
    let options = FinetuneOptions {
        data: TaskData::Folder(world.path("nowhere")),
        ..world.options("full")
    };
    let (kind, text) = refusal(&options, &world, "run");
    assert_eq!(kind, ErrorKind::Data, "{text}");
    assert!(text.contains("nowhere"), "{text}");
    let options = FinetuneOptions {
        task: "snli".parse().unwrap(),
        ..world.options("full")
    };
    let (kind, text) = refusal(&options, &world, "run");
    assert_eq!(kind, ErrorKind::Data, "{text}");
    assert!(text.contains("--text-columns"), "{text}");
}

#[test]
fn a_folder_that_was_begun_with_other_options_or_another_model() {
    let world = World::new("gelu", "all");
    let out = world.path("run");
    let options = world.options("full");
    run_until(&options, 1, &out, &run_options(2), 2)
        .result
        .unwrap_err();
    let other = FinetuneOptions {
        learning_rate: 0.5,
        ..world.options("head")
    };
    let error = run(&other, 1, &out, &run_options(2)).error();
    let TrainError::OtherRecipe { differences, .. } = &error else {
        panic!("{error}")
    };
    assert!(
        differences.contains(&"mode: \"head\" now, \"full\" in the run".to_owned())
            && differences.contains(&"learning_rate: 0.5 now, 0.001 in the run".to_owned()),
        "{differences:?}"
    );
    let error = run(&options, 2, &out, &run_options(2)).error();
    assert!(
        told(&error).contains("seed: 2 now, 1 in the run"),
        "{error}"
    );

    let config = config(vocabulary().len(), "gelu", "all");
    MaskedLanguageModel::new(&config, 8)
        .unwrap()
        .save(&world.model())
        .unwrap();
    let error = run(&options, 1, &out, &run_options(2)).error();
    assert!(matches!(error, TrainError::OtherModel { .. }), "{error}");
    assert_eq!(error.kind(), ErrorKind::Configuration);
}

#[test]
fn an_adapter_on_another_base() {
    use pliant_nn::Precision;
    use pliant_train::predict::Predictor;

    let world = World::new("gelu", "all");
    let out = world.path("run");
    run(&world.options("lora(2)"), 1, &out, &run_options(2))
        .result
        .unwrap();
    let config = config(vocabulary().len(), "gelu", "all");
    MaskedLanguageModel::new(&config, 8)
        .unwrap()
        .save(&world.model())
        .unwrap();
    let error =
        Predictor::load(&world.model(), Some(&out.join("adapter")), Precision::F32).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Configuration);
    assert!(error.hint().is_some(), "{error}");
}

#[test]
fn an_absurd_learning_rate_diverges_before_the_bad_step_is_applied() {
    let world = World::new("rational", "all");
    let options = FinetuneOptions {
        learning_rate: 1e38,
        gradient_clip: 0.0,
        ..world.options("full")
    };
    let out = world.path("run");
    let ran = run(&options, 1, &out, &run_options(2));
    let applied = ran.losses().len() as u64;
    assert!(matches!(ran.events.last(), Some(Event::Diverged { .. })));
    let error = ran.error();
    assert_eq!(error.kind(), ErrorKind::Diverged);
    let TrainError::Diverged {
        step,
        place,
        report,
        ..
    } = &error
    else {
        panic!("{error}")
    };
    assert!(*step == applied + 1 && *step > 1, "{step} {applied}");
    assert!(!place.is_empty());
    let record: serde_json::Value =
        serde_json::from_str(&fs::read_to_string(report).unwrap()).unwrap();
    assert_eq!(record["step"], *step);
    assert!(!record["sequences"].as_array().unwrap().is_empty());
    assert!(!out.join("result.json").exists());
}

#[test]
fn evaluation_refuses_an_unseen_label_and_another_kind_of_task() {
    let world = World::new("gelu", "all");
    let out = world.path("run");
    run(&world.options("full"), 1, &out, &run_options(2))
        .result
        .unwrap();
    let model = out.join("model");
    let file = world.path("strange.csv");
    fs::write(
        &file,
        "text,label\nthe film was good,positive\na story,undecided\n",
    )
    .unwrap();
    let options = TaskEvaluationOptions {
        columns: Some(pliant_data::task::Columns {
            text: vec!["text".to_owned()],
            label: Some("label".to_owned()),
        }),
        ..TaskEvaluationOptions::default()
    };
    let own = "own".parse().unwrap();
    let error = evaluate_task(&model, None, own, &file, &options).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Data);
    assert!(told(&error).contains("undecided"), "{error}");
    let squad = "squad".parse().unwrap();
    let questions = world.path("questions.json");
    fs::write(&questions, crate::spans::file(3)).unwrap();
    let error = evaluate_task(&model, None, squad, &questions, &options).unwrap_err();
    assert!(
        told(&error).contains("made to name labels, not to answer questions"),
        "{error}"
    );
}
