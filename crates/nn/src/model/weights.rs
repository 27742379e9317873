//! Walking over the parameters of a network: read, change in place, replace, collect gradients.

use std::collections::BTreeMap;
use std::ops::Range;

use burn::module::{Module, ModuleMapper, ModuleVisitor, Param, ParamId};
use burn::tensor::{Gradients as BurnGradients, Tensor};
use burn_flex::{Flex, FlexTensor};

use crate::module::{Slice, tracked};
use crate::operation::{float_tensor, primitive};
use crate::parameter::ParameterInfo;

/// Where a named parameter lies: in which buffer (in the order of the network's fields), and where in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) buffer: usize,
    pub(crate) range: Range<usize>,
}

/// The named parameters of a network and their places, in the order of the network's buffers.
pub(crate) fn arrange(
    network: &impl Module,
    slices: Vec<Slice>,
) -> (Vec<ParameterInfo>, Vec<Place>) {
    let mut visitor = Identify {
        order: BTreeMap::new(),
    };
    network.visit(&mut visitor);
    let mut named: Vec<(Place, ParameterInfo)> = slices
        .into_iter()
        .filter_map(|slice| {
            let buffer = *visitor.order.get(&slice.parameter)?;
            Some((
                Place {
                    buffer,
                    range: slice.range,
                },
                slice.info,
            ))
        })
        .collect();
    named.sort_by_key(|(place, _)| (place.buffer, place.range.start));
    named.into_iter().map(|(place, info)| (info, place)).unzip()
}

/// All buffers of a network, shared, in order. A network that was only described draws its values now.
pub(crate) fn buffers(network: &impl Module) -> Vec<FlexTensor> {
    let mut visitor = Collect {
        buffers: Vec::new(),
    };
    network.visit(&mut visitor);
    visitor.buffers
}

/// The gradient of each buffer, in order; `None` where none arrived.
pub(crate) fn gradients(
    network: &impl Module,
    gradients: BurnGradients,
) -> Vec<Option<FlexTensor>> {
    let mut visitor = CollectGradients {
        gradients,
        buffers: Vec::new(),
    };
    network.visit(&mut visitor);
    visitor.buffers
}

/// Runs `change(buffer, values)` over all buffers in order, in place. Returns the network and how many buffers had to be
/// copied because somebody else still held them; none should.
pub(crate) fn change<N: Module>(
    network: N,
    change: &mut dyn FnMut(usize, &mut [f32]),
) -> (N, usize) {
    let mut mapper = Change {
        edit: change,
        next: 0,
        copied: 0,
    };
    let network = network.map(&mut mapper);
    (network, mapper.copied)
}

/// Runs `change(buffers)` over the values of all buffers in order, in place. Returns as [`change`] does.
pub(crate) fn change_all<N: Module>(
    network: N,
    change: impl FnOnce(Vec<&mut [f32]>),
) -> (N, usize) {
    let mut taken = TakeOut {
        buffers: Vec::new(),
    };
    let network = network.map(&mut taken);
    let mut buffers = taken.buffers;
    let copied = buffers
        .iter()
        .filter(|(buffer, _)| !buffer.is_unique())
        .count();
    change(
        buffers
            .iter_mut()
            .map(|(buffer, _)| buffer.storage_mut::<f32>())
            .collect(),
    );
    buffers.reverse();
    (network.map(&mut PutBack { buffers }), copied)
}

/// Gives a buffer the values that `values(buffer)` returns, if it returns some, without drawing those it would have had.
pub(crate) fn replace<N: Module>(
    network: N,
    values: &mut dyn FnMut(usize) -> Option<Vec<f32>>,
) -> N {
    network.map(&mut Replace { values, next: 0 })
}

/// Says for each buffer whether gradients are computed for it.
pub(crate) fn set_tracked<N: Module>(network: N, tracked: &[bool]) -> N {
    network.map(&mut SetTracked { tracked, next: 0 })
}

