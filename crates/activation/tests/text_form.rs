//! The text form: parse, print, errors.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use pliant_activation::list::gated as gated_list;
use pliant_activation::{
    Activation, ActivationError, ActivationSpec, DenominatorForm, ParseError, Share,
};
use proptest::prelude::*;

fn parse(text: &str) -> ActivationSpec {
    text.parse().unwrap_or_else(|error| panic!("{error}"))
}

fn error(text: &str) -> ParseError {
    text.parse::<ActivationSpec>().expect_err(text)
}

#[test]
fn defaults_are_left_out_and_the_rest_round_trips() {
    for (text, printed) in [
        ("gelu", "gelu"),
        (" gelu_tanh ( ) ", "gelu_tanh"),
        ("leaky_relu(0.01)", "leaky_relu"),
        ("leaky_relu(slope=0.2)", "leaky_relu(0.2)"),
        ("leaky_relu(-1e-3)", "leaky_relu(-0.001)"),
        ("rational(5/4, form=a, start=gelu, share=layer)", "rational"),
        ("rational( 7/6,form=B )", "rational(7/6, form=b)"),
        ("rational(degrees=3/2)", "rational(3/2)"),
        (
            "rational(share=group(8),numerator=shared)",
            "rational(share=group(8), numerator=shared)",
        ),
        (
            "rational(start=leaky_relu(0.1), share=channel)",
            "rational(start=leaky_relu(0.1), share=channel)",
        ),
        ("rational(range=-4..6.5)", "rational(range=-4..6.5)"),
        ("rational(start=gelu_2020)", "rational(start=gelu_2020)"),
        (
            "polynomial(3, start=identity, coefficients=learned)",
            "polynomial",
        ),
        (
            "polynomial(degree=5, limit=3, start=gelu)",
            "polynomial(5, start=gelu, limit=3)",
        ),
        (
            "polynomial(coefficients=fixed, start=power(2))",
            "polynomial(start=power(2), coefficients=fixed)",
        ),
        ("slaf( 2 )", "slaf"),
        ("corrected(relu, 0.01)", "corrected"),
        (
            "corrected( gelu,0.5, range=-2..2,table=[ 1,-2.5 , 3e-1])",
            "corrected(gelu, 0.5, table=[1, -2.5, 0.3], range=-2..2)",
        ),
        (
            "spline(33, range=-8..8, start=gelu)",
            "spline(33, range=-8..8)",
        ),
        ("series(3, base=relu, form=sum)", "series"),
        (
            "series(2, base=leaky_relu(0.1))",
            "series(2, base=leaky_relu(0.1))",
        ),
        ("prelu(slope=0.25, share=channel)", "prelu(share=channel)"),
        ("glu(sigmoid)", "glu"),
        (" glu ( inner = silu ) ", "glu(silu)"),
        (
            "glu(rational(5/4, form=b, share=group(8)))",
            "glu(rational(form=b, share=group(8)))",
        ),
        ("frozen", "frozen"),
        ("frozen(of=rational(form=a))", "frozen"),
        ("frozen(swish,[ 1.25 ])", "frozen(swish, [1.25])"),
        (
            "frozen(prelu, coefficients=[-1e-3])",
            "frozen(prelu, [-0.001])",
        ),
        (
            "layers([gelu,frozen(swish, [2]), rational( form=b )])",
            "layers([gelu, frozen(swish, [2]), rational(form=b)])",
        ),
        (
            "layers([gelu, glu(inner=frozen(swish, [2]))])",
            "layers([gelu, glu(frozen(swish, [2]))])",
        ),
        (
            "rational(start=frozen(swish, [1.5]))",
            "rational(start=frozen(swish, [1.5]))",
        ),
    ] {
        let spec = parse(text);
        assert_eq!(spec.to_string(), printed);
        assert_eq!(parse(printed), spec);
        let json = serde_json::to_string(&spec).unwrap();
        assert_eq!(json, format!("\"{printed}\""));
        assert_eq!(serde_json::from_str::<ActivationSpec>(&json).unwrap(), spec);
    }
}

#[test]
fn options_are_read() {
    let options = parse("rational(9/8, form=c, start=tanh, share=group(12))")
        .rational()
        .unwrap();
    assert_eq!(
        (options.numerator_degree, options.denominator_degree),
        (9, 8)
    );
    assert_eq!(options.form, DenominatorForm::C);
    assert_eq!(options.start, parse("tanh"));
    assert_eq!(options.share, Share::Group(12));
    assert_eq!(options.range, (-3.0, 3.0));
    assert!(parse("gelu").rational().is_none());
}

