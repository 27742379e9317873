//! A quantity over the steps of a run in bounded memory.

use serde::Serialize;

/// Buckets kept at most; a full series halves them.
const CAPACITY: usize = 512;

/// Values of neighbouring steps.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Bucket {
    last_step: u64,
    count: u64,
    minimum: f64,
    sum: f64,
    maximum: f64,
}

/// Buckets of equal numbers of values. Which values share one depends only on their order, so a run that is read twice
/// gives the same series.
#[derive(Clone, Debug)]
pub(crate) struct Series {
    per_bucket: u64,
    buckets: Vec<Bucket>,
}

/// A series as the page gets it: one number each per bucket.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub(crate) struct Sampled {
    step: Vec<u64>,
    minimum: Vec<f64>,
    mean: Vec<f64>,
    maximum: Vec<f64>,
}

impl Default for Series {
    fn default() -> Self {
        Self {
            per_bucket: 1,
            buckets: Vec::new(),
        }
    }
}

impl Series {
    /// Adds the value of a step; one that is not finite is left out.
    pub(crate) fn push(&mut self, step: u64, value: f64) {
        if !value.is_finite() {
            return;
        }
        match self.buckets.last_mut() {
            Some(last) if last.count < self.per_bucket => {
                last.last_step = step;
                last.count += 1;
                last.sum += value;
                last.minimum = last.minimum.min(value);
                last.maximum = last.maximum.max(value);
            }
            _ => {
                if self.buckets.len() == CAPACITY {
                    self.halve();
                }
                self.buckets.push(Bucket {
                    last_step: step,
                    count: 1,
                    minimum: value,
                    sum: value,
                    maximum: value,
                });
            }
        }
    }

    fn halve(&mut self) {
        self.buckets = self
            .buckets
            .chunks(2)
            .map(|pair| {
                let last = pair[pair.len() - 1];
                Bucket {
                    last_step: last.last_step,
                    count: pair.iter().map(|bucket| bucket.count).sum(),
                    minimum: pair
                        .iter()
                        .map(|bucket| bucket.minimum)
                        .fold(f64::INFINITY, f64::min),
                    sum: pair.iter().map(|bucket| bucket.sum).sum(),
                    maximum: pair
                        .iter()
                        .map(|bucket| bucket.maximum)
                        .fold(f64::NEG_INFINITY, f64::max),
                }
            })
            .collect();
        self.per_bucket *= 2;
    }

    pub(crate) fn sampled(&self) -> Sampled {
        let mut sampled = Sampled::default();
        for bucket in &self.buckets {
            sampled.step.push(bucket.last_step);
            sampled.minimum.push(bucket.minimum);
            sampled.mean.push(bucket.sum / bucket.count as f64);
            sampled.maximum.push(bucket.maximum);
        }
        sampled
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_million_steps_fit_and_keep_their_extremes_and_mean() {
        let mut series = Series::default();
        for step in 1..=1_000_000_u64 {
            series.push(step, if step == 777_777 { 50.0 } else { 1.0 });
        }
        assert!(series.buckets.len() <= CAPACITY);
        let sampled = series.sampled();
        assert_eq!(sampled.step.last(), Some(&1_000_000));
        assert_eq!(sampled.maximum.iter().copied().fold(0.0, f64::max), 50.0);
        assert_eq!(sampled.minimum.iter().copied().fold(9.0, f64::min), 1.0);
        let total: f64 = series.buckets.iter().map(|bucket| bucket.sum).sum();
        assert_eq!(total, 1_000_049.0);
        assert!(
            series
                .buckets
                .iter()
                .rev()
                .skip(1)
                .all(|bucket| bucket.count == series.per_bucket)
        );
    }

    #[test]
    fn what_is_not_finite_is_left_out() {
        let mut series = Series::default();
        series.push(1, f64::NAN);
        series.push(2, 2.0);
        assert_eq!(series.sampled().mean, [2.0]);
    }
}
