//! GLUE's folders, with made-up rows in the official columns.

use std::fmt::Write as _;

use pliant_data::task::{Example, GlueTask, Labels, Target, TaskError, read_glue};

use crate::folder::{Folder, said, task_error};

/// Train and dev file of each task: the official header, and rows whose labels are written as the official files do.
const FILES: [(GlueTask, &str, &str, &str); 9] = [
    (
        GlueTask::Cola,
        "",
        "ab12\t1\t\tThe goats sail.\nab12\t0\t*\tThe goats sails.\n",
        "1 0",
    ),
    (
        GlueTask::Sst2,
        "sentence\tlabel\n",
        "a fine boat \t1\nno \"boat \t0\n",
        "1 0",
    ),
    (
        GlueTask::Mrpc,
        "Quality\t#1 ID\t#2 ID\t#1 String\t#2 String\n",
        "1\t7\t8\tGoats ate.\tThe goats ate.\n0\t7\t8\tGoats ate.\tBoats sank.\n",
        "1 0",
    ),
    (
        GlueTask::Stsb,
        "index\tgenre\tfilename\tyear\told_index\tsource1\tsource2\tsentence1\tsentence2\tscore\n",
        "0\tg\tf\t2012\t1\tnone\tnone\tA goat.\tA goat!\t5.000\n1\tg\tf\t2012\t1\tnone\tnone\tA goat.\tA boat.\t0.25\n",
        "5 0.25",
    ),
    (
        GlueTask::Qqp,
        "id\tqid1\tqid2\tquestion1\tquestion2\tis_duplicate\n",
        "5\t1\t2\tGoats?\tA goat?\t1\n6\t1\t2\tGoats?\tBoats?\t0\n",
        "1 0",
    ),
    (
        GlueTask::Mnli,
        "index\tpromptID\tpairID\tgenre\tsentence1_binary_parse\tsentence2_binary_parse\tsentence1_parse\tsentence2_parse\tsentence1\tsentence2\tlabel1\tgold_label\n",
        "0\t\t\tg\t\t\t\t\tA goat.\tAn animal.\tneutral\tentailment\n1\t\t\tg\t\t\t\t\tA goat.\tIt sings.\tneutral\tcontradiction\n",
        "0 2",
    ),
    (
        GlueTask::Qnli,
        "index\tquestion\tsentence\tlabel\n",
        "0\tWho ate?\tGoats ate.\tentailment\n1\tWho ate?\tBoats sank.\tnot_entailment\n",
        "0 1",
    ),
    (
        GlueTask::Rte,
        "index\tsentence1\tsentence2\tlabel\n",
        "0\tGoats ate.\tGoats eat.\tentailment\n1\tGoats ate.\tBoats sank.\tnot_entailment\n",
        "0 1",
    ),
    (
        GlueTask::Wnli,
        "index\tsentence1\tsentence2\tlabel\n",
        "0\tThe goat saw the boat; it sank.\tThe boat sank.\t1\n1\tThe goat saw the boat; it sank.\tThe goat sank.\t0\n",
        "1 0",
    ),
];

/// The folder of all tasks, in the official spelling.
fn collection() -> Folder {
    let folder = Folder::new(&[]);
    for (task, header, rows, _) in FILES {
        let content = format!("{header}{rows}");
        let dev: &[&str] = if task == GlueTask::Mnli {
            &["dev_matched", "dev_mismatched"]
        } else {
            &["dev"]
        };
        for part in [&["train"], dev].concat() {
            folder.write(&format!("{}/{part}.tsv", task.official_name()), &content);
        }
    }
    folder
}

fn targets(rows: &[Example]) -> String {
    let text = |row: &Example| match row.target.unwrap() {
        Target::Class(class) => class.to_string(),
        Target::Score(score) => score.to_string(),
    };
    rows.iter().map(text).collect::<Vec<_>>().join(" ")
}

