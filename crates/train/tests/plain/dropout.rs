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
    /// Factors for `[sequences, …]`; element `e` of sequence `s` has index `(first_sequence + s) * (size of a sequence) + e`
    /// in the stream of the place.
    pub(crate) fn factors<const D: usize>(
        &self,
        place: u64,
        shape: [usize; D],
        device: &Device,
    ) -> Tensor<D> {
        let stream = Stream::new(self.seed, Purpose::Dropout, (self.step << 16) | place);
        let per_sequence: usize = shape[1..].iter().product();
        let threshold = (self.probability * 2.0_f64.powi(32)) as u32;
        let kept = (1.0 / (1.0 - f64::from(self.probability as f32))) as f32;
        let first = self.first_sequence * per_sequence as u64;
        let factors: Vec<f32> = (0..shape.iter().product::<usize>() as u64)
            .map(|index| {
                if stream.bits(first + index) >= threshold {
                    kept
                } else {
                    0.0
                }
            })
            .collect();
        Tensor::from_data(TensorData::new(factors, shape), device)
    }
}
