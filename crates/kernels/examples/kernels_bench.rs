//! Prints the speed of every operation at the shapes of the `tiny` and `mini` presets.
//!
//! `cargo run --release -p pliant-kernels --example kernels_bench [part of a name]`
#![allow(clippy::print_stdout)]

use std::time::Instant;

use pliant_kernels::adamw::{self, AdamW};
use pliant_kernels::attention::{self, Rotary, Shape};
use pliant_kernels::random::{Purpose, Stream};
use pliant_kernels::{
    Precision, TokenLayout, dispatch, embedding, gather, linear, masked_lm, norm, residual,
    residual_norm,
};

fn random(seed: u64, count: usize, deviation: f32) -> Vec<f32> {
    let stream = Stream::new(seed, Purpose::Probe, 0);
    (0..count as u64)
        .map(|index| deviation * stream.normal(index) as f32)
        .collect()
}

/// Processor time of the process so far in seconds: unlike the clock on the wall it does not see other processes.
fn processor_time() -> Option<f64> {
    let mut total = 0.0;
    for task in std::fs::read_dir("/proc/self/task").ok()? {
        let text = std::fs::read_to_string(task.ok()?.path().join("schedstat")).ok()?;
        total += text.split_whitespace().next()?.parse::<f64>().ok()?;
    }
    Some(1e-9 * total)
}

/// Seconds of a call: shortest on the wall, and mean of processor time (NaN where the system does not tell).
fn time(mut work: impl FnMut()) -> (f64, f64) {
    const CALLS: usize = 25;
    work();
    let before = processor_time();
    let wall = (0..CALLS)
        .map(|_| {
            let start = Instant::now();
            work();
            start.elapsed().as_secs_f64()
        })
        .fold(f64::INFINITY, f64::min);
    let processor = before
        .zip(processor_time())
        .map_or(f64::NAN, |(before, after)| (after - before) / CALLS as f64);
    (wall, processor)
}

struct Bench {
    filter: String,
}

impl Bench {
    fn elements(&self, name: &str, elements: usize, work: impl FnMut()) {
        if name.contains(&self.filter) {
            let (wall, processor) = time(work);
            println!(
                "{name:44} {:9.3} ms {:8.3} ns/element {:9.3} cpu-ms {:8.3} ns/element",
                1e3 * wall,
                1e9 * wall / elements as f64,
                1e3 * processor,
                1e9 * processor / elements as f64
            );
        }
    }

    fn product(&self, name: &str, operations: usize, work: impl FnMut()) {
        if name.contains(&self.filter) {
            let (wall, processor) = time(work);
            println!(
                "{name:44} {:9.3} ms {:8.1} GFLOP/s    {:9.3} cpu-ms {:8.1} GFLOP/s",
                1e3 * wall,
                1e-9 * operations as f64 / wall,
                1e3 * processor,
                1e-9 * operations as f64 / processor
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
            linear::forward(
                pliant_kernels::Precision::F32,
                &x,
                &weight,
                None,
                rows,
                inputs,
                outputs,
                &mut y,
            );
        });
        self.product(&name("forward+bias"), operations, || {
            linear::forward(
                pliant_kernels::Precision::F32,
                &x,
                &weight,
                Some(&bias),
                rows,
                inputs,
                outputs,
                &mut y,
            );
        });
        self.product(&name("backward_input"), operations, || {
            linear::backward_input(
                pliant_kernels::Precision::F32,
                &dy,
                &weight,
                rows,
                inputs,
                outputs,
                &mut dx,
            );
        });
        self.product(&name("backward_weight"), operations, || {
            linear::backward_weight(
                pliant_kernels::Precision::F32,
                &dy,
                &x,
                rows,
                inputs,
                outputs,
                &mut dweight,
            );
        });
        self.elements(&name("backward_bias"), rows * outputs, || {
            linear::backward_bias(&dy, rows, outputs, &mut dbias);
        });
    }

