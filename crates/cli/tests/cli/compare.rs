//! `pliant compare` on a nano recipe: fair twins, results, report, going on.

use std::fs;

use crate::workplace::Workplace;

const COMPARE: [&str; 7] = [
    "compare",
    "--recipe",
    "nano.toml",
    "--seeds",
    "1-2",
    "--out",
    "twins",
];

#[test]
fn twins_start_and_are_fed_alike() {
    let workplace = Workplace::nano();
    let finished = workplace.succeed(&[&COMPARE[..], &["--json"]].concat());
    let results = finished.json();
    let arms = &results["fairness"]["arms"];
    assert_eq!(results["fairness"]["equal"], true);
    for seed in 0..2 {
        for hash in ["initial_weights", "batches", "masks"] {
            let of = |arm: usize| arms[arm]["seeds"][seed][hash].as_str().unwrap();
            assert_eq!(of(0), of(1), "{hash}");
            assert_eq!(of(0).len(), 64, "{hash}");
        }
    }
    let of = |seed: usize, hash: &str| arms[0]["seeds"][seed][hash].clone();
    for hash in ["initial_weights", "batches", "masks"] {
        assert_ne!(of(0, hash), of(1, hash), "the seed must change the {hash}");
    }
    assert_eq!(results["arms"][0]["name"], "gelu");
    assert_eq!(results["arms"][0]["parameters"]["activation"], 0);
    // Two layers, 6 + 4 coefficients each.
    assert_eq!(results["arms"][1]["parameters"]["activation"], 20);
    assert_eq!(results["arms"][1]["seeds"][1]["seed"], 2);
    assert_eq!(results["arms"][1]["seeds"][1]["steps"], 20);
    assert!(results["arms"][1]["perplexity"]["sd"].is_number());
    let pair = &results["pairs"][0];
    assert_eq!(
        (pair["baseline"].as_str(), pair["arm"].as_str()),
        (Some("gelu"), Some("rational"))
    );
    let difference = |seed: usize| {
        let loss = |arm: usize| {
            results["arms"][arm]["seeds"][seed]["validation_loss"]
                .as_f64()
                .unwrap()
        };
        loss(1) - loss(0)
    };
    let mean = f64::midpoint(difference(0), difference(1));
    assert!((pair["delta_loss"]["mean"].as_f64().unwrap() - mean).abs() < 1e-12);
    assert_eq!(workplace.json("twins/results.json"), results);
}

#[test]
fn the_text_says_plan_table_sentence_and_report() {
    let workplace = Workplace::nano();
    let finished = workplace.succeed(&COMPARE);
    let plan: Vec<&str> = finished.stderr.lines().take(2).collect();
    assert_eq!(
        plan,
        [
            "Training gelu and rational with seeds 1, 2: 4 runs one after the other, equal but for the arm.",
            "Runs and report go to twins/; after Ctrl-C the same command goes on where it stopped."
        ]
    );
    for cell in ["1/4 gelu seed 1", "2/4 ", "3/4 ", "4/4 rational seed 2"] {
        assert!(finished.stderr.contains(cell), "{cell}\n{finished}");
    }
    assert!(
        finished.stdout.contains("\ngelu  ") && finished.stdout.contains("\nrational  "),
        "{finished}"
    );
    assert!(
        finished.stdout.contains("loss, rational minus gelu: "),
        "{finished}"
    );
    assert!(
        finished.stdout.ends_with("\nreport: twins/report.html\n"),
        "{finished}"
    );
    let report = String::from_utf8(workplace.read("twins/report.html")).unwrap();
    assert!(report.contains("<svg") && report.contains("rational"));

    // A second call trains nothing and says the same.
    let model = || {
        fs::metadata(workplace.path("twins/gelu/seed-1/model/model.safetensors"))
            .unwrap()
            .modified()
            .unwrap()
    };
    let before = model();
    let again = workplace.succeed(&COMPARE);
    assert_eq!(again.stdout, finished.stdout);
    assert!(again.stderr.contains("(4 finished earlier)"), "{again}");
    assert_eq!(model(), before);
}

#[test]
fn other_settings_are_refused_in_the_same_folder() {
    let workplace = Workplace::nano();
    let one = [
        "compare",
        "--recipe",
        "nano.toml",
        "--seeds",
        "1",
        "--arms",
        "relu",
        "--steps",
        "3",
        "--out",
        "twins",
    ];
    let results = workplace.succeed(&[&one[..], &["--json"]].concat()).json();
    assert_eq!(results["pairs"], serde_json::json!([]));
    let finished = workplace.run(&[&one[..], &["--set", "train.batch=8"]].concat());
    assert_eq!(finished.code, Some(2), "{finished}");
    insta::assert_snapshot!("compare_other_settings", finished.error());
}

#[test]
fn a_cell_runs_unchanged_under_pretrain() {
    let workplace = Workplace::nano();
    workplace.succeed(&[
        "compare",
        "--recipe",
        "nano.toml",
        "--seeds",
        "3",
        "--arms",
        "rational",
        "--out",
        "twins",
    ]);
    workplace.succeed(&[
        "pretrain",
        "--recipe",
        "twins/rational/seed-3/recipe.toml",
        "--out",
        "alone",
    ]);
    let model = |run: &str| workplace.read(&format!("{run}/model/model.safetensors"));
    assert!(model("alone") == model("twins/rational/seed-3"));
}

#[test]
fn an_arm_that_diverges_is_a_result_and_the_others_are_trained() {
    let workplace = Workplace::nano();
    let arms = "\n[[arm]]\nname = \"plain\"\nset = { activation.function = \"gelu\" }\n\
        [[arm]]\nname = \"wild\"\nset = { activation.function = \"gelu\", optimizer.learning_rate = 1e30, train.gradient_clip = 0 }\n\
        [[arm]]\nname = \"other\"\nset = { activation.function = \"relu\" }\n";
    workplace.write("arms.toml", &format!("{}{arms}", crate::workplace::NANO));
    let compare = || {
        workplace.run(&[
            "compare",
            "--recipe",
            "arms.toml",
            "--seeds",
            "1",
            "--out",
            "arms",
            "--json",
        ])
    };
    let first = compare();
    assert_eq!(first.code, Some(4), "{first}");
    let document = first.json();
    assert_eq!(document["complete"], true);
    assert_eq!(document["cells"]["finished"], 2);
    let diverged = &document["diverged"][0];
    assert_eq!(
        (&diverged["arm"], &diverged["seed"]),
        (&"wild".into(), &1.into())
    );
    assert!(diverged["step"].as_u64().unwrap() > 0 && diverged["place"] != "");
    assert_eq!(
        document["arms"][1]["validation_loss"]["mean"],
        serde_json::Value::Null
    );
    assert!(
        document["arms"][2]["validation_loss"]["mean"]
            .as_f64()
            .is_some()
    );
    let table = String::from_utf8(workplace.read("arms/results.md")).unwrap();
    assert!(
        table.contains("wild with seed 1 diverged at step"),
        "{table}"
    );
    assert!(
        first.stderr.contains("error: 1 of 3 runs diverged"),
        "{first}"
    );

    // It is not trained again, for it would end there again.
    let metrics = workplace.read("arms/wild/seed-1/metrics.jsonl");
    let second = compare();
    assert_eq!((second.code, second.json()), (Some(4), document));
    assert_eq!(workplace.read("arms/wild/seed-1/metrics.jsonl"), metrics);
}
