//! Which positions are masked, and what stands there instead (BERT, Devlin et al. 2019, section 3.1).

use pliant_kernels::random::{Purpose, Stream};
use serde::{Deserialize, Serialize};

use crate::{DataError, Tokenizer};

/// Masking rates.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Masking {
    /// Probability that an ordinary token is chosen.
    pub probability: f64,
    /// Share of the chosen ones replaced by `[MASK]`.
    pub mask: f64,
    /// Share of the chosen ones replaced by a random ordinary token; the rest stays as it is.
    pub random: f64,
}

impl Default for Masking {
    /// 15 %, of these 80 % `[MASK]`, 10 % random, 10 % unchanged.
    fn default() -> Self {
        Self {
            probability: 0.15,
            mask: 0.8,
            random: 0.1,
        }
    }
}

impl Masking {
    /// # Errors
    /// [`DataError::Option`] where a rate is no probability.
    pub fn check(&self) -> Result<(), DataError> {
        let option = |key, value: f64, reason| {
            Err(DataError::Option {
                key,
                value: value.to_string(),
                reason,
            })
        };
        if !(self.probability > 0.0 && self.probability <= 1.0) {
            return option(
                "mask_probability",
                self.probability,
                "it must be above 0 and at most 1",
            );
        }
        if !(0.0..=1.0).contains(&self.mask) {
            return option("mask", self.mask, "a share is between 0 and 1");
        }
        if !(self.random >= 0.0 && self.mask + self.random <= 1.0 + 1e-9) {
            return option(
                "random",
                self.random,
                "the shares must not add up to more than 1",
            );
        }
        Ok(())
    }
}

/// Masks the sequences of one epoch: a pure function of seed, epoch, sequence and position.
pub(crate) struct Masker<'a> {
    masking: Masking,
    tokenizer: &'a Tokenizer,
    selection: Stream,
    replacement: Stream,
}

impl<'a> Masker<'a> {
    pub(crate) fn new(masking: Masking, tokenizer: &'a Tokenizer, seed: u64, epoch: u64) -> Self {
        Self {
            masking,
            tokenizer,
            selection: Stream::new(seed, Purpose::MaskSelection, epoch),
            replacement: Stream::new(seed, Purpose::MaskReplacement, epoch),
        }
    }

    /// The chosen positions of a sequence, ascending. Where chance chooses none, the position that came closest is
    /// taken, so that no sequence, and so no batch however small, is without a masked position.
    pub(crate) fn positions(&self, sequence: u64, ids: &[u32], mut chosen: impl FnMut(usize)) {
        let mut any = false;
        let mut closest: Option<(f64, usize)> = None;
        for (position, id) in ids.iter().enumerate() {
            if self.tokenizer.ordinary().binary_search(id).is_err() {
                continue;
            }
            let drawn = self.selection.uniform(index(sequence, ids.len(), position));
            if drawn < self.masking.probability {
                chosen(position);
                any = true;
            } else if closest.is_none_or(|(least, _)| drawn < least) {
                closest = Some((drawn, position));
            }
        }
        if let (false, Some((_, position))) = (any, closest) {
            chosen(position);
        }
    }

    /// What stands at a chosen position.
    pub(crate) fn replacement(
        &self,
        sequence: u64,
        length: usize,
        position: usize,
        id: u32,
    ) -> u32 {
        let place = 2 * index(sequence, length, position);
        let drawn = self.replacement.uniform(place);
        if drawn < self.masking.mask {
            self.tokenizer.special().mask
        } else if drawn < self.masking.mask + self.masking.random {
            let words = self.tokenizer.ordinary();
            words[self.replacement.below(place + 1, words.len() as u64) as usize]
        } else {
            id
        }
    }
}

fn index(sequence: u64, length: usize, position: usize) -> u64 {
    sequence * length as u64 + position as u64
}
