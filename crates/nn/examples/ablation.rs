//! What each fused operation saves: milliseconds of forward and backward pass, composed of the framework's own tensor
//! operations and as our kernel, at the sizes of a step of preset `mini`, in turn.
//!
//!     cargo run --release --workspace --example ablation -- [rounds]
//!
//! The composed side has the graph's share too, and ends in a weighted sum whose gradient starts the backward pass; ours
//! gets that gradient as it is. Dropout is 0.1 on both sides.
#![allow(clippy::print_stdout, clippy::expect_used, clippy::unwrap_used)]

use std::hint::black_box;
use std::time::Instant;

use burn::tensor::{Device, Distribution, Int, Tensor, TensorData};
use pliant_activation::Activation;
use pliant_kernels::adamw::{self, AdamW};
use pliant_kernels::attention::{self, Shape};
use pliant_kernels::random::{Purpose, Stream};
use pliant_kernels::{Precision, TokenLayout};
use pliant_kernels::{embedding, linear, masked_lm, residual, residual_norm};

const SEQUENCES: usize = 32;
const LENGTH: usize = 128;
const TOKENS: usize = SEQUENCES * LENGTH;
const HIDDEN: usize = 256;
const INNER: usize = 1024;
const HEADS: usize = 4;
const VOCABULARY: usize = 30_522;
const MASKED: usize = 614;

/// Standard normal values.
fn random(seed: u64, count: usize) -> Vec<f32> {
    let stream = Stream::new(seed, Purpose::Probe, 0);
    (0..count as u64)
        .map(|index| stream.normal(index) as f32)
        .collect()
}

fn words(count: usize) -> Vec<u32> {
    let stream = Stream::new(9, Purpose::Probe, 0);
    (0..count as u64)
        .map(|index| stream.below(index, VOCABULARY as u64) as u32)
        .collect()
}

/// A tensor that gradients are wanted of.
fn leaf<const D: usize>(values: &[f32], shape: [usize; D]) -> Tensor<D> {
    constant(values, shape).require_grad()
}

fn constant<const D: usize>(values: &[f32], shape: [usize; D]) -> Tensor<D> {
    let device = Device::flex().autodiff();
    Tensor::from_data(TensorData::new(values.to_vec(), shape), &device)
}

fn integers<const D: usize>(values: &[u32], shape: [usize; D]) -> Tensor<D, Int> {
    let values: Vec<i64> = values.iter().map(|value| i64::from(*value)).collect();
    let device = Device::flex().autodiff();
    Tensor::from_data(TensorData::new(values, shape), &device)
}

fn dropped<const D: usize>(x: Tensor<D>) -> Tensor<D> {
    let keep = x.random_like(Distribution::Bernoulli(0.9));
    x * keep / 0.9
}

fn norm(x: Tensor<2>, weight: Tensor<1>, bias: Tensor<1>) -> Tensor<2> {
    let centred = x.clone() - x.mean_dim(1);
    let variance = (centred.clone() * centred.clone()).mean_dim(1);
    centred / (variance + 1e-12).sqrt() * weight.unsqueeze() + bias.unsqueeze()
}

/// Runs backward from the sum of `y` weighted by `dy`.
fn differentiate<const D: usize>(y: Tensor<D>, dy: &Tensor<D>) {
    black_box((y * dy.clone()).sum().backward());
}

fn main() {
    let rounds = std::env::args()
        .nth(1)
        .map_or(5, |text| text.parse().expect("a number of rounds"));
    println!("{rounds} rounds, medians in ms, forward and backward");
    println!(
        "{:38} {:>9} {:>9} {:>7}",
        "operation", "composed", "fused", "ratio"
    );
    linear_layer(rounds);
    for text in ["gelu", "rational"] {
        bias_activation(rounds, text);
    }
    self_attention(rounds);
    dropout_residual_norm(rounds);
    embedding_sum(rounds);
    masked_lm_head(rounds);
    optimizer(rounds);
}