#[test]
fn all_nine_tasks_in_the_official_layout() {
    let folder = collection();
    for (task, header, _, expected) in FILES {
        for place in [folder.path().to_owned(), folder.file(task.official_name())] {
            let parts = read_glue(task, &place).unwrap();
            assert_eq!(targets(&parts.train), expected, "{task}");
            let names: Vec<&str> = parts
                .official_dev
                .iter()
                .map(|(name, _)| name.as_str())
                .collect();
            let wanted: &[&str] = if task == GlueTask::Mnli {
                &["matched", "mismatched"]
            } else {
                &["dev"]
            };
            assert_eq!(names, wanted);
            for (_, rows) in &parts.official_dev {
                assert_eq!(targets(rows), expected, "{task}");
            }
            assert_eq!(parts.warnings, [""; 0]);
            assert_eq!(parts.labels, task.labels());
            assert_eq!(parts.metrics, task.metrics());
            // Lines are counted with the header.
            let first = if header.is_empty() { 1 } else { 2 };
            assert_eq!(parts.train[1].row, first + 1, "{task}");
            assert_eq!(parts.train[0].row, first, "{task}");
        }
    }
    let sst = read_glue(GlueTask::Sst2, folder.path()).unwrap();
    assert_eq!(sst.train[1].first, "no \"boat ");
    let mnli = read_glue(GlueTask::Mnli, folder.path()).unwrap();
    assert_eq!(mnli.train[0].second.as_deref(), Some("An animal."));
}

#[test]
fn mrpc_as_microsoft_ships_it() {
    let header = "\u{feff}Quality\t#1 ID\t#2 ID\t#1 String\t#2 String\r\n";
    let folder = Folder::new(&[
        (
            "MRPC/msr_paraphrase_train.txt",
            &format!("{header}1\t7\t8\tHe said \"no.\tHe refused.\r\n"),
        ),
        (
            "MRPC/msr_paraphrase_test.txt",
            &format!("{header}0\t7\t8\tGoats ate.\tBoats sank.\r\n"),
        ),
    ]);
    let parts = read_glue(GlueTask::Mrpc, folder.path()).unwrap();
    assert_eq!(targets(&parts.train), "1");
    assert_eq!(parts.train[0].first, "He said \"no.");
    assert_eq!(parts.train[0].second.as_deref(), Some("He refused."));
    assert_eq!(targets(&parts.official_dev[0].1), "0");
    assert!(
        parts.warnings[0].contains("stands for the development part"),
        "{parts:?}"
    );
    // The files of the official folder go before them.
    let rows = "Quality\t#1 ID\t#2 ID\t#1 String\t#2 String\n0\t1\t2\tA.\tB.\n";
    folder.write("MRPC/train.tsv", rows);
    folder.write("MRPC/dev.tsv", rows);
    let parts = read_glue(GlueTask::Mrpc, folder.path()).unwrap();
    assert_eq!(targets(&parts.train), "0");
}

#[test]
fn test_files_count_only_with_labels() {
    let folder = collection();
    folder.write(
        "RTE/test.tsv",
        "index\tsentence1\tsentence2\n0\tA.\tB.\nbroken\n",
    );
    let parts = read_glue(GlueTask::Rte, folder.path()).unwrap();
    assert_eq!((parts.test, parts.warnings), (None, Vec::new()));
    folder.write(
        "RTE/test.tsv",
        "index\tsentence1\tsentence2\tlabel\n0\tA.\tB.\t1\n",
    );
    let parts = read_glue(GlueTask::Rte, folder.path()).unwrap();
    assert_eq!(targets(&parts.test.unwrap()), "1");
    // CoLA's test file has a header, its others have none.
    folder.write("CoLA/test.tsv", "index\tsentence\n0\tGoats sail.\n");
    assert_eq!(read_glue(GlueTask::Cola, folder.path()).unwrap().test, None);
}

/// SST-2 rows, of which `broken` are malformed, each in its own way.
fn rows(count: usize, broken: &[&str]) -> String {
    let mut text = "sentence\tlabel\n".to_owned();
    for row in 0..count {
        let _ = writeln!(text, "boat {row}\t{}", row % 2);
    }
    for line in broken {
        let _ = writeln!(text, "{line}");
    }
    text
}

