//! Gather.
/// `out[i] = x[indices[i]]`
pub fn rows(x: &[f32], indices: &[u32], columns: usize, out: &mut [f32]) {
    todo!()
}
/// `dx = 0; dx[indices[i]] += dout[i]`
pub fn scatter_rows(dout: &[f32], indices: &[u32], columns: usize, dx: &mut [f32]) {
    todo!()
}
