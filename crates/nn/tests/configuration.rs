//! Presets, sites, counts and what is refused.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use pliant_nn::{
    Initialisation, MaskedLanguageModel, ModelConfig, ModelError, NormPlacement, Positions, Preset,
    Role, Sites, parameter_counts,
};
use support::{OwnedBatch, small_config};

fn base(activation: &str) -> ModelConfig {
    Preset::Base
        .config(30_522, activation.parse().unwrap())
        .unwrap()
}

#[test]
fn a_rational_per_layer_is_ten_numbers() {
    let mut config = base("rational");
    let counts = parameter_counts(&MaskedLanguageModel::describe(&config).unwrap());
    assert_eq!(counts[&Role::Activation], 120);
    config.sites = "all+pooler".parse().unwrap();
    let pooler = parameter_counts(&MaskedLanguageModel::describe_pooler(&config).unwrap());
    assert_eq!(counts[&Role::Activation] + pooler[&Role::Activation], 130);
    config.sites = "0-5".parse().unwrap();
    assert_eq!(
        parameter_counts(&MaskedLanguageModel::describe(&config).unwrap())[&Role::Activation],
        60
    );
}

/// BERT-base with its masked-language-model head has 109,514,298 parameters.
#[test]
fn bert_base_has_the_known_number_of_parameters() {
    let mut config = base("gelu");
    config.positions = Positions::Learned;
    config.norm = NormPlacement::Post;
    config.embedding_norm = true;
    let counts = parameter_counts(&MaskedLanguageModel::describe(&config).unwrap());
    assert_eq!(counts.values().sum::<usize>(), 109_514_298);
    assert_eq!(counts[&Role::Embedding], (30_522 + 512 + 2) * 768);
    assert_eq!(counts[&Role::Norm], (1 + 2 * 12 + 1) * 2 * 768);
    assert!(!counts.contains_key(&Role::Activation));
}

#[test]
fn names_are_hugging_faces() {
    let mut config = small_config("rational");
    config.positions = Positions::Learned;
    config.embedding_norm = true;
    let names: Vec<String> = MaskedLanguageModel::describe(&config)
        .unwrap()
        .into_iter()
        .map(|parameter| parameter.name)
        .collect();
    for name in [
        "bert.embeddings.word_embeddings.weight",
        "bert.embeddings.position_embeddings.weight",
        "bert.embeddings.token_type_embeddings.weight",
        "bert.embeddings.LayerNorm.weight",
        "bert.encoder.layer.1.attention.self.query.weight",
        "bert.encoder.layer.1.attention.self.value.bias",
        "bert.encoder.layer.1.attention.output.dense.bias",
        "bert.encoder.layer.1.attention.output.LayerNorm.bias",
        "bert.encoder.layer.1.intermediate.dense.weight",
        "bert.encoder.layer.1.intermediate.activation.numerator",
        "bert.encoder.layer.1.intermediate.activation.denominator",
        "bert.encoder.layer.1.output.dense.weight",
        "bert.encoder.layer.1.output.LayerNorm.weight",
        "bert.encoder.final_norm.weight",
        "cls.predictions.transform.dense.weight",
        "cls.predictions.transform.LayerNorm.weight",
        "cls.predictions.bias",
    ] {
        assert!(names.iter().any(|known| known == name), "{name} is missing");
    }
    let mut unique = names.clone();
    unique.sort();
    unique.dedup();
    assert_eq!(unique.len(), names.len());
    assert_eq!(names.len(), 3 + 2 + 2 * (16 + 2) + 2 + 5);
}

#[test]
fn sites_have_a_text_form() {
    for (text, printed, selected) in [
        ("all", "all", vec![true, true, true, true]),
        ("none", "none", vec![false; 4]),
        ("0-3", "0-3", vec![true; 4]),
        ("0,2", "0,2", vec![true, false, true, false]),
        ("3, 0-1", "0-1,3", vec![true, true, false, true]),
        (
            "0-1,1-2+pooler",
            "0-2+pooler",
            vec![true, true, true, false],
        ),
        ("none+pooler", "none+pooler", vec![false; 4]),
    ] {
        let sites: Sites = text.parse().unwrap();
        assert_eq!(sites.to_string(), printed);
        assert_eq!(printed.parse::<Sites>().unwrap(), sites);
        assert_eq!(sites.resolve(4).unwrap(), selected);
        assert_eq!(sites.pooler(), text.ends_with("+pooler"));
    }
    for text in ["", "a", "1-", "3-1", "1,,2", "all+head", "-1", "1.5"] {
        assert!(
            matches!(text.parse::<Sites>(), Err(ModelError::SitesText { .. })),
            "{text}"
        );
    }
}

