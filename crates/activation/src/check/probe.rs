//! Coefficients and inputs to check at.

use super::CheckOptions;
use crate::activation::{Activation, CoefficientTensor};
use crate::error::ActivationError;
use crate::spec::DenominatorForm;
use pliant_kernels::random::{Purpose, Stream, name_key};

/// Channels of the layer that is checked, where any number will do: whole vectors, and a rest.
const CHANNELS: usize = 96;

/// Degrees whose start values are checked beside random coefficients.
const START_DEGREES: [(usize, usize); 3] = [(3, 2), (5, 4), (7, 6)];

/// A set of coefficients and random inputs.
pub(super) struct Probe {
    pub(super) label: &'static str,
    /// Channels of the layer that is checked.
    pub(super) channels: usize,
    /// Flat, for these channels, exactly representable in f32.
    pub(super) coefficients: Vec<f32>,
    /// Within ±6.
    pub(super) inputs: Vec<f64>,
}

impl Probe {
    pub(super) fn all(
        activation: &Activation,
        options: &CheckOptions,
    ) -> Result<Vec<Self>, ActivationError> {
        let stream = Stream::new(
            options.seed,
            Purpose::Probe,
            name_key(&activation.spec().to_string()),
        );
        let inputs: Vec<f64> = (0..options.points as u64)
            .map(|i| f64::from((12.0 * stream.uniform(i) - 6.0) as f32))
            .collect();
        if !activation.is_learnable() {
            let channels = activation.channels().unwrap_or(CHANNELS);
            return Ok(vec![Self {
                label: "",
                channels,
                coefficients: activation.start_coefficients(channels)?,
                inputs,
            }]);
        }
        let length = activation
            .coefficient_tensors(CHANNELS)?
            .iter()
            .map(CoefficientTensor::len)
            .sum();
        let mut probes = vec![Self {
            label: "random",
            channels: CHANNELS,
            coefficients: random_coefficients(activation, length, &stream)?,
            inputs: inputs.clone(),
        }];
        // Every fit would take longer than all the checks; the start is one more set of numbers.
        let needs_no_fit = activation.spec().rational().is_none_or(|options| {
            START_DEGREES.contains(&(options.numerator_degree, options.denominator_degree))
        });
        if !options.only.is_empty() || needs_no_fit {
            probes.push(Self {
                label: "start",
                channels: CHANNELS,
                coefficients: activation.start_coefficients(CHANNELS)?,
                inputs,
            });
        }
        Ok(probes)
    }

    /// The coefficients of one channel's group.
    pub(super) fn group(&self, positions: &[usize]) -> Vec<f64> {
        positions
            .iter()
            .map(|position| f64::from(self.coefficients[*position]))
            .collect()
    }
}

/// Normal numbers, every seventh zero. A rational's fall with the degree so that no term dominates, and form N's
/// denominators are positive; other functions' lie around their start.
fn random_coefficients(
    activation: &Activation,
    length: usize,
    stream: &Stream,
) -> Result<Vec<f32>, ActivationError> {
    let mut coefficients = vec![0.0_f32; length];
    let form = activation.spec().rational().map(|options| options.form);
    let start = if form.is_none() {
        activation.group_start()
    } else {
        Vec::new()
    };
    let numerator = activation.coefficient_tensors(CHANNELS)?[0].shape[1];
    for channel in 0..CHANNELS {
        for (index, position) in activation
            .positions(CHANNELS, channel)?
            .into_iter()
            .enumerate()
        {
            let in_denominator = index >= numerator;
            let constant = usize::from(form != Some(DenominatorForm::C));
            let degree = if in_denominator {
                index - numerator + constant
            } else {
                index
            };
            let draw = 10_000_000 + position as u64;
            if form.is_none() {
                let value = start[index] + 0.5 * stream.normal(draw);
                coefficients[position] = if draw.is_multiple_of(7) {
                    0.0
                } else {
                    value as f32
                };
                continue;
            }
            let mut value = stream.normal(draw) * 0.5_f64.powi(degree as i32);
            if form == Some(DenominatorForm::N) && in_denominator {
                // Even powers positive and ahead of the odd ones, so that no zero is near.
                value = if degree.is_multiple_of(2) {
                    value.abs() + 0.5_f64.powi(degree as i32)
                } else {
                    0.1 * value
                };
            }
            let zero =
                draw.is_multiple_of(7) && !(form == Some(DenominatorForm::N) && in_denominator);
            coefficients[position] = if zero { 0.0 } else { value as f32 };
        }
    }
    Ok(coefficients)
}
