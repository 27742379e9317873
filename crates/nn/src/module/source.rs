//! Where modules get their parameters from, and the register of what they are called.

use std::ops::Range;

use burn::module::{Param, ParamId};
use burn::tensor::{Device, Tensor};
use burn_flex::Flex;
use burn_std::Shape;

use crate::config::ModelConfig;
use crate::initialisation::Draw;
use crate::operation::float_tensor;
use crate::parameter::{ParameterInfo, Role};

/// A named part of a parameter buffer: the whole of it, or one of several tensors fused in it.
#[derive(Debug, Clone)]
pub(crate) struct Slice {
    /// The buffer.
    pub(crate) parameter: ParamId,
    /// Where the part lies in it.
    pub(crate) range: Range<usize>,
    /// Name, role and shape of the part.
    pub(crate) info: ParameterInfo,
}

/// A part that is asked for.
#[derive(Debug, Clone)]
pub(crate) struct Part {
    pub(crate) name: String,
    pub(crate) role: Role,
    pub(crate) shape: Vec<usize>,
    pub(crate) draw: Draw,
}

/// Makes parameters and remembers their names. Values are drawn when a parameter is first used, so that a model can be
/// described without being built.
#[derive(Debug)]
pub(crate) struct ParameterSource<'a> {
    config: &'a ModelConfig,
    seed: u64,
    device: Device,
    slices: Vec<Slice>,
}

impl<'a> ParameterSource<'a> {
    /// A source that draws from `seed` on the CPU, with gradients.
    pub(crate) fn new(config: &'a ModelConfig, seed: u64) -> Self {
        Self {
            config,
            seed,
            device: Device::flex().autodiff(),
            slices: Vec::new(),
        }
    }

    /// The configuration of the model that is built.
    pub(crate) fn config(&self) -> &'a ModelConfig {
        self.config
    }

    /// The names of all parameters made so far, in the order in which they were asked for.
    pub(crate) fn into_slices(self) -> Vec<Slice> {
        self.slices
    }

    /// One parameter with one name.
    pub(crate) fn single<const D: usize>(
        &mut self,
        name: String,
        role: Role,
        shape: [usize; D],
        draw: Draw,
    ) -> Param<Tensor<D>> {
        self.fused(
            shape,
            vec![Part {
                name,
                role,
                shape: shape.to_vec(),
                draw,
            }],
        )
    }

    /// One buffer of the given shape that holds several named tensors, one after the other.
    pub(crate) fn fused<const D: usize>(
        &mut self,
        shape: [usize; D],
        parts: Vec<Part>,
    ) -> Param<Tensor<D>> {
        let parameter = ParamId::new();
        let mut start = 0;
        for part in &parts {
            let info = ParameterInfo {
                name: part.name.clone(),
                role: part.role,
                shape: part.shape.clone(),
            };
            let range = start..start + info.count();
            start = range.end;
            self.slices.push(Slice {
                parameter,
                range,
                info,
            });
        }
        debug_assert_eq!(
            start,
            shape.iter().product::<usize>(),
            "the parts fill the buffer"
        );
        let seed = self.seed;
        let draw = move |_: &Device, require_grad: bool| {
            let mut values = vec![0.0; shape.iter().product()];
            let mut rest = values.as_mut_slice();
            for part in &parts {
                let (own, others) = rest.split_at_mut(part.shape.iter().product());
                part.draw.fill(seed, &part.name, own);
                rest = others;
            }
            tracked(
                Tensor::from_primitive::<Flex>(float_tensor(values, Shape::from(shape))),
                require_grad,
            )
        };
        Param::uninitialized(
            parameter,
            draw,
            self.device.clone(),
            true,
            Shape::from(shape),
        )
    }
}

/// A leaf of the autodiff graph with the values of a plain tensor.
pub(crate) fn tracked<const D: usize>(tensor: Tensor<D>, require_grad: bool) -> Tensor<D> {
    Tensor::from_inner(tensor).set_require_grad(require_grad)
}
