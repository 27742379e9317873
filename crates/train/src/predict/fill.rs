//! Words at `[MASK]`.

use pliant_nn::ModelInput;
use serde::Serialize;

use super::{BATCH, Loaded, Predictor};
use crate::TrainError;

/// How a gap is written in a text.
const MASK: &str = "[MASK]";

/// A word that may stand at a mask.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Candidate {
    /// The token's text, `##` before a continuation.
    pub token: String,
    /// Its number.
    pub id: u32,
    /// Its probability.
    pub probability: f32,
}

/// What may stand at the masks of a text, mask by mask, the most probable first.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Filled {
    /// For each mask.
    pub masks: Vec<Vec<Candidate>>,
}

impl Predictor {
    /// The `top` most probable tokens at each `[MASK]` of each text, in their order.
    ///
    /// # Errors
    /// [`TrainError::NoMask`], [`TrainError::TextTooLong`], [`TrainError::OtherModelKind`].
    pub fn fill(&self, texts: &[String], top: usize) -> Result<Vec<Filled>, TrainError> {
        let Loaded::MaskedLanguage(model) = &self.model else {
            return Err(self.unable("fill masks"));
        };
        let mut filled = Vec::with_capacity(texts.len());
        for texts in texts.chunks(BATCH) {
            let encoded: Vec<Vec<u32>> = texts
                .iter()
                .map(|text| self.encode_masked(text))
                .collect::<Result<_, _>>()?;
            let special = self.tokenizer.special();
            let length = encoded.iter().map(Vec::len).max().unwrap_or(0);
            let (mut ids, mut attention_mask) = (Vec::new(), Vec::new());
            let mut positions = Vec::new();
            for (row, own) in encoded.iter().enumerate() {
                let first = row * length;
                positions.extend(
                    own.iter()
                        .enumerate()
                        .filter(|(_, id)| **id == special.mask)
                        .map(|(place, _)| (first + place) as u32),
                );
                ids.extend_from_slice(own);
                attention_mask.resize(ids.len(), 1);
                ids.resize(first + length, special.pad);
                attention_mask.resize(first + length, 0);
            }
            let input = ModelInput {
                sequences: encoded.len(),
                length,
                type_ids: &vec![0; ids.len()],
                ids: &ids,
                attention_mask: &attention_mask,
                masked_positions: &[],
                labels: &[],
                first_sequence: 0,
            };
            let mut candidates = model.fill_mask(&input, &positions, top)?.into_iter();
            for own in &encoded {
                let masks = own.iter().filter(|id| **id == special.mask).count();
                filled.push(Filled {
                    masks: candidates
                        .by_ref()
                        .take(masks)
                        .map(|candidates| self.named(candidates))
                        .collect(),
                });
            }
        }
        Ok(filled)
    }

    fn named(&self, candidates: Vec<(u32, f32)>) -> Vec<Candidate> {
        candidates
            .into_iter()
            .map(|(id, probability)| Candidate {
                token: self.tokenizer.token(id).unwrap_or_default(),
                id,
                probability,
            })
            .collect()
    }

    /// `[CLS] text [SEP]`; only here does the text `[MASK]` (and the tokenizer's own name for it) stand for the token.
    fn encode_masked(&self, text: &str) -> Result<Vec<u32>, TrainError> {
        let special = self.tokenizer.special();
        let mut ids = vec![special.classify];
        let text = text.replace(self.tokenizer.mask_name(), MASK);
        let mut pieces = text.split(MASK).peekable();
        while let Some(piece) = pieces.next() {
            let gap_follows = pieces.peek().is_some();
            let piece = if gap_follows && self.tokenizer.mask_takes_space() {
                piece.trim_end()
            } else {
                piece
            };
            ids.extend(self.tokenizer.encode(piece)?);
            if gap_follows {
                ids.push(special.mask);
            }
        }
        ids.push(special.separate);
        if !ids.contains(&special.mask) {
            return Err(TrainError::NoMask);
        }
        if ids.len() > self.reading.max_length {
            return Err(TrainError::TextTooLong {
                tokens: ids.len(),
                most: self.reading.max_length,
            });
        }
        Ok(ids)
    }
}
