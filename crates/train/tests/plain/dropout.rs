//! Dropout masks as tensors, from the documented indices of the random streams.

use burn::tensor::{Device, Tensor, TensorData};
use pliant_kernels::random::{Purpose, Stream};

/// What one step drops.
pub(crate) struct Dropout {
    pub(crate) probability: f64,
    pub(crate) seed: u64,
    pub(crate) step: u64,
    /// Index of the first sequence in the step.
    pub(crate) first_sequence: u64,
}

impl Dropout {
    /// Factors for `[sequences, …]`. Rows of the last axis lie `stride` indices apart in the stream of the place, those of
    /// sequence `first_sequence` begin with row 0 of a step whose first sequence is number 0.
    pub(crate) fn factors<const D: usize>(
        &self,
        place: u64,
        shape: [usize; D],
        stride: usize,
        device: &Device,
    ) -> Tensor<D> {
        let stream = Stream::new(self.seed, Purpose::Dropout, (self.step << 16) | place);
        let columns = shape[D - 1];
        let rows = shape.iter().product::<usize>() / columns;
        let first_row = self.first_sequence as usize * (rows / shape[0]);
        // The probability is rounded to a multiple of 2⁻¹⁶.
        let threshold = (f64::from(self.probability as f32) * 65536.0).round();
        let kept = (65536.0 / (65536.0 - threshold)) as f32;
        let factors: Vec<f32> = (first_row..first_row + rows)
            .flat_map(|row| (0..columns).map(move |column| (row * stride + column) as u64))
            .map(|index| {
                if f64::from(stream.piece(index)) >= threshold {
                    kept
                } else {
                    0.0
                }
            })
            .collect();
        Tensor::from_data(TensorData::new(factors, shape), device)
    }
}
