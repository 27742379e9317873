//! Gradients by parameter.

use std::sync::Arc;

use burn_flex::FlexTensor;
use pliant_kernels::residual::add_assign;

use super::weights::Place;
use crate::operation::values;

/// The gradients of one or more backward passes over a model, by parameter index.
#[derive(Debug)]
pub struct Gradients {
    buffers: Vec<Option<FlexTensor>>,
    places: Arc<[Place]>,
    trainable: Arc<[bool]>,
}

impl Gradients {
    /// `trainable`: which parameters have gradients; others may share a buffer with one that has.
    pub(crate) fn new(
        buffers: Vec<Option<FlexTensor>>,
        places: Arc<[Place]>,
        trainable: Arc<[bool]>,
    ) -> Self {
        Self {
            buffers,
            places,
            trainable,
        }
    }

    /// The gradient of a parameter, flat in the parameter's shape; `None` if none reached it or
    /// it does not train.
    pub fn get(&self, index: usize) -> Option<&[f32]> {
        let place = self.places.get(index).filter(|_| self.trainable[index])?;
        let buffer = self.buffers.get(place.buffer)?.as_ref()?;
        Some(&values(buffer)[place.range.clone()])
    }

    /// Adds the gradient of one parameter to that of another of its size, and leaves zeros in its place. Nothing happens where
    /// one of them is missing.
    pub fn move_onto(&mut self, source: usize, target: usize) {
        let Some(moved) = self.get(source).map(<[f32]>::to_vec) else {
            return;
        };
        let Some(sum) = self.get_mut(target) else {
            return;
        };
        add_assign(sum, &moved);
        if let Some(source) = self.get_mut(source) {
            source.fill(0.0);
        }
    }

    fn get_mut(&mut self, index: usize) -> Option<&mut [f32]> {
        let place = self.places.get(index).filter(|_| self.trainable[index])?;
        let buffer = self.buffers.get_mut(place.buffer)?.as_mut()?;
        buffer.storage_mut::<f32>().get_mut(place.range.clone())
    }

    /// Number of parameters.
    pub fn len(&self) -> usize {
        self.places.len()
    }

    /// Whether there are no parameters.
    pub fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    /// Adds the gradients of another pass over the same model.
    pub fn accumulate(&mut self, other: Self) {
        for (own, others) in self.buffers.iter_mut().zip(other.buffers) {
            match (own.as_mut(), others) {
                (_, None) => {}
                (None, Some(gradient)) => *own = Some(gradient),
                (Some(sum), Some(gradient)) => {
                    add_assign(sum.storage_mut::<f32>(), values(&gradient));
                }
            }
        }
    }
}
