//! A sweep from end to end, the published one made small: two models pre-trained for a few steps, two made-up tasks, real
//! fine-tuning in several modes, tables, and the shapes of the tasks beside the pre-trained ones.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use pliant_lab::sweep::{self, Budget, Options, Progress, SweepError, SweepResults};
use pliant_lab::{compare, shapes};
use pliant_train::{Event, StopFlag};

const PRETRAINING: &str = r"
[model]
layers = 2
hidden_size = 16
heads = 2
intermediate_size = 32

[data]
generated_words = 20000
vocabulary_size = 400

[train]
steps = 6
batch = 4
sequence = 32

[validation]
every = 3
sequences = 16
";

/// Words that decide, and words that do not.
const TELLING: [&str; 8] = [
    "good", "fine", "warm", "kind", "bad", "poor", "cold", "cruel",
];
const FILLERS: [&str; 6] = ["the", "a", "film", "story", "was", "with"];

/// A number below `bound` that is always the same for a row and a place.
fn number(row: usize, place: usize, bound: usize) -> usize {
    let mut state = (row as u64 * 31 + place as u64 + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    state ^= state >> 29;
    state = state.wrapping_mul(0xBF58_476D_1CE4_E5B9);
    ((state ^ (state >> 32)) % bound as u64) as usize
}

/// A sentence with one telling word, and whether it is one of the first four.
fn sentence(row: usize) -> (String, bool) {
    let telling = number(row, 0, TELLING.len());
    let mut words: Vec<&str> = (0..2 + number(row, 1, 6))
        .map(|place| FILLERS[number(row, 2 + place, FILLERS.len())])
        .collect();
    words.push(TELLING[telling]);
    (words.join(" "), telling < TELLING.len() / 2)
}

/// SST-2 and RTE in the form of the official files.
fn write_tasks(folder: &Path) {
    for (part, rows) in [("train", 0..80), ("dev", 80..140)] {
        let mut review = "sentence\tlabel\n".to_owned();
        let mut entailment = "index\tsentence1\tsentence2\tlabel\n".to_owned();
        for row in rows {
            let (first, is_good) = sentence(row);
            let (second, is_other_good) = sentence(row + 1000);
            writeln!(review, "{first}\t{}", u8::from(is_good)).unwrap();
            let label = if is_good == is_other_good {
                "entailment"
            } else {
                "not_entailment"
            };
            writeln!(entailment, "{row}\t{first}\t{second}\t{label}").unwrap();
        }
        for (task, text) in [("SST-2", review), ("RTE", entailment)] {
            fs::create_dir_all(folder.join(task)).unwrap();
            fs::write(folder.join(task).join(format!("{part}.tsv")), text).unwrap();
        }
    }
}

/// A folder with two pre-trained models and data.
struct World {
    folder: tempfile::TempDir,
}

impl World {
    fn new() -> Self {
        let world = Self {
            folder: tempfile::tempdir().unwrap(),
        };
        write_tasks(&world.path("glue"));
        fs::write(world.path("pretraining.toml"), PRETRAINING).unwrap();
        let twins = compare::Options {
            recipe: Some(world.path("pretraining.toml")),
            arms: Some("gelu,rational".parse().unwrap()),
            seeds: Some("1".parse().unwrap()),
            steps: None,
            corpus: None,
            sets: Vec::new(),
            out: world.path("twins"),
            threads: Some(2),
            version: "0.0.0 (test)".to_owned(),
            commit: None,
            stop: StopFlag::new(),
        };
        compare::run(&twins, &mut |_: &compare::Progress<'_>| {}).unwrap();
        world
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Options for a recipe with these lines under `[sweep]` and below.
    fn options(&self, out: &str, lines: &str) -> Options {
        let model = |name: &str| {
            let folder = self.path(&format!("twins/{name}/seed-1/model"));
            format!(
                "\n[[model]]\nname = \"{name}\"\nfolder = \"{}\"\n",
                folder.display()
            )
        };
        let text = format!(
            "[sweep]\ndata = \"{}\"\nsizes = [16]\ntest_cap = 40\n{lines}\n[finetune]\nepochs = 2\nbatch = 8\n{}{}",
            self.path("glue").display(),
            model("gelu"),
            model("rational")
        );
        let recipe = self.path(&format!("{out}.toml"));
        fs::write(&recipe, text).unwrap();
        Options {
            recipe,
            out: self.path(out),
            budget: Budget::default(),
            cell: None,
            retry_failed: false,
            threads: Some(2),
            version: "0.0.0 (test)".to_owned(),
            commit: None,
            stop: StopFlag::new(),
        }
    }
}

fn run(options: &Options) -> SweepResults {
    sweep::run(options, &mut |_: &Progress<'_>| {}).unwrap()
}

#[test]
fn two_models_two_tasks_three_modes() {
    let world = World::new();
    let options = world.options(
        "sweep",
        "tasks = [\"sst2\", \"RTE\"]\nmodes = [\"full\", \"activations\", \"frozen-activations\"]\nseeds = \"1-2\"",
    );
    let results = run(&options);
    assert_eq!(results.failed, []);
    // Full for both; activations and frozen activations for the arm that has some.
    assert_eq!(
        (results.complete, results.cells.planned),
        (true, 2 * 2 * (2 + 1 + 1))
    );
    assert_eq!(
        results
            .models
            .iter()
            .map(|model| model.learnable)
            .collect::<Vec<_>>(),
        [false, true]
    );
    let [full, activations, frozen] = results.groups.as_slice() else {
        panic!("three modes")
    };
    for task in &full.tasks {
        assert_eq!((&*task.part, task.rows), ("test", Some(40)));
        let constant = task.constant.unwrap();
        assert!((0.5..0.8).contains(&constant), "{}: {constant}", task.task);
        for arm in &task.arms {
            assert_eq!(arm.seeds.len(), 2);
            assert!(
                arm.seeds
                    .iter()
                    .all(|seed| (0.0..=1.0).contains(&seed.score))
            );
            assert!(arm.min <= arm.median && arm.median <= arm.max);
        }
        assert_eq!(task.pairs[0].differences.len(), 2);
    }
    assert_eq!(full.average.as_ref().unwrap().arms[1].seeds.len(), 2);
    // Two layers of ten coefficients train in `full` and not in `frozen-activations`.
    let trained = |group: &sweep::Group, arm: usize| group.tasks[0].arms[arm].trainable_parameters;
    assert_eq!(trained(full, 1).unwrap(), trained(frozen, 1).unwrap() + 20);
    assert_eq!(trained(frozen, 0), trained(full, 0));
    assert_eq!(frozen.tasks[0].arms[0].mean, full.tasks[0].arms[0].mean);
    assert_eq!(activations.tasks[0].arms[0].mean, None);
    let head = 16 * 16 + 16 + 2 * 16 + 2;
    assert_eq!(trained(activations, 1), Some(20 + head));

    for name in [
        "results.json",
        "results.md",
        "results.csv",
        "pairs.csv",
        "seeds.csv",
        "results.tex",
        "report.html",
    ] {
        assert!(options.out.join(name).is_file(), "{name}");
    }
    let collected =
        sweep::collect(&options.out, "0.0.0 (test)", &mut |_: &Progress<'_>| {}).unwrap();
    assert!(collected == results);
    // Cells keep curves and results, no weights.
    let cell = options.out.join("cells/sst2/full/16/rational/seed-1/run");
    assert!(cell.join("shapes/inputs.json").is_file() && cell.join("metrics.jsonl").is_file());
    assert!(!cell.join("model").exists() && !cell.join("checkpoints").exists());

    // The shapes of both tasks beside those before them.
    let cells = ["sst2", "rte"].map(|task| {
        options
            .out
            .join(format!("cells/{task}/full/16/rational/seed-1/run"))
    });
    let against = world.path("twins/rational/seed-1");
    let compared = shapes::compare(&cells, &against, &world.path("shapes")).unwrap();
    assert_eq!(compared.warnings, [] as [String; 0]);
    assert_eq!(
        compared
            .runs
            .iter()
            .map(|run| &*run.label)
            .collect::<Vec<_>>(),
        ["sst2", "rte"]
    );
    assert_eq!(compared.sites.len(), 2);
    for site in &compared.sites {
        assert!(
            site.distances
                .iter()
                .all(|entry| entry.distance > 0.0 && entry.distance < 1.0)
        );
    }
    // With frozen activations nothing moves.
    let cell = options
        .out
        .join("cells/sst2/frozen-activations/16/rational/seed-1/run");
    let still = shapes::compare(&[cell], &against, &world.path("still")).unwrap();
    assert!(
        still
            .sites
            .iter()
            .all(|site| site.distances[0].distance == 0.0)
    );
}

#[test]
fn an_interruption_in_the_middle_of_a_cell_changes_no_score() {
    let world = World::new();
    let lines = "tasks = [\"sst2\"]\nseeds = \"1-2\"\n[tuning]\nlearning_rates = [1e-4, 1e-3]";
    let whole = run(&world.options("whole", lines));
    assert!(whole.complete && whole.trials_per_arm == 2);
    // Two rates with the first seed, the better one with the second, for each arm.
    assert_eq!(whole.cells.planned, 2 * (2 + 1));

    let parts = world.options("parts", lines);
    let stop = parts.stop.clone();
    let stopped = sweep::run(&parts, &mut |progress: &Progress<'_>| {
        if let Progress::Training {
            cell,
            event: Event::Step { step: 3, .. },
        } = progress
            && cell.index == 2
        {
            stop.raise();
        }
    });
    assert!(matches!(
        stopped,
        Err(SweepError::Interrupted {
            finished: 2,
            planned: 6
        })
    ));
    let again = run(&world.options("parts", lines));
    assert!(again.groups == whole.groups);
}

#[test]
fn what_every_cell_would_fail_on_is_found_before_the_first() {
    let world = World::new();
    let refused = |out: &str, lines: &str| {
        let error = sweep::run(&world.options(out, lines), &mut |_: &Progress<'_>| {}).unwrap_err();
        format!("{error}\n{}", error.hint().unwrap_or_default())
    };
    let absent = refused("absent", "tasks = [\"sst2\", \"cola\"]\nseeds = \"1\"");
    assert!(absent.contains("training file of cola"), "{absent}");
    let unknown = refused("unknown", "tasks = [\"sst3\"]\nseeds = \"1\"");
    assert!(
        unknown.contains("unknown.toml:5:1: `sweep.tasks`") && unknown.contains("sst2"),
        "{unknown}"
    );
    let few = world.options("few", "tasks = [\"sst2\"]\nseeds = \"1\"");
    let text = fs::read_to_string(&few.recipe)
        .unwrap()
        .replace("sizes = [16]", "sizes = [16, 61]");
    fs::write(&few.recipe, text).unwrap();
    let error = sweep::run(&few, &mut |_: &Progress<'_>| {})
        .unwrap_err()
        .to_string();
    assert!(error.contains("61"), "{error}");
    // The folder is free for the corrected recipe.
    assert!(!few.out.exists());
}
