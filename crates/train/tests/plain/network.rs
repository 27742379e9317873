//! The masked-language model of plain tensor operations.

use std::collections::BTreeMap;

use burn::tensor::{Device, Int, Tensor, TensorData};
use pliant_data::Batch;
use pliant_nn::{MaskedLanguageModel, ModelConfig, NormPlacement, Positions};

use crate::dropout::Dropout;

/// Base of the rotation frequencies (Su et al. 2021).
const ROTARY_BASE: f64 = 10_000.0;

/// The values of one parameter.
pub(crate) struct Parameter {
    shape: Vec<usize>,
    pub(crate) numbers: Vec<f32>,
}

/// Parameters by name.
pub(crate) type Values = BTreeMap<String, Parameter>;

pub(crate) struct Network {
    config: ModelConfig,
    device: Device,
    pub(crate) values: Values,
}

/// One pass: the parameters as leaves of the graph, and what is dropped.
struct Pass<'a> {
    config: &'a ModelConfig,
    device: &'a Device,
    leaves: BTreeMap<&'a str, (Tensor<1>, &'a [usize])>,
    dropout: Dropout,
    attention_dropout: Dropout,
    /// Added to the scores `[batch, 1, 1, length]`: a large negative number at padding.
    padding: Tensor<4>,
}

fn integers<const D: usize>(values: &[u32], shape: [usize; D], device: &Device) -> Tensor<D, Int> {
    let values: Vec<i64> = values.iter().map(|value| i64::from(*value)).collect();
    Tensor::from_data(TensorData::new(values, shape), device)
}

impl Network {
    /// With the values of a model.
    pub(crate) fn new(config: &ModelConfig, model: &MaskedLanguageModel) -> Self {
        let parameters = model.parameters().iter().enumerate();
        Self {
            config: config.clone(),
            device: Device::flex().autodiff(),
            values: parameters
                .map(|(index, parameter)| {
                    let parameter_values = Parameter {
                        shape: parameter.shape.clone(),
                        numbers: model.read(index),
                    };
                    (parameter.name.clone(), parameter_values)
                })
                .collect(),
        }
    }

    /// Mean loss over the masked positions, and its gradient by every parameter.
    pub(crate) fn loss_and_gradients(
        &self,
        batch: &Batch,
        seed: u64,
        step: u64,
    ) -> (f64, BTreeMap<String, Vec<f32>>) {
        let (sequences, length) = (batch.sequences, batch.length);
        let padding: Vec<f32> = batch
            .attention_mask
            .iter()
            .map(|real| if *real == 0 { -1e30 } else { 0.0 })
            .collect();
        let dropout = |probability| Dropout {
            probability,
            seed,
            step,
            first_sequence: batch.first_sequence,
        };
        let pass = Pass {
            config: &self.config,
            device: &self.device,
            leaves: self
                .values
                .iter()
                .map(|(name, parameter)| {
                    let data =
                        TensorData::new(parameter.numbers.clone(), [parameter.numbers.len()]);
                    let leaf = Tensor::<1>::from_data(data, &self.device).require_grad();
                    (name.as_str(), (leaf, parameter.shape.as_slice()))
                })
                .collect(),
            dropout: dropout(self.config.dropout),
            attention_dropout: dropout(self.config.attention_dropout),
            padding: Tensor::from_data(
                TensorData::new(padding, [sequences, 1, 1, length]),
                &self.device,
            ),
        };
        let loss = pass.loss(batch);
        let gradients = loss.backward();
        let by_name = pass
            .leaves
            .iter()
            .map(|(name, (leaf, _))| {
                let gradient = leaf.grad(&gradients).unwrap().into_data();
                ((*name).to_owned(), gradient.try_to_vec::<f32>().unwrap())
            })
            .collect();
        let loss = loss.into_data().try_to_vec::<f32>().unwrap()[0];
        (f64::from(loss), by_name)
    }
}

