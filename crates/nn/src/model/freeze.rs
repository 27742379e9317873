//! A model whose learned activations become fixed ones.

use std::collections::BTreeMap;

use pliant_activation::{Activation, ActivationSpec, Fold};

use super::{AnyModel, Site};
use crate::config::{Additions, ModelConfig, Place, Sites};
use crate::error::ModelError;
use crate::parameter::Role;

/// What became of an activation site.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct FrozenSite {
    /// `layer.0`, …, `pooler`.
    pub site: String,
    /// What it had.
    pub learned: ActivationSpec,
    /// The fixed function that it has now.
    pub frozen: ActivationSpec,
    /// Whether the neighbouring matrices took part of the function in.
    pub folded: bool,
}

/// The values of a model by the names of its parameters.
type Values = BTreeMap<String, Vec<f32>>;

impl AnyModel {
    /// The same model with every learned activation held as it is. With `fold`, a function that is a cheaper fixed one between
    /// affine maps becomes that one, and the matrices before and behind it take the maps in: equal up to rounding. Without it,
    /// and wherever it cannot be folded, outputs are equal to the bit.
    ///
    /// # Errors
    /// [`ModelError::NotFreezable`] where nothing learns, or where an adapter is not merged.
    pub fn frozen(&self, fold: bool) -> Result<(Self, Vec<FrozenSite>), ModelError> {
        let refuse = |reason: String| ModelError::NotFreezable { reason };
        if self
            .parameters()
            .iter()
            .any(|info| info.role == Role::Adapter)
        {
            return Err(refuse("its adapter is not merged".to_owned()));
        }
        let own = self.config();
        let mut values = self.named_values();
        let mut layers: Vec<ActivationSpec> =
            own.layer_activations()?.into_iter().cloned().collect();
        let mut pooler = own.pooler_activation().clone();
        let of_layers = |place: fn(usize) -> Place| {
            let specs = (0..own.layers).map(|layer| own.added_spec(place(layer)));
            let specs: Vec<Option<&ActivationSpec>> = specs.collect::<Result<_, _>>()?;
            Ok::<_, ModelError>(specs.into_iter().map(Option::<&_>::cloned).collect())
        };
        let mut inputs: Option<Vec<_>> = of_layers(|layer| Place::FeedForwardInput { layer })?;
        let mut outputs: Option<Vec<_>> = of_layers(|layer| Place::AttentionOutput { layer })?;
        let mut report = Vec::new();
        for site in self.sites() {
            if !site.activation.is_learnable() {
                continue;
            }
            let coefficients = take(&mut values, site);
            let learned = site.activation.spec();
            let has_gate = site
                .layer()
                .is_some_and(|layer| layers[layer].gated().is_some());
            // Behind a norm stands no matrix that could take an affine map in.
            let fold = fold && !own.additions.inner_norm;
            let fold = site.layer().filter(|_| fold).and_then(|layer| {
                let fold = fold_of(&site.activation, &coefficients)?;
                // Behind a gate stands the value, which is another for each token: a shift is no bias.
                (!has_gate || fold.output_shift == 0.0).then_some((layer, fold))
            });
            let folded = fold.is_some();
            let function = match fold {
                Some((layer, fold)) => {
                    let name = format!("bert.encoder.layer.{layer}");
                    let (before, behind) =
                        (format!("{name}.intermediate"), format!("{name}.output"));
                    take_in(&mut values, &fold, &before, &behind);
                    fold.function
                }
                None => held(learned, &coefficients).map_err(refuse)?,
            };
            report.push(FrozenSite {
                site: site.name.clone(),
                learned: learned.clone(),
                frozen: function.clone(),
                folded,
            });
            let added = |functions: &mut Option<Vec<ActivationSpec>>, layer: usize, function| {
                if let Some(functions) = functions {
                    functions[layer] = function;
                }
            };
            match site.place {
                Place::FeedForward { layer } => {
                    layers[layer] = layers[layer].with_elementwise(function);
                }
                Place::FeedForwardInput { layer } => added(&mut inputs, layer, function),
                Place::AttentionOutput { layer } => added(&mut outputs, layer, function),
                Place::Pooler => pooler = function,
            }
        }
        if report.is_empty() {
            return Err(refuse(format!("{} does not learn", own.activation)));
        }
        let together = |layers: &[ActivationSpec]| {
            ActivationSpec::for_layers(layers).map_err(|error| refuse(error.to_string()))
        };
        let config = ModelConfig {
            activation: together(&layers)?,
            additions: Additions {
                feed_forward_input: inputs.as_deref().map(together).transpose()?,
                attention_output: outputs.as_deref().map(together).transpose()?,
                ..own.additions.clone()
            },
            sites: Sites::all(),
            fixed_pooler_activation: pooler,
            ..own.clone()
        };
        let model = Self::with_values(&config, self.head().cloned(), 0, &mut |info| {
            values.remove(&info.name)
        })?;
        Ok((model, report))
    }
}

/// The coefficients of a site, which the frozen model no longer has.
fn take(values: &mut Values, site: &Site) -> Vec<f32> {
    let names = site.parameter_names.iter();
    names
        .flat_map(|name| values.remove(name).unwrap_or_default())
        .collect()
}

fn held(learned: &ActivationSpec, coefficients: &[f32]) -> Result<ActivationSpec, String> {
    learned
        .frozen(coefficients)
        .map_err(|error| error.kind().to_string())
}

fn fold_of(activation: &Activation, coefficients: &[f32]) -> Option<Fold> {
    // A function for each group has more coefficients than one has.
    if activation.group_start().len() != coefficients.len() {
        return None;
    }
    let exact: Vec<f64> = coefficients.iter().map(|value| f64::from(*value)).collect();
    activation.fold(&exact)
}

/// The layers before and behind the function take its affine maps in: matrices `[outputs, inputs]`, biases `[outputs]`.
fn take_in(values: &mut Values, fold: &Fold, before: &str, behind: &str) {
    let scale = |values: &mut [f32], scale: f64, shift: f64| {
        for value in values {
            *value = (f64::from(*value) * scale + shift) as f32;
        }
    };
    if let Some(weight) = values.get_mut(&format!("{before}.dense.weight")) {
        scale(weight, fold.input_scale, 0.0);
    }
    if let Some(bias) = values.get_mut(&format!("{before}.dense.bias")) {
        scale(bias, fold.input_scale, fold.input_shift);
    }
    let weight_name = format!("{behind}.dense.weight");
    let mut weight = values.remove(&weight_name).unwrap_or_default();
    if let Some(bias) = values.get_mut(&format!("{behind}.dense.bias")) {
        // The shift is the same in all channels, so that each output gets it times the sum of its row.
        let inputs = (weight.len() / bias.len().max(1)).max(1);
        for (row, bias) in weight.chunks(inputs).zip(bias) {
            let sum: f64 = row.iter().copied().map(f64::from).sum();
            *bias = (f64::from(*bias) + fold.output_shift * sum) as f32;
        }
    }
    scale(&mut weight, fold.output_scale, 0.0);
    values.insert(weight_name, weight);
}
