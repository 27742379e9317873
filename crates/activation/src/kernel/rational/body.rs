//! The arithmetic of a rational in vector lanes: Horner's rule, one division, sums in registers.

use super::Layout;
use crate::family::rational::definition::FLOOR_C;
use crate::kernel::lanes::{LANES, Lane, sign};
use crate::spec::DenominatorForm;
use pliant_kernels::dispatch::Arithmetic;
use pliant_kernels::{prefetch_ahead, simd};

/// Values between those that are computed and those that memory is asked for: what two cores compute while it answers.
const AHEAD: usize = 64 * LANES;

/// A form of the denominator as a type, so that its choices cost nothing at run time.
pub(super) trait Form: Send + Sync + 'static {
    const FORM: DenominatorForm;
    /// Whether there is a coefficient b_0.
    const HAS_CONSTANT: bool = matches!(Self::FORM, DenominatorForm::C);
}

macro_rules! form {
    ($($name:ident = $form:ident),*) => {$(
        pub(super) struct $name;
        impl Form for $name {
            const FORM: DenominatorForm = DenominatorForm::$form;
        }
    )*};
}
form!(FormA = A, FormB = B, FormC = C, FormN = N);

/// Coefficients of every lane; missing degrees are zero. Those of form A are magnitudes.
pub(super) struct Coefficients<const P: usize, const Q: usize> {
    a: [Lane; P],
    /// b_1 …
    b: [Lane; Q],
    /// b_0 of form C.
    constant: Lane,
}

impl<const P: usize, const Q: usize> Coefficients<P, Q> {
    pub(super) fn new<F: Form>(
        layout: &Layout,
        flat: &[f32],
        group_of: impl Fn(usize) -> usize,
    ) -> Self {
        let mut all = Self {
            a: [[0.0; LANES]; P],
            b: [[0.0; LANES]; Q],
            constant: [0.0; LANES],
        };
        for lane in 0..LANES {
            let (numerator, denominator) = layout.offsets(group_of(lane));
            for (a, value) in all
                .a
                .iter_mut()
                .zip(&flat[numerator..numerator + layout.numerator])
            {
                a[lane] = *value;
            }
            let b = &flat[denominator..denominator + layout.denominator];
            let b = if F::HAS_CONSTANT {
                all.constant[lane] = b[0];
                &b[1..]
            } else {
                b
            };
            for (b, value) in all.b.iter_mut().zip(b) {
                b[lane] = if F::FORM == DenominatorForm::A {
                    value.abs()
                } else {
                    *value
                };
            }
        }
        all
    }

    /// One lane's numerator and denominator as the definition takes them.
    pub(super) fn of_lane<F: Form>(&self, lane: usize) -> (Vec<f64>, Vec<f64>) {
        let constant = F::HAS_CONSTANT.then_some(&self.constant);
        let of = |c: &Lane| f64::from(c[lane]);
        (
            self.a.iter().map(of).collect(),
            constant.into_iter().chain(&self.b).map(of).collect(),
        )
    }
}

/// Sums of coefficient gradients, by lane.
pub(super) struct Sums<const P: usize, const Q: usize> {
    pub(super) a: [[f64; LANES]; P],
    pub(super) b: [[f64; LANES]; Q],
    pub(super) constant: [f64; LANES],
}

impl<const P: usize, const Q: usize> Sums<P, Q> {
    pub(super) fn zero() -> Self {
        Self {
            a: [[0.0; LANES]; P],
            b: [[0.0; LANES]; Q],
            constant: [0.0; LANES],
        }
    }

    /// Adds `dy · gradient` of one element, numerator first.
    pub(super) fn add<F: Form>(&mut self, lane: usize, dy: f64, gradient: &[f64]) {
        let constant = F::HAS_CONSTANT.then_some(&mut self.constant);
        let all = self.a.iter_mut().chain(constant).chain(&mut self.b);
        for (sum, gradient) in all.zip(gradient) {
            sum[lane] += dy * gradient;
        }
    }
}

/// Form A works on magnitudes: the gradient by b takes the sign of b, +1 at 0.
pub(super) fn apply_coefficient_signs<F: Form>(
    numerators: usize,
    coefficients: &[f32],
    dcoefficients: &mut [f32],
) {
    if F::FORM == DenominatorForm::A {
        for (gradient, b) in dcoefficients[numerators..]
            .iter_mut()
            .zip(&coefficients[numerators..])
        {
            if *b < 0.0 {
                *gradient = -*gradient;
            }
        }
    }
}

/// The variable of the denominator's powers.
#[inline(always)]
fn base<F: Form>(x: f32) -> f32 {
    if matches!(F::FORM, DenominatorForm::A) {
        x.abs()
    } else {
        x
    }
}

#[inline(always)]
fn denominator<F: Form>(inner: f32) -> f32 {
    match F::FORM {
        DenominatorForm::A | DenominatorForm::N => 1.0 + inner,
        DenominatorForm::B => 1.0 + inner.abs(),
        DenominatorForm::C => FLOOR_C as f32 + inner.abs(),
    }
}

/// What is added to the inputs: a vector of zeros where there is no bias, so that one loop serves both.
#[inline(always)]
fn bias_of(bias: Option<&[Lane]>, vector: usize) -> &Lane {
    const NONE: Lane = [0.0; LANES];
    bias.map_or(&NONE, |bias| &bias[vector])
}

