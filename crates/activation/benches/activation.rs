//! Bias and activation, forward and backward: `cargo bench -p pliant-activation`. The rate counts elements; `pliant act
//! bench` compares with GELU and with a copy.
#![allow(clippy::expect_used)]

use divan::{Bencher, counter::ItemsCount};
use pliant_activation::Activation;
use pliant_kernels::random::{Purpose, Stream};

fn main() {
    divan::main();
}

const ROWS: usize = 1024;
const CHANNELS: usize = 3072;

const FUNCTIONS: [&str; 6] = [
    "gelu",
    "relu",
    "silu",
    "rational",
    "rational(form=b)",
    "rational(share=group(384))",
];

fn random(seed: u64, count: usize) -> Vec<f32> {
    let stream = Stream::new(seed, Purpose::Probe, 0);
    (0..count as u64)
        .map(|index| stream.normal(index) as f32)
        .collect()
}

fn activation(text: &str) -> (Activation, Vec<f32>) {
    let activation = Activation::new(&text.parse().expect("a text form")).expect("a function");
    let coefficients = activation
        .start_coefficients(CHANNELS)
        .expect("groups that divide the channels");
    (activation, coefficients)
}

#[divan::bench(args = FUNCTIONS, sample_count = 20)]
fn forward(bencher: Bencher<'_, '_>, function: &str) {
    let (activation, coefficients) = activation(function);
    let (x, bias) = (random(1, ROWS * CHANNELS), random(2, CHANNELS));
    let mut y = vec![0.0; x.len()];
    bencher
        .counter(ItemsCount::new(x.len()))
        .bench_local(|| activation.forward(&coefficients, &x, Some(&bias), CHANNELS, &mut y));
}

#[divan::bench(args = FUNCTIONS, sample_count = 20)]
fn backward(bencher: Bencher<'_, '_>, function: &str) {
    let (activation, coefficients) = activation(function);
    let (x, bias) = (random(1, ROWS * CHANNELS), random(2, CHANNELS));
    let dy = random(3, x.len());
    let mut gradient = vec![0.0; coefficients.len()];
    let mut dbias = vec![0.0; CHANNELS];
    bencher
        .counter(ItemsCount::new(x.len()))
        .with_inputs(|| dy.clone())
        .bench_local_refs(|dx| {
            activation.backward_in_place(
                &coefficients,
                &x,
                Some(&bias),
                CHANNELS,
                dx,
                Some(&mut dbias),
                &mut gradient,
            );
        });
}
