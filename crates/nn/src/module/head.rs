//! What can stand on an encoder.

use burn::module::{Module, ModuleDisplay};

use super::{MaskedLmHead, TaskOutput};

/// A head; there are two.
pub trait Head: Module + ModuleDisplay {}

impl Head for MaskedLmHead {}
impl Head for TaskOutput {}
