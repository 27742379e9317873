//! The activation module in Burn models: values and gradients held to the definition in f64, records, `valid`, other number types.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use burn::module::{Module, Param};
use burn::nn::{Linear, LinearConfig};
use burn::tensor::{DType, Device, FloatDType, Tensor};
use pliant_activation::Activation;
use pliant_nn::{LearnableActivation, LearnableActivationConfig, ModelError};

const CHANNELS: usize = 8;

/// Learnable and fixed, every sharing, every form of the denominator that is smooth enough for differences.
const ACTIVATIONS: [&str; 7] = [
    "rational",
    "rational(share=group(4))",
    "rational(share=channel)",
    "rational(share=group(2), numerator=shared)",
    "rational(form=b)",
    "gelu",
    "tanh",
];

fn autodiff() -> Device {
    Device::flex().autodiff()
}

fn module(text: &str, device: &Device) -> LearnableActivation {
    LearnableActivationConfig::new(text.parse().unwrap(), CHANNELS)
        .init(device)
        .unwrap()
}

/// As [`module`], with coefficients away from their start and from 0, where |b| has a kink, and unlike in each group.
fn moved(text: &str, device: &Device) -> LearnableActivation {
    let mut module = module(text, device);
    module.coefficients = module.coefficients.map(|start| {
        let start = floats(start.val());
        let values: Vec<f32> = start
            .iter()
            .enumerate()
            .map(|(index, value)| value + 0.03 * (1.0 + (index % 5) as f32))
            .collect();
        Param::from_data(values.as_slice(), device)
    });
    module
}

fn floats<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    tensor
        .into_data_dtype(DType::F32)
        .try_to_vec::<f32>()
        .unwrap()
}

/// Rows of inputs between -3 and 3 that are no kinks.
fn inputs() -> Vec<f32> {
    (0..5 * CHANNELS)
        .map(|index| 3.0 * (1.7 * index as f32 + 0.3).sin())
        .collect()
}

fn tensor(values: &[f32], device: &Device) -> Tensor<3> {
    let shape = [1, values.len() / CHANNELS, CHANNELS];
    Tensor::<1>::from_floats(values, device).reshape(shape)
}

/// A weight for each output, so that no two inputs have the same gradient.
fn weight(index: usize) -> f64 {
    (0.9 * index as f64).cos() + 0.2
}

/// `Σ weight · f(x + bias)` by the definition, in f64.
fn reference(activation: &Activation, coefficients: &[f64], x: &[f64], bias: &[f64]) -> f64 {
    x.iter()
        .enumerate()
        .map(|(index, x)| {
            let channel = index % CHANNELS;
            let positions = activation.positions(CHANNELS, channel).unwrap();
            let own: Vec<f64> = positions.iter().map(|place| coefficients[*place]).collect();
            weight(index) * activation.value(&own, x + bias[channel])
        })
        .sum()
}

/// The gradient of `function` at `point` by central differences with one extrapolation.
fn differences(point: &[f64], mut function: impl FnMut(&[f64]) -> f64) -> Vec<f64> {
    let mut moved = point.to_vec();
    (0..point.len())
        .map(|index| {
            let mut slope = |step: f64| {
                moved[index] = point[index] + step;
                let above = function(&moved);
                moved[index] = point[index] - step;
                let below = function(&moved);
                moved[index] = point[index];
                (above - below) / (2.0 * step)
            };
            let (coarse, fine) = (slope(2e-4), slope(1e-4));
            (4.0 * fine - coarse) / 3.0
        })
        .collect()
}

fn widened(values: &[f32]) -> Vec<f64> {
    values.iter().copied().map(f64::from).collect()
}

fn assert_close(what: &str, found: &[f32], expected: &[f64]) {
    assert_eq!(found.len(), expected.len(), "{what}");
    for (index, (found, expected)) in found.iter().zip(expected).enumerate() {
        assert!(
            (f64::from(*found) - expected).abs() <= 2e-5 * expected.abs().max(1.0),
            "{what}[{index}]: {found}, by differences {expected}"
        );
    }
}

