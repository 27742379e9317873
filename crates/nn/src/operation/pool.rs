//! Memory of tensors, reused: fresh pages cost more to clear than most operations need to run.
//!
//! A buffer goes back to the pool when the last tensor that refers to it is dropped, wherever that happens. Buffers keep
//! the values of their last use, so memory is cleared once, when it comes from the system. A buffer that no pass has used
//! for [`KEPT_PASSES`] passes is given back to the system.
#![allow(unsafe_code)]

use std::mem::MaybeUninit;
use std::ops::{Deref, DerefMut};
use std::sync::{Mutex, MutexGuard, PoisonError};

use burn_std::{AccessError, AccessPolicy, AllocationController, AllocationProperty, Bytes};
use pliant_kernels::parallel;

/// Below it (values) the allocator of the process is as good: no pages change hands.
const SMALLEST: usize = 4096;

/// Passes over a model after which an unused buffer is given back.
const KEPT_PASSES: u64 = 16;

static POOL: Mutex<Pool> = Mutex::new(Pool {
    free: Vec::new(),
    pass: 0,
    misses: 0,
    held: 0,
    free_values: 0,
    leases: 0,
});

struct Pool {
    free: Vec<Free>,
    /// Number of the current pass.
    pass: u64,
    misses: u64,
    /// Values in all buffers, in use or free.
    held: usize,
    free_values: usize,
    leases: usize,
}

struct Free {
    values: Vec<f32>,
    /// The pass in which it was given back.
    pass: u64,
}

/// What the tensors of all models of this process hold, beside their parameters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TensorMemory {
    /// Bytes of buffers in use.
    pub used_bytes: usize,
    /// Bytes of buffers that wait for their next use.
    pub free_bytes: usize,
    /// Buffers that had to come from the system so far. Steps of equal shapes add none after the first few.
    pub misses: u64,
}

impl TensorMemory {
    /// The present state.
    pub fn now() -> Self {
        let pool = pool();
        Self {
            used_bytes: size_of::<f32>() * (pool.held - pool.free_values),
            free_bytes: size_of::<f32>() * pool.free_values,
            misses: pool.misses,
        }
    }

    /// Gives all free buffers back to the system. Happens by itself when the last model is dropped.
    pub fn trim() {
        pool().release(|_| true);
    }
}

/// Buffers are kept for reuse while there is a lease; every model holds one.
#[derive(Debug)]
pub(crate) struct MemoryLease(());

impl Default for MemoryLease {
    fn default() -> Self {
        pool().leases += 1;
        Self(())
    }
}

impl Drop for MemoryLease {
    fn drop(&mut self) {
        let mut pool = pool();
        pool.leases -= 1;
        if pool.leases == 0 {
            pool.release(|_| true);
        }
    }
}

/// Says that a pass over a model has ended, and gives back what no recent pass has used.
pub(crate) fn end_pass() {
    let mut pool = pool();
    pool.pass += 1;
    let pass = pool.pass;
    pool.release(|free| free.pass + KEPT_PASSES < pass);
}

fn pool() -> MutexGuard<'static, Pool> {
    // A panic elsewhere leaves the list as it was before or after a change, never between.
    POOL.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Pool {
    /// The smallest free buffer that fits and is not far too large, the one used last among equals. If there is none, a
    /// new one is counted.
    fn take(&mut self, length: usize) -> Option<Vec<f32>> {
        let fits = |free: &Free| (length..=2 * length).contains(&free.values.len());
        let best = self
            .free
            .iter()
            .enumerate()
            .rev()
            .filter(|(_, free)| fits(free))
            .min_by_key(|(_, free)| free.values.len());
        let Some((index, _)) = best else {
            self.misses += 1;
            self.held += capacity(length);
            return None;
        };
        let values = self.free.remove(index).values;
        self.free_values -= values.len();
        Some(values)
    }

    fn give(&mut self, values: Vec<f32>) {
        if self.leases == 0 {
            self.held -= values.len();
            return;
        }
        self.free_values += values.len();
        let pass = self.pass;
        self.free.push(Free { values, pass });
    }

    fn release(&mut self, mut unneeded: impl FnMut(&Free) -> bool) {
        let (free, held) = (&mut self.free_values, &mut self.held);
        self.free.retain(|buffer| {
            let goes = unneeded(buffer);
            if goes {
                *free -= buffer.values.len();
                *held -= buffer.values.len();
            }
            !goes
        });
    }
}

/// Capacity for a length: at most an eighth more, so that nearly equal lengths share buffers.
fn capacity(length: usize) -> usize {
    length.next_multiple_of((length.next_power_of_two() / 16).max(1))
}

/// Values for a new tensor, from the pool.
#[derive(Debug)]
pub(crate) struct Buffer {
    memory: Memory,
    length: usize,
}

impl Buffer {
    /// A buffer that the caller overwrites: its values are those of whoever had it before.
    pub(crate) fn stale(length: usize) -> Self {
        let values = if length < SMALLEST {
            vec![0.0; length]
        } else {
            let found = pool().take(length);
            found.unwrap_or_else(|| vec![0.0; capacity(length)])
        };
        let mut buffer = Self {
            memory: Memory { values },
            length,
        };
        // So that tests notice whoever reads what he should have written.
        if cfg!(debug_assertions) {
            buffer.fill(f32::NAN);
        }
        buffer
    }

    /// A buffer of zeros.
    pub(crate) fn zeroed(length: usize) -> Self {
        let mut buffer = Self::stale(length);
        parallel::for_each_chunk(&mut buffer, parallel::ELEMENTS, |_, values| {
            values.fill(0.0);
        });
        buffer
    }
}

impl Deref for Buffer {
    type Target = [f32];
    fn deref(&self) -> &[f32] {
        &self.memory.values[..self.length]
    }
}

impl DerefMut for Buffer {
    fn deref_mut(&mut self) -> &mut [f32] {
        &mut self.memory.values[..self.length]
    }
}

impl From<Buffer> for Bytes {
    fn from(buffer: Buffer) -> Self {
        let bytes = size_of::<f32>() * buffer.length;
        // SAFETY: a vector's values are initialised, and the length is at most the vector's.
        unsafe { Self::from_controller(Box::new(buffer.memory), bytes) }
    }
}

/// A vector that goes to the pool when it is dropped.
#[derive(Debug)]
struct Memory {
    values: Vec<f32>,
}

impl Drop for Memory {
    fn drop(&mut self) {
        if self.values.len() >= SMALLEST {
            pool().give(std::mem::take(&mut self.values));
        }
    }
}

impl AllocationController for Memory {
    fn alloc_align(&self) -> usize {
        align_of::<f32>()
    }

    fn property(&self) -> AllocationProperty {
        AllocationProperty::Other
    }

    fn memory(&self, _policy: AccessPolicy) -> Result<&[MaybeUninit<u8>], AccessError> {
        let length = size_of_val(self.values.as_slice());
        // SAFETY: the same memory, borrowed for as long; an f32 is four bytes of any value, and a byte has no alignment.
        Ok(unsafe { std::slice::from_raw_parts(self.values.as_ptr().cast(), length) })
    }

    unsafe fn memory_mut(
        &mut self,
        _policy: AccessPolicy,
    ) -> Result<&mut [MaybeUninit<u8>], AccessError> {
        let length = size_of_val(self.values.as_slice());
        // SAFETY: as above, borrowed mutably; the caller writes initialised bytes only, and any four bytes are an f32.
        Ok(unsafe { std::slice::from_raw_parts_mut(self.values.as_mut_ptr().cast(), length) })
    }
}
