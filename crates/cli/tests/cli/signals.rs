//! Ctrl-C and SIGTERM: the step is finished, a checkpoint is written, exit code 130; the run can go on.

use std::{
    fs,
    process::{Child, Command},
};

use crate::{
    resume::{last_step, long_run, wait_for_step},
    workplace::{Finished, Workplace},
};

/// Sends a signal by name, as the shell's `kill` does.
pub(crate) fn send(signal: &str, child: &Child) {
    let status = Command::new("kill")
        .args([&format!("-{signal}"), &child.id().to_string()])
        .status()
        .unwrap();
    assert!(status.success());
}

/// Runs until some step, sends the signal, and returns what is left.
fn interrupt(workplace: &Workplace, signal: &str, run: &str) -> Finished {
    let mut child = workplace.start(&long_run(run, &["--threads", "1"]));
    wait_for_step(workplace, run, &mut child, 5);
    send(signal, &child);
    let output = child.wait_with_output().unwrap();
    Finished::new(output, &workplace.path("."))
}

#[test]
fn an_interrupted_run_leaves_a_checkpoint_and_goes_on() {
    let workplace = Workplace::nano();
    workplace.succeed(&long_run("whole", &["--quiet"]));
    for signal in ["INT", "TERM"] {
        let run = format!("run-{signal}");
        let finished = interrupt(&workplace, signal, &run);
        assert_eq!(finished.code, Some(130), "{finished}");
        assert_eq!(finished.stdout, "");
        let hint = format!("hint: go on with: pliant pretrain --out {run} --resume\n");
        assert!(
            finished.stderr.contains("interrupted after step ") && finished.stderr.ends_with(&hint),
            "{finished}"
        );
        let step = last_step(&workplace, &run);
        let checkpoint = format!("{run}/checkpoints/step-{step:08}");
        assert!(
            workplace.path(&checkpoint).join("DONE").is_file(),
            "no complete {checkpoint}\n{finished}"
        );

        workplace.succeed(&["pretrain", "--out", &run, "--resume", "--quiet"]);
        let model = |run: &str| workplace.read(&format!("{run}/model/model.safetensors"));
        assert!(model(&run) == model("whole"), "{signal}: other bytes");
    }
}

#[test]
fn an_interrupted_comparison_goes_on() {
    let workplace = Workplace::nano();
    let arguments = [
        "compare",
        "--recipe",
        "nano.toml",
        "--steps",
        "300",
        "--seeds",
        "1",
        "--out",
        "twins",
        "--json",
        "--set",
        "data.cache=cache",
    ];
    let mut child = workplace.start(&arguments);
    let cell = "twins/gelu/seed-1";
    wait_for_step(&workplace, cell, &mut child, 5);
    send("INT", &child);
    let finished = Finished::new(child.wait_with_output().unwrap(), &workplace.path("."));
    assert_eq!(finished.code, Some(130), "{finished}");
    assert_eq!(finished.json()["error"]["code"], 130);
    let checkpoints = fs::read_dir(workplace.path(cell).join("checkpoints")).unwrap();
    assert!(
        checkpoints
            .into_iter()
            .any(|folder| folder.unwrap().path().join("DONE").is_file())
    );
    let results = workplace.succeed(&arguments).json();
    assert_eq!(results["arms"][1]["seeds"][0]["steps"], 300);
}
