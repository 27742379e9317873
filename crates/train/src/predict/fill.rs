//! Words at `[MASK]`.

use pliant_nn::AnyModel;
use rayon::prelude::*;
use serde::Serialize;
use utoipa::ToSchema;

use super::Predictor;
use super::steps::{Encoded, Excess, ModelSequence};
use crate::TrainError;

/// How a gap is written in a text.
const MASK: &str = "[MASK]";

/// A word that may stand at a mask.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct Candidate {
    /// The token's text, `##` before a continuation.
    pub token: String,
    /// Its number.
    pub id: u32,
    /// Its probability.
    pub probability: f32,
}

/// What may stand at the masks of a text, mask by mask, the most probable first.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
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
        let encode = |text: &String| self.encode_fill(text, top, Excess::Refuse);
        self.ask(texts.par_iter().map(encode).collect::<Result<_, _>>()?)
    }

    /// A text for whose masks the `top` most probable tokens are asked.
    ///
    /// # Errors
    /// [`TrainError::NoMask`], also where the masks stand in what is cut; [`TrainError::TextTooLong`] where the excess is
    /// refused; [`TrainError::OtherModelKind`].
    pub fn encode_fill(
        &self,
        text: &str,
        top: usize,
        excess: Excess,
    ) -> Result<Encoded<Filled>, TrainError> {
        let AnyModel::MaskedLanguage(_) = &self.model else {
            return Err(self.unable("fill masks"));
        };
        let (ids, is_cut) = self.encode_masked(text, excess)?;
        let sequence = ModelSequence::words(ids, top);
        Ok(Encoded::one(sequence, is_cut, |predictor, output| {
            let masks = output.into_words().into_iter();
            Filled {
                masks: masks.map(|words| predictor.named(words)).collect(),
            }
        }))
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
    fn encode_masked(&self, text: &str, excess: Excess) -> Result<(Vec<u32>, bool), TrainError> {
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
        let (tokens, most) = (ids.len(), self.reading.max_length);
        if tokens > most && excess == Excess::Cut {
            ids.truncate(most.saturating_sub(1));
            ids.push(special.separate);
        }
        if !ids.contains(&special.mask) {
            return Err(TrainError::NoMask);
        }
        if ids.len() > most {
            return Err(TrainError::TextTooLong { tokens, most });
        }
        Ok((ids, tokens > most))
    }
}
