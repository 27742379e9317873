//! `convert`: a model of this program or of `transformers` gets a learnable activation.

use std::path::Path;

use crate::workplace::Workplace;

/// A workplace with a trained gelu model in `run/model`.
fn trained() -> Workplace {
    let workplace = Workplace::nano();
    workplace.succeed(&[
        "pretrain",
        "--recipe",
        "nano.toml",
        "--out",
        "run",
        "--set",
        "activation.function=gelu",
        "--quiet",
    ]);
    workplace
}

/// A folder that `transformers` wrote, from the fixtures of the hub.
fn bert(name: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../hub/tests/golden")
        .join(name);
    folder.to_str().unwrap().to_owned()
}

#[test]
fn a_trained_model_becomes_rational_and_says_what_moved() {
    let workplace = trained();
    let convert = |more: &[&str]| {
        let fixed = [
            "convert",
            "--from",
            "run/model",
            "--out",
            "rational",
            "--corpus",
            "text/valid.txt",
            "--sequences",
            "16",
            "--json",
        ];
        workplace.succeed(&[&fixed[..], more].concat()).json()
    };
    let document = convert(&[]);
    let report = &document["activation"];
    assert_eq!(report["activation"], "rational");
    assert_eq!(report["replaced"], "gelu");
    let layers = report["drift"]["layers"].as_array().unwrap();
    assert!(
        layers
            .iter()
            .all(|layer| layer["hidden"]["mean"].as_f64().unwrap() > 0.0)
    );
    assert!(report["other_drift"].is_null());
    let loss = |name: &str| document["loss"][name].as_f64().unwrap();
    assert!((loss("before") - loss("after")).abs() < 0.1, "{document}");
    // The losses are those that the model folders have.
    for (folder, name) in [("run/model", "before"), ("rational", "after")] {
        let evaluated = workplace
            .succeed(&[
                "eval",
                "--model",
                folder,
                "--corpus",
                "text/valid.txt",
                "--json",
            ])
            .json();
        let sequences = evaluated["sequences"].as_u64().unwrap();
        if sequences <= 16 {
            assert!(
                (evaluated["loss"].as_f64().unwrap() - loss(name)).abs() < 1e-6,
                "{name}"
            );
        }
    }
    assert_eq!(workplace.json("rational/conversion.json"), document);

    // Fitted to its inputs it moves no more, and an earlier conversion is written over.
    let observed = convert(&["--fit", "observed"]);
    let moved = |drift: &str| {
        observed["activation"][drift]["logits"]["mean"]
            .as_f64()
            .unwrap()
    };
    assert!(moved("drift") <= moved("other_drift"), "{observed}");
}

#[test]
fn a_converted_model_is_trained_on_with_its_kept_part_frozen() {
    let workplace = trained();
    workplace.succeed(&[
        "convert",
        "--from",
        "run/model",
        "--out",
        "mixed",
        "--keep",
        "embeddings,0",
        "--seed",
        "5",
    ]);
    let drawn = workplace.json("mixed/conversion.json")["drawn_afresh"].to_string();
    assert!(
        drawn.contains("bert.encoder.layer.1.output.dense.weight"),
        "{drawn}"
    );
    assert!(
        !drawn.contains("layer.0.") && !drawn.contains("embeddings"),
        "{drawn}"
    );

    let recipe = String::from_utf8(workplace.read("nano.toml")).unwrap();
    let sizes = recipe
        .split("[model]")
        .nth(1)
        .map_or(recipe.clone(), |rest| {
            let rest = &rest[rest.find("\n[").unwrap()..];
            format!(
                "{}[model]\nstart = \"mixed\"\n{rest}",
                recipe.split("[model]").next().unwrap()
            )
        });
    let groups = "\n[[optimizer.group]]\nname = \"kept\"\nmatch = \"bert.embeddings.*\"\nlearning_rate = 0.0\n\n\
        [[optimizer.group]]\nname = \"kept-layer\"\nmatch = \"bert.encoder.layer.0.*\"\nlearning_rate = 0.0\n\n\
        [[optimizer.group]]\nname = \"fresh\"\nmatch = \"*\"\n";
    workplace.write("on.toml", &(sizes + groups));
    workplace.succeed(&["pretrain", "--recipe", "on.toml", "--out", "on", "--quiet"]);
    let convert = |folder: &str| {
        let out = format!("{folder}-shown");
        workplace.succeed(&["export", "--to", "hf", "--model", folder, "--out", &out]);
    };
    convert("mixed");
    let tensors = |folder: &str| {
        let bytes = workplace.read(&format!("{folder}/model.safetensors"));
        let header = u64::from_le_bytes(bytes[..8].try_into().unwrap()) as usize;
        let names: serde_json::Value = serde_json::from_slice(&bytes[8..8 + header]).unwrap();
        let data = bytes[8 + header..].to_vec();
        move |name: &str| {
            let at = |end: usize| names[name]["data_offsets"][end].as_u64().unwrap() as usize;
            data[at(0)..at(1)].to_vec()
        }
    };
    let (before, after) = (tensors("mixed"), tensors("on/model"));
    for (name, moves) in [
        ("bert.embeddings.word_embeddings.weight", false),
        ("bert.encoder.layer.0.output.dense.weight", false),
        (
            "bert.encoder.layer.0.intermediate.activation.numerator",
            false,
        ),
        ("bert.encoder.layer.1.output.dense.weight", true),
        (
            "bert.encoder.layer.1.intermediate.activation.numerator",
            true,
        ),
    ] {
        assert_eq!(before(name) != after(name), moves, "{name}");
    }
}

