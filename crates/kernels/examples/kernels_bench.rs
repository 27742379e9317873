//! Prints the speed of every operation at the shapes of the `tiny` and `mini` presets.
//!
//! `cargo run --release -p pliant-kernels --example kernels_bench [part of a name]`
#![allow(clippy::print_stdout)]

use std::time::Instant;

use pliant_kernels::linear;
use pliant_kernels::random::{Purpose, Stream};

fn random(seed: u64, count: usize, deviation: f32) -> Vec<f32> {
    let stream = Stream::new(seed, Purpose::Probe, 0);
    (0..count as u64)
        .map(|index| deviation * stream.normal(index) as f32)
        .collect()
}

/// Median time of a call in seconds.
fn median(mut work: impl FnMut()) -> f64 {
    work();
    let mut times: Vec<f64> = (0..15)
        .map(|_| {
            let start = Instant::now();
            work();
            start.elapsed().as_secs_f64()
        })
        .collect();
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

struct Bench {
    filter: String,
}

impl Bench {
    fn elements(&self, name: &str, elements: usize, work: impl FnMut()) {
        if name.contains(&self.filter) {
            let time = median(work);
            println!(
                "{name:44} {:9.3} ms {:8.3} ns/element",
                1e3 * time,
                1e9 * time / elements as f64
            );
        }
    }

    fn product(&self, name: &str, operations: usize, work: impl FnMut()) {
        if name.contains(&self.filter) {
            let time = median(work);
            println!(
                "{name:44} {:9.3} ms {:8.1} GFLOP/s",
                1e3 * time,
                1e-9 * operations as f64 / time
            );
        }
    }

    fn linear(&self, preset: &str, rows: usize, inputs: usize, outputs: usize) {
        let x = random(1, rows * inputs, 1.0);
        let weight = random(2, inputs * outputs, 0.1);
        let bias = random(3, outputs, 0.1);
        let dy = random(4, rows * outputs, 1.0);
        let mut y = vec![0.0; rows * outputs];
        let mut dx = vec![0.0; rows * inputs];
        let mut dweight = vec![0.0; inputs * outputs];
        let mut dbias = vec![0.0; outputs];
        let name = |what: &str| format!("{preset} linear {what} {rows}x{inputs}x{outputs}");
        let operations = 2 * rows * inputs * outputs;
        self.product(&name("forward"), operations, || {
            linear::forward(&x, &weight, None, rows, inputs, outputs, &mut y);
        });
        self.product(&name("forward+bias"), operations, || {
            linear::forward(&x, &weight, Some(&bias), rows, inputs, outputs, &mut y);
        });
        self.product(&name("backward_input"), operations, || {
            linear::backward_input(&dy, &weight, rows, inputs, outputs, &mut dx);
        });
        self.product(&name("backward_weight"), operations, || {
            linear::backward_weight(&dy, &x, rows, inputs, outputs, &mut dweight);
        });
        self.elements(&name("backward_bias"), rows * outputs, || {
            linear::backward_bias(&dy, rows, outputs, &mut dbias);
        });
    }
}

fn main() {
    let bench = Bench {
        filter: std::env::args().nth(1).unwrap_or_default(),
    };
    for (preset, hidden) in [("tiny", 128), ("mini", 256)] {
        let rows = 4096;
        bench.linear(preset, rows, hidden, 3 * hidden);
        bench.linear(preset, rows, hidden, hidden);
        bench.linear(preset, rows, hidden, 4 * hidden);
        bench.linear(preset, rows, 4 * hidden, hidden);
    }
}
