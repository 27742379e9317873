//! What stands on the encoder of a task model: pooler, dropout and classifier, or two logits for every token.

use std::sync::Arc;

use burn::module::Module;
use burn::tensor::Tensor;

use super::linear::{Linear, LinearConfig};
use super::pass::Pass;
use super::pooler::Pooler;
use super::source::ParameterSource;
use crate::error::ModelError;
use crate::head::TaskHead;
use crate::initialisation::Draw;
use crate::operation::{TaskLoss, dropout, primitive, task_loss, values};
use crate::parameter::Role;

/// The head of a task model, as `BertForSequenceClassification` and `BertForQuestionAnswering` of Hugging Face have it.
#[derive(Module, Debug)]
pub struct TaskOutput {
    /// Absent for spans.
    pooler: Option<Pooler>,
    output: Linear,
    name: String,
    #[module(skip)]
    head: Arc<TaskHead>,
}

impl TaskOutput {
    /// The head with parameters `bert.pooler.…` and `classifier.…`, or `qa_outputs.…`.
    pub(crate) fn init(
        head: TaskHead,
        source: &mut ParameterSource<'_>,
    ) -> Result<Self, ModelError> {
        let hidden_size = source.config().hidden_size;
        let (pooler, name) = match head {
            TaskHead::Classification { .. } | TaskHead::Regression => {
                (Some(Pooler::init("bert.pooler", source)?), "classifier")
            }
            TaskHead::Span => (None, "qa_outputs"),
        };
        let output = LinearConfig {
            inputs: hidden_size,
            outputs: head.outputs(),
            role: Role::Head,
            draw: Draw::matrix(source.config(), hidden_size),
        };
        Ok(Self {
            pooler,
            output: output.init(name, source),
            name: name.to_owned(),
            head: Arc::new(head),
        })
    }

    /// Which head it is.
    pub(crate) fn head(&self) -> &TaskHead {
        &self.head
    }

    /// The loss `[1]`; score and logits are left in its operation.
    ///
    /// # Shapes
    /// - hidden: `[1, tokens, hidden]`
    pub(crate) fn loss(
        &self,
        hidden: Tensor<3>,
        loss: &TaskLoss,
        pass: &mut Pass<'_>,
    ) -> Tensor<1> {
        match &self.pooler {
            Some(pooler) => {
                let pooled = Self::pooled(pooler, hidden, pass);
                task_loss(self.outputs(pooled, pass), loss)
            }
            None => task_loss(self.outputs(hidden, pass), loss),
        }
    }

    /// `[sequences, labels]`, or `[tokens, 2]` for spans.
    ///
    /// # Shapes
    /// - hidden: `[1, tokens, hidden]`
    pub(crate) fn logits(&self, hidden: Tensor<3>, pass: &mut Pass<'_>) -> Vec<f32> {
        match &self.pooler {
            Some(pooler) => {
                let pooled = Self::pooled(pooler, hidden, pass);
                values(&primitive(self.outputs(pooled, pass))).to_vec()
            }
            None => values(&primitive(self.outputs(hidden, pass))).to_vec(),
        }
    }

    fn pooled(pooler: &Pooler, hidden: Tensor<3>, pass: &mut Pass<'_>) -> Tensor<2> {
        let pooled = pooler.forward(hidden, pass);
        let [_, hidden_size] = pooled.dims();
        dropout(pooled, pass.pooled_dropout(hidden_size))
    }

    fn outputs<const D: usize>(&self, rows: Tensor<D>, pass: &mut Pass<'_>) -> Tensor<D> {
        let logits = self.output.forward(rows, &pass.products);
        pass.output(|| self.name.clone(), &logits);
        logits
    }
}
