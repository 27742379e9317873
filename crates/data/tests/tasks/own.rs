//! The user's own files.

use std::fmt::Write as _;
use std::path::PathBuf;

use pliant_data::DataError;
use pliant_data::task::{Labels, OwnFiles, Target, TaskError, TaskParts, read_own};
use proptest::prelude::*;

use crate::folder::{Folder, said, task_error};

fn files(train: PathBuf) -> OwnFiles {
    OwnFiles {
        train,
        validation: None,
        test: None,
        text_columns: vec!["text".into()],
        label_column: "mood".into(),
        regression: false,
    }
}

fn read(name: &str, content: &str) -> Result<TaskParts, DataError> {
    let folder = Folder::new(&[(name, content)]);
    read_own(&files(folder.file(name)))
}

fn rows(parts: &TaskParts) -> Vec<(usize, &str, u32)> {
    let class = |target| match target {
        Some(Target::Class(class)) => class,
        other => panic!("{other:?}"),
    };
    let rows = parts.train.iter();
    rows.map(|row| (row.row, row.first.as_str(), class(row.target)))
        .collect()
}

#[test]
fn commas_with_quotes_and_fields_over_several_lines() {
    let parts = read(
        "a.csv",
        "id,text,mood\r\n1,\"calm, \"\"very\"\" calm\",good\r\n\r\n2,\"a storm\nall night\",bad\r\n3,fog,bad\r\n",
    );
    let parts = parts.unwrap();
    assert_eq!(
        parts.labels,
        Labels::Classes(vec!["bad".into(), "good".into()])
    );
    let expected = [
        (2, "calm, \"very\" calm", 1),
        (4, "a storm\nall night", 0),
        (6, "fog", 0),
    ];
    assert_eq!(rows(&parts), expected);
}

#[test]
fn tabs_are_read_as_quoted_only_where_the_file_is() {
    for (content, first, second, warned) in [
        // Quotation marks are text: they do not fit.
        (
            "text\tmood\n\"calm\" sea\ta\nfog \"\tb\n",
            "\"calm\" sea",
            "fog \"",
            false,
        ),
        (
            "text\tmood\n\"calm sea\ta\nfog\tb\n",
            "\"calm sea",
            "fog",
            false,
        ),
        // They fit, but are not needed.
        ("text\tmood\n\"calm\"\ta\nfog\tb\n", "\"calm\"", "fog", true),
        // Needed for a tab, a line feed, or other quotation marks.
        (
            "text\tmood\n\"calm\tsea\"\ta\nfog\tb\n",
            "calm\tsea",
            "fog",
            false,
        ),
        (
            "text\tmood\n\"calm\n\tsea\"\ta\nfog\tb\n",
            "calm\n\tsea",
            "fog",
            false,
        ),
        (
            "text\tmood\n\"\"\"calm\"\" sea\"\ta\nfog\tb\n",
            "\"calm\" sea",
            "fog",
            false,
        ),
        // Everything is quoted.
        (
            "\"text\"\t\"mood\"\n\"calm\"\t\"a\"\n\"fog\"\t\"b\"\n",
            "calm",
            "fog",
            false,
        ),
    ] {
        let parts = read("a.tsv", content).unwrap();
        let found: Vec<&str> = parts.train.iter().map(|row| row.first.as_str()).collect();
        assert_eq!(found, [first, second], "{content:?}");
        assert_eq!(parts.labels, Labels::Classes(vec!["a".into(), "b".into()]));
        assert_eq!(
            !parts.warnings.is_empty(),
            warned,
            "{content:?}: {:?}",
            parts.warnings
        );
    }
}

proptest! {
    #[test]
    fn what_a_writer_quotes_is_read_back(
        texts in proptest::collection::vec("[a-c\"\t\n ]{0,8}[a-c]", 2..20),
        commas: bool,
    ) {
        let delimiter = if commas { "," } else { "\t" };
        let quoted = |text: &str| {
            if text.contains(['"', '\t', '\n', ',']) {
                format!("\"{}\"", text.replace('"', "\"\""))
            } else {
                text.to_owned()
            }
        };
        let mut content = format!("mood{delimiter}text\n");
        for (row, text) in texts.iter().enumerate() {
            writeln!(content, "{}{delimiter}{}", row % 2, quoted(text)).unwrap();
        }
        let parts = read(if commas { "a.csv" } else { "a.tsv" }, &content).unwrap();
        let found: Vec<&String> = parts.train.iter().map(|row| &row.first).collect();
        prop_assert_eq!(found, texts.iter().collect::<Vec<_>>());
        for row in &parts.train {
            let line = content.split('\n').nth(row.row - 1).unwrap();
            let first = row.first.split('\n').next().unwrap();
            prop_assert!(line.replace("\"\"", "\"").contains(first), "{} {:?}", row.row, line);
        }
    }
}

#[test]
fn json_lines_with_two_texts_and_numbers() {
    let folder = Folder::new(&[
        (
            "train.jsonl",
            "{\"a\": \"x\", \"b\": \"y\", \"like\": 0.5}\n\n{\"like\": 3, \"b\": \"z\", \"a\": 7}\n",
        ),
        (
            "valid.ndjson",
            "{\"a\": \"x\", \"b\": \"y\", \"like\": \"-1\", \"more\": [1]}\n",
        ),
        ("test.csv", "a,b,like\nx,y,2\n"),
    ]);
    let parts = read_own(&OwnFiles {
        train: folder.file("train.jsonl"),
        validation: Some(folder.file("valid.ndjson")),
        test: Some(folder.file("test.csv")),
        text_columns: vec!["a".into(), "b".into()],
        label_column: "like".into(),
        regression: true,
    });
    let parts = parts.unwrap();
    assert_eq!(parts.labels, Labels::Regression);
    assert_eq!(parts.train[1].row, 3);
    assert_eq!(parts.train[1].first, "7");
    assert_eq!(parts.train[1].second.as_deref(), Some("z"));
    assert_eq!(parts.train[1].target, Some(Target::Score(3.0)));
    assert_eq!(parts.official_dev[0].0, "validation");
    assert_eq!(parts.official_dev[0].1[0].target, Some(Target::Score(-1.0)));
    assert_eq!(parts.test.unwrap()[0].target, Some(Target::Score(2.0)));
}

