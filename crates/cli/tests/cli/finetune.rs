//! `pliant finetune`: its document, its text, its folder, every mode, going on.

use std::{collections::BTreeSet, fs};

use serde_json::Value;

use crate::{
    models::Model,
    rows,
    signals::send,
    workplace::{Finished, Workplace},
};

/// RTE's made-up rows and the rational model.
fn rte() -> Workplace {
    let workplace = Workplace::with(Model::Rational);
    rows::rte(&workplace, "glue", 120, 30);
    workplace
}

const RTE: [&str; 13] = [
    "finetune",
    "--model",
    "model",
    "--task",
    "rte",
    "--data",
    "glue",
    "--examples",
    "16",
    "--epochs",
    "2",
    "--out",
    "rte",
];

fn keys(value: &Value) -> BTreeSet<&str> {
    value
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect()
}

#[test]
fn the_document_has_the_promised_keys_and_its_means_are_right() {
    let workplace = rte();
    let arguments = [&RTE[..], &["--seeds", "1-3", "--json"]].concat();
    let document = workplace.succeed(&arguments).json();
    assert_eq!(
        keys(&document),
        ["mode", "seeds", "task", "test", "trainable_parameters"].into()
    );
    assert_eq!(
        (&document["task"], &document["mode"]),
        (&"rte".into(), &"full".into())
    );
    let seeds = document["seeds"].as_array().unwrap();
    let mut accuracies = Vec::new();
    for (seed, number) in seeds.iter().zip(1..) {
        assert_eq!(keys(seed), ["seed", "test", "validation"].into());
        assert_eq!(seed["seed"], number);
        for part in ["validation", "test"] {
            assert_eq!(keys(&seed[part]), ["accuracy", "loss"].into());
        }
        accuracies.push(seed["test"]["accuracy"].as_f64().unwrap());
    }
    assert_eq!(accuracies.len(), 3);
    let mean = accuracies.iter().sum::<f64>() / 3.0;
    let squares: f64 = accuracies.iter().map(|value| (value - mean).powi(2)).sum();
    let spread = &document["test"]["accuracy"];
    assert!(
        (spread["mean"].as_f64().unwrap() - mean).abs() < 1e-12,
        "{spread}"
    );
    assert!((spread["sd"].as_f64().unwrap() - (squares / 2.0).sqrt()).abs() < 1e-12);
    for file in ["finetune.toml", "results.json", "seed-3/result.json"] {
        assert!(workplace.path("rte").join(file).is_file(), "{file}");
    }

    // A second call finds everything, and more seeds join those that are there.
    let model = workplace.path("rte/seed-1/model/model.safetensors");
    let written = || fs::metadata(&model).unwrap().modified().unwrap();
    let before = written();
    let again = workplace.succeed(&arguments);
    assert_eq!(again.json(), document);
    assert_eq!(
        again.stderr.matches("finished earlier").count(),
        3,
        "{again}"
    );
    let more = [&RTE[..], &["--seeds", "1,4", "--json"]].concat();
    let more = workplace.succeed(&more).json();
    assert_eq!(more["seeds"][0], document["seeds"][0]);
    assert_eq!(more["seeds"][1]["seed"], 4);
    assert_eq!(written(), before);
}

#[test]
fn the_text_tells_what_trains_on_which_rows_and_how_it_went() {
    let workplace = rte();
    let finished = workplace.succeed(&[&RTE[..], &["--seeds", "1-2"]].concat());
    // Embeddings, two layers, pooler 16·16 + 16, classifier 2·16 + 2; ten coefficients in each of the two layers.
    let trains = finished
        .stderr
        .lines()
        .find(|line| line.starts_with("trains: "))
        .unwrap_or_else(|| panic!("{finished}"));
    assert!(trains.contains("activation 20"), "{trains}");
    for words in [
        "rows: train: 16 of 90 rows, drawn with seed 1",
        "rows: validation: 16 of 30 rows, drawn with seed 1",
        "rows: test dev: 30 rows",
        "training: 2 epochs of 1 step; learning rates: encoder 0.00005",
        "1/2 seed 1  step 1/2  loss ",
        "  epoch 1/2  accuracy 0.",
        "2/2 seed 2  done: validation accuracy 0.",
    ] {
        assert!(finished.stderr.contains(words), "{words}\n{finished}");
    }
    assert_eq!(finished.stderr.matches("trains: ").count(), 1, "{finished}");
    let lines: Vec<&str> = finished.stdout.lines().collect();
    assert_eq!(
        lines[0],
        "seed  best epoch  validation accuracy  test accuracy"
    );
    let first: Vec<&str> = lines
        .iter()
        .map(|line| line.split(' ').next().unwrap())
        .collect();
    assert_eq!(first[1..5], ["1", "2", "mean", "sd"], "{finished}");
    assert!(
        finished.stdout.contains("\ntask rte, mode full: ")
            && finished.stdout.contains(" numbers trained of ")
            && finished.stdout.ends_with(
                "models: rte/seed-N/model\nresults: rte/results.json\nreport: rte/report.html\n"
            ),
        "{finished}"
    );
    assert!(workplace.path("rte/seed-2/model/config.json").is_file());
}