/// The parameters again as [`arrange`] takes them.
pub(crate) fn slices(
    network: &impl Module,
    parameters: &[ParameterInfo],
    places: &[Place],
) -> Vec<Slice> {
    let mut visitor = Identify {
        order: BTreeMap::new(),
    };
    network.visit(&mut visitor);
    let of_buffer: BTreeMap<usize, ParamId> = visitor
        .order
        .into_iter()
        .map(|(parameter, buffer)| (buffer, parameter))
        .collect();
    parameters
        .iter()
        .zip(places)
        .filter_map(|(info, place)| {
            Some(Slice {
                parameter: *of_buffer.get(&place.buffer)?,
                range: place.range.clone(),
                info: info.clone(),
            })
        })
        .collect()
}

struct Identify {
    order: BTreeMap<ParamId, usize>,
}

impl ModuleVisitor for Identify {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let next = self.order.len();
        self.order.insert(param.id, next);
    }
}

struct Collect {
    buffers: Vec<FlexTensor>,
}

impl ModuleVisitor for Collect {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        self.buffers.push(primitive(param.val().inner()));
    }
}

struct CollectGradients {
    gradients: BurnGradients,
    buffers: Vec<Option<FlexTensor>>,
}

impl ModuleVisitor for CollectGradients {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        self.buffers
            .push(param.val().grad_remove(&mut self.gradients).map(primitive));
    }
}

struct Change<'a> {
    edit: &'a mut dyn FnMut(usize, &mut [f32]),
    next: usize,
    copied: usize,
}

impl ModuleMapper for Change<'_> {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let (id, tensor, mapper) = param.consume();
        let is_tracked = tensor.is_require_grad();
        let mut buffer = primitive(tensor.inner());
        self.copied += usize::from(!buffer.is_unique());
        (self.edit)(self.next, buffer.storage_mut::<f32>());
        self.next += 1;
        let tensor = tracked(Tensor::from_primitive::<Flex>(buffer), is_tracked);
        Param::from_mapped_value(id, tensor, mapper)
    }
}

/// Leaves empty tensors behind. Takes the buffers, and whether gradients are computed for them.
struct TakeOut {
    buffers: Vec<(FlexTensor, bool)>,
}

impl ModuleMapper for TakeOut {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let (id, tensor, mapper) = param.consume();
        let is_tracked = tensor.is_require_grad();
        self.buffers.push((primitive(tensor.inner()), is_tracked));
        let empty = float_tensor(Vec::new(), [0; D]);
        Param::from_mapped_value(id, Tensor::from_primitive::<Flex>(empty), mapper)
    }
}

/// The buffers, last one first.
struct PutBack {
    buffers: Vec<(FlexTensor, bool)>,
}

impl ModuleMapper for PutBack {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let (id, empty, mapper) = param.consume();
        let tensor = match self.buffers.pop() {
            Some((buffer, is_tracked)) => {
                tracked(Tensor::from_primitive::<Flex>(buffer), is_tracked)
            }
            None => empty,
        };
        Param::from_mapped_value(id, tensor, mapper)
    }
}

struct Replace<'a> {
    values: &'a mut dyn FnMut(usize) -> Option<Vec<f32>>,
    next: usize,
}

impl ModuleMapper for Replace<'_> {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let values = (self.values)(self.next);
        self.next += 1;
        let Some(values) = values else {
            return param;
        };
        let buffer = float_tensor(values, param.lazy_shape());
        Param::initialized(
            param.id,
            tracked(Tensor::from_primitive::<Flex>(buffer), true),
        )
    }
}

struct SetTracked<'a> {
    tracked: &'a [bool],
    next: usize,
}

impl ModuleMapper for SetTracked<'_> {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let is_tracked = self.tracked[self.next];
        self.next += 1;
        param.set_require_grad(is_tracked)
    }
}
