//! `pretrain`, `eval`, `shapes`, `doctor`: the single steps.

use crate::workplace::{Finished, Workplace};

#[test]
fn a_run_is_trained_measured_and_drawn() {
    let workplace = Workplace::nano();
    let trained = workplace.succeed(&["pretrain", "--recipe", "nano.toml", "--out", "run"]);
    assert!(
        trained.stdout.contains("validation loss") && trained.stdout.contains("run/model"),
        "{trained}"
    );
    assert!(trained.stderr.contains("step 20/20  loss "), "{trained}");

    let report = workplace
        .succeed(&[
            "eval",
            "--model",
            "run/model",
            "--corpus",
            "text/valid.txt",
            "--json",
        ])
        .json();
    let number = |key: &str| {
        report[key]
            .as_f64()
            .unwrap_or_else(|| panic!("{key}: {report}"))
    };
    assert!((number("perplexity") - number("loss").exp()).abs() < 1e-6 * number("perplexity"));
    assert!((0.0..=1.0).contains(&number("masked_accuracy")));
    assert!(number("tokens") > 0.0);
    let text = workplace
        .succeed(&["eval", "--model", "run/model", "--corpus", "text/valid.txt"])
        .stdout;
    assert!(text.contains(&format!("{:.4}", number("loss"))), "{text}");

    let drawn = workplace
        .succeed(&["shapes", "run", "--out", "shapes"])
        .stdout;
    assert!(
        drawn.contains("layer.1") && drawn.contains("gelu(") && drawn.contains("shapes/shapes.svg"),
        "{drawn}"
    );
    for file in [
        "layer.0.csv",
        "layer.0.svg",
        "layer.1.csv",
        "layer.1.svg",
        "shapes.svg",
        "numbers.csv",
        "known.csv",
    ] {
        assert!(workplace.path("shapes").join(file).is_file(), "{file}");
    }
    let moved = workplace
        .succeed(&["shapes", "run", "--animate", "--out", "shapes", "--json"])
        .json();
    assert_eq!(moved["steps"][0], 0);
    assert_eq!(moved["steps"].as_array().unwrap().last().unwrap(), 20);
    assert_eq!(moved["sites"][1], "layer.1");
    for file in ["evolution.svg", "evolution.csv"] {
        assert!(workplace.path("shapes").join(file).is_file(), "{file}");
    }
    let saved = workplace.json("shapes/shapes.json");
    let first = &saved["sites"][0]["numbers"];
    assert_eq!(
        first["inputs"]["count"].as_u64().unwrap() > 0,
        first["groups"][0]["nearly_linear"].is_number()
    );
}

#[test]
fn bf16_without_instructions_for_it_warns_and_runs() {
    let workplace = Workplace::nano();
    let portable = |arguments: &[&str]| {
        let output = workplace
            .command(arguments)
            .env("PLIANT_SIMD", "portable")
            .output()
            .unwrap();
        Finished::new(output, &workplace.path(""))
    };
    let mut arguments = vec!["pretrain", "--recipe", "nano.toml", "--dry-run"];
    let silent = portable(&arguments);
    assert!(!silent.stderr.contains("bf16"), "{silent}");
    arguments.extend(["--set", "train.precision=bf16"]);
    let warned = portable(&arguments);
    assert_eq!(warned.code, Some(0), "{warned}");
    assert!(
        warned.stderr.contains("bf16 is slower than f32 here")
            && warned.stderr.contains("train.precision = \"f32\""),
        "{warned}"
    );
    assert!(warned.stdout.contains("bf16"), "{warned}");
}

#[test]
fn a_dry_run_estimates_and_trains_nothing() {
    let workplace = Workplace::nano();
    let finished = workplace.succeed(&[
        "pretrain",
        "--recipe",
        "nano.toml",
        "--dry-run",
        "--out",
        "run",
    ]);
    assert!(
        finished.stdout.contains("memory") && finished.stdout.contains("time"),
        "{finished}"
    );
    assert!(!workplace.path("run/model").exists() && !workplace.path("run/checkpoints").exists());
}

#[test]
fn the_doctor_names_the_machine() {
    let workplace = Workplace::empty();
    let text = workplace.succeed(&["doctor"]).stdout;
    for word in [
        "cores",
        "threads",
        "features found",
        "f32 by ",
        "bf16 by ",
        "memory",
        "disk",
        "pliant",
    ] {
        assert!(text.contains(word), "{word}\n{text}");
    }
    let json = workplace
        .succeed(&["doctor", "--json", "--threads", "3"])
        .json();
    assert_eq!(json["threads"], 3);
    assert!(json["cores"].as_u64().unwrap() > 0);
}

#[test]
fn the_kernels_can_be_told_to_use_less() {
    let output = Workplace::empty()
        .command(&["doctor", "--json"])
        .env("PLIANT_SIMD", "portable")
        .output()
        .unwrap();
    let json: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(json["level"], "portable");
    assert_eq!(json["products"][1]["precision"], "bf16");
    assert_eq!(
        json["products"][1]["engine"],
        "f32 vectors on rounded operands"
    );
    let output = Workplace::empty()
        .command(&["doctor"])
        .env("PLIANT_SIMD", "sse9")
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(
        String::from_utf8(output.stderr)
            .unwrap()
            .starts_with("error: PLIANT_SIMD=sse9 is not one of ")
    );
}
