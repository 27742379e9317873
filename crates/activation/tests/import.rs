//! Tables of the public rational libraries.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use pliant_activation::DenominatorForm;
use pliant_activation::import::{ImportError, read};

/// Two entries of `kat_rational/init.json` of `Adamdad/rational_kat_cu`, and one whose name is no function.
const KAT: &str = r#"{
  "gelu": {
    "init_w_numerator": [-0.00153969, 0.51692871, 0.44075827, 0.0972553, -0.00884418, -0.00378675],
    "init_w_denominator": [-0.14171056, -0.06481231, -0.0444695, 0.01283776], "ub": 3, "lb": -3 },
  "gelu_old": {
    "init_w_numerator": [-0.0012423594497499122, 0.5080497063245629, 0.41586363182937475, 0.13022718688035761, 0.024355900098993424, 0.00290283948155535],
    "init_w_denominator": [-0.06675015696494944, 0.17927646217001553, 0.03746682605496631, 1.6561610853276082e-10] },
  "erfc_Softplus_2": { "init_w_numerator": [0.1, 0.2], "init_w_denominator": [0.3] }
}"#;

/// Entries of `rationals_config.json` of `ml-research/rational_activations`.
const RATIONALS: &str = r#"{
  "Rational_version_C5/4": { "identity": {
    "init_w_numerator": [0.0, 1.0, 0.0, 0.0, 0.0, 0.0], "init_w_denominator": [0.9, 0.0, 0.0, 0.0, 0.0], "ub": -3, "lb": 3 } },
  "Rational_version_A3/2": { "leaky_relu_0.1": {
    "init_w_numerator": [0.10612873905150731, 0.6133592016772789, 0.4602314910152753, 0.1334141245745798],
    "init_w_denominator": [0.14236896839932014, 0.20440997200950106] } },
  "Rational_version_D5/4": { "swish": {
    "init_w_numerator": [3.2597006782059475e-07, 0.500000007624051, 0.2500169540800127, 0.05327519598927768, 0.005804580590860159, 0.00027529600705133663],
    "init_w_denominator": [3.917294261258692e-05, 0.1065308384054887, 3.7991514117509955e-06, 0.0005503052126186067] } }
}"#;

#[test]
fn the_default_gelu_of_kat_is_none_under_its_kernels() {
    let report = read(KAT).unwrap();
    let gelu = &report.entries[0];
    assert_eq!(
        (
            gelu.name.as_str(),
            gelu.numerator_degree,
            gelu.denominator_degree
        ),
        ("gelu", 5, 4)
    );
    let max = |form| gelu.under(form).unwrap().errors.max;
    assert!(
        (max(DenominatorForm::A) - 1.47).abs() < 0.01,
        "{}",
        max(DenominatorForm::A)
    );
    assert!(
        (max(DenominatorForm::B) - 0.003).abs() < 5e-4,
        "{}",
        max(DenominatorForm::B)
    );
    // Without the absolute value the numbers are as far off as the sum is negative.
    assert!(gelu.under(DenominatorForm::C).is_none());

    let old = &report.entries[1];
    assert_eq!(old.best_form, Some(DenominatorForm::A));
    assert!((old.under(DenominatorForm::A).unwrap().errors.max - 4.1e-3).abs() < 1e-4);

    let unknown = &report.entries[2];
    assert!(unknown.claimed.is_none() && unknown.forms.is_empty() && unknown.best_form.is_none());
}

#[test]
fn headings_name_form_and_degrees() {
    let report = read(RATIONALS).unwrap();
    let [identity, leaky, swish] = &report.entries[..] else {
        panic!("three entries")
    };
    assert_eq!(identity.claimed_form, Some(DenominatorForm::C));
    assert_eq!(
        (identity.numerator_degree, identity.denominator_degree),
        (5, 4)
    );
    assert!(identity.under(DenominatorForm::C).unwrap().errors.max < 1e-12);
    assert_eq!((leaky.numerator_degree, leaky.denominator_degree), (3, 2));
    assert_eq!(leaky.claimed_form, Some(DenominatorForm::A));
    assert_eq!(
        leaky.claimed.as_ref().unwrap().to_string(),
        "leaky_relu(0.1)"
    );
    assert_eq!(swish.claimed_form, Some(DenominatorForm::B));
    assert!(swish.under(DenominatorForm::B).unwrap().errors.max < 1e-5);
    assert_eq!(swish.heading.as_deref(), Some("Rational_version_D5/4"));
}

#[test]
fn lists_are_read_and_other_texts_refused() {
    let list = r#"[{"name": "identity", "version": "A", "init_w_numerator": [0.0, 1.0], "init_w_denominator": [0.0]}]"#;
    let report = read(list).unwrap();
    assert_eq!(
        report.entries[0]
            .under(DenominatorForm::A)
            .unwrap()
            .errors
            .max,
        0.0
    );
    assert!(matches!(read("{"), Err(ImportError::Json(_))));
    assert!(matches!(read("{\"gelu\": 3}"), Err(ImportError::Empty)));
    let text = r#"{"gelu": {"init_w_numerator": [1, "x"], "init_w_denominator": [1]}}"#;
    assert_eq!(
        read(text).unwrap_err().to_string(),
        "entry `gelu`: `init_w_numerator` is not a list of finite numbers"
    );
    let text = r#"{"gelu": {"init_w_numerator": [1], "init_w_denominator": [1]}}"#;
    assert!(matches!(
        read(text),
        Err(ImportError::Degrees { numerator: 0, .. })
    ));
}