/// Times both sides in turn and prints their medians.
fn compare(name: &str, rounds: usize, mut composed: impl FnMut(), mut fused: impl FnMut()) {
    let mut times = [Vec::new(), Vec::new()];
    for round in 0..=rounds {
        for (side, times) in times.iter_mut().enumerate() {
            let start = Instant::now();
            if side == 0 {
                composed();
            } else {
                fused();
            }
            if round > 0 {
                times.push(start.elapsed().as_secs_f64() * 1e3);
            }
        }
    }
    let [composed, fused] = times.map(|mut times| {
        times.sort_by(f64::total_cmp);
        times[times.len() / 2]
    });
    println!(
        "{name:38} {composed:9.2} {fused:9.2} {:7.2}",
        composed / fused
    );
}

fn linear_layer(rounds: usize) {
    let (x, w, b) = (
        random(1, TOKENS * HIDDEN),
        random(2, INNER * HIDDEN),
        random(3, INNER),
    );
    let dy = random(4, TOKENS * INNER);
    let weighting = constant(&dy, [TOKENS, INNER]);
    let (mut y, mut dx) = (vec![0.0; TOKENS * INNER], vec![0.0; x.len()]);
    let (mut dw, mut db) = (vec![0.0; w.len()], vec![0.0; INNER]);
    for precision in Precision::ALL {
        compare(
            &format!("linear with bias, {precision}"),
            rounds,
            || {
                let weight = leaf(&w, [INNER, HIDDEN]).swap_dims(0, 1);
                let product = leaf(&x, [TOKENS, HIDDEN]).matmul(weight);
                differentiate(product + leaf(&b, [INNER]).unsqueeze(), &weighting);
            },
            || {
                linear::forward(precision, &x, &w, Some(&b), TOKENS, HIDDEN, INNER, &mut y);
                linear::backward_input(precision, &dy, &w, TOKENS, HIDDEN, INNER, &mut dx);
                linear::backward_weight(precision, &dy, &x, TOKENS, HIDDEN, INNER, &mut dw);
                linear::backward_bias(&dy, TOKENS, INNER, &mut db);
            },
        );
    }
}

fn bias_activation(rounds: usize, text: &str) {
    let activation = Activation::new(&text.parse().expect("a text form")).expect("a function");
    let coefficients = activation.start_coefficients(INNER).expect("coefficients");
    let (u, b) = (random(1, TOKENS * INNER), random(2, INNER));
    let dy = random(3, TOKENS * INNER);
    let weighting = constant(&dy, [TOKENS, INNER]);
    let (mut y, mut du) = (vec![0.0; u.len()], dy.clone());
    let (mut db, mut dc) = (vec![0.0; INNER], vec![0.0; coefficients.len()]);
    compare(
        &format!("bias and {text}"),
        rounds,
        || {
            let x = leaf(&u, [TOKENS, INNER]) + leaf(&b, [INNER]).unsqueeze();
            let y = if text == "gelu" {
                let gate = (x.clone() * std::f64::consts::FRAC_1_SQRT_2).erf() + 1.0;
                x * gate * 0.5
            } else {
                rational(&x, &coefficients)
            };
            differentiate(y, &weighting);
        },
        || {
            activation.forward(&coefficients, &u, Some(&b), INNER, &mut y);
            du.copy_from_slice(&dy);
            activation.backward_in_place(
                &coefficients,
                &u,
                Some(&b),
                INNER,
                &mut du,
                Some(&mut db),
                &mut dc,
            );
        },
    );
}

/// Degrees 5 and 4 by Horner's rule; the flat coefficients are numerator, then denominator.
fn rational(x: &Tensor<2>, coefficients: &[f32]) -> Tensor<2> {
    let all = leaf(coefficients, [coefficients.len()]);
    let at = |index| all.clone().narrow(0, index, 1).unsqueeze::<2>();
    let size = x.clone().abs();
    let mut numerator = x.zeros_like() + at(5);
    for index in (0..5).rev() {
        numerator = numerator * x.clone() + at(index);
    }
    let mut denominator = x.zeros_like() + at(9).abs();
    for index in (6..9).rev() {
        denominator = denominator * size.clone() + at(index).abs();
    }
    numerator / (denominator * size + 1.0)
}

