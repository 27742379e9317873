//! Token ids of rows.

use pliant_data::task::{Example, Target, TaskError, encode_examples};

use crate::folder::{id, task_error, tokenizer};

fn example(first: &str, second: Option<&str>, row: usize) -> Example {
    Example {
        first: first.into(),
        second: second.map(str::to_owned),
        target: Some(Target::Class(1)),
        row,
    }
}

#[test]
fn texts_stand_between_their_marks_in_order() {
    let rows = [
        example("The ferry", None, 1),
        example("a b c a", Some("goats"), 2),
    ];
    let encoded = encode_examples(&tokenizer(), &rows, 7).unwrap();
    let ids = |words: &[&str]| words.iter().map(|word| id(word)).collect::<Vec<u32>>();
    assert_eq!(encoded[0].ids, ids(&["[CLS]", "the", "ferry", "[SEP]"]));
    assert_eq!(encoded[0].type_ids, [0; 4]);
    // The longer text loses its end.
    let expected = ids(&["[CLS]", "a", "b", "c", "[SEP]", "goats", "[SEP]"]);
    assert_eq!(encoded[1].ids, expected);
    assert_eq!(encoded[1].type_ids, [0, 0, 0, 0, 0, 1, 1]);
    assert_eq!(encoded[1].target, Some(Target::Class(1)));
}

#[test]
fn a_mark_spelled_out_is_text() {
    let rows = [example("[SEP] a", None, 1)];
    let encoded = encode_examples(&tokenizer(), &rows, 16).unwrap();
    let separators = encoded[0].ids.iter().filter(|token| **token == id("[SEP]"));
    assert_eq!(separators.count(), 1);
}

#[test]
fn an_empty_text_names_its_row() {
    for rows in [
        [example("a", None, 1), example(" \u{200b}", None, 17)],
        [example("a", None, 1), example("a", Some(""), 17)],
    ] {
        let error = task_error(encode_examples(&tokenizer(), &rows, 16));
        assert!(matches!(error, TaskError::EmptyText { .. }));
        assert_eq!(error.to_string(), "row 17: empty text");
    }
}
