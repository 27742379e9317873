//! Feed-forward layers with a gate: as many parameters as plain ones, equal weights elsewhere, and what looks into them.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use std::collections::BTreeMap;

use burn::tensor::Device;
use pliant_nn::{
    AdapterKind, AnyModel, Initialisation, LearnableActivationConfig, MaskedLanguageModel,
    ModelConfig, ModelError, ParameterInfo, Preset, Role, Sites, TaskModel, parameter_counts,
};
use support::task::{TaskRows, disturb_adapter, three_labels};
use support::{OwnedBatch, distance, index_of, norm, small_config};

fn preset(preset: Preset, activation: &str) -> ModelConfig {
    preset.config(30_522, activation.parse().unwrap()).unwrap()
}

/// Numbers in the feed-forward layers, and in the whole.
fn counts(config: &ModelConfig) -> (f64, f64) {
    let parameters = MaskedLanguageModel::describe(config).unwrap();
    let count = |own: &dyn Fn(&ParameterInfo) -> bool| {
        let own = parameters.iter().filter(|info| own(info));
        own.map(ParameterInfo::count).sum::<usize>() as f64
    };
    let is_feed_forward = |info: &ParameterInfo| {
        info.name.contains(".intermediate.")
            || (info.name.contains(".output.dense.") && !info.name.contains(".attention."))
    };
    (count(&is_feed_forward), count(&|_| true))
}

#[test]
fn every_preset_has_as_many_parameters_with_a_gate() {
    for size in Preset::ALL {
        let (plain, plain_whole) = counts(&preset(size, "gelu"));
        for text in [
            "glu(silu)",
            "glu(rational)",
            "glu(rational(share=group(8)))",
        ] {
            let (gated, gated_whole) = counts(&preset(size, text));
            let (layer, whole) = (gated / plain - 1.0, gated_whole / plain_whole - 1.0);
            assert!(layer.abs() < 0.02, "{size}, {text}: {layer} of the layers");
            assert!(whole.abs() < 0.02, "{size}, {text}: {whole} of the whole");
        }
    }
}

#[test]
fn gate_and_value_are_parameters_of_their_own() {
    let config = small_config("glu(rational)");
    // Two thirds of 64 are 42.7.
    assert_eq!(config.inner_size(&config.activation), 40);
    assert_eq!(config.inner_size(&config.fixed_activation), 64);
    let model = MaskedLanguageModel::new(&config, 1).unwrap();
    let site = "bert.encoder.layer.0.intermediate";
    for (name, shape, role) in [
        (format!("{site}.dense.weight"), vec![40, 32], Role::Weight),
        (format!("{site}.dense.bias"), vec![40], Role::Bias),
        (format!("{site}.value.weight"), vec![40, 32], Role::Weight),
        (format!("{site}.value.bias"), vec![40], Role::Bias),
        (
            format!("{site}.activation.numerator"),
            vec![1, 6],
            Role::Activation,
        ),
        (
            "bert.encoder.layer.0.output.dense.weight".into(),
            vec![32, 40],
            Role::Weight,
        ),
    ] {
        let info = &model.parameters()[index_of(&model, &name)];
        assert_eq!((&info.shape, info.role), (&shape, role), "{name}");
    }
    assert_eq!(parameter_counts(model.parameters())[&Role::Activation], 20);
    let site = &model.sites()[0];
    assert_eq!(
        (site.channels, site.activation.spec().to_string()),
        (40, "rational".into())
    );
}

#[test]
fn other_tensors_are_those_of_the_plain_twin() {
    let values = |activation: &str| -> BTreeMap<String, Vec<f32>> {
        let model = MaskedLanguageModel::new(&small_config(activation), 17).unwrap();
        AnyModel::MaskedLanguage(Box::new(model)).named_values()
    };
    let (plain, gelu, rational) = (values("gelu"), values("glu(gelu)"), values("glu(rational)"));
    let mut shared = 0;
    for (name, own) in &plain {
        let is_feed_forward = name.contains(".intermediate.")
            || (name.contains(".output.dense.weight") && !name.contains(".attention."));
        assert_eq!(gelu[name] == *own, !is_feed_forward, "{name}");
        shared += usize::from(!is_feed_forward);
    }
    assert!(shared > 20, "{shared}");
    for (name, own) in &gelu {
        assert_eq!(rational[name], *own, "{name}");
    }
    let weight = |name: &str| &gelu[&format!("bert.encoder.layer.0.intermediate.{name}.weight")];
    assert_ne!(weight("dense"), weight("value"), "two draws");
}

