//! The recipes of sweeps that a user starts from, and the page that lists their keys.
#![allow(clippy::unwrap_used)]

use std::fs;
use std::path::{Path, PathBuf};

use pliant_lab::sweep::{Size, SweepRecipe};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn recipe(name: &str) -> SweepRecipe {
    SweepRecipe::read(&root().join(format!("recipes/{name}.toml"))).unwrap()
}

#[test]
fn the_sweep_of_little_data_is_what_it_says() {
    let recipe = recipe("glue-100");
    let sweep = &recipe.sweep;
    assert_eq!(
        sweep.tasks.0,
        ["cola", "sst2", "stsb", "rte", "qqp", "qnli", "mnli"]
    );
    assert_eq!(
        sweep.modes.0,
        [
            "full",
            "frozen-activations",
            "bitfit",
            "activations",
            "head",
            "matched-bias"
        ]
    );
    assert_eq!(sweep.sizes.0, [Size::Examples(100)]);
    assert_eq!(sweep.seeds.0.as_slice(), (1..=10).collect::<Vec<_>>());
    assert_eq!((&*sweep.protocol, sweep.test_cap), ("paper", Some(2000)));
    let names: Vec<&str> = recipe.models.iter().map(|model| &*model.name).collect();
    assert_eq!(names, ["gelu", "rational"]);
    assert_eq!(recipe.trials_per_arm(), 1);
}

#[test]
fn question_answering_fits_the_same_machinery() {
    let little = recipe("squad");
    assert_eq!(little.sweep.tasks.0, ["squad"]);
    assert_eq!(little.sweep.sizes.0, [Size::Examples(1000)]);
    assert!(little.sweep.keep_models);
    let full = recipe("squad-full");
    assert_eq!(full.sweep.sizes.0, [Size::All]);
    assert_eq!(full.finetune.epochs, Some(2));
    assert_eq!(full.models, little.models);
}

#[test]
fn a_printed_recipe_is_complete_and_reads_as_itself() {
    for name in ["glue-100", "squad", "squad-full"] {
        let recipe = recipe(name);
        let printed = recipe.to_toml();
        let again = SweepRecipe::parse(Path::new("sweep.toml"), &printed).unwrap();
        assert_eq!(again, recipe, "{name}");
        assert!(recipe.differences(&again).is_empty());
    }
}

#[test]
fn the_reference_page_is_up_to_date() {
    let file = root().join("docs/reference/sweep.md");
    let page = SweepRecipe::reference();
    if std::env::var_os("UPDATE_REFERENCE").is_some() {
        fs::write(&file, &page).unwrap();
    }
    let found = fs::read_to_string(&file).unwrap_or_default();
    assert!(
        found == page,
        "docs/reference/sweep.md differs from the declared keys; write it anew with UPDATE_REFERENCE=1"
    );
}