#[test]
fn a_site_that_matches_nothing_is_refused() {
    let mut config = base("rational");
    config.sites = "12".parse().unwrap();
    let error = config.validate().unwrap_err();
    assert_eq!(
        error.to_string(),
        "activation site 12 does not exist: the model has 12 layers, 0 to 11"
    );
    assert_eq!(error.hint().unwrap(), "use layers from 0 to 11, or \"all\"");
    config.sites = "10-14".parse().unwrap();
    assert!(matches!(
        config.validate(),
        Err(ModelError::SiteOutOfRange {
            layer: 12,
            layers: 12
        })
    ));
}

#[test]
fn faults_of_a_configuration_are_named() {
    let refused = |change: &dyn Fn(&mut ModelConfig)| {
        let mut config = small_config("gelu");
        change(&mut config);
        config.validate().unwrap_err().to_string()
    };
    assert!(
        refused(&|config| config.heads = 5).contains("5 heads do not divide the hidden size 32")
    );
    assert!(refused(&|config| config.heads = 32).contains("even head size"));
    assert!(refused(&|config| config.layers = 0).contains("`layers` is 0"));
    assert!(refused(&|config| config.dropout = 1.0).contains("`dropout` is 1"));
    assert!(refused(&|config| config.norm_epsilon = 0.0).contains("norm_epsilon"));
    assert!(refused(&|config| config.attention_dropout = f64::NAN).contains("attention_dropout"));
    let mut grouped = small_config("rational(share=group(8))");
    grouped.intermediate_size = 60;
    assert!(matches!(
        grouped.validate(),
        Err(ModelError::Activation { .. })
    ));
}

#[test]
fn choices_have_names_and_suggestions() {
    assert_eq!("tiny".parse::<Preset>().unwrap(), Preset::Tiny);
    let error = "tyni".parse::<Preset>().unwrap_err();
    assert_eq!(error.hint().unwrap(), "did you mean `tiny`?");
    assert_eq!("rotary".parse::<Positions>().unwrap(), Positions::Rotary);
    assert_eq!(
        "deepnorm".parse::<NormPlacement>().unwrap().to_string(),
        "deepnorm"
    );
    assert_eq!(
        "0.02".parse::<Initialisation>().unwrap(),
        Initialisation::Normal { deviation: 0.02 }
    );
    for text in [
        "fan_in",
        "released_raft",
        "released_equal",
        "variance_preserving",
        "0.02",
    ] {
        assert_eq!(text.parse::<Initialisation>().unwrap().to_string(), text);
    }
    assert!("-1".parse::<Initialisation>().is_err());
    assert!(
        "fanin"
            .parse::<Initialisation>()
            .unwrap_err()
            .hint()
            .unwrap()
            .contains("fan_in")
    );
}

#[test]
fn inputs_that_do_not_fit_are_refused() {
    let config = small_config("gelu");
    let model = MaskedLanguageModel::new(&config, 1).unwrap();
    let refused = |change: &dyn Fn(&mut OwnedBatch)| {
        let mut batch = OwnedBatch::padded(1, 2, 16, config.vocabulary_size);
        change(&mut batch);
        model.score(&batch.input()).unwrap_err().to_string()
    };
    assert!(
        refused(&|batch| batch.ids[5] = 60)
            .contains("`ids` holds 60 at position 5; it must be below 60")
    );
    assert!(refused(&|batch| batch.labels[0] = 99).contains("`labels` holds 99"));
    assert!(
        refused(&|batch| batch.masked_positions[0] = 32).contains("`masked_positions` holds 32")
    );
    assert!(
        refused(&|batch| {
            batch.type_ids.pop();
        })
        .contains("`type_ids` has 31 elements, expected 32")
    );
    assert!(
        refused(&|batch| {
            batch.labels.pop();
        })
        .contains("`labels`")
    );
    assert!(refused(&|batch| batch.length = 25).contains("`length` holds 25"));
}
