//! Milliseconds of one forward and backward pass over a full batch, without the optimizer.
//!
//!     cargo run --release -p pliant-nn --example step_bench -- [preset] [activation] [steps] [dropout]
//!
//! Vocabulary 30,522, 32 sequences of 128 tokens, 15 % of them masked. Presets as `tiny`, `mini`, `base`.
#![allow(clippy::print_stdout)]

use std::error::Error;
use std::time::Instant;

use pliant_kernels::random::{Purpose, Stream};
use pliant_nn::{DropoutKey, MaskedLanguageModel, ModelInput, Preset};

const VOCABULARY: usize = 30_522;
const SEQUENCES: usize = 32;
const LENGTH: usize = 128;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let argument = |index: usize, default: &str| {
        arguments
            .get(index)
            .cloned()
            .unwrap_or_else(|| default.to_owned())
    };
    let preset: Preset = argument(0, "tiny").parse()?;
    let activation = argument(1, "gelu");
    let steps: u64 = argument(2, "15").parse()?;
    let dropout: f64 = argument(3, "0.1").parse()?;

    let mut config = preset.config(VOCABULARY, activation.parse()?)?;
    config.dropout = dropout;
    config.attention_dropout = dropout;
    let mut model = MaskedLanguageModel::new(&config, 1)?;
    let values: usize = model
        .parameters()
        .iter()
        .map(pliant_nn::ParameterInfo::count)
        .sum();

    let tokens = SEQUENCES * LENGTH;
    let stream = Stream::new(1, Purpose::Probe, 0);
    let word = |index: usize| stream.below(index as u64, VOCABULARY as u64) as u32;
    let ids: Vec<u32> = (0..tokens).map(word).collect();
    let masked_positions: Vec<u32> = (0..tokens as u32).filter(|flat| flat % 20 < 3).collect();
    let labels: Vec<u32> = (0..masked_positions.len())
        .map(|index| word(tokens + index))
        .collect();
    let input = ModelInput {
        sequences: SEQUENCES,
        length: LENGTH,
        ids: &ids,
        type_ids: &vec![0; tokens],
        attention_mask: &vec![1; tokens],
        masked_positions: &masked_positions,
        labels: &labels,
        first_sequence: 0,
    };
    let scale = 1.0 / labels.len() as f32;

    let mut times = Vec::new();
    let mut loss = 0.0;
    for step in 0..steps + 2 {
        let start = Instant::now();
        let (score, gradients) =
            model.forward_backward(&input, Some(DropoutKey { seed: 1, step }), scale)?;
        let milliseconds = start.elapsed().as_secs_f64() * 1e3;
        if step >= 2 {
            times.push(milliseconds);
        }
        loss = score.loss_sum / score.rows as f64;
        model.update(&mut |index, _, values| {
            for (value, gradient) in values
                .iter_mut()
                .zip(gradients.get(index).unwrap_or_default())
            {
                *value -= 1e-3 * gradient;
            }
        })?;
    }
    times.sort_by(f64::total_cmp);
    let start = Instant::now();
    model.score(&input)?;
    let evaluation = start.elapsed().as_secs_f64() * 1e3;
    println!(
        "{preset} {activation}: forward and backward {:.1} ms median ({:.1} to {:.1}, {} steps), evaluation {evaluation:.1} ms, \
         {values} parameters, dropout {dropout}, loss {loss:.4}",
        times[times.len() / 2],
        times[0],
        times[times.len() - 1],
        times.len(),
    );
    Ok(())
}
