//! Which sequences make up a step of fine-tuning: batches of like length, as a pure function of seed and epoch.

use pliant_kernels::random::{Purpose, Stream};

use crate::DataError;
use crate::order::Permutation;

/// Batches of an epoch that are sorted by length together …
const MOST_BATCHES: usize = 50;
/// … but at least so many such windows are made, so that few rows are not put into the same batches in each epoch.
const LEAST_WINDOWS: usize = 4;
/// Place of the stream that orders the batches, apart from the one that orders the rows.
const BATCH_ORDER: u64 = 1;

/// The steps of all epochs: each epoch shuffles all sequences, sorts them by length inside windows of some batches, and
/// takes the batches in shuffled order. The last rows of an epoch make a smaller batch, somewhere in it.
///
/// As `group_by_length` of Hugging Face: a window holds at most 50 batches and at most a quarter of the rows; with fewer
/// rows than four batches nothing is sorted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EpochPlan {
    lengths: Vec<usize>,
    batch_size: usize,
    seed: u64,
    /// Rows that are sorted together, a multiple of the batch size.
    window: usize,
}

impl EpochPlan {
    /// A plan for sequences of these lengths.
    ///
    /// # Errors
    /// [`DataError::Option`] for a batch of 0, or no sequences.
    pub fn new(lengths: Vec<usize>, batch_size: usize, seed: u64) -> Result<Self, DataError> {
        if batch_size == 0 {
            return Err(DataError::Option {
                key: "batch",
                value: "0".into(),
                reason: "a batch has at least one sequence",
            });
        }
        if lengths.is_empty() {
            return Err(DataError::Option {
                key: "sequences",
                value: "0".into(),
                reason: "an epoch has at least one sequence",
            });
        }
        let batches = (lengths.len() / (batch_size * LEAST_WINDOWS)).clamp(1, MOST_BATCHES);
        Ok(Self {
            window: batches * batch_size,
            lengths,
            batch_size,
            seed,
        })
    }

    /// Sequences per step (the last of an epoch's batches may hold fewer).
    pub fn batch_size(&self) -> usize {
        self.batch_size
    }

    /// Sequences per epoch.
    pub fn sequences(&self) -> usize {
        self.lengths.len()
    }

    /// Steps per epoch.
    pub fn steps_per_epoch(&self) -> usize {
        self.lengths.len().div_ceil(self.batch_size)
    }

    /// The sequences of step `step` (counted from 0) of epoch `epoch`.
    ///
    /// # Panics
    /// Where `step` is not below [`steps_per_epoch`](Self::steps_per_epoch).
    pub fn batch(&self, epoch: u64, step: usize) -> Vec<usize> {
        let steps = self.steps_per_epoch();
        assert!(step < steps, "step {step} of an epoch of {steps}");
        let stream = Stream::new(self.seed, Purpose::Order, epoch);
        let batches = Permutation::of(stream.at(BATCH_ORDER), steps as u64);
        let first = batches.get(step as u64) as usize * self.batch_size;
        let rows = Permutation::of(stream, self.lengths.len() as u64);
        let start = first - first % self.window;
        let end = self.lengths.len().min(start + self.window);
        let mut window: Vec<usize> = (start..end)
            .map(|place| rows.get(place as u64) as usize)
            .collect();
        // A stable sort: equal lengths stay shuffled. The longest first, as a batch that does not fit shows at once.
        window.sort_by_key(|&row| std::cmp::Reverse(self.lengths[row]));
        let first = first - start;
        window[first..window.len().min(first + self.batch_size)].to_vec()
    }
}

/// Batches for evaluation: every sequence once, in order of length (longest first), equal ones in their order.
///
/// # Panics
/// Where `batch_size` is 0.
pub fn evaluation_batches(lengths: &[usize], batch_size: usize) -> Vec<Vec<usize>> {
    let mut rows: Vec<usize> = (0..lengths.len()).collect();
    rows.sort_by_key(|&row| std::cmp::Reverse(lengths[row]));
    rows.chunks(batch_size).map(<[usize]>::to_vec).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use proptest::prelude::*;

    fn epoch(plan: &EpochPlan, epoch: u64) -> Vec<Vec<usize>> {
        (0..plan.steps_per_epoch())
            .map(|step| plan.batch(epoch, step))
            .collect()
    }

    proptest! {
        #[test]
        fn each_sequence_comes_once_an_epoch(
            lengths in proptest::collection::vec(1_usize..100, 1..400),
            batch in 1_usize..40,
            seed: u64,
            number in 0_u64..5,
        ) {
            let plan = EpochPlan::new(lengths.clone(), batch, seed).unwrap();
            let batches = epoch(&plan, number);
            let smaller = batches.iter().filter(|rows| rows.len() < batch).count();
            prop_assert!(smaller <= 1);
            let mut seen: Vec<usize> = batches.concat();
            seen.sort_unstable();
            prop_assert_eq!(seen, (0..lengths.len()).collect::<Vec<_>>());
            let mut seen = evaluation_batches(&lengths, batch).concat();
            prop_assert!(seen.windows(2).all(|pair| lengths[pair[0]] >= lengths[pair[1]]));
            seen.sort_unstable();
            prop_assert_eq!(seen, (0..lengths.len()).collect::<Vec<_>>());
        }
    }

    #[test]
    fn epochs_and_seeds_differ_and_repeat() {
        let lengths: Vec<usize> = (0..1000).map(|row| row * 7919 % 97 + 1).collect();
        let plan = |seed| EpochPlan::new(lengths.clone(), 16, seed).unwrap();
        assert_eq!(epoch(&plan(1), 3), epoch(&plan(1), 3));
        assert_ne!(epoch(&plan(1), 3), epoch(&plan(1), 4));
        assert_ne!(epoch(&plan(1), 3), epoch(&plan(2), 3));
        // The batches themselves are others, not only their order.
        let sorted = |number| {
            let mut batches = epoch(&plan(1), number);
            for rows in &mut batches {
                rows.sort_unstable();
            }
            batches.sort_unstable();
            batches
        };
        let (first, second) = (sorted(0), sorted(1));
        assert!(first.iter().all(|rows| !second.contains(rows)));
    }

    #[test]
    fn buckets_save_most_of_the_padding() {
        let lengths: Vec<usize> = (0..10_000).map(|row| row * 7919 % 120 + 8).collect();
        let plan = EpochPlan::new(lengths.clone(), 32, 1).unwrap();
        let padded: usize = epoch(&plan, 0)
            .iter()
            .map(|rows| rows.len() * rows.iter().map(|&row| lengths[row]).max().unwrap())
            .sum();
        let tokens: usize = lengths.iter().sum();
        assert!(
            (padded as f64) < 1.05 * tokens as f64,
            "{padded} for {tokens}"
        );
    }

    #[test]
    fn few_rows_do_not_meet_the_same_partners_each_epoch() {
        let lengths: Vec<usize> = (1..=100).collect();
        let plan = EpochPlan::new(lengths, 32, 1).unwrap();
        let batch_of_longest = |number| {
            let mut batches = epoch(&plan, number).into_iter();
            let mut rows = batches.find(|rows| rows.contains(&99)).unwrap();
            rows.sort_unstable();
            rows
        };
        assert_ne!(batch_of_longest(0), batch_of_longest(1));
    }

    #[test]
    fn nothing_is_refused() {
        for (lengths, batch) in [(vec![], 4), (vec![3], 0)] {
            let error = EpochPlan::new(lengths, batch, 1).unwrap_err();
            assert!(matches!(error, DataError::Option { .. }));
        }
    }
}