impl Pass<'_> {
    fn vector(&self, name: &str) -> Tensor<1> {
        self.leaves[name].0.clone()
    }

    fn matrix(&self, name: &str) -> Tensor<2> {
        let (leaf, shape) = &self.leaves[name];
        leaf.clone().reshape([shape[0], shape[1]])
    }

    /// `x Wᵀ + b`
    fn linear(&self, name: &str, x: Tensor<2>) -> Tensor<2> {
        let weight = self.matrix(&format!("{name}.weight"));
        let bias = self.vector(&format!("{name}.bias"));
        x.matmul(weight.swap_dims(0, 1)) + bias.unsqueeze()
    }

    fn norm(&self, name: &str, x: Tensor<2>) -> Tensor<2> {
        let centred = x.clone() - x.mean_dim(1);
        let variance = (centred.clone() * centred.clone()).mean_dim(1);
        let deviation = (variance + self.config.norm_epsilon).sqrt();
        let weight = self.vector(&format!("{name}.weight"));
        let bias = self.vector(&format!("{name}.bias"));
        centred / deviation * weight.unsqueeze() + bias.unsqueeze()
    }

    fn gelu(x: Tensor<2>) -> Tensor<2> {
        let gate = (x.clone() * std::f64::consts::FRAC_1_SQRT_2).erf() + 1.0;
        x * gate * 0.5
    }

    /// `(a0 + a1 x + …) / (1 + |b1| |x| + |b2| |x|² + …)`, where the slope of |b| at 0 is 1.
    fn rational(&self, site: &str, x: &Tensor<2>) -> Tensor<2> {
        let coefficients = |kind: &str| {
            let all = self.vector(&format!("{site}.{kind}"));
            let [count] = all.dims();
            (0..count).map(move |k| all.clone().narrow(0, k, 1).unsqueeze::<2>())
        };
        let mut power = x.ones_like();
        let mut numerator = x.zeros_like();
        for coefficient in coefficients("numerator") {
            numerator = numerator + power.clone() * coefficient;
            power = power * x.clone();
        }
        let size = x.clone().abs();
        let mut power = size.clone();
        let mut denominator = x.ones_like();
        for coefficient in coefficients("denominator") {
            let negative = coefficient.clone().lower_elem(0.0);
            let magnitude = coefficient.clone().mask_where(negative, -coefficient);
            denominator = denominator + power.clone() * magnitude;
            power = power * size.clone();
        }
        numerator / denominator
    }

    fn activation(&self, layer: usize, x: Tensor<2>) -> Tensor<2> {
        let site = format!("bert.encoder.layer.{layer}.intermediate.activation");
        if self
            .leaves
            .contains_key(format!("{site}.numerator").as_str())
        {
            self.rational(&site, &x)
        } else {
            Self::gelu(x)
        }
    }

    /// Turns rows `[batch, heads, length, size]`: channel i is paired with channel i + size / 2.
    fn rotate(&self, x: Tensor<4>) -> Tensor<4> {
        let [_, _, length, size] = x.dims();
        let half = size / 2;
        let table = |function: fn(f64) -> f64| {
            let values: Vec<f32> = (0..length)
                .flat_map(|position| {
                    (0..half).map(move |i| {
                        let frequency = ROTARY_BASE.powf(-2.0 * i as f64 / size as f64);
                        function(position as f64 * frequency) as f32
                    })
                })
                .collect();
            Tensor::<4>::from_data(TensorData::new(values, [1, 1, length, half]), self.device)
        };
        let (cosine, sine) = (table(f64::cos), table(f64::sin));
        let low = x.clone().narrow(3, 0, half);
        let high = x.narrow(3, half, half);
        Tensor::cat(
            vec![
                low.clone() * cosine.clone() - high.clone() * sine.clone(),
                high * cosine + low * sine,
            ],
            3,
        )
    }

    fn attention(&self, layer: usize, x: &Tensor<2>, sequences: usize, length: usize) -> Tensor<2> {
        let (hidden, heads) = (self.config.hidden_size, self.config.heads);
        let size = hidden / heads;
        let name = format!("bert.encoder.layer.{layer}.attention");
        let part = |kind: &str| {
            self.linear(&format!("{name}.self.{kind}"), x.clone())
                .reshape([sequences, length, heads, size])
                .swap_dims(1, 2)
        };
        let (mut query, mut key, value) = (part("query"), part("key"), part("value"));
        if self.config.positions == Positions::Rotary {
            (query, key) = (self.rotate(query), self.rotate(key));
        }
        let scores =
            query.matmul(key.swap_dims(2, 3)) / (size as f64).sqrt() + self.padding.clone();
        let exponentials = (scores.clone() - scores.max_dim(3).detach()).exp();
        let probabilities = exponentials.clone() / exponentials.sum_dim(3);
        let place = 1 + 3 * layer as u64;
        let factors = self.attention_dropout.factors(
            place,
            [sequences, heads, length, length],
            length.next_multiple_of(64),
            self.device,
        );
        let output = (probabilities * factors).matmul(value).swap_dims(1, 2);
        self.linear(
            &format!("{name}.output.dense"),
            output.reshape([sequences * length, hidden]),
        )
    }

    fn feed_forward(&self, layer: usize, x: Tensor<2>) -> Tensor<2> {
        let name = format!("bert.encoder.layer.{layer}");
        let up = self.linear(&format!("{name}.intermediate.dense"), x);
        self.linear(&format!("{name}.output.dense"), self.activation(layer, up))
    }

    fn drop(&self, place: u64, x: Tensor<2>, sequences: usize) -> Tensor<2> {
        let [rows, columns] = x.dims();
        let shape = [sequences, rows / sequences * columns];
        let factors = self.dropout.factors(place, shape, shape[1], self.device);
        x * factors.reshape([rows, columns])
    }

    fn embedded(&self, batch: &Batch) -> Tensor<2> {
        let tokens = batch.sequences * batch.length;
        let pick = |kind: &str, ids: &[u32]| {
            let table = self.matrix(&format!("bert.embeddings.{kind}_embeddings.weight"));
            table.select(0, integers(ids, [tokens], self.device))
        };
        let mut sum = pick("word", &batch.ids) + pick("token_type", &batch.type_ids);
        if self.config.positions == Positions::Learned {
            let positions: Vec<u32> = (0..batch.sequences)
                .flat_map(|_| 0..batch.length as u32)
                .collect();
            sum = sum + pick("position", &positions);
        }
        if self.config.embedding_norm {
            sum = self.norm("bert.embeddings.LayerNorm", sum);
        }
        self.drop(0, sum, batch.sequences)
    }

    fn loss(&self, batch: &Batch) -> Tensor<1> {
        let (sequences, length) = (batch.sequences, batch.length);
        let first = self.config.norm == NormPlacement::Pre;
        let mut hidden = self.embedded(batch);
        for layer in 0..self.config.layers {
            let name = format!("bert.encoder.layer.{layer}");
            for (place, norm) in [(2, "attention.output.LayerNorm"), (3, "output.LayerNorm")] {
                let norm = format!("{name}.{norm}");
                let input = if first {
                    self.norm(&norm, hidden.clone())
                } else {
                    hidden.clone()
                };
                let branch = if place == 2 {
                    self.attention(layer, &input, sequences, length)
                } else {
                    self.feed_forward(layer, input)
                };
                let sum = hidden + self.drop(place + 3 * layer as u64, branch, sequences);
                hidden = if first { sum } else { self.norm(&norm, sum) };
            }
        }
        if first {
            hidden = self.norm("bert.encoder.final_norm", hidden);
        }
        let count = batch.masked_positions.len();
        let rows = hidden.select(0, integers(&batch.masked_positions, [count], self.device));
        let transformed = Self::gelu(self.linear("cls.predictions.transform.dense", rows));
        let transformed = self.norm("cls.predictions.transform.LayerNorm", transformed);
        let words = self.matrix("bert.embeddings.word_embeddings.weight");
        let bias = self.vector("cls.predictions.bias");
        let logits = transformed.matmul(words.swap_dims(0, 1)) + bias.unsqueeze();
        let shifted = logits.clone() - logits.max_dim(1).detach();
        let sums = shifted.clone().exp().sum_dim(1).log();
        let labels = integers(&batch.labels, [count, 1], self.device);
        (sums - shifted.gather(1, labels)).mean()
    }
}
