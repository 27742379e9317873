//! After the first step: did every trainable parameter get a gradient?

use std::collections::BTreeMap;

use pliant_kernels::adamw::sum_of_squares;

use crate::trainable::{GradientSet, Trainable};
use crate::{Event, TrainError};

/// Looks at every gradient of a step; a missing one is an error, an all-zero one is reported.
pub(crate) fn examine<M: Trainable>(
    model: &M,
    gradients: &M::Gradients,
    step: u64,
) -> Result<Event, TrainError> {
    let mut missing = Vec::new();
    let mut zero = Vec::new();
    let mut squares: BTreeMap<String, f64> = BTreeMap::new();
    let mut healthy = 0;
    for (index, parameter) in model.parameters().iter().enumerate() {
        let Some(gradient) = gradients.get(index) else {
            missing.push(parameter.name.clone());
            continue;
        };
        let sum = sum_of_squares(gradient);
        *squares.entry(parameter.role.to_string()).or_default() += sum;
        if sum == 0.0 {
            zero.push(parameter.name.clone());
        } else {
            healthy += 1;
        }
    }
    if !missing.is_empty() {
        return Err(TrainError::MissingGradients { names: missing });
    }
    let norms = squares
        .into_iter()
        .map(|(role, sum)| (role, sum.sqrt()))
        .collect();
    Ok(Event::GradientReport {
        step,
        healthy,
        zero,
        norms,
    })
}
