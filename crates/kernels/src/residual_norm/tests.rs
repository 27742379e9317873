use super::*;
use crate::parallel::tests::same_at_any_thread_count;
use crate::random::{Purpose, Stream};
use crate::testing::{
    assert_close, assert_close_to, assert_gradient, bits, largest, narrow, random,
};

const EPSILON: f32 = 1e-5;

fn with(probability: f32, elements_per_sequence: usize) -> Dropout {
    Dropout {
        probability,
        stream: Stream::new(3, Purpose::Dropout, 17),
        first_sequence: 5,
        elements_per_sequence,
    }
}

/// out, dy, dresidual, and the gradients by bias, weight and norm bias
fn run(parameters: &Parameters<'_>, y: &[f32], residual: &[f32], dout: &[f32]) -> [Vec<f32>; 6] {
    let columns = parameters.weight.len();
    let mut normal = y.to_vec();
    let mut out = vec![f32::NAN; y.len()];
    let mut deviations = vec![f32::NAN; y.len() / columns];
    forward(parameters, &mut normal, residual, &mut out, &mut deviations);
    let mut dresidual = dout.to_vec();
    let [mut dbias, mut dweight, mut dnorm_bias] = [(); 3].map(|()| vec![f32::NAN; columns]);
    let gradients = VectorGradients {
        bias: &mut dbias,
        weight: &mut dweight,
        norm_bias: &mut dnorm_bias,
    };
    backward(
        parameters,
        &mut dresidual,
        &mut normal,
        &deviations,
        gradients,
    );
    [out, normal, dresidual, dbias, dweight, dnorm_bias]
}

#[test]
fn agrees_with_the_reference() {
    for (rows, columns) in [(1, 2), (3, 5), (70, 16), (65, 33), (2, 1000), (130, 300)] {
        for (residual_deviation, y_deviation) in
            [(1.0, 1.0), (1e-6, 1e-7), (1e18, 1.0), (0.0, 1e-3)]
        {
            for (probability, factor) in [(None, 1.0), (Some(0.0), 1.5), (Some(0.3), 2.5)] {
                let count = rows * columns;
                // Sums of few columns may lie close together, so that their own rounding shows.
                let tolerance = if columns < 10 { 5e-5 } else { 5e-6 };
                let y = random(1, count, y_deviation);
                let residual = random(2, count, residual_deviation);
                let dout = random(3, count, 1.0);
                let [bias, weight, norm_bias] = [4, 5, 6].map(|seed| random(seed, columns, 1.0));
                let bias: Vec<f64> = bias
                    .iter()
                    .map(|b| f64::from((b * y_deviation) as f32))
                    .collect();
                let dropout = probability.map(|probability| with(probability, 5 * columns));
                let exact = reference::Parameters {
                    bias: &bias,
                    factor: f64::from(factor),
                    weight: &weight,
                    norm_bias: &norm_bias,
                    epsilon: f64::from(EPSILON),
                    dropout: dropout.as_ref(),
                };
                let [bias, weight_, norm_bias] = [&bias, &weight, &norm_bias].map(|v| narrow(v));
                let fast = Parameters {
                    bias: &bias,
                    factor,
                    weight: &weight_,
                    norm_bias: &norm_bias,
                    epsilon: EPSILON,
                    dropout: dropout.as_ref(),
                    row_index: None,
                };
                let [out, dy, dresidual, dbias, dweight, dnorm_bias] =
                    run(&fast, &narrow(&y), &narrow(&residual), &narrow(&dout));
                assert_close(
                    "out",
                    &out,
                    &reference::forward(&exact, &y, &residual),
                    tolerance,
                );
                let gradients = reference::backward(&exact, &dout, &y, &residual);
                // The terms of a row of few columns cancel: errors are relative to what is added up.
                let deviation = (f64::from(factor) * residual_deviation).hypot(y_deviation);
                let reciprocal = 1.0 / (deviation * deviation + f64::from(EPSILON)).sqrt();
                let scale =
                    largest(&gradients[0]).max(reciprocal * largest(&dout) * largest(&weight));
                assert_close_to("dy", &dy, &gradients[0], scale, tolerance);
                let residual_scale = scale * f64::from(factor);
                assert_close_to(
                    "dresidual",
                    &dresidual,
                    &gradients[1],
                    residual_scale,
                    tolerance,
                );
                assert_close_to(
                    "dbias",
                    &dbias,
                    &gradients[2],
                    scale * rows as f64,
                    tolerance,
                );
                let largest_sum = largest(&gradients[3]).max(largest(&dout));
                assert_close_to("dweight", &dweight, &gradients[3], largest_sum, tolerance);
                assert_close("dnorm_bias", &dnorm_bias, &gradients[4], tolerance);
            }
        }
    }
}

