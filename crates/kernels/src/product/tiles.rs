//! The tile kernels: 32 × 32 results on AMX tiles.
//!
//! Tiles 0 to 3 hold the result, 4 and 5 sixteen rows each of the left, 6 and 7 sixteen columns each of the right operand.
//! Sums run through the depth in order; with three parts a block adds its small products first.
#![allow(unsafe_code)]
#![cfg(target_arch = "x86_64")]

use std::arch::asm;

use super::panel::PLANE;

/// Bytes of a plane.
const BYTES: usize = 2 * PLANE;

/// The layout of the tile registers: palette 1, eight tiles of 16 rows of 64 bytes.
#[repr(C, align(64))]
struct Configuration {
    palette: u8,
    start_row: u8,
    reserved: [u8; 14],
    row_bytes: [u16; 16],
    rows: [u8; 16],
}

static CONFIGURATION: Configuration = Configuration {
    palette: 1,
    start_row: 0,
    reserved: [0; 14],
    row_bytes: [64, 64, 64, 64, 64, 64, 64, 64, 0, 0, 0, 0, 0, 0, 0, 0],
    rows: [16, 16, 16, 16, 16, 16, 16, 16, 0, 0, 0, 0, 0, 0, 0, 0],
};

/// The tile registers of this thread, configured; released when dropped, so that nothing saves them any longer.
pub(super) struct Tiles(());

impl Tiles {
    /// # Safety
    /// The processor has AMX tiles and the operating system has granted them ([`crate::permission::tiles`]).
    pub(super) unsafe fn configure() -> Self {
        // SAFETY: 64 bytes in the layout of palette 1.
        unsafe {
            asm!("ldtilecfg [{}]", in(reg) &raw const CONFIGURATION, options(nostack, readonly));
        }
        Self(())
    }

    /// The result `[32, 32]` of two panels, into rows `stride` values apart. It starts from the old values if `add`, else
    /// from `start` (32 values for every row) or zero.
    ///
    /// # Safety
    /// `left` and `right` point to panels of `blocks` blocks of `PARTS` planes, `result` to 32 rows of 32 values, and
    /// `start` to 32 values if it is there.
    #[expect(
        clippy::unused_self,
        reason = "the tiles are the registers, and having them is the permission"
    )]
    pub(super) unsafe fn multiply<const PARTS: usize>(
        &self,
        blocks: usize,
        left: *const u16,
        right: *const u16,
        result: *mut f32,
        stride: usize,
        add: bool,
        start: Option<*const f32>,
    ) {
        // SAFETY: as the caller promises; a tile is read or written with 16 rows of 64 bytes.
        unsafe {
            let lower = result.add(16 * stride);
            let bytes = 4 * stride;
            if add {
                asm!(
                    "tileloadd tmm0, [{upper} + {stride}]",
                    "tileloadd tmm1, [{upper} + {stride} + 64]",
                    "tileloadd tmm2, [{lower} + {stride}]",
                    "tileloadd tmm3, [{lower} + {stride} + 64]",
                    upper = in(reg) result,
                    lower = in(reg) lower,
                    stride = in(reg) bytes,
                    options(nostack, readonly),
                );
            } else if let Some(start) = start {
                // A stride of zero reads the same row sixteen times.
                asm!(
                    "tileloadd tmm0, [{start} + {stride}]",
                    "tileloadd tmm1, [{start} + {stride} + 64]",
                    "tileloadd tmm2, [{start} + {stride}]",
                    "tileloadd tmm3, [{start} + {stride} + 64]",
                    start = in(reg) start,
                    stride = in(reg) 0_usize,
                    options(nostack, readonly),
                );
            } else {
                asm!(
                    "tilezero tmm0",
                    "tilezero tmm1",
                    "tilezero tmm2",
                    "tilezero tmm3",
                    options(nostack, nomem),
                );
            }
            if PARTS == 1 {
                single(blocks, left, right);
            } else {
                triple(blocks, left, right);
            }
            asm!(
                "tilestored [{upper} + {stride}], tmm0",
                "tilestored [{upper} + {stride} + 64], tmm1",
                "tilestored [{lower} + {stride}], tmm2",
                "tilestored [{lower} + {stride} + 64], tmm3",
                upper = in(reg) result,
                lower = in(reg) lower,
                stride = in(reg) bytes,
                options(nostack),
            );
        }
    }
}

