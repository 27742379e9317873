//! A polynomial of normalised powers: `y = Σ a_i·x^i / rms(x^i) + b`, i from 1 to the degree.
//!
//! `rms(x^i) = √(mean(x^2i) + 1e-6)`, the mean over the channels of a row, so that an output depends on its whole row. With
//! `n_i = rms(x^i)` and `d_i = Σ dy·x^i` over the row: `∂/∂a_i = d_i / n_i`, `∂/∂b = Σ dy`,
//! `dx = Σ a_i·i·x^(i−1) / n_i · (dy − x^i·d_i / (n_i²·channels))`. Starts: a_i = 1/degree, b = 0. Zhuo et al. 2024, equation 3,
//! and their code, in which x is the output of the linear layer with its bias, if it has one.
//!
//! The curve of one channel, for pictures and for whatever reads a function of one number, has the norms of standard normal
//! inputs: `mean(x^2i) = 1·3·…·(2i − 1)`.

use super::parametric::SHARE;
use super::{Family, Function, OverRows, Validation};
use crate::activation::CoefficientTensor;
use crate::dual::Dual;
use crate::error::ActivationError;
use crate::expression::Expression;
use crate::kernel::poly_norm as kernel;
use crate::number::Number;
use crate::spec::{ActivationSpec, Parameter, ParameterKind, Share, Value};
use std::sync::Arc;

pub(super) static FAMILY: PolyNormFamily = PolyNormFamily;

pub(super) struct PolyNormFamily;

const EPSILON: f64 = 1e-6;
const DEGREE: usize = 3;

impl Family for PolyNormFamily {
    fn name(&self) -> &'static str {
        "poly_norm"
    }

    fn parameters(&self) -> &'static [Parameter] {
        &[
            Parameter {
                name: "degree",
                positional: true,
                kind: ParameterKind::Integer {
                    default: DEGREE,
                    smallest: 2,
                    largest: 4,
                },
            },
            SHARE,
        ]
    }

    fn source(&self) -> &'static str {
        "Zhuo et al. 2024 (PolyCom), arXiv 2411.03884; epsilon and start as in BryceZhuo/PolyCom"
    }

    fn note(&self) -> &'static str {
        "No function of one input: each power is divided by its root mean square over the channels of a token, so an output depends on its whole row. \
         Its curve here and in reports is that of one channel in a row whose norms are those of standard normal inputs (x, x²/√3, x³/√15), its derivative \
         that with the norms held. One set of coefficients for a layer; it is no start, base or fit target of another function."
    }

    fn examples(&self) -> &'static [&'static str] {
        &["poly_norm(2)", "poly_norm(4)"]
    }

    fn is_learnable(&self, _values: &[Value]) -> bool {
        true
    }

    fn is_over_rows(&self, _values: &[Value]) -> bool {
        true
    }

    fn validate(&self, values: &[Value]) -> Validation {
        if values.contains(&Value::Share(Share::Layer)) {
            Ok(())
        } else {
            let reason = "`poly_norm` normalises over all channels of the layer, which share its coefficients: share must be layer";
            Err(("share", reason.into()))
        }
    }

    fn resolve(&self, spec: &ActivationSpec) -> Result<Arc<dyn Function>, ActivationError> {
        let degree = match spec.values().first() {
            Some(Value::Integer(degree)) => *degree,
            _ => DEGREE,
        };
        Ok(Arc::new(PolyNorm {
            text: spec.to_string(),
            degree,
        }))
    }
}

#[derive(Debug)]
struct PolyNorm {
    text: String,
    degree: usize,
}

impl PolyNorm {
    /// `x, x², …`
    fn powers<N: Number>(&self, x: &N) -> impl Iterator<Item = N> {
        std::iter::successors(Some(x.clone()), |power| Some(power.clone() * x.clone()))
            .take(self.degree)
    }

