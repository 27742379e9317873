//! Layer norm.
/// .
pub fn forward(
    x: &[f32],
    weight: &[f32],
    bias: &[f32],
    epsilon: f32,
    columns: usize,
    y: &mut [f32],
    mean: &mut [f32],
    reciprocal_deviation: &mut [f32],
) {
    todo!()
}
/// .
pub fn backward(
    dy: &[f32],
    x: &[f32],
    weight: &[f32],
    mean: &[f32],
    reciprocal_deviation: &[f32],
    columns: usize,
    dx: &mut [f32],
    dweight: &mut [f32],
    dbias: &mut [f32],
) {
    todo!()
}
