//! SQuAD's files and windows.

use pliant_data::squad::{
    Answer, Question, Window, WindowOptions, read_squad, read_squad_parts, windows,
};
use pliant_data::task::{BatchTargets, TaskBatch};
use proptest::prelude::*;

use crate::folder::{Folder, id, said, tokenizer};

const CONTEXT: &str = "The old ferry left the harbour at noon with nine goats.";

fn file(qas: &str) -> String {
    format!(
        r#"{{"version": "1.1", "data": [{{"title": "Boats", "paragraphs": [{{"context": "Caf\u00e9 {CONTEXT}", "qas": [{qas}]}}]}}]}}"#
    )
}

fn qa(id: &str, text: &str, start: &str, more: &str) -> String {
    format!(
        r#"{{"id": "{id}", "question": "When?", "answers": [{{"text": "{text}", "answer_start": {start}}}]{more}}}"#
    )
}

#[test]
fn wrong_places_are_repaired_or_given_up_and_counted() {
    let questions = [
        qa("right", "ferry", "13", ""),
        qa("repaired", "noon", "3", ""),
        qa("beyond", "noon", "3000", ""),
        qa("negative", "noon", "-1", ""),
        qa("twice", "the", "1", ""),
        qa("several", "t", "1", ""),
        qa("nowhere", "sheep", "1", ""),
        qa("flagged", "goats", "54", r#", "start_ambiguous": true"#),
    ];
    let folder = Folder::new(&[
        ("train.json", &file(&questions.join(","))),
        ("dev.json", &file(&questions[0])),
    ]);
    let read = read_squad(&folder.file("train.json")).unwrap();
    let places: Vec<Option<usize>> = read
        .questions
        .iter()
        .map(|question| question.answers[0].start)
        .collect();
    // Characters, not bytes: the é before them is one.
    assert_eq!(
        places,
        [
            Some(13),
            Some(39),
            Some(39),
            Some(39),
            Some(24),
            None,
            None,
            Some(54)
        ]
    );
    assert_eq!(read.warnings.len(), 2);
    assert!(
        read.warnings[0].contains("6 of 8 answers do not stand where the file says: 4 repaired"),
        "{read:?}"
    );
    assert!(
        read.warnings[1].contains("1 of 8 questions are flagged start_ambiguous"),
        "{read:?}"
    );
    let parts = read_squad_parts(folder.path(), false).unwrap();
    assert_eq!(parts.train.len(), 6);
    assert!(
        parts
            .warnings
            .iter()
            .any(|warning| warning.contains("2 of 8 questions have no answer with a place"))
    );
}

#[test]
fn the_second_version_is_known_by_its_questions_or_its_name() {
    let plain = r#"{"id": "a", "question": "?", "answers": []}"#;
    let folder = Folder::new(&[
        ("plain.json", &file(plain)),
        ("named.json", &file(plain).replace("\"1.1\"", "\"v2.0\"")),
        (
            "impossible.json",
            &file(r#"{"id": 7, "question": "?", "is_impossible": true}"#),
        ),
    ]);
    let version_2 = |name: &str| read_squad(&folder.file(name)).unwrap().version_2;
    assert!(!version_2("plain.json") && version_2("named.json") && version_2("impossible.json"));
    assert_eq!(
        read_squad(&folder.file("impossible.json"))
            .unwrap()
            .questions[0]
            .id,
        "7"
    );
}

#[test]
fn other_files_are_refused() {
    let folder = Folder::new(&[
        ("broken.json", "{\"data\": [\n}"),
        ("rows.json", "{\"rows\": []}"),
        ("none.json", "{\"data\": []}"),
    ]);
    for (name, message) in [
        (
            "broken.json",
            "broken.json, line 2: malformed JSON: expected value, column 1",
        ),
        (
            "rows.json",
            "rows.json: missing field `data` at line 1 column 12",
        ),
        ("none.json", "none.json: no rows"),
    ] {
        let (found, hint) = said(read_squad(&folder.file(name)), &folder);
        assert_eq!(found, message);
        assert!(!hint.is_empty());
    }
    let (message, hint) = said(read_squad_parts(folder.path(), true), &folder);
    assert!(
        message.starts_with("no train file of SQuAD v2.0"),
        "{message}"
    );
    assert_eq!(hint, "looked for train-v2.0.json, train.json");
}

pub(crate) fn question(id: &str, question: &str, answer: Option<(&str, usize)>) -> Question {
    Question {
        id: id.into(),
        question: question.into(),
        context: CONTEXT.into(),
        answers: answer
            .into_iter()
            .map(|(text, start)| Answer {
                text: text.into(),
                start: Some(start),
            })
            .collect(),
        is_impossible: false,
    }
}

pub(crate) fn options(max_length: usize, doc_stride: usize) -> WindowOptions {
    WindowOptions {
        max_length,
        doc_stride,
        max_query_length: 64,
    }
}

pub(crate) fn cut(questions: &[Question], options: WindowOptions) -> Vec<Window> {
    windows(&tokenizer(), questions, options).unwrap()
}

#[test]
fn a_window_holds_question_context_and_answer() {
    let questions = [
        question("noon", "When did it leave?", Some(("at noon", 31))),
        question("unknown", "When?", None),
        Question {
            is_impossible: true,
            ..question("none", "When?", None)
        },
    ];
    let found = cut(&questions, WindowOptions::default());
    assert_eq!(found.len(), 3);
    let window = &found[0];
    let words = "[CLS] when did it leave ? [SEP] the old ferry left the harbour at noon with nine goats . [SEP]";
    let ids: Vec<u32> = words.split(' ').map(id).collect();
    assert_eq!(window.ids, ids);
    assert_eq!(window.type_ids, [vec![0; 7], vec![1; 13]].concat());
    assert_eq!(window.span, Some((13, 14)));
    assert_eq!(window.characters(13), Some((31, 33)));
    assert_eq!(window.characters(6), None);
    assert_eq!(window.characters(19), None);
    assert!((7..19).all(|position| window.has_maximum_context(position)));
    assert_eq!((found[1].span, found[2].span), (None, Some((0, 0))));
    let batch = TaskBatch::gather(&found, &[2, 0], 0..2, 0);
    let spans = BatchTargets::Spans {
        starts: vec![0, 13],
        ends: vec![0, 14],
    };
    assert_eq!((batch.length, batch.targets), (20, spans));
}

#[test]
fn an_answer_inside_a_token_takes_the_whole_token() {
    let found = cut(
        &[question("a", "When?", Some(("arbour at", 24)))],
        WindowOptions::default(),
    );
    assert_eq!(found[0].span, Some((9, 10)));
}

#[test]
fn windows_overlap_and_an_answer_lies_whole_or_not_at_all_in_each() {
    // Room for 4 of the 12 tokens of the context, two tokens further each time.
    let questions = [question("a", "When ?", Some(("the harbour", 19)))];
    let found = cut(&questions, options(9, 2));
    let spans: Vec<Option<(u32, u32)>> = found.iter().map(|window| window.span).collect();
    let none = Some((0, 0));
    // Tokens 4 and 5: the windows begin at 0, 2, 4, 6 and 8.
    assert_eq!(spans, [none, Some((6, 7)), Some((4, 5)), none, none]);
    // Token 4 is second in its first window (1 left, 1 right), first in its second.
    assert!(found[1].has_maximum_context(6) && !found[2].has_maximum_context(4));
}

#[test]
fn questions_are_cut_or_refused_by_their_id() {
    let folder = Folder::new(&[]);
    let long = [question("long", "when when when when when when", None)];
    let refused = windows(&tokenizer(), &long, options(9, 2));
    let (message, hint) = said(refused, &folder);
    assert_eq!(
        message,
        "question long: its 6 tokens leave no room for the context in windows of 9"
    );
    assert!(hint.contains("max_query_length"), "{hint}");
    let found = cut(
        &long,
        WindowOptions {
            max_query_length: 2,
            ..options(9, 2)
        },
    );
    assert_eq!(
        found[0]
            .ids
            .iter()
            .filter(|token| **token == id("when"))
            .count(),
        2
    );
    // A context shorter than its question is fine.
    let short = Question {
        context: "noon".into(),
        ..question("short", "when when when", None)
    };
    assert_eq!(
        cut(std::slice::from_ref(&short), options(9, 2))[0]
            .ids
            .len(),
        7
    );
    for (empty, message) in [
        (
            Question {
                context: " ".into(),
                ..short.clone()
            },
            "context of short: empty text",
        ),
        (
            Question {
                question: "\n".into(),
                ..short
            },
            "question of short: empty text",
        ),
    ] {
        let refused = windows(&tokenizer(), &[empty], options(9, 2));
        assert_eq!(said(refused, &folder).0, message);
    }
    assert!(windows(&tokenizer(), &long, options(9, 0)).is_err());
}

proptest! {
    #[test]
    fn every_token_has_most_context_in_exactly_one_window(
        length in 1_usize..60,
        max_length in 5_usize..30,
        stride in 1_usize..20,
    ) {
        let question = Question {
            context: "goats ".repeat(length).into(),
            ..question("a", "a", None)
        };
        let found = cut(&[question], options(max_length, stride));
        let mut seen = vec![0; length];
        let mut covered = vec![false; length];
        for window in &found {
            prop_assert!(window.ids.len() <= max_length);
            for position in 0..window.ids.len() {
                if let Some((start, _)) = window.characters(position) {
                    prop_assert_eq!(window.ids[position], id("goats"));
                    covered[start / 6] = true;
                    seen[start / 6] += usize::from(window.has_maximum_context(position));
                }
            }
        }
        prop_assert!(covered.iter().all(|covered| *covered));
        prop_assert!(seen.iter().all(|times| *times == 1), "{:?}", seen);
    }
}
