//! `score squad`: the numbers, and what is said about files that do not fit.

use serde_json::json;

use crate::workplace::{Finished, Workplace};

const SQUAD: &str = r#"{"version": "1.1", "data": [{"title": "Boats", "paragraphs": [{
    "context": "The old ferry left the harbour at noon with nine goats.",
    "qas": [
        {"id": "when", "question": "When did it leave?", "answers": [{"text": "at noon", "answer_start": 31},
            {"text": "noon", "answer_start": 34}]},
        {"id": "what", "question": "What left?", "answers": [{"text": "The old ferry", "answer_start": 0}]},
        {"id": "load", "question": "With what?", "answers": [{"text": "nine goats", "answer_start": 44}]},
        {"id": "from", "question": "From where?", "answers": [{"text": "the harbour", "answer_start": 19}]}
    ]}]}]}"#;

const SQUAD_2: &str = r#"{"version": "v2.0", "data": [{"paragraphs": [{
    "context": "The old ferry left the harbour at noon with nine goats.",
    "qas": [
        {"id": "when", "question": "When did it leave?", "is_impossible": false,
            "answers": [{"text": "noon", "answer_start": 34}]},
        {"id": "what", "question": "What left?", "is_impossible": false,
            "answers": [{"text": "The old ferry", "answer_start": 0}]},
        {"id": "who", "question": "Who steered?", "is_impossible": true, "answers": []},
        {"id": "why", "question": "Why?", "is_impossible": true, "answers": []}
    ]}]}]}"#;

fn score(workplace: &Workplace, more: &[&str]) -> Finished {
    let arguments = [
        "score",
        "squad",
        "--data",
        "dev.json",
        "--predictions",
        "answers.json",
    ];
    workplace.run(&[&arguments[..], more].concat())
}

#[test]
fn exact_match_and_f1() {
    let workplace = Workplace::empty();
    workplace.write("dev.json", SQUAD);
    // Right but for an article, case and a full stop; half of it; none of it; not there; one too many.
    workplace.write(
        "answers.json",
        r#"{"what": "old Ferry.", "load": "nine sheep and goats", "from": "Noon", "how": "?"}"#,
    );
    let finished = score(&workplace, &["--json"]);
    assert_eq!(finished.code, Some(0), "{finished}");
    // F1 of the second: 2 of 4 words are right, 2 of 2 are found: 2/3.
    let f1 = 100.0 * (1.0 + 2.0 / 3.0) / 4.0;
    let found = finished.json();
    assert_eq!(found["exact_match"], 25.0);
    assert!((found["f1"].as_f64().unwrap() - f1).abs() < 1e-9, "{found}");
    assert_eq!(found["total"], 4);
    assert_eq!(found["missing"], 1);
    assert_eq!(found["unknown"], 1);
    assert_eq!(found.get("answerable"), None);
    insta::assert_snapshot!("score_squad", score(&workplace, &[]).stdout);
}

#[test]
fn questions_without_an_answer() {
    let workplace = Workplace::empty();
    workplace.write("dev.json", SQUAD_2);
    workplace.write(
        "answers.json",
        r#"{"when": "noon", "what": "", "who": "", "why": "goats"}"#,
    );
    workplace.write(
        "scores.json",
        r#"{"when": 0.1, "what": 0.2, "who": 0.9, "why": 0.8}"#,
    );
    let finished = score(&workplace, &["--no-answer-scores", "scores.json", "--json"]);
    let part =
        |exact: f64, total: usize| json!({"exact_match": exact, "f1": exact, "total": total});
    let found = finished.json();
    assert_eq!(found["exact_match"], 50.0);
    assert_eq!(found["answerable"], part(50.0, 2));
    assert_eq!(found["unanswerable"], part(50.0, 2));
    // Above 0.1 all questions are left without an answer: only `what` is wrong.
    let best =
        json!({"exact_match": 75.0, "exact_match_threshold": 0.1, "f1": 75.0, "f1_threshold": 0.1});
    assert_eq!(found["best"], best);
    let text = score(&workplace, &["--no-answer-scores", "scores.json"]);
    insta::assert_snapshot!("score_squad_2", text.stdout);
}

#[test]
fn files_that_do_not_fit() {
    let workplace = Workplace::empty();
    workplace.write("dev.json", SQUAD);
    let refused = |name: &str, data: &str, answers: &str, more: &[&str], code| {
        workplace.write("dev.json", data);
        workplace.write("answers.json", answers);
        workplace.write("scores.json", "{}");
        let finished = score(&workplace, more);
        assert_eq!(finished.code, Some(code), "{finished}");
        insta::assert_snapshot!(format!("score_{name}"), finished.error());
    };
    refused(
        "malformed",
        "{\"data\": [\n{\"paragraphs\": [}",
        "{}",
        &[],
        3,
    );
    refused("another_form", "{\"data\": [{\"rows\": []}]}", "{}", &[], 3);
    refused("answers_of_another_form", SQUAD, "[\"noon\"]", &[], 3);
    refused("answers_to_other_questions", SQUAD, r#"{"a": "b"}"#, &[], 3);
    let thresholds = ["--no-answer-scores", "scores.json"];
    refused("no_threshold", SQUAD, r#"{"when": "noon"}"#, &thresholds, 2);
    let missing = Workplace::empty();
    let finished = score(&missing, &[]);
    assert_eq!(finished.code, Some(3), "{finished}");
    insta::assert_snapshot!("score_missing", finished.error());
}
