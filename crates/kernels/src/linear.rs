//! The linear layer, weights in `PyTorch`'s layout `[outputs, inputs]`.
//!
//! No operand is copied into another layout by us; products run on the whole rayon pool.

use crate::Precision;
use crate::dispatch::Arithmetic;
use crate::parallel;
use crate::product::{
    Mode, Packed, Threads, View, multiply, multiply_packed, multiply_weight, pack, pack_weight,
};

/// `y = x weightᵀ + bias` with x `[rows, inputs]`, weight `[outputs, inputs]`, bias `[outputs]`, y `[rows, outputs]`.
///
/// # Panics
/// If a slice does not have the length of its shape.
pub fn forward(
    precision: Precision,
    x: &[f32],
    weight: &[f32],
    bias: Option<&[f32]>,
    rows: usize,
    inputs: usize,
    outputs: usize,
    y: &mut [f32],
) {
    assert_eq!(x.len(), rows * inputs, "x is [{rows}, {inputs}]");
    check_weight(weight, inputs, outputs);
    assert_eq!(y.len(), rows * outputs, "y is [{rows}, {outputs}]");
    if rows == 0 || outputs == 0 {
        return;
    }
    let x = View::new(x, rows, inputs);
    let weight = View::new(weight, outputs, inputs).transposed();
    assert!(
        bias.is_none_or(|bias| bias.len() == outputs),
        "bias is [{outputs}]"
    );
    multiply_weight(precision, x, weight, bias, y);
}

/// A weight `[outputs, inputs]` brought once into the order in which [`forward`] or [`backward_input`] reads it, for passes over
/// few rows, where this takes longer than the product, and for several passes with the same weights. Costs 4 bytes a weight
/// in f32 (6 on tiles) and 2 in bf16.
#[derive(Debug)]
pub struct PackedWeight {
    packed: Packed,
    /// Size of a row of the other operand.
    depth: usize,
}

impl PackedWeight {
    /// For [`Self::forward`]; `None` where products of this precision and size gain nothing on this processor.
    ///
    /// # Panics
    /// If the weight does not have the length of its shape.
    pub fn for_forward(
        precision: Precision,
        weight: &[f32],
        inputs: usize,
        outputs: usize,
    ) -> Option<Self> {
        check_weight(weight, inputs, outputs);
        let right = View::new(weight, outputs, inputs).transposed();
        let packed = pack_weight(precision, right)?;
        Some(Self {
            packed,
            depth: inputs,
        })
    }

    /// For [`Self::backward_input`]; `None` where products of this precision and size gain nothing on this processor.
    ///
    /// # Panics
    /// If the weight does not have the length of its shape.
    pub fn for_backward(
        precision: Precision,
        weight: &[f32],
        inputs: usize,
        outputs: usize,
    ) -> Option<Self> {
        check_weight(weight, inputs, outputs);
        let packed = pack(precision, View::new(weight, outputs, inputs))?;
        Some(Self {
            packed,
            depth: outputs,
        })
    }

    /// As [`forward`], to the same bits.
    ///
    /// # Panics
    /// If a slice does not have the length of its shape.
    pub fn forward(&self, x: &[f32], bias: Option<&[f32]>, rows: usize, y: &mut [f32]) {
        let x = View::new(x, rows, self.depth);
        multiply_packed(x, &self.packed, bias, y);
    }

    /// As [`backward_input`], to the same bits.
    ///
    /// # Panics
    /// If a slice does not have the length of its shape.
    pub fn backward_input(&self, dy: &[f32], rows: usize, dx: &mut [f32]) {
        let dy = View::new(dy, rows, self.depth);
        multiply_packed(dy, &self.packed, None, dx);
    }
}

fn check_weight(weight: &[f32], inputs: usize, outputs: usize) {
    assert_eq!(
        weight.len(),
        outputs * inputs,
        "weight is [{outputs}, {inputs}]"
    );
}

/// `dx = dy weight` with dy `[rows, outputs]`, weight `[outputs, inputs]`, dx `[rows, inputs]`.
///
/// # Panics
/// If a slice does not have the length of its shape.
pub fn backward_input(
    precision: Precision,
    dy: &[f32],
    weight: &[f32],
    rows: usize,
    inputs: usize,
    outputs: usize,
    dx: &mut [f32],
) {
    assert_eq!(dy.len(), rows * outputs, "dy is [{rows}, {outputs}]");
    check_weight(weight, inputs, outputs);
    assert_eq!(dx.len(), rows * inputs, "dx is [{rows}, {inputs}]");
    let dy = View::new(dy, rows, outputs);
    let weight = View::new(weight, outputs, inputs);
    multiply(
        precision,
        dy,
        weight,
        1.0,
        Mode::Overwrite,
        Threads::All,
        dx,
    );
}

