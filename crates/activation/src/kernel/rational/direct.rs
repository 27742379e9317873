//! Blocks that are computed where they lie, without a copy: runs of whole vectors that share their coefficients.

use super::Layout;
use super::strip::Place;
use crate::kernel::lanes::{LANES, Lane, any_beyond};

/// Which blocks need no copy.
pub(super) struct Direct<'a> {
    bias: Option<&'a [f32]>,
    /// Magnitudes of the input, without the bias, up to which the vector body may be used; none if it never may.
    limit: Option<f32>,
}

impl<'a> Direct<'a> {
    pub(super) fn new(layout: &Layout, bias: Option<&'a [f32]>, limit: f32) -> Self {
        let whole = layout.channels.is_multiple_of(LANES)
            && layout
                .channels_per_group
                .is_none_or(|size| size.is_multiple_of(LANES));
        let largest = bias
            .unwrap_or(&[])
            .iter()
            .fold(0.0, |largest: f32, bias| largest.max(bias.abs()));
        // Half of the limit leaves room for the rounding of the difference.
        Self {
            bias,
            limit: (whole && largest <= 0.5 * limit).then_some(0.5 * limit),
        }
    }

    /// The block's inputs and bias, if it is one run of whole vectors without large values.
    #[inline]
    pub(super) fn operands<'b>(
        &self,
        place: &Place,
        x: &'b [f32],
    ) -> Option<(&'b [Lane], Option<&'a [Lane]>)> {
        let limit = self.limit?;
        let run = place.run();
        if !place.is_one_run() || !run.len().is_multiple_of(LANES) {
            return None;
        }
        let bias = match self.bias {
            None => None,
            Some(bias) => {
                let channels = place.channels();
                Some(bias.get(channels)?.as_chunks().0)
            }
        };
        let x = x[run].as_chunks().0;
        (!any_beyond(x, limit)).then_some((x, bias))
    }
}

/// A run of whole vectors.
pub(super) fn lanes_mut(values: &mut [f32]) -> &mut [Lane] {
    values.as_chunks_mut().0
}
