//! The health of a model at its validations.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use std::fs;
use std::path::Path;

use pliant_train::{Event, Health, Start, TrainError, read_metrics};
use safetensors::SafeTensors;
use support::{options, recipe, run, run_until, weights};

fn healths(out: &Path) -> Vec<(u64, Health)> {
    read_metrics(&out.join("metrics.jsonl"))
        .unwrap()
        .into_iter()
        .filter_map(|event| match event {
            Event::Validation { step, health, .. } => Some((step, health.unwrap())),
            _ => None,
        })
        .collect()
}

fn warnings(out: &Path) -> Vec<String> {
    read_metrics(&out.join("metrics.jsonl"))
        .unwrap()
        .into_iter()
        .filter_map(|event| match event {
            Event::Warning { message } => Some(message),
            _ => None,
        })
        .collect()
}

#[test]
fn looking_at_every_step_changes_nothing_that_is_trained() {
    let folder = tempfile::tempdir().unwrap();
    let (often, rarely) = (folder.path().join("often"), folder.path().join("rarely"));
    let losses = |every: &str, out: &Path| -> Vec<f64> {
        let ran = run(&recipe(&[every]), out, &options(Start::Fresh, 2));
        ran.result.unwrap();
        ran.events
            .iter()
            .filter_map(|event| match event {
                Event::Step { loss, .. } => Some(*loss),
                _ => None,
            })
            .collect()
    };
    let with = losses("validation.every=1", &often);
    let without = losses("validation.every=0", &rarely);
    assert_eq!(with, without);
    assert!(weights(&often) == weights(&rarely), "weights differ");
    assert_eq!(
        (healths(&often).len(), healths(&rarely).len()),
        (13, 2),
        "one before the first step"
    );
}

#[test]
fn the_same_values_after_interruptions_at_any_number_of_threads() {
    let recipe = recipe(&["validation.every=2"]);
    let folder = tempfile::tempdir().unwrap();
    let (whole, parts) = (folder.path().join("whole"), folder.path().join("parts"));
    run(&recipe, &whole, &options(Start::Fresh, 2))
        .result
        .unwrap();
    for (start, threads, stop) in [(Start::Fresh, 1, 4), (Start::Resume, 3, 7)] {
        let part = run_until(&recipe, &parts, &options(start, threads), stop);
        assert!(matches!(part.result, Err(TrainError::Interrupted { step }) if step == stop));
    }
    run(&recipe, &parts, &options(Start::Resume, 2))
        .result
        .unwrap();
    let healths = healths(&whole);
    assert_eq!(healths.len(), 7);
    assert_eq!(healths, self::healths(&parts));
    // Before the first step there is neither a gradient nor an update.
    assert!(healths[0].1.gradient_norms.is_empty() && healths[0].1.update_ratios.is_empty());
    assert_eq!(healths[0].1.sites.len(), 2);
}

/// Values of the tensors in a checkpoint that are activation coefficients.
fn coefficients(out: &Path, step: u64) -> Vec<f64> {
    let path = out.join(format!("checkpoints/step-{step:08}/model.safetensors"));
    let bytes = fs::read(path).unwrap();
    let tensors = SafeTensors::deserialize(&bytes).unwrap();
    let mut names: Vec<&str> = tensors.names();
    names.retain(|name| name.ends_with("numerator") || name.ends_with("denominator"));
    assert!(!names.is_empty());
    names.sort_unstable();
    names
        .iter()
        .flat_map(|name| tensors.tensor(name).unwrap().data().to_vec())
        .collect::<Vec<u8>>()
        .chunks_exact(4)
        .map(|bytes| f64::from(f32::from_le_bytes(bytes.try_into().unwrap())))
        .collect()
}

#[test]
fn norms_and_ratios_are_those_of_the_step_before() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("run");
    let recipe = recipe(&[
        "validation.every=1",
        "checkpoint.every=1",
        "checkpoint.keep=12",
        "optimizer.group.activation.weight_decay=0.1",
    ]);
    let ran = run(&recipe, &out, &options(Start::Fresh, 2));
    ran.result.unwrap();
    let healths = healths(&out);

    for event in &ran.events {
        let Event::Step {
            step,
            gradient_norm,
            activation_gradient_norm,
            ..
        } = event
        else {
            continue;
        };
        let norms = &healths[*step as usize].1.gradient_norms;
        assert!((norms["activation"] / activation_gradient_norm - 1.0).abs() < 1e-12);
        let others = norms.iter().filter(|(role, _)| *role != "activation");
        let total = others.map(|(_, norm)| norm * norm).sum::<f64>().sqrt();
        assert!((total / gradient_norm - 1.0).abs() < 1e-12);
    }

    let norm = |values: &[f64]| values.iter().map(|value| value * value).sum::<f64>().sqrt();
    for step in [2, 7] {
        let (before, after) = (coefficients(&out, step - 1), coefficients(&out, step));
        let moved: Vec<f64> = after.iter().zip(&before).map(|(a, b)| a - b).collect();
        let expected = norm(&moved) / norm(&after);
        let ratio = healths[step as usize].1.update_ratios["activation"];
        assert!((ratio / expected - 1.0).abs() < 1e-3, "{ratio} {expected}");
    }
}

#[test]
fn fixed_sites_are_looked_at_but_have_no_range() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("run");
    let recipe = recipe(&["activation.function=gelu", "train.steps=2"]);
    run(&recipe, &out, &options(Start::Fresh, 2))
        .result
        .unwrap();
    for (_, health) in healths(&out) {
        assert_eq!(health.sites.len(), 2);
        for site in &health.sites {
            assert!(site.outside == 0.0 && site.largest > 0.0, "{site:?}");
        }
        assert!(!health.gradient_norms.contains_key("activation"));
    }
}

#[test]
fn inputs_outside_the_range_are_warned_of_once_for_each_site() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("run");
    let recipe = recipe(&[
        "activation.function=rational(range=-0.01..0.01)",
        "validation.every=2",
    ]);
    run_until(&recipe, &out, &options(Start::Fresh, 2), 5)
        .result
        .unwrap_err();
    run(&recipe, &out, &options(Start::Resume, 2))
        .result
        .unwrap();
    let (healths, warnings) = (healths(&out), warnings(&out));
    assert!(healths.iter().all(|(_, of)| of.sites[0].outside > 0.5));
    for site in ["layer.0", "layer.1"] {
        let about = warnings
            .iter()
            .filter(|message| message.contains("outside the range") && message.contains(site));
        assert_eq!(about.count(), 1, "{warnings:?}");
    }
}

#[test]
fn a_run_in_order_has_no_warning() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("run");
    let recipe = recipe(&["train.steps=120", "validation.every=20"]);
    run(&recipe, &out, &options(Start::Fresh, 2))
        .result
        .unwrap();
    assert_eq!(warnings(&out), Vec::<String>::new());
}

#[test]
fn an_older_record_has_no_health() {
    let line = r#"{"event":"validation","step":5,"loss":2.0,"perplexity":7.4,"masked_accuracy":0.1,"tokens":9,"best":true,"milliseconds":1.0,"coefficients":[]}"#;
    let event: Event = serde_json::from_str(line).unwrap();
    assert!(matches!(event, Event::Validation { health: None, .. }));
    assert_eq!(serde_json::to_string(&event).unwrap(), line);
}