#[test]
fn a_bert_is_brought_in_and_asked() {
    let workplace = Workplace::empty();
    let text = workplace
        .succeed(&["convert", "--from", &bert("bert-words-old"), "--out", "own"])
        .stdout;
    assert!(
        text.contains("BertForMaskedLM") && text.contains("renamed"),
        "{text}"
    );
    let answer = workplace.succeed(&[
        "predict",
        "--model",
        "own",
        "--text",
        "the [MASK] runs",
        "--json",
    ]);
    assert!(answer.stdout.contains("probability"), "{answer}");
    workplace.succeed(&[
        "convert",
        "--from",
        &bert("roberta-words-shards"),
        "--activation",
        "keep",
        "--out",
        "roberta",
    ]);
    for mask in ["[MASK]", "<mask>"] {
        let answer = workplace.succeed(&[
            "predict",
            "--model",
            "roberta",
            "--text",
            &format!("ab {mask} c"),
            "--json",
        ]);
        assert!(answer.stdout.contains("probability"), "{answer}");
    }
}

#[test]
fn what_cannot_be_converted() {
    let workplace = Workplace::empty();
    workplace.write("occupied/notes.txt", "mine");
    let bert = bert("bert-classes-relu");
    for (name, arguments) in [
        ("no_folder", vec!["--from", "nothing", "--out", "out"]),
        ("occupied", vec!["--from", &bert, "--out", "occupied"]),
        (
            "keep_and_layers",
            vec![
                "--from",
                &bert,
                "--out",
                "out",
                "--activation",
                "keep",
                "--layers",
                "0",
            ],
        ),
        (
            "unknown_activation",
            vec!["--from", &bert, "--out", "out", "--activation", "ratinal"],
        ),
        (
            "layer_out_of_range",
            vec!["--from", &bert, "--out", "out", "--layers", "0-7"],
        ),
        (
            "unknown_part",
            vec!["--from", &bert, "--out", "out", "--keep", "embedings,0"],
        ),
        (
            "kept_layer_out_of_range",
            vec!["--from", &bert, "--out", "out", "--keep", "3"],
        ),
        (
            "fit_of_a_fixed_function",
            vec![
                "--from",
                &bert,
                "--out",
                "out",
                "--activation",
                "silu",
                "--fit",
                "observed",
            ],
        ),
        (
            "no_corpus",
            vec!["--from", &bert, "--out", "out", "--corpus", "gone.txt"],
        ),
    ] {
        let finished = workplace.run(&[vec!["convert"], arguments].concat());
        assert!(
            finished.code == Some(2) || finished.code == Some(3),
            "{name}: {finished}"
        );
        insta::assert_snapshot!(
            format!("convert_{name}"),
            finished.error().replace(&bert, "BERT")
        );
    }
    assert!(!workplace.path("out").join("config.json").exists());
}