    fn attention(
        &self,
        precision: Precision,
        preset: &str,
        heads: usize,
        sequence: usize,
        dropout: bool,
    ) {
        let shape = Shape {
            heads,
            head_size: 64,
        };
        let tokens = 4096;
        let layout = TokenLayout::dense(tokens / sequence, sequence);
        let count = tokens * shape.hidden();
        let qkv = random(1, 3 * count, 1.0);
        let doutput = random(2, count, 1.0);
        let rotary = Rotary::new(sequence, shape.head_size, 10_000.0);
        let dropout = dropout.then(|| attention::Dropout {
            probability: 0.1,
            stream: Stream::new(1, Purpose::Dropout, 1),
            first_sequence: 0,
        });
        let mut output = vec![0.0; count];
        let mut sums = vec![0.0; 2 * heads * tokens];
        let mut dqkv = vec![0.0; 3 * count];
        let kind = if dropout.is_some() { " dropout" } else { "" };
        let operations = 4 * count * sequence;
        let name =
            |what: &str| format!("{preset} attention {what} {heads}x{sequence}{kind} {precision}");
        self.product(&name("forward"), operations, || {
            attention::forward(
                precision,
                &shape,
                &layout,
                &qkv,
                Some(&rotary),
                dropout.as_ref(),
                &mut output,
                &mut sums,
            );
        });
        self.product(&name("backward"), operations * 5 / 2, || {
            attention::backward(
                precision,
                &shape,
                &layout,
                &qkv,
                Some(&rotary),
                dropout.as_ref(),
                &output,
                &sums,
                &doutput,
                &mut dqkv,
            );
        });
    }

    fn rows(&self, preset: &str, rows: usize, columns: usize) {
        let count = rows * columns;
        let x = random(1, count, 1.0);
        let other = random(2, count, 1.0);
        let weight = random(3, columns, 1.0);
        let mut y = vec![0.0; count];
        let mut z = vec![0.0; count];
        let (mut mean, mut reciprocal) = (vec![0.0; rows], vec![0.0; rows]);
        let (mut dweight, mut dbias) = (vec![0.0; columns], vec![0.0; columns]);
        let name = |what: &str| format!("{preset} {what} {rows}x{columns}");
        self.elements(&name("norm forward"), count, || {
            norm::forward(
                &x,
                &weight,
                &weight,
                1e-5,
                columns,
                &mut y,
                &mut mean,
                &mut reciprocal,
            );
        });
        self.elements(&name("norm backward"), count, || {
            norm::backward(
                &other,
                &x,
                &weight,
                &mean,
                &reciprocal,
                columns,
                &mut y,
                &mut dweight,
                &mut dbias,
            );
        });
        let dropout = residual::Dropout {
            probability: 0.1,
            stream: Stream::new(1, Purpose::Dropout, 1),
            first_sequence: 0,
            elements_per_sequence: 128 * columns,
        };
        for (kind, dropout) in [("", None), (" dropout", Some(&dropout))] {
            let parameters = residual_norm::Parameters {
                bias: &weight,
                factor: 1.0,
                weight: &weight,
                norm_bias: &weight,
                epsilon: 1e-5,
                dropout,
                row_index: None,
            };
            self.elements(&name(&format!("fused norm forward{kind}")), count, || {
                residual_norm::forward(&parameters, &mut z, &other, &mut y, &mut reciprocal);
            });
            let [mut dweight, mut dnorm_bias] = [(); 2].map(|()| vec![0.0; columns]);
            y.fill(0.0);
            self.elements(&name(&format!("fused norm backward{kind}")), count, || {
                let gradients = residual_norm::VectorGradients {
                    bias: &mut dbias,
                    weight: &mut dweight,
                    norm_bias: &mut dnorm_bias,
                };
                residual_norm::backward(&parameters, &mut y, &mut z, &reciprocal, gradients);
            });
        }
        for (kind, dropout) in [("", None), (" dropout", Some(&dropout))] {
            self.elements(&name(&format!("residual forward{kind}")), count, || {
                residual::forward(
                    &x,
                    Some(&weight),
                    &other,
                    1.0,
                    columns,
                    dropout,
                    None,
                    &mut y,
                );
            });
            self.elements(&name(&format!("residual backward{kind}")), count, || {
                residual::backward(
                    &x,
                    1.0,
                    columns,
                    dropout,
                    None,
                    &mut y,
                    Some(&mut dbias),
                    &mut z,
                );
            });
        }
        let vocabulary = 8192;
        let ids: Vec<u32> = (0..rows as u64)
            .map(|i| Stream::new(1, Purpose::Probe, 2).below(i, vocabulary) as u32)
            .collect();
        let mut table = random(4, vocabulary as usize * columns, 1.0);
        self.elements(&name("embedding forward"), count, || {
            embedding::forward(&[(&ids, &table)], columns, &mut y);
        });
        self.elements(&name("embedding backward"), count, || {
            embedding::backward(&ids, &x, columns, &mut table);
        });
        let types = vec![0; rows];
        self.elements(&name("embedding backward, one row"), count, || {
            embedding::backward(&types, &x, columns, &mut table);
        });
        let places: Vec<u32> = (0..rows as u32).step_by(7).collect();
        let mut picked = vec![0.0; places.len() * columns];
        self.elements(&name("gather rows"), picked.len(), || {
            gather::rows(&x, &places, columns, &mut picked);
        });
        self.elements(&name("gather scatter_rows"), count, || {
            gather::scatter_rows(&picked, &places, columns, &mut y);
        });
    }