impl Drop for Tiles {
    fn drop(&mut self) {
        // SAFETY: the tiles are configured; nothing uses them any longer.
        unsafe { asm!("tilerelease", options(nostack, nomem)) }
    }
}

/// Eight lines of a panel's next block: the processor does not foresee what tiles will load.
macro_rules! ahead {
    ($panel:literal, $block:literal, $line:literal) => {
        concat!(
            "prefetcht0 [{",
            $panel,
            "} + ",
            $block,
            " + 64 * ",
            $line,
            "]; ",
            "prefetcht0 [{",
            $panel,
            "} + ",
            $block,
            " + 64 * ",
            $line,
            " + 64]; ",
            "prefetcht0 [{",
            $panel,
            "} + ",
            $block,
            " + 64 * ",
            $line,
            " + 128]; ",
            "prefetcht0 [{",
            $panel,
            "} + ",
            $block,
            " + 64 * ",
            $line,
            " + 192]; ",
            "prefetcht0 [{",
            $panel,
            "} + ",
            $block,
            " + 64 * ",
            $line,
            " + 256]; ",
            "prefetcht0 [{",
            $panel,
            "} + ",
            $block,
            " + 64 * ",
            $line,
            " + 320]; ",
            "prefetcht0 [{",
            $panel,
            "} + ",
            $block,
            " + 64 * ",
            $line,
            " + 384]; ",
            "prefetcht0 [{",
            $panel,
            "} + ",
            $block,
            " + 64 * ",
            $line,
            " + 448]",
        )
    };
}

/// Adds the products of two panels of one part.
///
/// # Safety
/// Tiles are configured; the panels have `blocks` blocks.
#[inline(always)]
unsafe fn single(blocks: usize, left: *const u16, right: *const u16) {
    if blocks == 0 {
        return;
    }
    // SAFETY: a block is 2,048 bytes of each panel; the loop reads `blocks` of them.
    unsafe {
        asm!(
            "2:",
            "tileloadd tmm6, [{right} + {pairs}]",
            "tileloadd tmm4, [{left} + {rows}]",
            "tdpbf16ps tmm0, tmm4, tmm6",
            ahead!("left", 4096, 0),
            ahead!("left", 4096, 8),
            "tileloadd tmm7, [{right} + {pairs} + 64]",
            "tdpbf16ps tmm1, tmm4, tmm7",
            ahead!("left", 4096, 16),
            ahead!("left", 4096, 24),
            "tileloadd tmm5, [{left} + {rows} + 1024]",
            "tdpbf16ps tmm2, tmm5, tmm6",
            ahead!("right", 4096, 0),
            ahead!("right", 4096, 8),
            "tdpbf16ps tmm3, tmm5, tmm7",
            ahead!("right", 4096, 16),
            ahead!("right", 4096, 24),
            "add {left}, {block}",
            "add {right}, {block}",
            "dec {blocks}",
            "jnz 2b",
            left = inout(reg) left => _,
            right = inout(reg) right => _,
            blocks = inout(reg) blocks => _,
            rows = in(reg) 64_usize,
            pairs = in(reg) 128_usize,
            block = const BYTES,
            options(nostack, readonly),
        );
    }
}

