//! What the server counts, in the text format of Prometheus.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// Upper bounds of the seconds of requests and passes.
const SECONDS: [f64; 14] = [
    0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0,
];
/// Upper bounds of the sequences of a pass.
const SEQUENCES: [f64; 9] = [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0];
/// Upper bounds of the tokens of a pass.
const TOKENS: [f64; 9] = [
    16.0, 32.0, 64.0, 128.0, 256.0, 512.0, 1024.0, 2048.0, 4096.0,
];

/// Everything that is counted.
#[derive(Debug)]
pub(crate) struct Metrics {
    version: String,
    commit: String,
    counted: Mutex<Counted>,
    in_flight: AtomicU64,
    waiting: AtomicU64,
}

#[derive(Debug)]
struct Counted {
    /// By endpoint and status.
    requests: BTreeMap<(&'static str, u16), u64>,
    /// By endpoint.
    durations: BTreeMap<&'static str, Histogram>,
    passes: Histogram,
    batch_sequences: Histogram,
    batch_tokens: Histogram,
}

#[derive(Debug)]
struct Histogram {
    bounds: &'static [f64],
    /// How many lie at or below each bound, but above the one before it; one more for those above all.
    counts: Vec<u64>,
    sum: f64,
}

impl Histogram {
    fn new(bounds: &'static [f64]) -> Self {
        Self {
            bounds,
            counts: vec![0; bounds.len() + 1],
            sum: 0.0,
        }
    }

    fn add(&mut self, value: f64) {
        let place = self.bounds.partition_point(|bound| *bound < value);
        self.counts[place] += 1;
        self.sum += value;
    }

    /// Its lines; `labels` are `name="value",` or nothing.
    fn write(&self, text: &mut String, name: &str, labels: &str) {
        let mut below = 0;
        for (bound, count) in self.bounds.iter().zip(&self.counts) {
            below += count;
            let _ = writeln!(text, "{name}_bucket{{{labels}le=\"{bound}\"}} {below}");
        }
        let all: u64 = self.counts.iter().sum();
        let _ = writeln!(text, "{name}_bucket{{{labels}le=\"+Inf\"}} {all}");
        let braced = match labels.strip_suffix(',') {
            Some(labels) => format!("{{{labels}}}"),
            None => String::new(),
        };
        let _ = writeln!(text, "{name}_sum{braced} {}", self.sum);
        let _ = writeln!(text, "{name}_count{braced} {all}");
    }
}

impl Metrics {
    pub(crate) fn new(version: &str, commit: &str) -> Self {
        Self {
            version: version.to_owned(),
            commit: commit.to_owned(),
            counted: Mutex::new(Counted {
                requests: BTreeMap::new(),
                durations: BTreeMap::new(),
                passes: Histogram::new(&SECONDS),
                batch_sequences: Histogram::new(&SEQUENCES),
                batch_tokens: Histogram::new(&TOKENS),
            }),
            in_flight: AtomicU64::new(0),
            waiting: AtomicU64::new(0),
        }
    }

    /// A request begins.
    pub(crate) fn begin(&self) {
        self.in_flight.fetch_add(1, Ordering::SeqCst);
    }

    /// A request is over.
    pub(crate) fn end(&self, endpoint: &'static str, status: u16, took: Duration) {
        self.in_flight.fetch_sub(1, Ordering::SeqCst);
        let mut counted = self.lock();
        *counted.requests.entry((endpoint, status)).or_insert(0) += 1;
        counted
            .durations
            .entry(endpoint)
            .or_insert_with(|| Histogram::new(&SECONDS))
            .add(took.as_secs_f64());
    }

    /// Requests that have begun and are not over.
    pub(crate) fn in_flight(&self) -> u64 {
        self.in_flight.load(Ordering::SeqCst)
    }

    /// So many sequences wait now.
    pub(crate) fn set_waiting(&self, sequences: usize) {
        self.waiting.store(sequences as u64, Ordering::Relaxed);
    }

    /// A pass of the model is over.
    pub(crate) fn pass(&self, sequences: usize, tokens: usize, took: Duration) {
        let mut counted = self.lock();
        counted.passes.add(took.as_secs_f64());
        counted.batch_sequences.add(sequences as f64);
        counted.batch_tokens.add(tokens as f64);
    }

    /// The text.
    pub(crate) fn text(&self) -> String {
        let counted = self.lock();
        let mut text = String::new();
        let head = |text: &mut String, name: &str, kind: &str, help: &str| {
            let _ = write!(text, "# HELP {name} {help}\n# TYPE {name} {kind}\n");
        };
        head(
            &mut text,
            "pliant_build_info",
            "gauge",
            "The program; always 1.",
        );
        let _ = writeln!(
            text,
            "pliant_build_info{{version=\"{}\",commit=\"{}\"}} 1",
            self.version, self.commit
        );
        head(
            &mut text,
            "pliant_requests_total",
            "counter",
            "Requests by endpoint and status; 499 where the client left before the answer.",
        );
        for ((endpoint, status), count) in &counted.requests {
            let _ = writeln!(
                text,
                "pliant_requests_total{{endpoint=\"{endpoint}\",status=\"{status}\"}} {count}"
            );
        }
        let name = "pliant_request_duration_seconds";
        head(
            &mut text,
            name,
            "histogram",
            "Seconds from a request's head to its answer.",
        );
        for (endpoint, durations) in &counted.durations {
            durations.write(&mut text, name, &format!("endpoint=\"{endpoint}\","));
        }
        for (name, help, value) in [
            (
                "pliant_requests_in_flight",
                "Requests that have begun and are not over.",
                self.in_flight(),
            ),
            (
                "pliant_queue_sequences",
                "Sequences that wait for the model.",
                self.waiting.load(Ordering::Relaxed),
            ),
        ] {
            head(&mut text, name, "gauge", help);
            let _ = writeln!(text, "{name} {value}");
        }
        for (name, help, histogram) in [
            (
                "pliant_pass_duration_seconds",
                "Seconds of a pass of the model.",
                &counted.passes,
            ),
            (
                "pliant_batch_sequences",
                "Sequences that went through the model together.",
                &counted.batch_sequences,
            ),
            (
                "pliant_batch_tokens",
                "Tokens that went through the model together.",
                &counted.batch_tokens,
            ),
        ] {
            head(&mut text, name, "histogram", help);
            histogram.write(&mut text, name, "");
        }
        let name = "pliant_tokens_total";
        head(
            &mut text,
            name,
            "counter",
            "Tokens that went through the model.",
        );
        let _ = writeln!(text, "{name} {}", counted.batch_tokens.sum);
        text
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Counted> {
        self.counted.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buckets_are_cumulative_and_a_bound_belongs_to_its_bucket() {
        let mut histogram = Histogram::new(&SEQUENCES);
        for value in [1.0, 2.0, 3.0, 1000.0] {
            histogram.add(value);
        }
        let mut text = String::new();
        histogram.write(&mut text, "x", "a=\"b\",");
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines[0], "x_bucket{a=\"b\",le=\"1\"} 1");
        assert_eq!(lines[1], "x_bucket{a=\"b\",le=\"2\"} 2");
        assert_eq!(lines[2], "x_bucket{a=\"b\",le=\"4\"} 3");
        assert_eq!(
            lines[9..],
            [
                "x_bucket{a=\"b\",le=\"+Inf\"} 4",
                "x_sum{a=\"b\"} 1006",
                "x_count{a=\"b\"} 4"
            ]
        );
    }
}
