//! Loss and every gradient of a 2-layer encoder against `PyTorch` in double precision (fixtures: `python/golden/encoder.py`).
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use pliant_nn::{MaskedLanguageModel, ModelInput};
use support::fixture::{Fixture, RELATIVE, assert_gradients, golden_folder};

fn check(case: &str) {
    let folder = golden_folder(case);
    let model = MaskedLanguageModel::load(&folder).unwrap();
    let expected = Fixture::read(&folder.join("expected.safetensors"));
    let attention_mask = expected.attention_mask();
    let sequences = 3;
    let input = ModelInput {
        sequences,
        length: attention_mask.len() / sequences,
        ids: expected.batch("ids"),
        type_ids: expected.batch("type_ids"),
        attention_mask: &attention_mask,
        masked_positions: expected.batch("masked_positions"),
        labels: expected.batch("labels"),
        first_sequence: 0,
    };
    let scale = expected.doubles["scale"];
    let (score, gradients) = model.forward_backward(&input, None, scale as f32).unwrap();

    let loss = score.loss_sum * scale;
    let wanted = expected.doubles["loss"];
    assert!(
        (loss - wanted).abs() <= RELATIVE * wanted,
        "{case}: loss {loss}, PyTorch {wanted}"
    );
    let evaluated = model.score(&input).unwrap().loss_sum * scale;
    assert!(
        (evaluated - wanted).abs() <= RELATIVE * wanted,
        "{case}: evaluated loss {evaluated}, PyTorch {wanted}"
    );
    assert_gradients(case, model.parameters(), &gradients, &expected);
}

#[test]
fn post_norm_learned_positions() {
    check("post-learned");
}

#[test]
fn post_norm_rotary_positions() {
    check("post-rotary");
}

#[test]
fn pre_norm_learned_positions() {
    check("pre-learned");
}

#[test]
fn pre_norm_rotary_positions() {
    check("pre-rotary");
}

#[test]
fn deepnorm_learned_positions() {
    check("deepnorm-learned");
}

#[test]
fn deepnorm_rotary_positions() {
    check("deepnorm-rotary");
}

/// Functions before the up-projections and behind the heads, and a norm before the activations.
#[test]
fn with_learned_additions() {
    check("pre-rotary-additions");
}

/// One of them with another function in each layer.
#[test]
fn with_fixed_additions() {
    check("post-learned-additions");
}

#[test]
fn gated_by_silu() {
    check("pre-rotary-glu-silu");
}

/// The other layer is a plain one.
#[test]
fn gated_by_gelu_in_one_layer() {
    check("post-learned-glu-gelu");
}

#[test]
fn gated_by_a_rational() {
    check("pre-rotary-glu-rational");
}

#[test]
fn gated_by_rationals_of_groups() {
    check("deepnorm-rotary-glu-groups");
}

#[test]
fn one_site_with_coefficients_by_group() {
    check("pre-rotary-groups");
}
