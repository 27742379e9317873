//! `pliant sweep` with two tiny models and made-up rows: tables, several processes, interruptions, plans, what is refused.

use std::{
    fmt::Write as _,
    fs,
    process::{Child, Command},
    thread,
    time::Duration,
};

use serde_json::Value;

use crate::workplace::{Finished, Workplace};

/// Two models and two tasks; `lines` stand under `[sweep]`.
fn recipe(lines: &str) -> String {
    format!(
        "[sweep]\ndata = \"glue\"\nsizes = [12]\nseeds = \"1-2\"\ntest_cap = 20\n{lines}\n\
        [[model]]\nname = \"gelu\"\nfolder = \"twins/gelu/seed-1/model\"\n\n\
        [[model]]\nname = \"rational\"\nfolder = \"twins/rational/seed-1/model\"\n"
    )
}

const TWO_TASKS: &str = "tasks = [\"sst2\", \"rte\"]\n\n[finetune]\nepochs = 2\nbatch = 4\n";

/// Words of the made-up rows.
const WORDS: [&str; 4] = ["old", "quiet", "tall", "a"];

/// A folder with two models, two tasks, and `sweep.toml` with these lines under `[sweep]`.
fn workplace(lines: &str) -> Workplace {
    let workplace = Workplace::nano();
    workplace.succeed(&[
        "compare",
        "--recipe",
        "nano.toml",
        "--steps",
        "4",
        "--seeds",
        "1",
        "--out",
        "twins",
        "--quiet",
    ]);
    for (part, rows) in [("train", 0..60), ("dev", 60..100)] {
        let mut review = "sentence\tlabel\n".to_owned();
        let mut entailment = "index\tsentence1\tsentence2\tlabel\n".to_owned();
        for row in rows {
            let word = WORDS[row * 7 % 4];
            let label = usize::from(row * 7 % 4 < 2);
            writeln!(review, "the {word} river {}\t{label}", WORDS[row % 3]).unwrap();
            let name = ["entailment", "not_entailment"][row * 5 % 2];
            writeln!(
                entailment,
                "{row}\tthe {word} river\ta {} mill\t{name}",
                WORDS[row % 3]
            )
            .unwrap();
        }
        workplace.write(&format!("glue/SST-2/{part}.tsv"), &review);
        workplace.write(&format!("glue/RTE/{part}.tsv"), &entailment);
    }
    workplace.write("sweep.toml", &recipe(lines));
    workplace
}

const SWEEP: [&str; 4] = ["sweep", "sweep.toml", "--out", "out"];

fn sweep(workplace: &Workplace, more: &[&str]) -> Finished {
    workplace.run(&[&SWEEP[..], more].concat())
}

/// Cells that a call has trained, from what it says on the way.
fn trained(finished: &Finished) -> Vec<String> {
    let lines = finished
        .stderr
        .lines()
        .filter(|line| line.contains("  score "));
    let mut cells: Vec<String> = lines
        .filter_map(|line| line.split_whitespace().nth(1))
        .map(str::to_owned)
        .collect();
    cells.sort();
    cells
}

#[test]
fn a_sweep_says_plan_cells_tables_sentence_and_report() {
    let workplace = workplace(TWO_TASKS);
    let first = sweep(&workplace, &["--max-cells", "3"]);
    assert_eq!(first.code, Some(0), "{first}");
    let plan: Vec<&str> = first.stderr.lines().take(2).collect();
    assert_eq!(
        plan,
        [
            "Fine-tuning gelu and rational on 2 tasks in 1 mode with 1 size and 2 seeds: 8 cells.",
            "Cells and tables go to out/; after Ctrl-C the same command goes on where it stopped."
        ]
    );
    assert_eq!(
        trained(&first),
        [
            "rte/full/12/gelu/seed-1",
            "sst2/full/12/gelu/seed-1",
            "sst2/full/12/rational/seed-1"
        ]
    );
    assert!(
        first.stdout.contains("3 of 8 cells finished, 0 failed; 1 trial of learning rates per arm\nmissing: rte/full/12/rational/seed-1, "),
        "{first}"
    );
    let second = sweep(&workplace, &["--json"]);
    assert!(
        second.stderr.contains("8 cells (3 finished earlier)."),
        "{second}"
    );
    assert_eq!(trained(&second).len(), 5);
    let results = second.json();
    assert_eq!(results["complete"], true);
    assert_eq!(
        results["groups"][0]["tasks"][1]["arms"][1]["seeds"][1]["seed"],
        2
    );
    assert_eq!(workplace.json("out/results.json"), results);

    let third = sweep(&workplace, &[]);
    assert_eq!(trained(&third), [] as [String; 0]);
    assert!(third.stdout.contains("\nfull, 12 examples\n"), "{third}");
    assert!(third.stdout.contains("rational − gelu"), "{third}");
    assert!(
        third.stdout.ends_with("\nreport: out/report.html\n"),
        "{third}"
    );
    let collected = workplace.succeed(&["sweep", "--collect", "out"]);
    assert_eq!(collected.stdout, third.stdout);
    let page = String::from_utf8(workplace.read("out/report.html")).unwrap();
    assert!(page.contains("rational against gelu on 2 tasks"));

    let shapes = workplace.succeed(&[
        "shapes",
        "out/cells/sst2/full/12/rational/seed-1/run",
        "out/cells/rte/full/12/rational/seed-1/run",
        "--against",
        "twins/rational/seed-1",
        "--out",
        "shapes",
        "--json",
    ]);
    let compared = shapes.json();
    assert_eq!(compared["runs"][1]["label"], "rte");
    assert!(
        compared["sites"][0]["distances"][0]["distance"]
            .as_f64()
            .unwrap()
            > 0.0
    );
    for name in [
        "shapes.svg",
        "distances.csv",
        "distances.json",
        "layer.0.csv",
        "layer.1.csv",
    ] {
        assert!(workplace.path("shapes").join(name).is_file(), "{name}");
    }
}