fn self_attention(rounds: usize) {
    let qkv = random(1, TOKENS * 3 * HIDDEN);
    let dy = random(2, TOKENS * HIDDEN);
    let weighting = constant(&dy, [TOKENS, HIDDEN]);
    let size = HIDDEN / HEADS;
    let shape = Shape {
        heads: HEADS,
        head_size: size,
    };
    let layout = TokenLayout::dense(SEQUENCES, LENGTH);
    let dropout = attention::Dropout {
        probability: 0.1,
        stream: Stream::new(1, Purpose::Dropout, 1),
        first_sequence: 0,
    };
    let (mut y, mut statistics) = (vec![0.0; dy.len()], vec![0.0; 2 * TOKENS * HEADS]);
    let mut dqkv = vec![0.0; qkv.len()];
    for precision in Precision::ALL {
        compare(
            &format!("attention, {precision}"),
            rounds,
            || {
                let all = leaf(&qkv, [SEQUENCES, LENGTH, 3, HIDDEN]);
                let part = |index| {
                    all.clone()
                        .narrow(2, index, 1)
                        .reshape([SEQUENCES, LENGTH, HEADS, size])
                        .swap_dims(1, 2)
                };
                let scores = part(0).matmul(part(1).swap_dims(2, 3)) / (size as f64).sqrt();
                let powers = (scores.clone() - scores.max_dim(3).detach()).exp();
                let probabilities = dropped(powers.clone() / powers.sum_dim(3));
                let y = probabilities.matmul(part(2)).swap_dims(1, 2);
                differentiate(y.reshape([TOKENS, HIDDEN]), &weighting);
            },
            || {
                let (y, statistics) = (&mut y, &mut statistics);
                attention::forward(
                    precision,
                    &shape,
                    &layout,
                    &qkv,
                    None,
                    Some(&dropout),
                    y,
                    statistics,
                );
                attention::backward(
                    precision,
                    &shape,
                    &layout,
                    &qkv,
                    None,
                    Some(&dropout),
                    y,
                    statistics,
                    &dy,
                    &mut dqkv,
                );
            },
        );
    }
}

fn dropout_residual_norm(rounds: usize) {
    let (y, skip) = (random(1, TOKENS * HIDDEN), random(2, TOKENS * HIDDEN));
    let [bias, weight, norm_bias] = [3, 4, 5].map(|seed| random(seed, HIDDEN));
    let dy = random(6, TOKENS * HIDDEN);
    let weighting = constant(&dy, [TOKENS, HIDDEN]);
    let dropout = residual::Dropout {
        probability: 0.1,
        stream: Stream::new(1, Purpose::Dropout, 1),
        first_sequence: 0,
        elements_per_sequence: LENGTH * HIDDEN,
    };
    let parameters = residual_norm::Parameters {
        bias: &bias,
        factor: 1.0,
        weight: &weight,
        norm_bias: &norm_bias,
        epsilon: 1e-12,
        dropout: Some(&dropout),
        row_index: None,
    };
    let (mut normal, mut out) = (y.clone(), vec![0.0; y.len()]);
    let (mut deviations, mut dout) = (vec![0.0; TOKENS], dy.clone());
    let mut vectors = [(); 3].map(|()| vec![0.0; HIDDEN]);
    compare(
        "bias, dropout, residual, layer norm",
        rounds,
        || {
            let branch = leaf(&y, [TOKENS, HIDDEN]) + leaf(&bias, [HIDDEN]).unsqueeze();
            let sum = leaf(&skip, [TOKENS, HIDDEN]) + dropped(branch);
            let out = norm(sum, leaf(&weight, [HIDDEN]), leaf(&norm_bias, [HIDDEN]));
            differentiate(out, &weighting);
        },
        || {
            normal.copy_from_slice(&y);
            dout.copy_from_slice(&dy);
            residual_norm::forward(&parameters, &mut normal, &skip, &mut out, &mut deviations);
            let [bias, weight, norm_bias] = &mut vectors;
            residual_norm::backward(
                &parameters,
                &mut dout,
                &mut normal,
                &deviations,
                residual_norm::VectorGradients {
                    bias,
                    weight,
                    norm_bias,
                },
            );
        },
    );
}

