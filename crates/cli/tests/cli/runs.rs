//! `pliant runs`: what is listed, what is removed, and what is not.

use std::fs::{self, File};

use crate::workplace::Workplace;

const RECIPE: &str = "[model]\npreset = \"mini\"\n[activation]\nfunction = \"rational\"\n[train]\nsteps = 90\nseed = 3\n";
const STARTED: &str = "{\"event\":\"started\",\"step\":0,\"steps\":90,\"activation\":\"rational\",\"parameters\":{\"total\":1234567}}\n";
const VALIDATED: &str = "{\"event\":\"step\",\"step\":40,\"loss\":5.0}\n{\"event\":\"validation\",\"step\":40,\"loss\":4.25,\"best\":true}\n";

/// An interrupted run with a record like that of an old version, and `more` at its end.
fn run(workplace: &Workplace, name: &str, more: &str) {
    workplace.write(&format!("{name}/recipe.toml"), RECIPE);
    workplace.write(&format!("{name}/lock"), "");
    let record = format!("{STARTED}{VALIDATED}{more}");
    workplace.write(&format!("{name}/metrics.jsonl"), &record);
}

#[test]
fn a_finished_run_and_its_removal() {
    let workplace = Workplace::nano();
    workplace.succeed(&[
        "pretrain",
        "--recipe",
        "nano.toml",
        "--out",
        "runs/a",
        "--quiet",
    ]);
    let found = &workplace.succeed(&["runs", "runs", "--json"]).json()["runs"][0];
    let summary = workplace.json("runs/a/summary.json");
    assert_eq!(found["path"], "runs/a");
    assert_eq!(found["state"], "finished");
    assert_eq!(found["activation"], "rational");
    assert_eq!((&found["step"], &found["steps"]), (&20.into(), &20.into()));
    assert_eq!(found["best"]["value"], summary["best_validation_loss"]);
    assert_eq!(found["parameters"], summary["parameters"]["total"]);

    let refused = workplace.run(&["runs", "rm", "runs/a"]);
    insta::assert_snapshot!(refused.error(), @r"
    exit code 2
    error: there is no terminal to ask on whether to remove the runs
    hint: look at them with `pliant runs`, then give --yes
    ");
    assert!(workplace.path("runs/a/summary.json").is_file());
    let removed = workplace.succeed(&["runs", "rm", "runs/a", "runs/a/", "--yes"]);
    assert!(removed.stdout.starts_with("Removed 1 run, "), "{removed}");
    assert!(!workplace.path("runs/a").exists() && workplace.path("runs").is_dir());
}

#[test]
fn states_by_what_lies_there() {
    let workplace = Workplace::empty();
    run(&workplace, "torn", "{\"event\":\"st");
    run(
        &workplace,
        "diverged",
        "{\"event\":\"diverged\",\"step\":41}\n",
    );
    run(
        &workplace,
        "broken",
        "nonsense\n{\"event\":\"step\",\"step\":41}\n",
    );
    run(&workplace, "held", "");
    run(&workplace, "no-recipe", "");
    workplace.write("no-recipe/recipe.toml", "[train\n");
    let held = File::open(workplace.path("held/lock")).unwrap();
    held.lock().unwrap();
    let document = workplace.succeed(&["runs", "--json"]).json();
    let of = |name: &str| {
        let runs = document["runs"].as_array().unwrap();
        let found = runs
            .iter()
            .find(|run| run["path"].as_str().unwrap().ends_with(name));
        found.unwrap().clone()
    };
    for (name, state) in [
        ("torn", "interrupted"),
        ("diverged", "diverged"),
        ("broken", "damaged"),
        ("held", "running"),
        ("no-recipe", "damaged"),
    ] {
        assert_eq!(of(name)["state"], state, "{name}");
    }
    assert_eq!(of("torn")["step"], 40);
    assert_eq!(of("torn")["best"]["value"], 4.25);
    assert_eq!(of("diverged")["step"], 40);
    let text = workplace.succeed(&["runs"]).stdout;
    assert!(text.contains("rational mini 1.2M"), "{text}");
    assert!(
        text.contains("broken: metrics.jsonl: line 4 is no JSON"),
        "{text}"
    );

    let refused = workplace.run(&["runs", "rm", "torn", "held", "--yes"]);
    assert_eq!(refused.code, Some(2));
    assert!(
        refused.error().contains("the run in held is running"),
        "{refused}"
    );
    assert!(workplace.path("torn").is_dir());
}

#[test]
fn of_many_runs_the_newest() {
    let workplace = Workplace::empty();
    for index in 0..10_000 {
        let folder = workplace.path(&format!("all/{index:05}"));
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("recipe.toml"), RECIPE).unwrap();
        fs::write(folder.join("lock"), "").unwrap();
    }
    let newest = File::options()
        .write(true)
        .open(workplace.path("all/04321/recipe.toml"))
        .unwrap();
    let later = std::time::SystemTime::now() + std::time::Duration::from_mins(1);
    newest.set_modified(later).unwrap();
    let found = workplace.succeed(&["runs", "all", "--limit", "1"]);
    let lines: Vec<&str> = found.stdout.lines().collect();
    assert_eq!(lines.len(), 3, "{found}");
    assert!(
        lines[1].starts_with("all/04321  interrupted  rational mini"),
        "{found}"
    );
    assert_eq!(
        lines[2],
        "9,999 older of 10,000 runs are not shown; --limit shows more."
    );
}

#[test]
fn what_is_no_run_is_neither_listed_nor_removed() {
    let workplace = Workplace::empty();
    workplace.write("other/recipe.toml", "flour = 500\n");
    workplace.write("other/src/main.rs", "");
    // Another program's folder, with every file that a run has.
    workplace.write("foreign/recipe.toml", "[model]\nname = \"cake\"\n");
    workplace.write("foreign/lock", "");
    workplace.write("foreign/metrics.jsonl", "{\"event\":\"baked\"}\n");
    for folder in ["other", "foreign"] {
        assert_eq!(
            workplace.succeed(&["runs", folder]).stdout,
            format!("There are no runs in or below {folder}.\n")
        );
    }
    run(&workplace, "kept", "");
    #[cfg(unix)]
    std::os::unix::fs::symlink(workplace.path("kept"), workplace.path("link")).unwrap();
    let mut text = String::new();
    for path in ["nowhere", "other", "foreign", "other/recipe.toml", "link/"] {
        text += &workplace.run(&["runs", "rm", path, "--yes"]).error();
    }
    text += &workplace.run(&["runs", "nowhere"]).error();
    insta::assert_snapshot!(text, @r"
    exit code 2
    error: nowhere does not exist
    hint: give a folder with runs below it
    exit code 2
    error: other is no run folder
    hint: `pliant runs other` lists the runs below it
    exit code 2
    error: foreign is no run folder
    hint: `pliant runs foreign` lists the runs below it
    exit code 2
    error: other/recipe.toml is no folder
    hint: give a folder with runs below it
    exit code 2
    error: link is a symbolic link
    hint: give the folder that it leads to
    exit code 2
    error: nowhere does not exist
    hint: give a folder with runs below it
    ");
    assert!(workplace.path("kept/recipe.toml").is_file());
    assert!(workplace.path("foreign/metrics.jsonl").is_file());
}