/// The square of the deviation times the inputs is the inverse of `E[silu(z)²]`, integrated with other software.
#[test]
fn variance_is_preserved_behind_a_gate() {
    let mut config = preset(Preset::Mini, "glu(silu)");
    config.initialisation = Initialisation::VariancePreserving;
    config.layers = 1;
    let model = MaskedLanguageModel::new(&config, 1).unwrap();
    let down = model.read(index_of(&model, "bert.encoder.layer.0.output.dense.weight"));
    let gain = norm(&down).powi(2) / down.len() as f64 * 680.0;
    assert!((gain / 2.810_761_1 - 1.0).abs() < 0.02, "{gain}");
}

#[test]
fn the_inputs_of_the_gate_are_seen_with_its_bias() {
    let config = small_config("glu(silu)");
    let mut model = MaskedLanguageModel::new(&config, 2).unwrap();
    let site = "bert.encoder.layer.1.intermediate";
    let (weight, bias) = (
        index_of(&model, &format!("{site}.dense.weight")),
        index_of(&model, &format!("{site}.dense.bias")),
    );
    let biases: Vec<f32> = (0..40).map(|channel| channel as f32 - 3.5).collect();
    model.write(weight, &[0.0; 40 * 32]).unwrap();
    model.write(bias, &biases).unwrap();
    let batch = OwnedBatch::padded(1, 3, 12, config.vocabulary_size);
    let tokens: usize = batch
        .attention_mask
        .iter()
        .map(|real| usize::from(*real))
        .sum();
    let mut seen = vec![Vec::new(); 2];
    let sink = &mut |index: usize, values: &[f32]| seen[index].extend_from_slice(values);
    model.observe(&batch.input(), sink).unwrap();
    assert_eq!([seen[0].len(), seen[1].len()], [tokens * 40; 2]);
    assert!(seen[1].chunks(40).all(|row| row == biases));
    assert!(seen[0].chunks(40).any(|row| row != &seen[0][..40]));

    let value = index_of(&model, &format!("{site}.value.bias"));
    let mut large = model.read(value);
    large[7] = f32::MAX;
    model.write(value, &large).unwrap();
    let weight = index_of(&model, &format!("{site}.dense.bias"));
    model.write(weight, &[f32::MAX; 40]).unwrap();
    let name = model.first_non_finite(&batch.input()).unwrap().unwrap();
    assert_eq!(name, format!("{site}.activation"));
}

#[test]
fn adapters_merge_without_a_difference() {
    let config = small_config("glu(rational)");
    let rank = AdapterKind::Lora {
        rank: 3,
        alpha: 6.0,
    };
    for adapter in [AdapterKind::Ia3, rank] {
        let mut model = TaskModel::new(&config, three_labels(), 3).unwrap();
        let rows = TaskRows::new(7, 6, 16, model.config());
        let logits = |model: &TaskModel| model.logits(&rows.input(model.head())).unwrap();
        let before = logits(&model);
        model.add_adapter(&adapter, 5).unwrap();
        assert_eq!(logits(&model), before, "{adapter}");
        if adapter == AdapterKind::Ia3 {
            let factors = index_of(&model, "bert.encoder.layer.0.intermediate.ia3_l");
            assert_eq!(model.parameters()[factors].shape, [40]);
        }
        disturb_adapter(&mut model);
        let (_, gradients) = model
            .forward_backward(&rows.input(model.head()), None, 1.0)
            .unwrap();
        for (index, info) in model.parameters().iter().enumerate() {
            let gradient = gradients.get(index).unwrap();
            assert!(gradient.iter().all(|g| g.is_finite()), "{}", info.name);
        }
        let apart = logits(&model);
        assert!(distance(&apart, &before) > 1e-3, "{adapter}");
        model.merge_adapter().unwrap();
        assert!(
            distance(&logits(&model), &apart) < 1e-4 * norm(&apart),
            "{adapter}"
        );
    }
}

#[test]
fn where_no_gate_can_stand_it_is_refused() {
    let mut config = small_config("glu(silu)");
    config.sites = "all+pooler".parse().unwrap();
    let error = config.validate().unwrap_err();
    assert!(error.to_string().contains("pooler"), "{error}");
    assert!(error.hint().unwrap().contains("single values"), "{error}");

    let module = LearnableActivationConfig::new("glu(silu)".parse().unwrap(), 8);
    let error = module.init(&Device::flex()).unwrap_err();
    assert!(matches!(error, ModelError::Activation { .. }), "{error}");

    // Groups are those of the smaller size.
    let error = small_config("glu(rational(share=group(16)))")
        .validate()
        .unwrap_err();
    assert!(error.to_string().contains("40 channels"), "{error}");
}

