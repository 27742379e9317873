//! How much of several runs is done: those of a comparison, the seeds of a fine-tuning, the cells of a sweep.

use std::time::Duration;

/// Share of one run below which nothing is said about the time left.
const TOO_LITTLE: f64 = 0.01;

/// The runs that belong together.
#[derive(Debug)]
pub(crate) struct Whole {
    /// What they are called, such as `seeds`.
    pub(crate) name: &'static str,
    pub(crate) done: usize,
    pub(crate) of: usize,
    /// Whether they take equally long, so that the time left can be told.
    alike: bool,
    /// When the first of them began here.
    since: Option<Duration>,
    /// Work of this process in runs, without the present one.
    worked: f64,
    /// Share of the present run at which this process began, and the one that is reached.
    present: Option<(f64, f64)>,
}

impl Whole {
    pub(crate) fn new(name: &'static str, done: usize, of: usize, alike: bool) -> Self {
        Self {
            name,
            done,
            of,
            alike,
            since: None,
            worked: 0.0,
            present: None,
        }
    }

    /// The present run has come to this share of its work.
    pub(crate) fn reach(&mut self, share: f64, now: Duration) {
        self.since.get_or_insert(now);
        self.present.get_or_insert((share, share)).1 = share;
    }

    /// The present run ended, or one was found that had.
    pub(crate) fn one_more(&mut self) {
        self.done += 1;
        if let Some((from, _)) = self.present.take() {
            self.worked += 1.0 - from;
        }
    }

    /// Share of the whole work that is done.
    pub(super) fn share(&self) -> f64 {
        let present = self.present.map_or(0.0, |(_, at)| at);
        (self.done as f64 + present) / self.of as f64
    }

    pub(super) fn elapsed(&self, now: Duration) -> Option<Duration> {
        self.since.map(|since| now.saturating_sub(since))
    }

    /// Time until all are done, at the speed measured here.
    pub(super) fn remaining(&self, now: Duration) -> Option<Duration> {
        let (from, at) = self.present.unwrap_or_default();
        let worked = self.worked + (at - from);
        let elapsed = self.elapsed(now).filter(|_| self.alike)?;
        let left = (self.of as f64 - self.done as f64 - at).max(0.0);
        (worked > TOO_LITTLE)
            .then(|| Duration::try_from_secs_f64(elapsed.as_secs_f64() * left / worked).ok())?
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn at(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn runs_that_were_done_before_say_nothing_about_the_speed() {
        let mut whole = Whole::new("runs", 2, 6, true);
        assert_eq!((whole.share(), whole.remaining(at(5))), (2.0 / 6.0, None));
        // A run that goes on from its half.
        whole.reach(0.5, at(10));
        assert_eq!(whole.remaining(at(10)), None);
        whole.reach(0.75, at(20));
        assert_eq!(whole.remaining(at(20)), Some(at(130)));
        whole.one_more();
        assert_eq!((whole.done, whole.remaining(at(30))), (3, Some(at(120))));
        whole.one_more();
        assert_eq!(whole.remaining(at(30)), Some(at(80)));
    }

    #[test]
    fn of_unlike_runs_only_the_time_that_passed() {
        let mut whole = Whole::new("cells", 0, 4, false);
        whole.reach(0.0, at(10));
        whole.one_more();
        assert_eq!(whole.elapsed(at(40)), Some(at(30)));
        assert_eq!(whole.remaining(at(40)), None);
    }
}
