//! Which rows train, validate and test.

use pliant_data::squad::{Answer, Question, QuestionParts};
use pliant_data::task::{
    Example, Labels, Protocol, SplitOptions, SplitParts, Target, TaskError, TaskParts, split,
    split_questions,
};
use proptest::prelude::*;

use crate::folder::task_error;

/// Rows of which every fifth is of class 1.
fn rows(from: usize, count: usize) -> Vec<Example> {
    (from..from + count)
        .map(|row| Example {
            first: format!("boat {row}"),
            second: None,
            target: Some(Target::Class(u32::from(row % 5 == 0))),
            row,
        })
        .collect()
}

fn parts() -> TaskParts {
    TaskParts {
        labels: Labels::Classes(vec!["no".into(), "yes".into()]),
        metrics: Vec::new(),
        train: rows(0, 1000),
        official_dev: vec![
            ("matched".into(), rows(2000, 50)),
            ("mismatched".into(), rows(3000, 40)),
        ],
        test: None,
        warnings: Vec::new(),
    }
}

fn numbers(rows: &[Example]) -> Vec<usize> {
    rows.iter().map(|row| row.row).collect()
}

fn options(examples: Option<usize>, seed: u64) -> SplitOptions {
    SplitOptions {
        examples,
        seed,
        ..SplitOptions::default()
    }
}

fn chosen(options: &SplitOptions) -> SplitParts {
    split(&parts(), options).unwrap()
}

#[test]
fn the_paper_cuts_the_training_file_in_the_same_way_for_every_seed() {
    let (first, second) = (chosen(&options(None, 1)), chosen(&options(None, 2)));
    assert_eq!(
        first,
        SplitParts {
            stated: first.stated.clone(),
            ..second
        }
    );
    assert_eq!(first.train.len(), 750);
    assert_eq!(first.validation[0].1.len(), 250);
    let mut all = numbers(&first.train);
    all.extend(numbers(&first.validation[0].1));
    all.sort_unstable();
    assert_eq!(all, (0..1000).collect::<Vec<_>>());
    // Shuffled: the first three quarters are not the training part.
    let early = first.train.iter().filter(|row| row.row < 750).count();
    assert!((520..610).contains(&early), "{early}");
    assert_eq!(numbers(&first.test[1].1), (3000..3040).collect::<Vec<_>>());
}

#[test]
fn few_examples_are_drawn_by_the_seed_from_each_part_alone() {
    let whole = chosen(&options(None, 1));
    let (first, second) = (
        chosen(&options(Some(100), 1)),
        chosen(&options(Some(100), 2)),
    );
    assert_eq!(first.train.len(), 100);
    assert_eq!(first.validation[0].1.len(), 100);
    assert_ne!(numbers(&first.train), numbers(&second.train));
    assert_ne!(first.hash, second.hash);
    assert_eq!(first.test, second.test);
    assert!(first.train.iter().all(|row| whole.train.contains(row)));
    let validation = &whole.validation[0].1;
    assert!(
        first.validation[0]
            .1
            .iter()
            .all(|row| validation.contains(row))
    );
    assert_eq!(first, chosen(&options(Some(100), 1)));
    // The few of a seed are among its more.
    let more = chosen(&options(Some(200), 1));
    assert!(first.train.iter().all(|row| more.train.contains(row)));
    assert_eq!(
        first.stated[..2],
        [
            "train: 100 of 750 rows, drawn with seed 1",
            "validation: 100 of 250 rows, drawn with seed 1"
        ]
    );
}

#[test]
fn the_standard_protocol_validates_on_the_development_part() {
    let standard = SplitOptions {
        protocol: Protocol::Standard,
        ..options(Some(300), 1)
    };
    let parts_chosen = chosen(&standard);
    assert_eq!(parts_chosen.train.len(), 300);
    assert_eq!(parts_chosen.validation.len(), 2);
    assert_eq!(parts_chosen.validation[0].1.len(), 50);
    assert!(parts_chosen.test.is_empty());
    let with_test = TaskParts {
        test: Some(rows(5000, 7)),
        ..parts()
    };
    let chosen = split(&with_test, &standard).unwrap();
    assert_eq!(chosen.test[0].1.len(), 7);
    let without = TaskParts {
        official_dev: Vec::new(),
        ..parts()
    };
    let error = task_error(split(&without, &standard));
    assert_eq!(
        error.to_string(),
        "the protocol standard needs a development (validation) file"
    );
    assert!(error.hint().unwrap().ends_with("--protocol paper") && error.is_usage());
}

