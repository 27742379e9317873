//! Leaky rectified linear unit; its derivative at 0 is the slope, as in PyTorch.

use super::fixed::{Fixed, FixedFamily};
use crate::number::Number;
use crate::spec::{Parameter, ParameterKind};

pub(super) static FAMILY: FixedFamily<LeakyRelu> = FixedFamily {
    name: "leaky_relu",
    parameters: &[Parameter {
        name: "slope",
        positional: true,
        kind: ParameterKind::Number { default: 0.01 },
    }],
    source: "Maas, Hannun, Ng 2013, ICML workshop",
    start_only: false,
    examples: &["leaky_relu(0.3)", "leaky_relu(-0.5)"],
    make: |numbers| LeakyRelu {
        slope: numbers.first().copied().unwrap_or(0.01),
    },
};

#[derive(Clone, Copy, Debug)]
pub(super) struct LeakyRelu {
    slope: f64,
}

impl Fixed for LeakyRelu {
    #[inline(always)]
    fn value<N: Number>(self, x: &N) -> N {
        x.where_positive(x.clone(), N::constant(self.slope) * x.clone())
    }
    #[inline(always)]
    fn derivative<N: Number>(self, x: &N) -> N {
        x.where_positive(N::constant(1.0), N::constant(self.slope))
    }
    fn kinks(self) -> &'static [f64] {
        &[0.0]
    }
}