    /// `1, 2·x, 3·x², …`, the first as nothing.
    fn slopes<N: Number>(&self, x: &N) -> impl Iterator<Item = Option<N>> {
        let others = self.powers(x).zip(2_u8..);
        let others = others.map(|(power, degree)| Some(N::constant(degree.into()) * power));
        std::iter::once(None).chain(others).take(self.degree)
    }

    /// `rms(x^i)` by the means of the squares of the powers.
    fn norms<N: Number>(means: impl Iterator<Item = N>) -> Vec<N> {
        means
            .map(|mean| (mean + N::constant(EPSILON)).sqrt())
            .collect()
    }

    /// Those of standard normal inputs.
    fn normal<N: Number>(&self) -> Vec<N> {
        let moments = (1..=self.degree).scan(1.0, |moment, degree| {
            *moment *= (2 * degree - 1) as f64;
            Some(N::constant(*moment))
        });
        Self::norms(moments)
    }

    /// Those of a row.
    fn of_row<N: Number>(&self, x: &[N]) -> Vec<N> {
        let mut sums = vec![N::constant(0.0); self.degree];
        for x in x {
            for (sum, power) in sums.iter_mut().zip(self.powers(x)) {
                *sum = power.clone() * power + sum.clone();
            }
        }
        let channels = N::constant(x.len() as f64);
        Self::norms(sums.into_iter().map(|sum| sum / channels.clone()))
    }

    /// `Σ a_i·x^i / n_i + b`
    fn value<N: Number>(&self, c: &[N], norms: &[N], x: &N) -> N {
        let powers = c.iter().zip(norms).zip(self.powers(x));
        let terms = powers.map(|((a, norm), power)| a.clone() * power / norm.clone());
        let offset = c.get(self.degree).cloned();
        terms
            .chain(offset)
            .reduce(|sum, term| sum + term)
            .unwrap_or_else(|| N::constant(0.0))
    }

    /// `Σ a_i·i·x^(i−1) / n_i`: how a value rises with its own input while the norms are held.
    fn slope<N: Number>(&self, c: &[N], norms: &[N], x: &N) -> N {
        let slopes = c.iter().zip(norms).zip(self.slopes(x));
        let terms = slopes.map(|((a, norm), slope)| match slope {
            Some(slope) => a.clone() * slope / norm.clone(),
            None => a.clone() / norm.clone(),
        });
        terms
            .reduce(|sum, term| sum + term)
            .unwrap_or_else(|| N::constant(0.0))
    }

    fn symbols_of_powers(&self) -> Vec<String> {
        (1..=self.degree).map(|power| format!("a{power}")).collect()
    }
}

impl OverRows for PolyNorm {
    fn curve(&self) -> &'static str {
        "one channel, with the norms of a row of standard normal inputs"
    }

    fn value(&self, c: &[f64], x: &[f64]) -> Vec<f64> {
        let norms = self.of_row(x);
        x.iter().map(|x| self.value(c, &norms, x)).collect()
    }

    fn dual(&self, c: &[Dual], x: &[Dual]) -> Vec<Dual> {
        let norms = self.of_row(x);
        x.iter().map(|x| self.value(c, &norms, x)).collect()
    }

    fn backward(&self, c: &[f64], x: &[f64], dy: &[f64], dc: &mut [f64]) -> Vec<f64> {
        let norms = self.of_row(x);
        let mut products = vec![0.0; self.degree];
        for (x, dy) in x.iter().zip(dy) {
            for (product, power) in products.iter_mut().zip(self.powers(x)) {
                *product += dy * power;
            }
        }
        for ((dc, product), norm) in dc.iter_mut().zip(&products).zip(&norms) {
            *dc = product / norm;
        }
        if let Some(offset) = dc.get_mut(self.degree) {
            *offset = dy.iter().sum();
        }
        let channels = x.len() as f64;
        let each = x.iter().zip(dy).map(|(x, dy)| {
            let powers = self.powers(x).zip(self.slopes(x)).zip(c);
            let parts = powers.zip(products.iter().zip(&norms));
            let terms = parts.map(|(((power, slope), a), (product, norm))| {
                let by_norm = power / norm * (product / norm) / channels;
                a * slope.unwrap_or(1.0) / norm * (dy - by_norm)
            });
            terms.sum()
        });
        each.collect()
    }
}

