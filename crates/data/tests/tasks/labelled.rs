//! Files that a finished model is evaluated on.

use pliant_data::task::{Columns, GlueTask, Labels, Target, TaskName, read_labelled};

use crate::folder::{Folder, said};

fn classes(names: &[&str]) -> Labels {
    Labels::Classes(names.iter().map(|&name| name.to_owned()).collect())
}

const SNLI: &str = concat!(
    r#"{"gold_label": "neutral", "sentence1": "A goat.", "sentence2": "It eats.", "captionID": "1"}"#,
    "\n\n",
    r#"{"gold_label": "-", "sentence1": "A goat.", "sentence2": "It sings.", "captionID": "1"}"#,
    "\n",
    r#"{"gold_label": "entailment", "sentence1": "A goat.", "sentence2": "An animal.", "captionID": "1"}"#,
    "\n",
);

#[test]
fn snli_rows_without_agreement_are_left_out_and_counted() {
    let folder = Folder::new(&[("dev.jsonl", SNLI)]);
    let labels = classes(&["contradiction", "entailment", "neutral"]);
    let read = read_labelled(TaskName::Snli, &labels, &folder.file("dev.jsonl"), None).unwrap();
    let targets: Vec<_> = read
        .examples
        .iter()
        .map(|row| (row.row, row.target))
        .collect();
    let class = |number| Some(Target::Class(number));
    assert_eq!(targets, [(1, class(2)), (4, class(1))]);
    assert_eq!(read.warnings.len(), 1);
    assert!(
        read.warnings[0].ends_with("1 of 3 rows have no label and are left out"),
        "{read:?}"
    );
}

#[test]
fn a_model_without_a_label_says_which_it_has() {
    let folder = Folder::new(&[("dev.jsonl", SNLI)]);
    let labels = classes(&["contradiction", "entailment"]);
    let read = read_labelled(TaskName::Snli, &labels, &folder.file("dev.jsonl"), None);
    let (message, hint) = said(read, &folder);
    assert_eq!(
        message,
        "dev.jsonl, line 1: label \"neutral\" is none of contradiction, entailment"
    );
    assert!(hint.contains("words, or their places"), "{hint}");
}

#[test]
fn one_part_of_a_glue_task() {
    let folder = Folder::new(&[(
        "dev.tsv",
        "index\tsentence1\tsentence2\tlabel\n0\tA \"goat\tAn animal\tentailment\n1\tA goat\tA boat\t1\n",
    )]);
    let task = TaskName::Glue(GlueTask::Rte);
    let labels = GlueTask::Rte.labels();
    let read = read_labelled(task, &labels, &folder.file("dev.tsv"), None).unwrap();
    assert_eq!(read.examples[0].first, "A \"goat");
    assert_eq!(read.examples[1].target, Some(Target::Class(1)));
}

#[test]
fn ones_own_file_needs_its_columns() {
    let folder = Folder::new(&[("new.csv", "text,mood\ncalm,good\n")]);
    let labels = classes(&["bad", "good"]);
    let path = folder.file("new.csv");
    let (message, hint) = said(read_labelled(TaskName::Own, &labels, &path, None), &folder);
    assert_eq!(message, "new.csv: which columns hold texts and label?");
    assert_eq!(hint, "name the columns of text and label");
    let mut columns = Columns {
        text: vec!["text".into()],
        label: None,
    };
    let read = read_labelled(TaskName::Own, &labels, &path, Some(&columns)).unwrap();
    assert_eq!(read.examples[0].target, None);
    columns.label = Some("mood".into());
    let read = read_labelled(TaskName::Own, &labels, &path, Some(&columns)).unwrap();
    assert_eq!(read.examples[0].target, Some(Target::Class(1)));
}

#[test]
fn squad_is_no_table() {
    let folder = Folder::new(&[("dev.json", "{}")]);
    let task = TaskName::Squad { version_2: false };
    let read = read_labelled(task, &classes(&["a"]), &folder.file("dev.json"), None);
    assert_eq!(said(read, &folder).0, "squad has questions, not rows");
}
