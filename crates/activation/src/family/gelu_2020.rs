//! The start values that the public rational library gives GELU (degree 5/4, form A), used by RAFT's released code.

use super::fixed::{Fixed, FixedFamily};
use super::rational::definition;
use crate::number::Number;
use crate::spec::DenominatorForm;

pub(crate) const NAME: &str = "gelu_2020";

/// `rationals_config.json` of ml-research/rational_activations, `Rational_version_A5/4`, `gelu`.
pub(crate) const NUMERATOR: [f64; 6] = [
    -0.0012423594497499122,
    0.5080497063245629,
    0.41586363182937475,
    0.13022718688035761,
    0.024355900098993424,
    0.00290283948155535,
];
pub(crate) const DENOMINATOR: [f64; 4] = [
    -0.06675015696494944,
    0.17927646217001553,
    0.03746682605496631,
    1.6561610853276082e-10,
];

pub(super) static FAMILY: FixedFamily<Gelu2020> = FixedFamily {
    name: NAME,
    parameters: &[],
    source: "ml-research/rational_activations, rationals_config.json; start values only",
    start_only: true,
    examples: &[],
    make: |_| Gelu2020,
};

#[derive(Clone, Copy, Debug)]
pub(super) struct Gelu2020;

impl Fixed for Gelu2020 {
    #[inline(always)]
    fn value<N: Number>(self, x: &N) -> N {
        definition::value(
            DenominatorForm::A,
            &NUMERATOR.map(N::constant),
            &DENOMINATOR.map(N::constant),
            x,
        )
    }
    #[inline(always)]
    fn derivative<N: Number>(self, x: &N) -> N {
        definition::derivative(
            DenominatorForm::A,
            &NUMERATOR.map(N::constant),
            &DENOMINATOR.map(N::constant),
            x,
        )
    }
    fn kinks(self) -> &'static [f64] {
        &[0.0]
    }
}
