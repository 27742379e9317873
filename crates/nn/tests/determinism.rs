//! Equal bytes at any number of threads.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use pliant_nn::{DropoutKey, MaskedLanguageModel, Precision};
use support::{OwnedBatch, small_config};

/// Loss bits, weight bits and gradient bits of a model built and run on so many threads.
fn run(activation: &str, threads: usize, precision: Precision) -> (u64, Vec<u32>, Vec<u32>) {
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(threads)
        .build()
        .unwrap();
    pool.install(|| {
        let mut config = small_config(activation);
        config.vocabulary_size = 300;
        config.hidden_size = 64;
        config.intermediate_size = 256;
        let mut model = MaskedLanguageModel::new(&config, 9).unwrap();
        model.set_precision(precision);
        let batch = OwnedBatch::padded(7, 16, 24, config.vocabulary_size);
        let key = DropoutKey { seed: 1, step: 2 };
        let (score, gradients) = model
            .forward_backward(&batch.input(), Some(key), 0.01)
            .unwrap();
        let indices = 0..model.parameters().len();
        let weights = indices
            .clone()
            .flat_map(|index| model.read(index))
            .map(f32::to_bits)
            .collect();
        let gradients = indices
            .flat_map(|index| gradients.get(index).unwrap().to_vec())
            .map(f32::to_bits)
            .collect();
        (score.loss_sum.to_bits(), weights, gradients)
    })
}

#[test]
fn loss_weights_and_gradients_do_not_depend_on_threads() {
    let texts = ["rational", "glu(rational)"];
    for (text, precision) in texts
        .iter()
        .flat_map(|text| Precision::ALL.map(|p| (text, p)))
    {
        let one = run(text, 1, precision);
        for threads in [2, 3, 7] {
            let many = run(text, threads, precision);
            let at = format!("at {threads} threads in {precision}, {text}");
            assert_eq!(one.0, many.0, "loss {at}");
            assert!(one.1 == many.1, "initial weights {at}");
            assert!(one.2 == many.2, "gradients {at}");
        }
    }
}

#[test]
fn weights_that_are_kept_packed_follow_every_change() {
    for precision in Precision::ALL {
        let mut model = MaskedLanguageModel::new(&small_config("rational"), 1).unwrap();
        model.set_precision(precision);
        let batch = OwnedBatch::padded(3, 2, 16, model.config().vocabulary_size);
        let before = model.score(&batch.input()).unwrap();
        assert_eq!(model.score(&batch.input()).unwrap(), before);
        for index in 0..model.parameters().len() {
            let changed: Vec<f32> = model.read(index).iter().map(|value| 1.25 * value).collect();
            model.write(index, &changed).unwrap();
        }
        let after = model.score(&batch.input()).unwrap();
        assert_ne!(after.loss_sum, before.loss_sum);
        let folder = tempfile::tempdir().unwrap();
        model.save(folder.path()).unwrap();
        let mut fresh = MaskedLanguageModel::load(folder.path()).unwrap();
        fresh.set_precision(precision);
        assert_eq!(fresh.score(&batch.input()).unwrap(), after, "{precision}");
    }
}
