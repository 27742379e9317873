//! Feed-forward layers with a gate: trained, compared, resumed, looked at, exported.

use std::process::Stdio;

use crate::{
    resume::{long_run, wait_for_step},
    workplace::Workplace,
};

const FUNCTION: [&str; 2] = ["--set", "activation.function=\"glu(rational)\""];

#[test]
fn arms_with_gates_are_compared_at_equal_starts_of_their_own() {
    let workplace = Workplace::nano();
    let results = workplace
        .succeed(&[
            "compare",
            "--recipe",
            "nano.toml",
            "--arms",
            "gelu,glu(gelu),glu(rational)",
            "--seeds",
            "1",
            "--steps",
            "4",
            "--out",
            "twins",
            "--json",
        ])
        .json();
    let hash = |arm: usize, kind: &str| {
        let of = &results["fairness"]["arms"][arm]["seeds"][0][kind];
        of.as_str().unwrap().to_owned()
    };
    let weights = "initial_weights";
    assert_ne!(hash(0, weights), hash(1, weights));
    assert_eq!(hash(1, weights), hash(2, weights));
    for kind in ["batches", "masks"] {
        assert_eq!(hash(0, kind), hash(2, kind), "{kind}");
    }
    let said = results["fairness"]["differs"].to_string();
    assert!(said.contains("gate"), "{said}");
    let arms = &results["arms"];
    assert_eq!(arms[2]["activation"], "glu(rational)");
    assert_eq!(arms[2]["parameters"]["activation"], 20);
    for arm in 0..3 {
        let loss = arms[arm]["seeds"][0]["validation_loss"].as_f64().unwrap();
        assert!(loss.is_finite() && loss < 6.0, "{loss}");
    }
    let report = String::from_utf8(workplace.read("twins/report.html")).unwrap();
    assert!(report.contains("glu(rational)") && report.contains("gate"));
}

#[test]
fn a_killed_run_goes_on_from_its_checkpoint_to_the_same_bytes() {
    let workplace = Workplace::nano();
    let arguments = |out, more: &[&'static str]| long_run(out, &[&FUNCTION, more].concat());
    workplace.succeed(&arguments("whole", &["--threads", "2", "--quiet"]));
    let mut child = workplace
        .command(&arguments("killed", &["--threads", "1"]))
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    wait_for_step(&workplace, "killed", &mut child, 40);
    child.kill().unwrap();
    child.wait().unwrap();
    let finished = workplace.succeed(&arguments("killed", &["--threads", "2", "--resume"]));
    assert!(finished.stderr.contains("goes on from step"), "{finished}");
    let weights = |run: &str| workplace.read(&format!("{run}/model/model.safetensors"));
    assert!(weights("killed") == weights("whole"));
}

#[test]
fn a_trained_model_is_measured_drawn_asked_and_exported() {
    let workplace = Workplace::nano();
    workplace.succeed(
        &[
            &[
                "pretrain",
                "--recipe",
                "nano.toml",
                "--out",
                "run",
                "--quiet",
            ][..],
            &FUNCTION,
        ]
        .concat(),
    );
    let evaluated = [
        "eval",
        "--model",
        "run/model",
        "--corpus",
        "text/valid.txt",
        "--json",
    ];
    let loss = workplace.succeed(&evaluated).json()["loss"]
        .as_f64()
        .unwrap();
    let summary = workplace.json("run/summary.json");
    assert_eq!(summary["activation"], "glu(rational)");
    assert!(loss.is_finite(), "{loss}");

    // What is drawn is the function of the gate.
    workplace.succeed(&["shapes", "run", "--out", "shapes"]);
    let moved = ["shapes", "run", "--animate", "--out", "moving"];
    workplace.succeed(&moved);
    let curve = String::from_utf8(workplace.read("shapes/layer.1.csv")).unwrap();
    assert!(curve.lines().count() > 100, "{curve}");
    let sites = &workplace.json("run/shapes/inputs.json")["sites"];
    assert_eq!(sites[1]["activation"], "rational");

    let words = workplace.succeed(&[
        "predict",
        "--model",
        "run/model",
        "--text",
        "the river [MASK] old stones",
        "--json",
    ]);
    assert!(words.json().to_string().contains("probability"), "{words}");

    workplace.succeed(&[
        "export",
        "--to",
        "hf",
        "--model",
        "run/model",
        "--out",
        "hf",
    ]);
    let module = String::from_utf8(workplace.read("hf/modeling_pliant.py")).unwrap();
    assert!(module.contains("\"glu(rational)\": 24,"), "{module}");
    let again = [
        "eval",
        "--model",
        "hf",
        "--corpus",
        "text/valid.txt",
        "--json",
    ];
    assert_eq!(
        workplace.succeed(&again).json()["loss"].as_f64().unwrap(),
        loss
    );
    let onnx = [
        "export",
        "--to",
        "onnx",
        "--model",
        "run/model",
        "--out",
        "gated.onnx",
    ];
    workplace.succeed(&onnx);
    assert!(workplace.read("gated.onnx").len() > 10_000);

    // A layer with a gate has other matrices than one without.
    let convert = |activation: &str| {
        let fixed = ["convert", "--from", "run/model", "--out", "converted"];
        workplace.run(&[&fixed[..], &["--activation", activation]].concat())
    };
    let refused = convert("glu(gelu)");
    assert!(
        refused.error().contains("glu(rational) learns"),
        "{refused}"
    );
}

#[test]
fn the_function_of_a_gate_is_converted() {
    let workplace = Workplace::nano();
    workplace.succeed(&[
        "pretrain",
        "--recipe",
        "nano.toml",
        "--out",
        "run",
        "--quiet",
        "--set",
        "activation.function=\"glu(silu)\"",
    ]);
    let convert = |activation: &str| {
        let fixed = [
            "convert",
            "--from",
            "run/model",
            "--out",
            "converted",
            "--json",
        ];
        workplace.run(&[&fixed[..], &["--activation", activation]].concat())
    };
    let refused = convert("rational");
    assert!(refused.error().contains("gate"), "{refused}");
    let report = convert("glu(rational)").json()["activation"].clone();
    assert_eq!(report["activation"], "glu(rational(start=silu))");
    assert_eq!(report["fits"][1]["start"], "silu");
    let drift = report["drift"]["logits"]["mean"].as_f64().unwrap();
    assert!(drift > 0.0 && drift < 0.05, "{drift}");
}