impl Function for PolyNorm {
    fn tensors(&self, channels: usize) -> Result<Vec<CoefficientTensor>, ActivationError> {
        let groups = Share::Layer.groups(channels, &self.text)?;
        let tensors = Function::symbols(self).into_iter();
        Ok(tensors
            .map(|(name, symbols)| CoefficientTensor {
                name,
                shape: vec![groups, symbols.len()],
            })
            .collect())
    }

    fn symbols(&self) -> Vec<(&'static str, Vec<String>)> {
        vec![
            ("weights", self.symbols_of_powers()),
            ("offset", vec!["b".into()]),
        ]
    }

    fn start(&self, channels: usize) -> Result<Vec<f32>, ActivationError> {
        self.tensors(channels)?;
        Ok(self.group_start().iter().map(|c| *c as f32).collect())
    }

    fn group_start(&self) -> Vec<f64> {
        let mut start = vec![1.0 / self.degree as f64; self.degree];
        start.push(0.0);
        start
    }

    fn rows(&self) -> Option<&dyn OverRows> {
        Some(self)
    }

    fn value(&self, coefficients: &[f64], x: f64) -> f64 {
        self.value(coefficients, &self.normal(), &x)
    }

    fn derivative(&self, coefficients: &[f64], x: f64) -> f64 {
        self.slope(coefficients, &self.normal(), &x)
    }

    fn coefficient_gradient(&self, _coefficients: &[f64], x: f64, out: &mut [f64]) {
        let norms = self.normal::<f64>();
        let terms = self.powers(&x).zip(norms).map(|(power, norm)| power / norm);
        for (out, term) in out.iter_mut().zip(terms.chain([1.0])) {
            *out = term;
        }
    }

    fn dual(&self, coefficients: &[Dual], x: Dual) -> Dual {
        self.value(coefficients, &self.normal(), &x)
    }

    fn dual_derivative(&self, coefficients: &[Dual], x: Dual) -> Dual {
        self.slope(coefficients, &self.normal(), &x)
    }

    /// The formulas of a row.
    fn expressions(&self) -> (Expression, Expression) {
        let symbols = Function::symbols(self);
        let c: Vec<Expression> = symbols
            .iter()
            .flat_map(|(_, symbols)| symbols)
            .map(|name| Expression::symbol(name))
            .collect();
        let x = Expression::symbol("x");
        let means = self.powers(&x).map(|power| (power.clone() * power).mean());
        let norms = Self::norms(means);
        (self.value(&c, &norms, &x), self.slope(&c, &norms, &x))
    }

    fn kinks(&self, _coefficients: &[f64]) -> Vec<f64> {
        Vec::new()
    }

    fn forward(
        &self,
        coefficients: &[f32],
        x: &[f32],
        bias: Option<&[f32]>,
        channels: usize,
        y: &mut [f32],
    ) {
        let forward = match self.degree {
            2 => kernel::forward::<2>,
            3 => kernel::forward::<3>,
            _ => kernel::forward::<4>,
        };
        forward(coefficients, EPSILON, x, bias, channels, y);
    }

    fn backward(
        &self,
        coefficients: &[f32],
        x: &[f32],
        bias: Option<&[f32]>,
        dy: Option<&[f32]>,
        channels: usize,
        dx: &mut [f32],
        dbias: Option<&mut [f32]>,
        dcoefficients: &mut [f32],
    ) {
        let backward = match self.degree {
            2 => kernel::backward::<2>,
            3 => kernel::backward::<3>,
            _ => kernel::backward::<4>,
        };
        backward(
            coefficients,
            EPSILON,
            x,
            bias,
            dy,
            channels,
            dx,
            dbias,
            dcoefficients,
        );
    }
}
