//! Answers from logits.

use pliant_data::squad::{AnswerOptions, Window, WindowOptions, best_answers};

use crate::squad::{cut, options, question};

/// Logits that are 0 but at these positions.
fn logits(window: &Window, at: &[(usize, f32)]) -> Vec<f32> {
    let mut logits = vec![0.0; window.ids.len()];
    for &(position, value) in at {
        logits[position] = value;
    }
    logits
}

#[test]
fn the_best_answers_do_not_overlap() {
    let questions = [question("noon", "When did it leave?", None)];
    let found = cut(&questions, WindowOptions::default());
    let window = &found[0];
    // `at noon` 5 + 6, `noon` 4 + 6, `nine goats` 3 + 4; the question and [SEP] do not count, a span backwards neither.
    let starts = [logits(
        window,
        &[(13, 5.0), (14, 4.0), (16, 3.0), (2, 99.0)],
    )];
    let ends = [logits(window, &[(14, 6.0), (17, 4.0), (6, 99.0), (7, 1.0)])];
    let answers = best_answers(&questions, &found, &starts, &ends, AnswerOptions::default());
    let texts: Vec<&str> = answers[0]
        .answers
        .iter()
        .map(|answer| answer.text.as_str())
        .collect();
    assert_eq!(texts[..2], ["at noon", "nine goats"]);
    assert_eq!(answers[0].text(), "at noon");
    let best = answers[0].best().unwrap();
    assert_eq!((best.start, best.end, best.score), (31, 38, 11.0));
    let taken = &answers[0].answers;
    for (place, answer) in taken.iter().enumerate() {
        assert!(
            taken[..place]
                .iter()
                .all(|before| answer.end <= before.start || before.end <= answer.start)
        );
        assert!(
            answer.probability > 0.0
                && taken[..place]
                    .iter()
                    .all(|before| before.probability >= answer.probability)
        );
    }
    assert!(taken.iter().map(|answer| answer.probability).sum::<f32>() <= 1.0 + 1e-6);
    // Two tokens at most: `at noon … goats` was possible before, now it is not.
    let short = AnswerOptions {
        max_answer_length: 1,
        ..AnswerOptions::default()
    };
    let answers = best_answers(&questions, &found, &starts, &ends, short);
    assert_eq!(answers[0].text(), "noon");
}

#[test]
fn a_pair_is_found_even_where_the_best_positions_make_none() {
    let questions = [question("noon", "When?", None)];
    let found = cut(&questions, WindowOptions::default());
    let starts = [logits(&found[0], &[(13, 5.0)])];
    let ends = [logits(&found[0], &[(5, 5.0), (14, 1.0)])];
    let one = AnswerOptions {
        n_best: 1,
        ..AnswerOptions::default()
    };
    let answers = best_answers(&questions, &found, &starts, &ends, one);
    // Position 13 is `nine`, 14 `goats`.
    assert_eq!(answers[0].text(), "nine goats");
}

#[test]
fn no_answer_wins_by_more_than_the_threshold() {
    let questions = [question("noon", "When did it leave?", None)];
    let found = cut(&questions, options(15, 7));
    assert_eq!(found.len(), 2);
    // "No answer" scores 3 in one window and 8 in the other: what counts is the window that is least sure of it.
    let at = |position, value| [(0, 1.5), (position, value)];
    let starts = [
        logits(&found[0], &at(7, 1.0)),
        logits(&found[1], &[(0, 4.0)]),
    ];
    let ends = [
        logits(&found[0], &at(8, 1.0)),
        logits(&found[1], &[(0, 4.0)]),
    ];
    let answer = |threshold| {
        let options = AnswerOptions {
            null_threshold: threshold,
            ..AnswerOptions::default()
        };
        best_answers(&questions, &found, &starts, &ends, options).remove(0)
    };
    assert_eq!(answer(None).text(), "The old");
    assert_eq!(answer(None).null_score, 3.0);
    assert_eq!(answer(None).null_odds(), 1.0);
    let never = answer(None).answers;
    assert!(never.iter().all(|answer| !answer.text.is_empty()));
    assert_eq!(answer(Some(0.5)).text(), "");
    assert_eq!(answer(Some(0.5)).best().unwrap().text, "The old");
    assert_eq!(answer(Some(1.0)).text(), "The old");
    assert_eq!(answer(Some(1.0)).answers[1].text, "");
    assert!(answer(Some(0.5)).answers[0].probability > answer(Some(0.5)).answers[1].probability);
}
