//! Speed and remaining time, measured from where this process began and not from step 0 of the run.

use std::time::Duration;

/// Measures a run whose first step in this process is not its first step at all.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rate {
    first: u64,
    tokens: u64,
    position: u64,
    elapsed: Duration,
}

impl Rate {
    /// `first`: steps that were done before this process began to measure.
    pub(crate) fn new(first: u64) -> Self {
        Self {
            first,
            tokens: 0,
            position: first,
            elapsed: Duration::ZERO,
        }
    }

    /// A step is done: its tokens, and the time since measuring began.
    pub(crate) fn step(&mut self, position: u64, tokens: u64, elapsed: Duration) {
        self.position = position;
        self.tokens += tokens;
        self.elapsed = elapsed;
    }

    /// The last step that is done.
    pub(crate) fn position(&self) -> u64 {
        self.position
    }

    /// Whether no step is measured yet.
    pub(crate) fn is_empty(&self) -> bool {
        self.position == self.first
    }

    /// Tokens per second so far; none before the first step.
    pub(crate) fn tokens_per_second(&self) -> Option<f64> {
        let seconds = self.elapsed.as_secs_f64();
        (seconds > 0.0 && !self.is_empty()).then(|| self.tokens as f64 / seconds)
    }

    /// Time until `last` steps are done, at the speed measured here.
    pub(crate) fn remaining(&self, last: u64) -> Option<Duration> {
        let done = self
            .position
            .checked_sub(self.first)
            .filter(|&done| done > 0)?;
        let left = last.saturating_sub(self.position);
        Some(self.elapsed.mul_f64(left as f64 / done as f64))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_resumed_run_is_measured_from_the_resume_point() {
        let mut rate = Rate::new(900);
        assert_eq!(rate.remaining(1000), None);
        assert_eq!(rate.tokens_per_second(), None);
        rate.step(905, 500, Duration::from_secs(5));
        assert_eq!(rate.remaining(1000), Some(Duration::from_secs(95)));
        assert_eq!(rate.tokens_per_second(), Some(100.0));
        rate.step(1000, 500, Duration::from_secs(50));
        assert_eq!(rate.remaining(1000), Some(Duration::ZERO));
    }
}