fn embedding_sum(rounds: usize) {
    let (table, places) = (random(1, VOCABULARY * HIDDEN), random(2, 512 * HIDDEN));
    let ids = words(TOKENS);
    let positions: Vec<u32> = (0..TOKENS).map(|token| (token % LENGTH) as u32).collect();
    let dy = random(3, TOKENS * HIDDEN);
    let weighting = constant(&dy, [TOKENS, HIDDEN]);
    let (table_leaf, places_leaf) = (
        leaf(&table, [VOCABULARY, HIDDEN]),
        leaf(&places, [512, HIDDEN]),
    );
    let mut out = vec![0.0; dy.len()];
    // The gradient of the tied table comes from the head; the embedding adds its rows to it.
    let (mut dtable, mut dplaces) = (vec![0.0; table.len()], vec![0.0; places.len()]);
    compare(
        "embedding sum, gradient of used rows",
        rounds,
        || {
            let word = table_leaf.clone().select(0, integers(&ids, [TOKENS]));
            let place = places_leaf
                .clone()
                .select(0, integers(&positions, [TOKENS]));
            differentiate(word + place, &weighting);
        },
        || {
            embedding::forward(&[(&ids, &table), (&positions, &places)], HIDDEN, &mut out);
            embedding::backward(&ids, &dy, HIDDEN, &mut dtable);
            embedding::backward(&positions, &dy, HIDDEN, &mut dplaces);
        },
    );
}

fn masked_lm_head(rounds: usize) {
    let (hidden, table) = (random(1, MASKED * HIDDEN), random(2, VOCABULARY * HIDDEN));
    let table: Vec<f32> = table.into_iter().map(|value| 0.02 * value).collect();
    let (bias, labels) = (vec![0.0; VOCABULARY], words(MASKED));
    let (mut dhidden, mut dtable) = (vec![0.0; hidden.len()], vec![0.0; table.len()]);
    let mut dbias = vec![0.0; VOCABULARY];
    for precision in Precision::ALL {
        compare(
            &format!("masked-LM head, {precision}"),
            rounds,
            || {
                let words = leaf(&table, [VOCABULARY, HIDDEN]).swap_dims(0, 1);
                let product = leaf(&hidden, [MASKED, HIDDEN]).matmul(words);
                let logits = product + leaf(&bias, [VOCABULARY]).unsqueeze();
                let shifted = logits.clone() - logits.max_dim(1).detach();
                let sums = shifted.clone().exp().sum_dim(1).log();
                let own = shifted.gather(1, integers(&labels, [MASKED, 1]));
                black_box((sums - own).mean().backward());
            },
            || {
                black_box(masked_lm::score_and_gradients(
                    precision,
                    &hidden,
                    &table,
                    &bias,
                    &labels,
                    HIDDEN,
                    VOCABULARY,
                    1.0 / MASKED as f32,
                    &mut dhidden,
                    &mut dtable,
                    &mut dbias,
                ));
            },
        );
    }
}

fn optimizer(rounds: usize) {
    let count = 11_200_000;
    let [w, g] = [1, 2].map(|seed| random(seed, count));
    let device = Device::flex();
    let tensor =
        |values: &[f32]| Tensor::<1>::from_data(TensorData::new(values.to_vec(), [count]), &device);
    let mut plain = [
        tensor(&w),
        tensor(&g),
        tensor(&w).zeros_like(),
        tensor(&w).zeros_like(),
    ];
    let (mut weights, mut first, mut second) = (w.clone(), vec![0.0; count], vec![0.0; count]);
    let options = AdamW {
        learning_rate: 1e-3,
        beta1: 0.9,
        beta2: 0.999,
        epsilon: 1e-8,
        weight_decay: 0.01,
        step: 10,
    };
    compare(
        "norm and AdamW, 11.2 million weights",
        rounds,
        || {
            let [w, g, m, v] = plain.clone();
            black_box((g.clone() * g.clone()).sum().sqrt().into_data());
            let m = m * 0.9 + g.clone() * 0.1;
            let v = v * 0.999 + g.clone() * g.clone() * 0.001;
            let direction = m.clone() / (v.clone().sqrt() + 1e-8);
            plain = [w * 0.99999 - direction * 1e-3, g, m, v];
        },
        || {
            black_box(adamw::sum_of_squares(&g));
            let (w, m, v) = (&mut weights, &mut first, &mut second);
            adamw::update(&options, w, &g, 1.0, m, v, None);
        },
    );
}
