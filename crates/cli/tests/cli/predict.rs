//! `pliant predict`: masks, labels, answers; one query or a stream of them.

use std::{
    io::{BufRead, BufReader, Write},
    process::Stdio,
};

use serde_json::Value;

use crate::{
    models::Model,
    rows,
    workplace::{Finished, Workplace},
};

/// Runs the program with lines on its standard input.
fn feed(workplace: &Workplace, arguments: &[&str], lines: &str) -> Finished {
    let mut child = workplace
        .command(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    let lines = lines.to_owned();
    let writer = std::thread::spawn(move || {
        // A program that has found its mistake reads no further.
        let _ = input.write_all(lines.as_bytes());
    });
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    Finished::new(output, &workplace.path(""))
}

fn probabilities(list: &Value) -> Vec<f64> {
    let list = list.as_array().unwrap();
    list.iter()
        .map(|item| item["probability"].as_f64().unwrap())
        .collect()
}

#[test]
fn masks_are_filled_one_by_one() {
    let workplace = Workplace::with(Model::Rational);
    let text = [
        "predict",
        "--model",
        "model",
        "--text",
        "the [MASK] carries old [MASK] .",
    ];
    let reply = workplace
        .succeed(&[&text[..], &["--top", "3", "--json"]].concat())
        .json();
    let masks = reply["masks"].as_array().unwrap();
    assert_eq!(masks.len(), 2);
    for mask in masks {
        let shares = probabilities(mask);
        assert_eq!(shares.len(), 3);
        assert!(
            shares.is_sorted_by(|a, b| a >= b) && shares[2] > 0.0,
            "{mask}"
        );
        assert!(shares.iter().sum::<f64>() <= 1.0 + 1e-6, "{mask}");
    }
    let shown = workplace.succeed(&text).stdout;
    let rows: Vec<Vec<&str>> = shown
        .lines()
        .map(|line| line.split_whitespace().collect())
        .collect();
    assert_eq!(rows[0], ["mask", "word", "probability"]);
    // Five words each by default, the mask named at its first.
    assert_eq!(rows.len(), 11, "{shown}");
    assert_eq!((rows[1][0], rows[6][0]), ("1", "2"), "{shown}");
    assert_eq!(rows[1][1], masks[0][0]["token"].as_str().unwrap());
}

#[test]
fn texts_are_labelled() {
    let workplace = Workplace::with(Model::Topic);
    let mut right = 0;
    for row in 0..10 {
        let (text, topic) = rows::sentence(77, row);
        let reply = workplace
            .succeed(&["predict", "--model", "model", "--text", &text, "--json"])
            .json();
        assert!((probabilities(&reply["labels"]).iter().sum::<f64>() - 1.0).abs() < 1e-6);
        right += usize::from(reply["label"] == topic);
    }
    // Sentences that were not trained on: their topics stand in their words.
    assert!(right >= 9, "{right} of 10");
    let shown = workplace
        .succeed(&["predict", "--model", "model", "--text", "the old river"])
        .stdout;
    assert!(shown.starts_with("label  probability\n"), "{shown}");
    assert_eq!(shown.lines().count(), 3, "{shown}");
}

#[test]
fn questions_are_answered_with_their_place() {
    let workplace = Workplace::with(Model::Answer);
    let context = "Über the tall river and old quiet the trees past quiet horses stand";
    let question = [
        "predict",
        "--model",
        "model",
        "--question",
        "past where",
        "--context",
    ];
    let arguments = [&question[..], &[context, "--top", "2", "--json"]].concat();
    let reply = workplace.succeed(&arguments).json();
    let answers = reply["answers"].as_array().unwrap();
    assert_eq!(answers.len(), 2);
    for answer in answers {
        let place = |key: &str| answer[key].as_u64().unwrap() as usize;
        let (start, end) = (place("start"), place("end"));
        let found: String = context.chars().skip(start).take(end - start).collect();
        assert_eq!(answer["text"], found);
    }
    assert_eq!(answers[0]["text"], "quiet", "{reply}");
    let shown = workplace
        .succeed(&[&question[..], &[context]].concat())
        .stdout;
    let row: Vec<&str> = shown.lines().nth(1).unwrap().split_whitespace().collect();
    assert_eq!(row[..2], ["quiet", "49–54"], "{shown}");

    // A context shorter than its question is still one.
    let long = "past where past where past where past where";
    let reply = workplace
        .succeed(&[
            "predict",
            "--model",
            "model",
            "--question",
            long,
            "--context",
            "past",
            "--json",
        ])
        .json();
    assert_eq!(reply["answers"][0]["text"], "past", "{reply}");
}

#[test]
fn a_stream_keeps_order_and_ids() {
    let workplace = Workplace::with(Model::Topic);
    let mut lines = String::new();
    for row in 0..700 {
        let (text, _) = rows::sentence(5, row);
        lines += &match row % 3 {
            0 => serde_json::json!({"id": format!("row {row}"), "text": text}),
            _ => serde_json::json!({"id": row, "text": text}),
        }
        .to_string();
        lines += "\n";
    }
    let streamed = feed(
        &workplace,
        &["predict", "--model", "model", "--jsonl"],
        &lines,
    );
    assert_eq!(streamed.code, Some(0), "{streamed}");
    let replies: Vec<Value> = streamed
        .stdout
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(replies.len(), 700);
    for (row, reply) in replies.iter().enumerate() {
        assert_eq!(reply["line"], row + 1);
        let id = match row % 3 {
            0 => Value::from(format!("row {row}")),
            _ => Value::from(row),
        };
        assert_eq!(reply["id"], id);
        assert!(reply["label"].is_string());
    }
    workplace.write("lines.jsonl", &lines);
    let document = workplace.succeed(&[
        "predict",
        "--model",
        "model",
        "--input",
        "lines.jsonl",
        "--json",
    ]);
    assert_eq!(document.json()["predictions"], Value::from(replies));
    let shown = workplace.succeed(&["predict", "--model", "model", "--input", "lines.jsonl"]);
    let second = shown.stdout.lines().nth(1).unwrap();
    assert!(
        second.starts_with("1  water  0.") || second.starts_with("1  land  0."),
        "{second}"
    );
}

#[test]
fn who_writes_a_line_and_waits_gets_the_reply() {
    let workplace = Workplace::with(Model::Topic);
    let mut child = workplace
        .command(&["predict", "--model", "model", "--jsonl"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    let mut output = BufReader::new(child.stdout.take().unwrap());
    for line in 1..=3 {
        writeln!(input, "{{\"text\": \"the old river\"}}").unwrap();
        let mut reply = String::new();
        output.read_line(&mut reply).unwrap();
        let reply: Value = serde_json::from_str(&reply).unwrap();
        assert_eq!(reply["line"], line);
    }
    drop(input);
    assert!(child.wait().unwrap().success());
}

#[test]
fn a_malformed_line_is_named_behind_the_replies_before_it() {
    let workplace = Workplace::with(Model::Topic);
    let lines =
        "{\"text\": \"the old river\"}\n\n{\"text\": \"tall trees\"}\n{\"text\": \"no end\n";
    let finished = feed(
        &workplace,
        &["predict", "--model", "model", "--jsonl"],
        lines,
    );
    assert_eq!(finished.code, Some(3), "{finished}");
    assert_eq!(finished.stdout.lines().count(), 2, "{finished}");
    insta::assert_snapshot!("predict_malformed_line", finished.error());
    let finished = feed(
        &workplace,
        &["predict", "--model", "model"],
        "{\"text\": \"a\"}\n{\"txt\": \"b\"}\n",
    );
    assert_eq!(finished.code, Some(3), "{finished}");
    insta::assert_snapshot!("predict_unknown_field", finished.error());
    let finished = feed(
        &workplace,
        &["predict", "--model", "model", "--json"],
        "{\"text\": \"a\"}\n{\"text\": \"\"}\n",
    );
    assert_eq!(finished.json()["error"]["code"], 3);
    insta::assert_snapshot!("predict_empty_line_text", finished.error());
}
