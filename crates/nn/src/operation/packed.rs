//! Weights in the order in which products read them, kept between the passes of a model that does not change.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use burn_flex::FlexTensor;
use pliant_kernels::Precision;
use pliant_kernels::linear::PackedWeight;

use super::buffer::values;

/// Packed weights by where the weight lies in memory. They belong to one state of the parameters: a model that changes
/// takes a new, empty one.
#[derive(Debug, Default)]
pub(crate) struct PackedWeights {
    by_address: Mutex<BTreeMap<Key, Option<Arc<PackedWeight>>>>,
}

/// Address of a weight's first value, and name of the precision.
type Key = (usize, &'static str);

impl PackedWeights {
    /// The packed form of `weight` `[outputs, inputs]`, packed now if it is asked for first; `None` if packing gains
    /// nothing.
    pub(super) fn of(
        &self,
        weight: &FlexTensor,
        precision: Precision,
        inputs: usize,
        outputs: usize,
    ) -> Option<Arc<PackedWeight>> {
        let matrix = values(weight);
        let key = (matrix.as_ptr() as usize, precision.name());
        let mut all = self
            .by_address
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        all.entry(key)
            .or_insert_with(|| PackedWeight::new(precision, matrix, inputs, outputs).map(Arc::new))
            .clone()
    }
}

/// How matrix products are computed.
#[derive(Debug, Clone)]
pub(crate) struct Products {
    /// The number format of the operands.
    pub(crate) precision: Precision,
    /// Where packed weights are kept, if they are.
    pub(crate) packed: Option<Arc<PackedWeights>>,
}
