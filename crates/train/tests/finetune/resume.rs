//! An interrupted fine-tuning ends with the bytes of an uninterrupted one, at any number of threads.

use std::fs;
use std::path::Path;

use pliant_train::finetune::{FinetuneOptions, SeedResult};
use pliant_train::{Event, Health, TrainError, read_metrics};

use crate::world::{World, run, run_options, run_until};

/// Everything of a result that no clock decides.
fn timeless(result: &SeedResult) -> SeedResult {
    SeedResult {
        step_milliseconds: 0.0,
        elapsed_seconds: 0.0,
        peak_memory_bytes: None,
        ..result.clone()
    }
}

fn bytes(out: &Path, options: &FinetuneOptions) -> Vec<u8> {
    let name = if options.mode.adapter().is_some() {
        "adapter/adapter.safetensors"
    } else {
        "model/model.safetensors"
    };
    fs::read(out.join(name)).unwrap()
}

#[test]
fn interrupted_twice_with_other_threads_equals_uninterrupted() {
    let world = World::new("rational", "all+pooler");
    for mode in ["full", "activations", "matched-bias", "lora(2)"] {
        let options = world.options(mode);
        let whole = world.path(&format!("{mode}-whole"));
        let parts = world.path(&format!("{mode}-parts"));
        let uninterrupted = run(&options, 5, &whole, &run_options(1)).result.unwrap();
        // In the middle of the first epoch, and of the second.
        for (stop, threads) in [(3, 3), (7, 1)] {
            let part = run_until(&options, 5, &parts, &run_options(threads), stop);
            assert!(
                matches!(part.result, Err(TrainError::Interrupted { step }) if step == stop),
                "{:?}",
                part.result
            );
        }
        let resumed = run(&options, 5, &parts, &run_options(3));
        assert!(
            resumed
                .events
                .iter()
                .any(|event| matches!(event, Event::TaskStarted { step: 7, .. }))
        );
        let resumed = resumed.result.unwrap();
        assert_eq!(timeless(&resumed), timeless(&uninterrupted), "{mode}");
        assert!(
            bytes(&whole, &options) == bytes(&parts, &options),
            "{mode}: weights differ"
        );
        let healths = |out: &Path| -> Vec<Health> {
            let events = read_metrics(&out.join("metrics.jsonl")).unwrap();
            let of = |event| match event {
                Event::TaskValidation { health, .. } => Some(health.unwrap()),
                _ => None,
            };
            events.into_iter().filter_map(of).collect()
        };
        assert_eq!(healths(&whole), healths(&parts), "{mode}");
        let health = &healths(&whole)[0];
        assert_eq!(health.sites.last().unwrap().site, "pooler");
        let trained = health.update_ratios.keys();
        assert!(trained.eq(health.gradient_norms.keys()), "{mode}");
        let steps: Vec<u64> = read_metrics(&parts.join("metrics.jsonl"))
            .unwrap()
            .iter()
            .filter_map(|event| match event {
                Event::Step { step, .. } => Some(*step),
                _ => None,
            })
            .collect();
        assert_eq!(steps, (1..=10).collect::<Vec<_>>(), "{mode}");
        // A finished seed is found again, and its checkpoints are gone.
        let again = run(&options, 5, &parts, &run_options(2));
        assert_eq!(again.result.unwrap(), resumed);
        assert_eq!(again.events.len(), 1);
        assert!(!parts.join("checkpoints").exists());
    }
}

/// Copies a folder with everything in it.
fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let target = to.join(path.file_name().unwrap());
        if path.is_dir() {
            copy(&path, &target);
        } else {
            fs::copy(&path, &target).unwrap();
        }
    }
}

#[test]
fn a_process_killed_behind_an_epoch_repeats_the_lost_steps() {
    let world = World::new("rational", "all");
    let options = FinetuneOptions {
        epochs: 4,
        ..world.options("full")
    };
    let (whole, killed) = (world.path("whole"), world.path("killed"));
    let mut sink = |event: &Event| {
        // What a kill between the second epoch's checkpoint and the third's leaves.
        if matches!(event, Event::Checkpoint { step: 10, .. }) {
            copy(&whole, &killed);
        }
    };
    let uninterrupted = pliant_train::finetune::finetune_seed(
        &options,
        None,
        2,
        &whole,
        &run_options(2),
        &mut sink,
    )
    .unwrap();
    let metrics = killed.join("metrics.jsonl");
    let mut text = fs::read_to_string(&metrics).unwrap();
    text.push_str("{\"event\":\"interrupted\",\"step\":13}\n{\"event\":\"st");
    fs::write(&metrics, text).unwrap();
    let resumed = run(&options, 2, &killed, &run_options(3)).result.unwrap();
    assert_eq!(timeless(&resumed), timeless(&uninterrupted));
    assert!(bytes(&whole, &options) == bytes(&killed, &options));
}

#[test]
fn the_best_epoch_survives_an_interruption() {
    let world = World::new("gelu", "all");
    // Only the first steps do good; what follows destroys it.
    let options = FinetuneOptions {
        epochs: 6,
        learning_rate: 0.3,
        patience: 3,
        ..world.options("full")
    };
    let (whole, parts) = (world.path("whole"), world.path("parts"));
    let uninterrupted = run(&options, 1, &whole, &run_options(2)).result.unwrap();
    let first = run_until(&options, 1, &parts, &run_options(2), 18);
    assert!(first.result.is_err());
    let resumed = run(&options, 1, &parts, &run_options(2)).result.unwrap();
    assert!(
        uninterrupted.best_epoch < uninterrupted.epochs,
        "{uninterrupted:?}"
    );
    assert_eq!(timeless(&resumed), timeless(&uninterrupted));
    assert!(bytes(&whole, &options) == bytes(&parts, &options));
}

#[test]
fn threads_make_no_difference_and_seeds_do() {
    let world = World::new("rational", "all");
    let options = world.options("full");
    let one = run(&options, 1, &world.path("one"), &run_options(1));
    let three = run(&options, 1, &world.path("three"), &run_options(3));
    assert_eq!(one.losses(), three.losses());
    assert_eq!(
        timeless(one.result.as_ref().unwrap()),
        timeless(&three.result.unwrap())
    );
    let other = run(&options, 2, &world.path("other"), &run_options(2));
    assert_ne!(one.losses(), other.losses());
    let (one, other) = (one.result.unwrap().fairness, other.result.unwrap().fairness);
    assert_ne!(one.rows, other.rows);
    assert_ne!(one.initial_weights, other.initial_weights);
}
