//! The kernel against the formula in f64, that against central differences, and both at any number of threads.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use super::*;
use pliant_kernels::random::{Purpose, Stream};

/// All gradients, in f64.
#[derive(Debug)]
struct Reference {
    inputs: Vec<f64>,
    bias: Vec<f64>,
    coefficients: Vec<f64>,
}

struct Case {
    activation: Activation,
    channels: usize,
    coefficients: Vec<f64>,
    u: Vec<f64>,
    bias: Vec<f64>,
    dy: Vec<f64>,
}

impl Case {
    /// Drawn values that f32 holds exactly.
    fn new(text: &str, rows: usize, channels: usize) -> Self {
        let activation = Activation::new(&text.parse().unwrap()).unwrap();
        let draw = |key: u64, count: usize, deviation: f64| -> Vec<f64> {
            let stream = Stream::new(3, Purpose::Probe, key);
            let number = |index| f64::from((deviation * stream.normal(index)) as f32);
            (0..count as u64).map(number).collect()
        };
        let start = activation.start_coefficients(channels).unwrap();
        let moved = start.iter().zip(draw(1, start.len(), 0.05));
        Self {
            channels,
            coefficients: moved
                .map(|(start, noise)| f64::from(start + (noise.abs() + 0.02) as f32))
                .collect(),
            u: draw(2, 2 * rows * channels, 1.5),
            bias: draw(3, 2 * channels, 0.5),
            dy: draw(4, rows * channels, 1.0),
            activation,
        }
    }

    /// The coefficients of a channel, and where they lie.
    fn of_channel(&self, channel: usize) -> (Vec<f64>, Vec<usize>) {
        let places = self.activation.positions(self.channels, channel).unwrap();
        let own = places.iter().map(|place| self.coefficients[*place]);
        (own.collect(), places)
    }

    /// Gate and value of an output, biases added.
    fn inputs(&self, index: usize) -> (f64, f64, usize) {
        let (row, channel) = (index / self.channels, index % self.channels);
        let gate = 2 * row * self.channels + channel;
        let value = gate + self.channels;
        (
            self.u[gate] + self.bias[channel],
            self.u[value] + self.bias[self.channels + channel],
            gate,
        )
    }

    fn value(&self) -> Vec<f64> {
        (0..self.dy.len())
            .map(|index| {
                let (gate, value, _) = self.inputs(index);
                let (own, _) = self.of_channel(index % self.channels);
                self.activation.value(&own, gate) * value
            })
            .collect()
    }

    /// The sum of the outputs times `dy`, whose gradients are those of the backward pass.
    fn objective(&self) -> f64 {
        let products = self.value().into_iter().zip(&self.dy);
        products.map(|(y, dy)| y * dy).sum()
    }

    fn gradients(&self) -> Reference {
        let channels = self.channels;
        let mut sums = Reference {
            inputs: vec![0.0; self.u.len()],
            bias: vec![0.0; self.bias.len()],
            coefficients: vec![0.0; self.coefficients.len()],
        };
        for (index, dy) in self.dy.iter().enumerate() {
            let channel = index % channels;
            let (gate, value, place) = self.inputs(index);
            let (own, places) = self.of_channel(channel);
            let dgate = dy * value * self.activation.derivative(&own, gate);
            let dvalue = dy * self.activation.value(&own, gate);
            sums.inputs[place] = dgate;
            sums.inputs[place + channels] = dvalue;
            sums.bias[channel] += dgate;
            sums.bias[channels + channel] += dvalue;
            let mut slopes = vec![0.0; own.len()];
            self.activation
                .coefficient_gradient(&own, gate, &mut slopes);
            for (place, slope) in places.into_iter().zip(slopes) {
                sums.coefficients[place] += dy * value * slope;
            }
        }
        sums
    }

    /// The kernel's outputs and gradients.
    fn fast(&self) -> [Vec<f32>; 4] {
        let single = |values: &[f64]| values.iter().map(|v| *v as f32).collect::<Vec<f32>>();
        let (coefficients, u, bias, dy) = (
            single(&self.coefficients),
            single(&self.u),
            single(&self.bias),
            single(&self.dy),
        );
        // What is to be overwritten must not be read.
        let stale = |count: usize| vec![f32::NAN; count];
        let mut y = stale(dy.len());
        let (mut du, mut dbias) = (stale(u.len()), stale(bias.len()));
        let mut dcoefficients = stale(coefficients.len());
        let f = &self.activation;
        f.gated_forward(&coefficients, &u, &bias, self.channels, &mut y);
        let gradients = GatedGradients {
            inputs: &mut du,
            bias: &mut dbias,
            coefficients: &mut dcoefficients,
        };
        f.gated_backward(&coefficients, &u, &bias, &dy, self.channels, gradients);
        [y, du, dbias, dcoefficients]
    }
}

