//! `freeze`: what a run has learned becomes fixed functions, and goes on in other recipes by name.

use std::fs;

use crate::workplace::Workplace;

/// A workplace with a trained model in `run/model`.
fn trained(activation: &str) -> Workplace {
    let workplace = Workplace::nano();
    workplace.succeed(&[
        "pretrain",
        "--recipe",
        "nano.toml",
        "--out",
        "run",
        "--set",
        &format!("activation.function={activation}"),
        "--quiet",
    ]);
    workplace
}

fn loss(workplace: &Workplace, model: &str) -> f64 {
    let evaluated = workplace.succeed(&[
        "eval",
        "--model",
        model,
        "--corpus",
        "text/valid.txt",
        "--json",
    ]);
    evaluated.json()["loss"].as_f64().unwrap()
}

#[test]
fn a_frozen_model_has_the_same_loss_and_its_functions_have_names() {
    let workplace = trained("rational");
    let frozen = workplace.succeed(&[
        "freeze",
        "run",
        "--out",
        "frozen",
        "--library",
        "shapes.toml",
        "--json",
    ]);
    let document = frozen.json();
    let sites = document["sites"].as_array().unwrap();
    assert_eq!(sites.len(), 2);
    assert_eq!(
        document["names"],
        serde_json::json!(["learned", "learned-layer-0", "learned-layer-1"])
    );
    assert_eq!(loss(&workplace, "run/model"), loss(&workplace, "frozen"));
    let config = fs::read_to_string(workplace.path("frozen/config.json")).unwrap();
    assert!(config.contains("layers([frozen(coefficients=["), "{config}");

    // Another recipe takes them by name: all layers, or one function for all; nothing of them learns.
    let compared = workplace.succeed(&[
        "compare",
        "--recipe",
        "nano.toml",
        "--arms",
        "gelu,@shapes.toml:learned,@shapes.toml:learned-layer-1",
        "--seeds",
        "1",
        "--out",
        "again",
        "--json",
    ]);
    let arms = compared.json();
    let names: Vec<&str> = arms["arms"]
        .as_array()
        .unwrap()
        .iter()
        .map(|arm| arm["name"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["gelu", "learned", "learned-layer-1"]);
    let parameters = |arm: usize| arms["arms"][arm]["parameters"]["total"].as_u64().unwrap();
    assert_eq!(parameters(0), parameters(1));
    let losses: Vec<f64> = (0..3)
        .map(|arm| {
            arms["arms"][arm]["validation_loss"]["mean"]
                .as_f64()
                .unwrap()
        })
        .collect();
    assert!(
        losses[0] != losses[1] && losses[1] != losses[2],
        "{losses:?}"
    );

    // Names are not taken twice, and nothing is written then.
    let refused = workplace.run(&[
        "freeze",
        "run",
        "--out",
        "other",
        "--library",
        "shapes.toml",
    ]);
    assert_ne!(refused.code, Some(0));
    assert!(
        refused
            .error()
            .contains("shapes.toml has an activation `learned` already"),
        "{refused}"
    );
    assert!(!workplace.path("other/config.json").exists());
}

#[test]
fn a_folded_model_has_plain_functions_and_the_same_loss() {
    for (activation, function) in [
        ("swish(1.7)", "silu"),
        ("series(2, form=printed)", "relu"),
        ("arelu", "layers([leaky_relu("),
    ] {
        let workplace = trained(activation);
        workplace.succeed(&[
            "freeze",
            "run/model",
            "--out",
            "folded",
            "--fold",
            "--quiet",
        ]);
        let (before, after) = (loss(&workplace, "run/model"), loss(&workplace, "folded"));
        assert!(
            (before - after).abs() < 1e-5,
            "{activation}: {before}, {after}"
        );
        let config = fs::read_to_string(workplace.path("folded/config.json")).unwrap();
        assert!(
            config.contains(&format!("\"activation\": \"{function}")),
            "{config}"
        );
    }
}

#[test]
fn what_cannot_be_frozen_is_refused() {
    let workplace = trained("gelu");
    let refused = workplace.run(&["freeze", "run", "--out", "frozen"]);
    assert_ne!(refused.code, Some(0));
    assert!(refused.error().contains("gelu does not learn"), "{refused}");
    let refused = workplace.run(&["freeze", "nowhere", "--out", "frozen"]);
    assert_ne!(refused.code, Some(0));
    assert!(refused.error().contains("nowhere"), "{refused}");
}

#[test]
fn functions_for_groups_of_channels_are_held_group_by_group() {
    let workplace = trained("rational(3/2, share=group(8))");
    let frozen = workplace.succeed(&[
        "freeze",
        "run",
        "--out",
        "frozen",
        "--library",
        "shapes.toml",
    ]);
    assert!(
        !frozen.stdout.contains("0."),
        "lists of numbers are counted: {frozen}"
    );
    assert_eq!(loss(&workplace, "run/model"), loss(&workplace, "frozen"));

    // They go on in another recipe, where they do not learn, and are drawn and exported.
    workplace.succeed(&[
        "pretrain",
        "--recipe",
        "nano.toml",
        "--set",
        "activation.function=@shapes.toml:learned",
        "--out",
        "again",
        "--quiet",
    ]);
    let library = fs::read_to_string(workplace.path("shapes.toml")).unwrap();
    let held = library
        .lines()
        .find_map(|line| line.strip_prefix("learned-layer-0 = "))
        .unwrap();
    let config = fs::read_to_string(workplace.path("again/model/config.json")).unwrap();
    assert!(
        config.contains(held.trim_matches('"')),
        "unchanged by training"
    );
    workplace.succeed(&["shapes", "again", "--out", "pictures"]);
    assert!(workplace.path("pictures/layer.0.svg").exists());
    for (to, out) in [("onnx", "again.onnx"), ("hf", "again-hf")] {
        workplace.succeed(&["export", "--to", to, "--model", "again/model", "--out", out]);
    }
    let module = fs::read_to_string(workplace.path("again-hf/modeling_pliant.py")).unwrap();
    assert!(module.contains("numerator = torch.tensor([["), "{module}");
    workplace.succeed(&["act", "check", "@shapes.toml:learned-layer-0"]);

    // A layer of another size has other groups.
    let refused = workplace.run(&[
        "pretrain",
        "--recipe",
        "nano.toml",
        "--set",
        "activation.function=@shapes.toml:learned",
        "--set",
        "model.intermediate_size=16",
        "--out",
        "narrow",
    ]);
    assert_ne!(refused.code, Some(0));
    assert!(
        refused.error().contains("channels, not for 16"),
        "{refused}"
    );
}
