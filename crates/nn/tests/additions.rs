//! Functions and norms that BERT's layers have not.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use pliant_nn::{
    Additions, AnyModel, MaskedLanguageModel, ModelConfig, ModelError, Place, Role, Sites,
    parameter_counts,
};
use support::{OwnedBatch, index_of, small_config};

fn added(activation: &str, input: Option<&str>, output: Option<&str>) -> ModelConfig {
    let function = |text: Option<&str>| text.map(|text| text.parse().unwrap());
    ModelConfig {
        additions: Additions {
            feed_forward_input: function(input),
            attention_output: function(output),
            inner_norm: false,
        },
        ..small_config(activation)
    }
}

fn loss(config: &ModelConfig) -> f64 {
    let model = MaskedLanguageModel::new(config, 3).unwrap();
    let batch = OwnedBatch::padded(1, 4, 16, config.vocabulary_size);
    model.score(&batch.input()).unwrap().loss_sum
}

#[test]
fn the_identity_changes_nothing_and_its_rational_hardly_anything() {
    let plain = loss(&small_config("gelu"));
    assert_eq!(
        loss(&added("gelu", Some("identity"), Some("identity"))),
        plain
    );
    let learned = "rational(start=identity)";
    let rational = loss(&added("gelu", Some(learned), Some(learned)));
    assert!((rational / plain - 1.0).abs() < 1e-4, "{rational} {plain}");
    assert!((loss(&added("gelu", Some("silu"), None)) - plain).abs() > 1e-3);
    assert!((loss(&added("gelu", None, Some("silu"))) - plain).abs() > 1e-3);
}

#[test]
fn they_are_sites_with_coefficients_of_their_own() {
    let learned = "rational(start=identity)";
    let config = added("gelu", Some(learned), Some("layers([gelu, swish])"));
    let model = MaskedLanguageModel::new(&config, 3).unwrap();
    let sites: Vec<&str> = model
        .sites()
        .iter()
        .map(|site| site.name.as_str())
        .collect();
    assert_eq!(
        sites,
        [
            "layer.0",
            "layer.1",
            "layer.0.feed_forward_input",
            "layer.0.attention_output",
            "layer.1.feed_forward_input",
            "layer.1.attention_output",
        ]
    );
    let last = &model.sites()[5];
    assert_eq!(last.place, Place::AttentionOutput { layer: 1 });
    assert_eq!(last.layer(), None);
    assert_eq!(
        (last.channels, last.activation.spec().to_string()),
        (32, "swish".to_owned())
    );
    assert_eq!(
        last.parameter_names,
        ["bert.encoder.layer.1.attention.output.activation.slope"]
    );
    for name in model.sites().iter().flat_map(|site| &site.parameter_names) {
        assert_eq!(
            model.parameters()[index_of(&model, name)].role,
            Role::Activation
        );
    }
    assert_eq!(parameter_counts(model.parameters())[&Role::Activation], 21);

    // What a site shows is what its function is applied to.
    let batch = OwnedBatch::padded(1, 3, 12, config.vocabulary_size);
    let mut seen = vec![Vec::new(); 6];
    let sink = &mut |index: usize, values: &[f32]| seen[index].extend_from_slice(values);
    model.observe(&batch.input(), sink).unwrap();
    let (mut heads, mut activated) = (Vec::new(), Vec::new());
    let sink = &mut |name: &str, values: &[f32]| match name {
        "bert.encoder.layer.1.attention.self" => heads = values.to_vec(),
        "bert.encoder.layer.1.attention.output.activation" => activated = values.to_vec(),
        _ => {}
    };
    model.outputs(&batch.input(), sink).unwrap();
    assert_eq!(seen[5], heads);
    let start = last.activation.group_start();
    for (x, y) in heads.iter().zip(&activated) {
        let expected = last.activation.value(&start, f64::from(*x));
        assert!((expected - f64::from(*y)).abs() < 1e-6, "{x}: {y}");
    }
}

