//! Recipes: sources, mistakes and what is said about them, and the files a user starts from.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::fs;
use std::path::{Path, PathBuf};

use pliant_train::recipe::{self, Clock, DecayTowards, Group, ScheduleShape, Value, Warmup};
use pliant_train::{Recipe, RecipeError, Sources};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn parse(text: &str, settings: &[&str]) -> Result<Recipe, RecipeError> {
    let settings: Vec<String> = settings.iter().map(ToString::to_string).collect();
    Recipe::parse(Path::new("test.toml"), text, &settings)
}

/// Message and hint of a refused recipe.
fn refusal(text: &str, settings: &[&str]) -> String {
    let error = parse(text, settings).expect_err("the recipe is wrong");
    match error.hint() {
        Some(hint) => format!("{error}\nhint: {hint}"),
        None => error.to_string(),
    }
}

#[test]
fn settings_override_the_file_over_the_preset_over_defaults() {
    let text = "[model]\npreset = \"mini\"\nlayers = 3\n[train]\nbatch = 64\n";
    let recipe = parse(
        text,
        &[
            "train.batch=16",
            "optimizer.group.activation.learning_rate=0.5",
        ],
    )
    .unwrap();
    assert_eq!(
        (
            recipe.model.layers,
            recipe.model.hidden_size,
            recipe.model.heads
        ),
        (3, 256, 4)
    );
    assert_eq!(recipe.train.batch, 16);
    assert_eq!(recipe.train.sequence, 128);
    assert_eq!(recipe.clock(), Clock::Steps(recipe::DEFAULT_STEPS));
    assert_eq!(recipe.groups[0].learning_rate, Some(0.5));
    assert_eq!(recipe.groups[1].learning_rate, None);
    assert_eq!(recipe.optimizer.learning_rate, 3e-3);
}

#[test]
fn a_preset_setting_replaces_sizes_that_repeat_the_preset_of_a_saved_recipe() {
    let saved = parse("[model]\nlayers = 5\n", &[]).unwrap().to_toml(None);
    let recipe = parse(&saved, &["model.preset=small"]).unwrap();
    assert_eq!((recipe.model.layers, recipe.model.hidden_size), (5, 512));
}

#[test]
fn the_later_of_steps_and_minutes_counts_and_both_at_once_are_refused() {
    assert_eq!(
        parse("[train]\nsteps = 7\n", &["train.minutes=1.5"])
            .unwrap()
            .clock(),
        Clock::Minutes(1.5)
    );
    assert_eq!(
        parse(
            "[train]\nminutes = 7\n",
            &["train.minutes=1", "train.steps=3"]
        )
        .unwrap()
        .clock(),
        Clock::Steps(3)
    );
    let message = refusal("[train]\nsteps = 7\nminutes = 2\n", &[]);
    assert!(
        message.starts_with("test.toml:3:1: `train.steps` and `train.minutes` exclude each other"),
        "{message}"
    );
}

#[test]
fn the_printed_recipe_is_complete_and_resolves_to_itself() {
    for name in [
        "default",
        "wikipedia-tiny",
        "wikipedia-mini",
        "raft-paper",
        "zoo",
        "larger-gain",
        "larger-gain-rates",
    ] {
        let file = root().join(format!("recipes/{name}.toml"));
        let recipe = Recipe::resolve(&Sources {
            file: Some(file),
            settings: Vec::new(),
        })
        .unwrap();
        let printed = recipe.to_toml(Some("abc1234"));
        assert!(
            printed.starts_with("# Complete recipe, written by pliant 0.1.0 (commit abc1234).\n"),
            "{printed}"
        );
        assert_eq!(parse(&printed, &[]).unwrap(), recipe, "{printed}");
        assert_eq!(
            parse(&printed, &[]).unwrap().to_toml(Some("abc1234")),
            printed
        );
    }
    let minutes = parse(
        "[train]\nminutes = 5\n[[arm]]\nname = \"b\"\nset = { train.batch = 8, activation.function = \"gelu\" }\n",
        &[],
    );
    let minutes = minutes.unwrap();
    assert_eq!(parse(&minutes.to_toml(None), &[]).unwrap(), minutes);
}

