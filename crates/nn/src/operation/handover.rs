//! A value that an operation leaves for whoever comes later, beside the tensor that it returns.

use std::sync::{Mutex, PoisonError};

/// Holds at most one value.
#[derive(Debug)]
pub(crate) struct Handover<T>(Mutex<Option<T>>);

impl<T> Handover<T> {
    /// Leaves a value in the place of the one before.
    pub(super) fn put(&self, value: T) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(value);
    }

    /// The value, once.
    pub(crate) fn take(&self) -> Option<T> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

impl<T> Default for Handover<T> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}
