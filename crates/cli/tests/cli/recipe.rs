//! `pliant recipe`.

use crate::workplace::Workplace;

#[test]
fn a_shown_recipe_is_complete_and_shows_itself() {
    let workplace = Workplace::nano();
    let shown = workplace
        .succeed(&[
            "recipe",
            "show",
            "--recipe",
            "nano.toml",
            "--set",
            "train.seed=7",
        ])
        .stdout;
    assert!(
        shown.contains("hidden_size = 16")
            && shown.contains("seed = 7")
            && shown.contains("gradient_clip"),
        "{shown}"
    );
    workplace.write("again.toml", &shown);
    assert_eq!(
        workplace
            .succeed(&["recipe", "show", "--recipe", "again.toml"])
            .stdout,
        shown
    );
    let json = workplace
        .succeed(&["recipe", "show", "--recipe", "again.toml", "--json"])
        .json();
    assert_eq!(json["recipe"], shown);
}

#[test]
fn checked_recipes_are_named() {
    let workplace = Workplace::nano();
    assert_eq!(
        workplace.succeed(&["recipe", "check", "nano.toml"]).stdout,
        "nano.toml: sound\n"
    );
    workplace.write(
        "sweep.toml",
        "[sweep]\ntasks = [\"rte\"]\ndata = \"glue\"\n[[model]]\nname = \"a\"\nfolder = \"a\"\n[[model]]\nname = \"b\"\nfolder = \"b\"\n",
    );
    assert_eq!(
        workplace
            .succeed(&["recipe", "check", "sweep.toml", "nano.toml"])
            .stdout,
        "sweep.toml: sound, a sweep of a and b\nnano.toml: sound\n"
    );
    workplace.write("wrong.toml", "[train]\nbatch = 0\n");
    let finished = workplace.run(&["recipe", "check", "nano.toml", "wrong.toml"]);
    assert_eq!(finished.code, Some(2), "{finished}");
    assert!(finished.stderr.contains("wrong.toml"), "{finished}");
}

#[test]
fn the_schema_knows_the_tables() {
    let workplace = Workplace::empty();
    let schema = workplace.succeed(&["recipe", "schema"]).json();
    assert_eq!(
        workplace.succeed(&["recipe", "schema", "--json"]).json(),
        schema
    );
    for table in [
        "model",
        "activation",
        "data",
        "train",
        "optimizer",
        "checkpoint",
        "validation",
    ] {
        assert!(schema["properties"][table].is_object(), "{table}");
    }
}
