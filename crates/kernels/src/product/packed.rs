//! Right operands that are packed once and multiplied several times.
#![allow(unsafe_code)]

use super::{Precision, View};

#[cfg(target_arch = "x86_64")]
pub(crate) use super::blocked::Packed;

/// Nothing is packed on other processors.
#[cfg(not(target_arch = "x86_64"))]
#[derive(Debug)]
pub(crate) enum Packed {}

/// The right operand in panels; `None` where products of this precision and size do not work on panels.
#[cfg(target_arch = "x86_64")]
pub(crate) fn pack(precision: Precision, right: View<'_>) -> Option<Packed> {
    super::weight_engine(precision, right).map(|engine| Packed::new(engine, right))
}

/// The right operand in panels; `None` where products of this precision and size do not work on panels.
#[cfg(not(target_arch = "x86_64"))]
pub(crate) fn pack(_precision: Precision, _right: View<'_>) -> Option<Packed> {
    None
}

/// `result = left packed (+ start)`; the same bits as without packing ahead.
#[cfg(target_arch = "x86_64")]
pub(crate) fn multiply_packed(
    left: View<'_>,
    right: &Packed,
    start: Option<&[f32]>,
    result: &mut [f32],
) {
    use super::blocked::{self, Right};
    use super::{Mode, Threads};

    let columns = right.columns();
    assert!(
        start.is_none_or(|start| start.len() == columns),
        "start is as a row of the result"
    );
    assert_eq!(
        result.len(),
        left.rows() * columns,
        "result is [rows, columns]"
    );
    if result.is_empty() {
        return;
    }
    let (mode, threads, pointer) = (Mode::Overwrite, Threads::All, result.as_mut_ptr());
    let right = Right::Packed(right);
    // SAFETY: packing has asked for the instructions, and the slice, borrowed mutably, has the result's shape.
    unsafe { blocked::multiply(left, right, 1.0, mode, start, threads, pointer, columns) }
}

/// There is no packed operand to multiply by.
#[cfg(not(target_arch = "x86_64"))]
pub(crate) fn multiply_packed(
    _left: View<'_>,
    right: &Packed,
    _start: Option<&[f32]>,
    _result: &mut [f32],
) {
    match *right {}
}