#[test]
fn the_function_of_a_gate_is_replaced_and_the_gate_itself_is_not() {
    let model = |activation: &str| {
        let model = MaskedLanguageModel::new(&small_config(activation), 3).unwrap();
        AnyModel::MaskedLanguage(Box::new(model))
    };
    let replaced =
        |model: &AnyModel, by: &str| model.with_activation(&by.parse().unwrap(), &Sites::all());
    let gated = model("glu(gelu)");
    let rational = replaced(&gated, "glu(rational)").unwrap();
    for (name, values) in gated.named_values() {
        assert_eq!(rational.named_values()[&name], values, "{name}");
    }
    for (from, to) in [("gelu", "glu(gelu)"), ("glu(gelu)", "rational")] {
        let error = replaced(&model(from), to).unwrap_err();
        assert!(
            matches!(error, ModelError::NotReplaceable { .. }),
            "{error}"
        );
        assert!(error.to_string().contains("gate"), "{error}");
    }
}

/// What is drawn from a run's coefficients stands in the gate again.
#[test]
fn a_frozen_gate_computes_what_it_learned() {
    let config = small_config("glu(swish)");
    let mut model = MaskedLanguageModel::new(&config, 3).unwrap();
    model
        .update(&mut |index, info, values| {
            if info.role == Role::Activation {
                values[0] = 1.25 + 0.5 * index as f32;
            }
        })
        .unwrap();
    let batch = OwnedBatch::padded(1, 4, 16, config.vocabulary_size);
    let before = model.score(&batch.input()).unwrap();
    let learned = AnyModel::MaskedLanguage(Box::new(model));
    for (fold, most) in [(false, 0.0), (true, 1e-2)] {
        let (frozen, sites) = learned.frozen(fold).unwrap();
        assert_eq!(sites.len(), 2);
        assert!(frozen.config().activation.to_string().contains("glu("));
        let AnyModel::MaskedLanguage(frozen) = frozen else {
            panic!("another head");
        };
        let after = frozen.score(&batch.input()).unwrap();
        assert!((after.loss_sum - before.loss_sum).abs() <= most, "{fold}");
        assert!(sites.iter().all(|site| site.folded == fold), "{sites:?}");
    }
}

#[test]
fn gates_for_groups_of_channels_are_held_group_by_group() {
    let config = small_config("glu(swish(share=group(8)))");
    let mut model = MaskedLanguageModel::new(&config, 3).unwrap();
    model
        .update(&mut |_, info, values| {
            if info.role == Role::Activation {
                for (group, value) in values.iter_mut().enumerate() {
                    *value = 1.25 + 0.5 * group as f32;
                }
            }
        })
        .unwrap();
    let batch = OwnedBatch::padded(1, 4, 16, config.vocabulary_size);
    let before = model.score(&batch.input()).unwrap();
    let learned = AnyModel::MaskedLanguage(Box::new(model));
    // Groups have no affine maps that a matrix takes in.
    let (frozen, sites) = learned.frozen(true).unwrap();
    assert!(
        sites
            .iter()
            .all(|site| !site.folded && site.frozen.is_by_channel())
    );
    let AnyModel::MaskedLanguage(frozen) = frozen else {
        panic!("another head");
    };
    assert!(
        frozen
            .parameters()
            .iter()
            .all(|info| info.role != Role::Activation)
    );
    let after = frozen.score(&batch.input()).unwrap();
    assert_eq!(after.loss_sum, before.loss_sum);
}

#[test]
fn layers_with_and_without_a_gate_in_one_model() {
    let config = small_config("layers([gelu, glu(rational)])");
    let model = MaskedLanguageModel::new(&config, 3).unwrap();
    let shape = |layer: usize| {
        let name = format!("bert.encoder.layer.{layer}.intermediate.dense.weight");
        model.parameters()[index_of(&model, &name)].shape.clone()
    };
    assert_eq!([shape(0), shape(1)], [[64, 32], [40, 32]]);
    assert_eq!(config.projected_channels().unwrap(), 2 * 64 + 3 * 40);
    let batch = OwnedBatch::padded(1, 4, 16, config.vocabulary_size);
    assert!(model.score(&batch.input()).unwrap().loss_sum.is_finite());
}
