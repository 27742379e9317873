//! `hub:owner/name` in the place of a path, from a server on this machine.

use std::process::Command;

use crate::{
    hub_server::Server,
    models::Model,
    workplace::{Finished, Workplace, text},
};

/// A command that knows the server, and a cache of its own.
fn command(workplace: &Workplace, server: &Server, arguments: &[&str]) -> Command {
    let mut command = workplace.command(arguments);
    for name in [
        "HF_TOKEN",
        "HUGGING_FACE_HUB_TOKEN",
        "HF_TOKEN_PATH",
        "HF_HUB_CACHE",
        "HUGGINGFACE_HUB_CACHE",
        "HF_HUB_OFFLINE",
        "http_proxy",
        "HTTP_PROXY",
        "all_proxy",
        "ALL_PROXY",
    ] {
        command.env_remove(name);
    }
    command
        .env("HF_HOME", workplace.path("home"))
        .env("HF_ENDPOINT", &server.endpoint);
    command
}

fn run(workplace: &Workplace, server: &Server, arguments: &[&str]) -> Finished {
    let output = command(workplace, server, arguments).output().unwrap();
    Finished::new(output, workplace.path("").as_path())
}

fn succeed(workplace: &Workplace, server: &Server, arguments: &[&str]) -> Finished {
    let finished = run(workplace, server, arguments);
    assert_eq!(finished.code, Some(0), "{arguments:?}\n{finished}");
    finished
}

/// The server with a trained model as `o/rational`.
fn with_model(workplace: &Workplace) -> Server {
    let server = Server::start();
    Model::Rational.put(workplace, "model");
    let files = ["config.json", "model.safetensors", "tokenizer.json"];
    let contents = files.map(|file| (file, workplace.read(&format!("model/{file}"))));
    let files: Vec<(&str, &[u8])> = contents
        .iter()
        .map(|(file, content)| (*file, content.as_slice()))
        .collect();
    server.commit("models/o/rational", "v1", &files);
    server
}

#[test]
fn a_model_of_the_hub_answers_as_the_same_model_in_a_folder() {
    let workplace = Workplace::empty();
    let server = with_model(&workplace);
    let ask = ["predict", "--text", "the [MASK] carries old", "--json"];
    let here = workplace.succeed(&[&ask[..], &["--model", "model"]].concat());
    let there = [&ask[..], &["--model", "hub:o/rational"]].concat();
    let first = succeed(&workplace, &server, &there);
    assert_eq!(first.json(), here.json());
    let lines: Vec<&str> = first.stderr.lines().collect();
    assert_eq!(lines.len(), 3, "{first}");
    assert!(
        lines[0].starts_with("fetching config.json of o/rational, "),
        "{first}"
    );
    let second = succeed(&workplace, &server, &there);
    assert_eq!(second.json(), here.json());
    assert_eq!(second.stderr, "", "it comes from the cache");

    let quiet = [&there[..], &["--quiet"]].concat();
    std::fs::remove_dir_all(workplace.path("home")).unwrap();
    assert_eq!(succeed(&workplace, &server, &quiet).stderr, "");

    let seen = server.seen("").len();
    let mut offline = command(&workplace, &server, &there);
    let output = offline.env("HF_HUB_OFFLINE", "1").output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(server.seen("").len(), seen, "nothing is asked for");
}

#[test]
fn a_model_of_the_hub_is_converted_and_exported() {
    let workplace = Workplace::empty();
    let server = with_model(&workplace);
    let name = "hub:o/rational@v1";
    let convert = [
        "convert",
        "--from",
        name,
        "--activation",
        "keep",
        "--out",
        "own",
    ];
    succeed(&workplace, &server, &convert);
    assert_eq!(
        workplace.read("own/model.safetensors").len(),
        workplace.read("model/model.safetensors").len()
    );
    let export = ["export", "--to", "hf", "--model", name, "--out", "exported"];
    succeed(&workplace, &server, &export);
    assert_eq!(
        workplace.read("exported/model.safetensors"),
        workplace.read("model/model.safetensors")
    );
}

