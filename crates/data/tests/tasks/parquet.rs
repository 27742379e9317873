//! Parquet files written by pyarrow; see `python/golden/parquet.py`.

use std::fs;
use std::path::PathBuf;

use pliant_data::task::{Example, GlueTask, Labels, OwnFiles, Target, read_glue, read_own};

use crate::folder::{Folder, said};

fn golden(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("tests/golden")
        .join(name)
}

fn classes(rows: &[Example]) -> Vec<u32> {
    let class = |row: &Example| match row.target {
        Some(Target::Class(class)) => class,
        other => panic!("{other:?}"),
    };
    rows.iter().map(class).collect()
}

#[test]
fn the_layout_of_the_hugging_face_hub() {
    let parts = read_glue(GlueTask::Mnli, &golden("")).unwrap();
    assert_eq!(classes(&parts.train), [0, 1, 2, 2, 2]);
    let rows: Vec<usize> = parts.train.iter().map(|row| row.row).collect();
    assert_eq!(rows, [1, 2, 3, 4, 5]);
    assert_eq!(
        parts.train[4].first,
        "Boat 4 left the \"old\" harbour\tearly."
    );
    assert_eq!(parts.train[4].second.as_deref(), Some("Boat 4 sank."));
    assert_eq!(parts.official_dev[0].0, "matched");
    assert_eq!(classes(&parts.official_dev[0].1), [1, 0]);
    assert_eq!(classes(&parts.official_dev[1].1), [2]);
    assert_eq!(parts.test, None);
    assert_eq!(read_glue(GlueTask::Mnli, &golden("mnli")).unwrap(), parts);
}

#[test]
fn a_score_of_minus_one_is_no_score() {
    let parts = read_glue(GlueTask::Stsb, &golden("")).unwrap();
    let scores: Vec<_> = parts.train.iter().map(|row| row.target).collect();
    assert_eq!(scores, [4.8, 0.2].map(|score| Some(Target::Score(score))));
    assert_eq!(parts.test, None);
}

#[test]
fn a_missing_piece_is_named() {
    let folder = Folder::new(&[]);
    for entry in fs::read_dir(golden("mnli")).unwrap() {
        let path = entry.unwrap().path();
        fs::copy(
            &path,
            folder.file(path.file_name().unwrap().to_str().unwrap()),
        )
        .unwrap();
    }
    fs::remove_file(folder.file("train-00001-of-00002.parquet")).unwrap();
    let (message, hint) = said(read_glue(GlueTask::Mnli, folder.path()), &folder);
    assert!(
        message.starts_with("no piece of train-00000-of-00002.parquet in "),
        "{message}"
    );
    assert_eq!(hint, "looked for train-00001-of-00002.parquet");
}

#[test]
fn tabs_go_before_parquet_and_say_so() {
    let folder = Folder::new(&[]);
    let rows = "index\tsentence1\tsentence2\tlabel\n0\tA.\tB.\tentailment\n";
    folder.write("train.tsv", rows);
    folder.write("dev.tsv", rows);
    folder.write("train-00000-of-00001.parquet", "");
    let parts = read_glue(GlueTask::Rte, folder.path()).unwrap();
    assert!(
        parts.warnings[0].ends_with("train-00000-of-00001.parquet beside them is not"),
        "{parts:?}"
    );
}

fn own(name: &str) -> OwnFiles {
    OwnFiles {
        train: golden(name),
        validation: None,
        test: None,
        text_columns: vec!["text".into()],
        label_column: "mood".into(),
        regression: false,
    }
}

#[test]
fn ones_own_with_large_strings_dictionaries_and_gzip() {
    let parts = read_own(&own("own-gzip.parquet")).unwrap();
    assert_eq!(
        parts.labels,
        Labels::Classes(vec!["bad".into(), "good".into()])
    );
    assert_eq!(classes(&parts.train), [1, 0, 1]);
    assert_eq!(parts.train[1].first, "rough sea");
}

#[test]
fn rows_without_a_label_are_left_out_and_counted() {
    let parts = read_own(&own("own-nulls.parquet")).unwrap();
    assert_eq!(classes(&parts.train), [1, 0, 1]);
    assert_eq!(parts.train[2].row, 4);
    assert!(
        parts.warnings[0].ends_with("1 of 4 rows have no label and are left out"),
        "{parts:?}"
    );
}

#[test]
fn other_compression_and_columns_of_lists_are_refused() {
    let folder = Folder::new(&[]);
    let (message, hint) = said(read_own(&own("own-zstd.parquet")), &folder);
    assert!(
        message.contains("own-zstd.parquet: cannot read as Parquet: "),
        "{message}"
    );
    assert!(hint.contains("none, snappy and gzip"), "{hint}");
    let lists = OwnFiles {
        text_columns: vec!["tags".into()],
        ..own("own-gzip.parquet")
    };
    let (message, _) = said(read_own(&lists), &folder);
    assert!(
        message.contains("tags is a list, neither text nor a number"),
        "{message}"
    );
}
