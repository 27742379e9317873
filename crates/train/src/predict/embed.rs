//! Vectors of texts.

use serde::Serialize;
use utoipa::ToSchema;

use super::Predictor;
use super::steps::{Encoded, Excess, ModelSequence, Pooling};
use crate::TrainError;

/// A text as a vector.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct Embedding {
    /// As many numbers as the model's hidden size.
    pub embedding: Vec<f32>,
}

impl Predictor {
    /// A text, or a pair, whose vector is asked for; of length 1 if it is to be `normalized`. Every model can do this.
    ///
    /// # Errors
    /// [`TrainError::EmptyText`], and [`TrainError::TextTooLong`] where the excess is refused.
    pub fn encode_embedding(
        &self,
        text: &str,
        text_pair: Option<&str>,
        pooling: Pooling,
        normalized: bool,
        excess: Excess,
    ) -> Result<Encoded<Embedding>, TrainError> {
        let (ids, type_ids, is_cut) = self.encode_texts(text, text_pair, excess)?;
        let sequence = ModelSequence::vector(ids, type_ids, pooling);
        Ok(Encoded::one(sequence, is_cut, move |_, output| {
            let mut embedding = output.into_values();
            if normalized {
                normalize(&mut embedding);
            }
            Embedding { embedding }
        }))
    }
}

/// Brings a vector to length 1; that of 0 stays.
fn normalize(vector: &mut [f32]) {
    let squares: f64 = vector.iter().map(|value| f64::from(*value).powi(2)).sum();
    let length = squares.sqrt();
    if length > 0.0 {
        for value in vector {
            *value = (f64::from(*value) / length) as f32;
        }
    }
}
