//! Asks the processor to bring memory near before it is needed.
#![allow(unsafe_code)]

/// Begins to load the line of memory that lies `ahead` values behind the first of `values`; it need not be theirs. For loops
/// that compute long on each vector: asked for one by one, the lines come in while others are worked on.
#[inline(always)]
pub fn prefetch_ahead(values: &[f32], ahead: usize) {
    #[cfg(target_arch = "x86_64")]
    {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};

        // SAFETY: a prefetch may name any address, and SSE is part of x86-64.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(values.as_ptr().wrapping_add(ahead).cast()) }
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = (values, ahead);
}

/// Begins to load `length` values from `start` on, as far as they exist. Changes nothing but time.
#[inline(always)]
pub fn prefetch(values: &[f32], start: usize, length: usize) {
    #[cfg(target_arch = "x86_64")]
    {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};

        const LINE: usize = 16;
        let end = values.len().min(start + length);
        for at in (start..end).step_by(LINE) {
            // SAFETY: the address lies inside the slice, and SSE is part of x86-64.
            unsafe { _mm_prefetch::<_MM_HINT_T0>(values.as_ptr().add(at).cast()) }
        }
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = (values, start, length);
}
