use super::*;
use crate::parallel::tests::same_at_any_thread_count;
use crate::testing::{
    assert_close, assert_close_to, assert_gradient, bits, largest, narrow, random,
};

const EPSILON: f32 = 1e-5;

fn run(x: &[f32], weight: &[f32], bias: &[f32], dy: &[f32]) -> [Vec<f32>; 4] {
    let columns = weight.len();
    let rows = x.len() / columns;
    let (mut mean, mut reciprocal) = (vec![f32::NAN; rows], vec![f32::NAN; rows]);
    let mut y = vec![f32::NAN; x.len()];
    forward(
        x,
        weight,
        bias,
        EPSILON,
        columns,
        &mut y,
        &mut mean,
        &mut reciprocal,
    );
    let mut dx = vec![f32::NAN; x.len()];
    let mut dweight = vec![f32::NAN; columns];
    let mut dbias = vec![f32::NAN; columns];
    backward(
        dy,
        x,
        weight,
        &mean,
        &reciprocal,
        columns,
        &mut dx,
        &mut dweight,
        &mut dbias,
    );
    [y, dx, dweight, dbias]
}

#[test]
fn agrees_with_the_reference() {
    for (rows, columns) in [(1, 2), (3, 5), (70, 16), (65, 33), (2, 1000), (128, 64)] {
        for (offset, deviation) in [
            (0.0, 1.0),
            (30.0, 1.0),
            (0.0, 1e-6),
            (0.0, 1e18),
            (-1e15, 1e15),
        ] {
            let x: Vec<f64> = random(1, rows * columns, deviation)
                .into_iter()
                .map(|x| f64::from((x + offset) as f32))
                .collect();
            let weight = random(2, columns, 1.0);
            let bias = random(3, columns, 1.0);
            let dy = random(4, rows * columns, 1.0);
            let [y, dx, dweight, dbias] =
                run(&narrow(&x), &narrow(&weight), &narrow(&bias), &narrow(&dy));
            let epsilon = f64::from(EPSILON);
            // The mean is kept in f32, so its rounding shows when it is larger than the deviation.
            let tolerance = 3e-6 * (1.0 + f64::abs(offset / deviation));
            assert_close(
                "y",
                &y,
                &reference::forward(&x, &weight, &bias, epsilon),
                tolerance,
            );
            let exact = reference::backward(&dy, &x, &weight, epsilon);
            // A row of one or two columns has hardly a gradient: the terms cancel.
            let reciprocal = largest(&reference::forward(
                &x,
                &vec![1.0; columns],
                &vec![0.0; columns],
                epsilon,
            ))
            .max(1.0)
                / (deviation * deviation + epsilon).sqrt();
            let scale = largest(&exact.0).max(reciprocal * largest(&dy) * largest(&weight));
            assert_close_to("dx", &dx, &exact.0, scale, tolerance);
            assert_close_to(
                "dweight",
                &dweight,
                &exact.1,
                largest(&exact.1).max(largest(&dy)),
                tolerance,
            );
            assert_close("dbias", &dbias, &exact.2, tolerance);
        }
    }
}

#[test]
fn a_constant_row_gives_the_bias() {
    let x = vec![7.5; 2 * 37];
    let weight = vec![2.0; 37];
    let bias = narrow(&random(3, 37, 1.0));
    let [y, dx, ..] = run(&x, &weight, &bias, &x);
    assert_eq!(y[..37], bias);
    assert!(dx.iter().all(|dx| dx.abs() < 1e-2));
    // One column: 1/√ε times the rounding of a difference that is zero.
    let [y, dx, ..] = run(&[3.0], &[2.0], &[0.5], &[1.0]);
    assert_eq!(y, [0.5]);
    assert!(dx[0].abs() < 1e-4);
}

#[test]
fn gradients_are_the_derivatives() {
    let (rows, columns) = (3, 5);
    let x = random(1, rows * columns, 1.0);
    let weight = random(2, columns, 1.0);
    let bias = random(3, columns, 1.0);
    let dy = random(4, rows * columns, 1.0);
    let exact = reference::backward(&dy, &x, &weight, 1e-5);
    let loss = |x: &[f64], weight: &[f64], bias: &[f64]| {
        let y = reference::forward(x, weight, bias, 1e-5);
        y.iter().zip(&dy).map(|(y, d)| y * d).sum::<f64>()
    };
    assert_gradient("x", &x, &exact.0, |x| loss(x, &weight, &bias));
    assert_gradient("weight", &weight, &exact.1, |weight| {
        loss(&x, weight, &bias)
    });
    assert_gradient("bias", &bias, &exact.2, |bias| loss(&x, &weight, bias));
}

#[test]
fn the_same_bytes_at_any_thread_count() {
    let (rows, columns) = (1000, 65);
    let x = narrow(&random(1, rows * columns, 1.0));
    let weight = narrow(&random(2, columns, 1.0));
    let dy = narrow(&random(4, rows * columns, 1.0));
    same_at_any_thread_count(|| run(&x, &weight, &weight, &dy).map(|values| bits(&values)));
}