#[test]
fn two_processes_share_a_folder() {
    let workplace = workplace(TWO_TASKS);
    let start = || workplace.start(&[&SWEEP[..], &["--threads", "1"]].concat());
    let children = [start(), start()];
    let finished = children.map(|child| {
        let output = child.wait_with_output().unwrap();
        Finished::new(output, &workplace.path("."))
    });
    let mut cells: Vec<String> = finished.iter().flat_map(trained).collect();
    for finished in &finished {
        assert_eq!(finished.code, Some(0), "{finished}");
    }
    cells.sort();
    assert_eq!(cells.len(), 8, "{}\n{}", finished[0], finished[1]);
    cells.dedup();
    assert_eq!(cells.len(), 8, "a cell was trained twice");
    let results = workplace
        .succeed(&["sweep", "--collect", "out", "--json"])
        .json();
    assert_eq!(results["complete"], true);
    // Alone the scores are the same.
    let alone = workplace
        .succeed(&["sweep", "sweep.toml", "--out", "alone", "--json"])
        .json();
    assert_eq!(alone["groups"], results["groups"]);
}

const LONG: &str = "tasks = [\"sst2\"]\n\n[finetune]\nepochs = 4000\npatience = 0\nbatch = 4\n";
const FIRST_CELL: &str = "out/cells/sst2/full/12/gelu/seed-1";

/// Starts a sweep whose cells take long, and waits until it has taken steps of the first.
fn start_long(workplace: &Workplace) -> Child {
    let metrics = workplace.path(FIRST_CELL).join("run/metrics.jsonl");
    let steps = || {
        let text = fs::read_to_string(&metrics).unwrap_or_default();
        text.matches("\"event\":\"step\"").count()
    };
    let before = steps();
    let mut child = workplace.start(&[&SWEEP[..], &["--threads", "1"]].concat());
    while steps() <= before {
        assert!(
            child.try_wait().unwrap().is_none(),
            "the sweep ended by itself"
        );
        thread::sleep(Duration::from_millis(5));
    }
    child
}

/// Ends a sweep as Ctrl-C does.
fn interrupt(child: Child, workplace: &Workplace) -> Finished {
    let status = Command::new("kill")
        .args(["-INT", &child.id().to_string()])
        .status();
    assert!(status.unwrap().success());
    Finished::new(child.wait_with_output().unwrap(), &workplace.path("."))
}

#[test]
fn an_interrupted_cell_goes_on() {
    let workplace = workplace(LONG);
    let finished = interrupt(start_long(&workplace), &workplace);
    assert_eq!(finished.code, Some(130), "{finished}");
    assert!(
        finished.stderr.ends_with("interrupted; 0 of 4 cells are finished\nhint: the same call goes on where this one stopped\n"),
        "{finished}"
    );
    assert!(workplace.path(FIRST_CELL).join("run/checkpoints").is_dir());
    let finished = interrupt(start_long(&workplace), &workplace);
    assert!(
        finished
            .stderr
            .contains("1/4 sst2/full/12/gelu/seed-1  goes on"),
        "{finished}"
    );
}

#[test]
fn the_cell_of_a_killed_process_is_taken_over_and_a_live_one_is_left() {
    let workplace = workplace(LONG);
    let mut child = start_long(&workplace);
    let cell = ["--cell", "sst2/full/12/gelu/seed-1"];
    let busy = sweep(&workplace, &cell);
    assert_eq!(busy.code, Some(0), "{busy}");
    assert!(
        busy.stdout.contains("under way in other processes: 1"),
        "{busy}"
    );
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(workplace.path(FIRST_CELL).join("claim-1.json").is_file());
    // The second claim is that of the follower.
    let mut follower = workplace.start(&[&SWEEP[..], &cell].concat());
    while !workplace.path(FIRST_CELL).join("claim-2.json").is_file() {
        assert!(
            follower.try_wait().unwrap().is_none(),
            "the follower ended by itself"
        );
        thread::sleep(Duration::from_millis(5));
    }
    follower.kill().unwrap();
    follower.wait().unwrap();
}