#[inline(always)]
fn forward_body<A: Arithmetic, F: Form, const P: usize, const Q: usize>(
    c: &Coefficients<P, Q>,
    x: &[Lane],
    bias: Option<&[Lane]>,
    y: &mut [Lane],
) {
    for (vector, (x, y)) in x.iter().zip(y).enumerate() {
        prefetch_ahead(x, AHEAD);
        prefetch_ahead(y, AHEAD);
        let bias = bias_of(bias, vector);
        for lane in 0..LANES {
            let x = x[lane] + bias[lane];
            let mut p = c.a[P - 1][lane];
            for i in (0..P - 1).rev() {
                p = A::mul_add(p, x, c.a[i][lane]);
            }
            let u = base::<F>(x);
            let mut s = c.b[Q - 1][lane];
            for k in (0..Q - 1).rev() {
                s = A::mul_add(s, u, c.b[k][lane]);
            }
            let inner = if F::HAS_CONSTANT {
                A::mul_add(s, u, c.constant[lane])
            } else {
                s * u
            };
            y[lane] = p / denominator::<F>(inner);
        }
    }
}
simd! {
    /// `y = P(x + bias) / Q(x + bias)`
    pub(super) fn forward<F: Form; const P: usize, const Q: usize>(c: &Coefficients<P, Q>, x: &[Lane], bias: Option<&[Lane]>, y: &mut [Lane]) = forward_body;
}

#[inline(always)]
fn backward_body<A: Arithmetic, F: Form, const P: usize, const Q: usize>(
    c: &Coefficients<P, Q>,
    x: &[Lane],
    bias: Option<&[Lane]>,
    dy_to_dx: &mut [Lane],
    column_sums: &mut [Lane],
    sums: &mut Sums<P, Q>,
) {
    let mut sum_a = [[0.0_f32; LANES]; P];
    let mut sum_b = [[0.0_f32; LANES]; Q];
    let mut sum_constant = [0.0_f32; LANES];
    let blocks = x.iter().zip(dy_to_dx).zip(column_sums);
    for (vector, ((x, dy_to_dx), column_sums)) in blocks.enumerate() {
        prefetch_ahead(x, AHEAD);
        prefetch_ahead(dy_to_dx, AHEAD);
        let bias = bias_of(bias, vector);
        for lane in 0..LANES {
            let x = x[lane] + bias[lane];
            // The first step of each derivative is the leading coefficient itself.
            let mut dp = c.a[P - 1][lane];
            let mut p = A::mul_add(dp, x, c.a[P - 2][lane]);
            for i in (0..P - 2).rev() {
                dp = A::mul_add(dp, x, p);
                p = A::mul_add(p, x, c.a[i][lane]);
            }
            let u = base::<F>(x);
            let mut ds = c.b[Q - 1][lane];
            let mut s = A::mul_add(ds, u, c.b[Q - 2][lane]);
            for k in (0..Q - 2).rev() {
                ds = A::mul_add(ds, u, s);
                s = A::mul_add(s, u, c.b[k][lane]);
            }
            let inner = if F::HAS_CONSTANT {
                A::mul_add(s, u, c.constant[lane])
            } else {
                s * u
            };
            let inner_slope = A::mul_add(ds, u, s);
            let reciprocal = 1.0 / denominator::<F>(inner);
            let f = p * reciprocal;
            let h = dy_to_dx[lane] * reciprocal;
            // ∂Q/∂inner, and du/dx in form A.
            let outer = match F::FORM {
                DenominatorForm::A | DenominatorForm::N => 1.0,
                DenominatorForm::B | DenominatorForm::C => sign(inner),
            };
            let q_slope = match F::FORM {
                DenominatorForm::A => inner_slope * sign(x),
                _ => inner_slope * outer,
            };
            let dx = h * A::mul_add(-f, q_slope, dp);
            dy_to_dx[lane] = dx;
            column_sums[lane] += dx;
            let w = -(h * f) * outer;
            // Powers are shared: those of |x| differ from those of x in the sign of the odd ones.
            let mut power = x;
            sum_a[0][lane] += h;
            for sum in &mut sum_a[1..] {
                sum[lane] = A::mul_add(h, power, sum[lane]);
                power *= x;
            }
            if F::HAS_CONSTANT {
                sum_constant[lane] += w;
            }
            let mut power = x;
            for (k, sum) in sum_b.iter_mut().enumerate() {
                let own = if k % 2 == 0 { base::<F>(power) } else { power };
                sum[lane] = A::mul_add(w, own, sum[lane]);
                power *= x;
            }
        }
    }
    add_wide(sum_a.as_flattened(), sums.a.as_flattened_mut());
    add_wide(sum_b.as_flattened(), sums.b.as_flattened_mut());
    if F::HAS_CONSTANT {
        add_wide(&sum_constant, &mut sums.constant);
    }
}
simd! {
    /// `dy_to_dx` from dy to dx, which is added to `column_sums`, and the coefficient gradients added to `sums`.
    pub(super) fn backward<F: Form; const P: usize, const Q: usize>(c: &Coefficients<P, Q>, x: &[Lane], bias: Option<&[Lane]>, dy_to_dx: &mut [Lane], column_sums: &mut [Lane], sums: &mut Sums<P, Q>) = backward_body;
}

#[inline(always)]
fn add_wide_body<A: Arithmetic>(lanes: &[f32], totals: &mut [f64]) {
    for (total, value) in totals.iter_mut().zip(lanes) {
        *total += f64::from(*value);
    }
}
simd! {
    /// `totals[i] += lanes[i]`. A call on purpose: where the compiler sees it beside the loop before, it gathers the lanes.
    #[inline(never)]
    fn add_wide(lanes: &[f32], totals: &mut [f64]) = add_wide_body;
}
