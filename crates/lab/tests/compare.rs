//! A comparison from end to end: real data, real training, a model small enough for seconds.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::fs;
use std::path::Path;

use pliant_lab::compare::{self, CellState, CompareError, Options, Progress};
use pliant_train::{Event, Recipe, RunOptions, Sources, StopFlag};

const RECIPE: &str = r"
[model]
layers = 1
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

[checkpoint]
every = 2
";

fn options(folder: &Path, out: &str) -> Options {
    let recipe = folder.join("nano.toml");
    fs::write(&recipe, RECIPE).unwrap();
    Options {
        recipe: Some(recipe),
        arms: Some("gelu,rational".parse().unwrap()),
        seeds: Some("1,2".parse().unwrap()),
        steps: None,
        corpus: None,
        sets: Vec::new(),
        out: folder.join(out),
        threads: Some(2),
        version: "0.0.0 (test)".to_owned(),
        commit: None,
        stop: StopFlag::new(),
    }
}

fn model(run: &Path) -> Vec<u8> {
    fs::read(run.join("model/model.safetensors")).unwrap()
}

#[test]
fn arms_train_as_fair_twins_and_an_interruption_changes_no_byte() {
    let folder = tempfile::tempdir().unwrap();
    let whole = options(folder.path(), "whole");
    let results = compare::run(&whole, &mut |_: &Progress<'_>| {}).unwrap();

    assert!(results.complete && results.fairness.equal);
    let [gelu, rational] = results.fairness.arms.as_slice() else {
        panic!("two arms")
    };
    assert_eq!(gelu.seeds, rational.seeds);
    assert_ne!(gelu.seeds[0].initial_weights, gelu.seeds[1].initial_weights);
    assert_ne!(gelu.seeds[0].batches, gelu.seeds[1].batches);
    assert_eq!(results.arms[0].parameters.activation, 0);
    assert_eq!(results.arms[1].parameters.activation, 10);
    assert_eq!(
        results.arms[1].parameters.total,
        results.arms[0].parameters.total + 10
    );
    assert!(results.arms.iter().all(|arm| {
        arm.seeds
            .iter()
            .all(|seed| seed.steps == 6 && seed.validation_loss.is_finite())
    }));
    assert!(results.pairs[0].delta_loss.p.is_some());
    // Six steps teach nothing, and it is said.
    assert_eq!(
        results
            .warnings
            .iter()
            .filter(|warning| warning.contains("word frequencies"))
            .count(),
        2
    );
    for name in ["results.json", "results.md", "report.html", "compare.json"] {
        assert!(whole.out.join(name).is_file(), "{name}");
    }
    let written = pliant_lab::shapes::write(
        &whole.out.join("rational/seed-1"),
        &folder.path().join("shapes"),
    )
    .unwrap();
    assert_eq!(written.sites.len(), 1);

    // The cell's recipe runs by itself, to the same bytes.
    let file = whole.out.join("rational/seed-2/recipe.toml");
    let recipe = Recipe::resolve(&Sources {
        file: Some(file),
        settings: Vec::new(),
    })
    .unwrap();
    let alone = folder.path().join("alone");
    pliant_train::run(&recipe, &alone, &RunOptions::default(), &mut |_: &Event| {}).unwrap();
    assert_eq!(model(&alone), model(&whole.out.join("rational/seed-2")));

    // Stopped in the third step of the second cell.
    let parts = options(folder.path(), "parts");
    let stop = parts.stop.clone();
    let stopped = compare::run(&parts, &mut |progress: &Progress<'_>| {
        if let Progress::Training {
            cell,
            event: Event::Step { step: 3, .. },
        } = progress
            && cell.index == 1
        {
            stop.raise();
        }
    });
    assert!(matches!(
        stopped,
        Err(CompareError::Interrupted {
            finished: 1,
            planned: 4
        })
    ));
    let mut states = Vec::new();
    let again = options(folder.path(), "parts");
    let resumed = compare::run(&again, &mut |progress: &Progress<'_>| {
        if let Progress::Cell { state, .. } = progress {
            states.push(*state);
        }
    });
    assert_eq!(
        states,
        [
            CellState::Finished,
            CellState::Resumed,
            CellState::New,
            CellState::New
        ]
    );
    let resumed = resumed.unwrap();
    assert_eq!(resumed.fairness, results.fairness);
    for arm in ["gelu", "rational"] {
        for seed in ["seed-1", "seed-2"] {
            let cell = Path::new(arm).join(seed);
            assert_eq!(
                model(&again.out.join(&cell)),
                model(&whole.out.join(&cell)),
                "{arm} {seed}"
            );
        }
    }
}