#[test]
fn the_test_part_is_capped_to_the_same_rows_for_every_seed() {
    let capped = |seed| {
        chosen(&SplitOptions {
            test_cap: Some(30),
            ..options(Some(10), seed)
        })
    };
    let (first, second) = (capped(1), capped(2));
    assert_eq!(first.test, second.test);
    assert_eq!(first.test[0].1.len(), 30);
    let places = numbers(&first.test[0].1);
    assert!(places.is_sorted() && places != (2000..2030).collect::<Vec<_>>());
    assert_eq!(
        first.stated[2],
        "test matched: 30 of 50 rows, a fixed subset (seed 96)"
    );
    let uncapped = chosen(&SplitOptions {
        test_cap: Some(50),
        ..options(None, 1)
    });
    assert_eq!(uncapped.test[0].1.len(), 50);
    assert_eq!(uncapped.stated[2], "test matched: 50 rows");
}

#[test]
fn more_than_there_are_is_an_error_that_says_how_many() {
    for (wanted, part, available) in [(751, "training", 750), (300, "validation", 250)] {
        let error = task_error(split(&parts(), &options(Some(wanted), 1)));
        let expected = TaskError::TooFewExamples {
            wanted,
            part: part.into(),
            available,
        };
        assert_eq!(error, expected);
        assert_eq!(
            error.hint().unwrap(),
            format!("ask for at most {available}")
        );
        assert!(error.is_usage());
    }
    assert!(split(&parts(), &options(Some(0), 1)).is_err());
}

#[test]
fn an_unknown_protocol_suggests_the_nearest() {
    for protocol in [Protocol::Paper, Protocol::Standard] {
        assert_eq!(protocol.to_string().parse::<Protocol>().unwrap(), protocol);
    }
    let error = "standart".parse::<Protocol>().unwrap_err();
    assert_eq!(error.to_string(), "unknown protocol: standart");
    let hint = error.hint().unwrap();
    assert_eq!(
        hint,
        "did you mean standard? The protocols are paper, standard"
    );
    assert!(error.is_usage());
}

#[test]
fn numbers_have_no_strata() {
    let mut numbers = parts();
    numbers.train[3].target = Some(Target::Score(1.0));
    let stratified = SplitOptions {
        stratified: true,
        protocol: Protocol::Standard,
        ..options(Some(10), 1)
    };
    let error = split(&numbers, &stratified).unwrap_err();
    assert!(
        error.to_string().starts_with("stratified = true"),
        "{error}"
    );
}

#[test]
fn the_hash_knows_rows_and_their_parts() {
    let hash = |change: fn(&mut TaskParts)| {
        let mut parts = parts();
        change(&mut parts);
        split(&parts, &options(None, 1)).unwrap().hash
    };
    let hashes = [
        hash(|_| {}),
        hash(|parts| parts.train[0].first.push('!')),
        hash(|parts| parts.train[0].target = Some(Target::Class(0))),
        hash(|parts| parts.train[0].second = Some(String::new())),
        hash(|parts| parts.official_dev[0].0 = "dev".into()),
    ];
    assert_eq!(hashes[0].len(), 64);
    for (place, hash) in hashes.iter().enumerate() {
        assert!(!hashes[..place].contains(hash), "{place}");
    }
}

proptest! {
    #[test]
    fn each_class_has_its_share(count in 1_usize..400, seed: u64) {
        let standard = SplitOptions {
            protocol: Protocol::Standard,
            stratified: true,
            ..options(Some(count), seed)
        };
        let chosen = split(&parts(), &standard).unwrap();
        let ones = chosen.train.iter().filter(|row| row.target == Some(Target::Class(1))).count();
        prop_assert_eq!(chosen.train.len(), count);
        prop_assert!((ones as f64 - count as f64 / 5.0).abs() < 1.0, "{} of {}", ones, count);
        let places = numbers(&chosen.train);
        prop_assert!(places.windows(2).all(|pair| pair[0] < pair[1]));
    }
}

#[test]
fn questions_are_split_like_rows() {
    let questions = |from: usize, count: usize| -> Vec<Question> {
        (from..from + count)
            .map(|number| Question {
                id: number.to_string(),
                question: "?".into(),
                context: "boat".into(),
                answers: vec![Answer {
                    text: "boat".into(),
                    start: Some(0),
                }],
                is_impossible: number % 2 == 0,
            })
            .collect()
    };
    let parts = QuestionParts {
        train: questions(0, 80),
        official_dev: vec![("dev".into(), questions(100, 9))],
        warnings: Vec::new(),
    };
    let stratified = SplitOptions {
        stratified: true,
        ..options(Some(10), 1)
    };
    let chosen = split_questions(&parts, &stratified).unwrap();
    assert_eq!(chosen.train.len(), 10);
    assert_eq!(chosen.test[0].1.len(), 9);
    let impossible = chosen
        .train
        .iter()
        .filter(|question| question.is_impossible)
        .count();
    // The shares of the 75 % are not quite one half.
    assert!((4..=6).contains(&impossible), "{impossible}");
}