#[test]
fn the_report_shows_seeds_epochs_and_activations() {
    let workplace = rte();
    let page = || String::from_utf8(workplace.read("rte/report.html")).unwrap();
    workplace.succeed(&[&RTE[..], &["--seeds", "1-2"]].concat());
    let two = page();
    assert!(two.contains("<h1>rational on rte, mode full</h1>"));
    assert!(two.contains("rte, mode full: test accuracy 0.") && two.contains("over 2 seeds"));
    for row in ["1", "2", "mean", "sd"] {
        assert!(
            two.contains(&format!("<th scope=\"row\" class=\"n\">{row}</th>")),
            "{row}"
        );
    }
    // Two epochs of two seeds, of the metric and of the loss; a band and a curve for each of two layers.
    assert!(two.contains("id=\"metric-title\"") && two.contains("id=\"loss-title\""));
    assert_eq!(two.matches("data-name=\"all seeds\"").count(), 2);
    assert_eq!(two.matches("<circle").count(), 4);
    assert_eq!(two.matches("arm-1 band\"").count(), 2);
    assert!(two.contains("before fine-tuning") && !two.contains("class=\"warning\""));

    // A line that is no event costs its point and is named; the second call trains nothing.
    let record = workplace.path("rte/seed-1/metrics.jsonl");
    let lines = fs::read_to_string(&record).unwrap();
    fs::write(&record, lines.replacen('\n', "\nnonsense\n", 1)).unwrap();
    workplace.succeed(&[&RTE[..], &["--seeds", "1"]].concat());
    let one = page();
    assert!(one.contains("Lines of metrics.jsonl of seed 1 that are no events: 2."));
    assert!(one.contains("with one seed, which says nothing about chance"));
    assert!(!one.contains(" band\""));

    // Functions that are fixed are not shown.
    let fixed = Workplace::with(Model::Gelu);
    rows::rte(&fixed, "glue", 120, 30);
    fixed.succeed(&RTE);
    let page = String::from_utf8(fixed.read("rte/report.html")).unwrap();
    assert!(page.contains("id=\"metric-title\"") && !page.contains("Activations"));
}

#[test]
fn every_mode_trains_the_stated_numbers() {
    let workplace = rte();
    // Pooler and classifier; the coefficients of two layers.
    let (head, coefficients) = (16 * 16 + 16 + 2 * 16 + 2, 20);
    // Rank 2 on query and value of two layers; keys, values and the inner feed-forward of two layers.
    let (lora, ia3) = (2 * 2 * 2 * 16 * 2, 2 * (16 + 16 + 32));
    for (mode, wanted) in [
        ("head", head),
        ("activations", head + coefficients),
        ("matched-bias", head + coefficients),
        ("lora(2)", head + lora),
        ("ia3", head + ia3),
    ] {
        let finished = workplace.succeed(&[
            "finetune",
            "--model",
            "model",
            "--task",
            "rte",
            "--data",
            "glue",
            "--examples",
            "16",
            "--epochs",
            "1",
            "--mode",
            mode,
            "--out",
            mode,
            "--json",
        ]);
        let document = finished.json();
        assert_eq!(document["mode"], mode);
        assert_eq!(
            document["trainable_parameters"], wanted,
            "{mode}\n{finished}"
        );
    }
    let size = |file: &str| workplace.read(file).len();
    let whole = size("head/seed-1/model/model.safetensors");
    let adapters = fs::read_dir(workplace.path("ia3/seed-1/adapter")).unwrap();
    for file in adapters {
        let file = file.unwrap();
        if file
            .path()
            .extension()
            .is_some_and(|end| end == "safetensors")
        {
            assert!(file.metadata().unwrap().len() < whole as u64 / 4);
        }
    }
    assert!(!workplace.path("ia3/seed-1/model").exists());
}

