//! What each activation site computes and what it is fed: `shapes/inputs.json` of a run folder.

use serde::{Deserialize, Serialize};

/// A named tensor with its values, row-major.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct NamedTensor {
    /// Last part of the parameter's name, e.g. `numerator`.
    pub name: String,
    /// Dimensions, e.g. `[groups, degree + 1]`.
    pub shape: Vec<usize>,
    /// Values, row-major.
    pub values: Vec<f32>,
}

/// The coefficients of one activation site at one moment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SiteCoefficients {
    /// Name of the site, e.g. `layer.0`.
    pub site: String,
    /// Coefficient tensors in the order of the activation's definition.
    pub tensors: Vec<NamedTensor>,
}

/// The coefficients of each group of channels, tensor after tensor; a tensor of one row belongs to every group. One group
/// without coefficients where there are no tensors.
///
/// # Errors
/// The tensor whose values contradict its shape or the number of groups, in words.
pub fn coefficient_groups(tensors: &[NamedTensor]) -> Result<Vec<Vec<f64>>, String> {
    let rows = |tensor: &NamedTensor| tensor.shape.first().copied().unwrap_or(1);
    let count = tensors.iter().map(rows).max().unwrap_or(1);
    let mut groups = vec![Vec::new(); count];
    for tensor in tensors {
        let (rows, size) = (rows(tensor), tensor.shape.iter().product::<usize>());
        if size != tensor.values.len() || rows == 0 || (rows != 1 && rows != count) {
            return Err(format!(
                "tensor {} of shape {:?} holds {} numbers",
                tensor.name,
                tensor.shape,
                tensor.values.len()
            ));
        }
        let columns = size / rows;
        for (index, group) in groups.iter_mut().enumerate() {
            let begin = if rows == 1 { 0 } else { index * columns };
            let row = &tensor.values[begin..begin + columns];
            group.extend(row.iter().map(|value| f64::from(*value)));
        }
    }
    Ok(groups)
}

/// Distribution of the pre-activations (after the bias) that reach a site.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct InputHistogram {
    /// Lower edge of the first bin.
    pub low: f64,
    /// Upper edge of the last bin.
    pub high: f64,
    /// Values per bin, all bins equally wide.
    pub counts: Vec<u64>,
    /// Values below `low`.
    pub below: u64,
    /// Values at or above `high`.
    pub above: u64,
    /// All values seen.
    pub count: u64,
    /// Mean of the values.
    pub mean: f64,
    /// Standard deviation of the values.
    pub deviation: f64,
    /// Smallest value seen.
    pub minimum: f64,
    /// Largest value seen.
    pub maximum: f64,
}

/// One activation site of a trained model.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SiteShape {
    /// Name of the site, e.g. `layer.0`.
    pub site: String,
    /// Layer of the encoder, none for the pooler.
    pub layer: Option<usize>,
    /// Text form of the activation.
    pub activation: String,
    /// Coefficients before training; empty for a fixed activation.
    pub start: Vec<NamedTensor>,
    /// Coefficients after training; empty for a fixed activation.
    pub learned: Vec<NamedTensor>,
    /// Distribution of the site's inputs on validation batches, at the end of training.
    pub inputs: InputHistogram,
}

/// Content of `shapes/inputs.json`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct InputShapes {
    /// Step of the weights that were observed.
    pub step: u64,
    /// Sites in the order of the model.
    pub sites: Vec<SiteShape>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_take_their_row_and_share_a_single_one() {
        let tensor = |name: &str, shape: [usize; 2], values: &[f32]| NamedTensor {
            name: name.to_owned(),
            shape: shape.to_vec(),
            values: values.to_vec(),
        };
        let shared = [
            tensor("numerator", [1, 2], &[1.0, 2.0]),
            tensor("denominator", [2, 1], &[3.0, 4.0]),
        ];
        let expected = vec![vec![1.0, 2.0, 3.0], vec![1.0, 2.0, 4.0]];
        assert_eq!(coefficient_groups(&shared), Ok(expected));
        assert_eq!(coefficient_groups(&[]), Ok(vec![Vec::new()]));
        for torn in [
            vec![tensor("numerator", [2, 2], &[1.0])],
            vec![tensor("numerator", [0, 2], &[])],
            vec![
                tensor("numerator", [2, 1], &[1.0, 2.0]),
                tensor("denominator", [3, 1], &[1.0, 2.0, 3.0]),
            ],
        ] {
            assert!(coefficient_groups(&torn).is_err(), "{torn:?}");
        }
    }
}
