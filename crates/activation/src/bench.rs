//! Nanoseconds per element of each activation, beside gelu and beside a plain copy.

use crate::activation::Activation;
use crate::error::ActivationError;
use crate::spec::ActivationSpec;
use pliant_kernels::parallel::{ELEMENTS, for_each_chunk};
use pliant_kernels::random::{Purpose, Stream};
use serde::Serialize;
use std::time::Instant;

/// What to measure.
#[derive(Clone, Debug, PartialEq)]
pub struct BenchOptions {
    /// Rows of the layer.
    pub rows: usize,
    /// Channels of the layer.
    pub columns: usize,
    /// Rounds; every activation once in each, so that a disturbance meets all.
    pub repeats: usize,
    /// Activations; gelu is measured in any case, as the first.
    pub activations: Vec<ActivationSpec>,
}

impl Default for BenchOptions {
    fn default() -> Self {
        let texts = [
            "identity",
            "relu",
            "leaky_relu",
            "gelu_tanh",
            "silu",
            "tanh",
            "sigmoid",
            "rational",
            "rational(form=b)",
            "rational(form=c)",
            "rational(form=n)",
            "rational(3/2)",
            "rational(7/6)",
            "rational(9/8)",
            "rational(share=group(8))",
            "rational(share=group(384))",
            "rational(share=channel)",
            "prelu",
            "prelu(share=channel)",
            "polynomial",
            "polynomial(5)",
            "swish",
            "arelu",
            "crrelu",
            "snake",
            "xielu",
            "series",
            "series(base=gelu)",
            "spline",
            "spline(33)",
            "corrected",
            "poly_norm",
        ];
        Self {
            rows: 4096,
            columns: 3072,
            repeats: 9,
            activations: texts.iter().filter_map(|text| text.parse().ok()).collect(),
        }
    }
}

/// Times of one activation, in nanoseconds per element, medians over the rounds.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct BenchRow {
    /// Text form of the activation.
    pub activation: String,
    /// Bias and activation.
    pub forward: f64,
    /// Forward and then backward as a model does it: in place, with the gradients of bias and coefficients.
    pub forward_backward: f64,
    /// `forward` over gelu's.
    pub forward_to_gelu: f64,
    /// `forward_backward` over gelu's.
    pub forward_backward_to_gelu: f64,
    /// Memory traffic of forward and backward in 10⁹ bytes per second, counting [`TRAFFIC`] bytes per element.
    pub gigabytes_per_second: f64,
    /// `gigabytes_per_second` over that of a copy.
    pub share_of_copy: f64,
}

/// Bytes per element that forward and backward have to move: the input read, the output written; input and gradient of the
/// output read, gradient of the input written; four bytes each.
pub const TRAFFIC: usize = 20;

/// Bytes per element of a copy: read and written.
const COPY_TRAFFIC: usize = 8;

/// All measurements.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct BenchReport {
    /// Rows of the layer.
    pub rows: usize,
    /// Channels of the layer.
    pub columns: usize,
    /// Rounds.
    pub repeats: usize,
    /// Threads of the pool.
    pub threads: usize,
    /// Instruction set of the kernels.
    pub instructions: &'static str,
    /// A copy of the layer by the same threads, read and written bytes in 10⁹ per second; median over the rounds.
    pub copy_gigabytes_per_second: f64,
    /// One row per activation.
    pub results: Vec<BenchRow>,
}

struct Candidate {
    activation: Activation,
    coefficients: Vec<f32>,
    gradient: Vec<f32>,
    forward: Vec<f64>,
    both: Vec<f64>,
}

