//! Steady steps reuse the memory of their tensors. One test, because the pool is the process's.
#![allow(clippy::unwrap_used)]

mod support;

use pliant_nn::{DropoutKey, MaskedLanguageModel, TensorMemory};
use support::{OwnedBatch, small_config};

/// Page faults without input or output of this process so far.
#[cfg(target_os = "linux")]
fn minor_faults() -> u64 {
    let line = std::fs::read_to_string("/proc/self/stat").unwrap();
    let behind_name = line.rsplit(')').next().unwrap();
    behind_name
        .split_whitespace()
        .nth(7)
        .unwrap()
        .parse()
        .unwrap()
}

#[test]
fn steady_steps_take_no_memory_from_the_system() {
    let before = TensorMemory::now();
    assert_eq!((before.used_bytes, before.free_bytes), (0, 0));
    let mut config = small_config("rational");
    (config.hidden_size, config.intermediate_size) = (128, 512);
    (config.max_positions, config.vocabulary_size) = (64, 2000);
    let model = MaskedLanguageModel::new(&config, 1).unwrap();
    let batch = OwnedBatch::padded(1, 32, 64, config.vocabulary_size);
    let step = |step| {
        let dropout = Some(DropoutKey { seed: 1, step });
        let (score, gradients) = model
            .forward_backward(&batch.input(), dropout, 1e-3)
            .unwrap();
        assert!(score.loss_sum.is_finite());
        gradients
    };
    for number in 0..3 {
        step(number);
    }
    let warm = TensorMemory::now();
    assert!(warm.misses > before.misses, "tensors come from the pool");
    assert!(warm.free_bytes > 1 << 20, "what a step needs is kept");
    #[cfg(target_os = "linux")]
    let faults = minor_faults();
    for number in 3..8 {
        step(number);
    }
    #[cfg(target_os = "linux")]
    {
        let pages = (minor_faults() - faults) / 5;
        let of_one_tensor = (4 * batch.ids.len() * config.hidden_size / 4096) as u64;
        assert!(pages < of_one_tensor, "{pages} new pages in a step");
    }
    assert_eq!(
        TensorMemory::now(),
        warm,
        "no buffer more than the first steps needed"
    );

    // Another shape works in the larger buffers where it can; what it does not use goes after some passes.
    let short = OwnedBatch::padded(2, 4, 64, config.vocabulary_size);
    for _ in 0..40 {
        model.score(&short.input()).unwrap();
    }
    assert!(TensorMemory::now().free_bytes < warm.free_bytes / 2);

    let gradients = step(8);
    drop(model);
    assert_eq!(TensorMemory::now().free_bytes, 0, "the last model is gone");
    drop(gradients);
    let after = TensorMemory::now();
    assert_eq!((after.used_bytes, after.free_bytes), (0, 0));
}