#[test]
fn a_run_on_a_data_set_of_the_hub_says_which_state_of_it() {
    let workplace = Workplace::nano();
    let server = with_model(&workplace);
    let rows = |seed, sentences| {
        let row = |document: &str| format!("{}\n", serde_json::json!({"text": document}));
        let text = text(seed, sentences);
        text.split("\n\n").map(row).collect::<String>()
    };
    let (train, validation) = (rows(1, 600), rows(2, 60));
    let commit = server.commit(
        "datasets/o/d",
        "v1",
        &[
            ("plain/train.jsonl", train.as_bytes()),
            ("plain/validation.jsonl", validation.as_bytes()),
        ],
    );
    let recipe = String::from_utf8(workplace.read("nano.toml")).unwrap();
    let recipe = recipe.replace("\"text\"", "\"hub:o/d/plain\"");
    let recipe = recipe.replace("vocabulary_size = 200", "tokenizer = \"hub:o/rational\"");
    workplace.write("hub.toml", &recipe);
    let train = ["pretrain", "--recipe", "hub.toml", "--out", "run", "--json"];
    let there = succeed(&workplace, &server, &train).json();
    let saved = String::from_utf8(workplace.read("run/recipe.toml")).unwrap();
    assert!(
        saved.contains(&format!("/snapshots/{commit}/plain")),
        "{saved}"
    );
    assert!(!saved.contains("hub:"), "{saved}");

    // The same text in a folder trains to the same model, and the saved recipe needs no Hub.
    let here = [
        "pretrain",
        "--recipe",
        "nano.toml",
        "--set",
        "data.tokenizer=model/tokenizer.json",
        "--out",
        "here",
        "--json",
    ];
    workplace.succeed(&here);
    let weights = |run: &str| workplace.read(&format!("{run}/model/model.safetensors"));
    assert!(weights("run") == weights("here"), "{there}");
    let again = ["pretrain", "--recipe", "run/recipe.toml", "--out", "again"];
    workplace.succeed(&again);
    assert!(weights("run") == weights("again"));

    let compare = [
        "compare",
        "--recipe",
        "nano.toml",
        "--corpus",
        "hub:o/d/plain",
        "--steps",
        "2",
        "--seeds",
        "1",
        "--set",
        "validation.every=2",
        "--out",
        "compared",
        "--quiet",
    ];
    succeed(&workplace, &server, &compare);
}

#[test]
fn what_the_hub_cannot_give() {
    let workplace = Workplace::empty();
    let server = with_model(&workplace);
    let files = [("README.md", &b"about"[..]), ("two/train.csv", b"a,b")];
    server.commit("datasets/o/d", "v1", &files);
    let closed = "http://127.0.0.1:9";
    for (name, model, variables) in [
        ("malformed", "hub:rational", vec![]),
        ("no_repository", "hub:o/gone", vec![]),
        ("no_revision", "hub:o/rational@gone", vec![]),
        ("no_file", "hub:o/rational/gone", vec![]),
        (
            "no_network",
            "hub:o/rational",
            vec![("HF_ENDPOINT", closed)],
        ),
        ("offline", "hub:o/other", vec![("HF_HUB_OFFLINE", "1")]),
    ] {
        let arguments = ["predict", "--model", model, "--text", "a [MASK]"];
        let mut command = command(&workplace, &server, &arguments);
        let output = command.envs(variables).output().unwrap();
        let finished = Finished::new(output, workplace.path("").as_path());
        insta::assert_snapshot!(format!("hub_{name}"), finished.error());
    }
    let corpus = ["eval", "--model", "model", "--corpus", "hub:o/d"];
    let finished = run(&workplace, &server, &corpus);
    insta::assert_snapshot!("hub_no_text", finished.error());

    server.state().token = Some("secret".to_owned());
    let private = ["predict", "--model", "hub:o/rational", "--text", "a [MASK]"];
    let finished = run(&workplace, &server, &private);
    insta::assert_snapshot!("hub_refused", finished.error());
    server.state().token = None;
    server.state().damages = true;
    let finished = run(&workplace, &server, &private);
    assert_eq!(finished.code, Some(1), "{finished}");
    assert!(finished.error().contains("wrong checksum"), "{finished}");
}

