//! The loops around the tile kernels: operands are packed into panels piece by piece, tasks own disjoint parts of the result.
//!
//! A value of the result is one sum through the depth in order, in pieces of a fixed length, so neither the number of
//! threads nor the number of rows or columns of the product changes its bits.
#![allow(unsafe_code)]
#![cfg(target_arch = "x86_64")]

use std::ops::{DerefMut, Range};

use rayon::prelude::*;

use super::engine::Engine;
use super::panel::{self, SIDE, panel_length};
use super::panel_f32;
use super::tiles::Tiles;
use super::{Mode, Threads, View, vectors, vectors_f32};
use crate::parallel;
use crate::scratch::Scratch;

/// Panels of the left operand that a task keeps packed in the cache, at most.
const LEFT_PANELS: usize = 8;
/// Right panels that a task runs through before the next left panel, and that are packed together.
const RIGHT_PANELS: usize = 8;
/// Depth of a piece: the left panels of a task stay in the L2 cache.
const fn piece(planes: usize) -> usize {
    if planes == 1 { 1024 } else { 512 }
}

/// Left panels that are few.
const FEW_PANELS: usize = 4;
/// Columns that a task has at least.
const TASK_COLUMNS: usize = 128;

/// A result in memory that tasks write disjoint parts of.
#[derive(Clone, Copy)]
struct Target {
    pointer: *mut f32,
    stride: usize,
}

// SAFETY: each task writes its own rows and columns only.
unsafe impl Send for Target {}
// SAFETY: as above.
unsafe impl Sync for Target {}

/// Panels in 64-byte aligned memory, of their own or borrowed for work.
#[derive(Debug)]
struct Panels<M> {
    memory: M,
    offset: usize,
    length: usize,
}

/// Values of f32 that hold `length` values of 16 bits, wherever they are aligned.
const fn memory_length(length: usize) -> usize {
    length.div_ceil(2) + 16
}

impl Panels<Scratch> {
    /// Work memory for `length` values of 16 bits, contents unspecified.
    fn new(length: usize) -> Self {
        Self::within(Scratch::new(memory_length(length)), length)
    }
}

impl<M: DerefMut<Target = [f32]>> Panels<M> {
    fn within(memory: M, length: usize) -> Self {
        let offset = memory.as_ptr().align_offset(64).min(16);
        Self {
            memory,
            offset,
            length,
        }
    }

    fn values(&self) -> &[u16] {
        let values = &self.memory[self.offset..];
        debug_assert!(self.length <= 2 * values.len());
        // SAFETY: an f32 is two 16-bit integers without invalid values, and `length` of them fit.
        unsafe { std::slice::from_raw_parts(values.as_ptr().cast(), self.length) }
    }

    fn values_mut(&mut self) -> &mut [u16] {
        let values = &mut self.memory[self.offset..];
        debug_assert!(self.length <= 2 * values.len());
        // SAFETY: as above; the borrow is unique.
        unsafe { std::slice::from_raw_parts_mut(values.as_mut_ptr().cast(), self.length) }
    }
}

/// A right operand in panels, for several products.
#[derive(Debug)]
pub(crate) struct Packed {
    engine: Engine,
    depth: usize,
    columns: usize,
    panels: Panels<Vec<f32>>,
}

impl Packed {
    /// The processor has what `engine` needs.
    pub(super) fn new(engine: Engine, right: View<'_>) -> Self {
        let planes = planes(engine);
        let length = right.columns.div_ceil(SIDE) * panel_length(right.rows, planes);
        let mut panels = Panels::within(vec![0.0; memory_length(length)], length);
        pack(planes, right, Threads::All, panels.values_mut());
        Self {
            engine,
            depth: right.rows,
            columns: right.columns,
            panels,
        }
    }

    pub(super) fn columns(&self) -> usize {
        self.columns
    }
}

