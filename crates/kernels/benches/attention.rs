//! Attention: `cargo bench -p pliant-kernels --bench attention`. The rate counts floating-point operations of the products.

use divan::{Bencher, counter::ItemsCount};
use pliant_kernels::attention::{self, Dropout, Rotary, Shape};
use pliant_kernels::random::{Purpose, Stream};
use pliant_kernels::{Precision, TokenLayout};

fn main() {
    divan::main();
}

/// Tokens of all sequences.
const TOKENS: usize = 4096;

/// Heads of 64 channels and tokens of a sequence: `mini`, the same at 512 tokens, `base`.
const SHAPES: [(usize, usize); 3] = [(4, 128), (4, 512), (12, 128)];

struct Case {
    shape: Shape,
    layout: TokenLayout,
    qkv: Vec<f32>,
    rotary: Rotary,
    dropout: Dropout,
}

impl Case {
    fn new(heads: usize, sequence: usize) -> Self {
        let shape = Shape {
            heads,
            head_size: 64,
        };
        let stream = Stream::new(1, Purpose::Probe, 0);
        let layout = TokenLayout::dense(TOKENS / sequence, sequence);
        let count = 3 * layout.tokens() * shape.hidden();
        Self {
            shape,
            qkv: (0..count as u64)
                .map(|index| stream.normal(index) as f32)
                .collect(),
            layout,
            rotary: Rotary::new(sequence, shape.head_size, 10_000.0),
            dropout: Dropout {
                probability: 0.1,
                stream: Stream::new(1, Purpose::Dropout, 1),
                first_sequence: 0,
            },
        }
    }

    fn operations(&self) -> usize {
        4 * self.layout.length() * self.qkv.len() / 3
    }

    fn forward(&self, output: &mut [f32], statistics: &mut [f32]) {
        attention::forward(
            Precision::F32,
            &self.shape,
            &self.layout,
            &self.qkv,
            Some(&self.rotary),
            Some(&self.dropout),
            output,
            statistics,
        );
    }
}

#[divan::bench(args = SHAPES, sample_count = 20)]
fn forward(bencher: Bencher<'_, '_>, (heads, sequence): (usize, usize)) {
    let case = Case::new(heads, sequence);
    let mut output = vec![0.0; case.qkv.len() / 3];
    let mut statistics = vec![0.0; 2 * case.layout.tokens() * heads];
    bencher
        .counter(ItemsCount::new(case.operations()))
        .bench_local(|| case.forward(&mut output, &mut statistics));
}

#[divan::bench(args = SHAPES, sample_count = 20)]
fn backward(bencher: Bencher<'_, '_>, (heads, sequence): (usize, usize)) {
    let case = Case::new(heads, sequence);
    let mut output = vec![0.0; case.qkv.len() / 3];
    let mut statistics = vec![0.0; 2 * case.layout.tokens() * heads];
    case.forward(&mut output, &mut statistics);
    let doutput = output.clone();
    let mut dqkv = vec![0.0; case.qkv.len()];
    bencher
        .counter(ItemsCount::new(case.operations() * 5 / 2))
        .bench_local(|| {
            attention::backward(
                Precision::F32,
                &case.shape,
                &case.layout,
                &case.qkv,
                Some(&case.rotary),
                Some(&case.dropout),
                &output,
                &statistics,
                &doutput,
                &mut dqkv,
            );
        });
}