#[test]
fn a_label_unseen_in_training_is_an_error() {
    let folder = Folder::new(&[
        ("train.csv", "text,mood\ncalm,good\nfog,bad\n"),
        ("valid.csv", "text,mood\ncalm,good\nrain,goods\n"),
    ]);
    let parts = read_own(&OwnFiles {
        validation: Some(folder.file("valid.csv")),
        ..files(folder.file("train.csv"))
    });
    let (message, hint) = said(parts, &folder);
    assert_eq!(
        message,
        "valid.csv, line 3: label \"goods\" is none of bad, good"
    );
    assert!(
        hint.starts_with("did you mean good? Labels are those of the training file"),
        "{hint}"
    );
}

#[test]
fn wrong_columns_are_refused_with_those_there_are() {
    let folder = Folder::new(&[("a.csv", "texts,mood\ncalm,good\n")]);
    let (message, hint) = said(read_own(&files(folder.file("a.csv"))), &folder);
    assert_eq!(message, "a.csv: no column text");
    assert_eq!(hint, "did you mean texts? The columns are texts, mood");
    let three = OwnFiles {
        text_columns: ["a", "b", "c"].map(str::to_owned).to_vec(),
        ..files(folder.file("a.csv"))
    };
    let error = read_own(&three).unwrap_err();
    assert_eq!(
        error.to_string(),
        "text_columns = a,b,c: a row has one or two texts"
    );
}

#[test]
fn what_cannot_be_read_names_file_and_line() {
    for (name, content, message) in [
        (
            "a.jsonl",
            "{\"text\": \"calm\", \"mood\": 1}\n{\"text\": calm}\n",
            "a.jsonl, line 2: malformed JSON: expected value, column 10",
        ),
        (
            "a.jsonl",
            "[1]\n",
            "a.jsonl, line 1: malformed JSON: invalid type: sequence, expected a map, column 0",
        ),
        (
            "a.csv",
            "text,mood\ncalm,good\n\"fog,bad\n",
            "a.csv, line 3: malformed CSV: a quotation mark is never closed",
        ),
        (
            "a.csv",
            "text,mood\n\"calm\"sea,good\nfog,bad\n",
            "a.csv, line 2: malformed CSV: text after the closing quotation mark of a field",
        ),
        (
            "a.csv",
            "text,mood\ncalm,good\n ,bad\n",
            "a.csv, row 3: empty text",
        ),
        ("a.csv", "text,mood\n", "a.csv: no rows"),
        ("a.jsonl", "\n", "a.jsonl: no rows"),
        ("a.csv", "", "a.csv: no rows"),
        ("a.txt", "text\n", "unknown kind of file: a.txt"),
        ("a.parquet", "text\n", "a.parquet: cannot read as Parquet: "),
        (
            "a.csv",
            "text,mood\ncalm,good\nfog,good\n",
            "a.csv: all rows have the label \"good\"",
        ),
        (
            "a.csv",
            "text,mood\ncalm,good\nfog,bad\nrain\n",
            "a.csv: 1 of 3 lines are malformed, more than 0.1 %; the first is line 4: 1 field, 2 expected",
        ),
        (
            "a.csv",
            "text,mood\ncalm,good\nfog,bad\nrain,\n",
            "a.csv: 1 of 3 lines are malformed, more than 0.1 %; the first is line 4: no label",
        ),
    ] {
        let folder = Folder::new(&[(name, content)]);
        let (found, hint) = said(read_own(&files(folder.file(name))), &folder);
        assert!(
            found.starts_with(message),
            "{found:?}, {message:?} expected"
        );
        assert!(!hint.is_empty(), "{found}");
    }
}

#[test]
fn text_that_is_not_utf8_names_its_line() {
    let folder = Folder::new(&[]);
    let path = folder.file("a.csv");
    std::fs::write(&path, b"text,mood\ncalm,good\nna\xefve,bad\n").unwrap();
    let error = read_own(&files(path)).unwrap_err();
    assert!(
        matches!(error, DataError::NotUtf8 { line: 3, .. }),
        "{error:?}"
    );
}

#[test]
fn many_decimal_classes_are_doubted() {
    let mut content = "text,mood\n".to_owned();
    for row in 0..30 {
        writeln!(content, "boat,{row}.5").unwrap();
    }
    let parts = read("a.csv", &content).unwrap();
    assert!(
        parts.warnings[0].contains("30 classes"),
        "{:?}",
        parts.warnings
    );
}

#[test]
fn numbers_to_predict_must_be_numbers() {
    let folder = Folder::new(&[("a.csv", "text,mood\ncalm,4\nfog,four\n")]);
    let regression = OwnFiles {
        regression: true,
        ..files(folder.file("a.csv"))
    };
    let error = task_error(read_own(&regression));
    assert!(
        matches!(&error, TaskError::TooManyMalformed { line: 3, reason, .. } if reason == "\"four\" is no number"),
        "{error:?}"
    );
}
