//! Masked-LM head.
/// Score.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Score {
    /// .
    pub loss_sum: f64,
    /// .
    pub correct: usize,
    /// .
    pub rows: usize,
}
/// .
pub fn score(
    hidden: &[f32],
    table: &[f32],
    bias: &[f32],
    labels: &[u32],
    hidden_size: usize,
    vocabulary: usize,
) -> Score {
    todo!()
}
/// .
pub fn score_and_gradients(
    hidden: &[f32],
    table: &[f32],
    bias: &[f32],
    labels: &[u32],
    hidden_size: usize,
    vocabulary: usize,
    scale: f32,
    dhidden: &mut [f32],
    dtable: &mut [f32],
    dbias: &mut [f32],
) -> Score {
    todo!()
}