#[test]
fn few_malformed_lines_are_named_many_are_an_error() {
    let broken = ["no label", " \t1"];
    let folder = Folder::new(&[
        ("dev.tsv", &rows(4, &[])),
        ("train.tsv", &rows(1998, &broken)),
    ]);
    let parts = read_glue(GlueTask::Sst2, folder.path()).unwrap();
    assert_eq!(parts.train.len(), 1998);
    let path = folder.file("train.tsv");
    let expected = format!(
        "{}: 2 of 2000 lines are malformed and left out: line 2000 (1 field, 2 expected); line 2001 (empty text)",
        path.display()
    );
    assert_eq!(parts.warnings, [expected]);
    folder.write("train.tsv", &rows(1997, &broken));
    let (message, hint) = said(read_glue(GlueTask::Sst2, folder.path()), &folder);
    assert_eq!(
        message,
        "train.tsv: 2 of 1999 lines are malformed, more than 0.1 %; the first is line 1999: 1 field, 2 expected"
    );
    assert!(hint.contains("of this task"), "{hint}");
}

#[test]
fn empty_lines_at_the_end_are_nothing_others_are_malformed() {
    let folder = Folder::new(&[
        ("dev.tsv", &rows(4, &[])),
        ("train.tsv", &rows(5, &["", "", ""])),
    ]);
    assert_eq!(
        read_glue(GlueTask::Sst2, folder.path())
            .unwrap()
            .train
            .len(),
        5
    );
    folder.write("train.tsv", &rows(5, &["", "boat\t1"]));
    let error = task_error(read_glue(GlueTask::Sst2, folder.path()));
    assert!(
        matches!(
            error,
            TaskError::TooManyMalformed {
                count: 1,
                line: 7,
                ..
            }
        ),
        "{error:?}"
    );
}

#[test]
fn a_label_that_is_none_of_the_task_is_named_with_its_line() {
    let folder = collection();
    folder.write(
        "QNLI/dev.tsv",
        "index\tquestion\tsentence\tlabel\n0\tWho?\tGoats.\tentailement\n",
    );
    let (message, hint) = said(read_glue(GlueTask::Qnli, folder.path()), &folder);
    assert_eq!(
        message,
        "QNLI/dev.tsv, line 2: label \"entailement\" is none of entailment, not_entailment"
    );
    assert!(hint.starts_with("did you mean entailment? "), "{hint}");
}

#[test]
fn a_missing_file_says_what_was_looked_for() {
    let folder = Folder::new(&[("CoLA/train.tsv", "ab\t1\t\tGoats sail.\n")]);
    let (message, hint) = said(read_glue(GlueTask::Cola, folder.path()), &folder);
    assert_eq!(
        message,
        format!(
            "no development file of cola in {}",
            folder.file("CoLA").display()
        )
        .replace(&format!("{}/", folder.path().display()), "")
    );
    assert_eq!(hint, "looked for dev.tsv");
    let (message, hint) = said(read_glue(GlueTask::Mrpc, folder.path()), &folder);
    assert_eq!(
        message,
        format!("no training file of mrpc in {}", folder.path().display())
    );
    assert_eq!(
        hint,
        "looked for train.tsv, msr_paraphrase_train.txt, train-*.parquet, a folder MRPC, a folder mrpc"
    );
    let (message, hint) = said(read_glue(GlueTask::Rte, &folder.file("nowhere")), &folder);
    assert_eq!(message, "no folder nowhere");
    assert!(hint.contains("or that of rte alone"), "{hint}");
    folder.write("rte/notes.txt", "");
    let hint = said(read_glue(GlueTask::Rte, folder.path()), &folder).1;
    assert_eq!(
        hint,
        "looked for rte/train.tsv, rte/train-*.parquet, train.tsv, train-*.parquet"
    );
}

#[test]
fn a_missing_column_lists_the_columns_there_are() {
    let folder = collection();
    let error = said(read_glue(GlueTask::Rte, &folder.file("QNLI")), &folder);
    assert_eq!(error.0, "QNLI/train.tsv: no column sentence1");
    assert_eq!(
        error.1,
        "did you mean sentence? The columns are index, question, sentence, label"
    );
}

#[test]
fn a_task_has_as_many_labels_as_its_model_outputs() {
    for task in GlueTask::ALL {
        let expected = match task {
            GlueTask::Stsb => 1,
            GlueTask::Mnli => 3,
            _ => 2,
        };
        assert_eq!(task.labels().outputs(), expected);
        assert_eq!(task == GlueTask::Stsb, task.labels() == Labels::Regression);
    }
}
