//! Looking into a model.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use pliant_nn::MaskedLanguageModel;
use support::{OwnedBatch, index_of, small_config};

#[test]
fn every_site_shows_its_inputs() {
    let mut config = small_config("rational");
    config.layers = 3;
    config.sites = "0,2".parse().unwrap();
    let mut model = MaskedLanguageModel::new(&config, 1).unwrap();
    let names: Vec<&str> = model
        .sites()
        .iter()
        .map(|site| site.name.as_str())
        .collect();
    assert_eq!(names, ["layer.0", "layer.2"]);
    assert_eq!(model.sites()[1].layer(), Some(2));
    for site in model.sites() {
        assert_eq!(site.channels, 64);
        assert_eq!(site.parameter_names.len(), 2);
        for name in &site.parameter_names {
            index_of(&model, name);
        }
    }

    let batch = OwnedBatch::padded(1, 4, 16, config.vocabulary_size);
    let observe = |model: &MaskedLanguageModel| {
        let mut seen = Vec::new();
        model
            .observe(&batch.input(), &mut |site, values| {
                seen.push((site, values.to_vec()));
            })
            .unwrap();
        seen
    };
    let before = observe(&model);
    assert_eq!(
        before.iter().map(|(site, _)| *site).collect::<Vec<_>>(),
        [0, 1]
    );
    let tokens = batch.attention_mask.iter().filter(|real| **real == 1);
    let shown = tokens.count() * 64;
    assert!(shown < 4 * 16 * 64, "some of the batch is padding");
    assert!(before.iter().all(|(_, values)| values.len() == shown));

    // The bias is part of what is shown.
    let bias = index_of(&model, "bert.encoder.layer.0.intermediate.dense.bias");
    model.write(bias, &[0.5; 64]).unwrap();
    let after = observe(&model);
    assert!(
        before[0]
            .1
            .iter()
            .zip(&after[0].1)
            .all(|(before, after)| (after - before - 0.5).abs() < 1e-5)
    );
}

#[test]
fn a_fixed_arm_has_sites_too() {
    let model = MaskedLanguageModel::new(&small_config("gelu"), 1).unwrap();
    assert_eq!(model.sites().len(), 2);
    assert!(
        model
            .sites()
            .iter()
            .all(|site| site.parameter_names.is_empty())
    );
}

#[test]
fn the_first_place_that_is_not_finite_is_named() {
    let config = small_config("rational");
    let mut model = MaskedLanguageModel::new(&config, 1).unwrap();
    let batch = OwnedBatch::padded(1, 4, 16, config.vocabulary_size);
    assert_eq!(model.first_non_finite(&batch.input()).unwrap(), None);

    // A coefficient so large that the function overflows, though every parameter is finite.
    let numerator = index_of(
        &model,
        "bert.encoder.layer.1.intermediate.activation.numerator",
    );
    let start = model.read(numerator);
    model.write(numerator, &[3e38; 6]).unwrap();
    let name = model.first_non_finite(&batch.input()).unwrap().unwrap();
    assert_eq!(name, "bert.encoder.layer.1.intermediate.activation");

    model.write(numerator, &start).unwrap();
    let weight = index_of(&model, "bert.encoder.layer.0.output.dense.weight");
    let mut values = model.read(weight);
    values[3] = f32::NAN;
    model.write(weight, &values).unwrap();
    let name = model.first_non_finite(&batch.input()).unwrap().unwrap();
    assert_eq!(name, "bert.encoder.layer.0.output.dense.weight");
}
