//! `modeling_pliant.py`: the module with the activation functions of one model, printed from their definitions.

use std::fmt::Write as _;

use pliant_activation::{Activation, ActivationSpec, pytorch};
use pliant_nn::ModelConfig;

use crate::HubError;

const MODULE: &str = include_str!("modeling_pliant.py");
/// Where the functions stand in it.
const PLACE: &str = "# {functions}\n";

/// The text of the module for `config`.
pub(crate) fn source(config: &ModelConfig) -> Result<String, HubError> {
    let mut specs: Vec<&ActivationSpec> = Vec::new();
    let mut used = Vec::new();
    for spec in [&config.activation, &config.fixed_activation] {
        match spec.of_each_layer() {
            Some(functions) => used.extend(functions),
            None => used.push(spec),
        }
    }
    used.push(&config.fixed_pooler_activation);
    for spec in used {
        if !specs.contains(&spec) {
            specs.push(spec);
        }
    }
    let (mut functions, mut table) = (String::new(), "ACTIVATIONS = {\n".to_owned());
    let mut gated = String::new();
    for (index, spec) in specs.into_iter().enumerate() {
        let unknown = |error: pliant_activation::ActivationError| HubError::Activation {
            text: spec.to_string(),
            reason: error.to_string(),
        };
        let activation = Activation::new(spec.elementwise()).map_err(unknown)?;
        let name = format!("{}_{index}", activation.spec().name());
        let _ = write!(functions, "\n\n{}", pytorch::function(&activation, &name));
        let mut tensors = String::new();
        // What a fixed function holds is in its text.
        let layer = if activation.is_learnable() {
            activation.coefficient_tensors(config.inner_size(spec))
        } else {
            Ok(Vec::new())
        };
        let layer = layer.map_err(unknown)?;
        for (position, tensor) in layer.iter().enumerate() {
            // A pooler has other channels than a layer, and no gate; groups that do not divide them have no place there.
            let pooler = activation
                .coefficient_tensors(config.hidden_size)
                .ok()
                .filter(|_| spec.gated().is_none())
                .map(|tensors| format!(", \"pooler\": {}", tuple(&tensors[position].shape)));
            let _ = write!(
                tensors,
                "{}\"{}\": {{\"layer\": {}{}}}",
                if position > 0 { ", " } else { "" },
                tensor.name,
                tuple(&tensor.shape),
                pooler.unwrap_or_default()
            );
        }
        let _ = writeln!(table, "    \"{spec}\": ({name}, {{{tensors}}}),");
        if spec.gated().is_some() {
            let _ = writeln!(gated, "    \"{spec}\": {},", config.inner_size(spec));
        }
    }
    let gated = if gated.is_empty() {
        "{}".to_owned()
    } else {
        format!("{{\n{gated}}}")
    };
    let tables = format!(
        "{functions}\n\n{table}}}\n# Those of layers with a gate, the function above: channels of gate and value.\nGATED = {gated}\n"
    );
    Ok(MODULE.replace(PLACE, &tables))
}

fn tuple(shape: &[usize]) -> String {
    let sizes: Vec<String> = shape.iter().map(ToString::to_string).collect();
    format!("({})", sizes.join(", "))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use pliant_nn::Preset;

    use super::*;

    #[test]
    fn functions_of_single_layers_stand_by_themselves() {
        let spec = "layers([swish, rational(share=group(8))])".parse().unwrap();
        let text = source(&Preset::Tiny.config(100, spec).unwrap()).unwrap();
        for entry in [
            "\"swish\": (swish_0, {",
            "\"rational(share=group(8))\": (rational_1, {",
        ] {
            assert!(text.contains(entry), "{entry}");
        }
        assert!(!text.contains("\"layers([swish"));
    }

    #[test]
    fn every_function_of_a_model_is_in_its_table_once() {
        let spec = "rational(share=group(8))".parse().unwrap();
        let config = Preset::Tiny.config(100, spec).unwrap();
        let text = source(&config).unwrap();
        assert!(!text.contains("{functions}"));
        assert_eq!(text.matches("\ndef rational_0(").count(), 1);
        assert!(text.contains("\"rational(share=group(8))\": (rational_0, {\"numerator\": {\"layer\": (64, 6), \"pooler\": (16, 6)}"), "{text}");
        for fixed in ["\"gelu\": (gelu_1, {})", "\"tanh\": (tanh_2, {})"] {
            assert!(text.contains(fixed), "{fixed}");
        }
        assert!(text.contains("\nGATED = {}\n"), "{text}");
    }

    #[test]
    fn a_layer_with_a_gate_has_the_function_of_its_gate_and_a_size() {
        let spec = "glu(rational(share=group(8)))".parse().unwrap();
        let config = Preset::Tiny.config(100, spec).unwrap();
        let text = source(&config).unwrap();
        assert_eq!(text.matches("\ndef rational_0(").count(), 1);
        let own = "\"glu(rational(share=group(8)))\": ";
        assert!(
            text.contains(&format!(
                "{own}(rational_0, {{\"numerator\": {{\"layer\": (43, 6)}}"
            )),
            "{text}"
        );
        assert!(
            text.contains(&format!("\nGATED = {{\n    {own}344,\n}}\n")),
            "{text}"
        );
    }
}
