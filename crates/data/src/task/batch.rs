//! Sequences of unequal length laid out for a model.

use std::ops::Range;

/// Anything that a task model reads: an [`EncodedExample`](super::EncodedExample), or a
/// [`Window`](crate::squad::Window) of a question and its context.
pub trait Sequence {
    /// Token ids, without padding.
    fn ids(&self) -> &[u32];
    /// Segment ids, as many as token ids.
    fn type_ids(&self) -> &[u32];
    /// What the sequence should be answered with.
    fn target(&self) -> SequenceTarget;
}

/// What a sequence should be answered with.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum SequenceTarget {
    /// Nothing is known.
    None,
    /// A class.
    Class(u32),
    /// A number.
    Score(f32),
    /// First and last position of the answer in the sequence; (0, 0), the `[CLS]`, where it holds no answer.
    Span(u32, u32),
}

/// Sequences padded to one length.
#[derive(Debug, Clone, PartialEq)]
pub struct TaskBatch {
    /// Number of sequences.
    pub sequences: usize,
    /// Tokens per sequence, with padding.
    pub length: usize,
    /// Token ids, `[sequences, length]`.
    pub ids: Vec<u32>,
    /// Segment ids, 0 in the padding, `[sequences, length]`.
    pub type_ids: Vec<u32>,
    /// 1 = token, 0 = padding, `[sequences, length]`.
    pub attention_mask: Vec<u8>,
    /// One per sequence.
    pub targets: BatchTargets,
    /// Place of the first sequence inside the step's whole batch: what dropout is keyed by.
    pub first_sequence: u64,
    /// Which of the sequences these are.
    pub rows: Vec<usize>,
}

/// What the sequences of a batch should be answered with; `None` where that is unknown for any of them.
#[derive(Debug, Clone, PartialEq)]
pub enum BatchTargets {
    /// Nothing is known.
    None,
    /// Classes.
    Classes(Vec<u32>),
    /// Numbers.
    Scores(Vec<f32>),
    /// First and last positions of the answers in their sequences.
    Spans {
        /// First positions.
        starts: Vec<u32>,
        /// Last positions.
        ends: Vec<u32>,
    },
}

impl TaskBatch {
    /// The sequences `rows[part]` of a step that consists of `sequences[rows]`, padded with `pad` to the longest of the
    /// *whole* step, so that cutting a step to micro-batches changes nothing. `part` is `0..rows.len()` for a whole step.
    ///
    /// # Panics
    /// Where `part` reaches beyond `rows`, or a row beyond `sequences`.
    pub fn gather<S: Sequence>(
        sequences: &[S],
        rows: &[usize],
        part: Range<usize>,
        pad: u32,
    ) -> Self {
        let length = rows
            .iter()
            .map(|&row| sequences[row].ids().len())
            .max()
            .unwrap_or(0);
        let first_sequence = part.start as u64;
        let rows = &rows[part];
        let places = rows.len() * length;
        let mut ids = Vec::with_capacity(places);
        let mut type_ids = Vec::with_capacity(places);
        let mut attention_mask = Vec::with_capacity(places);
        let mut targets = Vec::with_capacity(rows.len());
        for (place, sequence) in rows.iter().map(|&row| &sequences[row]).enumerate() {
            let end = (place + 1) * length;
            ids.extend_from_slice(sequence.ids());
            type_ids.extend_from_slice(sequence.type_ids());
            attention_mask.resize(ids.len(), 1);
            ids.resize(end, pad);
            type_ids.resize(end, 0);
            attention_mask.resize(end, 0);
            targets.push(sequence.target());
        }
        Self {
            sequences: rows.len(),
            length,
            ids,
            type_ids,
            attention_mask,
            targets: BatchTargets::of(&targets),
            first_sequence,
            rows: rows.to_vec(),
        }
    }
}

impl BatchTargets {
    /// Targets of one kind; `None` where one is missing or of another kind than the first.
    fn of(targets: &[SequenceTarget]) -> Self {
        fn all<T>(
            targets: &[SequenceTarget],
            get: impl Fn(&SequenceTarget) -> Option<T>,
        ) -> Option<Vec<T>> {
            targets.iter().map(get).collect()
        }
        let found = match targets.first() {
            Some(SequenceTarget::Class(_)) => all(targets, |target| match target {
                SequenceTarget::Class(class) => Some(*class),
                _ => None,
            })
            .map(Self::Classes),
            Some(SequenceTarget::Score(_)) => all(targets, |target| match target {
                SequenceTarget::Score(score) => Some(*score),
                _ => None,
            })
            .map(Self::Scores),
            Some(SequenceTarget::Span(..)) => all(targets, |target| match target {
                SequenceTarget::Span(start, end) => Some((*start, *end)),
                _ => None,
            })
            .map(|spans| {
                let (starts, ends) = spans.into_iter().unzip();
                Self::Spans { starts, ends }
            }),
            Some(SequenceTarget::None) | None => None,
        };
        found.unwrap_or(Self::None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::task::{EncodedExample, Target};

    fn encoded(ids: &[u32], target: Option<Target>) -> EncodedExample {
        EncodedExample {
            ids: ids.to_vec(),
            type_ids: vec![1; ids.len()],
            target,
        }
    }

    #[test]
    fn a_micro_batch_is_padded_as_the_whole_step() {
        let class = |number| Some(Target::Class(number));
        let sequences = [
            encoded(&[5, 6], class(1)),
            encoded(&[7], class(0)),
            encoded(&[8, 9, 10], class(2)),
        ];
        let whole = TaskBatch::gather(&sequences, &[2, 0, 1], 0..3, 99);
        assert_eq!((whole.sequences, whole.length), (3, 3));
        assert_eq!(whole.ids, [8, 9, 10, 5, 6, 99, 7, 99, 99]);
        assert_eq!(whole.type_ids, [1, 1, 1, 1, 1, 0, 1, 0, 0]);
        assert_eq!(whole.attention_mask, [1, 1, 1, 1, 1, 0, 1, 0, 0]);
        assert_eq!(whole.targets, BatchTargets::Classes(vec![2, 1, 0]));
        let part = TaskBatch::gather(&sequences, &[2, 0, 1], 1..3, 99);
        assert_eq!(part.ids, whole.ids[3..]);
        assert_eq!(part.attention_mask, whole.attention_mask[3..]);
        assert_eq!((part.first_sequence, part.rows), (1, vec![0, 1]));
        assert_eq!(part.targets, BatchTargets::Classes(vec![1, 0]));
    }

    #[test]
    fn a_missing_target_leaves_the_batch_without() {
        let sequences = [encoded(&[1], Some(Target::Score(1.5))), encoded(&[2], None)];
        let targets =
            |rows: &[usize]| TaskBatch::gather(&sequences, rows, 0..rows.len(), 0).targets;
        assert_eq!(targets(&[0, 0]), BatchTargets::Scores(vec![1.5, 1.5]));
        assert_eq!(targets(&[0, 1]), BatchTargets::None);
        assert_eq!(targets(&[1, 0]), BatchTargets::None);
        assert_eq!(targets(&[]), BatchTargets::None);
    }
}
