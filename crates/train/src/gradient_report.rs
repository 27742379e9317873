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
        if !model.trains(index) {
            continue;
        }
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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
    use std::path::Path;

    use pliant_data::Batch;
    use pliant_nn::{DropoutKey, ModelError, ParameterInfo, Role, Score, Site};

    use super::*;

    /// Gradients by index, none where no gradient arrived.
    struct Arrived(Vec<Option<Vec<f32>>>);

    impl GradientSet for Arrived {
        fn get(&self, index: usize) -> Option<&[f32]> {
            self.0[index].as_deref()
        }
        fn move_onto(&mut self, _: usize, _: usize) {}
        fn accumulate(&mut self, _: Self) {}
    }

    /// A model of which only the parameters are looked at.
    struct Named(Vec<ParameterInfo>);

    impl Trainable for Named {
        type Batch = Batch;
        type Gradients = Arrived;
        fn parameters(&self) -> &[ParameterInfo] {
            &self.0
        }
        fn sites(&self) -> &[Site] {
            &[]
        }
        fn read(&self, index: usize) -> Vec<f32> {
            vec![0.0; self.0[index].count()]
        }
        fn write(&mut self, _: usize, _: &[f32]) -> Result<(), ModelError> {
            Ok(())
        }
        fn forward_backward(
            &self,
            _: &Batch,
            _: DropoutKey,
            _: f32,
        ) -> Result<(Score, Arrived), ModelError> {
            Err(ModelError::Framework("not a model".to_owned()))
        }
        fn update(
            &mut self,
            _: &mut dyn FnMut(&[ParameterInfo], Vec<&mut [f32]>),
        ) -> Result<(), ModelError> {
            Ok(())
        }
        fn observe(&self, _: &Batch, _: &mut dyn FnMut(usize, &[f32])) -> Result<(), ModelError> {
            Ok(())
        }
        fn first_non_finite(&self, _: &Batch) -> Result<Option<String>, ModelError> {
            Ok(None)
        }
        fn save(&self, _: &Path) -> Result<(), ModelError> {
            Ok(())
        }
    }

    fn model() -> Named {
        let parameter = |name: &str, role| ParameterInfo {
            name: name.to_owned(),
            role,
            shape: vec![2],
        };
        Named(vec![
            parameter("a.weight", Role::Weight),
            parameter("a.bias", Role::Bias),
            parameter("b.weight", Role::Weight),
        ])
    }

    #[test]
    fn zero_gradients_are_reported() {
        let gradients = Arrived(vec![
            Some(vec![3.0, 0.0]),
            Some(vec![0.0, 0.0]),
            Some(vec![0.0, 4.0]),
        ]);
        let Event::GradientReport {
            healthy,
            zero,
            norms,
            ..
        } = examine(&model(), &gradients, 1).unwrap()
        else {
            panic!("another event")
        };
        assert_eq!((healthy, zero), (2, vec!["a.bias".to_owned()]));
        assert_eq!((norms["weight"], norms["bias"]), (5.0, 0.0));
    }

    #[test]
    fn parameters_without_a_gradient_stop_the_run() {
        let gradients = Arrived(vec![Some(vec![1.0, 1.0]), None, None]);
        let message = examine(&model(), &gradients, 1).unwrap_err().to_string();
        assert_eq!(message, "no gradient reached a.bias, b.weight");
    }
}