#[test]
fn the_recipe_of_the_paper_says_what_the_paper_did() {
    let file = root().join("recipes/raft-paper.toml");
    let recipe = Recipe::resolve(&Sources {
        file: Some(file),
        settings: Vec::new(),
    })
    .unwrap();
    assert_eq!((recipe.model.layers, recipe.model.hidden_size), (12, 768));
    assert_eq!(recipe.model.norm.to_string(), "deepnorm");
    assert_eq!(recipe.model.positions.to_string(), "learned");
    assert!(!recipe.model.embedding_norm);
    assert_eq!(
        (recipe.model.dropout, recipe.model.attention_dropout),
        (0.1, 0.1)
    );
    assert_eq!(
        (recipe.clock(), recipe.train.batch, recipe.train.sequence),
        (Clock::Steps(23_000), 4096, 128)
    );
    assert_eq!(
        (
            recipe.optimizer.learning_rate,
            recipe.optimizer.weight_decay
        ),
        (7e-4, 0.01)
    );
    assert_eq!(recipe.optimizer.warmup, Warmup::Fraction(0.01));
    let activation = &recipe.groups[0];
    assert_eq!(
        (activation.learning_rate, activation.weight_decay),
        (Some(5e-3), Some(0.1))
    );
    assert_eq!(activation.schedule, Some(ScheduleShape::Constant));
    assert_eq!(activation.decay_towards, Some(DecayTowards::Zero));
}

#[test]
fn the_recipe_of_the_built_in_comparison_is_the_defaults_but_for_its_length() {
    let file = root().join("recipes/default.toml");
    let recipe = Recipe::resolve(&Sources {
        file: Some(file),
        settings: Vec::new(),
    })
    .unwrap();
    let default = Recipe::resolve(&Sources::default()).unwrap();
    for difference in recipe.differences(&default) {
        let key = difference.split(':').next().unwrap();
        assert!(
            key.starts_with("train.steps")
                || key.starts_with("checkpoint.")
                || key.starts_with("validation."),
            "{difference}"
        );
    }
    assert_eq!(recipe.groups, Group::defaults());
}

#[test]
fn unknown_keys_are_refused_with_the_nearest_name_and_the_line() {
    let message = refusal("# comment\n[train]\nsteps = 5\nbach = 3\n", &[]);
    assert_eq!(
        message,
        "test.toml:4:1: unknown key `train.bach`\nhint: did you mean `train.batch`?"
    );
    let message = refusal("[modle]\nlayers = 2\n", &[]);
    assert_eq!(
        message,
        "test.toml:1:2: unknown key `modle`\nhint: did you mean `model`?"
    );
    let message = refusal("[train]\nlearning_rate = 0.1\n", &[]);
    assert_eq!(
        message,
        "test.toml:2:1: unknown key `train.learning_rate`\nhint: did you mean `optimizer.learning_rate`?"
    );
    let message = refusal("batch = 3\n", &[]);
    assert_eq!(
        message,
        "test.toml:1:1: unknown key `batch`\nhint: did you mean `train.batch`?"
    );
    let message = refusal("[[optimizer.group]]\nname = \"a\"\nlr = 1\n", &[]);
    assert!(
        message.starts_with("test.toml:3:1: unknown key `optimizer.group.lr`"),
        "{message}"
    );
    let message = refusal("", &["train.stepz=5"]);
    assert_eq!(
        message,
        "--set train.stepz=5: unknown key `train.stepz`\nhint: did you mean `train.steps`?"
    );
    let message = refusal("", &["optimizer.group.activatoin.learning_rate=5"]);
    assert!(
        message.ends_with("hint: did you mean `activation`?"),
        "{message}"
    );
    let message = refusal("[[arm]]\nname = \"a\"\nset = { train.bacth = 1 }\n", &[]);
    assert!(
        message.starts_with("test.toml:3:")
            && message.ends_with("hint: did you mean `train.batch`?"),
        "{message}"
    );
}