/// The right operand of a product.
#[derive(Clone, Copy)]
pub(super) enum Right<'a> {
    Plain(Engine, View<'a>),
    Packed(&'a Packed),
}

/// Planes of 16-bit values that a block of an operand takes on an engine of our own: one for bf16, two for f32, three for
/// the parts of an f32.
fn planes(engine: Engine) -> usize {
    match engine {
        Engine::SplitTiles => 3,
        Engine::PanelVectors => 2,
        _ => 1,
    }
}

/// Fills neighbouring left panels; see [`panel`].
///
/// # Safety
/// The processor has what the engine of this many planes needs.
unsafe fn pack_left<const PLANES: usize>(
    left: View<'_>,
    first: usize,
    depth: Range<usize>,
    factor: f32,
    panels: &mut [u16],
) {
    // SAFETY: as the caller promises.
    unsafe {
        if PLANES == 2 {
            panel_f32::pack(left, first, depth, factor, panels);
        } else {
            panel::pack_left::<PLANES>(left, first, depth, factor, panels);
        }
    }
}

/// Fills the panels of a right operand.
fn pack(planes: usize, right: View<'_>, threads: Threads, panels: &mut [u16]) {
    let depth = right.rows;
    let group = RIGHT_PANELS * panel_length(depth, planes);
    let fill = |index: usize, panels: &mut [u16]| {
        let first = index * RIGHT_PANELS * SIDE;
        // SAFETY: engines of our own are chosen only where these instructions are.
        unsafe {
            match planes {
                3 => panel::pack_right::<3>(right, first, 0..depth, panels),
                2 => panel_f32::pack(right.transposed(), first, 0..depth, 1.0, panels),
                _ => panel::pack_right::<1>(right, first, 0..depth, panels),
            }
        }
    };
    match threads {
        _ if group == 0 => {}
        Threads::One => {
            for (index, panels) in panels.chunks_mut(group).enumerate() {
                fill(index, panels);
            }
        }
        Threads::All => parallel::for_each_chunk(panels, group, fill),
    }
}

/// `result = factor · left right (+ start | + old values)` on bf16 panels.
///
/// # Safety
/// The processor has what the engine needs, and `result + row * stride + column` is valid for reads and writes for all
/// rows of `left` and columns of `right`, and nothing else accesses it meanwhile.
pub(super) unsafe fn multiply(
    left: View<'_>,
    right: Right<'_>,
    factor: f32,
    mode: Mode,
    start: Option<&[f32]>,
    threads: Threads,
    result: *mut f32,
    stride: usize,
) {
    let target = Target {
        pointer: result,
        stride,
    };
    let packed_here;
    let (engine, columns, panels) = match right {
        Right::Packed(packed) => {
            assert_eq!(
                packed.depth, left.columns,
                "inner sizes of a matrix product"
            );
            (packed.engine, packed.columns, packed.panels.values())
        }
        Right::Plain(engine, right) => {
            let planes = planes(engine);
            let length = right.columns.div_ceil(SIDE) * panel_length(right.rows, planes);
            let mut panels = Panels::new(length);
            pack(planes, right, threads, panels.values_mut());
            packed_here = panels;
            (engine, right.columns, packed_here.values())
        }
    };
    // SAFETY: as the caller promises.
    unsafe {
        match planes(engine) {
            3 => run::<3>(
                engine, left, columns, panels, factor, mode, start, threads, target,
            ),
            2 => run::<2>(
                engine, left, columns, panels, factor, mode, start, threads, target,
            ),
            _ => run::<1>(
                engine, left, columns, panels, factor, mode, start, threads, target,
            ),
        }
    }
}

/// # Safety
/// As [`multiply`].
unsafe fn run<const PLANES: usize>(
    engine: Engine,
    left: View<'_>,
    columns: usize,
    right: &[u16],
    factor: f32,
    mode: Mode,
    start: Option<&[f32]>,
    threads: Threads,
    target: Target,
) {
    let panels = columns.div_ceil(SIDE);
    let start = start.map(|start| {
        let mut padded = vec![0.0; panels * SIDE];
        padded[..start.len()].copy_from_slice(start);
        padded
    });
    let product = Product::<'_, PLANES> {
        engine,
        left,
        columns,
        right,
        factor,
        add: mode == Mode::Add,
        start: start.as_deref(),
        target,
        band_panels: LEFT_PANELS,
        shared_left: None,
    };
    let left_panels = left.rows.div_ceil(SIDE);
    // How the work is cut changes no bits, so it may follow the number of threads.
    let (workers, product) = match threads {
        Threads::One => (1, product),
        Threads::All => {
            let workers = rayon::current_num_threads();
            // A wide right operand is read once for each band: then bands are high, and the columns are shared out.
            let band_panels = if columns > left.rows {
                LEFT_PANELS
            } else {
                left_panels.div_ceil(2 * workers).clamp(2, LEFT_PANELS)
            };
            (
                workers,
                Product {
                    band_panels,
                    ..product
                },
            )
        }
    };
    let bands = left_panels.div_ceil(product.band_panels);
    match threads {
        Threads::One => {
            for band in 0..bands {
                // SAFETY: one task after the other.
                unsafe { product.band(band, 0..panels) };
            }
        }
        Threads::All => {
            // Few rows: the columns are shared out too, and the rows are packed before.
            let most = columns.div_ceil(TASK_COLUMNS);
            let parts = (2 * workers).div_ceil(bands.max(1)).clamp(1, most.max(1));
            let share = panels.div_ceil(parts);
            let width = panel_length(left.columns, PLANES);
            let mut left_memory = None;
            if parts > 1 && width > 0 {
                let memory: &mut Panels<Scratch> =
                    left_memory.insert(Panels::new(left_panels * width));
                parallel::for_each_chunk(memory.values_mut(), width, |index, panel| {
                    // SAFETY: engines of our own are chosen only where these instructions are.
                    unsafe {
                        let first = index * SIDE;
                        pack_left::<PLANES>(left, first, 0..left.columns, factor, panel);
                    }
                });
            }
            let product = Product {
                shared_left: left_memory.as_ref().map(Panels::values),
                ..product
            };
            (0..bands * parts).into_par_iter().for_each(|task| {
                let (band, part) = (task / parts, task % parts);
                let range = (part * share).min(panels)..((part + 1) * share).min(panels);
                // SAFETY: tasks differ in their rows or in their columns.
                unsafe { product.band(band, range) };
            });
        }
    }
}

