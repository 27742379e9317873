//! Looking into a forward pass: inputs of the activations, and the first output that is not finite.

use crate::config::Place;
use crate::module::Observer;

/// Hands the inputs of the activation sites to a sink.
pub(crate) struct SiteInputs<'a> {
    /// Where the activations of the sites stand.
    pub(crate) places: Vec<Place>,
    /// Takes (site index, values after the bias).
    pub(crate) sink: &'a mut dyn FnMut(usize, &[f32]),
}

impl Observer for SiteInputs<'_> {
    fn output(&mut self, _name: &str, _values: &[f32]) {}

    fn activation_input(&mut self, place: Place, values: &[f32], bias: Option<&[f32]>) {
        let Some(site) = self.places.iter().position(|own| *own == place) else {
            return;
        };
        if let Some(bias) = bias {
            let biased: Vec<f32> = values
                .chunks_exact(bias.len())
                .flat_map(|row| row.iter().zip(bias).map(|(value, bias)| value + bias))
                .collect();
            (self.sink)(site, &biased);
        } else {
            (self.sink)(site, values);
        }
    }
}

/// Hands the output of every module to a sink.
pub(crate) struct Outputs<'a> {
    /// Takes (module, values).
    pub(crate) sink: &'a mut dyn FnMut(&str, &[f32]),
}

impl Observer for Outputs<'_> {
    fn output(&mut self, name: &str, values: &[f32]) {
        (self.sink)(name, values);
    }

    fn activation_input(&mut self, _place: Place, _values: &[f32], _bias: Option<&[f32]>) {}
}

/// Remembers the first module whose output holds something that is not finite.
#[derive(Debug, Default)]
pub(crate) struct FirstNonFinite {
    /// The module's name.
    pub(crate) name: Option<String>,
}

impl Observer for FirstNonFinite {
    fn output(&mut self, name: &str, values: &[f32]) {
        if self.name.is_none() && !values.iter().all(|value| value.is_finite()) {
            self.name = Some(name.to_owned());
        }
    }

    fn activation_input(&mut self, _place: Place, _values: &[f32], _bias: Option<&[f32]>) {}
}