#[test]
fn values_out_of_range_are_refused_with_key_line_and_range() {
    for (text, expected) in [
        (
            "[optimizer]\nlearning_rate = -1e-3\n",
            "test.toml:2:1: `optimizer.learning_rate` is -0.001, allowed is at least 0",
        ),
        (
            "[train]\nsteps = 0\n",
            "test.toml:2:1: `train.steps` is 0, allowed is from 1 to 1000000000000",
        ),
        (
            "[train]\n\nbatch = 0\n",
            "test.toml:3:1: `train.batch` is 0, allowed is from 1 to 16777216",
        ),
        (
            "[train]\nbatch = -4\n",
            "test.toml:2:1: `train.batch` is -4, allowed is from 1 to 16777216",
        ),
        (
            "[model]\ndropout = 1.0\n",
            "test.toml:2:1: `model.dropout` is 1.0, allowed is from 0 to below 1",
        ),
        (
            "[optimizer]\nbetas = [0.9, 1.0]\n",
            "test.toml:2:1: `optimizer.betas` is [0.9, 1.0], allowed is from 0 to below 1",
        ),
        (
            "[optimizer]\nepsilon = 0.0\n",
            "test.toml:2:1: `optimizer.epsilon` is 0.0, allowed is above 0",
        ),
        (
            "[optimizer]\nlearning_rate = nan\n",
            "test.toml:2:1: `optimizer.learning_rate` is NaN, allowed is at least 0",
        ),
        (
            "[train]\nsteps = 100\n[optimizer]\nwarmup = 101\n",
            "test.toml:4:1: `optimizer.warmup` is 101 steps, allowed is at most the run's 100 steps (train.steps)",
        ),
        (
            "[optimizer]\nwarmup = 1.5\n",
            "test.toml:2:1: `optimizer.warmup` is 1.5, allowed is a fraction from 0 to 1, or a whole number of steps",
        ),
        (
            "[train]\nminutes = 3\n[optimizer]\nwarmup = 10\n",
            "test.toml:4:1: `optimizer.warmup` is 10 steps, allowed is a fraction such as 0.1 in a run with a time budget",
        ),
        (
            "[train]\nbatch = 32\nmicro_batch = 5\n",
            "test.toml:3:1: `train.micro_batch` is 5, which does not divide `train.batch` = 32\nhint: 4 does",
        ),
    ] {
        assert_eq!(refusal(text, &[]), expected);
    }
}

#[test]
fn wrong_types_texts_and_shapes_are_refused() {
    let message = refusal("[train]\nbatch = \"many\"\n", &[]);
    assert_eq!(
        message,
        "test.toml:2:1: `train.batch` is a text (\"many\"), expected a whole number"
    );
    let message = refusal("[model]\nnorm = \"before\"\n", &[]);
    assert!(
        message.contains("expected one of \"post\", \"pre\", \"deepnorm\""),
        "{message}"
    );
    let message = refusal("[activation]\nfunction = \"gelo\"\n", &[]);
    assert!(
        message.starts_with("test.toml:2:1: `activation.function`: unknown")
            && message.ends_with("hint: did you mean `gelu`?"),
        "{message}"
    );
    let message = refusal("", &["activation.function=rational(0/0)"]);
    assert!(
        message.contains("--set activation.function=rational(0/0)"),
        "{message}"
    );
    let message = refusal("[model]\nheads = 5\n", &[]);
    assert!(
        message.starts_with("test.toml:2:1: 5 heads do not divide the hidden size 128"),
        "{message}"
    );
    let message = refusal("[activation]\nlayers = \"0-7\"\n", &[]);
    assert!(
        message.starts_with("test.toml:2:1: activation site"),
        "{message}"
    );
    let message = refusal("[train\nbatch = 1\n", &[]);
    assert!(message.starts_with("test.toml:1:"), "{message}");
    let message = refusal("", &["train.batch"]);
    assert!(
        message.starts_with("--set train.batch: there is no `=`"),
        "{message}"
    );
    let message = refusal("[[optimizer.group]]\nname = \"a\"\n", &[]);
    assert!(
        message.contains("`a` needs `roles` or `match`"),
        "{message}"
    );
}

#[test]
fn unquoted_texts_in_settings_are_texts() {
    let recipe = parse(
        "",
        &[
            "activation.function=rational(3/2, form=b)",
            "data.corpus=1984",
            "model.initialisation=0.02",
        ],
    );
    let recipe = recipe.unwrap();
    assert_eq!(
        recipe.activation.function.to_string(),
        "rational(3/2, form=b)"
    );
    assert!(Path::new(&recipe.data.corpus).is_absolute() && recipe.data.corpus.ends_with("1984"));
    assert_eq!(recipe.model.initialisation.to_string(), "0.02");
}