/// Output and all gradients of a module, with a bias or without, against the definition.
fn check(text: &str, with_bias: bool) {
    let device = autodiff();
    let module = moved(text, &device);
    let coefficients = module.coefficients.as_ref().map(Param::val);
    let x = tensor(&inputs(), &device).require_grad();
    let bias_values: Vec<f32> = (0..CHANNELS)
        .map(|index| 0.1 * index as f32 - 0.3)
        .collect();
    let bias = Tensor::<1>::from_floats(bias_values.as_slice(), &device).require_grad();
    let y = if with_bias {
        module.forward_with_bias(x.clone(), bias.clone())
    } else {
        module.forward(x.clone())
    };
    let weights: Vec<f32> = (0..inputs().len()).map(|i| weight(i) as f32).collect();
    let loss = (y * tensor(&weights, &device)).sum();
    let value = f64::from(loss.clone().into_scalar::<f32>());
    let gradients = loss.backward();

    let activation = module.activation();
    let c = coefficients
        .as_ref()
        .map_or_else(Vec::new, |c| widened(&floats(c.clone())));
    let inputs = widened(&inputs());
    let offsets = if with_bias {
        widened(&bias_values)
    } else {
        vec![0.0; CHANNELS]
    };
    let expected = reference(activation, &c, &inputs, &offsets);
    assert!(
        (value - expected).abs() < 1e-4,
        "{text}: {value}, not {expected}"
    );
    assert_close(
        &format!("{text}: input"),
        &floats(x.grad(&gradients).unwrap()),
        &differences(&inputs, |x| reference(activation, &c, x, &offsets)),
    );
    if with_bias {
        assert_close(
            &format!("{text}: bias"),
            &floats(bias.grad(&gradients).unwrap()),
            &differences(&offsets, |bias| reference(activation, &c, &inputs, bias)),
        );
    }
    if let Some(coefficients) = coefficients {
        assert_close(
            &format!("{text}: coefficients"),
            &floats(coefficients.grad(&gradients).unwrap()),
            &differences(&c, |c| reference(activation, c, &inputs, &offsets)),
        );
    }
}

#[test]
fn values_and_gradients_are_those_of_the_definition() {
    for text in ACTIVATIONS {
        check(text, false);
        check(text, true);
    }
}

#[test]
fn any_rank_and_a_layout_that_is_not_row_major() {
    let device = autodiff();
    let module = moved("rational(share=channel)", &device);
    let x = tensor(&inputs(), &device);
    let rows = floats(module.forward(x.clone()));
    assert_eq!(
        floats(module.forward::<2>(x.clone().reshape([5, CHANNELS]))),
        rows
    );
    let first = x.clone().slice([0..1, 0..1, 0..CHANNELS]);
    assert_eq!(
        floats(module.forward::<1>(first.reshape([CHANNELS]))),
        rows[..CHANNELS]
    );
    // The same values, stored column by column.
    let columns = x.reshape([5, CHANNELS]).transpose().into_data();
    let turned = Tensor::<2>::from_data(columns, &device).transpose();
    assert_eq!(floats(module.forward(turned)), rows);
}

/// Two uses of one input, one of them by an operation of Burn's own, and a factor behind: gradients add up.
#[test]
fn gradients_add_up_beside_operations_of_burn() {
    let device = autodiff();
    let module = moved("rational", &device);
    let gradient = |f: &dyn Fn(Tensor<3>) -> Tensor<3>| {
        let x = tensor(&inputs(), &device).require_grad();
        // Not a leaf, so that the module's gradient is passed on.
        let gradients = f(x.clone() * 2.0).sum().backward();
        floats(x.grad(&gradients).unwrap())
    };
    let once = gradient(&|x| module.forward(x));
    let all = gradient(&|x| module.forward(x.clone()) + x.clone() + module.forward(x));
    for (once, all) in once.iter().zip(&all) {
        assert!((2.0 * once + 2.0 - all).abs() < 1e-5, "{once}, {all}");
    }
}

/// A model with the module as one of its fields.
#[derive(Module, Debug)]
struct Network {
    up: Linear,
    activation: LearnableActivation,
}

impl Network {
    fn new(text: &str, device: &Device) -> Self {
        Self {
            up: LinearConfig::new(3, CHANNELS).init(device),
            activation: module(text, device),
        }
    }

    fn forward(&self, x: Tensor<2>) -> Tensor<2> {
        self.activation.forward(self.up.forward(x))
    }
}

