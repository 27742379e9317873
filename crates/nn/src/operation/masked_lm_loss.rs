//! Projection on the word table, softmax and cross-entropy; logits never exist for more than a chunk of rows.

use std::sync::Arc;

use burn::tensor::Tensor;
use burn_flex::FlexTensor;
use pliant_kernels::Precision;
use pliant_kernels::masked_lm::{self as kernel, Score};

use super::buffer::{columns, float_tensor, values, values_mut};
use super::handover::Handover;
use super::pool::Buffer;
use super::record::{Operation, three};

/// The gradient of the word table through the projection that is tied to it, for the embedding to add to.
pub(crate) type TiedGradient = Handover<FlexTensor>;

/// `scale` times the summed cross-entropy (nats) of `labels` under `softmax(hidden · tableᵀ + bias)`.
///
/// # Shapes
/// - hidden: `[rows, hidden]`
/// - table: `[vocabulary, hidden]`
/// - bias: `[vocabulary]`
/// - output: `[1]`
pub(crate) fn masked_lm_loss(
    hidden: Tensor<2>,
    table: Tensor<2>,
    bias: Tensor<1>,
    labels: Arc<[u32]>,
    scale: f32,
    precision: Precision,
    score: &Arc<Handover<Score>>,
    tied: &Arc<TiedGradient>,
) -> Tensor<1> {
    three(
        hidden,
        table,
        bias,
        MaskedLmLoss {
            labels,
            scale,
            precision,
            score: Arc::clone(score),
            tied: Arc::clone(tied),
        },
    )
}

#[derive(Debug, Clone)]
struct MaskedLmLoss {
    labels: Arc<[u32]>,
    scale: f32,
    precision: Precision,
    score: Arc<Handover<Score>>,
    tied: Arc<TiedGradient>,
}

impl Operation<3> for MaskedLmLoss {
    /// The gradients of hidden, table and bias: with the logits at hand they cost little, without them a second projection.
    type Saved = Option<[FlexTensor; 3]>;

    fn forward(
        &self,
        [hidden, table, bias]: [FlexTensor; 3],
        tracked: bool,
    ) -> (FlexTensor, Self::Saved) {
        let (rows, weights, offsets) = (values(&hidden), values(&table), values(&bias));
        let (hidden_size, vocabulary) = (columns(&table), offsets.len());
        let (score, saved) = if tracked {
            let mut dhidden = Buffer::stale(rows.len());
            let mut dtable = Buffer::stale(weights.len());
            let mut dbias = Buffer::stale(vocabulary);
            let score = kernel::score_and_gradients(
                self.precision,
                rows,
                weights,
                offsets,
                &self.labels,
                hidden_size,
                vocabulary,
                self.scale,
                &mut dhidden,
                &mut dtable,
                &mut dbias,
            );
            let saved = [
                float_tensor(dhidden, hidden.layout().shape().clone()),
                float_tensor(dtable, [vocabulary, hidden_size]),
                float_tensor(dbias, [vocabulary]),
            ];
            (score, Some(saved))
        } else {
            (
                kernel::score(
                    self.precision,
                    rows,
                    weights,
                    offsets,
                    &self.labels,
                    hidden_size,
                    vocabulary,
                ),
                None,
            )
        };
        self.score.put(score);
        let loss = (f64::from(self.scale) * score.loss_sum) as f32;
        (float_tensor(vec![loss], [1]), saved)
    }

    fn backward(
        self,
        saved: Self::Saved,
        gradient: FlexTensor,
        wanted: [bool; 3],
    ) -> [Option<FlexTensor>; 3] {
        let factor = values(&gradient)[0];
        let Some([dhidden, dtable, dbias]) =
            saved.map(|gradients| gradients.map(|tensor| scaled(tensor, factor)))
        else {
            return [None, None, None];
        };
        // The table's gradient goes to the embedding, which adds its rows and hands in the sum.
        if wanted[1] {
            self.tied.put(dtable);
        }
        [
            wanted[0].then_some(dhidden),
            None,
            wanted[2].then_some(dbias),
        ]
    }
}

/// `tensor · factor`, in place; nothing to do for a loss that is itself the root of the backward pass.
fn scaled(mut tensor: FlexTensor, factor: f32) -> FlexTensor {
    if factor != 1.0 {
        for value in values_mut(&mut tensor) {
            *value *= factor;
        }
    }
    tensor
}
