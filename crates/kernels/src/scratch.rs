//! Reused work memory: fresh pages cost more to clear than the kernels that need them.

use std::cell::RefCell;

thread_local! {
    static FREE: RefCell<Vec<Vec<f32>>> = const { RefCell::new(Vec::new()) };
}

/// Buffers that a thread keeps; a kernel uses at most this many at once.
const KEPT: usize = 8;

/// Work memory of `length` values with unspecified (old) contents, given back to its thread when dropped.
#[derive(Debug)]
pub struct Scratch {
    buffer: Vec<f32>,
    length: usize,
}

impl Scratch {
    /// A buffer of this length; its values are those of its last use.
    pub fn new(length: usize) -> Self {
        // The buffer is taken out of the list, so that a task stolen meanwhile by the same thread gets another one.
        let mut buffer = FREE.with_borrow_mut(|free| {
            let best = (0..free.len())
                .filter(|&index| free[index].len() >= length)
                .min_by_key(|&index| free[index].len());
            match best {
                Some(index) => free.swap_remove(index),
                None => free.pop().unwrap_or_default(),
            }
        });
        if buffer.len() < length {
            buffer = vec![0.0; length];
        }
        Self { buffer, length }
    }
}

impl std::ops::Deref for Scratch {
    type Target = [f32];
    fn deref(&self) -> &[f32] {
        &self.buffer[..self.length]
    }
}

impl std::ops::DerefMut for Scratch {
    fn deref_mut(&mut self) -> &mut [f32] {
        &mut self.buffer[..self.length]
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let buffer = std::mem::take(&mut self.buffer);
        // During the end of a thread the list may be gone; the buffer is then freed.
        let _ = FREE.try_with(|free| {
            if let Ok(mut free) = free.try_borrow_mut()
                && free.len() < KEPT
            {
                free.push(buffer);
            }
        });
    }
}
