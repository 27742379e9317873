//! The same in f64, row by row.

/// Logits of one row.
fn logits(hidden: &[f64], table: &[f64], bias: &[f64]) -> Vec<f64> {
    bias.iter()
        .zip(table.chunks_exact(hidden.len()))
        .map(|(bias, word)| bias + word.iter().zip(hidden).map(|(w, h)| w * h).sum::<f64>())
        .collect()
}

fn log_sum_exp(logits: &[f64]) -> f64 {
    let highest = logits.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    highest + logits.iter().map(|l| (l - highest).exp()).sum::<f64>().ln()
}

/// Sum of the losses and number of correct rows.
pub fn score(hidden: &[f64], table: &[f64], bias: &[f64], labels: &[u32]) -> (f64, usize) {
    let hidden_size = table.len() / bias.len();
    let mut total = (0.0, 0);
    for (hidden, label) in hidden.chunks_exact(hidden_size).zip(labels) {
        let logits = logits(hidden, table, bias);
        let own = logits[*label as usize];
        total.0 += log_sum_exp(&logits) - own;
        total.1 += usize::from(logits.iter().all(|logit| *logit <= own));
    }
    total
}

/// Gradients of the loss sum by (hidden, table, bias).
pub fn gradients(
    hidden: &[f64],
    table: &[f64],
    bias: &[f64],
    labels: &[u32],
) -> (Vec<f64>, Vec<f64>, Vec<f64>) {
    let hidden_size = table.len() / bias.len();
    let mut dhidden = vec![0.0; hidden.len()];
    let mut dtable = vec![0.0; table.len()];
    let mut dbias = vec![0.0; bias.len()];
    for (row, label) in labels.iter().enumerate() {
        let own = row * hidden_size..(row + 1) * hidden_size;
        let logits = logits(&hidden[own.clone()], table, bias);
        let total = log_sum_exp(&logits);
        for (word, logit) in logits.iter().enumerate() {
            let d = (logit - total).exp() - f64::from(u8::from(word == *label as usize));
            dbias[word] += d;
            for j in 0..hidden_size {
                dhidden[own.start + j] += d * table[word * hidden_size + j];
                dtable[word * hidden_size + j] += d * hidden[own.start + j];
            }
        }
    }
    (dhidden, dtable, dbias)
}
