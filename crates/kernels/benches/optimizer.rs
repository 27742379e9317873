//! `AdamW`, the norm of the gradient, random numbers: `cargo bench -p pliant-kernels --bench optimizer`. The rate counts elements.

use divan::{Bencher, counter::ItemsCount};
use pliant_kernels::adamw::{self, AdamW};
use pliant_kernels::random::{Purpose, Stream};

fn main() {
    divan::main();
}

/// The word table of `mini`.
const COUNT: usize = 30_522 * 256;

fn random(seed: u64) -> Vec<f32> {
    let stream = Stream::new(seed, Purpose::Probe, 0);
    (0..COUNT as u64)
        .map(|index| stream.normal(index) as f32)
        .collect()
}

#[divan::bench(sample_count = 20)]
fn update(bencher: Bencher<'_, '_>) {
    let (mut weights, gradient) = (random(1), random(2));
    let (mut first, mut second) = (vec![0.0; COUNT], vec![0.0; COUNT]);
    let options = AdamW {
        learning_rate: 1e-3,
        beta1: 0.9,
        beta2: 0.98,
        epsilon: 1e-6,
        weight_decay: 0.01,
        step: 10,
    };
    bencher.counter(ItemsCount::new(COUNT)).bench_local(|| {
        adamw::update(
            &options,
            &mut weights,
            &gradient,
            1.0,
            &mut first,
            &mut second,
            None,
        );
    });
}

#[divan::bench(sample_count = 20)]
fn sum_of_squares(bencher: Bencher<'_, '_>) {
    let gradient = random(1);
    bencher
        .counter(ItemsCount::new(COUNT))
        .bench_local(|| adamw::sum_of_squares(&gradient));
}

#[divan::bench(sample_count = 20)]
fn fill_bits_on_one_thread(bencher: Bencher<'_, '_>) {
    let mut words = vec![0; COUNT];
    bencher
        .counter(ItemsCount::new(COUNT))
        .bench_local(|| Stream::new(1, Purpose::Probe, 0).fill_bits(0, &mut words));
}
