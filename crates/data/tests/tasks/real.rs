//! Real task files; needs the environment variable `PLIANT_DATA` (the folder with `glue/`, `squad/` and others).

use std::env;
use std::path::PathBuf;

use pliant_data::Tokenizer;
use pliant_data::metric::{read_predictions, score_squad};
use pliant_data::squad::{
    AnswerOptions, WindowOptions, best_answers, read_squad, read_squad_parts, windows,
};
use pliant_data::task::{
    Columns, GlueTask, Labels, OwnFiles, Target, TaskName, TaskParts, encode_examples, read_glue,
    read_labelled, read_own,
};

fn data(path: &str) -> PathBuf {
    let folder = env::var_os("PLIANT_DATA");
    PathBuf::from(folder.expect("set PLIANT_DATA to the folder with the real data")).join(path)
}

fn tokenizer() -> Tokenizer {
    Tokenizer::open(&data("bert-base-uncased/vocab.txt")).unwrap()
}

fn counts(parts: &TaskParts) -> Vec<usize> {
    let parts = [("train", &parts.train)].into_iter().chain(
        parts
            .official_dev
            .iter()
            .map(|(name, rows)| (name.as_str(), rows)),
    );
    parts.map(|(_, rows)| rows.len()).collect()
}

#[test]
#[ignore = "needs PLIANT_DATA"]
fn glue_has_the_rows_that_its_readme_says() {
    for (task, expected) in [
        (GlueTask::Cola, &[8551, 1043][..]),
        (GlueTask::Sst2, &[67_349, 872]),
        (GlueTask::Stsb, &[5749, 1500]),
        (GlueTask::Rte, &[2490, 277]),
        (GlueTask::Qnli, &[10_475, 5463]),
        (GlueTask::Qqp, &[20_496, 3000]),
        (GlueTask::Mnli, &[5467, 9815, 1000]),
    ] {
        for folder in ["glue".to_owned(), format!("glue/{}", task.official_name())] {
            let parts = read_glue(task, &data(&folder)).unwrap();
            assert_eq!(counts(&parts), expected, "{task}");
            assert_eq!(parts.warnings, [""; 0], "{task}");
            assert_eq!(parts.test, None, "{task}");
            let rows = parts.official_dev.iter().flat_map(|(_, rows)| rows);
            for row in parts.train.iter().chain(rows) {
                let right = match (task, row.target) {
                    (GlueTask::Stsb, Some(Target::Score(score))) => (0.0..=5.0).contains(&score),
                    (_, Some(Target::Class(class))) => (class as usize) < task.class_names().len(),
                    _ => false,
                };
                assert!(right, "{task}: {row:?}");
                let single = matches!(task, GlueTask::Cola | GlueTask::Sst2);
                assert_eq!(row.second.is_none(), single, "{task}: {row:?}");
            }
        }
    }
}

#[test]
#[ignore = "needs PLIANT_DATA"]
fn shares_of_the_classes_are_the_published_ones() {
    let share = |task, class| {
        let parts = read_glue(task, &data("glue")).unwrap();
        let of = |row: &&_| matches!(row, pliant_data::task::Example { target: Some(Target::Class(found)), .. } if *found == class);
        let dev = &parts.official_dev[0].1;
        dev.iter().filter(of).count()
    };
    // Counted by column with awk.
    assert_eq!(share(GlueTask::Cola, 1), 719);
    assert_eq!(share(GlueTask::Sst2, 1), 444);
    assert_eq!(share(GlueTask::Rte, 0), 146);
    assert_eq!(share(GlueTask::Qnli, 1), 2761);
    assert_eq!(share(GlueTask::Qqp, 1), 1110);
    assert_eq!(share(GlueTask::Mnli, 0), 3479);
    assert_eq!(share(GlueTask::Mnli, 2), 3213);
}

#[test]
#[ignore = "needs PLIANT_DATA"]
fn every_row_of_glue_encodes() {
    let tokenizer = tokenizer();
    for task in GlueTask::ALL {
        if matches!(task, GlueTask::Mrpc | GlueTask::Wnli | GlueTask::Sst2) {
            continue;
        }
        let parts = read_glue(task, &data("glue")).unwrap();
        let encoded = encode_examples(&tokenizer, &parts.train, 128).unwrap();
        assert!(encoded.iter().all(|row| row.ids.len() <= 128));
        assert!(
            encoded
                .iter()
                .all(|row| row.ids.len() == row.type_ids.len())
        );
    }
}

#[test]
#[ignore = "needs PLIANT_DATA"]
fn published_predictions_score_as_published() {
    let file = read_squad(&data("squad/dev-v1.1.json")).unwrap();
    assert_eq!(file.questions.len(), 10_570);
    assert!(!file.version_2);
    // The first pair is published with the predictions; the second is what `evaluate-v1.1.py` prints for the other file.
    for (name, exact, f1, unmatched) in [
        ("bert-ensemble", "86.21", "92.20", (0, 0)),
        // 13 questions have no prediction, 28 predictions no question.
        ("logreg", "40.14", "50.98", (13, 28)),
    ] {
        let predictions = read_predictions(&data(&format!("squad/predictions-{name}-dev.json")));
        let score = score_squad(&file.questions, false, &predictions.unwrap(), None);
        assert_eq!(format!("{:.2}", score.all.exact_match), exact, "{name}");
        assert_eq!(format!("{:.2}", score.all.f1), f1, "{name}");
        assert_eq!((score.missing, score.unknown), unmatched, "{name}");
    }
}