/// `dweight = dyᵀ x` with dy `[rows, outputs]`, x `[rows, inputs]`, dweight `[outputs, inputs]`.
///
/// # Panics
/// If a slice does not have the length of its shape.
pub fn backward_weight(
    precision: Precision,
    dy: &[f32],
    x: &[f32],
    rows: usize,
    inputs: usize,
    outputs: usize,
    dweight: &mut [f32],
) {
    assert_eq!(dy.len(), rows * outputs, "dy is [{rows}, {outputs}]");
    assert_eq!(x.len(), rows * inputs, "x is [{rows}, {inputs}]");
    assert_eq!(
        dweight.len(),
        outputs * inputs,
        "dweight is [{outputs}, {inputs}]"
    );
    let dy = View::new(dy, rows, outputs).transposed();
    let x = View::new(x, rows, inputs);
    multiply(
        precision,
        dy,
        x,
        1.0,
        Mode::Overwrite,
        Threads::All,
        dweight,
    );
}

/// `dbias[j] = Σ_i dy[i, j]` with dy `[rows, outputs]`: rows are added in f32 within chunks of 64, chunks in f64, in order.
///
/// # Panics
/// If a slice does not have the length of its shape.
pub fn backward_bias(dy: &[f32], rows: usize, outputs: usize, dbias: &mut [f32]) {
    assert_eq!(dy.len(), rows * outputs, "dy is [{rows}, {outputs}]");
    assert_eq!(dbias.len(), outputs, "dbias is [{outputs}]");
    if outputs == 0 {
        return;
    }
    let mut partials = crate::scratch::Scratch::new(rows.div_ceil(ROWS) * outputs);
    parallel::for_each_chunk(&mut partials, outputs, |chunk, partial| {
        partial.fill(0.0);
        let start = chunk * ROWS * outputs;
        let end = dy.len().min(start + ROWS * outputs);
        add_rows(&dy[start..end], partial);
    });
    parallel::fold_partials(&partials, dbias);
}

const ROWS: usize = 64;

#[inline(always)]
fn add_rows_body<A: Arithmetic>(rows: &[f32], total: &mut [f32]) {
    let columns = total.len();
    for row in rows.chunks_exact(columns) {
        for (total, value) in total.iter_mut().zip(row) {
            *total += value;
        }
    }
}
crate::simd! {
    /// `total[j] += Σ_i rows[i, j]`, row after row.
    pub fn add_rows(rows: &[f32], total: &mut [f32]) = add_rows_body;
}

/// The same in f64, element by element.
#[doc(hidden)]
pub mod reference {
    /// See [`super::forward`].
    pub fn forward(
        x: &[f64],
        weight: &[f64],
        bias: Option<&[f64]>,
        rows: usize,
        inputs: usize,
        outputs: usize,
    ) -> Vec<f64> {
        let mut y = vec![0.0; rows * outputs];
        for row in 0..rows {
            for output in 0..outputs {
                y[row * outputs + output] = bias.map_or(0.0, |bias| bias[output])
                    + (0..inputs)
                        .map(|input| x[row * inputs + input] * weight[output * inputs + input])
                        .sum::<f64>();
            }
        }
        y
    }

