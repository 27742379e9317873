//! Functions and norms that BERT's layers have not: trained, compared, looked at, frozen, refused by exports.

use crate::workplace::Workplace;

const LEARNED: &str = "rational(start=identity)";

#[test]
fn an_arm_with_further_functions_begins_with_equal_weights() {
    let workplace = Workplace::nano();
    let arms = format!(
        "\n[[arm]]\nname = \"plain\"\nset = {{ activation.function = \"gelu\" }}\n\
         [[arm]]\nname = \"added\"\nset = {{ activation.function = \"gelu\", activation.feed_forward_input = \"{LEARNED}\", \
         activation.attention_output = \"{LEARNED}\" }}\n"
    );
    let recipe = String::from_utf8(workplace.read("nano.toml")).unwrap() + &arms;
    std::fs::write(workplace.path("added.toml"), recipe).unwrap();
    let compare = [
        "compare",
        "--recipe",
        "added.toml",
        "--seeds",
        "1",
        "--out",
        "twins",
        "--json",
    ];
    let results = workplace.succeed(&compare).json();
    let hash = |arm: usize| &results["fairness"]["arms"][arm]["seeds"][0]["initial_weights"];
    assert!(hash(0).is_string());
    assert_eq!(hash(0), hash(1));
    // Two layers with two functions of ten coefficients each.
    assert_eq!(results["arms"][1]["parameters"]["activation"], 40);

    let run = "twins/added/seed-1";
    let inputs = workplace.json(&format!("{run}/shapes/inputs.json"));
    let sites = inputs["sites"].as_array().unwrap();
    let names: Vec<&str> = sites
        .iter()
        .filter_map(|site| site["site"].as_str())
        .collect();
    for name in ["layer.0.feed_forward_input", "layer.1.attention_output"] {
        assert!(names.contains(&name), "{names:?}");
    }
    workplace.succeed(&["shapes", run, "--out", "shapes"]);
    workplace.succeed(&["freeze", run, "--out", "frozen"]);
    let config = workplace.json("frozen/config.json");
    let held = config["additions"]["attention_output"].as_str().unwrap();
    assert!(held.starts_with("layers([frozen("), "{held}");

    let model = format!("{run}/model");
    for format in ["hf", "onnx"] {
        let finished = workplace.run(&[
            "export", "--to", format, "--model", &model, "--out", "exported",
        ]);
        assert_eq!(finished.code, Some(2), "{finished}");
        assert!(
            finished
                .error()
                .contains("this model has `feed_forward_input`"),
            "{finished}"
        );
        assert!(!workplace.path("exported").exists());
    }
}

#[test]
fn a_norm_before_the_activations_is_named_where_a_gate_forbids_it() {
    let workplace = Workplace::nano();
    let pretrain = |function: &str, out: &str| {
        let set = format!("activation.function=\"{function}\"");
        let norm = "model.inner_norm=true";
        workplace.run(&[
            "pretrain",
            "--recipe",
            "nano.toml",
            "--set",
            &set,
            "--set",
            norm,
            "--out",
            out,
        ])
    };
    let trained = pretrain("rational", "normed");
    assert_eq!(trained.code, Some(0), "{trained}");
    let refused = pretrain("glu(silu)", "gated");
    assert_eq!(refused.code, Some(2), "{refused}");
    assert!(refused.error().contains("inner_norm"), "{refused}");
    assert!(refused.error().contains("glu(silu)"), "{refused}");
}