#[test]
#[ignore = "needs PLIANT_DATA"]
fn squad_and_files_of_its_form() {
    let parts = read_squad_parts(&data("squad"), false).unwrap();
    assert_eq!(parts.train.len(), 87_599);
    assert_eq!(parts.official_dev[0].1.len(), 10_570);
    let flagged: Vec<&String> = parts
        .warnings
        .iter()
        .filter(|warning| warning.contains("start_ambiguous"))
        .collect();
    assert!(flagged[0].contains("8804 of 87599"), "{flagged:?}");
    for (path, questions) in [
        ("squadshifts/amazon_reviews_v1.0.json", 9885),
        ("squadshifts/new_wiki_v1.0.json", 7938),
        ("xquad/xquad.en.json", 1190),
        ("triviaqa/triviaqa-distant-dev.squad.json", 721),
    ] {
        let file = read_squad(&data(path)).unwrap();
        assert_eq!(file.questions.len(), questions, "{path}");
        assert_eq!(file.warnings, [""; 0], "{path}");
        assert!(!file.version_2, "{path}");
    }
}

#[test]
#[ignore = "needs PLIANT_DATA"]
fn squad_is_cut_to_as_many_windows_as_by_bert() {
    let parts = read_squad_parts(&data("squad"), false).unwrap();
    let tokenizer = tokenizer();
    let count = |questions| {
        let windows = windows(&tokenizer, questions, WindowOptions::default());
        windows.unwrap().len()
    };
    // What BERT's `run_squad.py` prints as the number of split examples.
    assert_eq!(count(&parts.official_dev[0].1), 10_833);
    assert_eq!(count(&parts.train), 88_641);
}

/// Logits that point at the labelled spans must give back the answers' texts: the scorer then says how many answers tokens
/// can express at all.
#[test]
#[ignore = "needs PLIANT_DATA"]
fn spans_of_the_windows_are_the_answers() {
    let tokenizer = tokenizer();
    for path in [
        "squad/dev-v1.1.json",
        "xquad/xquad.en.json",
        "triviaqa/triviaqa-distant-dev.squad.json",
    ] {
        let file = read_squad(&data(path)).unwrap();
        let options = WindowOptions::default();
        let windows = windows(&tokenizer, &file.questions, options).unwrap();
        let logits = |side: fn((u32, u32)) -> u32| -> Vec<Vec<f32>> {
            let one = |window: &pliant_data::squad::Window| {
                let mut logits = vec![0.0; window.ids.len()];
                let (start, end) = window.span.unwrap();
                // A window that does not hold the answer says nothing.
                if (start, end) != (0, 0) {
                    logits[side((start, end)) as usize] = 9.0;
                }
                logits
            };
            windows.iter().map(one).collect()
        };
        let answers = best_answers(
            &file.questions,
            &windows,
            &logits(|span| span.0),
            &logits(|span| span.1),
            AnswerOptions {
                max_answer_length: 384,
                ..AnswerOptions::default()
            },
        );
        let predictions = answers
            .iter()
            .map(|answer| (answer.id.clone(), answer.text().to_owned()))
            .collect();
        let score = score_squad(&file.questions, false, &predictions, None);
        assert!(score.all.exact_match > 99.0, "{path}: {score:?}");
        assert!(score.all.f1 > 99.5, "{path}: {score:?}");
    }
}

#[test]
#[ignore = "needs PLIANT_DATA"]
fn snli_for_a_model_of_mnli() {
    let labels = GlueTask::Mnli.labels();
    let rows = read_labelled(TaskName::Snli, &labels, &data("snli/dev.jsonl"), None).unwrap();
    assert_eq!(rows.examples.len(), 9842);
    let of = |class| {
        let target = Some(Target::Class(class));
        rows.examples
            .iter()
            .filter(|row| row.target == target)
            .count()
    };
    assert_eq!([of(0), of(1), of(2)], [3329, 3235, 3278]);
}

#[test]
#[ignore = "needs PLIANT_DATA"]
fn reviews_in_quoted_tabs_and_intents_in_commas() {
    for domain in ["airline", "books", "dvd", "electronics"] {
        let files = OwnFiles {
            train: data(&format!("sentiment-domains/{domain}/train.tsv")),
            validation: Some(data(&format!("sentiment-domains/{domain}/dev.tsv"))),
            test: None,
            text_columns: vec!["sentence".into()],
            label_column: "label".into(),
            regression: false,
        };
        let parts = read_own(&files).unwrap();
        assert_eq!(counts(&parts), [1700, 300], "{domain}");
        assert_eq!(parts.warnings, [""; 0], "{domain}");
        assert_eq!(parts.labels, Labels::Classes(vec!["0".into(), "1".into()]));
    }
    let files = OwnFiles {
        train: data("banking77/train.csv"),
        validation: None,
        test: Some(data("banking77/test.csv")),
        text_columns: vec!["text".into()],
        label_column: "category".into(),
        regression: false,
    };
    let parts = read_own(&files).unwrap();
    assert_eq!(parts.train.len(), 10_003);
    assert_eq!(parts.labels.outputs(), 77);
    assert_eq!(parts.test.unwrap().len(), 3080);
    // A model trained on them, evaluated on the same file by its columns.
    let columns = Columns {
        text: vec!["text".into()],
        label: Some("category".into()),
    };
    let rows = read_labelled(
        TaskName::Own,
        &parts.labels,
        &data("banking77/test.csv"),
        Some(&columns),
    );
    assert_eq!(rows.unwrap().examples.len(), 3080);
}
