//! Attention.
use crate::random::Stream;
/// Shape.
#[derive(Clone, Copy, Debug)]
pub struct Shape {
    /// .
    pub batch: usize,
    /// .
    pub sequence: usize,
    /// .
    pub heads: usize,
    /// .
    pub head_size: usize,
}
/// Dropout.
#[derive(Clone, Copy, Debug)]
pub struct Dropout {
    /// .
    pub probability: f32,
    /// .
    pub stream: Stream,
    /// .
    pub first_sequence: u64,
}
/// Rotary.
#[derive(Clone, Debug)]
pub struct Rotary {}
impl Rotary {
    /// .
    pub fn new(max_sequence: usize, head_size: usize, base: f64) -> Self {
        todo!()
    }
}
/// .
pub fn forward(
    shape: &Shape,
    qkv: &[f32],
    attention_mask: &[u8],
    rotary: Option<&Rotary>,
    dropout: Option<&Dropout>,
    output: &mut [f32],
    log_sum_exp: &mut [f32],
) {
    todo!()
}
/// .
pub fn backward(
    shape: &Shape,
    qkv: &[f32],
    attention_mask: &[u8],
    rotary: Option<&Rotary>,
    dropout: Option<&Dropout>,
    output: &[f32],
    log_sum_exp: &[f32],
    doutput: &[f32],
    dqkv: &mut [f32],
) {
    todo!()
}