/// Adds the six products of parts (high, middle, low) of two panels that reach the last bit of an f32: high·low,
/// high·middle and high·high, middle·middle and middle·high, low·high (left·right).
///
/// # Safety
/// Tiles are configured; the panels have `blocks` blocks.
#[inline(always)]
unsafe fn triple(blocks: usize, left: *const u16, right: *const u16) {
    if blocks == 0 {
        return;
    }
    // SAFETY: a block is 6,144 bytes of each panel; the loop reads `blocks` of them.
    unsafe {
        asm!(
            "2:",
            "tileloadd tmm6, [{right} + {pairs}]",
            "tileloadd tmm4, [{left} + {rows} + 4096]",
            "tdpbf16ps tmm0, tmm4, tmm6",
            ahead!("left", 6144, 0),
            "tileloadd tmm7, [{right} + {pairs} + 64]",
            "tdpbf16ps tmm1, tmm4, tmm7",
            ahead!("left", 6144, 8),
            "tileloadd tmm5, [{left} + {rows} + 5120]",
            "tdpbf16ps tmm2, tmm5, tmm6",
            ahead!("left", 6144, 16),
            "tdpbf16ps tmm3, tmm5, tmm7",
            ahead!("left", 6144, 24),
            "tileloadd tmm4, [{left} + {rows} + 2048]",
            "tdpbf16ps tmm0, tmm4, tmm6",
            ahead!("left", 6144, 32),
            "tdpbf16ps tmm1, tmm4, tmm7",
            ahead!("left", 6144, 40),
            "tileloadd tmm5, [{left} + {rows} + 3072]",
            "tdpbf16ps tmm2, tmm5, tmm6",
            ahead!("left", 6144, 48),
            "tdpbf16ps tmm3, tmm5, tmm7",
            ahead!("left", 6144, 56),
            "tileloadd tmm6, [{right} + {pairs} + 2048]",
            "tdpbf16ps tmm0, tmm4, tmm6",
            ahead!("left", 6144, 64),
            "tdpbf16ps tmm2, tmm5, tmm6",
            ahead!("left", 6144, 72),
            "tileloadd tmm7, [{right} + {pairs} + 2112]",
            "tdpbf16ps tmm1, tmm4, tmm7",
            ahead!("left", 6144, 80),
            "tdpbf16ps tmm3, tmm5, tmm7",
            ahead!("left", 6144, 88),
            "tileloadd tmm4, [{left} + {rows}]",
            "tdpbf16ps tmm0, tmm4, tmm6",
            ahead!("right", 6144, 0),
            "tdpbf16ps tmm1, tmm4, tmm7",
            ahead!("right", 6144, 8),
            "tileloadd tmm5, [{left} + {rows} + 1024]",
            "tdpbf16ps tmm2, tmm5, tmm6",
            ahead!("right", 6144, 16),
            "tdpbf16ps tmm3, tmm5, tmm7",
            ahead!("right", 6144, 24),
            "tileloadd tmm6, [{right} + {pairs} + 4096]",
            "tdpbf16ps tmm0, tmm4, tmm6",
            ahead!("right", 6144, 32),
            "tdpbf16ps tmm2, tmm5, tmm6",
            ahead!("right", 6144, 40),
            "tileloadd tmm7, [{right} + {pairs} + 4160]",
            "tdpbf16ps tmm1, tmm4, tmm7",
            ahead!("right", 6144, 48),
            "tdpbf16ps tmm3, tmm5, tmm7",
            ahead!("right", 6144, 56),
            "tileloadd tmm6, [{right} + {pairs}]",
            "tdpbf16ps tmm0, tmm4, tmm6",
            ahead!("right", 6144, 64),
            "tdpbf16ps tmm2, tmm5, tmm6",
            ahead!("right", 6144, 72),
            "tileloadd tmm7, [{right} + {pairs} + 64]",
            "tdpbf16ps tmm1, tmm4, tmm7",
            ahead!("right", 6144, 80),
            "tdpbf16ps tmm3, tmm5, tmm7",
            ahead!("right", 6144, 88),
            "add {left}, {block}",
            "add {right}, {block}",
            "dec {blocks}",
            "jnz 2b",
            left = inout(reg) left => _,
            right = inout(reg) right => _,
            blocks = inout(reg) blocks => _,
            rows = in(reg) 64_usize,
            pairs = in(reg) 128_usize,
            block = const 3 * BYTES,
            options(nostack, readonly),
        );
    }
}
