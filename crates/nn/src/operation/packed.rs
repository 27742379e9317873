//! Weights in the order in which products read them, kept between the passes of a model that does not change.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use burn_flex::FlexTensor;
use pliant_kernels::Precision;
use pliant_kernels::linear::PackedWeight;

use super::buffer::values;
use super::timing::Direction;

/// Packed weights by where the weight lies in memory. They belong to one state of the parameters: a model that changes
/// takes new, empty ones.
#[derive(Debug, Default)]
pub(crate) struct PackedWeights {
    by_address: Mutex<BTreeMap<Key, Option<Arc<PackedWeight>>>>,
    training_passes: AtomicUsize,
    /// Whether the state of the parameters before this one saw several training passes.
    several_expected: bool,
}

/// Address of a weight's first value, name of the precision, and which product reads it.
type Key = (usize, &'static str, Direction);

impl PackedWeights {
    /// Those of the next state of the parameters.
    pub(crate) fn next(&self) -> Self {
        Self {
            several_expected: self.training_passes.load(Ordering::Relaxed) > 1,
            ..Self::default()
        }
    }

    /// Counts a training pass; returns whether packed weights are worth keeping for others like it. One pass for each
    /// state of the parameters packs as it goes and needs no memory for it.
    pub(crate) fn begin_training_pass(&self) -> bool {
        self.training_passes.fetch_add(1, Ordering::Relaxed) > 0 || self.several_expected
    }

    /// The packed form of `weight` `[outputs, inputs]` for its product in one direction, packed now if it is asked for
    /// first; `None` if packing gains nothing.
    pub(super) fn of(
        &self,
        weight: &FlexTensor,
        precision: Precision,
        direction: Direction,
        inputs: usize,
        outputs: usize,
    ) -> Option<Arc<PackedWeight>> {
        let matrix = values(weight);
        let key = (matrix.as_ptr() as usize, precision.name(), direction);
        let mut all = self
            .by_address
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        all.entry(key)
            .or_insert_with(|| {
                let pack = match direction {
                    Direction::Forward => PackedWeight::for_forward,
                    Direction::Backward => PackedWeight::for_backward,
                };
                pack(precision, matrix, inputs, outputs).map(Arc::new)
            })
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

#[cfg(test)]
mod tests {
    use super::PackedWeights;

    #[test]
    fn weights_are_kept_where_several_passes_share_them() {
        let first = PackedWeights::default();
        assert!(!first.begin_training_pass(), "it may be the only one");
        assert!(!first.next().begin_training_pass());
        assert!(first.begin_training_pass(), "there are several");
        let second = first.next();
        assert!(second.begin_training_pass(), "as before");
        assert!(!second.next().begin_training_pass(), "no longer");
    }
}
