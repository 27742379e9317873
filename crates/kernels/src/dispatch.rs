//! Choice of the instruction set at run time.
//!
//! A kernel is written once as an `#[inline(always)]` scalar body, generic over [`Arithmetic`], that works on fixed-size
//! chunks; [`simd!`](crate::simd) compiles that body once per [`Level`] and picks one when called. The compiler vectorises
//! each copy for the instructions of its level.

use std::fmt;
use std::str::FromStr;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU8, Ordering};

/// Name of the environment variable that lowers the level: `portable`, `avx2`, `avx512` or `amx`.
pub const VARIABLE: &str = "PLIANT_SIMD";

/// Instruction sets that a kernel is compiled for, ascending.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Level {
    /// Whatever the target guarantees (SSE2 on x86-64, NEON on `AArch64`); no fused multiply-add is assumed.
    Portable = 0,
    /// AVX2 with FMA.
    Avx2 = 1,
    /// AVX-512 F, VL, BW and DQ with FMA.
    Avx512 = 2,
    /// All of AVX-512 above with AVX512-BF16 and AMX tiles for bf16, which matrix products use.
    Amx = 3,
}

impl Level {
    /// All levels, ascending.
    pub const ALL: [Self; 4] = [Self::Portable, Self::Avx2, Self::Avx512, Self::Amx];

    /// The name that [`VARIABLE`] takes.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Portable => "portable",
            Self::Avx2 => "avx2",
            Self::Avx512 => "avx512",
            Self::Amx => "amx",
        }
    }

    const fn from_index(index: u8) -> Self {
        match index {
            0 => Self::Portable,
            1 => Self::Avx2,
            2 => Self::Avx512,
            _ => Self::Amx,
        }
    }
}

impl fmt::Display for Level {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

/// A value of [`VARIABLE`] that names no level.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownLevel(pub String);

impl fmt::Display for UnknownLevel {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "{VARIABLE}={} is not one of portable, avx2, avx512, amx",
            self.0
        )
    }
}

impl std::error::Error for UnknownLevel {}

impl FromStr for Level {
    type Err = UnknownLevel;

    fn from_str(text: &str) -> Result<Self, UnknownLevel> {
        Self::ALL
            .into_iter()
            .find(|level| level.name() == text)
            .ok_or_else(|| UnknownLevel(text.to_owned()))
    }
}

/// The level that [`VARIABLE`] asks for, `None` when it is not set. The program should report the error; the kernels
/// run at the best level then.
pub fn requested() -> Result<Option<Level>, UnknownLevel> {
    match std::env::var_os(VARIABLE) {
        None => Ok(None),
        Some(value) => value.to_string_lossy().parse().map(Some),
    }
}

/// The highest level that this processor supports.
pub fn supported() -> Level {
    static SUPPORTED: OnceLock<Level> = OnceLock::new();
    *SUPPORTED.get_or_init(|| {
        let has = |wanted: &[&str]| {
            features()
                .iter()
                .filter(|(name, present)| *present && wanted.contains(name))
                .count()
                == wanted.len()
        };
        let avx512 = ["avx2", "fma", "avx512f", "avx512vl", "avx512bw", "avx512dq"];
        if has(&avx512) && has(&["avx512bf16", "amx"]) {
            Level::Amx
        } else if has(&avx512) {
            Level::Avx512
        } else if has(&["avx2", "fma"]) {
            Level::Avx2
        } else {
            Level::Portable
        }
    })
}

/// Processor features that the kernels ask about, and whether they are there.
#[cfg(target_arch = "x86_64")]
pub fn features() -> Vec<(&'static str, bool)> {
    use std::arch::is_x86_feature_detected as detected;
    vec![
        ("sse2", detected!("sse2")),
        ("avx2", detected!("avx2")),
        ("fma", detected!("fma")),
        ("avx512f", detected!("avx512f")),
        ("avx512vl", detected!("avx512vl")),
        ("avx512bw", detected!("avx512bw")),
        ("avx512dq", detected!("avx512dq")),
        ("avx512bf16", detected!("avx512bf16")),
        ("amx", crate::permission::tiles()),
    ]
}

/// Processor features that the kernels ask about, and whether they are there.
#[cfg(target_arch = "aarch64")]
pub fn features() -> Vec<(&'static str, bool)> {
    vec![("neon", std::arch::is_aarch64_feature_detected!("neon"))]
}

/// Processor features that the kernels ask about, and whether they are there.
#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
pub fn features() -> Vec<(&'static str, bool)> {
    Vec::new()
}

const UNSET: u8 = u8::MAX;
static LEVEL: AtomicU8 = AtomicU8::new(UNSET);

/// The level in use: the best supported one, lowered by [`VARIABLE`]. The `gemm` crate chooses for itself.
#[inline]
pub fn level() -> Level {
    match LEVEL.load(Ordering::Relaxed) {
        UNSET => {
            let level = match requested() {
                Ok(Some(level)) => level.min(supported()),
                Ok(None) | Err(_) => supported(),
            };
            LEVEL.store(level as u8, Ordering::Relaxed);
            level
        }
        index => Level::from_index(index),
    }
}

/// Sets the level of the whole process, at most the supported one, and returns it. For tests that compare levels.
#[doc(hidden)]
pub fn force(level: Level) -> Level {
    let level = level.min(supported());
    LEVEL.store(level as u8, Ordering::Relaxed);
    level
}

