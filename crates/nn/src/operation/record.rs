//! How an operation enters Burn: evaluated on a plain device, recorded for the backward pass on an autodiff device.

use std::cell::RefCell;
use std::collections::HashSet;
use std::fmt::Debug;

use burn::backend::{Backend, Dispatch, backend_extension, tensor::FloatTensor};
use burn::tensor::Tensor;
use burn_autodiff::checkpoint::base::Checkpointer;
use burn_autodiff::checkpoint::strategy::CheckpointStrategy;
use burn_autodiff::grads::Gradients;
use burn_autodiff::ops::{Backward, Ops, OpsKind};
use burn_autodiff::{Autodiff, NodeId};
use burn_flex::{Flex, FlexTensor};
use pliant_kernels::residual::add_assign;

use super::buffer::{contiguous, values, values_mut};
use super::timing::{Direction, timed};

/// An operation on N float tensors; its fields are the plain arguments. All tensors it sees are row-major f32.
pub(crate) trait Operation<const N: usize>: Clone + Send + Debug + 'static {
    /// What the backward pass needs from the forward pass.
    type Saved: Clone + Send + Debug + 'static;

    /// The output, and what to keep. Gradient work is allowed only if `tracked`.
    fn forward(&self, inputs: [FlexTensor; N], tracked: bool) -> (FlexTensor, Self::Saved);

    /// The gradient for each input that is `wanted`.
    fn backward(
        self,
        saved: Self::Saved,
        gradient: FlexTensor,
        wanted: [bool; N],
    ) -> [Option<FlexTensor>; N];
}

/// Entry points by number of inputs; the operation comes as a value.
#[backend_extension(Flex, Autodiff)]
pub(crate) trait Record: Backend {
    fn record_one<O: Operation<1>>(a: FloatTensor<Self>, operation: O) -> FloatTensor<Self>;
    fn record_two<O: Operation<2>>(
        a: FloatTensor<Self>,
        b: FloatTensor<Self>,
        operation: O,
    ) -> FloatTensor<Self>;
    fn record_three<O: Operation<3>>(
        a: FloatTensor<Self>,
        b: FloatTensor<Self>,
        c: FloatTensor<Self>,
        operation: O,
    ) -> FloatTensor<Self>;
    fn record_five<O: Operation<5>>(
        a: FloatTensor<Self>,
        b: FloatTensor<Self>,
        c: FloatTensor<Self>,
        d: FloatTensor<Self>,
        e: FloatTensor<Self>,
        operation: O,
    ) -> FloatTensor<Self>;
}

impl Record for Flex {
    fn record_one<O: Operation<1>>(a: FlexTensor, operation: O) -> FlexTensor {
        forward([a], &operation)
    }

    fn record_two<O: Operation<2>>(a: FlexTensor, b: FlexTensor, operation: O) -> FlexTensor {
        forward([a, b], &operation)
    }

    fn record_three<O: Operation<3>>(
        a: FlexTensor,
        b: FlexTensor,
        c: FlexTensor,
        operation: O,
    ) -> FlexTensor {
        forward([a, b, c], &operation)
    }

    fn record_five<O: Operation<5>>(
        a: FlexTensor,
        b: FlexTensor,
        c: FlexTensor,
        d: FlexTensor,
        e: FlexTensor,
        operation: O,
    ) -> FlexTensor {
        forward([a, b, c, d, e], &operation)
    }
}

impl<C: CheckpointStrategy> Record for Autodiff<Flex, C> {
    fn record_one<O: Operation<1>>(a: FloatTensor<Self>, operation: O) -> FloatTensor<Self> {
        record::<C, O, 1>([a], &operation)
    }

    fn record_two<O: Operation<2>>(
        a: FloatTensor<Self>,
        b: FloatTensor<Self>,
        operation: O,
    ) -> FloatTensor<Self> {
        record::<C, O, 2>([a, b], &operation)
    }

    fn record_three<O: Operation<3>>(
        a: FloatTensor<Self>,
        b: FloatTensor<Self>,
        c: FloatTensor<Self>,
        operation: O,
    ) -> FloatTensor<Self> {
        record::<C, O, 3>([a, b, c], &operation)
    }

    fn record_five<O: Operation<5>>(
        a: FloatTensor<Self>,
        b: FloatTensor<Self>,
        c: FloatTensor<Self>,
        d: FloatTensor<Self>,
        e: FloatTensor<Self>,
        operation: O,
    ) -> FloatTensor<Self> {
        record::<C, O, 5>([a, b, c, d, e], &operation)
    }
}

/// Entries of [`REGISTERED`] at which all are forgotten. The output of an operation of Burn's own is never taken out again; what is
/// forgotten too early, the framework adds.
const REMEMBERED: usize = 4096;

thread_local! {
    /// Tensors that have a gradient already. The framework would add the next one serially, into new memory.
    static REGISTERED: RefCell<HashSet<NodeId>> = RefCell::default();
}

/// A step of the backward graph.
#[derive(Debug)]
struct Step<O>(O);

impl<O: Operation<N>, const N: usize> Backward<Flex, N> for Step<O> {
    type State = O::Saved;

