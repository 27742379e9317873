//! What a run trains, records and refuses.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use std::fs;

use pliant_train::evaluate::{EvaluationOptions, evaluate};
use pliant_train::{ErrorKind, Event, InputShapes, Start, TrainError, dry_run};
use support::{Ran, options, recipe, run};

fn losses(ran: &Ran) -> Vec<f64> {
    ran.events
        .iter()
        .filter_map(|event| {
            if let Event::Step { loss, .. } = event {
                Some(*loss)
            } else {
                None
            }
        })
        .collect()
}

fn validations(ran: &Ran) -> Vec<(u64, f64)> {
    ran.events
        .iter()
        .filter_map(|event| {
            if let Event::Validation { step, loss, .. } = event {
                Some((*step, *loss))
            } else {
                None
            }
        })
        .collect()
}

#[test]
fn a_run_learns_and_leaves_a_complete_folder() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("run");
    let recipe = recipe(&[
        "train.steps=60",
        "validation.every=20",
        "optimizer.learning_rate=0.01",
    ]);
    let ran = run(&recipe, &out, &options(Start::Fresh, 2));
    let summary = ran.result.as_ref().unwrap();
    assert_eq!(summary.steps, 60);
    let validations = validations(&ran);
    assert_eq!(
        validations
            .iter()
            .map(|(step, _)| *step)
            .collect::<Vec<_>>(),
        [0, 20, 40, 60]
    );
    assert!(validations[3].1 < validations[0].1 - 0.3, "{validations:?}");
    assert_eq!(summary.validation_loss, validations[3].1);
    assert!(summary.tokens_per_second > 0.0 && summary.unigram_loss > 0.0);
    assert_eq!(summary.parameters["activation"], 20);
    assert_eq!(
        summary.parameters["total"],
        summary
            .parameters
            .iter()
            .filter(|(role, _)| *role != "total")
            .map(|(_, n)| n)
            .sum::<usize>()
    );

    let Some(Event::GradientReport { zero, healthy, .. }) = ran
        .events
        .iter()
        .find(|event| matches!(event, Event::GradientReport { .. }))
    else {
        panic!("no gradient report")
    };
    assert!(zero.is_empty() && *healthy > 20, "{zero:?}");
    let Some(Event::Started { groups, .. }) = ran
        .events
        .iter()
        .find(|event| matches!(event, Event::Started { .. }))
    else {
        panic!("no start report")
    };
    assert_eq!(
        groups.iter().map(|group| group.elements).sum::<usize>(),
        summary.parameters["total"]
    );
    assert_eq!(
        (
            groups[0].name.as_str(),
            groups[0].tensors,
            groups[0].elements
        ),
        ("activation", 4, 20)
    );

    for name in [
        "recipe.toml",
        "metrics.jsonl",
        "summary.json",
        "model/config.json",
        "model/model.safetensors",
        "model/tokenizer.json",
    ] {
        assert!(out.join(name).is_file(), "{name}");
    }
    let shapes: InputShapes =
        serde_json::from_str(&fs::read_to_string(out.join("shapes/inputs.json")).unwrap()).unwrap();
    assert_eq!(shapes.sites.len(), 2);
    for site in &shapes.sites {
        assert_eq!(site.start.len(), 2);
        assert_ne!(site.start, site.learned);
        let inputs = &site.inputs;
        assert_eq!(
            inputs.counts.iter().sum::<u64>() + inputs.below + inputs.above,
            inputs.count
        );
        assert!(inputs.count > 0 && inputs.minimum <= inputs.mean && inputs.mean <= inputs.maximum);
    }

    // The saved model scores elsewhere as it does here.
    let corpus = folder.path().join("text.txt");
    fs::write(
        &corpus,
        "the dog sees the cat .\n\nthe cats see the dog .\n".repeat(50),
    )
    .unwrap();
    let small = EvaluationOptions {
        batch: 4,
        sequence: 32,
        threads: Some(2),
        ..EvaluationOptions::default()
    };
    let one = evaluate(&out.join("model"), &corpus, &small, &mut |_: &Event| {}).unwrap();
    let other = EvaluationOptions { batch: 3, ..small };
    let two = evaluate(&out.join("model"), &corpus, &other, &mut |_: &Event| {}).unwrap();
    assert!(one.tokens > 0 && one.tokens == two.tokens);
    assert!((one.loss - two.loss).abs() < 1e-5 && (one.perplexity - one.loss.exp()).abs() < 1e-9);
}

#[test]
fn micro_batches_make_the_same_step() {
    let folder = tempfile::tempdir().unwrap();
    let first = |name: &str, micro: &str| {
        let recipe = recipe(&[
            "train.batch=32",
            "train.steps=3",
            "model.dropout=0.1",
            micro,
        ]);
        run(
            &recipe,
            &folder.path().join(name),
            &options(Start::Fresh, 2),
        )
    };
    let (whole, parts) = (
        first("whole", "train.micro_batch=32"),
        first("parts", "train.micro_batch=8"),
    );
    for (one, other) in losses(&whole).iter().zip(losses(&parts)) {
        assert!(
            (one - other).abs() < 1e-6 * one.abs().max(1.0),
            "{one} {other}"
        );
    }
    assert_eq!(
        whole.result.unwrap().fairness,
        parts.result.unwrap().fairness
    );
}

