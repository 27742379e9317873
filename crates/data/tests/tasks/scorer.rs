//! SQuAD's normalisation and scores.

use std::collections::BTreeMap;

use pliant_data::metric::{exact_match, f1, normalise_answer, score_squad};
use pliant_data::squad::{Answer, Question};
use proptest::prelude::*;

#[test]
fn texts_are_normalised_as_the_official_script_does() {
    // Each pair made with `normalize_answer` of evaluate-v1.1.py.
    for (text, normal) in [
        ("The  Ferry, an old\tone!", "ferry old one"),
        ("A-Team", "ateam"),
        ("a – the", "–"),
        ("Ein Café–A la carte", "ein café– la carte"),
        ("$5.50 (the fare)", "550 fare"),
        ("theatre another", "theatre another"),
        ("THE\u{1f}THE", ""),
        ("ΣΊΣΥΦΟΣ", "σίσυφος"),
        ("a\u{301} b", "\u{301} b"),
        ("“the”", "“ ”"),
    ] {
        assert_eq!(normalise_answer(text), normal, "{text:?}");
    }
}

#[test]
fn the_best_of_several_answers_counts() {
    let answers = ["the old ferry", "ferry with goats"];
    assert_eq!(exact_match("Old ferry.", answers), 1.0);
    assert_eq!(exact_match("ferry", answers), 0.0);
    // 1 of 1 right, 1 of 2 found; and 2 of 2, 2 of 3.
    assert!((f1("ferry", answers) - 2.0 / 3.0).abs() < 1e-12);
    assert!((f1("ferry goats", answers) - 0.8).abs() < 1e-12);
    // A word counts as often as it occurs on both sides.
    assert!((f1("goats goats", ["goats"]) - 2.0 / 3.0).abs() < 1e-12);
    assert_eq!(f1("sheep", answers), 0.0);
    assert_eq!((exact_match("x", []), f1("x", [])), (0.0, 0.0));
}

proptest! {
    #[test]
    fn scores_are_shares_and_perfect_for_the_answer_itself(
        text in "[a-cT ,.!]{0,12}",
        answer in "[a-cT ,.!]{0,12}",
    ) {
        let (exact, like) = (exact_match(&text, [answer.as_str()]), f1(&text, [answer.as_str()]));
        prop_assert!((0.0..=1.0).contains(&like));
        prop_assert!(exact <= like);
        prop_assert_eq!(like, f1(&answer, [text.as_str()]));
        prop_assert_eq!(exact_match(&answer, [answer.as_str()]), 1.0);
        prop_assert_eq!(normalise_answer(&normalise_answer(&text)), normalise_answer(&text));
    }
}

fn question(id: &str, answers: &[&str]) -> Question {
    Question {
        id: id.into(),
        question: "?".into(),
        context: "-".into(),
        answers: answers
            .iter()
            .map(|&text| Answer {
                text: text.into(),
                start: None,
            })
            .collect(),
        is_impossible: answers.is_empty(),
    }
}

fn texts(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs
        .iter()
        .map(|(id, text)| ((*id).to_owned(), (*text).to_owned()))
        .collect()
}

#[test]
fn an_answer_without_words_is_worth_what_each_version_says() {
    let questions = [question("q", &["the"])];
    let predictions = texts(&[("q", "a")]);
    let old = score_squad(&questions, false, &predictions, None).all;
    assert_eq!((old.exact_match, old.f1), (100.0, 0.0));
    let new = score_squad(&questions, true, &predictions, None).all;
    assert_eq!((new.exact_match, new.f1), (100.0, 100.0));
}

#[test]
fn thresholds_are_searched_from_no_answer_on() {
    let questions = [
        question("a", &["goats"]),
        question("b", &["ferry boat"]),
        question("c", &[]),
        question("d", &["noon"]),
    ];
    let predictions = texts(&[
        ("a", "goats"),
        ("b", "ferry"),
        ("c", "harbour"),
        ("d", "noon"),
    ]);
    let scores = [("a", -3.0), ("b", -1.0), ("c", -2.0), ("d", 5.0)];
    let scores: BTreeMap<String, f64> = scores
        .iter()
        .map(|(id, score)| ((*id).to_owned(), *score))
        .collect();
    let score = score_squad(&questions, true, &predictions, Some(&scores));
    assert_eq!(score.all.exact_match, 50.0);
    assert_eq!(score.answerable.unwrap().total, 3);
    assert_eq!(score.unanswerable.unwrap().exact_match, 0.0);
    let best = score.best.unwrap();
    // Exact: 1 (c alone), a: 2, c: 1, b: 1, d: 2. F1: 1, 2, 1, 1 + 2/3, 2 + 2/3.
    assert_eq!((best.exact_match, best.exact_match_threshold), (50.0, -3.0));
    assert!((best.f1 - 100.0 * (2.0 + 2.0 / 3.0) / 4.0).abs() < 1e-9);
    assert_eq!(best.f1_threshold, 5.0);
}

#[test]
fn no_answer_at_all_has_a_threshold_below_all_scores() {
    let questions = [question("a", &[]), question("b", &[])];
    let predictions = texts(&[("a", "goats"), ("b", "goats")]);
    let best = |scores: [f64; 2]| {
        let scores = [("a".to_owned(), scores[0]), ("b".to_owned(), scores[1])].into();
        score_squad(&questions, true, &predictions, Some(&scores))
            .best
            .unwrap()
    };
    let found = best([0.4, 0.3]);
    assert_eq!((found.f1, found.f1_threshold), (100.0, 0.0));
    let found = best([-4.0, 3.0]);
    assert_eq!((found.f1, found.f1_threshold), (100.0, -5.0));
}

#[test]
fn equal_scores_are_answered_together() {
    let questions = [
        question("a", &["goats"]),
        question("b", &[]),
        question("c", &[]),
    ];
    let predictions = texts(&[("a", "goats"), ("b", "goats"), ("c", "goats")]);
    let scores = ["a", "b", "c"].map(|id| (id.to_owned(), 0.5)).into();
    let best = score_squad(&questions, true, &predictions, Some(&scores))
        .best
        .unwrap();
    // No threshold can answer `a` alone.
    assert_eq!(
        (best.exact_match, best.exact_match_threshold),
        (200.0 / 3.0, 0.0)
    );
}