    fn backward(
        self,
        ops: Ops<O::Saved, N>,
        gradients: &mut Gradients,
        _checkpointer: &mut Checkpointer,
    ) {
        REGISTERED.with_borrow_mut(|registered| registered.remove(&ops.node.id));
        let gradient = contiguous(gradients.consume::<Flex>(&ops.node));
        let wanted = ops.parents.each_ref().map(Option::is_some);
        let results = timed::<O, _>(Direction::Backward, || {
            self.0.backward(ops.state, gradient, wanted)
        });
        for (parent, result) in ops.parents.into_iter().zip(results) {
            let (Some(parent), Some(result)) = (parent, result) else {
                continue;
            };
            // A leaf keeps its gradient for whoever asks for it, so it cannot be taken out.
            let is_leaf = parent.parents.is_empty();
            let is_first = is_leaf || is_first_gradient(parent.id);
            let sum = if is_first {
                result
            } else {
                let mut sum = contiguous(gradients.consume::<Flex>(&parent));
                add_assign(values_mut(&mut sum), values(&result));
                sum
            };
            gradients.register::<Flex>(parent.id, sum);
        }
    }
}

/// Whether a tensor gets its first gradient, as far as is remembered.
fn is_first_gradient(tensor: NodeId) -> bool {
    REGISTERED.with_borrow_mut(|registered| {
        if registered.len() >= REMEMBERED {
            registered.clear();
        }
        registered.insert(tensor)
    })
}

/// Evaluates an operation; nothing is kept.
fn forward<O: Operation<N>, const N: usize>(inputs: [FlexTensor; N], operation: &O) -> FlexTensor {
    timed::<O, _>(Direction::Forward, || {
        operation.forward(inputs.map(contiguous), false).0
    })
}

/// Runs an operation forward; the graph keeps what the backward pass needs only if an input is tracked.
#[expect(
    clippy::redundant_closure_for_method_calls,
    reason = "the type of the tensors is private to the autodiff crate, so the method has no path"
)]
fn record<C: CheckpointStrategy, O: Operation<N>, const N: usize>(
    inputs: [FloatTensor<Autodiff<Flex>>; N],
    operation: &O,
) -> FloatTensor<Autodiff<Flex>> {
    // The guards keep the input nodes alive until the step is registered, so they are taken before the tensors are unpacked.
    let parents = inputs.each_ref().map(|input| input.node());
    let inputs = inputs.map(|input| contiguous(input.into_primitive()));
    match Step(operation.clone())
        .prepare::<C>(parents)
        .compute_bound()
        .stateful()
    {
        OpsKind::Tracked(step) => {
            let (output, saved) =
                timed::<O, _>(Direction::Forward, || operation.forward(inputs, true));
            step.finish(saved, output)
        }
        OpsKind::UnTracked(step) => step.finish(forward(inputs, operation)),
    }
}

/// Applies an operation to one tensor.
pub(super) fn one<const A: usize, const Y: usize>(
    a: Tensor<A>,
    operation: impl Operation<1>,
) -> Tensor<Y> {
    Tensor::from_dispatch(Dispatch::record_one(a.into_dispatch(), operation))
}

/// Applies an operation to two tensors.
pub(super) fn two<const A: usize, const B: usize, const Y: usize>(
    a: Tensor<A>,
    b: Tensor<B>,
    operation: impl Operation<2>,
) -> Tensor<Y> {
    Tensor::from_dispatch(Dispatch::record_two(
        a.into_dispatch(),
        b.into_dispatch(),
        operation,
    ))
}

/// Applies an operation to three tensors.
pub(super) fn three<const A: usize, const B: usize, const C: usize, const Y: usize>(
    a: Tensor<A>,
    b: Tensor<B>,
    c: Tensor<C>,
    operation: impl Operation<3>,
) -> Tensor<Y> {
    Tensor::from_dispatch(Dispatch::record_three(
        a.into_dispatch(),
        b.into_dispatch(),
        c.into_dispatch(),
        operation,
    ))
}

/// Applies an operation to five tensors.
pub(super) fn five<
    const A: usize,
    const B: usize,
    const C: usize,
    const D: usize,
    const E: usize,
    const Y: usize,
>(
    a: Tensor<A>,
    b: Tensor<B>,
    c: Tensor<C>,
    d: Tensor<D>,
    e: Tensor<E>,
    operation: impl Operation<5>,
) -> Tensor<Y> {
    Tensor::from_dispatch(Dispatch::record_five(
        a.into_dispatch(),
        b.into_dispatch(),
        c.into_dispatch(),
        d.into_dispatch(),
        e.into_dispatch(),
        operation,
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every gradient of a product of Burn's own leaves an entry behind.
    #[test]
    fn the_memory_of_registered_gradients_is_bounded() {
        for _ in 0..3 * REMEMBERED {
            is_first_gradient(NodeId::new());
        }
        let remembered = REGISTERED.with_borrow(HashSet::len);
        assert!((1..=REMEMBERED).contains(&remembered), "{remembered}");
    }
}
