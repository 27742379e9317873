//! `pliant bench`: the keys of its documents, and what it refuses.

use serde_json::Value;

use crate::workplace::Workplace;

/// Asserts that a command line is refused with exit code 2, and snapshots what is said.
macro_rules! refused {
    ($name:ident, $($argument:expr),+) => {
        #[test]
        fn $name() {
            let finished = Workplace::empty().run(&["bench", $($argument),+]);
            assert_eq!(finished.code, Some(2), "{finished}");
            assert_eq!(finished.stdout, "");
            insta::assert_snapshot!(concat!("bench_", stringify!($name)), finished.error());
        }
    };
}

refused!(a_preset_misspelt, "step", "--preset", "bse");
refused!(an_activation_misspelt, "step", "--activation", "ratonal");
refused!(a_precision_that_is_none, "infer", "--precision", "f16");
refused!(no_steps, "step", "--steps", "0");
refused!(a_batch_of_nothing, "infer", "--batch", "0");
refused!(a_sequence_too_long, "step", "--sequence", "513");
refused!(no_corpus, "data", "--vocabulary", "vocab.txt");
refused!(
    an_activation_that_does_not_fit,
    "step",
    "--preset",
    "tiny",
    "--activation",
    "rational(share=group(7))"
);

#[test]
fn too_little_memory_is_said_before_anything_is_built() {
    let finished = Workplace::empty().run(&["bench", "step", "--batch", "1000000000"]);
    assert_eq!(finished.code, Some(2), "{finished}");
    let error = finished.error();
    assert!(
        error.contains("MiB of memory") && error.contains("hint: give a smaller --batch"),
        "{error}"
    );
}

#[test]
fn a_missing_corpus_is_unusable_data() {
    let workplace = Workplace::empty();
    workplace.write("vocab.txt", "[PAD]\n");
    let finished = workplace.run(&[
        "bench",
        "data",
        "--corpus",
        "none",
        "--vocabulary",
        "vocab.txt",
    ]);
    assert_eq!(finished.code, Some(3), "{finished}");
}

/// Asserts that a report has these keys and no others, and that numbers are positive.
fn assert_keys(report: &Value, keys: &[&str]) {
    let found: Vec<&String> = report.as_object().unwrap().keys().collect();
    assert_eq!(found, keys);
    for (key, value) in report.as_object().unwrap() {
        if key != "warmup"
            && let Some(number) = value.as_f64()
        {
            assert!(number > 0.0, "{key}: {number}");
        }
    }
}

fn assert_times(times: &Value) {
    let [min, median, max] = ["min", "median", "max"].map(|key| times[key].as_f64().unwrap());
    assert!(0.0 < min && min <= median && median <= max, "{times}");
}

/// Sum of all numbers in a value.
fn sum(value: &Value) -> f64 {
    match value {
        Value::Object(entries) => entries.values().map(sum).sum(),
        number => number.as_f64().unwrap(),
    }
}

const MODEL_KEYS: [&str; 20] = [
    "version",
    "pass",
    "preset",
    "activation",
    "precision",
    "threads",
    "batch",
    "sequence",
    "vocabulary",
    "masked_tokens",
    "steps",
    "warmup",
    "parameters",
    "ms_per_step",
    "tokens_per_second",
    "peak_rss_mib",
    "flops_per_step",
    "flops_per_second",
    "share_of_time",
    "processor",
];

#[test]
fn a_step_is_one_document() {
    let arguments = [
        "bench",
        "step",
        "--preset",
        "tiny",
        "--batch",
        "2",
        "--sequence",
        "16",
        "--steps",
        "2",
        "--warmup",
        "0",
        "--json",
        "--threads",
        "1",
    ];
    let report = Workplace::empty().succeed(&arguments).json();
    assert_keys(&report, &MODEL_KEYS);
    assert_eq!(report["pass"], "train");
    assert_eq!(report["masked_tokens"], 4);
    assert_eq!(report["threads"], 1);
    assert_times(&report["ms_per_step"]);
    let share = &report["share_of_time"];
    assert!((sum(share) - 1.0).abs() < 1e-6, "{share}");
    for (pass, operation) in [
        ("forward", "linear"),
        ("forward", "masked_lm_loss"),
        ("backward", "linear"),
        ("backward", "attention"),
    ] {
        assert!(share[pass][operation].as_f64().unwrap() > 0.0, "{share}");
    }
    assert!(share["optimizer"].as_f64().unwrap() > 0.0, "{share}");
}

#[test]
fn inference_is_one_document() {
    let arguments = [
        "bench",
        "infer",
        "--preset",
        "tiny",
        "--activation",
        "gelu",
        "--precision",
        "bf16",
        "--sequence",
        "16",
        "--steps",
        "1",
        "--warmup",
        "1",
        "--json",
    ];
    let report = Workplace::empty().succeed(&arguments).json();
    assert_keys(&report, &MODEL_KEYS);
    assert_eq!(report["pass"], "infer");
    assert_eq!(report["batch"], 1);
    assert_eq!(report["precision"], "bf16");
    let share = &report["share_of_time"];
    assert_eq!(sum(&share["backward"]), 0.0, "{share}");
    assert_eq!(share["optimizer"], 0.0);
}

#[test]
fn a_preparation_is_one_document() {
    let workplace = Workplace::nano();
    let vocabulary = "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\nthe\nriver\nold\nstones\n.\n";
    workplace.write("vocab.txt", vocabulary);
    let arguments = [
        "bench",
        "data",
        "--corpus",
        "text",
        "--vocabulary",
        "vocab.txt",
        "--repeats",
        "2",
        "--json",
    ];
    let report = workplace.succeed(&arguments).json();
    assert_keys(
        &report,
        &[
            "version",
            "threads",
            "sequence",
            "vocabulary",
            "repeats",
            "text_bytes",
            "tokens",
            "sequences",
            "ms",
            "megabytes_per_second",
            "tokens_per_second",
            "peak_rss_mib",
            "processor",
        ],
    );
    assert_eq!(report["vocabulary"], 10);
    assert_eq!(report["repeats"], 2);
    assert_times(&report["ms"]);
}

#[test]
fn people_get_a_table() {
    let text = Workplace::empty()
        .succeed(&[
            "bench",
            "step",
            "--preset",
            "tiny",
            "--batch",
            "1",
            "--sequence",
            "8",
            "--steps",
            "1",
            "--warmup",
            "0",
        ])
        .stdout;
    for word in [
        "training step, tiny rational",
        "tokens/s",
        "GFLOP/s",
        "peak memory",
        "% of the time",
        "linear",
        "optimizer",
    ] {
        assert!(text.contains(word), "{word}\n{text}");
    }
}

#[test]
fn an_activation_is_held_to_a_copy() {
    let arguments = [
        "act",
        "bench",
        "rational",
        "--rows",
        "8",
        "--columns",
        "64",
        "--repeats",
        "1",
        "--json",
    ];
    let report = Workplace::empty().succeed(&arguments).json();
    let copy = report["copy_gigabytes_per_second"].as_f64().unwrap();
    let rows = report["results"].as_array().unwrap();
    assert_eq!(rows.len(), 2);
    for row in rows {
        let number = |key: &str| row[key].as_f64().unwrap();
        let traffic = 20.0 / number("forward_backward");
        assert!(
            (number("gigabytes_per_second") / traffic - 1.0).abs() < 1e-9,
            "{row}"
        );
        assert!(
            (number("share_of_copy") / (traffic / copy) - 1.0).abs() < 1e-9,
            "{row}"
        );
    }
}
