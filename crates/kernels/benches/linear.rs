//! Matrix products of a layer: `cargo bench -p pliant-kernels --bench linear`. The rate counts floating-point operations.

use divan::{Bencher, counter::ItemsCount};
use pliant_kernels::random::{Purpose, Stream};
use pliant_kernels::{Precision, linear};

fn main() {
    divan::main();
}

/// Rows, inputs, outputs: feed-forward of `mini` and `base`, query-key-value of `base`.
const SHAPES: [(usize, usize, usize); 4] = [
    (4096, 256, 1024),
    (4096, 1024, 256),
    (1024, 768, 3072),
    (1024, 768, 2304),
];

fn random(purpose: u64, count: usize) -> Vec<f32> {
    let stream = Stream::new(purpose, Purpose::Probe, 0);
    (0..count as u64)
        .map(|index| stream.normal(index) as f32)
        .collect()
}

fn operations((rows, inputs, outputs): (usize, usize, usize)) -> ItemsCount {
    ItemsCount::new(2 * rows * inputs * outputs)
}

#[divan::bench(consts = [false, true], args = SHAPES, sample_count = 20)]
fn forward<const ROUNDED: bool>(bencher: Bencher<'_, '_>, shape: (usize, usize, usize)) {
    let (rows, inputs, outputs) = shape;
    let (x, weight, bias) = (
        random(1, rows * inputs),
        random(2, inputs * outputs),
        random(3, outputs),
    );
    let mut y = vec![0.0; rows * outputs];
    bencher.counter(operations(shape)).bench_local(|| {
        linear::forward(
            precision(ROUNDED),
            &x,
            &weight,
            Some(&bias),
            rows,
            inputs,
            outputs,
            &mut y,
        );
    });
}

#[divan::bench(consts = [false, true], args = SHAPES, sample_count = 20)]
fn backward_input<const ROUNDED: bool>(bencher: Bencher<'_, '_>, shape: (usize, usize, usize)) {
    let (rows, inputs, outputs) = shape;
    let (dy, weight) = (random(1, rows * outputs), random(2, inputs * outputs));
    let mut dx = vec![0.0; rows * inputs];
    bencher.counter(operations(shape)).bench_local(|| {
        linear::backward_input(
            precision(ROUNDED),
            &dy,
            &weight,
            rows,
            inputs,
            outputs,
            &mut dx,
        );
    });
}

#[divan::bench(consts = [false, true], args = SHAPES, sample_count = 20)]
fn backward_weight<const ROUNDED: bool>(bencher: Bencher<'_, '_>, shape: (usize, usize, usize)) {
    let (rows, inputs, outputs) = shape;
    let (dy, x) = (random(1, rows * outputs), random(2, rows * inputs));
    let mut dweight = vec![0.0; inputs * outputs];
    bencher.counter(operations(shape)).bench_local(|| {
        linear::backward_weight(
            precision(ROUNDED),
            &dy,
            &x,
            rows,
            inputs,
            outputs,
            &mut dweight,
        );
    });
}

/// A constant parameter of a benchmark: whether operands are rounded to bf16.
const fn precision(rounded: bool) -> Precision {
    if rounded {
        Precision::Bf16
    } else {
        Precision::F32
    }
}
