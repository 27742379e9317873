//! What works row by row or element by element: `cargo bench -p pliant-kernels --bench rows`. The rate counts elements.

use divan::{Bencher, counter::ItemsCount};
use pliant_kernels::random::{Purpose, Stream};
use pliant_kernels::{embedding, gather, norm};

fn main() {
    divan::main();
}

const ROWS: usize = 4096;
const VOCABULARY: u64 = 30_522;
const WIDTHS: [usize; 2] = [256, 768];

fn random(seed: u64, count: usize) -> Vec<f32> {
    let stream = Stream::new(seed, Purpose::Probe, 0);
    (0..count as u64)
        .map(|index| stream.normal(index) as f32)
        .collect()
}

#[divan::bench(args = WIDTHS, sample_count = 30)]
fn norm_forward(bencher: Bencher<'_, '_>, columns: usize) {
    let (x, weight) = (random(1, ROWS * columns), random(2, columns));
    let mut y = vec![0.0; x.len()];
    let (mut mean, mut reciprocal) = (vec![0.0; ROWS], vec![0.0; ROWS]);
    bencher.counter(ItemsCount::new(x.len())).bench_local(|| {
        norm::forward(
            &x,
            &weight,
            &weight,
            1e-12,
            columns,
            &mut y,
            &mut mean,
            &mut reciprocal,
        );
    });
}

#[divan::bench(args = WIDTHS, sample_count = 30)]
fn norm_backward(bencher: Bencher<'_, '_>, columns: usize) {
    let (x, dy, weight) = (
        random(1, ROWS * columns),
        random(2, ROWS * columns),
        random(3, columns),
    );
    let mut dx = vec![0.0; x.len()];
    let (mut mean, mut reciprocal) = (vec![0.0; ROWS], vec![0.0; ROWS]);
    norm::forward(
        &x,
        &weight,
        &weight,
        1e-12,
        columns,
        &mut dx,
        &mut mean,
        &mut reciprocal,
    );
    let (mut dweight, mut dbias) = (vec![0.0; columns], vec![0.0; columns]);
    bencher.counter(ItemsCount::new(x.len())).bench_local(|| {
        norm::backward(
            &dy,
            &x,
            &weight,
            &mean,
            &reciprocal,
            columns,
            &mut dx,
            &mut dweight,
            &mut dbias,
        );
    });
}

fn ids() -> Vec<u32> {
    let stream = Stream::new(5, Purpose::Probe, 0);
    (0..ROWS as u64)
        .map(|row| stream.below(row, VOCABULARY) as u32)
        .collect()
}

#[divan::bench(args = WIDTHS, sample_count = 30)]
fn embedding_forward(bencher: Bencher<'_, '_>, columns: usize) {
    let table = random(1, VOCABULARY as usize * columns);
    let ids = ids();
    let mut y = vec![0.0; ROWS * columns];
    bencher
        .counter(ItemsCount::new(y.len()))
        .bench_local(|| embedding::forward(&[(&ids, &table)], columns, &mut y));
}

#[divan::bench(args = WIDTHS, sample_count = 30)]
fn embedding_backward(bencher: Bencher<'_, '_>, columns: usize) {
    let mut table = random(1, VOCABULARY as usize * columns);
    let (ids, dy) = (ids(), random(2, ROWS * columns));
    bencher
        .counter(ItemsCount::new(dy.len()))
        .bench_local(|| embedding::backward(&ids, &dy, columns, &mut table));
}

#[divan::bench(args = WIDTHS, sample_count = 30)]
fn gather_rows(bencher: Bencher<'_, '_>, columns: usize) {
    let x = random(1, ROWS * columns);
    let places: Vec<u32> = (0..ROWS as u32).step_by(7).collect();
    let mut picked = vec![0.0; places.len() * columns];
    bencher
        .counter(ItemsCount::new(picked.len()))
        .bench_local(|| gather::rows(&x, &places, columns, &mut picked));
}