#[test]
fn a_gate_has_a_function_of_its_own_and_is_none() {
    let gated = parse("glu(rational(form=b))");
    assert_eq!(gated.gated(), Some(&parse("rational(form=b)")));
    assert_eq!(gated.elementwise(), &parse("rational(form=b)"));
    assert!(gated.is_learnable() && gated.rational().is_none());
    assert!(!parse("glu(silu)").is_learnable());
    assert_eq!(parse("gelu").gated(), None);
    assert_eq!(gated.with_elementwise(parse("gelu")), parse("glu(gelu)"));
    assert_eq!(parse("gelu").with_elementwise(parse("relu")), parse("relu"));
    assert_eq!(parse("gelu").elementwise(), &parse("gelu"));
    let error = Activation::new(&gated).unwrap_err();
    assert!(matches!(error, ActivationError::NoFunction { .. }));
    assert!(error.hint().unwrap().contains("single values"), "{error}");
    for entry in gated_list() {
        for text in entry.examples {
            assert!(parse(text).gated().is_some(), "{text}");
        }
        assert!(parse(&entry.name).gated().is_some());
    }
}

#[test]
fn errors_point_at_the_character_and_help() {
    for (text, position, message, hint) in [
        (
            "geluu",
            0,
            "unknown activation `geluu`",
            Some("did you mean `gelu`?"),
        ),
        (
            "rationl(5/4)",
            0,
            "unknown activation `rationl`",
            Some("did you mean `rational`?"),
        ),
        (
            "rational(0/0)",
            9,
            "degrees must be numerator/denominator from 1/1 to 9/8, e.g. 5/4",
            None,
        ),
        (
            "rational(5/9)",
            9,
            "degrees must be numerator/denominator from 1/1 to 9/8, e.g. 5/4",
            None,
        ),
        (
            "rational(5)",
            9,
            "degrees must be numerator/denominator from 1/1 to 9/8, e.g. 5/4",
            None,
        ),
        (
            "rational(5/4, from=a)",
            14,
            "`rational` has no option `from`",
            Some("did you mean `form`?"),
        ),
        ("rational(form=x)", 14, "form must be a, b, c or n", None),
        (
            "frozen(gelu)",
            7,
            "`gelu` has no coefficients to hold",
            None,
        ),
        (
            "frozen(rational(share=channel))",
            0,
            "`rational(share=channel)` is a function for each group of channels: it is held with the coefficients of all groups",
            None,
        ),
        (
            "frozen(swish(share=group(4)), [])",
            30,
            "`swish(share=group(4))` is a function for each group of channels: it is held with the coefficients of all groups",
            None,
        ),
        (
            "frozen(rational(1/1, share=group(4)), [1, 2, 3, 4])",
            38,
            "4 coefficients are not those of whole groups of `rational(1/1, share=group(4))`",
            None,
        ),
        (
            "frozen(swish(share=group(18446744073709551615)), [1, 2])",
            49,
            "2 coefficients are not those of whole groups of `swish(share=group(18446744073709551615))`",
            None,
        ),
        (
            "rational(start=frozen(swish(share=channel), [1, 2]))",
            15,
            "`frozen` is a function for each group of channels here, not one of its input alone: start from one that is",
            None,
        ),
        (
            "frozen(swish, [1, 2])",
            14,
            "`swish` has 1 coefficients, not 2",
            None,
        ),
        (
            "frozen(swish, [1, x])",
            18,
            "coefficients must be finite numbers",
            None,
        ),
        ("frozen(swish, [1", 16, "expected `,` or `]`", None),
        ("frozen(swish, 1)", 14, "expected a list in brackets", None),
        (
            "layers",
            0,
            "layers needs a function for each layer, e.g. layers([gelu, rational])",
            None,
        ),
        (
            "layers([gelu, layers([gelu])])",
            14,
            "`layers` cannot stand inside another function",
            None,
        ),
        (
            "rational(start=swish)",
            15,
            "`swish` has coefficients itself: start from a fixed function",
            None,
        ),
        (
            "rational(share=chanel)",
            15,
            "share must be layer, group(n) or channel",
            Some("did you mean `channel`?"),
        ),
        (
            "rational(share=group(0))",
            15,
            "share must be group(n) with n channels in each group, n from 1",
            None,
        ),
        (
            "rational(start=rational)",
            15,
            "`rational` has coefficients itself: start from a fixed function",
            None,
        ),
        (
            "rational(form=b, start=gelu_2020)",
            23,
            "the table `gelu_2020` is for 5/4, form=a, without a range",
            None,
        ),
        (
            "rational(numerator=shared)",
            19,
            "numerator=shared needs share=group(n) or share=channel",
            None,
        ),
        ("rational(form=a, form=b)", 17, "form is given twice", None),
        (
            "rational(range=3..-3)",
            15,
            "range must be low..high with low < high, e.g. -5..5",
            None,
        ),
        ("rational(5/4", 12, "expected `,` or `)`", None),
        ("leaky_relu(abc)", 11, "slope must be a finite number", None),
        ("leaky_relu(inf)", 11, "slope must be a finite number", None),
        ("gelu(3)", 5, "too many arguments for `gelu`", None),
        ("gelu gelu", 5, "expected the end of the activation", None),
        (
            "gelu_2020",
            0,
            "`gelu_2020` gives start values only: it is no activation by itself",
            None,
        ),
        (
            "polynomial(6)",
            11,
            "degree must be a whole number from 1 to 5",
            None,
        ),
        (
            "polynomial(2.5)",
            11,
            "degree must be a whole number from 1 to 5",
            None,
        ),
        (
            "polynomial(strat=gelu)",
            11,
            "`polynomial` has no option `strat`",
            Some("did you mean `start`?"),
        ),
        (
            "polynomial(start=prelu)",
            17,
            "`prelu` has coefficients itself: start from a fixed function",
            None,
        ),
        (
            "polynomial(limit=0)",
            17,
            "limit must be from 0.1 to 100",
            None,
        ),
        (
            "series(base=gelu, form=printed)",
            23,
            "form=printed is for base=relu",
            None,
        ),
        (
            "series(base=power(2))",
            12,
            "`power(2)` cannot be the base of a series",
            None,
        ),
        (
            "series(form=sums)",
            12,
            "form must be sum, printed or composed",
            Some("did you mean `sum`?"),
        ),
        (
            "glu(glu(silu))",
            4,
            "`glu` is a layer with a gate: it is no function of one input",
            None,
        ),
        (
            "rational(start=glu(silu))",
            15,
            "`glu` is a layer with a gate: it is no function of one input",
            None,
        ),
        (
            "series(base=glu)",
            12,
            "`glu` is a layer with a gate: it is no function of one input",
            None,
        ),
        (
            "glu(power(2))",
            4,
            "`power` gives start values only: it is no activation by itself",
            None,
        ),
        (
            "frozen(glu(rational))",
            7,
            "`glu` is a layer with a gate: it is no function of one input",
            None,
        ),
        (
            "glu(layers([gelu]))",
            4,
            "`layers` cannot stand inside another function",
            None,
        ),
        (
            "glu(rationl)",
            4,
            "unknown activation `rationl`",
            Some("did you mean `rational`?"),
        ),
        ("spline(10)", 7, "knots must be 9, 17 or 33", None),
        (
            "power(3)",
            0,
            "`power` gives start values only: it is no activation by itself",
            None,
        ),
        ("", 0, "expected the name of a function", None),
    ] {
        let error = error(text);
        assert_eq!(error.position(), position, "{text}: {error}");
        assert_eq!(error.kind().to_string(), message, "{text}");
        if hint.is_some() {
            assert_eq!(error.hint().as_deref(), hint, "{text}");
        }
    }
    assert_eq!(
        error("rational(5/4, from=a)").to_string(),
        "`rational` has no option `from`\n  rational(5/4, from=a)\n                ^^^^"
    );
    assert!(error("foobar").hint().unwrap().contains("rational"));
}

