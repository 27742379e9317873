//! Residual.
use crate::random::Stream;
/// Dropout.
#[derive(Clone, Copy, Debug)]
pub struct Dropout {
    /// .
    pub probability: f32,
    /// .
    pub stream: Stream,
    /// .
    pub first_sequence: u64,
    /// .
    pub elements_per_sequence: usize,
}
/// .
pub fn forward(
    y: &[f32],
    bias: Option<&[f32]>,
    residual: &[f32],
    factor: f32,
    columns: usize,
    dropout: Option<&Dropout>,
    out: &mut [f32],
) {
    todo!()
}
/// .
pub fn backward(
    dout: &[f32],
    factor: f32,
    columns: usize,
    dropout: Option<&Dropout>,
    dy: &mut [f32],
    dbias: Option<&mut [f32]>,
    dresidual: &mut [f32],
) {
    todo!()
}
/// `out = dropout(x)`; also its own backward, on the gradient.
pub fn dropout(x: &[f32], dropout: &Dropout, out: &mut [f32]) {
    todo!()
}
