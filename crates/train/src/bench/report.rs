//! What a measurement reports.

use std::collections::BTreeMap;
use std::time::Duration;

use pliant_kernels::dispatch;
use pliant_nn::OperationTimes;
use serde::Serialize;

use crate::environment;

/// A measured step or pass.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ModelBenchReport {
    /// `train` or `infer`.
    pub pass: &'static str,
    /// Size of the model.
    pub preset: String,
    /// Activation of the feed-forward layers.
    pub activation: String,
    /// What the operands of matrix products are rounded to.
    pub precision: &'static str,
    /// Threads that computed.
    pub threads: usize,
    /// Sequences of a step.
    pub batch: usize,
    /// Tokens of a sequence.
    pub sequence: usize,
    /// Words known.
    pub vocabulary: usize,
    /// Predicted tokens of a step.
    pub masked_tokens: usize,
    /// Steps that were timed.
    pub steps: usize,
    /// Steps before them that were not.
    pub warmup: usize,
    /// Numbers that the model learns.
    pub parameters: usize,
    /// Time of a step.
    pub ms_per_step: Milliseconds,
    /// Tokens of a step over its median time.
    pub tokens_per_second: f64,
    /// Largest resident memory of the process so far in MiB, where the system tells it.
    pub peak_rss_mib: Option<f64>,
    /// Additions and multiplications of the matrix products of a step; see [`super::measure`].
    pub flops_per_step: f64,
    /// `flops_per_step` over the median time.
    pub flops_per_second: f64,
    /// Where the time of all timed steps went; the parts add up to 1.
    pub share_of_time: ShareOfTime,
    /// What it ran on.
    pub processor: Processor,
}

/// Fractions of the time.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ShareOfTime {
    /// The fused operations in the forward pass; that of the masked-LM loss computes its gradients as well.
    pub forward: BTreeMap<String, f64>,
    /// The fused operations in the backward pass.
    pub backward: BTreeMap<String, f64>,
    /// Global norm of the gradient.
    pub gradient_norm: f64,
    /// `AdamW`.
    pub optimizer: f64,
    /// Everything else: drawing the batch, the framework, sums of gradients, allocation.
    pub rest: f64,
}

impl ShareOfTime {
    /// Divides times by `total`.
    pub(super) fn of(
        operations: &OperationTimes,
        gradient_norm: Duration,
        optimizer: Duration,
        total: Duration,
    ) -> Self {
        let share = |time: Duration| time.as_secs_f64() / total.as_secs_f64().max(1e-12);
        let shares = |times: &BTreeMap<String, Duration>| -> BTreeMap<String, f64> {
            times
                .iter()
                .map(|(name, time)| (name.clone(), share(*time)))
                .collect()
        };
        let (forward, backward) = (shares(&operations.forward), shares(&operations.backward));
        let (gradient_norm, optimizer) = (share(gradient_norm), share(optimizer));
        let known: f64 = forward.values().chain(backward.values()).sum();
        Self {
            forward,
            backward,
            gradient_norm,
            optimizer,
            rest: (1.0 - known - gradient_norm - optimizer).max(0.0),
        }
    }
}

/// Shortest, median and longest time in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Milliseconds {
    /// The shortest.
    pub min: f64,
    /// The one in the middle; of an even number the mean of the two.
    pub median: f64,
    /// The longest.
    pub max: f64,
}

impl Milliseconds {
    /// Of at least one time.
    pub(super) fn of(times: &[Duration]) -> Self {
        let mut sorted: Vec<f64> = times.iter().map(|time| 1e3 * time.as_secs_f64()).collect();
        sorted.sort_by(f64::total_cmp);
        let at = |index: usize| sorted.get(index).copied().unwrap_or(f64::NAN);
        let last = sorted.len().saturating_sub(1);
        Self {
            min: at(0),
            median: f64::midpoint(at(last / 2), at(last.div_ceil(2))),
            max: at(last),
        }
    }
}

/// The processor, and what the kernels use of it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Processor {
    /// Its name, where the system tells it.
    pub model: Option<String>,
    /// Cores that this process may use.
    pub cores: usize,
    /// Vector instructions that the kernels use.
    pub level: &'static str,
    /// Those of the instructions that the kernels ask about that it has.
    pub features: Vec<&'static str>,
}

impl Processor {
    pub(super) fn inspect() -> Self {
        let environment = environment::inspect();
        Self {
            model: environment.processor,
            cores: environment.cores,
            level: dispatch::level().name(),
            features: dispatch::features()
                .into_iter()
                .filter_map(|(name, found)| found.then_some(name))
                .collect(),
        }
    }
}

/// [`environment::peak_memory_bytes`] in MiB.
pub(super) fn peak_rss_mib() -> Option<f64> {
    environment::peak_memory_bytes().map(|bytes| bytes as f64 / f64::from(1 << 20))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_the_middle() {
        let of = |milliseconds: &[u64]| {
            let times: Vec<_> = milliseconds
                .iter()
                .copied()
                .map(Duration::from_millis)
                .collect();
            let Milliseconds { min, median, max } = Milliseconds::of(&times);
            [min, median, max]
        };
        assert_eq!(of(&[7]), [7.0, 7.0, 7.0]);
        assert_eq!(of(&[9, 1, 5]), [1.0, 5.0, 9.0]);
        assert_eq!(of(&[8, 2, 4, 100]), [2.0, 6.0, 100.0]);
    }

    #[test]
    fn the_shares_add_up() {
        let operations = OperationTimes {
            forward: [("linear".to_owned(), Duration::from_millis(20))].into(),
            backward: [("linear".to_owned(), Duration::from_millis(40))].into(),
        };
        let milliseconds = Duration::from_millis;
        let share = ShareOfTime::of(
            &operations,
            milliseconds(5),
            milliseconds(10),
            milliseconds(100),
        );
        assert!((share.forward["linear"] - 0.2).abs() < 1e-12);
        assert!((share.backward["linear"] - 0.4).abs() < 1e-12);
        assert!((share.rest - 0.25).abs() < 1e-12, "{share:?}");
    }
}
