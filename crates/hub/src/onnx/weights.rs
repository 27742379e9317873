//! The parameters of a model by name.

use std::collections::BTreeMap;

use pliant_nn::{Head, Model};

use crate::HubError;

/// The parameters of a model, whatever its head.
pub(super) struct Weights<'a> {
    places: BTreeMap<&'a str, (usize, &'a [usize])>,
    read: Box<dyn Fn(usize) -> Vec<f32> + 'a>,
}

impl<'a> Weights<'a> {
    pub(super) fn of<H: Head>(model: &'a Model<H>) -> Self {
        let named = model.parameters().iter().enumerate();
        Self {
            places: named
                .map(|(index, info)| (info.name.as_str(), (index, &info.shape[..])))
                .collect(),
            read: Box::new(|index| model.read(index)),
        }
    }

    /// Shape and values of a parameter.
    pub(super) fn get(&self, name: &str) -> Result<(&'a [usize], Vec<f32>), HubError> {
        let (index, shape) = self.places.get(name).ok_or_else(|| HubError::Parameter {
            name: name.to_owned(),
        })?;
        Ok((shape, (self.read)(*index)))
    }
}
