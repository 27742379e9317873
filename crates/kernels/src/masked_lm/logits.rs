//! All logits of a row.

use super::Head;
use crate::Precision;

/// `hidden · tableᵀ + bias`, `[rows, vocabulary]`, of hidden `[rows, hidden_size]`.
///
/// # Panics
/// If a slice does not have the length of its shape.
pub fn logits(
    precision: Precision,
    hidden: &[f32],
    table: &[f32],
    bias: &[f32],
    hidden_size: usize,
    vocabulary: usize,
) -> Vec<f32> {
    // The label of a row plays no part here, but rows are counted by them.
    let labels = vec![0; hidden.len() / hidden_size.max(1)];
    let head = Head::new(
        precision,
        hidden,
        table,
        bias,
        &labels,
        hidden_size,
        vocabulary,
    );
    let mut logits = vec![0.0; labels.len() * vocabulary];
    let mut rest = logits.as_mut_slice();
    for (_, block) in head.blocks() {
        let (own, others) = rest.split_at_mut(block.labels.len() * vocabulary);
        block.logits(&(0..vocabulary), own);
        rest = others;
    }
    logits
}