#[test]
fn a_failed_cell_is_told_by_the_exit_code() {
    let workplace = workplace(&TWO_TASKS.replace("batch = 4", "batch = 4\nmax_length = 100000"));
    let finished = sweep(&workplace, &["--json"]);
    assert_eq!(finished.code, Some(1), "{finished}");
    let results = finished.json();
    assert_eq!(results["cells"]["failed"], 8);
    assert!(
        finished
            .stderr
            .contains("warning: 1/8 sst2/full/12/gelu/seed-1 failed: "),
        "{finished}"
    );
    assert!(
        finished
            .stderr
            .contains("error: 8 cells failed, the first is sst2/full/12/gelu/seed-1: "),
        "{finished}"
    );
}

#[test]
fn plans_are_printed_and_nothing_is_trained() {
    let workplace = workplace(TWO_TASKS);
    let plan = sweep(&workplace, &["--plan", "jsonl"]);
    let lines: Vec<Value> = plan
        .stdout
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(lines.len(), 8);
    assert_eq!(lines[0]["cell"], "sst2/full/12/gelu/seed-1");
    let script = sweep(&workplace, &["--plan", "slurm", "--json"]).json();
    assert!(
        script["plan"]
            .as_str()
            .unwrap()
            .starts_with("#!/bin/bash\n")
    );
    assert!(!workplace.path("out").exists());
}

/// Asserts the exit code and snapshots the message.
macro_rules! refused {
    ($name:literal, $code:literal, $finished:expr) => {
        let finished = $finished;
        assert_eq!(finished.code, Some($code), "{finished}");
        insta::assert_snapshot!($name, finished.error());
    };
}

#[test]
fn what_cannot_be_swept_is_refused() {
    let workplace = workplace(TWO_TASKS);
    assert_eq!(sweep(&workplace, &["--max-cells", "1"]).code, Some(0));
    let with = |lines: &str, out: &str| {
        workplace.write("other.toml", &recipe(lines));
        workplace.run(&["sweep", "other.toml", "--out", out])
    };
    refused!(
        "sweep_two_in_one_folder",
        2,
        with(&TWO_TASKS.replace("epochs = 2", "epochs = 3"), "out")
    );
    refused!(
        "sweep_unknown_task",
        2,
        with("tasks = [\"sst2\", \"qnil\"]\n", "new")
    );
    refused!(
        "sweep_unknown_mode",
        2,
        with(
            "tasks = [\"sst2\"]\nmodes = [\"full\", \"bit-fit\"]\n",
            "new"
        )
    );
    refused!(
        "sweep_unknown_key",
        2,
        with("tasks = [\"sst2\"]\ntest_capp = 5\n", "new")
    );
    refused!("sweep_foreign_folder", 2, with(TWO_TASKS, "glue"));
    refused!("sweep_missing_task", 3, with("tasks = [\"cola\"]\n", "new"));
    refused!(
        "sweep_too_many_tuning_seeds",
        2,
        with(
            &TWO_TASKS
                .replace("tasks", "stratified = true\ntasks")
                .replace("[finetune]", "[tuning]\nseeds = 5\n\n[finetune]"),
            "new"
        )
    );
    let much = recipe(TWO_TASKS).replace("sizes = [12]", "sizes = [12, 1000]");
    workplace.write("much.toml", &much);
    refused!(
        "sweep_too_few_rows",
        2,
        workplace.run(&["sweep", "much.toml", "--out", "new"])
    );
    refused!("sweep_no_recipe", 2, workplace.run(&["sweep", "none.toml"]));
    refused!(
        "sweep_no_sweep",
        2,
        workplace.run(&["sweep", "--collect", "glue"])
    );
    refused!(
        "sweep_unknown_cell",
        2,
        sweep(&workplace, &["--cell", "sst2/full/12/gelu/seed-3"])
    );
    workplace.write(
        "other.toml",
        &recipe(TWO_TASKS).replace("twins/rational/seed-1/model", "twins/rational/seed-9/model"),
    );
    refused!(
        "sweep_no_model",
        2,
        workplace.run(&["sweep", "other.toml", "--out", "new"])
    );
    let together = workplace.succeed(&[
        "shapes",
        "twins/gelu/seed-1",
        "twins/rational/seed-1",
        "--out",
        "together",
        "--json",
    ]);
    assert_eq!(together.json()["arms"][1]["name"], "rational");
    assert!(workplace.path("together/seeds.svg").is_file());
    refused!(
        "shapes_unlike",
        2,
        workplace.run(&[
            "shapes",
            "out/cells/sst2/full/12/gelu/seed-1/run",
            "--against",
            "twins/rational/seed-1",
            "--out",
            "shapes"
        ])
    );
}
