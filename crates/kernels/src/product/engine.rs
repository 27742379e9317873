//! Which instructions a matrix product runs on.

use std::fmt;

use crate::Precision;
use crate::dispatch::{self, Level};

/// How matrix products of one precision are computed on this processor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    /// f32 by the `gemm` crate with the widest vectors there are.
    Vectors,
    /// f32 with AVX-512 on packed panels.
    PanelVectors,
    /// f32 on AMX tiles: each operand is the exact sum of three bf16 parts, and the six products of parts that reach the
    /// last bit of an f32 are added in f32. As exact as f32 arithmetic, and faster, because tiles multiply
    /// sixteen times as many numbers in an instruction.
    SplitTiles,
    /// bf16 on AMX tiles (`tdpbf16ps`).
    Bf16Tiles,
    /// bf16 with AVX512-BF16 (`vdpbf16ps`).
    Bf16Vectors,
    /// bf16 without instructions for it: operands are rounded, then multiplied in f32. Slower than f32.
    RoundedVectors,
}

impl Engine {
    /// The name in reports.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Vectors => "f32 vectors",
            Self::PanelVectors => "AVX-512 on packed panels",
            Self::SplitTiles => "AMX tiles on three bf16 parts",
            Self::Bf16Tiles => "AMX tiles",
            Self::Bf16Vectors => "AVX512-BF16",
            Self::RoundedVectors => "f32 vectors on rounded operands",
        }
    }

    /// The engine of a precision: the fastest that the processor and the [level](dispatch::level) allow.
    pub fn of(precision: Precision) -> Self {
        let level = dispatch::level();
        match precision {
            Precision::F32 if level >= Level::Amx => Self::SplitTiles,
            Precision::F32 if level >= Level::Avx512 => Self::PanelVectors,
            Precision::F32 => Self::Vectors,
            Precision::Bf16 if level >= Level::Amx => Self::Bf16Tiles,
            Precision::Bf16 if level >= Level::Avx512 && has_bf16_vectors() => Self::Bf16Vectors,
            Precision::Bf16 => Self::RoundedVectors,
        }
    }
}

#[cfg(target_arch = "x86_64")]
impl Engine {
    /// Whether products run on AMX tiles.
    pub(super) const fn has_tiles(self) -> bool {
        matches!(self, Self::SplitTiles | Self::Bf16Tiles)
    }
}

impl fmt::Display for Engine {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

/// Whether bf16 products are faster than f32 ones on this processor.
pub fn bf16_is_fast() -> bool {
    Engine::of(Precision::Bf16) != Engine::RoundedVectors
}

#[cfg(target_arch = "x86_64")]
fn has_bf16_vectors() -> bool {
    std::arch::is_x86_feature_detected!("avx512bf16")
}

#[cfg(not(target_arch = "x86_64"))]
fn has_bf16_vectors() -> bool {
    false
}