/// How a body multiplies and adds: fused where the level has the instruction, in two roundings where it has not
/// (a fused operation would call a slow library function there).
pub trait Arithmetic: Copy + Send + Sync + 'static {
    /// `a * b + c`
    fn mul_add(a: f32, b: f32, c: f32) -> f32;
    /// `a * b + c`
    fn mul_add_f64(a: f64, b: f64, c: f64) -> f64;
}

/// One rounding, one instruction.
#[derive(Clone, Copy, Debug)]
pub struct Fused;

/// Two roundings.
#[derive(Clone, Copy, Debug)]
pub struct Separate;

impl Arithmetic for Fused {
    #[inline(always)]
    fn mul_add(a: f32, b: f32, c: f32) -> f32 {
        a.mul_add(b, c)
    }
    #[inline(always)]
    fn mul_add_f64(a: f64, b: f64, c: f64) -> f64 {
        a.mul_add(b, c)
    }
}

impl Arithmetic for Separate {
    #[inline(always)]
    fn mul_add(a: f32, b: f32, c: f32) -> f32 {
        a * b + c
    }
    #[inline(always)]
    fn mul_add_f64(a: f64, b: f64, c: f64) -> f64 {
        a * b + c
    }
}

/// Arithmetic of [`Level::Portable`]: `AArch64` always has the fused instruction.
#[cfg(target_arch = "aarch64")]
pub type PortableArithmetic = Fused;
/// Arithmetic of [`Level::Portable`]: `AArch64` always has the fused instruction.
#[cfg(not(target_arch = "aarch64"))]
pub type PortableArithmetic = Separate;

/// Instantiates an `#[inline(always)]` body for every [`Level`](crate::dispatch::Level) and dispatches at the call.
///
/// The body's first type parameter is the [`Arithmetic`](crate::dispatch::Arithmetic). Type parameters (each with one
/// bound) and, after a semicolon, constant parameters can follow:
///
/// ```
/// use pliant_kernels::dispatch::Arithmetic;
///
/// #[inline(always)]
/// fn polynomial_body<A: Arithmetic, const N: usize>(coefficients: &[f32; N], values: &mut [f32]) {
///     for value in values {
///         let x = *value;
///         *value = coefficients.iter().rev().fold(0.0, |sum, &c| A::mul_add(sum, x, c));
///     }
/// }
///
/// pliant_kernels::simd! {
///     /// Evaluates the polynomial in place.
///     pub fn polynomial<; const N: usize>(coefficients: &[f32; N], values: &mut [f32]) = polynomial_body;
/// }
///
/// let mut values = [0.0, 1.0, 2.0];
/// polynomial(&[1.0, 0.5], &mut values);
/// assert_eq!(values, [1.0, 1.5, 2.0]);
/// ```
#[macro_export]
macro_rules! simd {
    (
        $(#[$attribute:meta])*
        $visibility:vis fn $name:ident
        $(< $($generic:ident : $bound:path),* $(; $(const $constant:ident : $constant_type:ty),+)? >)?
        ($($argument:ident : $argument_type:ty),* $(,)?) $(-> $result:ty)? = $($body:ident)::+;
    ) => {
        $(#[$attribute])*
        #[allow(unsafe_code)]
        $visibility fn $name
        $(< $($generic: $bound,)* $($(const $constant: $constant_type,)+)? >)?
        ($($argument: $argument_type),*) $(-> $result)? {
            #[cfg(target_arch = "x86_64")]
            #[target_feature(enable = "avx2,fma,avx512f,avx512vl,avx512bw,avx512dq")]
            fn avx512
            $(< $($generic: $bound,)* $($(const $constant: $constant_type,)+)? >)?
            ($($argument: $argument_type),*) $(-> $result)? {
                $($body)::+::<$crate::dispatch::Fused, $($($generic,)* $($($constant,)+)?)?>($($argument),*)
            }
            #[cfg(target_arch = "x86_64")]
            #[target_feature(enable = "avx2,fma")]
            fn avx2
            $(< $($generic: $bound,)* $($(const $constant: $constant_type,)+)? >)?
            ($($argument: $argument_type),*) $(-> $result)? {
                $($body)::+::<$crate::dispatch::Fused, $($($generic,)* $($($constant,)+)?)?>($($argument),*)
            }
            match $crate::dispatch::level() {
                // SAFETY: `level` never exceeds what `dispatch::supported` found on this processor, and that asks
                // for every feature enabled on the function.
                #[cfg(target_arch = "x86_64")]
                $crate::dispatch::Level::Avx512 | $crate::dispatch::Level::Amx => unsafe {
                    avx512::<$($($generic,)* $($($constant,)+)?)?>($($argument),*)
                },
                // SAFETY: as above.
                #[cfg(target_arch = "x86_64")]
                $crate::dispatch::Level::Avx2 => unsafe {
                    avx2::<$($($generic,)* $($($constant,)+)?)?>($($argument),*)
                },
                _ => $($body)::+::<$crate::dispatch::PortableArithmetic, $($($generic,)* $($($constant,)+)?)?>($($argument),*),
            }
        }
    };
}

#[cfg(test)]
mod tests;