#[test]
fn an_export_is_sent_to_the_hub() {
    let workplace = Workplace::empty();
    let server = with_model(&workplace);
    let export = [
        "export", "--to", "hf", "--model", "model", "--out", "exported",
    ];
    let push = |name: &str, token: &str| {
        let arguments = [&export[..], &["--push", name, "--json"]].concat();
        let mut command = command(&workplace, &server, &arguments);
        let output = command.env("HF_TOKEN", token).output().unwrap();
        Finished::new(output, workplace.path("").as_path())
    };
    insta::assert_snapshot!("hub_push_without_token", push("hub:o/new", "").error());
    insta::assert_snapshot!("hub_push_inside", push("hub:o/new/sub", "secret").error());
    assert!(!workplace.path("exported").exists());
    let finished = push("hub:o/new", "secret");
    assert_eq!(finished.code, Some(0), "{finished}");
    let document = finished.json();
    assert_eq!(document["pushed"]["commit"], "1".repeat(40));
    let committed = server.state().committed[0].len();
    assert_eq!(
        committed,
        document["files"].as_array().unwrap().len() + 1,
        "every file, and the header"
    );
}

#[test]
fn tokenizers_sweeps_and_arms_name_the_hub_too() {
    let workplace = Workplace::nano();
    let server = with_model(&workplace);
    let tokenize = |tokenizer: &str| {
        workplace.write("line.txt", "the river\n");
        let arguments = ["tokenize", "--tokenizer", tokenizer, "line.txt"];
        succeed(&workplace, &server, &arguments).stdout
    };
    assert_eq!(tokenize("hub:o/rational"), tokenize("model"));

    let rows = "index\tsentence1\tsentence2\tlabel\n0\ta\tb\tentailment\n1\tc\td\tnot_entailment\n";
    let tasks = server.commit(
        "datasets/o/glue",
        "v1",
        &[
            ("RTE/train.tsv", rows.as_bytes()),
            ("RTE/dev.tsv", rows.as_bytes()),
            ("CoLA/train.tsv", b"unasked for".as_slice()),
        ],
    );
    let sweep = "[sweep]\ntasks = [\"rte\"]\nseeds = \"1\"\ndata = \"hub:o/glue\"\n[[model]]\nname = \"r\"\nfolder = \"hub:o/rational\"\n";
    workplace.write("sweep.toml", sweep);
    // So few rows that the cell cannot be trained, which is told after the recipe is kept.
    run(
        &workplace,
        &server,
        &["sweep", "sweep.toml", "--out", "grid"],
    );
    let saved = String::from_utf8(workplace.read("grid/sweep.toml")).unwrap();
    assert!(saved.contains(&format!("/snapshots/{tasks}")), "{saved}");
    assert!(saved.contains("models--o--rational/snapshots/"), "{saved}");
    assert!(
        server.seen("CoLA").is_empty(),
        "only the task's rows are fetched"
    );

    let recipe = String::from_utf8(workplace.read("nano.toml")).unwrap();
    let arms = "\n[[arm]]\nname = \"known\"\nset = { data.tokenizer = \"hub:o/rational\" }\n";
    workplace.write("arms.toml", &(recipe + arms));
    let show = ["recipe", "show", "--recipe", "arms.toml"];
    let shown = succeed(&workplace, &server, &show).stdout;
    assert!(shown.contains("models--o--rational/snapshots/"), "{shown}");
    assert!(!shown.contains("hub:"), "{shown}");
}
