//! Projection on the words, softmax and loss: `cargo bench -p pliant-kernels --bench masked_lm`. The rate counts floating-point
//! operations of the products.

use divan::{Bencher, counter::ItemsCount};
use pliant_kernels::random::{Purpose, Stream};
use pliant_kernels::{Precision, masked_lm};

fn main() {
    divan::main();
}

const VOCABULARY: usize = 30_522;

/// Masked rows and hidden size: those of `mini` and `base`.
const SHAPES: [(usize, usize); 2] = [(614, 256), (153, 768)];

struct Head {
    hidden: Vec<f32>,
    table: Vec<f32>,
    bias: Vec<f32>,
    labels: Vec<u32>,
}

impl Head {
    fn new(rows: usize, hidden_size: usize) -> Self {
        let random = |seed: u64, count: usize, deviation: f32| -> Vec<f32> {
            let stream = Stream::new(seed, Purpose::Probe, 0);
            (0..count as u64)
                .map(|index| deviation * stream.normal(index) as f32)
                .collect()
        };
        let labels = Stream::new(4, Purpose::Probe, 0);
        Self {
            hidden: random(1, rows * hidden_size, 1.0),
            table: random(2, VOCABULARY * hidden_size, 0.02),
            bias: random(3, VOCABULARY, 0.1),
            labels: (0..rows as u64)
                .map(|row| labels.below(row, VOCABULARY as u64) as u32)
                .collect(),
        }
    }
}

#[divan::bench(args = SHAPES, sample_count = 20)]
fn score(bencher: Bencher<'_, '_>, (rows, hidden_size): (usize, usize)) {
    let head = Head::new(rows, hidden_size);
    let operations = ItemsCount::new(2 * rows * hidden_size * VOCABULARY);
    bencher.counter(operations).bench_local(|| {
        masked_lm::score(
            Precision::F32,
            &head.hidden,
            &head.table,
            &head.bias,
            &head.labels,
            hidden_size,
            VOCABULARY,
        )
    });
}

#[divan::bench(args = SHAPES, sample_count = 20)]
fn score_and_gradients(bencher: Bencher<'_, '_>, (rows, hidden_size): (usize, usize)) {
    let head = Head::new(rows, hidden_size);
    let mut dhidden = vec![0.0; head.hidden.len()];
    let mut dtable = vec![0.0; head.table.len()];
    let mut dbias = vec![0.0; VOCABULARY];
    let operations = ItemsCount::new(6 * rows * hidden_size * VOCABULARY);
    bencher.counter(operations).bench_local(|| {
        masked_lm::score_and_gradients(
            Precision::F32,
            &head.hidden,
            &head.table,
            &head.bias,
            &head.labels,
            hidden_size,
            VOCABULARY,
            1.0,
            &mut dhidden,
            &mut dtable,
            &mut dbias,
        )
    });
}
