//! Whether the number format of matrix products suits the processor.

use pliant_kernels::bf16_is_fast;
use pliant_nn::Precision;

use crate::{Event, EventSink};

/// What to say before work in that precision begins, if anything. The work goes on: a recipe is good on every machine.
pub(crate) fn warning(precision: Precision) -> Option<String> {
    (precision == Precision::Bf16 && !bf16_is_fast()).then(|| {
        "precision bf16 is slower than f32 here: there are no instructions for bf16 products (AVX512-BF16 or AMX), so they \
         are imitated; take train.precision = \"f32\" (--precision f32 in `pliant eval`) unless it is the rounding that \
         you want"
            .to_owned()
    })
}

/// Sends the [`warning`] where there is one.
pub(crate) fn warn(precision: Precision, sink: &mut dyn EventSink) {
    if let Some(message) = warning(precision) {
        sink.event(&Event::Warning { message });
    }
}

/// The precision of records that are older than the key.
pub(crate) fn before_the_key() -> String {
    Precision::F32.to_string()
}