#[test]
fn an_arm_changes_a_recipe_and_single_keys_of_groups() {
    let text = "[[arm]]\nname = \"slow\"\nset = { optimizer.group.activation.learning_rate = 1e-4, activation.function = \"gelu\" }\n";
    let recipe = parse(text, &[]).unwrap();
    let arm = recipe.with(&recipe.arms[0].set.0).unwrap();
    assert!(arm.arms.is_empty());
    assert_eq!(arm.groups[0].learning_rate, Some(1e-4));
    assert_eq!(arm.function().to_string(), "gelu");
    let seeded = arm
        .with(&[("train.seed".to_owned(), Value::Integer(9))])
        .unwrap();
    assert_eq!(seeded.differences(&arm), ["train.seed: 9 here, 1 there"]);
}

#[test]
fn the_reference_page_is_up_to_date() {
    let file = root().join("docs/reference/recipe.md");
    let expected = recipe::reference().unwrap();
    if std::env::var_os("UPDATE_REFERENCE").is_some() {
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(&file, &expected).unwrap();
    }
    let found = fs::read_to_string(&file).unwrap_or_default();
    assert!(
        found == expected,
        "docs/reference/recipe.md is out of date: run this test with UPDATE_REFERENCE=1"
    );
}

#[test]
fn the_schema_knows_every_key() {
    let schema = recipe::schema();
    assert_eq!(
        schema["properties"]["train"]["properties"]["batch"]["minimum"],
        1
    );
    assert_eq!(
        schema["properties"]["train"]["properties"]["batch"]["default"],
        32
    );
    assert_eq!(
        schema["properties"]["optimizer"]["properties"]["group"]["type"],
        "array"
    );
    assert_eq!(schema["properties"]["model"]["additionalProperties"], false);
    assert_eq!(
        schema["properties"]["model"]["properties"]["norm"]["enum"][0],
        "post"
    );
}

/// A folder with a model of two layers and a tokenizer.
fn model_folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let recipe = parse("[model]\nlayers = 3\nhidden_size = 16\nheads = 2\nintermediate_size = 8\nnorm = \"post\"\n[activation]\nfunction = \"silu\"\n", &[]).unwrap();
    let config = recipe.model_config(20).unwrap();
    pliant_nn::MaskedLanguageModel::new(&config, 1)
        .unwrap()
        .save(folder.path())
        .unwrap();
    std::fs::write(folder.path().join("tokenizer.json"), "{}").unwrap();
    folder
}

#[test]
fn a_model_to_begin_with_decides_sizes_and_functions() {
    let folder = model_folder();
    let start = format!("model.start={}", folder.path().display());
    let recipe = parse("", &[&start, "model.dropout=0.25"]).unwrap();
    let model = &recipe.model;
    assert_eq!(
        (model.layers, model.hidden_size, model.dropout),
        (3, 16, 0.25)
    );
    assert_eq!(recipe.activation.function.to_string(), "silu");
    assert_eq!(
        Path::new(&recipe.data.tokenizer),
        folder.path().join("tokenizer.json")
    );
    // The saved recipe says the same again.
    let saved = recipe.to_toml(None);
    assert_eq!(parse(&saved, &[]).unwrap(), recipe);

    let refusal = refusal("", &[&start, "model.layers=4"]);
    assert!(
        refusal.contains("`model.layers` is 4, but the model in"),
        "{refusal}"
    );
    assert!(refusal.contains("leave `model.layers` out"), "{refusal}");
}

#[test]
fn another_model_to_begin_with_replaces_what_the_first_decided() {
    let (first, second) = (model_folder(), tempfile::tempdir().unwrap());
    let recipe = parse("[model]\nlayers = 1\n", &[]).unwrap();
    pliant_nn::MaskedLanguageModel::new(&recipe.model_config(20).unwrap(), 1)
        .unwrap()
        .save(second.path())
        .unwrap();
    let start = |folder: &tempfile::TempDir| format!("model.start={}", folder.path().display());
    let saved = parse("", &[&start(&first)]).unwrap().to_toml(None);
    let recipe = parse(&saved, &[&start(&second)]).unwrap();
    assert_eq!((recipe.model.layers, recipe.model.hidden_size), (1, 128));
    assert_eq!(recipe.activation.function.to_string(), "rational");
}

#[test]
fn a_model_to_begin_with_must_be_there() {
    let refusal = refusal("[model]\nstart = \"nowhere\"\n", &[]);
    assert!(
        refusal.contains("cannot read nowhere/config.json"),
        "{refusal}"
    );
}
