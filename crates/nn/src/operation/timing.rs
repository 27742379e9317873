//! How long each operation takes, forward and backward: off unless [`time_operations`] runs, and then for its thread only.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// Time spent inside the fused operations, by name and direction.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OperationTimes {
    /// In the forward pass.
    pub forward: BTreeMap<String, Duration>,
    /// In the backward pass.
    pub backward: BTreeMap<String, Duration>,
}

/// Which pass an operation runs in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Direction {
    Forward,
    Backward,
}

thread_local! {
    static IS_ON: Cell<bool> = const { Cell::new(false) };
    static SPENT: RefCell<BTreeMap<(Direction, &'static str), Duration>> = const { RefCell::new(BTreeMap::new()) };
}

/// Runs `work` and measures the operations that it runs on this thread; calls do not nest.
///
/// What is left of the time of `work` is the framework, allocation and whatever else `work` does.
pub fn time_operations<R>(work: impl FnOnce() -> R) -> (R, OperationTimes) {
    SPENT.take();
    IS_ON.set(true);
    let switch = Switch;
    let result = work();
    drop(switch);
    let mut times = OperationTimes::default();
    for ((direction, operation), time) in SPENT.take() {
        let names = match direction {
            Direction::Forward => &mut times.forward,
            Direction::Backward => &mut times.backward,
        };
        *names.entry(plain_name(operation)).or_default() += time;
    }
    (result, times)
}

/// Switches off, also when `work` panics.
struct Switch;

impl Drop for Switch {
    fn drop(&mut self) {
        IS_ON.set(false);
    }
}

/// Runs a pass of the operation `O`. Costs one flag of the thread while nobody measures.
#[inline]
pub(super) fn timed<O, R>(direction: Direction, pass: impl FnOnce() -> R) -> R {
    if !IS_ON.get() {
        return pass();
    }
    let start = Instant::now();
    let result = pass();
    let time = start.elapsed();
    SPENT.with_borrow_mut(|spent| {
        *spent
            .entry((direction, std::any::type_name::<O>()))
            .or_default() += time;
    });
    result
}

/// `layer_norm` of `pliant_nn::operation::layer_norm::LayerNorm`.
fn plain_name(path: &str) -> String {
    let path = path.split('<').next().unwrap_or(path);
    let last = path.rsplit("::").next().unwrap_or(path);
    let last = last.strip_suffix("Operation").unwrap_or(last);
    let mut name = String::new();
    for letter in last.chars() {
        if letter.is_uppercase() && !name.is_empty() {
            name.push('_');
        }
        name.extend(letter.to_lowercase());
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    struct TwoWordsOperation<const N: usize>;

    #[test]
    fn only_what_runs_inside_is_measured() {
        let pass = |milliseconds| {
            timed::<TwoWordsOperation<2>, _>(Direction::Backward, || {
                std::thread::sleep(Duration::from_millis(milliseconds));
                milliseconds
            })
        };
        pass(1);
        let (result, times) = time_operations(|| pass(2) + pass(3));
        pass(1);
        assert_eq!(result, 5);
        assert!(times.forward.is_empty());
        assert_eq!(times.backward.len(), 1);
        assert!(times.backward["two_words"] >= Duration::from_millis(5));
        assert_eq!(time_operations(|| ()).1, OperationTimes::default());
    }
}