#[test]
fn gradients_are_the_derivatives() {
    let (rows, columns) = (4, 5);
    let count = rows * columns;
    let [y, residual, dout] = [1, 2, 3].map(|seed| random(seed, count, 1.0));
    let [bias, weight, norm_bias] = [4, 5, 6].map(|seed| random(seed, columns, 1.0));
    let dropout = with(0.4, 2 * columns);
    let parameters = reference::Parameters {
        bias: &bias,
        factor: 1.25,
        weight: &weight,
        norm_bias: &norm_bias,
        epsilon: 1e-5,
        dropout: Some(&dropout),
    };
    let loss = |parameters: &reference::Parameters<'_>, y: &[f64], residual: &[f64]| {
        let out = reference::forward(parameters, y, residual);
        out.iter().zip(&dout).map(|(out, d)| out * d).sum::<f64>()
    };
    let [dy, dresidual, dbias, dweight, dnorm_bias] =
        reference::backward(&parameters, &dout, &y, &residual);
    assert_gradient("y", &y, &dy, |y| loss(&parameters, y, &residual));
    assert_gradient("residual", &residual, &dresidual, |residual| {
        loss(&parameters, &y, residual)
    });
    assert_gradient("bias", &bias, &dbias, |bias| {
        loss(&reference::Parameters { bias, ..parameters }, &y, &residual)
    });
    assert_gradient("weight", &weight, &dweight, |weight| {
        let parameters = reference::Parameters {
            weight,
            ..parameters
        };
        loss(&parameters, &y, &residual)
    });
    assert_gradient("norm bias", &norm_bias, &dnorm_bias, |norm_bias| {
        let parameters = reference::Parameters {
            norm_bias,
            ..parameters
        };
        loss(&parameters, &y, &residual)
    });
}

#[test]
fn rows_that_are_left_out_change_nothing_in_the_others() {
    let (rows, columns) = (150, 300);
    let [y, residual, dout] = [1, 2, 3].map(|seed| narrow(&random(seed, rows * columns, 1.0)));
    let vector = narrow(&random(4, columns, 1.0));
    let dropout = with(0.4, 10 * columns);
    let chosen: Vec<u32> = (0..rows as u32).filter(|row| row % 3 != 1).collect();
    let pick = |values: &[f32]| -> Vec<f32> {
        let row = |row: &u32| {
            let start = *row as usize * columns;
            values[start..start + columns].to_vec()
        };
        chosen.iter().flat_map(row).collect()
    };
    let parameters = Parameters {
        bias: &vector,
        factor: 1.5,
        weight: &vector,
        norm_bias: &vector,
        epsilon: EPSILON,
        dropout: Some(&dropout),
        row_index: None,
    };
    let packed = Parameters {
        row_index: Some(&chosen),
        ..parameters
    };
    let whole = run(&parameters, &y, &residual, &dout);
    let packed = run(&packed, &pick(&y), &pick(&residual), &pick(&dout));
    for (whole, packed) in whole.iter().zip(&packed).take(3) {
        assert_eq!(bits(&pick(whole)), bits(packed));
    }
}

#[test]
fn what_is_not_finite_stays_in_its_row() {
    let columns = 40;
    let mut y = narrow(&random(1, 3 * columns, 1.0));
    y[columns + 7] = f32::INFINITY;
    let vector = vec![1.0; columns];
    let parameters = Parameters {
        bias: &vector,
        factor: 1.0,
        weight: &vector,
        norm_bias: &vector,
        epsilon: EPSILON,
        dropout: None,
        row_index: None,
    };
    let [out, ..] = run(&parameters, &y, &y.clone(), &y);
    assert!(out[columns..2 * columns].iter().any(|out| out.is_nan()));
    assert!(
        out[..columns]
            .iter()
            .chain(&out[2 * columns..])
            .all(|out| out.is_finite())
    );
}

#[test]
fn the_same_bytes_at_any_thread_count() {
    let (rows, columns) = (1000, 65);
    let [y, residual, dout] = [1, 2, 3].map(|seed| narrow(&random(seed, rows * columns, 1.0)));
    let vector = narrow(&random(4, columns, 1.0));
    let dropout = with(0.1, 10 * columns);
    let parameters = Parameters {
        bias: &vector,
        factor: 1.5,
        weight: &vector,
        norm_bias: &vector,
        epsilon: EPSILON,
        dropout: Some(&dropout),
        row_index: None,
    };
    same_at_any_thread_count(|| run(&parameters, &y, &residual, &dout).map(|values| bits(&values)));
}