#[test]
fn twins_start_from_equal_weights_and_see_equal_batches() {
    let folder = tempfile::tempdir().unwrap();
    let arm = |name: &str, function: &str| {
        let recipe = recipe(&["train.steps=4", function]);
        run(
            &recipe,
            &folder.path().join(name),
            &options(Start::Fresh, 2),
        )
    };
    let gelu = arm("gelu", "activation.function=gelu");
    let rational = arm("rational", "activation.function=rational");
    assert!((validations(&gelu)[0].1 - validations(&rational)[0].1).abs() < 1e-2);
    let (gelu, rational) = (gelu.result.unwrap(), rational.result.unwrap());
    assert_eq!(gelu.fairness, rational.fairness);
    assert!(!gelu.parameters.contains_key("activation"));
    assert_eq!(gelu.parameters["total"] + 20, rational.parameters["total"]);
    assert_ne!(gelu.validation_loss, rational.validation_loss);
}

#[test]
fn an_absurd_learning_rate_diverges_before_the_bad_step_is_applied() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("run");
    let recipe = recipe(&[
        "optimizer.learning_rate=1e38",
        "optimizer.warmup=0",
        "train.gradient_clip=0",
    ]);
    let ran = run(&recipe, &out, &options(Start::Fresh, 2));
    let error = ran.result.unwrap_err();
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
    assert!(*step > 1, "the first gradients are finite");
    assert!(!place.is_empty());
    let record: serde_json::Value =
        serde_json::from_str(&fs::read_to_string(report).unwrap()).unwrap();
    assert_eq!(record["step"], *step);
    assert_eq!(record["sequences"].as_array().unwrap().len(), 8);
    assert_eq!(record["coefficients"].as_array().unwrap().len(), 2);
    let applied = ran
        .events
        .iter()
        .filter(|event| matches!(event, Event::Step { .. }))
        .count() as u64;
    assert_eq!(applied, step - 1);
    assert!(matches!(ran.events.last(), Some(Event::Diverged { .. })));
    assert!(!out.join("summary.json").exists());
    pliant_train::read_metrics(&out.join("metrics.jsonl")).unwrap();
}

#[test]
fn early_stopping_ends_a_run_that_does_not_improve() {
    let folder = tempfile::tempdir().unwrap();
    let recipe = recipe(&[
        "optimizer.learning_rate=0",
        "optimizer.group.activation.learning_rate=0",
        "validation.every=2",
        "validation.patience=2",
    ]);
    let ran = run(
        &recipe,
        &folder.path().join("run"),
        &options(Start::Fresh, 2),
    );
    let summary = ran.result.unwrap();
    assert!(summary.stopped_early);
    // The first validation behind a step is the best there is; two more bring nothing.
    assert_eq!((summary.steps, summary.best_step), (6, 2));
    assert!(ran.events.iter().any(|event| matches!(
        event,
        Event::StoppedEarly {
            step: 6,
            best_step: 2
        }
    )));
}

#[test]
fn a_time_budget_ends_the_run_and_carries_over_an_interruption() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("run");
    let recipe = recipe(&["train.minutes=0.03"]);
    let part = support::run_until(&recipe, &out, &options(Start::Fresh, 2), 2);
    assert!(matches!(part.result, Err(TrainError::Interrupted { .. })));
    let ran = run(&recipe, &out, &options(Start::Resume, 2));
    let Some(Event::Started {
        minutes,
        steps,
        elapsed_seconds,
        ..
    }) = ran
        .events
        .iter()
        .find(|event| matches!(event, Event::Started { .. }))
    else {
        panic!("no start report")
    };
    assert_eq!((*minutes, *steps), (Some(0.03), None));
    assert!(*elapsed_seconds > 0.0);
    let summary = ran.result.unwrap();
    assert!(summary.elapsed_seconds >= 0.03 * 60.0);
    assert!(summary.steps > 2);
}

#[test]
fn a_dry_run_estimates_and_trains_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("run");
    let recipe = recipe(&[]);
    let report = dry_run(
        &recipe,
        Some(&out),
        &options(Start::Fresh, 2),
        &mut |_: &Event| {},
    )
    .unwrap();
    assert_eq!((report.steps, report.tokens_per_step), (12, 256));
    assert!(
        report.loss.is_finite() && report.step_milliseconds > 0.0 && report.checkpoint_bytes > 0
    );
    assert!(report.peak_memory_bytes.is_none_or(|bytes| bytes > 0));
    assert!(!out.join("recipe.toml").exists());
}

#[test]
fn a_recipe_with_arms_is_refused() {
    let text = "[[arm]]\nname = \"a\"\nset = { activation.function = \"gelu\" }\n";
    let recipe = pliant_train::Recipe::parse(std::path::Path::new("r.toml"), text, &[]).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let error = run(&recipe, folder.path(), &options(Start::Fresh, 1))
        .result
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Configuration);
    assert!(error.hint().unwrap().contains("pliant compare"), "{error}");
}

#[test]
fn a_corpus_smaller_than_a_batch_is_unusable_data() {
    let folder = tempfile::tempdir().unwrap();
    let corpus = folder.path().join("text.txt");
    fs::write(&corpus, "the dog sees the cat .\n\n".repeat(300)).unwrap();
    let corpus = format!("data.corpus={}", corpus.display());
    let recipe = recipe(&[&corpus, "train.batch=4096", "data.vocabulary_size=40"]);
    let error = run(
        &recipe,
        &folder.path().join("run"),
        &options(Start::Fresh, 1),
    )
    .result
    .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Data, "{error}");
    assert!(error.hint().is_some());
}