#[test]
fn records_bring_the_coefficients_back() {
    let device = autodiff();
    let mut saved = Network::new("rational(share=group(4))", &device);
    saved.activation = moved("rational(share=group(4))", &device);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("network.bpk");
    saved.clone().save_file(&path).unwrap();

    let fresh = Network::new("rational(share=group(4))", &device);
    let x = Tensor::<2>::from_floats([[0.4, -1.0, 2.0]], &device);
    assert_ne!(
        floats(fresh.forward(x.clone())),
        floats(saved.forward(x.clone()))
    );
    let loaded = fresh.try_load_file(&path).unwrap();
    assert_eq!(floats(loaded.forward(x.clone())), floats(saved.forward(x)));
    assert_eq!(loaded.activation.channels(), CHANNELS);

    // Coefficients of another layout are refused by Burn, not taken for these.
    let other = Network::new("rational", &device);
    assert!(other.try_load_file(&path).is_err());
}

#[test]
fn valid_computes_the_same_without_a_graph_and_trains_again() {
    let device = autodiff();
    let network = Network::new("rational", &device);
    let valid = network.valid();
    let x = Tensor::<2>::from_floats([[0.4, -1.0, 2.0]], &Device::flex());
    let y = valid.forward(x.clone());
    assert!(!y.device().is_autodiff());
    assert_eq!(
        floats(y),
        floats(network.forward(Tensor::from_inner(x.clone())))
    );
    let again = valid.train();
    let gradients = again.forward(Tensor::from_inner(x)).sum().backward();
    let coefficients = again.activation.coefficients.unwrap().val();
    assert!(coefficients.grad(&gradients).is_some());
}

#[test]
fn a_frozen_activation_gets_no_gradient_but_passes_it_on() {
    let device = autodiff();
    let network = Network::new("rational", &device);
    let frozen = Network {
        activation: network.activation.clone().no_grad(),
        up: network.up.clone(),
    };
    let x = Tensor::<2>::from_floats([[0.4, -1.0, 2.0]], &device);
    let gradients = frozen.forward(x).sum().backward();
    let coefficients = frozen.activation.coefficients.unwrap().val();
    assert!(coefficients.grad(&gradients).is_none());
    assert!(frozen.up.weight.val().grad(&gradients).is_some());
}

#[test]
fn other_number_types_are_computed_in_f32() {
    let device = autodiff();
    let module = moved("rational", &device);
    let x = tensor(&inputs(), &device);
    let single = floats(module.forward(x.clone()));
    for (dtype, tolerance) in [(FloatDType::F64, 0.0), (FloatDType::BF16, 0.02)] {
        let narrow = x.clone().cast(dtype).require_grad();
        let y = module.forward(narrow.clone());
        assert_eq!(y.dtype(), dtype.into());
        let gradients = y.clone().sum().backward();
        assert_eq!(narrow.grad(&gradients).unwrap().dtype(), dtype.into());
        for (found, expected) in floats(y).iter().zip(&single) {
            assert!(
                (found - expected).abs() <= tolerance * expected.abs().max(1.0),
                "{dtype:?}: {found}, {expected}"
            );
        }
    }
}

#[test]
fn the_configuration_survives_json_and_the_module_says_what_it_is() {
    use burn::config::Config;

    let config = LearnableActivationConfig::new("rational(share=group(4))".parse().unwrap(), 8);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("activation.json");
    config.save(&path).unwrap();
    let loaded = LearnableActivationConfig::load(&path).unwrap();
    assert_eq!(loaded.activation, config.activation);
    assert_eq!(
        loaded.init(&Device::flex()).unwrap().to_string(),
        "LearnableActivation {activation: rational(share=group(4)), channels: 8, params: 20}"
    );
    let fixed = LearnableActivationConfig::new("gelu".parse().unwrap(), 8);
    assert_eq!(fixed.init(&Device::flex()).unwrap().num_params(), 0);
}

#[test]
fn groups_that_do_not_divide_the_channels_are_refused() {
    let config = LearnableActivationConfig::new("rational(share=group(3))".parse().unwrap(), 8);
    let error = config.init(&autodiff()).unwrap_err();
    assert!(matches!(error, ModelError::Activation { .. }), "{error}");
    assert!(error.hint().is_some());
}

#[test]
#[should_panic(expected = "rational of 8 channels, applied to a tensor of shape [2, 3]")]
fn another_number_of_channels_is_a_panic_that_names_both() {
    let device = autodiff();
    module("rational", &device).forward(Tensor::<2>::zeros([2, 3], &device));
}