const TEXTS: [&str; 7] = [
    "silu",
    "gelu",
    "sigmoid",
    "rational",
    "rational(form=b, share=group(8))",
    "swish(share=channel)",
    "rational(share=channel, numerator=shared)",
];

fn assert_near(text: &str, what: &str, fast: &[f32], exact: &[f64], tolerance: f64) {
    assert_eq!(fast.len(), exact.len(), "{text}: {what}");
    let scale = exact
        .iter()
        .fold(1.0_f64, |most, value| most.max(value.abs()));
    for (index, (fast, exact)) in fast.iter().zip(exact).enumerate() {
        let error = (f64::from(*fast) - exact).abs();
        assert!(
            error <= tolerance * scale,
            "{text}: {what} {index} is {fast}, the formula {exact}"
        );
    }
}

#[test]
fn the_kernel_is_the_formula() {
    // 818 rows of 40 channels make a chunk; the second one is shorter.
    for (rows, channels) in [(1, 8), (7, 24), (1030, 40)] {
        for text in TEXTS {
            let case = Case::new(text, rows, channels);
            let [y, du, dbias, dcoefficients] = case.fast();
            let exact = case.gradients();
            assert_near(text, "output", &y, &case.value(), 2e-6);
            assert_near(text, "input gradient", &du, &exact.inputs, 2e-6);
            assert_near(text, "bias gradient", &dbias, &exact.bias, 1e-5);
            let found = &dcoefficients;
            assert_near(
                text,
                "coefficient gradient",
                found,
                &exact.coefficients,
                1e-5,
            );
        }
    }
}

/// One of the lists of values of a case.
type Values = fn(&mut Case) -> &mut Vec<f64>;

#[test]
fn the_formula_is_the_gradient_of_the_value() {
    for text in TEXTS {
        let mut case = Case::new(text, 2, 8);
        let exact = case.gradients();
        let lists: [(&str, &[f64], Values); 3] = [
            ("input", &exact.inputs, |case| &mut case.u),
            ("bias", &exact.bias, |case| &mut case.bias),
            ("coefficient", &exact.coefficients, |case| {
                &mut case.coefficients
            }),
        ];
        for (what, gradients, of) in lists {
            for (index, gradient) in gradients.iter().enumerate() {
                let mut at = |offset: f64| {
                    let start = of(&mut case)[index];
                    of(&mut case)[index] = start + offset;
                    let objective = case.objective();
                    of(&mut case)[index] = start;
                    objective
                };
                let step = 1e-5;
                let slope = (at(step) - at(-step)) / (2.0 * step);
                assert!(
                    (slope - gradient).abs() <= 1e-7 * (1.0 + gradient.abs()),
                    "{text}: {what} {index}: difference quotient {slope}, gradient {gradient}"
                );
            }
        }
    }
}

#[test]
fn any_number_of_threads_gives_the_same_bytes() {
    for text in ["silu", "rational", "rational(share=channel)"] {
        let case = Case::new(text, 900, 96);
        let at = |threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
            pool.unwrap().install(|| case.fast())
        };
        let one = at(1);
        assert_eq!(one, at(2), "{text}");
        assert_eq!(one, at(7), "{text}");
    }
}

#[test]
fn no_rows_give_no_gradient() {
    let case = Case::new("rational", 0, 8);
    let [y, du, dbias, dcoefficients] = case.fast();
    assert!(y.is_empty() && du.is_empty());
    assert_eq!(dbias, [0.0; 16]);
    assert_eq!(dcoefficients, [0.0; 10]);
}

#[test]
fn inner_sizes_are_two_thirds_to_the_nearest_eight() {
    for intermediate in 1..5000_usize {
        let size = inner_size(intermediate);
        let exact = 2.0 * intermediate as f64 / 3.0;
        assert!(size.is_multiple_of(8) && size >= 8);
        assert!(
            (size as f64 - exact).abs() <= 4.0 || size == 8,
            "{intermediate}: {size}"
        );
    }
}
