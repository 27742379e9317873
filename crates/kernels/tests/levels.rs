//! Every operation gives the same result, but for rounding, at every instruction set of this processor. A file of its own:
//! the level belongs to the whole process.

use pliant_kernels::adamw::{self, AdamW};
use pliant_kernels::attention::{self, Rotary, Shape};
use pliant_kernels::dispatch::{Level, force, supported};
use pliant_kernels::random::{Purpose, Stream};
use pliant_kernels::{TokenLayout, linear, masked_lm, norm, residual};

fn random(seed: u64, count: usize) -> Vec<f32> {
    let stream = Stream::new(seed, Purpose::Probe, 0);
    (0..count as u64)
        .map(|index| stream.normal(index) as f32)
        .collect()
}

/// Results of all operations one after the other.
fn everything() -> Vec<Vec<f32>> {
    let (rows, columns) = (70, 37);
    let count = rows * columns;
    let (x, dy, weight) = (random(1, count), random(2, count), random(3, columns));
    let new = |length: usize| vec![0.0; length];
    let mut results = Vec::new();

    let (mut y, mut mean, mut reciprocal) = (new(count), new(rows), new(rows));
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
    let (mut dx, mut dweight, mut dbias) = (new(count), new(columns), new(columns));
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
    results.extend([y, dx, dweight, dbias]);

    let dropout = residual::Dropout {
        probability: 0.2,
        stream: Stream::new(1, Purpose::Dropout, 1),
        first_sequence: 1,
        elements_per_sequence: 7 * columns,
    };
    let (mut out, mut dy_, mut dresidual, mut dbias) =
        (new(count), new(count), new(count), new(columns));
    residual::forward(
        &x,
        Some(&weight),
        &dy,
        1.5,
        columns,
        Some(&dropout),
        None,
        &mut out,
    );
    residual::backward(
        &dy,
        1.5,
        columns,
        Some(&dropout),
        None,
        &mut dy_,
        Some(&mut dbias),
        &mut dresidual,
    );
    results.extend([out, dy_, dresidual, dbias]);

    let mut dbias = new(columns);
    linear::backward_bias(&dy, rows, columns, &mut dbias);
    results.push(dbias);

    let shape = Shape {
        heads: 1,
        head_size: 6,
    };
    let mut mask = vec![1; 70];
    mask[60..].fill(0);
    mask[7] = 0;
    let layout = TokenLayout::new(35, &mask);
    let qkv = random(4, 59 * 18);
    let doutput = random(5, 59 * 6);
    let rotary = Rotary::new(35, 6, 10_000.0);
    let dropout = attention::Dropout {
        probability: 0.1,
        stream: Stream::new(2, Purpose::Dropout, 1),
        first_sequence: 0,
    };
    let (mut output, mut sums, mut dqkv) = (new(doutput.len()), new(118), new(qkv.len()));
    attention::forward(
        pliant_kernels::Precision::F32,
        &shape,
        &layout,
        &qkv,
        Some(&rotary),
        Some(&dropout),
        &mut output,
        &mut sums,
    );
    attention::backward(
        pliant_kernels::Precision::F32,
        &shape,
        &layout,
        &qkv,
        Some(&rotary),
        Some(&dropout),
        &output,
        &sums,
        &doutput,
        &mut dqkv,
    );
    results.extend([output, sums, dqkv]);

    let labels: Vec<u32> = (0..rows as u32).map(|row| row % 50).collect();
    let (table, bias) = (random(6, 50 * columns), random(7, 50));
    let (mut dhidden, mut dtable, mut dbias) = (new(count), new(table.len()), new(50));
    let score = masked_lm::score_and_gradients(
        pliant_kernels::Precision::F32,
        &x,
        &table,
        &bias,
        &labels,
        columns,
        50,
        1.0,
        &mut dhidden,
        &mut dtable,
        &mut dbias,
    );
    results.extend([
        vec![score.loss_sum as f32, score.correct as f32],
        dhidden,
        dtable,
        dbias,
    ]);

    let options = AdamW {
        learning_rate: 0.1,
        beta1: 0.9,
        beta2: 0.99,
        epsilon: 1e-6,
        weight_decay: 0.1,
        step: 2,
    };
    let (mut weights, mut first, mut second) = (x.clone(), new(count), new(count));
    adamw::update(
        &options,
        &mut weights,
        &dy,
        0.5,
        &mut first,
        &mut second,
        Some(&dy),
    );
    results.extend([
        weights,
        first,
        second,
        vec![adamw::sum_of_squares(&x) as f32],
    ]);
    results
}

#[test]
fn levels_agree_to_rounding_and_repeat_to_the_bit() {
    assert_eq!(force(Level::Portable), Level::Portable);
    let portable = everything();
    for level in Level::ALL {
        if level > supported() {
            assert_eq!(force(level), supported());
            continue;
        }
        force(level);
        let results = everything();
        assert_eq!(results, everything(), "{level} does not repeat");
        for (number, (result, portable)) in results.iter().zip(&portable).enumerate() {
            let scale = portable
                .iter()
                .fold(0.0_f32, |scale, value| scale.max(value.abs()));
            for (value, portable) in result.iter().zip(portable) {
                assert!(
                    (value - portable).abs() <= 2e-5 * scale,
                    "result {number} at {level}: {value} against {portable}"
                );
            }
        }
    }
}
