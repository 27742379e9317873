//! `tokenize`: ids line by line, from every kind of tokenizer, and what is said where that cannot be.

use std::io::Write;
use std::process::Stdio;

use crate::workplace::{Finished, Workplace};

const WORDS: &str = "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\nthe\nriver\nrain\n##s\n[\n]\nmask\n";

fn words() -> Workplace {
    let workplace = Workplace::empty();
    workplace.write("words/vocab.txt", WORDS);
    workplace.write(
        "text.txt",
        "The river\n\nit RAINS\r\n[MASK] the\u{7}\triver",
    );
    workplace
}

fn tokenize(workplace: &Workplace, more: &[&str]) -> Finished {
    workplace.run(&[&["tokenize", "--tokenizer"], more].concat())
}

#[test]
fn a_line_of_ids_for_every_line() {
    let workplace = words();
    let finished = tokenize(&workplace, &["words", "text.txt"]);
    assert_eq!(finished.code, Some(0), "{finished}");
    assert_eq!(finished.stdout, "5 6\n\n1 7 8\n9 11 10 5 6\n");
    assert_eq!(finished.stderr, "");
    let tokens = tokenize(&workplace, &["words", "text.txt", "--tokens"]);
    assert_eq!(
        tokens.stdout,
        "the river\n\n[UNK] rain ##s\n[ mask ] the river\n"
    );
    let document = tokenize(&workplace, &["words/vocab.txt", "text.txt", "--json"]).json();
    assert_eq!(
        document,
        serde_json::json!({"lines": [[5, 6], [], [1, 7, 8], [9, 11, 10, 5, 6]]})
    );
}

#[test]
fn standard_input_is_read_unless_a_file_is_named() {
    let workplace = words();
    let mut child = workplace
        .command(&["tokenize", "--tokenizer", "words"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(b"rain\n").unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(
        (output.status.code(), output.stdout.as_slice()),
        (Some(0), &b"7\n"[..])
    );
}

#[test]
fn a_folder_says_whether_case_counts() {
    let workplace = words();
    workplace.write("words/tokenizer_config.json", r#"{"do_lower_case": false}"#);
    let finished = tokenize(&workplace, &["words", "text.txt", "--tokens"]);
    assert_eq!(
        finished.stdout,
        "[UNK] river\n\n[UNK] [UNK]\n[ [UNK] ] the river\n"
    );
}

fn refused(name: &str, finished: &Finished) {
    assert_eq!(finished.code, Some(3), "{finished}");
    insta::assert_snapshot!(name, finished.error());
}

#[test]
fn what_cannot_be_read_is_named() {
    let workplace = words();
    workplace.write_bytes("latin.txt", b"the river\nca\xe9\n");
    workplace.write("empty/notes.txt", "nothing");
    workplace.write("few/vocab.txt", "[PAD]\nthe\n");
    refused(
        "tokenize_not_utf8",
        &tokenize(&workplace, &["words", "latin.txt"]),
    );
    refused(
        "tokenize_no_text",
        &tokenize(&workplace, &["words", "nowhere.txt"]),
    );
    refused(
        "tokenize_no_tokenizer",
        &tokenize(&workplace, &["empty", "text.txt"]),
    );
    refused(
        "tokenize_nowhere",
        &tokenize(&workplace, &["nowhere", "text.txt"]),
    );
    refused(
        "tokenize_special",
        &tokenize(&workplace, &["few", "text.txt"]),
    );
}
