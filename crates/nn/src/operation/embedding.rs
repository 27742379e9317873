//! The sum of the embeddings of words, types and, if they are learned, positions.

use std::sync::Arc;

use burn::tensor::Tensor;
use burn_flex::FlexTensor;
use pliant_kernels::embedding as kernel;

use super::buffer::{columns, float_tensor, values, values_mut};
use super::masked_lm_loss::TiedGradient;
use super::pool::Buffer;
use super::record::{Operation, three, two};

/// The rows that are looked up, each `[tokens]`.
#[derive(Debug)]
pub(crate) struct EmbeddingIds {
    /// Rows of the word table.
    pub(crate) words: Vec<u32>,
    /// Rows of the type table.
    pub(crate) types: Vec<u32>,
    /// Rows of the position table.
    pub(crate) positions: Vec<u32>,
}

/// `words[ids] + types[type_ids] (+ positions[position_ids])`.
///
/// The word table is also the output projection. Its gradient there, left in `tied` by the head's backward pass (which
/// runs first: the head follows the embedding), is the buffer to which the rows' gradients are added, so that no second
/// table of that size is made.
///
/// # Shapes
/// - words: `[vocabulary, hidden]`, types: `[types, hidden]`, positions: `[max_positions, hidden]`
/// - output: `[1, tokens, hidden]`
pub(crate) fn embedding(
    words: Tensor<2>,
    types: Tensor<2>,
    positions: Option<Tensor<2>>,
    ids: &Arc<EmbeddingIds>,
    tied: &Arc<TiedGradient>,
) -> Tensor<3> {
    let operation = Embedding {
        ids: Arc::clone(ids),
        tied: Arc::clone(tied),
    };
    match positions {
        Some(positions) => three(words, types, positions, operation),
        None => two(words, types, operation),
    }
}

#[derive(Debug, Clone)]
struct Embedding {
    ids: Arc<EmbeddingIds>,
    tied: Arc<TiedGradient>,
}

/// The number of rows of each table.
impl Operation<2> for Embedding {
    type Saved = [usize; 2];

    fn forward(&self, tables: [FlexTensor; 2], _tracked: bool) -> (FlexTensor, [usize; 2]) {
        (self.sum(&tables), tables.each_ref().map(row_count))
    }

    fn backward(
        self,
        rows: [usize; 2],
        gradient: FlexTensor,
        wanted: [bool; 2],
    ) -> [Option<FlexTensor>; 2] {
        [
            wanted[0].then(|| self.word_gradient(rows[0], &gradient)),
            wanted[1].then(|| scatter(&self.ids.types, rows[1], &gradient)),
        ]
    }
}

impl Operation<3> for Embedding {
    type Saved = [usize; 3];

    fn forward(&self, tables: [FlexTensor; 3], _tracked: bool) -> (FlexTensor, [usize; 3]) {
        (self.sum(&tables), tables.each_ref().map(row_count))
    }

    fn backward(
        self,
        rows: [usize; 3],
        gradient: FlexTensor,
        wanted: [bool; 3],
    ) -> [Option<FlexTensor>; 3] {
        [
            wanted[0].then(|| self.word_gradient(rows[0], &gradient)),
            wanted[1].then(|| scatter(&self.ids.types, rows[1], &gradient)),
            wanted[2].then(|| scatter(&self.ids.positions, rows[2], &gradient)),
        ]
    }
}

impl Embedding {
    fn sum(&self, tables: &[FlexTensor]) -> FlexTensor {
        let columns = columns(&tables[0]);
        let mut out = Buffer::stale(self.ids.words.len() * columns);
        let ids = [&self.ids.words, &self.ids.types, &self.ids.positions];
        let tables: Vec<(&[u32], &[f32])> = ids
            .into_iter()
            .zip(tables)
            .map(|(ids, table)| (ids.as_slice(), values(table)))
            .collect();
        kernel::forward(&tables, columns, &mut out);
        float_tensor(out, [1, self.ids.words.len(), columns])
    }

    fn word_gradient(&self, rows: usize, gradient: &FlexTensor) -> FlexTensor {
        match self.tied.take() {
            Some(mut table) => {
                kernel::backward(
                    &self.ids.words,
                    values(gradient),
                    columns(gradient),
                    values_mut(&mut table),
                );
                table
            }
            None => scatter(&self.ids.words, rows, gradient),
        }
    }
}

fn row_count(table: &FlexTensor) -> usize {
    table.layout().shape()[0]
}

fn scatter(ids: &[u32], rows: usize, gradient: &FlexTensor) -> FlexTensor {
    let columns = columns(gradient);
    let mut table = Buffer::zeroed(rows * columns);
    kernel::backward(ids, values(gradient), columns, &mut table);
    float_tensor(table, [rows, columns])
}
