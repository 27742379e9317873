//! Answers from logits.

use rayon::prelude::*;

use super::{Question, Window};

/// How answers are chosen.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AnswerOptions {
    /// How many first and last positions of each window are considered, and how many answers are given at most.
    pub n_best: usize,
    /// Tokens of an answer at most.
    pub max_answer_length: usize,
    /// SQuAD v2.0: "no answer" where its score is above the best answer's by more than this. None: there is always an answer.
    pub null_threshold: Option<f32>,
}

impl Default for AnswerOptions {
    /// 20 best, 30 tokens, always an answer.
    fn default() -> Self {
        Self {
            n_best: 20,
            max_answer_length: 30,
            null_threshold: None,
        }
    }
}

/// The answers to one question, the best first.
#[derive(Debug, Clone, PartialEq)]
pub struct QuestionAnswers {
    /// The question's id.
    pub id: String,
    /// Answers that do not overlap, best first. With a null threshold, "no answer" is one of them, with an empty text.
    pub answers: Vec<ScoredAnswer>,
    /// Score of "no answer": the least over the windows, of the sum of both logits at `[CLS]`.
    pub null_score: f32,
}

impl QuestionAnswers {
    /// The best answer's text; empty for "no answer".
    pub fn text(&self) -> &str {
        self.answers.first().map_or("", |answer| &answer.text)
    }

    /// The best answer that is one.
    pub fn best(&self) -> Option<&ScoredAnswer> {
        self.answers.iter().find(|answer| answer.start < answer.end)
    }

    /// By how much "no answer" scores above the best answer: what thresholds are compared with.
    pub fn null_odds(&self) -> f32 {
        self.best()
            .map_or(f32::INFINITY, |best| self.null_score - best.score)
    }
}

/// An answer with its place in the context.
#[derive(Debug, Clone, PartialEq)]
pub struct ScoredAnswer {
    /// The characters of the context; empty for "no answer".
    pub text: String,
    /// First character, counted from 0.
    pub start: usize,
    /// One past the last character.
    pub end: usize,
    /// Sum of both logits.
    pub score: f32,
    /// Softmax of the scores over all spans considered in all windows (and "no answer", where it may be given).
    pub probability: f32,
}

/// The best answers to each question, in the order of `questions`.
///
/// `start_logits[w]` and `end_logits[w]` are those of `windows[w]`, one per token (more, of padding, are not looked at).
/// Considered are the [`n_best`](AnswerOptions::n_best) first positions of each window that have most context there, with the
/// `n_best` last positions not before them nor too far behind (where no pair is left, each first position's best last one).
/// From the best on, an answer is taken that shares no character with those taken before.
///
/// # Panics
/// Where there are not as many logits as windows, or fewer than a window has tokens.
pub fn best_answers(
    questions: &[Question],
    windows: &[Window],
    start_logits: &[Vec<f32>],
    end_logits: &[Vec<f32>],
    options: AnswerOptions,
) -> Vec<QuestionAnswers> {
    assert_eq!(windows.len(), start_logits.len(), "start logits");
    assert_eq!(windows.len(), end_logits.len(), "end logits");
    let mut of_question: Vec<Vec<usize>> = vec![Vec::new(); questions.len()];
    for (place, window) in windows.iter().enumerate() {
        of_question[window.question].push(place);
    }
    questions
        .par_iter()
        .zip(&of_question)
        .map(|(question, places)| {
            let mut spans = Vec::new();
            let mut null_score = f32::INFINITY;
            for &place in places {
                let (window, starts, ends) =
                    (&windows[place], &start_logits[place], &end_logits[place]);
                null_score = null_score.min(starts[0] + ends[0]);
                spans_of(window, starts, ends, options, &mut spans);
            }
            choose(question, spans, null_score, options)
        })
        .collect()
}

/// A span of characters with its score.
#[derive(Debug, Clone, Copy)]
struct Span {
    start: usize,
    end: usize,
    score: f32,
}

/// The spans of a window that are considered.
fn spans_of(
    window: &Window,
    starts: &[f32],
    ends: &[f32],
    options: AnswerOptions,
    spans: &mut Vec<Span>,
) {
    let context: Vec<usize> = (0..window.ids.len())
        .filter(|position| window.characters(*position).is_some())
        .collect();
    let fits = |start: usize, end: usize| end >= start && end - start < options.max_answer_length;
    let mut add = |start: usize, end: usize| {
        if let (Some((first, _)), Some((_, last))) =
            (window.characters(start), window.characters(end))
        {
            spans.push(Span {
                start: first,
                end: last,
                score: starts[start] + ends[end],
            });
        }
    };
    let mut first = context.clone();
    first.retain(|position| window.has_maximum_context(*position));
    let first = largest(first, starts, options.n_best);
    let last = largest(context.clone(), ends, options.n_best);
    let mut found = false;
    for &start in &first {
        for &end in last.iter().filter(|end| fits(start, **end)) {
            add(start, end);
            found = true;
        }
    }
    if found {
        return;
    }
    for &start in &first {
        let mut near = context.clone();
        near.retain(|end| fits(start, *end));
        for end in largest(near, ends, 1) {
            add(start, end);
        }
    }
}

/// The positions with the largest logits, the largest first, of equal ones the first.
fn largest(mut positions: Vec<usize>, logits: &[f32], count: usize) -> Vec<usize> {
    positions.sort_by(|&a, &b| logits[b].total_cmp(&logits[a]));
    positions.truncate(count);
    positions
}

fn choose(
    question: &Question,
    mut spans: Vec<Span>,
    null_score: f32,
    options: AnswerOptions,
) -> QuestionAnswers {
    // Stable: of equal scores the earlier window and start.
    spans.sort_by(|a, b| b.score.total_cmp(&a.score));
    let best = spans.first().map(|span| span.score);
    let null = options.null_threshold.map(|_| null_score);
    let top = best
        .into_iter()
        .chain(null)
        .fold(f32::NEG_INFINITY, f32::max);
    let weight = |score: f32| f64::from(score - top).exp();
    let all: f64 = spans
        .iter()
        .map(|span| weight(span.score))
        .chain(null.map(weight))
        .sum();
    let probability = |score: f32| (weight(score) / all) as f32;
    let bytes = byte_places(&question.context);
    let mut answers: Vec<ScoredAnswer> = Vec::new();
    for span in &spans {
        if answers.len() == options.n_best {
            break;
        }
        if answers
            .iter()
            .any(|taken| span.start < taken.end && taken.start < span.end)
        {
            continue;
        }
        answers.push(ScoredAnswer {
            text: question.context[bytes[span.start]..bytes[span.end]].to_owned(),
            start: span.start,
            end: span.end,
            score: span.score,
            probability: probability(span.score),
        });
    }
    if let Some(threshold) = options.null_threshold {
        let wins = best.is_none_or(|best| null_score - best > threshold);
        // Where it does not win it is not first, whatever the threshold.
        let place = if wins {
            0
        } else {
            answers
                .partition_point(|answer| answer.score >= null_score)
                .max(1)
        };
        answers.insert(
            place,
            ScoredAnswer {
                text: String::new(),
                start: 0,
                end: 0,
                score: null_score,
                probability: probability(null_score),
            },
        );
    }
    QuestionAnswers {
        id: question.id.clone(),
        answers,
        null_score,
    }
}

/// Where each character begins, and the end.
fn byte_places(text: &str) -> Vec<usize> {
    text.char_indices()
        .map(|(place, _)| place)
        .chain([text.len()])
        .collect()
}
