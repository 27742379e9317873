//! AdamW.
/// Options.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AdamW {
    /// .
    pub learning_rate: f64,
    /// .
    pub beta1: f64,
    /// .
    pub beta2: f64,
    /// .
    pub epsilon: f64,
    /// .
    pub weight_decay: f64,
    /// .
    pub step: u64,
}
/// .
pub fn update(
    options: &AdamW,
    weights: &mut [f32],
    gradients: &[f32],
    gradient_scale: f32,
    first_moment: &mut [f32],
    second_moment: &mut [f32],
    anchor: Option<&[f32]>,
) {
    todo!()
}
/// .
pub fn sum_of_squares(values: &[f32]) -> f64 {
    todo!()
}