    fn head(&self, preset: &str, rows: usize, hidden_size: usize, vocabulary: usize) {
        let hidden = random(1, rows * hidden_size, 1.0);
        let table = random(2, vocabulary * hidden_size, 0.1);
        let bias = random(3, vocabulary, 0.1);
        let labels: Vec<u32> = (0..rows)
            .map(|row| (row * 7919 % vocabulary) as u32)
            .collect();
        let mut dhidden = vec![0.0; hidden.len()];
        let mut dtable = vec![0.0; table.len()];
        let mut dbias = vec![0.0; vocabulary];
        let operations = 2 * rows * hidden_size * vocabulary;
        let name =
            |what: &str| format!("{preset} masked_lm {what} {rows}x{hidden_size}x{vocabulary}");
        self.product(&name("score"), operations, || {
            masked_lm::score(
                pliant_kernels::Precision::F32,
                &hidden,
                &table,
                &bias,
                &labels,
                hidden_size,
                vocabulary,
            );
        });
        self.product(&name("gradients"), 3 * operations, || {
            masked_lm::score_and_gradients(
                pliant_kernels::Precision::F32,
                &hidden,
                &table,
                &bias,
                &labels,
                hidden_size,
                vocabulary,
                1.0,
                &mut dhidden,
                &mut dtable,
                &mut dbias,
            );
        });
    }

    fn optimizer(&self, count: usize) {
        let mut weights = random(1, count, 1.0);
        let gradients = random(2, count, 1.0);
        let (mut first, mut second) = (vec![0.0; count], vec![0.0; count]);
        let options = AdamW {
            learning_rate: 1e-3,
            beta1: 0.9,
            beta2: 0.999,
            epsilon: 1e-6,
            weight_decay: 0.01,
            step: 10,
        };
        self.elements("adamw update", count, || {
            adamw::update(
                &options,
                &mut weights,
                &gradients,
                1.0,
                &mut first,
                &mut second,
                None,
            );
        });
        self.elements("adamw sum_of_squares", count, || {
            std::hint::black_box(adamw::sum_of_squares(&gradients));
        });
        let mut words = vec![0; count];
        self.elements("random fill_bits, one thread", count, || {
            Stream::new(1, Purpose::Probe, 0).fill_bits(0, &mut words);
        });
    }
}

fn main() {
    let bench = Bench {
        filter: std::env::args().nth(1).unwrap_or_default(),
    };
    println!(
        "level {}, {} threads",
        dispatch::level(),
        rayon::current_num_threads()
    );
    for (preset, hidden) in [("tiny", 128), ("mini", 256)] {
        let rows = 4096;
        bench.linear(preset, rows, hidden, 3 * hidden);
        bench.linear(preset, rows, hidden, hidden);
        bench.linear(preset, rows, hidden, 4 * hidden);
        bench.linear(preset, rows, 4 * hidden, hidden);
        bench.rows(preset, rows, hidden);
        for precision in Precision::ALL {
            for dropout in [false, true] {
                bench.attention(precision, preset, hidden / 64, 128, dropout);
            }
            bench.attention(precision, preset, hidden / 64, 512, false);
        }
        bench.head(preset, 614, hidden, 8192);
    }
    bench.head("mini", 614, 256, 30522);
    bench.optimizer(4_000_000);
}
