//! The same in f64, score by score, on padded batches with a mask: qkv `[batch, length, 3, heads, head_size]`, mask
//! `[batch, length]`. Outputs of padding mean nothing.
#![doc(hidden)]

use super::{Dropout, Rotary, Shape};

/// The rows of one part of one head with rotary positions, `[sequence, head_size]`.
fn part(
    shape: &Shape,
    length: usize,
    qkv: &[f64],
    rotary: Option<&Rotary>,
    sequence: usize,
    part: usize,
    head: usize,
) -> Vec<Vec<f64>> {
    let size = shape.head_size;
    (0..length)
        .map(|position| {
            let start = index(shape, length, sequence, position, part, head);
            let row = &qkv[start..start + size];
            match rotary {
                Some(rotary) if part < 2 => turn(rotary, position, row, 1.0),
                _ => row.to_vec(),
            }
        })
        .collect()
}

fn index(
    shape: &Shape,
    length: usize,
    sequence: usize,
    position: usize,
    part: usize,
    head: usize,
) -> usize {
    (((sequence * length + position) * 3 + part) * shape.heads + head) * shape.head_size
}

fn turn(rotary: &Rotary, position: usize, row: &[f64], sign: f64) -> Vec<f64> {
    let half = row.len() / 2;
    let mut turned = row.to_vec();
    for i in 0..half {
        let (cosines, sines) = rotary.angles(position);
        let (cosine, sine) = (cosines[i], sines[i]);
        let (cosine, sine) = (f64::from(cosine), sign * f64::from(sine));
        turned[i] = row[i] * cosine - row[i + half] * sine;
        turned[i + half] = row[i + half] * cosine + row[i] * sine;
    }
    turned
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// Probabilities of one query before dropout, and the log-sum-exp of its scores.
fn softmax(query: &[f64], keys: &[Vec<f64>], mask: &[u8]) -> (Vec<f64>, f64) {
    let scores: Vec<f64> = keys
        .iter()
        .zip(mask)
        .map(|(key, real)| {
            if *real == 0 {
                f64::NEG_INFINITY
            } else {
                dot(query, key) / (query.len() as f64).sqrt()
            }
        })
        .collect();
    let highest = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    if highest == f64::NEG_INFINITY {
        return (vec![0.0; scores.len()], 0.0);
    }
    let sum: f64 = scores.iter().map(|score| (score - highest).exp()).sum();
    let probabilities = scores.iter().map(|score| (score - highest).exp() / sum);
    (probabilities.collect(), highest + sum.ln())
}

fn keep(
    shape: &Shape,
    length: usize,
    dropout: Option<&Dropout>,
    sequence: usize,
    head: usize,
    query: usize,
    key: usize,
) -> f64 {
    dropout.map_or(1.0, |dropout| {
        let (mask, stride) = dropout.mask(shape.heads, length, sequence, head);
        mask.factor((query * stride + key) as u64)
    })
}

/// Output and log-sum-exp; see [`super::forward`].
pub fn forward(
    shape: &Shape,
    length: usize,
    qkv: &[f64],
    attention_mask: &[u8],
    rotary: Option<&Rotary>,
    dropout: Option<&Dropout>,
) -> (Vec<f64>, Vec<f64>) {
    let mut output = vec![0.0; qkv.len() / 3];
    let mut log_sum_exp = Vec::new();
    for (sequence, mask) in attention_mask.chunks_exact(length).enumerate() {
        for head in 0..shape.heads {
            let [queries, keys, values] =
                [0, 1, 2].map(|p| part(shape, length, qkv, rotary, sequence, p, head));
            for (q, query) in queries.iter().enumerate() {
                let (probabilities, sum) = softmax(query, &keys, mask);
                log_sum_exp.push(sum);
                let start = ((sequence * length + q) * shape.heads + head) * shape.head_size;
                for (k, value) in values.iter().enumerate() {
                    let weight =
                        probabilities[k] * keep(shape, length, dropout, sequence, head, q, k);
                    for (j, value) in value.iter().enumerate() {
                        output[start + j] += weight * value;
                    }
                }
            }
        }
    }
    (output, log_sum_exp)
}

/// Gradient by qkv; see [`super::backward`].
pub fn backward(
    shape: &Shape,
    length: usize,
    qkv: &[f64],
    attention_mask: &[u8],
    rotary: Option<&Rotary>,
    dropout: Option<&Dropout>,
    doutput: &[f64],
) -> Vec<f64> {
    let size = shape.head_size;
    let factor = 1.0 / (size as f64).sqrt();
    let mut dqkv = vec![0.0; qkv.len()];
    for (sequence, mask) in attention_mask.chunks_exact(length).enumerate() {
        for head in 0..shape.heads {
            let parts = [0, 1, 2].map(|p| part(shape, length, qkv, rotary, sequence, p, head));
            let [queries, keys, values] = &parts;
            let mut gradients = [(); 3].map(|()| vec![vec![0.0; size]; length]);
            for (q, query) in queries.iter().enumerate() {
                let (probabilities, _) = softmax(query, keys, mask);
                let start = ((sequence * length + q) * shape.heads + head) * size;
                let gradient = &doutput[start..start + size];
                let kept: Vec<f64> = (0..keys.len())
                    .map(|k| keep(shape, length, dropout, sequence, head, q, k))
                    .collect();
                let dprobabilities: Vec<f64> = (0..keys.len())
                    .map(|k| kept[k] * dot(gradient, &values[k]))
                    .collect();
                let mean = dot(&probabilities, &dprobabilities);
                for k in 0..keys.len() {
                    let dscore = probabilities[k] * (dprobabilities[k] - mean) * factor;
                    for j in 0..size {
                        gradients[0][q][j] += dscore * keys[k][j];
                        gradients[1][k][j] += dscore * query[j];
                        gradients[2][k][j] += probabilities[k] * kept[k] * gradient[j];
                    }
                }
            }
            for (p, rows) in gradients.iter().enumerate() {
                for (position, row) in rows.iter().enumerate() {
                    let start = index(shape, length, sequence, position, p, head);
                    let row = match rotary {
                        Some(rotary) if p < 2 => turn(rotary, position, row, -1.0),
                        _ => row.clone(),
                    };
                    dqkv[start..start + size].copy_from_slice(&row);
                }
            }
        }
    }
    dqkv
}