/// A product whose right operand is packed.
struct Product<'a, const PLANES: usize> {
    engine: Engine,
    left: View<'a>,
    columns: usize,
    right: &'a [u16],
    factor: f32,
    add: bool,
    start: Option<&'a [f32]>,
    target: Target,
    /// Left panels of a band.
    band_panels: usize,
    /// The left operand in panels, where tasks share them; else each task packs its own.
    shared_left: Option<&'a [u16]>,
}

impl<const PLANES: usize> Product<'_, PLANES> {
    /// Rows of a band times the columns of some right panels.
    ///
    /// # Safety
    /// As [`multiply`], and nothing else accesses this part of the result meanwhile.
    unsafe fn band(&self, band: usize, right_panels: Range<usize>) {
        if right_panels.is_empty() {
            return;
        }
        let depth = self.left.columns;
        let height = self.band_panels * SIDE;
        let rows = band * height..self.left.rows.min((band + 1) * height);
        let left_panels = rows.len().div_ceil(SIDE);
        let width = panel_length(depth, PLANES);
        let longest = panel_length(depth.min(piece(PLANES)), PLANES);
        let own_panels = if self.shared_left.is_some() {
            0
        } else {
            left_panels
        };
        let mut packed = Panels::new(own_panels * longest);
        // SAFETY: the engine is chosen only where tiles are granted.
        let tiles = self
            .engine
            .has_tiles()
            .then(|| unsafe { Tiles::configure() });
        let mut from = 0;
        loop {
            let to = depth.min(from + piece(PLANES));
            let length = panel_length(to - from, PLANES);
            if self.shared_left.is_none() {
                // SAFETY: engines of our own are chosen only where these instructions are.
                unsafe {
                    pack_left::<PLANES>(
                        self.left,
                        rows.start,
                        from..to,
                        self.factor,
                        &mut packed.values_mut()[..left_panels * length],
                    );
                }
            }
            let left_panel = |index: usize| match self.shared_left {
                Some(shared) => {
                    let begin = (rows.start / SIDE + index) * width + panel_length(from, PLANES);
                    &shared[begin..begin + length]
                }
                None => &packed.values()[index * length..(index + 1) * length],
            };
            let add = self.add || from > 0;
            let few = left_panels <= FEW_PANELS;
            for group in right_panels.clone().step_by(RIGHT_PANELS) {
                let group = group..right_panels.end.min(group + RIGHT_PANELS);
                // Few rows: the right operand comes from memory once for all of them, so that it streams while they are
                // multiplied. Many rows: a row's neighbours in the result are written one after the other.
                let (outer, inner) = if few {
                    (group.clone(), 0..left_panels)
                } else {
                    (0..left_panels, group.clone())
                };
                for outer in outer {
                    for inner in inner.clone() {
                        let (index, right_panel) =
                            if few { (inner, outer) } else { (outer, inner) };
                        let left = left_panel(index);
                        let begin = right_panel * width + panel_length(from, PLANES);
                        let right = &self.right[begin..begin + length];
                        let (row, column) = (rows.start + index * SIDE, right_panel * SIDE);
                        // SAFETY: a tile inside the task's part of the result.
                        unsafe { self.tile(tiles.as_ref(), left, right, row, column, add) };
                    }
                }
            }
            from = to;
            if from == depth {
                break;
            }
        }
    }

    /// One 32 × 32 tile of the result, or what of it lies inside.
    ///
    /// # Safety
    /// As [`Self::band`].
    unsafe fn tile(
        &self,
        tiles: Option<&Tiles>,
        left: &[u16],
        right: &[u16],
        row: usize,
        column: usize,
        add: bool,
    ) {
        // No tool sees what a tile instruction reads and writes.
        debug_assert!(
            row < self.left.rows && column < self.columns,
            "outside the result"
        );
        debug_assert!(
            self.columns <= self.target.stride,
            "rows of the result overlap"
        );
        let start = self
            .start
            .map(|start| start[column..column + SIDE].as_ptr());
        let rows = SIDE.min(self.left.rows - row);
        let columns = SIDE.min(self.columns - column);
        let stride = self.target.stride;
        // SAFETY: the tile begins inside the result; where it does not end inside, it is computed in a buffer of its own.
        unsafe {
            let result = self.target.pointer.add(row * stride + column);
            if rows == SIDE && columns == SIDE {
                Self::kernel(tiles, left, right, result, stride, add, start);
                return;
            }
            let mut buffer = [0.0_f32; SIDE * SIDE];
            if add {
                for (row, buffer) in buffer.chunks_exact_mut(SIDE).take(rows).enumerate() {
                    let old = std::slice::from_raw_parts(result.add(row * stride), columns);
                    buffer[..columns].copy_from_slice(old);
                }
            }
            Self::kernel(tiles, left, right, buffer.as_mut_ptr(), SIDE, add, start);
            for (row, buffer) in buffer.chunks_exact(SIDE).take(rows).enumerate() {
                std::slice::from_raw_parts_mut(result.add(row * stride), columns)
                    .copy_from_slice(&buffer[..columns]);
            }
        }
    }

    /// # Safety
    /// `result` points to 32 rows of 32 values, `stride` apart.
    unsafe fn kernel(
        tiles: Option<&Tiles>,
        left: &[u16],
        right: &[u16],
        result: *mut f32,
        stride: usize,
        add: bool,
        start: Option<*const f32>,
    ) {
        debug_assert_eq!(left.len(), right.len(), "panels of equal depth");
        debug_assert!(
            left.len().is_multiple_of(PLANES * panel::PLANE),
            "whole blocks"
        );
        debug_assert!(SIDE <= stride, "rows of the result overlap");
        let blocks = left.len() / (PLANES * panel::PLANE);
        let (left, right) = (left.as_ptr(), right.as_ptr());
        // SAFETY: the panels have `blocks` blocks; the result is as the caller promises.
        unsafe {
            match tiles {
                Some(tiles) => {
                    tiles.multiply::<PLANES>(blocks, left, right, result, stride, add, start);
                }
                None if PLANES == 2 => {
                    let (left, right) = (left.cast(), right.cast());
                    vectors_f32::multiply(blocks, left, right, result, stride, add, start);
                }
                None => vectors::multiply(blocks, left, right, result, stride, add, start),
            }
        }
    }
}