#[test]
fn an_adapter_and_its_merged_model_say_the_same() {
    let workplace = rte();
    let labels = |arguments: &[&str]| {
        let pair = [
            "--text",
            "the old river",
            "--text-pair",
            "tall trees",
            "--json",
        ];
        let predict = [&["predict"], arguments, &pair].concat();
        let reply = workplace.succeed(&predict).json();
        let probability = |place: usize| reply["labels"][place]["probability"].as_f64().unwrap();
        [probability(0), probability(1)]
    };
    for (mode, merged) in [("lora(2)", "lora-merged"), ("ia3", "ia3-merged")] {
        let train = [
            &RTE[..11],
            &["--mode", mode, "--adapter-learning-rate", "0.1", "--out"],
        ];
        let train = train.concat();
        let finished = workplace.succeed(&[&train[..], &[mode]].concat());
        let adapter = format!("{mode}/seed-1/adapter");
        assert!(
            finished.stdout.contains(&format!("adapter: {adapter}\n")),
            "{finished}"
        );
        workplace.succeed(&[&train[..], &[merged, "--merge"]].concat());
        let apart = labels(&["--model", "model", "--adapter", &adapter]);
        let together = labels(&["--model", &format!("{merged}/seed-1/model")]);
        for (apart, together) in apart.iter().zip(together) {
            assert!(
                (apart - together).abs() < 1e-5,
                "{mode}: {apart} {together}"
            );
        }
    }
}

#[test]
fn own_tables_train_classes_and_numbers() {
    let workplace = Workplace::with(Model::Rational);
    rows::csv(&workplace, "rows.csv", 1, 80);
    rows::csv(&workplace, "valid.csv", 2, 20);
    let own = [
        "finetune",
        "--model",
        "model",
        "--train",
        "rows.csv",
        "--text-columns",
        "text",
        "--epochs",
        "1",
        "--json",
    ];
    let classes = [&own[..], &["--label-column", "topic", "--out", "classes"]].concat();
    let document = workplace.succeed(&classes).json();
    assert_eq!(
        (&document["task"], &document["test"]),
        (&"own".into(), &Value::Null)
    );
    let config = workplace.json("classes/seed-1/model/config.json");
    assert_eq!(
        config["id2label"],
        serde_json::json!({"0": "land", "1": "water"})
    );
    let numbers = [
        &own[..],
        &[
            "--label-column",
            "number",
            "--regression",
            "--out",
            "numbers",
        ],
        &["--validation", "valid.csv"],
    ];
    let document = workplace.succeed(&numbers.concat()).json();
    assert_eq!(
        keys(&document["seeds"][0]["validation"]),
        ["loss", "pearson", "pearson_spearman", "spearman"].into()
    );
    let predicted = workplace.succeed(&[
        "predict",
        "--model",
        "numbers/seed-1/model",
        "--text",
        "the old mill",
        "--json",
    ]);
    assert!(predicted.json()["score"].is_f64(), "{predicted}");
}

#[test]
fn an_interrupted_fine_tuning_goes_on_with_the_same_command() {
    let workplace = rte();
    let long = |out| {
        [
            "finetune",
            "--model",
            "model",
            "--task",
            "rte",
            "--data",
            "glue",
            "--epochs",
            "400",
            "--patience",
            "0",
            "--batch",
            "8",
            "--out",
            out,
            "--threads",
            "1",
        ]
    };
    let mut child = workplace.start(&long("killed"));
    crate::resume::wait_for_step(&workplace, "killed/seed-1", &mut child, 30);
    send("INT", &child);
    let finished = Finished::new(child.wait_with_output().unwrap(), &workplace.path("."));
    assert_eq!(finished.code, Some(130), "{finished}");
    assert_eq!(finished.stdout, "");
    assert!(
        finished.stderr.contains("interrupted after step ")
            && finished
                .stderr
                .ends_with("hint: go on with the same command\n"),
        "{finished}"
    );
    let resumed = workplace.succeed(&long("killed"));
    assert!(resumed.stderr.contains("goes on from step "), "{resumed}");
    workplace.succeed(&long("whole"));
    let model = |run: &str| workplace.read(&format!("{run}/seed-1/model/model.safetensors"));
    assert!(model("killed") == model("whole"), "other bytes");
}

#[test]
fn other_settings_are_refused_in_the_same_folder() {
    let workplace = rte();
    workplace.succeed(&RTE);
    let other = [
        &RTE[..],
        &["--mode", "head", "--seeds", "2", "--batch", "8"],
    ]
    .concat();
    let finished = workplace.run(&other);
    assert_eq!(finished.code, Some(2), "{finished}");
    insta::assert_snapshot!("finetune_other_settings", finished.error());
}
