use super::*;
use crate::parallel::tests::same_at_any_thread_count;
use crate::random::Purpose;
use crate::testing::{assert_close, assert_gradient, bits, narrow, random};

fn with(probability: f32, elements_per_sequence: usize, first_sequence: u64) -> Dropout {
    Dropout {
        probability,
        stream: Stream::new(3, Purpose::Dropout, 17),
        first_sequence,
        elements_per_sequence,
    }
}

#[test]
fn agrees_with_the_reference() {
    for (sequences, length, columns) in
        [(1, 1, 1), (3, 5, 7), (2, 70, 33), (1, 3, 300), (2, 65, 64)]
    {
        let count = sequences * length * columns;
        let y = random(1, count, 1.0);
        let bias = random(2, columns, 1.0);
        let residual = random(3, count, 10.0);
        for dropout in [
            None,
            Some(with(0.0, length * columns, 0)),
            Some(with(0.3, length * columns, 5)),
        ] {
            for (bias, factor) in [(None, 1.0), (Some(&bias), 1.5)] {
                let bias = bias.map(Vec::as_slice);
                let narrow_bias = bias.map(narrow);
                let mut out = vec![f32::NAN; count];
                forward(
                    &narrow(&y),
                    narrow_bias.as_deref(),
                    &narrow(&residual),
                    factor,
                    columns,
                    dropout.as_ref(),
                    None,
                    &mut out,
                );
                let exact = reference::forward(
                    &y,
                    bias,
                    &residual,
                    f64::from(factor),
                    columns,
                    dropout.as_ref(),
                );
                assert_close("out", &out, &exact, 1e-6);
                let exact = reference::backward(&y, f64::from(factor), columns, dropout.as_ref());
                let mut dy = vec![f32::NAN; count];
                let mut dbias = vec![f32::NAN; columns];
                let mut dresidual = vec![f32::NAN; count];
                backward(
                    &narrow(&y),
                    factor,
                    columns,
                    dropout.as_ref(),
                    None,
                    &mut dy,
                    Some(&mut dbias),
                    &mut dresidual,
                );
                assert_close("dy", &dy, &exact.0, 1e-6);
                assert_close("dbias", &dbias, &exact.1, 2e-6);
                assert_close("dresidual", &dresidual, &exact.2, 1e-6);
                let mut again = vec![f32::NAN; count];
                backward(
                    &narrow(&y),
                    factor,
                    columns,
                    dropout.as_ref(),
                    None,
                    &mut again,
                    None,
                    &mut dresidual,
                );
                assert_eq!(bits(&dy), bits(&again));
            }
        }
    }
}

#[test]
fn gradients_are_the_derivatives() {
    let (columns, count) = (3, 12);
    let y = random(1, count, 1.0);
    let bias = random(2, columns, 1.0);
    let residual = random(3, count, 1.0);
    let dout = random(4, count, 1.0);
    let dropout = with(0.4, 6, 0);
    let exact = reference::backward(&dout, 1.25, columns, Some(&dropout));
    let loss = |y: &[f64], bias: &[f64], residual: &[f64]| {
        let out = reference::forward(y, Some(bias), residual, 1.25, columns, Some(&dropout));
        out.iter().zip(&dout).map(|(out, d)| out * d).sum::<f64>()
    };
    assert_gradient("y", &y, &exact.0, |y| loss(y, &bias, &residual));
    assert_gradient("bias", &bias, &exact.1, |bias| loss(&y, bias, &residual));
    assert_gradient("residual", &residual, &exact.2, |residual| {
        loss(&y, &bias, residual)
    });
}

#[test]
fn the_mask_has_the_rate_and_belongs_to_the_sequence() {
    let per_sequence = 25 * 11;
    let sequences = 200;
    let x = vec![1.0; sequences * per_sequence];
    let mut whole = vec![0.0; x.len()];
    dropout(&x, 11, &with(0.25, per_sequence, 0), None, &mut whole);
    let kept = whole.iter().filter(|value| **value != 0.0).count() as f64;
    let count = x.len() as f64;
    assert!((kept - 0.75 * count).abs() < 5.0 * (0.75 * 0.25 * count).sqrt());
    assert!(
        whole
            .iter()
            .all(|value| *value == 0.0 || *value == 4.0 / 3.0)
    );
    let mut part = vec![0.0; 3 * per_sequence];
    let later = with(0.25, per_sequence, 7);
    dropout(&x[..part.len()], 11, &later, None, &mut part);
    assert_eq!(part, whole[7 * per_sequence..10 * per_sequence]);
}

#[test]
fn rows_that_are_left_out_change_nothing_in_the_others() {
    let (columns, rows) = (300, 150);
    let y = narrow(&random(1, rows * columns, 1.0));
    let residual = narrow(&random(2, rows * columns, 1.0));
    let dropout = with(0.4, 10 * columns, 3);
    let chosen: Vec<u32> = (0..rows as u32).filter(|row| row % 3 != 1).collect();
    let pick = |values: &[f32]| -> Vec<f32> {
        let row = |row: &u32| {
            let start = *row as usize * columns;
            values[start..start + columns].to_vec()
        };
        chosen.iter().flat_map(row).collect()
    };
    let run = |y: &[f32], residual: &[f32], index: Option<&[u32]>| {
        let [mut out, mut dy, mut dresidual, mut alone] = [(); 4].map(|()| vec![f32::NAN; y.len()]);
        let drop = Some(&dropout);
        forward(y, None, residual, 1.5, columns, drop, index, &mut out);
        backward(y, 1.5, columns, drop, index, &mut dy, None, &mut dresidual);
        super::dropout(y, columns, &dropout, index, &mut alone);
        [out, dy, dresidual, alone]
    };
    let whole = run(&y, &residual, None);
    let packed = run(&pick(&y), &pick(&residual), Some(&chosen));
    for (whole, packed) in whole.iter().zip(packed) {
        assert_eq!(bits(&pick(whole)), bits(&packed));
    }
}

#[test]
fn the_same_bytes_at_any_thread_count() {
    let columns = 129;
    let count = 700 * columns;
    let dout = narrow(&random(1, count, 1.0));
    let dropout = with(0.1, 70 * columns, 2);
    same_at_any_thread_count(|| {
        let mut out = vec![0.0; count];
        let mut dy = vec![0.0; count];
        let mut dresidual = vec![0.0; count];
        let mut dbias = vec![0.0; columns];
        let drop = Some(&dropout);
        forward(&dout, None, &dout, 1.5, columns, drop, None, &mut out);
        backward(
            &dout,
            1.5,
            columns,
            drop,
            None,
            &mut dy,
            Some(&mut dbias),
            &mut dresidual,
        );
        [bits(&out), bits(&dy), bits(&dresidual), bits(&dbias)]
    });
}
