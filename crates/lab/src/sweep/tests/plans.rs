//! Cells as commands.

use super::*;
use crate::sweep::plan;

fn planned(more: &str, form: PlanForm) -> (Place, String) {
    let place = Place::new();
    let recipe = place.recipe(more);
    let text = plan::render(&recipe, &place.path("my out"), form, &Fake::default()).unwrap();
    (place, text)
}

#[test]
fn a_line_for_each_cell_with_its_command() {
    let (place, text) = planned(
        "tasks = [\"rte\"]\nseeds = \"1-2\"\n[tuning]\nlearning_rates = [1e-5, 1e-4]",
        PlanForm::Jsonl,
    );
    let lines: Vec<serde_json::Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(lines.len(), 6);
    assert_eq!(lines[0]["cell"], "rte/full/100/gelu/trial-1/seed-1");
    assert_eq!(lines[0]["stage"], "trial");
    assert_eq!(lines[5]["stage"], "best");
    let command: Vec<&str> = lines[5]["command"]
        .as_array()
        .unwrap()
        .iter()
        .map(|word| word.as_str().unwrap())
        .collect();
    let (recipe, out) = (place.path("recipe.toml"), place.path("my out"));
    assert_eq!(
        command,
        [
            "pliant",
            "sweep",
            recipe.to_str().unwrap(),
            "--out",
            out.to_str().unwrap(),
            "--cell",
            "rte/full/100/rational/seed-2"
        ]
    );
}

/// The script with programs that only say how they are called.
#[cfg(unix)]
#[test]
fn the_script_submits_arrays_that_run_every_cell_once() {
    use std::os::unix::fs::PermissionsExt as _;
    use std::process::Command;

    let (place, text) = planned(
        "tasks = [\"rte\"]\nseeds = \"1-2\"\n[tuning]\nlearning_rates = [1e-5, 1e-4]",
        PlanForm::Slurm,
    );
    let script = place.path("sweep.sh");
    fs::write(&script, text).unwrap();
    let programs = place.path("programs");
    fs::create_dir(&programs).unwrap();
    for (name, content) in [
        (
            "sbatch",
            "#!/bin/bash\necho \"sbatch $*\" >> \"$CALLS\"\necho 17\n",
        ),
        (
            "pliant",
            "#!/bin/bash\necho \"pliant ${@: -1}\" >> \"$CALLS\"\nexit 1\n",
        ),
    ] {
        let path = programs.join(name);
        fs::write(&path, content).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    }
    let calls = place.path("calls");
    let run = |arguments: &[&str], variables: &[(&str, &str)]| {
        let _ = fs::remove_file(&calls);
        let path = format!("{}:{}", programs.display(), std::env::var("PATH").unwrap());
        let output = Command::new("bash")
            .arg(&script)
            .args(arguments)
            .env("PATH", path)
            .env("CALLS", &calls)
            .envs(variables.iter().copied())
            .output()
            .unwrap();
        assert!(output.status.success(), "{output:?}");
        let text = fs::read_to_string(&calls).unwrap();
        text.lines().map(str::to_owned).collect::<Vec<_>>()
    };
    let submitted = run(&[], &[("SBATCH_OPTIONS", "--cpus-per-task=4")]);
    let name = script.display().to_string();
    let shown: Vec<String> = submitted
        .iter()
        .map(|line| line.replace(&name, "SCRIPT"))
        .collect();
    assert_eq!(
        shown[..2],
        [
            "sbatch --parsable --job-name=pliant-trials --array=0-3 --cpus-per-task=4 SCRIPT trials",
            "sbatch --parsable --job-name=pliant-best --array=0-1 --dependency=afterany:17 --cpus-per-task=4 SCRIPT best",
        ]
    );
    assert!(
        shown[2].contains("--dependency=afterany:17")
            && shown[2].contains("pliant sweep --collect")
    );
    let first = run(
        &["trials"],
        &[
            ("SLURM_ARRAY_TASK_ID", "1"),
            ("SLURM_ARRAY_TASK_COUNT", "2"),
        ],
    );
    assert_eq!(
        first,
        [
            "pliant rte/full/100/gelu/trial-2/seed-1",
            "pliant rte/full/100/rational/trial-2/seed-1"
        ]
    );
    let second = run(
        &["best"],
        &[
            ("SLURM_ARRAY_TASK_ID", "0"),
            ("SLURM_ARRAY_TASK_COUNT", "2"),
        ],
    );
    assert_eq!(second, ["pliant rte/full/100/gelu/seed-2"]);
}
