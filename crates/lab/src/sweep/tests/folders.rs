//! Folders and recipes that do not fit.

use super::*;

#[test]
fn another_recipe_in_the_same_folder_is_refused_with_its_differences() {
    let place = Place::new();
    run(
        &place.options("tasks = [\"rte\"]\nseeds = \"1\""),
        &Fake::default(),
    )
    .unwrap();
    let other = place.options("tasks = [\"rte\", \"cola\"]\nseeds = \"1\"\ntest_cap = 10");
    let error = run(&other, &Fake::default()).unwrap_err();
    let text = said(&error).replace(&place.folder.path().display().to_string(), "");
    assert_eq!(
        text,
        "/out holds a sweep of another recipe:\n  sweep.tasks: [\"rte\", \"cola\"] here, [\"rte\"] there\n  sweep.test_cap: 10 here, not set there\n\
         give another --out, or repeat the call with the recipe that the folder began with, its sweep.toml"
    );
    assert_eq!(error.kind(), ErrorKind::Configuration);
}

#[test]
fn the_saved_recipe_goes_on() {
    let place = Place::new();
    let options = place.options(
        "tasks = [\"rte\"]\nseeds = \"1-2\"\ntest_cap = 50\n[finetune]\nepochs = 3\n[tuning]\nlearning_rates = [1e-5, 2e-5]",
    );
    let results = run(&options, &Fake::default()).unwrap();
    let saved = Options {
        recipe: place.path("out/sweep.toml"),
        ..options
    };
    assert_eq!(run(&saved, &Fake::default()).unwrap(), results);
}

#[test]
fn other_weights_are_refused() {
    let place = Place::new();
    let options = place.options("tasks = [\"rte\"]\nseeds = \"1\"");
    run(&options, &Fake::default()).unwrap();
    fs::write(place.path("rational/model.safetensors"), "trained on").unwrap();
    let error = run(&options, &Fake::default()).unwrap_err();
    assert!(matches!(&error, SweepError::OtherModel { model, .. } if model == "rational"));
    fs::remove_file(place.path("gelu/model.safetensors")).unwrap();
    let error = run(&options, &Fake::default()).unwrap_err();
    assert!(matches!(&error, SweepError::NoModel { model, .. } if model == "gelu"));
}

