//! The definition of a rational: value, derivative by the input, gradient by the coefficients.
//!
//! `f(x) = P(x) / Q(x)` with `P(x) = Σ a_i x^i`, i = 0…m, and Q by its form (Molina, Schramowski, Kersting 2020, Padé
//! activation units, arXiv 1907.06732; the forms' letters are those of the authors' library).

use crate::number::Number;
use crate::spec::DenominatorForm;

/// `f(x)`
#[inline(always)]
pub(crate) fn value<N: Number>(form: DenominatorForm, a: &[N], b: &[N], x: &N) -> N {
    polynomial(a, x) / Denominator::new(form, b, x).value
}

/// `f'(x) = (P' − f Q') / Q`
#[inline(always)]
pub(crate) fn derivative<N: Number>(form: DenominatorForm, a: &[N], b: &[N], x: &N) -> N {
    let q = Denominator::new(form, b, x);
    let f = polynomial(a, x) / q.value.clone();
    (polynomial_derivative(a, x) - f * q.derivative(form, b, x)) / q.value
}

/// `∂f/∂a_i = x^i / Q`, then `∂f/∂b_k = −f/Q · ∂Q/∂b_k`.
pub(crate) fn coefficient_gradient<N: Number>(
    form: DenominatorForm,
    a: &[N],
    b: &[N],
    x: &N,
    out: &mut [N],
) {
    let q = Denominator::new(form, b, x);
    let f = polynomial(a, x) / q.value.clone();
    let mut power = N::constant(1.0) / q.value.clone();
    let (by_a, by_b) = out.split_at_mut(a.len());
    for gradient in by_a {
        *gradient = power.clone();
        power = power * x.clone();
    }
    let base = if form == DenominatorForm::A {
        x.abs()
    } else {
        x.clone()
    };
    let mut power = -(f / q.value.clone()) * q.outer_sign(form);
    if form != DenominatorForm::C {
        power = power * base.clone();
    }
    for (gradient, coefficient) in by_b.iter_mut().zip(b) {
        *gradient = if form == DenominatorForm::A {
            // The absolute value of a coefficient has derivative +1 at 0, so that it can leave 0.
            coefficient.where_negative(-power.clone(), power.clone())
        } else {
            power.clone()
        };
        power = power * base.clone();
    }
}

/// `|b|`, with derivative +1 at 0.
#[inline(always)]
fn magnitude<N: Number>(b: &N) -> N {
    b.where_negative(-b.clone(), b.clone())
}

/// Q at a point, and the sum inside its absolute value.
pub(crate) struct Denominator<N> {
    pub(crate) value: N,
    pub(crate) inner: N,
}

impl<N: Number> Denominator<N> {
    #[inline(always)]
    pub(crate) fn new(form: DenominatorForm, b: &[N], x: &N) -> Self {
        let one = N::constant(1.0);
        let inner = match form {
            DenominatorForm::A => x.abs() * horner(b.iter().map(magnitude), &x.abs()),
            DenominatorForm::B | DenominatorForm::N => x.clone() * polynomial(b, x),
            DenominatorForm::C => polynomial(b, x),
        };
        let value = match form {
            DenominatorForm::A | DenominatorForm::N => one + inner.clone(),
            DenominatorForm::B => one + inner.abs(),
            DenominatorForm::C => N::constant(FLOOR_C) + inner.abs(),
        };
        Self { value, inner }
    }

    /// `∂Q/∂inner`
    #[inline(always)]
    fn outer_sign(&self, form: DenominatorForm) -> N {
        match form {
            DenominatorForm::A | DenominatorForm::N => N::constant(1.0),
            DenominatorForm::B | DenominatorForm::C => self.inner.sign(),
        }
    }

    #[inline(always)]
    fn derivative(&self, form: DenominatorForm, b: &[N], x: &N) -> N {
        match form {
            DenominatorForm::A => x.sign() * horner_derivative(b.iter().map(magnitude), &x.abs()),
            DenominatorForm::N => horner_derivative(b.iter().cloned(), x),
            DenominatorForm::B => self.inner.sign() * horner_derivative(b.iter().cloned(), x),
            DenominatorForm::C => self.inner.sign() * polynomial_derivative(b, x),
        }
    }
}

/// The least denominator of form C.
pub(crate) const FLOOR_C: f64 = 0.1;

/// `Σ c_i x^i`, i from 0, by Horner's rule.
#[inline(always)]
pub(crate) fn polynomial<N: Number>(c: &[N], x: &N) -> N {
    horner(c.iter().cloned(), x)
}

/// `Σ i c_i x^(i−1)`, i from 0.
#[inline(always)]
fn polynomial_derivative<N: Number>(c: &[N], x: &N) -> N {
    horner_derivative(c.iter().skip(1).cloned(), x)
}

#[inline(always)]
fn horner<N: Number>(c: impl DoubleEndedIterator<Item = N>, x: &N) -> N {
    c.rev()
        .reduce(|sum, c| sum.mul_add(x, &c))
        .unwrap_or_else(|| N::constant(0.0))
}

/// `Σ k c_k x^(k−1)`, k from 1.
#[inline(always)]
fn horner_derivative<N: Number>(
    c: impl ExactSizeIterator<Item = N> + DoubleEndedIterator,
    x: &N,
) -> N {
    let scaled = c.enumerate().map(|(index, c)| {
        if index == 0 {
            c
        } else {
            N::constant((index + 1) as f64) * c
        }
    });
    horner(scaled, x)
}

/// Inputs where the derivative may jump: 0 in form A, the zeros of the inner sum in forms B and C (those within ±20 that
/// change its sign, and 0 in form B).
pub(crate) fn kinks(form: DenominatorForm, b: &[f64]) -> Vec<f64> {
    const LIMIT: f64 = 20.0;
    const STEPS: usize = 4000;
    let inner = |x: f64| Denominator::new(form, b, &x).inner;
    match form {
        DenominatorForm::N => Vec::new(),
        DenominatorForm::A => vec![0.0],
        DenominatorForm::B | DenominatorForm::C => {
            let at = |i: usize| LIMIT * (2.0 * i as f64 / STEPS as f64 - 1.0);
            let mut kinks: Vec<f64> = if form == DenominatorForm::B {
                vec![0.0]
            } else {
                Vec::new()
            };
            for i in 0..STEPS {
                let (mut left, mut right) = (at(i), at(i + 1));
                if inner(left) == 0.0 {
                    kinks.push(left);
                } else if inner(left) * inner(right) < 0.0 {
                    for _ in 0..60 {
                        let middle = f64::midpoint(left, right);
                        if inner(left) * inner(middle) <= 0.0 {
                            right = middle;
                        } else {
                            left = middle;
                        }
                    }
                    kinks.push(f64::midpoint(left, right));
                }
            }
            kinks.sort_by(f64::total_cmp);
            kinks.dedup();
            kinks
        }
    }
}
