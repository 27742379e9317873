//! Random choices of the generated language, with their surprisal.

use pliant_kernels::random::{Purpose, Stream};

/// A sequence of draws; adds up how surprising they were, which bounds what a model of the text can reach.
pub(super) struct Draw {
    stream: Stream,
    index: u64,
    /// Sum of −ln p over all choices so far, in nats.
    pub(super) surprisal: f64,
}

impl Draw {
    pub(super) fn new(seed: u64, step: u64) -> Self {
        Self {
            stream: Stream::new(seed, Purpose::Corpus, step),
            index: 0,
            surprisal: 0.0,
        }
    }

    /// A number below `bound`.
    pub(super) fn below(&mut self, bound: usize) -> usize {
        self.surprisal += (bound as f64).ln();
        let drawn = self.stream.below(self.index, bound as u64);
        self.index += 1;
        drawn as usize
    }

    /// True `percent` times in a hundred.
    pub(super) fn chance(&mut self, percent: usize) -> bool {
        let drawn = self.stream.below(self.index, 100) as usize;
        self.index += 1;
        let hit = drawn < percent;
        let share = if hit { percent } else { 100 - percent };
        self.surprisal -= (share as f64 / 100.0).ln();
        hit
    }

    /// One of `table`'s indices by its weights.
    pub(super) fn weighted(&mut self, table: &Weights) -> usize {
        let drawn = self.stream.below(self.index, table.total());
        self.index += 1;
        let chosen = table.cumulative.partition_point(|&sum| sum <= drawn);
        let before = if chosen == 0 {
            0
        } else {
            table.cumulative[chosen - 1]
        };
        let weight = table.cumulative[chosen] - before;
        self.surprisal -= (weight as f64 / table.total() as f64).ln();
        chosen
    }
}

/// Integer weights, so that a draw is the same on every machine.
#[derive(Debug, Clone)]
pub(super) struct Weights {
    cumulative: Vec<u64>,
}

impl Weights {
    /// Zipf–Mandelbrot weights of `count` ranks: proportional to 1 / (rank + `shift`), rank counted from 1.
    pub(super) fn zipf(count: usize, shift: u64) -> Self {
        let mut sum = 0;
        let cumulative = (1..=count as u64)
            .map(|rank| {
                sum += 1_000_000_000 / (rank + shift);
                sum
            })
            .collect();
        Self { cumulative }
    }

    fn total(&self) -> u64 {
        self.cumulative.last().copied().unwrap_or(1)
    }
}
