//! Elementary functions in f32 that vectorise: no branches, no tables, no library calls.
//!
//! Each is within a few units in the last place of the exact value over the whole range, and right at infinities and
//! NaN. They are bodies for [`simd!`](crate::simd): `A` is the arithmetic of the level.

use crate::dispatch::Arithmetic;

/// Adding and subtracting it rounds an f32 of moderate size to an integer, which is then in the low bits.
const ROUND: f32 = 12_582_912.0;

/// `eˣ`; overflows to infinity, underflows gradually to zero.
#[inline(always)]
pub fn exp<A: Arithmetic>(x: f32) -> f32 {
    // Comparisons instead of `min` and `max`, which would lose a NaN.
    let x = if x > 89.0 { 89.0 } else { x };
    let x = if x < -104.0 { -104.0 } else { x };
    let (p, power) = mantissa_and_power::<A>(x);
    // 2^power in two factors: the power reaches -150, beyond the normal exponents.
    let half = power >> 1;
    p * power_of_two(half) * power_of_two(power.wrapping_sub(half))
}

/// `eˣ` for x up to 0 and a little above; 0 from -88 on, where it is below the normal numbers. NaN stays NaN.
#[inline(always)]
pub(crate) fn exp_of_difference<A: Arithmetic>(x: f32) -> f32 {
    let x = if x < -88.0 { -88.0 } else { x };
    let (p, power) = mantissa_and_power::<A>(x);
    // At -88 the power is -127, whose factor is 0.
    p * power_of_two(power)
}

/// `eˣ = p 2^power` with p around 1.
#[inline(always)]
fn mantissa_and_power<A: Arithmetic>(x: f32) -> (f32, i32) {
    let shifted = A::mul_add(x, std::f32::consts::LOG2_E, ROUND);
    let power = shifted - ROUND;
    // ln 2 in two parts, the first with few bits so that its product is exact.
    let r = A::mul_add(power, -0.693_359_375, x);
    let r = A::mul_add(power, 2.121_944_4e-4, r);
    let p = A::mul_add(r, 1.987_569_1e-4, 1.398_199_9e-3);
    let p = A::mul_add(p, r, 8.333_452e-3);
    let p = A::mul_add(p, r, 4.166_579_6e-2);
    let p = A::mul_add(p, r, 0.166_666_65);
    let p = A::mul_add(p, r, 0.5);
    let p = A::mul_add(p, r * r, r) + 1.0;
    let power = (shifted.to_bits() as i32).wrapping_sub(ROUND.to_bits() as i32);
    (p, power)
}

/// `2^power` for the exponents of normal numbers, 0 for -127.
#[inline(always)]
fn power_of_two(power: i32) -> f32 {
    f32::from_bits((power.wrapping_add(127) as u32) << 23)
}

/// The error function, 2/√π ∫₀ˣ e^(-t²) dt.
#[inline(always)]
pub fn erf<A: Arithmetic>(x: f32) -> f32 {
    let t = x.abs();
    let s = x * x;
    let small = A::mul_add(-5.967_617_03e-4, s, 4.991_194_23e-3);
    let small = A::mul_add(small, s, -2.676_813_49e-2);
    let small = A::mul_add(small, s, 1.128_199_25e-1);
    let small = A::mul_add(small, s, -3.761_253_36e-1);
    let small = A::mul_add(small, s, 1.283_791_66e-1);
    let small = A::mul_add(small, x, x);
    // From 4 on the result is 1 in f32.
    let u = if t > 4.0 { 4.0 } else { t };
    let square = u * u;
    let low = A::mul_add(-1.728_534_7e-5, u, 3.831_971_26e-4);
    let high = A::mul_add(-3.883_964_38e-3, u, 2.425_462_19e-2);
    let large = A::mul_add(low, square, high);
    let large = A::mul_add(large, u, -1.067_778_77e-1);
    let large = A::mul_add(large, u, -6.348_466_87e-1);
    let large = A::mul_add(large, u, -1.287_175_12e-1);
    let large = A::mul_add(large, u, -u);
    let large = (1.0 - exp::<A>(large)).copysign(x);
    if t > 0.927_734_375 { large } else { small }
}

/// The hyperbolic tangent.
#[inline(always)]
pub fn tanh<A: Arithmetic>(x: f32) -> f32 {
    let t = x.abs();
    let s = x * x;
    let small = A::mul_add(-5.704_988_7e-3, s, 2.063_908_9e-2);
    let small = A::mul_add(small, s, -5.373_971_6e-2);
    let small = A::mul_add(small, s, 0.133_314_42);
    let small = A::mul_add(small, s, -0.333_332_82);
    let small = A::mul_add(small * s, x, x);
    let large = (1.0 - 2.0 / (exp::<A>(2.0 * t) + 1.0)).copysign(x);
    // Negated, so that NaN takes the branch that keeps it.
    if t >= 0.625 { large } else { small }
}

