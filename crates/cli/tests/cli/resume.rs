//! A run that is killed and resumed ends with the same bytes.

use std::{
    collections::hash_map::RandomState,
    fs,
    hash::{BuildHasher, Hasher},
    ops::Range,
    process::{Child, Stdio},
    thread,
    time::Duration,
};

use crate::workplace::{Finished, Workplace};

/// Steps of the run: so many that both kills, in its first half, come long before its end.
const STEPS: u64 = 600;

/// The arguments of a run with checkpoints every fifteen steps.
pub(crate) fn long_run<'a>(out: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    let settings = [
        "train.steps=600",
        "checkpoint.every=15",
        "validation.every=50",
        "model.dropout=0.1",
    ];
    let mut arguments = vec!["pretrain", "--recipe", "nano.toml", "--out", out];
    arguments.extend(settings.iter().flat_map(|setting| ["--set", setting]));
    arguments.extend(more);
    arguments
}

/// A number nobody chose; printed by the test, so that a failure can be looked into.
fn random(range: Range<u64>) -> u64 {
    let number = RandomState::new().build_hasher().finish();
    range.start + number % (range.end - range.start)
}

/// The last step that a run has reported.
pub(crate) fn last_step(workplace: &Workplace, run: &str) -> u64 {
    let metrics = fs::read_to_string(workplace.path(run).join("metrics.jsonl")).unwrap_or_default();
    let step = |line: &str| {
        let event: serde_json::Value = serde_json::from_str(line).ok()?;
        (event["event"] == "step").then(|| event["step"].as_u64())?
    };
    metrics.lines().rev().find_map(step).unwrap_or(0)
}

/// Waits until the run has taken `step`; fails when it ends before.
pub(crate) fn wait_for_step(workplace: &Workplace, run: &str, child: &mut Child, step: u64) {
    while last_step(workplace, run) < step {
        if let Some(status) = child.try_wait().unwrap() {
            panic!(
                "the run ended with {status} at step {} before step {step}",
                last_step(workplace, run)
            );
        }
        thread::sleep(Duration::from_millis(2));
    }
}

#[test]
fn killed_twice_and_resumed_with_other_threads_the_model_is_the_same() {
    let workplace = Workplace::nano();
    workplace.succeed(&long_run("whole", &["--threads", "2", "--quiet"]));
    let wanted = workplace.read("whole/model/model.safetensors");

    // Behind the first checkpoint, without which there is nothing to resume.
    let kills = [random(16..STEPS / 4), random(STEPS / 4 + 20..STEPS / 2)];
    println!("killed at the steps {kills:?}");
    for (index, step) in kills.into_iter().enumerate() {
        let more: &[&str] = if index == 0 {
            &["--threads", "1"]
        } else {
            &["--threads", "2", "--resume"]
        };
        let mut command = workplace.command(&long_run("killed", more));
        let mut child = command
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        wait_for_step(&workplace, "killed", &mut child, step);
        child.kill().unwrap();
        assert_eq!(
            child.wait().unwrap().code(),
            None,
            "the run ended by itself"
        );
    }
    assert!(!workplace.path("killed/model/model.safetensors").exists());
    let finished = workplace.succeed(&long_run("killed", &["--threads", "3", "--resume"]));
    assert!(finished.stderr.contains("goes on from step"), "{finished}");
    assert!(
        workplace.read("killed/model/model.safetensors") == wanted,
        "killed at the steps {kills:?}: other bytes"
    );
}

#[test]
fn resuming_needs_no_recipe() {
    let workplace = Workplace::nano();
    workplace.succeed(&[
        "pretrain",
        "--recipe",
        "nano.toml",
        "--out",
        "run",
        "--quiet",
    ]);
    let before = workplace.read("run/model/model.safetensors");
    fs::remove_file(workplace.path("nano.toml")).unwrap();
    let again: Finished = workplace.succeed(&["pretrain", "--out", "run", "--resume", "--quiet"]);
    assert!(again.stdout.contains("perplexity"), "{again}");
    assert!(workplace.read("run/model/model.safetensors") == before);
}