    /// Gradients by (x, weight, bias).
    pub fn backward(
        dy: &[f64],
        x: &[f64],
        weight: &[f64],
        rows: usize,
        inputs: usize,
        outputs: usize,
    ) -> (Vec<f64>, Vec<f64>, Vec<f64>) {
        let mut dx = vec![0.0; rows * inputs];
        let mut dweight = vec![0.0; outputs * inputs];
        let mut dbias = vec![0.0; outputs];
        for row in 0..rows {
            for output in 0..outputs {
                let d = dy[row * outputs + output];
                dbias[output] += d;
                for input in 0..inputs {
                    dx[row * inputs + input] += d * weight[output * inputs + input];
                    dweight[output * inputs + input] += d * x[row * inputs + input];
                }
            }
        }
        (dx, dweight, dbias)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parallel::tests::same_at_any_thread_count;
    use crate::testing::{assert_close, assert_gradient, narrow, random};

    #[test]
    fn agrees_with_the_reference() {
        for (rows, inputs, outputs) in [
            (1, 1, 1),
            (1, 5, 3),
            (7, 1, 2),
            (3, 17, 1),
            (33, 31, 65),
            (130, 64, 48),
            (2, 700, 3),
            (300, 20, 7),
        ] {
            let x = random(1, rows * inputs, 1.0);
            let weight = random(2, outputs * inputs, 1.0);
            let bias = random(3, outputs, 1.0);
            let dy = random(4, rows * outputs, 1.0);
            let (x32, w32, b32, dy32) = (narrow(&x), narrow(&weight), narrow(&bias), narrow(&dy));
            let mut y = vec![f32::NAN; rows * outputs];
            forward(
                Precision::F32,
                &x32,
                &w32,
                Some(&b32),
                rows,
                inputs,
                outputs,
                &mut y,
            );
            assert_close(
                "y",
                &y,
                &reference::forward(&x, &weight, Some(&bias), rows, inputs, outputs),
                2e-6,
            );
            forward(
                Precision::F32,
                &x32,
                &w32,
                None,
                rows,
                inputs,
                outputs,
                &mut y,
            );
            assert_close(
                "y",
                &y,
                &reference::forward(&x, &weight, None, rows, inputs, outputs),
                2e-6,
            );
            let exact = reference::backward(&dy, &x, &weight, rows, inputs, outputs);
            let mut dx = vec![f32::NAN; rows * inputs];
            let mut dweight = vec![f32::NAN; outputs * inputs];
            let mut dbias = vec![f32::NAN; outputs];
            backward_input(Precision::F32, &dy32, &w32, rows, inputs, outputs, &mut dx);
            backward_weight(
                Precision::F32,
                &dy32,
                &x32,
                rows,
                inputs,
                outputs,
                &mut dweight,
            );
            backward_bias(&dy32, rows, outputs, &mut dbias);
            assert_close("dx", &dx, &exact.0, 2e-6);
            assert_close("dweight", &dweight, &exact.1, 2e-6);
            assert_close("dbias", &dbias, &exact.2, 2e-6);
        }
    }

    #[test]
    fn a_packed_weight_gives_the_same_bits() {
        for precision in Precision::ALL {
            for (rows, inputs, outputs) in [(1, 64, 96), (37, 100, 33), (300, 520, 70)] {
                let x = narrow(&random(1, rows * inputs, 1.0));
                let weight = narrow(&random(2, outputs * inputs, 1.0));
                let bias = narrow(&random(3, outputs, 1.0));
                if let Some(packed) =
                    PackedWeight::for_backward(precision, &weight, inputs, outputs)
                {
                    let dy = narrow(&random(4, rows * outputs, 1.0));
                    let mut plain = vec![f32::NAN; rows * inputs];
                    let mut own = vec![f32::NAN; rows * inputs];
                    backward_input(precision, &dy, &weight, rows, inputs, outputs, &mut plain);
                    packed.backward_input(&dy, rows, &mut own);
                    assert_eq!(plain, own, "{precision} {rows} x {inputs} x {outputs}");
                }
                let Some(packed) = PackedWeight::for_forward(precision, &weight, inputs, outputs)
                else {
                    continue;
                };
                for bias in [None, Some(&bias[..])] {
                    let mut plain = vec![f32::NAN; rows * outputs];
                    let mut own = vec![f32::NAN; rows * outputs];
                    forward(
                        precision, &x, &weight, bias, rows, inputs, outputs, &mut plain,
                    );
                    packed.forward(&x, bias, rows, &mut own);
                    assert_eq!(plain, own, "{precision} {rows} x {inputs} x {outputs}");
                }
            }
        }
    }

    #[test]
    fn gradients_are_the_derivatives() {
        let (rows, inputs, outputs) = (3, 4, 2);
        let x = random(1, rows * inputs, 1.0);
        let weight = random(2, outputs * inputs, 1.0);
        let bias = random(3, outputs, 1.0);
        let dy = random(4, rows * outputs, 1.0);
        let exact = reference::backward(&dy, &x, &weight, rows, inputs, outputs);
        let loss = |x: &[f64], weight: &[f64], bias: &[f64]| {
            let y = reference::forward(x, weight, Some(bias), rows, inputs, outputs);
            y.iter().zip(&dy).map(|(y, dy)| y * dy).sum::<f64>()
        };
        assert_gradient("x", &x, &exact.0, |x| loss(x, &weight, &bias));
        assert_gradient("weight", &weight, &exact.1, |weight| {
            loss(&x, weight, &bias)
        });
        assert_gradient("bias", &bias, &exact.2, |bias| loss(&x, &weight, bias));
    }

    #[test]
    fn the_same_bytes_at_any_thread_count() {
        for (rows, inputs, outputs) in [
            (512, 128, 384),
            (1000, 512, 128),
            (777, 131, 257),
            (96, 3000, 40),
            (4096, 64, 64),
            (2000, 16, 1024),
            (1, 2048, 3000),
            (3000, 2048, 1),
            (5, 5000, 300),
        ] {
            let x = narrow(&random(1, rows * inputs, 1.0));
            let weight = narrow(&random(2, outputs * inputs, 1.0));
            let bias = narrow(&random(3, outputs, 1.0));
            let dy = narrow(&random(4, rows * outputs, 1.0));
            same_at_any_thread_count(|| {
                let mut y = vec![0.0; rows * outputs];
                let mut dx = vec![0.0; rows * inputs];
                let mut dweight = vec![0.0; outputs * inputs];
                let mut dbias = vec![0.0; outputs];
                forward(
                    Precision::F32,
                    &x,
                    &weight,
                    Some(&bias),
                    rows,
                    inputs,
                    outputs,
                    &mut y,
                );
                backward_input(Precision::F32, &dy, &weight, rows, inputs, outputs, &mut dx);
                backward_weight(Precision::F32, &dy, &x, rows, inputs, outputs, &mut dweight);
                backward_bias(&dy, rows, outputs, &mut dbias);
                [y, dx, dweight, dbias]
                    .map(|values| values.iter().map(|v| v.to_bits()).collect::<Vec<_>>())
            });
        }
    }
}
