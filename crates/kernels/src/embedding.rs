//! Embedding.
/// `out[i] = table[ids[i]]`
pub fn forward(ids: &[u32], table: &[f32], columns: usize, out: &mut [f32]) {
    todo!()
}
/// `out[i] += table[ids[i]]`
pub fn forward_add(ids: &[u32], table: &[f32], columns: usize, out: &mut [f32]) {
    todo!()
}
/// `dtable[ids[i]] += dout[i]`
pub fn backward(ids: &[u32], dout: &[f32], columns: usize, dtable: &mut [f32]) {
    todo!()
}
