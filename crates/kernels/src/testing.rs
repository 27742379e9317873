//! What the tests of the operations share: inputs and comparisons.
#![allow(clippy::panic)]

use crate::random::{Purpose, Stream};

/// Standard normal numbers times `deviation`, each exactly representable in f32.
pub(crate) fn random(seed: u64, count: usize, deviation: f64) -> Vec<f64> {
    let stream = Stream::new(seed, Purpose::Probe, 0);
    (0..count as u64)
        .map(|index| f64::from((deviation * stream.normal(index)) as f32))
        .collect()
}

pub(crate) fn narrow(values: &[f64]) -> Vec<f32> {
    values.iter().map(|value| *value as f32).collect()
}

pub(crate) fn bits(values: &[f32]) -> Vec<u32> {
    values.iter().map(|value| value.to_bits()).collect()
}

/// The largest magnitude.
pub(crate) fn largest(values: &[f64]) -> f64 {
    values
        .iter()
        .fold(f64::MIN_POSITIVE, |scale, value| scale.max(value.abs()))
}

/// Every element within `tolerance` of the exact one, relative to the largest exact one.
pub(crate) fn assert_close(name: &str, fast: &[f32], exact: &[f64], tolerance: f64) {
    assert_close_to(name, fast, exact, largest(exact), tolerance);
}

/// Every element within `tolerance * scale` of the exact one: for sums that cancel, the scale of what is added.
pub(crate) fn assert_close_to(name: &str, fast: &[f32], exact: &[f64], scale: f64, tolerance: f64) {
    assert_eq!(fast.len(), exact.len(), "{name}: lengths");
    for (index, (fast, exact)) in fast.iter().zip(exact).enumerate() {
        let error = (f64::from(*fast) - exact).abs() / scale;
        assert!(
            error <= tolerance,
            "{name}[{index}] = {fast}, exactly {exact}: error {error:e} of {scale}"
        );
    }
}

/// `gradient` is the derivative of `loss` at `values`, by central differences.
pub(crate) fn assert_gradient(
    name: &str,
    values: &[f64],
    gradient: &[f64],
    loss: impl Fn(&[f64]) -> f64,
) {
    assert_eq!(values.len(), gradient.len(), "{name}: lengths");
    let scale = gradient
        .iter()
        .fold(1e-3_f64, |scale, value| scale.max(value.abs()));
    let mut moved = values.to_vec();
    for index in 0..values.len() {
        let step = 1e-5 * values[index].abs().max(1.0);
        moved[index] = values[index] + step;
        let above = loss(&moved);
        moved[index] = values[index] - step;
        let below = loss(&moved);
        moved[index] = values[index];
        let difference = (above - below) / (2.0 * step);
        assert!(
            (difference - gradient[index]).abs() <= 1e-6 * scale,
            "d{name}[{index}] = {}, by differences {difference}",
            gradient[index]
        );
    }
}
