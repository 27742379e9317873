//! What padding costs: milliseconds of one forward and backward pass over a batch whose lengths are drawn uniformly, with
//! padding left out as the model does it, and with every place of the batch treated as a token.
//!
//!     cargo run --release -p pliant-nn --example padding_bench -- [preset] [sequences] [length] [pairs] [precision]
//!
//! Defaults: `mini`, 32 sequences of 1 to 128 tokens, 7 pairs, `f32`. Vocabulary 30,522, about 15 % of tokens masked,
//! dropout 0.1. The two batches predict the same positions.
#![allow(clippy::print_stdout)]

use std::error::Error;
use std::time::Instant;

use pliant_kernels::random::{Purpose, Stream};
use pliant_nn::{DropoutKey, MaskedLanguageModel, ModelInput, Preset};

const VOCABULARY: usize = 30_522;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let argument = |index: usize, default: &str| {
        arguments
            .get(index)
            .cloned()
            .unwrap_or_else(|| default.to_owned())
    };
    let preset: Preset = argument(0, "mini").parse()?;
    let sequences: usize = argument(1, "32").parse()?;
    let length: usize = argument(2, "128").parse()?;
    let pairs: u64 = argument(3, "7").parse()?;

    let mut config = preset.config(VOCABULARY, "gelu".parse()?)?;
    config.dropout = 0.1;
    config.attention_dropout = 0.1;
    config.max_positions = config.max_positions.max(length);
    let mut model = MaskedLanguageModel::new(&config, 1)?;
    model.set_precision(argument(4, "f32").parse()?);

    let places = sequences * length;
    let stream = Stream::new(1, Purpose::Probe, 0);
    let word = |index: usize| stream.below(index as u64, VOCABULARY as u64) as u32;
    let ids: Vec<u32> = (0..places).map(word).collect();
    let lengths = Stream::new(1, Purpose::Probe, 1);
    let real = |sequence: usize| 1 + lengths.below(sequence as u64, length as u64) as usize;
    let mask: Vec<u8> = (0..places)
        .map(|place| u8::from(place % length < real(place / length)))
        .collect();
    let masked_positions: Vec<u32> = (0..places as u32)
        .filter(|place| mask[*place as usize] == 1 && place % 20 < 3)
        .collect();
    let labels: Vec<u32> = (0..masked_positions.len())
        .map(|index| word(places + index))
        .collect();
    let (types, all) = (vec![0; places], vec![1; places]);
    let time = |mask: &[u8], step: u64| -> Result<f64, Box<dyn Error>> {
        let input = ModelInput {
            sequences,
            length,
            ids: &ids,
            type_ids: &types,
            attention_mask: mask,
            masked_positions: &masked_positions,
            labels: &labels,
            first_sequence: 0,
        };
        let start = Instant::now();
        model.forward_backward(&input, Some(DropoutKey { seed: 1, step }), 1e-3)?;
        Ok(start.elapsed().as_secs_f64() * 1e3)
    };
    let mut times = Vec::new();
    for step in 0..pairs + 2 {
        let pair = (time(&all, step)?, time(&mask, step)?);
        if step >= 2 {
            times.push(pair);
        }
    }
    let median = |of: &dyn Fn(&(f64, f64)) -> f64| {
        let mut values: Vec<f64> = times.iter().map(of).collect();
        values.sort_by(f64::total_cmp);
        values[values.len() / 2]
    };
    let tokens: usize = mask.iter().map(|real| usize::from(*real)).sum();
    println!(
        "{preset} {}: {sequences} sequences of 1 to {length} tokens, {tokens} of {places} places real ({:.3}): \
         all places {:.1} ms, padding left out {:.1} ms, ratio of pairs {:.3} (medians of {pairs})",
        model.precision(),
        tokens as f64 / places as f64,
        median(&|pair| pair.0),
        median(&|pair| pair.1),
        median(&|pair| pair.1 / pair.0),
    );
    Ok(())
}