/// `1 / (1 + e⁻ˣ)`, exact in the relative sense for large negative `x` too.
#[inline(always)]
pub fn sigmoid<A: Arithmetic>(x: f32) -> f32 {
    let e = exp::<A>(-x.abs());
    let numerator = if x < 0.0 { e } else { 1.0 };
    numerator / (1.0 + e)
}

/// The sine, to rounding for magnitudes up to 10,000; the argument of larger ones loses digits, the result stays within ±1.
#[inline(always)]
pub fn sin<A: Arithmetic>(x: f32) -> f32 {
    let shifted = A::mul_add(x, std::f32::consts::FRAC_1_PI, ROUND);
    let turns = shifted - ROUND;
    // π in four parts, each with so few bits that its product is exact up to thousands of turns.
    let r = A::mul_add(turns, -3.140_625, x);
    let r = A::mul_add(turns, -9.675_026e-4, r);
    let r = A::mul_add(turns, -1.509_906_7e-7, r);
    let r = A::mul_add(turns, -5.126_688e-12, r);
    // Comparisons instead of `clamp`, which would be a branch: beyond the turns that ROUND holds, anything comes out.
    let r = if r > HALF_TURN { HALF_TURN } else { r };
    let r = if r < -HALF_TURN { -HALF_TURN } else { r };
    let s = r * r;
    let p = A::mul_add(2.600_015_1e-6, s, -1.980_659_7e-4);
    let p = A::mul_add(p, s, 8.333_017e-3);
    let p = A::mul_add(p, s, -1.666_665_7e-1);
    let p = A::mul_add(p * s, r, r);
    // Each half turn changes the sign.
    f32::from_bits(p.to_bits() ^ (shifted.to_bits() << 31))
}

/// A quarter of a circle and the rounding of the reduction.
const HALF_TURN: f32 = 1.571;

/// Sum of 16 lanes by halves: a fixed order that the compiler can vectorise.
#[inline(always)]
pub fn sum_lanes(lanes: [f32; 16]) -> f32 {
    let eight: [f32; 8] = std::array::from_fn(|i| lanes[i] + lanes[i + 8]);
    let four: [f32; 4] = std::array::from_fn(|i| eight[i] + eight[i + 4]);
    (four[0] + four[2]) + (four[1] + four[3])
}

/// Sum of 16 lanes by halves. A call on purpose: where the compiler sees this order, it gives the loop that fills the
/// lanes vectors of two elements.
#[inline(never)]
pub fn sum_lanes_f64(lanes: &[f64; 16]) -> f64 {
    let eight: [f64; 8] = std::array::from_fn(|i| lanes[i] + lanes[i + 8]);
    let four: [f64; 4] = std::array::from_fn(|i| eight[i] + eight[i + 4]);
    (four[0] + four[2]) + (four[1] + four[3])
}

/// `Σ term(value)` in f64, in 16 lanes.
#[inline(always)]
pub fn sum_by(values: &[f32], term: impl Fn(f32) -> f64) -> f64 {
    let (chunks, rest) = values.as_chunks::<16>();
    let mut lanes = [0.0_f64; 16];
    for chunk in chunks {
        for lane in 0..16 {
            lanes[lane] += term(chunk[lane]);
        }
    }
    let rest: f64 = rest.iter().map(|value| term(*value)).sum();
    sum_lanes_f64(&lanes) + rest
}

/// `Σ term(a, b)` in f64, in 16 lanes, over the shorter length.
#[inline(always)]
pub fn sum_by2(a: &[f32], b: &[f32], term: impl Fn(f32, f32) -> f64) -> f64 {
    let length = a.len().min(b.len());
    let (chunks_a, rest_a) = a[..length].as_chunks::<16>();
    let (chunks_b, rest_b) = b[..length].as_chunks::<16>();
    let mut lanes = [0.0_f64; 16];
    for (a, b) in chunks_a.iter().zip(chunks_b) {
        for lane in 0..16 {
            lanes[lane] += term(a[lane], b[lane]);
        }
    }
    let rest: f64 = rest_a.iter().zip(rest_b).map(|(a, b)| term(*a, *b)).sum();
    sum_lanes_f64(&lanes) + rest
}

