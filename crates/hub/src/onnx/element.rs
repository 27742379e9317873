//! The number format of weights and of what is computed with them.

use half::f16;
use serde::Serialize;

use super::message::data_type;
use crate::HubError;

/// Format of the weights of an ONNX file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Element {
    /// Single precision.
    #[default]
    F32,
    /// Half precision; activation functions are computed in f32 all the same, as a rational's powers leave the range of f16.
    F16,
}

impl Element {
    /// The number of the format in ONNX.
    pub(super) fn data_type(self) -> i32 {
        match self {
            Self::F32 => data_type::FLOAT,
            Self::F16 => data_type::FLOAT16,
        }
    }

    /// What is added to the attention score of padding: far below every score, and far enough from the end of the format
    /// that a sum with it stays finite.
    pub(super) fn lowest(self) -> f32 {
        match self {
            Self::F32 => f32::MIN / 2.0,
            Self::F16 => f16::MIN.to_f32() / 2.0,
        }
    }

    /// The values as they are stored.
    ///
    /// # Errors
    /// [`HubError::Range`] if one is finite and infinite in the format.
    pub(super) fn bytes(self, tensor: &str, values: &[f32]) -> Result<Vec<u8>, HubError> {
        Ok(match self {
            Self::F32 => values
                .iter()
                .flat_map(|value| value.to_le_bytes())
                .collect(),
            Self::F16 => {
                let mut bytes = Vec::with_capacity(2 * values.len());
                for value in values {
                    let half = f16::from_f32(*value);
                    if half.is_infinite() && value.is_finite() {
                        return Err(HubError::Range {
                            tensor: tensor.to_owned(),
                            value: *value,
                        });
                    }
                    bytes.extend_from_slice(&half.to_le_bytes());
                }
                bytes
            }
        })
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_little_endian() {
        assert_eq!(
            Element::F32.bytes("w", &[1.0, -2.0]).unwrap(),
            [0, 0, 0x80, 0x3f, 0, 0, 0, 0xc0]
        );
        assert_eq!(
            Element::F16.bytes("w", &[1.0, -2.0]).unwrap(),
            [0, 0x3c, 0, 0xc0]
        );
    }

    #[test]
    fn a_value_beyond_half_precision_is_refused_with_its_tensor() {
        let error = Element::F16
            .bytes("bert.pooler.dense.weight", &[0.0, 7e4])
            .unwrap_err();
        assert!(
            error.to_string().contains("bert.pooler.dense.weight"),
            "{error}"
        );
        assert!(Element::F16.bytes("w", &[65504.0, f32::NAN]).is_ok());
    }

    #[test]
    fn padding_stays_finite_below_any_score() {
        for element in [Element::F32, Element::F16] {
            assert!(
                f16::from_f32(element.lowest() - 1000.0).is_finite() || element == Element::F32
            );
            assert!((element.lowest() - 1000.0).is_finite() && element.lowest() < -3e4);
        }
    }
}