#[test]
fn a_norm_before_the_activation_gives_it_inputs_of_variance_one() {
    let mut config = small_config("rational");
    config.additions.inner_norm = true;
    let model = MaskedLanguageModel::new(&config, 3).unwrap();
    let weight = "bert.encoder.layer.1.intermediate.LayerNorm.weight";
    let info = &model.parameters()[index_of(&model, weight)];
    assert_eq!((info.role, &info.shape), (Role::Norm, &vec![64]));
    let batch = OwnedBatch::padded(1, 3, 12, config.vocabulary_size);
    let sink = &mut |_: usize, values: &[f32]| {
        for row in values.chunks(64) {
            let square = row.iter().map(|x| f64::from(*x).powi(2)).sum::<f64>() / 64.0;
            assert!((square - 1.0).abs() < 1e-3, "{square}");
        }
    };
    model.observe(&batch.input(), sink).unwrap();
    assert_ne!(loss(&config), loss(&small_config("rational")));
}

#[test]
fn a_saved_model_keeps_them() {
    let mut config = added("rational", Some("rational(start=identity)"), Some("swish"));
    config.additions.inner_norm = true;
    let model = MaskedLanguageModel::new(&config, 3).unwrap();
    let folder = tempfile::tempdir().unwrap();
    model.save(folder.path()).unwrap();
    let loaded = MaskedLanguageModel::load(folder.path()).unwrap();
    assert_eq!(loaded.config(), &config);
    let values = |model| AnyModel::MaskedLanguage(Box::new(model)).named_values();
    assert_eq!(values(loaded), values(model));
    // A model without them says nothing of them.
    MaskedLanguageModel::new(&small_config("rational"), 3)
        .unwrap()
        .save(folder.path())
        .unwrap();
    let text = std::fs::read_to_string(folder.path().join("config.json")).unwrap();
    assert!(!text.contains("additions"), "{text}");
}

#[test]
fn freezing_holds_them_too() {
    let config = added("gelu", Some("rational(start=identity)"), Some("swish"));
    let model = MaskedLanguageModel::new(&config, 3).unwrap();
    let batch = OwnedBatch::padded(1, 4, 16, config.vocabulary_size);
    let before = model.score(&batch.input()).unwrap().loss_sum;
    let (frozen, report) = AnyModel::MaskedLanguage(Box::new(model))
        .frozen(true)
        .unwrap();
    assert_eq!(report.len(), 4);
    assert!(report.iter().all(|site| !site.folded));
    let AnyModel::MaskedLanguage(frozen) = frozen else {
        panic!("a masked-language model");
    };
    assert_eq!(frozen.score(&batch.input()).unwrap().loss_sum, before);
    assert!(!parameter_counts(frozen.parameters()).contains_key(&Role::Activation));
    assert_eq!(frozen.config().activation.to_string(), "gelu");
}

#[test]
fn what_does_not_fit_is_refused() {
    let refused = |config: &ModelConfig| config.validate().unwrap_err().to_string();
    let short = refused(&added("gelu", Some("layers([gelu])"), None));
    assert!(
        short.contains("of 1 layers, but the model has 2"),
        "{short}"
    );
    let groups = refused(&added("gelu", None, Some("rational(share=group(7))")));
    assert!(groups.contains("layer.0.attention_output"), "{groups}");
    let gate = refused(&added("gelu", Some("glu(silu)"), None));
    assert!(gate.contains("layer.0.feed_forward_input"), "{gate}");
    let mut normed = small_config("glu(silu)");
    normed.additions.inner_norm = true;
    assert!(matches!(
        normed.validate(),
        Err(ModelError::InnerNorm { .. })
    ));

    let model = MaskedLanguageModel::new(&added("gelu", Some("silu"), None), 3).unwrap();
    let error = AnyModel::MaskedLanguage(Box::new(model))
        .with_activation(&"rational".parse().unwrap(), &Sites::all())
        .unwrap_err();
    assert!(
        error.to_string().contains("`feed_forward_input`"),
        "{error}"
    );
    assert!(error.hint().is_some());
}