/// Measures with the threads of the current rayon pool.
///
/// # Errors
/// If an activation does not suit the number of channels.
pub fn run(options: &BenchOptions) -> Result<BenchReport, ActivationError> {
    let (rows, columns) = (options.rows.max(1), options.columns.max(1));
    let mut specs: Vec<ActivationSpec> = "gelu".parse().into_iter().collect();
    for spec in &options.activations {
        if !specs.contains(spec) {
            specs.push(spec.clone());
        }
    }
    let mut candidates = specs
        .iter()
        .map(|spec| {
            let activation = Activation::new(spec)?;
            let coefficients = activation.start_coefficients(columns)?;
            let gradient = vec![0.0; coefficients.len()];
            Ok(Candidate {
                activation,
                coefficients,
                gradient,
                forward: Vec::new(),
                both: Vec::new(),
            })
        })
        .collect::<Result<Vec<_>, ActivationError>>()?;
    let stream = Stream::new(0, Purpose::Probe, 0);
    let draw = |offset: u64, count: usize| -> Vec<f32> {
        // A period is enough: no branch depends on the values.
        let period: Vec<f32> = (0..4096)
            .map(|i| stream.normal(offset + i) as f32)
            .collect();
        period.iter().cycle().take(count).copied().collect()
    };
    let (x, dy, bias) = (
        draw(0, rows * columns),
        draw(10_000, rows * columns),
        draw(20_000, columns),
    );
    let (mut y, mut dx) = (vec![0.0_f32; x.len()], vec![0.0_f32; x.len()]);
    let mut dbias = vec![0.0; columns];
    let elements = x.len() as f64;
    let mut copies = Vec::new();
    for round in 0..=options.repeats.max(1) {
        let begin = Instant::now();
        for_each_chunk(&mut y, ELEMENTS, |chunk, y| {
            y.copy_from_slice(&x[chunk * ELEMENTS..][..y.len()]);
        });
        let copied = begin.elapsed();
        std::hint::black_box(&y);
        if round > 0 {
            copies.push(copied.as_secs_f64() * 1e9 / elements);
        }
        for candidate in &mut candidates {
            let Candidate {
                activation,
                coefficients,
                gradient,
                forward,
                both,
            } = candidate;
            dx.copy_from_slice(&dy);
            let begin = Instant::now();
            activation.forward(coefficients, &x, Some(&bias), columns, &mut y);
            let middle = begin.elapsed();
            activation.backward_in_place(
                coefficients,
                &x,
                Some(&bias),
                columns,
                &mut dx,
                Some(&mut dbias),
                gradient,
            );
            let end = begin.elapsed();
            std::hint::black_box((&y, &dx, &dbias, &gradient));
            // The first round warms caches and pages.
            if round > 0 {
                forward.push(middle.as_secs_f64() * 1e9 / elements);
                both.push(end.as_secs_f64() * 1e9 / elements);
            }
        }
    }
    let times: Vec<(f64, f64)> = candidates
        .iter_mut()
        .map(|c| (median(&mut c.forward), median(&mut c.both)))
        .collect();
    let (gelu_forward, gelu_both) = times[0];
    // Bytes per nanosecond are 10⁹ bytes per second.
    let copy = COPY_TRAFFIC as f64 / median(&mut copies);
    let results = candidates
        .iter()
        .zip(&times)
        .map(|(candidate, (forward, both))| BenchRow {
            activation: candidate.activation.spec().to_string(),
            forward: *forward,
            forward_backward: *both,
            forward_to_gelu: forward / gelu_forward,
            forward_backward_to_gelu: both / gelu_both,
            gigabytes_per_second: TRAFFIC as f64 / both,
            share_of_copy: TRAFFIC as f64 / both / copy,
        })
        .collect();
    Ok(BenchReport {
        rows,
        columns,
        repeats: options.repeats.max(1),
        threads: rayon::current_num_threads(),
        instructions: pliant_kernels::dispatch::level().name(),
        copy_gigabytes_per_second: copy,
        results,
    })
}

fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    if values.len().is_multiple_of(2) {
        f64::midpoint(values[middle - 1], values[middle])
    } else {
        values[middle]
    }
}
