//! Linear layer.
/// `y = x weightᵀ + bias`
pub fn forward(
    x: &[f32],
    weight: &[f32],
    bias: Option<&[f32]>,
    rows: usize,
    inputs: usize,
    outputs: usize,
    y: &mut [f32],
) {
    todo!()
}
/// `dx = dy weight`
pub fn backward_input(
    dy: &[f32],
    weight: &[f32],
    rows: usize,
    inputs: usize,
    outputs: usize,
    dx: &mut [f32],
) {
    todo!()
}
/// `dweight = dyᵀ x`
pub fn backward_weight(
    dy: &[f32],
    x: &[f32],
    rows: usize,
    inputs: usize,
    outputs: usize,
    dweight: &mut [f32],
) {
    todo!()
}
/// `dbias = Σ dy`
pub fn backward_bias(dy: &[f32], rows: usize, outputs: usize, dbias: &mut [f32]) {
    todo!()
}
