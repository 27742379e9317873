//! `poly_norm`, whose outputs depend on their whole row, through the program: check, comparison, shapes, exports, refusals.

use std::fs;

use crate::workplace::Workplace;

#[test]
fn its_rows_are_checked() {
    let report = Workplace::empty()
        .succeed(&["act", "check", "--only", "poly_norm", "--json"])
        .json();
    let rows = report["rows"].as_array().unwrap();
    for comparison in [
        "row gradients / central differences",
        "fast rows / reference",
    ] {
        let of = |row: &&serde_json::Value| row["comparison"] == comparison;
        assert!(rows.iter().filter(of).count() > 5, "{comparison}");
    }
    assert!(rows.iter().all(|row| row["passed"] == true));
}

#[test]
fn it_is_trained_beside_gelu_drawn_and_exported() {
    let workplace = Workplace::nano();
    let twins = [
        "compare",
        "--recipe",
        "nano.toml",
        "--arms",
        "gelu,poly_norm",
        "--seeds",
        "1",
        "--out",
        "twins",
    ];
    let results = workplace
        .succeed(&[&twins[..], &["--json"]].concat())
        .json();
    let arms = &results["arms"];
    // Two layers with three powers and an addend each.
    assert_eq!(arms[1]["parameters"]["activation"], 8);
    let loss = |arm: usize| arms[arm]["seeds"][0]["validation_loss"].as_f64().unwrap();
    assert!(loss(1).is_finite() && loss(0).is_finite() && (loss(0) - loss(1)).abs() > 1e-6);
    let report = fs::read_to_string(workplace.path("twins/report.html")).unwrap();
    assert!(report.contains("one channel, with the norms of a row of standard normal inputs"));

    let run = "twins/poly_norm/seed-1";
    workplace.succeed(&["shapes", run, "--out", "shapes"]);
    let shapes = workplace.json("shapes/shapes.json");
    let curve = shapes["sites"][0]["numbers"]["curve"].as_str().unwrap();
    assert!(curve.contains("standard normal"), "{curve}");
    let inputs = workplace.json(&format!("{run}/shapes/inputs.json"));
    let learned = &inputs["sites"][0]["learned"];
    assert_eq!(
        (&learned[0]["name"], &learned[1]["name"]),
        (&"weights".into(), &"offset".into())
    );
    assert_ne!(
        learned[0]["values"], inputs["sites"][0]["start"][0]["values"],
        "it learned"
    );

    let model = format!("{run}/model");
    workplace.succeed(&[
        "export", "--to", "hf", "--model", &model, "--out", "exported",
    ]);
    let module = fs::read_to_string(workplace.path("exported/modeling_pliant.py")).unwrap();
    assert!(module.contains("torch.mean(") && module.contains("dim=-1, keepdim=True"));
    workplace.succeed(&[
        "export",
        "--to",
        "onnx",
        "--model",
        &model,
        "--out",
        "model.onnx",
    ]);
    let file = workplace.read("model.onnx");
    let mean = b"ReduceMean";
    assert!(file.windows(mean.len()).any(|part| part == mean));
}

#[test]
fn where_a_function_of_one_input_is_wanted_it_is_refused() {
    let workplace = Workplace::nano();
    let refused = |arguments: &[&str], reason: &str| {
        let finished = workplace.run(arguments);
        assert_eq!(finished.code, Some(2), "{finished}");
        assert!(finished.error().contains(reason), "{finished}");
    };
    let pretrain = |activation| {
        let set = format!("activation.function={activation}");
        refused(
            &[
                "pretrain",
                "--recipe",
                "nano.toml",
                "--out",
                "run",
                "--set",
                &set,
            ],
            "no function of one input",
        );
    };
    pretrain("rational(start=poly_norm)");
    pretrain("series(base=poly_norm)");
    refused(&["act", "fit", "poly_norm"], "no function of one input");
    refused(
        &[
            "compare",
            "--recipe",
            "nano.toml",
            "--arms",
            "gelu,poly_norm(share=channel)",
            "--out",
            "twins",
        ],
        "all channels of the layer",
    );
}