proptest! {
    #[test]
    fn any_text_is_parsed_or_refused(text in "\\PC{0,40}") {
        if let Err(error) = text.parse::<ActivationSpec>() {
            prop_assert!(error.position() <= text.len() && text.is_char_boundary(error.position()));
            prop_assert!(text.is_char_boundary(error.span().end));
            let _ = error.to_string();
        }
    }

    #[test]
    fn specs_round_trip(m in 1_usize..=9, n in 1_usize..=8, form in 0_usize..4, size in 1_usize..4000, slope in -10.0_f64..10.0) {
        let form = DenominatorForm::ALL[form];
        let text = format!("rational({m}/{n}, form={form}, start=leaky_relu({slope}), share=group({size}))");
        let spec = parse(&text);
        prop_assert_eq!(parse(&spec.to_string()), spec);
    }
}

#[test]
fn functions_inside_each_other_have_an_end() {
    let deep = format!("{}gelu", "rational(start=".repeat(100_000));
    let message = error(&deep).to_string();
    assert!(
        message.starts_with("more than 6 functions inside each other"),
        "{}",
        &message[..80]
    );
}

#[test]
fn layers_have_their_own_functions() {
    let same = parse("gelu");
    assert_eq!(same.of_layer(7), Some(&same));
    assert!(same.of_each_layer().is_none());
    let functions = [parse("gelu"), parse("swish")];
    let layers = ActivationSpec::for_layers(&functions).unwrap();
    assert_eq!(layers.to_string(), "layers([gelu, swish])");
    assert_eq!(layers.of_layer(1), Some(&functions[1]));
    assert_eq!(layers.of_layer(2), None);
    assert!(layers.is_learnable() && !parse("layers([gelu, relu])").is_learnable());
    let alike = [same.clone(), same.clone()];
    assert_eq!(ActivationSpec::for_layers(&alike).unwrap(), same);
    assert!(ActivationSpec::for_layers(&[]).is_err());
}