/// The largest value, in 16 lanes; negative infinity for none. NaN is passed over.
#[inline(always)]
pub fn maximum(values: &[f32]) -> f32 {
    let larger = |a: f32, b: f32| if b > a { b } else { a };
    let (chunks, rest) = values.as_chunks::<16>();
    let mut lanes = [f32::NEG_INFINITY; 16];
    for chunk in chunks {
        for lane in 0..16 {
            lanes[lane] = larger(lanes[lane], chunk[lane]);
        }
    }
    let rest = rest.iter().copied().fold(f32::NEG_INFINITY, larger);
    lanes.into_iter().fold(rest, larger)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
    use super::*;
    use crate::dispatch::{Fused, Separate};

    /// Error in units in the last place of the exact value (of the smallest normal number below that).
    fn error(got: f32, exact: f64) -> f64 {
        let rounded = exact as f32;
        if !rounded.is_finite() || !got.is_finite() {
            return if got == rounded { 0.0 } else { f64::INFINITY };
        }
        let magnitude = exact.abs().max(f64::from(f32::MIN_POSITIVE));
        let unit = 2.0_f64.powi(magnitude.log2().floor() as i32 - 23);
        (f64::from(got) - exact).abs() / unit
    }

    fn worst(name: &str, limit: f64, range: f64, fast: [fn(f32) -> f32; 2], exact: fn(f64) -> f64) {
        for (kind, fast) in fast.into_iter().enumerate() {
            let steps = 400_000;
            let mut worst = (0.0, 0.0);
            let mut check = |x: f32| {
                let error = error(fast(x), exact(f64::from(x)));
                if error > worst.0 {
                    worst = (error, x);
                }
            };
            for step in 0..=steps {
                check((range * (2.0 * f64::from(step) / f64::from(steps) - 1.0)) as f32);
                let magnitude = 10.0_f32.powf(-30.0 + 31.0 * step as f32 / steps as f32);
                check(magnitude);
                check(-magnitude);
            }
            for x in [
                0.0,
                -0.0,
                f32::MAX,
                f32::MIN,
                f32::INFINITY,
                f32::NEG_INFINITY,
                1e4,
                -1e4,
            ] {
                check(x);
            }
            assert!(
                worst.0 <= limit,
                "{name} {kind}: {} ulp at {}",
                worst.0,
                worst.1
            );
            assert!(fast(f32::NAN).is_nan(), "{name} {kind} loses NaN");
        }
    }

    #[test]
    fn exp_is_exact_to_rounding() {
        worst(
            "exp",
            1.5,
            110.0,
            [exp::<Fused>, exp::<Separate>],
            libm::exp,
        );
        assert_eq!(exp::<Fused>(0.0), 1.0);
    }

    #[test]
    fn erf_is_exact_to_rounding() {
        worst("erf", 2.5, 6.0, [erf::<Fused>, erf::<Separate>], libm::erf);
    }

    #[test]
    fn tanh_is_exact_to_rounding() {
        worst(
            "tanh",
            2.5,
            12.0,
            [tanh::<Fused>, tanh::<Separate>],
            libm::tanh,
        );
    }

    #[test]
    fn sigmoid_is_exact_to_rounding() {
        worst(
            "sigmoid",
            3.0,
            110.0,
            [sigmoid::<Fused>, sigmoid::<Separate>],
            |x| {
                if x < 0.0 {
                    libm::exp(x) / (1.0 + libm::exp(x))
                } else {
                    1.0 / (1.0 + libm::exp(-x))
                }
            },
        );
    }

    #[test]
    fn sin_is_exact_where_its_argument_is() {
        for (name, fast) in [
            ("fused", sin::<Fused> as fn(f32) -> f32),
            ("separate", sin::<Separate>),
        ] {
            for (range, tolerance) in [(3.0, 1.5e-7), (100.0, 2e-7), (1e4, 1e-6)] {
                for step in -100_000_i32..=100_000 {
                    let x = (range * f64::from(step) / 1e5) as f32;
                    let error = (f64::from(fast(x)) - libm::sin(f64::from(x))).abs();
                    assert!(error <= tolerance, "{name}: {error} at {x}");
                }
            }
            for x in [1e6, -1e8, 3e30, f32::MAX] {
                assert!(fast(x).abs() <= 1.0, "{name}: {} at {x}", fast(x));
            }
            assert!(fast(f32::NAN).is_nan() && fast(0.0) == 0.0 && fast(-1e-30) == -1e-30);
        }
    }

    #[test]
    fn lanes_add_up() {
        assert_eq!(sum_lanes(std::array::from_fn(|i| i as f32)), 120.0);
        assert_eq!(sum_lanes_f64(&std::array::from_fn(|i| i as f64)), 120.0);
        let values: Vec<f32> = (0..37).map(|i| i as f32).collect();
        assert_eq!(sum_by(&values, f64::from), 666.0);
        assert_eq!(
            sum_by2(&values, &values[..20], |a, b| f64::from(a * b)),
            2470.0
        );
        assert_eq!(maximum(&values), 36.0);
        assert_eq!(maximum(&[-3.0, -2.0]), -2.0);
        assert_eq!(maximum(&[]), f32::NEG_INFINITY);
    }
}
