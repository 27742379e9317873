//! The values of the parameters that train, in memory and as a file.

use std::path::Path;

use super::tensors;
use crate::TrainError;
use crate::trainable::Trainable;

/// The values of every parameter that trains, in the order of the parameters.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Weights(Vec<Vec<f32>>);

/// Whether training may change every parameter.
pub(super) fn all_train(model: &impl Trainable) -> bool {
    (0..model.parameters().len()).all(|index| model.trains(index))
}

/// Indices of the parameters that train.
fn trained(model: &impl Trainable) -> Vec<usize> {
    (0..model.parameters().len())
        .filter(|index| model.trains(*index))
        .collect()
}

impl Weights {
    /// Copies them from a model.
    pub(crate) fn of(model: &impl Trainable) -> Self {
        let trained = trained(model);
        Self(trained.into_iter().map(|index| model.read(index)).collect())
    }

    /// Puts them into the model they are of.
    pub(crate) fn restore(&self, model: &mut impl Trainable) -> Result<(), TrainError> {
        for (index, values) in trained(model).into_iter().zip(&self.0) {
            model.write(index, values)?;
        }
        Ok(())
    }

    pub(super) fn write(&self, model: &impl Trainable, path: &Path) -> Result<(), TrainError> {
        let parameters = model.parameters();
        let trained = trained(model);
        tensors::write(
            path,
            trained.iter().zip(&self.0).map(|(index, values)| {
                let parameter = &parameters[*index];
                (
                    parameter.name.clone(),
                    parameter.shape.as_slice(),
                    values.as_slice(),
                )
            }),
        )
    }

    pub(super) fn read(model: &impl Trainable, path: &Path) -> Result<Self, TrainError> {
        let names: Vec<_> = trained(model)
            .into_iter()
            .map(|index| &model.parameters()[index])
            .map(|parameter| (parameter.name.clone(), parameter.count()))
            .collect();
        let mut weights = Vec::with_capacity(names.len());
        tensors::read(path, &names, |_, values| {
            weights.push(values);
            Ok(())
        })?;
        Ok(Self(weights))
    }
}
