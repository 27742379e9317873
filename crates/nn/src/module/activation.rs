//! An activation as a module for any Burn model.

use std::sync::Arc;

use burn::config::Config;
use burn::module::{Content, DisplaySettings, Module, ModuleDisplay, Param};
use burn::tensor::{DType, Device, FloatDType, Tensor};
use pliant_activation::{Activation, ActivationSpec};

use crate::config::resolve_activation;
use crate::error::ModelError;
use crate::operation::{activation, bias_activation};

/// Builds a [`LearnableActivation`]. Saved and loaded as JSON like every configuration of Burn, the activation in its text form.
#[derive(Config, Debug)]
pub struct LearnableActivationConfig {
    /// The activation, e.g. `"rational(share=group(8))".parse()?`. A fixed one such as `gelu` makes a module without parameters.
    pub activation: ActivationSpec,
    /// Size of the last axis of the input.
    pub channels: usize,
}

/// An activation function as part of somebody's own Burn model, with coefficients that train if it has any.
///
/// One fused kernel forward and one backward, in f32 on the CPU. Built by [`LearnableActivationConfig::init`].
///
/// ```
/// use burn::tensor::{Device, Tensor};
/// use pliant_nn::LearnableActivationConfig;
///
/// let device = Device::flex().autodiff();
/// let activation = LearnableActivationConfig::new("rational".parse()?, 4).init(&device)?;
/// let x = Tensor::<2>::from_floats([[-1.0, 0.0, 1.0, 2.0]], &device);
/// let gradients = activation.forward(x).sum().backward();
/// let coefficients = activation.coefficients.as_ref().and_then(|parameter| parameter.val().grad(&gradients));
/// assert_eq!(coefficients.map(|gradient| gradient.dims()), Some([10])); // 6 of the numerator, 4 of the denominator
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Module, Debug)]
#[module(custom_display)]
pub struct LearnableActivation {
    /// All coefficients `[count]`: the tensors of [`Activation::coefficient_tensors`], one after the other, each row-major. `None`
    /// for a fixed function. A role of its own in an optimizer: no weight decay, and often a larger learning rate.
    pub coefficients: Option<Param<Tensor<1>>>,
    channels: usize,
    #[module(skip)]
    activation: Arc<Activation>,
}

impl LearnableActivationConfig {
    /// The module with the coefficients at their start, where the function is what it was fitted to (GELU unless the activation says otherwise).
    ///
    /// # Errors
    /// Groups that do not divide the channels, a start that cannot be fitted, a device other than Flex, Burn's CPU backend.
    pub fn init(&self, device: &Device) -> Result<LearnableActivation, ModelError> {
        if *device != Device::flex() {
            return Err(ModelError::Device {
                device: format!("{device:?}"),
            });
        }
        let activation = resolve_activation(&self.activation, self.channels, "the module")?;
        let named = |source| ModelError::Activation {
            site: "the module".to_owned(),
            source,
        };
        let start = activation
            .start_coefficients(self.channels)
            .map_err(named)?;
        let coefficients = activation.is_learnable().then(|| {
            let start = Tensor::from_data(start.as_slice(), (device, DType::F32));
            Param::from_tensor(start)
        });
        Ok(LearnableActivation {
            coefficients,
            channels: self.channels,
            activation: Arc::new(activation),
        })
    }
}

impl LearnableActivation {
    /// `f(x)`. Computed in f32; the output has the type of the input.
    ///
    /// # Shapes
    /// - x, output: `[…, channels]`
    ///
    /// # Panics
    /// If the last axis is not of `channels`, or `x` is not on the Flex device.
    pub fn forward<const D: usize>(&self, x: Tensor<D>) -> Tensor<D> {
        self.in_f32(x, |x| activation(x, self.values(), &self.activation))
    }

    /// `f(x + bias)` in one pass over the memory, for a linear layer whose own bias is off. Computed in f32; the output has the
    /// type of `x`.
    ///
    /// # Shapes
    /// - x, output: `[…, channels]`
    /// - bias: `[channels]`
    ///
    /// # Panics
    /// If the last axis or the bias is not of `channels`, or a tensor is not on the Flex device.
    pub fn forward_with_bias<const D: usize>(&self, x: Tensor<D>, bias: Tensor<1>) -> Tensor<D> {
        self.in_f32(x, |x| {
            bias_activation(x, f32_values(bias), self.values(), &self.activation)
        })
    }

    /// What the function is: text form, formula, layout of the coefficients, f64 reference.
    pub fn activation(&self) -> &Activation {
        &self.activation
    }

    /// Size of the last axis of the input.
    pub fn channels(&self) -> usize {
        self.channels
    }

    /// The coefficients as the kernels take them.
    fn values(&self) -> Option<Tensor<1>> {
        self.coefficients
            .as_ref()
            .map(|parameter| f32_values(parameter.val()))
    }

    fn in_f32<const D: usize>(
        &self,
        x: Tensor<D>,
        function: impl FnOnce(Tensor<D>) -> Tensor<D>,
    ) -> Tensor<D> {
        let shape = x.dims();
        assert_eq!(
            shape.last(),
            Some(&self.channels),
            "{} of {} channels, applied to a tensor of shape {shape:?}",
            self.activation.spec(),
            self.channels
        );
        let dtype = x.dtype();
        let y = function(f32_values(x));
        if dtype == DType::F32 {
            y
        } else {
            y.cast(dtype)
        }
    }
}

/// The tensor in f32: itself if it already is.
fn f32_values<const D: usize>(tensor: Tensor<D>) -> Tensor<D> {
    if tensor.dtype() == DType::F32 {
        tensor
    } else {
        tensor.cast(FloatDType::F32)
    }
}

impl ModuleDisplay for LearnableActivation {
    fn custom_settings(&self) -> Option<DisplaySettings> {
        DisplaySettings::new()
            .with_new_line_after_attribute(false)
            .optional()
    }

    fn custom_content(&self, content: Content) -> Option<Content> {
        content
            .add("activation", &self.activation.spec().to_string())
            .add("channels", &self.channels)
            .optional()
    }
}