#[test]
fn foreign_folders_are_left_alone() {
    let place = Place::new();
    let options = place.options("tasks = [\"rte\"]\nseeds = \"1\"");
    fs::create_dir(place.path("out")).unwrap();
    fs::write(place.path("out/thesis.tex"), "").unwrap();
    let error = run(&options, &Fake::default()).unwrap_err();
    assert!(said(&error).contains("found `thesis.tex`"));
    let collect = |path: &Path| {
        publish::collect(path, &Fake::default(), "0", &mut |_: &Progress<'_>| {}).unwrap_err()
    };
    assert!(matches!(
        collect(&place.path("out")),
        SweepError::NoSweep { .. }
    ));
    let file = Options {
        out: place.path("recipe.toml"),
        ..options
    };
    assert!(matches!(
        run(&file, &Fake::default()),
        Err(SweepError::NotAFolder { .. })
    ));
}

/// What a recipe with this text is refused with.
fn refusal(text: &str) -> String {
    let error = SweepRecipe::parse(Path::new("sweep.toml"), text).unwrap_err();
    said(&SweepError::from(error))
}

const MODELS: &str =
    "\n[[model]]\nname = \"a\"\nfolder = \"a\"\n[[model]]\nname = \"b\"\nfolder = \"b\"\n";

#[test]
fn mistakes_in_a_recipe_are_named_with_their_line_and_the_nearest_name() {
    let sweep = |lines: &str| format!("[sweep]\ndata = \"glue\"\n{lines}{MODELS}");
    let cases = [
        (
            sweep("tasks = [\"rte\"]\nsede = \"1\""),
            "sweep.toml:4:1: unknown key `sweep.sede`\ndid you mean `sweep.seeds`?",
        ),
        (
            sweep("tasks = [\"rte\", \"colla\"]"),
            "sweep.toml:3:1: `sweep.tasks`",
        ),
        (
            sweep("tasks = [\"rte\"]\nmodes = [\"bitfitt\"]"),
            "sweep.toml:4:1: `sweep.modes`",
        ),
        (
            sweep("tasks = [\"rte\"]\nsizes = [\"some\"]"),
            "sweep.toml:4:1: `sweep.sizes` is the list [\"some\"], expected a list of whole numbers or \"all\"\n",
        ),
        (
            sweep("tasks = [\"rte\"]\nsizes = [0]"),
            "sweep.toml:4:1: `sweep.sizes` is [0], allowed is from 1 to 1000000000\n",
        ),
        (
            sweep("tasks = [\"rte\", \"rte\"]"),
            "sweep.toml:3:1: `sweep.tasks` has rte twice\n",
        ),
        (
            sweep("tasks = [\"rte\"]\nseeds = \"3-1\""),
            "sweep.toml:4:1: `sweep.seeds`: seeds `3-1`: the range 3-1 runs backwards\nwrite 1-3",
        ),
        (
            sweep("tasks = [\"rte\"]\norder = [\"seed\", \"mode\"]"),
            "sweep.toml:4:1: `sweep.order` does not name every direction\n",
        ),
        (
            sweep("tasks = [\"rte\"]\norder = [\"sede\"]"),
            "sweep.toml:4:1: `sweep.order`: `sede` is no direction of the grid\ndid you mean `seed`?",
        ),
        (
            sweep("tasks = [\"rte\"]\nprotocol = \"papers\""),
            "sweep.toml:4:1: `sweep.protocol` is `papers`\n",
        ),
        (sweep(""), "sweep.toml:1:1: the sweep has no tasks\n"),
        (
            "[sweep]\ntasks = [\"rte\"]\ndata = \"glue\"\n".to_owned(),
            "sweep.toml:1:1: the sweep has no models\n",
        ),
        (
            format!(
                "[sweep]\ntasks = [\"rte\"]\ndata = \"glue\"\n{MODELS}learning_rates = [1e-5, 1e-4]\n"
            ),
            "sweep.toml:11:1: `b` has 2 trials where `a` has 1\ngive each arm the same number",
        ),
        (
            format!(
                "[sweep]\ntasks = [\"rte\"]\ndata = \"glue\"\n[tuning]\nlearning_rates = [1e-5, 1e-4]\nhead_learning_rates = [1e-3]{MODELS}"
            ),
            "the lists of learning rates of `a` are not equally long",
        ),
        (
            format!(
                "[sweep]\ntasks = [\"rte\"]\nseeds = \"1-2\"\ndata = \"glue\"\n[tuning]\nseeds = 3{MODELS}"
            ),
            "sweep.toml:6:1: `tuning.seeds` is 3, more than the 2 seeds of the sweep",
        ),
        (
            format!(
                "[sweep]\ntasks = [\"rte\"]\ndata = \"glue\"\n{MODELS}[[model]]\nname = \"a\"\nfolder = \"c\"\n"
            ),
            "sweep.toml:12:1: two models are named `a`",
        ),
    ];
    for (text, wanted) in cases {
        let said = refusal(&text);
        assert!(
            said.starts_with(wanted) || said.contains(wanted),
            "{said}\nis not\n{wanted}"
        );
    }
    assert!(refusal(&sweep("tasks = [\"rte\", \"colla\"]")).contains("did you mean cola?"));
    assert!(refusal(&sweep("tasks = [\"rte\"]\nmodes = [\"bitfitt\"]")).contains("bitfit"));
}

#[test]
fn a_sweep_is_told_from_a_recipe_of_a_run() {
    assert!(SweepRecipe::is_one("[sweep]\ntasks = []\n"));
    assert!(!SweepRecipe::is_one("[train]\nsteps = 5\n"));
}
