//! Batches are a pure function of the step; masks have the rates they should.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::BTreeMap;
use std::path::Path;

use pliant_data::{
    Batch, BatchPlan, Corpus, DataConfig, Dataset, Generated, Masking, TokenizerSource, prepare,
};

fn dataset(cache: &Path, words: u64) -> Dataset {
    let mut config = DataConfig::new(Corpus::Generated(Generated { seed: 1, words }), cache);
    config.tokenizer = TokenizerSource::Trained {
        vocabulary_size: 2000,
    };
    config.sequence = 32;
    prepare(&config, &mut |_| {}).unwrap()
}

fn plan(dataset: &Dataset, seed: u64, batch: usize) -> BatchPlan {
    BatchPlan::new(dataset, seed, batch, Masking::default()).unwrap()
}

/// The rows of `pieces` in one batch.
fn joined(pieces: &[Batch]) -> Batch {
    let mut whole = pieces[0].clone();
    for piece in &pieces[1..] {
        assert_eq!(piece.first_sequence as usize, whole.sequences);
        let before = whole.ids.len() as u32;
        whole
            .masked_positions
            .extend(piece.masked_positions.iter().map(|place| place + before));
        whole.ids.extend(&piece.ids);
        whole.type_ids.extend(&piece.type_ids);
        whole.attention_mask.extend(&piece.attention_mask);
        whole.labels.extend(&piece.labels);
        whole.sequence_ids.extend(&piece.sequence_ids);
        whole.sequences += piece.sequences;
    }
    whole
}

#[test]
fn pieces_make_the_whole() {
    let folder = tempfile::tempdir().unwrap();
    let dataset = dataset(folder.path(), 4000);
    let sequences = dataset.train().sequences();
    let plan = plan(&dataset, 5, 12);
    // The steps cross from the first epoch to the second.
    for step in [0, 1, sequences / 12, sequences / 12 + 1] {
        let whole = plan.batch(step);
        for cuts in [vec![0, 12], vec![0, 3, 6, 9, 12], vec![0, 1, 11, 12]] {
            let pieces: Vec<Batch> = cuts
                .windows(2)
                .map(|cut| plan.rows(step, cut[0]..cut[1]))
                .collect();
            assert_eq!(joined(&pieces), whole);
        }
        assert_eq!(plan.masked_count(step), whole.labels.len());
        assert!(whole.masked_positions.is_sorted_by(|a, b| a < b));
        assert_eq!(whole.ids.len(), 12 * 32);
        assert_eq!(whole.type_ids, vec![0; 12 * 32]);
    }
}

#[test]
fn every_epoch_holds_every_sequence_once() {
    let folder = tempfile::tempdir().unwrap();
    let dataset = dataset(folder.path(), 4000);
    let sequences = dataset.train().sequences();
    let plan = plan(&dataset, 5, 7);
    let mut seen: BTreeMap<u64, Vec<u64>> = BTreeMap::new();
    for step in 0..=3 * sequences / 7 {
        for (epoch, sequence) in plan.batch(step).sequence_ids {
            seen.entry(epoch).or_default().push(sequence);
        }
    }
    assert_ne!(seen[&0], seen[&1]);
    for epoch in 0..3 {
        let mut order = seen[&epoch].clone();
        order.sort_unstable();
        assert_eq!(order, (0..sequences).collect::<Vec<_>>());
    }
}

#[test]
fn masks_do_not_depend_on_batch_size_but_on_seed_and_epoch() {
    let folder = tempfile::tempdir().unwrap();
    let dataset = dataset(folder.path(), 4000);
    let sequences = dataset.train().sequences();
    let row = |seed, batch: usize, place: u64| {
        let first = (place % batch as u64) as usize;
        plan(&dataset, seed, batch).rows(place / batch as u64, first..first + 1)
    };
    for place in [0, 5, 17, sequences + 3] {
        let (small, large) = (row(1, 4, place), row(1, 9, place));
        assert_eq!((&small.ids, &small.labels), (&large.ids, &large.labels));
        assert_eq!(small.sequence_ids, large.sequence_ids);
    }
    let sequence = row(1, 4, 0).sequence_ids[0].1;
    let masks_in_epoch = |epoch| {
        (epoch * sequences..(epoch + 1) * sequences)
            .map(|place| row(1, 4, place))
            .find(|row| row.sequence_ids[0].1 == sequence)
            .unwrap()
            .ids
    };
    assert_ne!(masks_in_epoch(0), masks_in_epoch(1));
    assert_ne!(
        plan(&dataset, 1, 8).batch(0).sequence_ids,
        plan(&dataset, 2, 8).batch(0).sequence_ids
    );
}

#[test]
fn validation_masks_are_fixed() {
    let folder = tempfile::tempdir().unwrap();
    let dataset = dataset(folder.path(), 4000);
    let all = |seed, batch| -> (Vec<u32>, Vec<u32>) {
        let plan = plan(&dataset, seed, 8);
        let batches: Vec<Batch> = plan.validation_batches(batch).collect();
        (
            batches.iter().flat_map(|batch| batch.ids.clone()).collect(),
            batches
                .iter()
                .flat_map(|batch| batch.labels.clone())
                .collect(),
        )
    };
    let first = all(1, 8);
    assert_eq!(first.0.len() as u64, dataset.validation().sequences() * 32);
    assert_eq!(first, all(2, 8));
    assert_eq!(first, all(1, 3));
}

#[test]
fn validation_on_a_part_is_spread_over_all() {
    let folder = tempfile::tempdir().unwrap();
    let corpus = Corpus::Generated(Generated {
        seed: 1,
        words: 4000,
    });
    let mut config = DataConfig::new(corpus, folder.path());
    config.validation_sequences = Some(10);
    let dataset = prepare(&config, &mut |_| {}).unwrap();
    let all = dataset.validation().sequences();
    let used: Vec<u64> = dataset
        .validation_batches(4, Masking::default())
        .flat_map(|batch| batch.sequence_ids)
        .map(|(_, sequence)| sequence)
        .collect();
    assert_eq!(
        used,
        (0..10).map(|place| place * all / 10).collect::<Vec<_>>()
    );
}

#[test]
fn masking_rates_hold() {
    let folder = tempfile::tempdir().unwrap();
    let dataset = dataset(folder.path(), 60_000);
    let (tokenizer, special) = (dataset.tokenizer(), dataset.tokenizer().special());
    let plan = plan(&dataset, 11, 64);
    let (mut ordinary, mut chosen, mut masked, mut kept, mut random) =
        (0_u32, 0_u32, 0_u32, 0_u32, 0_u32);
    let mut original = vec![0; 32];
    for step in 0..300 {
        let batch = plan.batch(step);
        for (row, &(_, sequence)) in batch.sequence_ids.iter().enumerate() {
            dataset.train().read(sequence, &mut original);
            for (position, &id) in original.iter().enumerate() {
                let flat = row * 32 + position;
                let found = batch.masked_positions.binary_search(&(flat as u32));
                if tokenizer.ordinary().binary_search(&id).is_err() {
                    assert!(found.is_err(), "a special token is masked");
                    continue;
                }
                ordinary += 1;
                let now = batch.ids[flat];
                let Ok(place) = found else {
                    assert_eq!(now, id, "a token that was not chosen changed");
                    continue;
                };
                assert_eq!(batch.labels[place], id);
                chosen += 1;
                if now == special.mask {
                    masked += 1;
                } else if now == id {
                    kept += 1;
                } else {
                    assert!(tokenizer.ordinary().binary_search(&now).is_ok());
                    random += 1;
                }
            }
        }
    }
    // Within four standard deviations. A chosen word of 2,000 is drawn as itself once in 20,000 times.
    let holds = |count: u32, of: u32, rate: f64| {
        let deviation = (f64::from(of) * rate * (1.0 - rate)).sqrt();
        let difference = f64::from(count) - f64::from(of) * rate;
        assert!(
            difference.abs() < 4.0 * deviation,
            "{count} of {of} instead of {rate}"
        );
    };
    assert!(ordinary > 400_000);
    holds(chosen, ordinary, 0.15);
    holds(masked, chosen, 0.8);
    holds(random, chosen, 0.1);
    holds(kept, chosen, 0.1);
}

#[test]
fn no_sequence_is_without_a_mask() {
    let folder = tempfile::tempdir().unwrap();
    let dataset = dataset(folder.path(), 4000);
    let masking = Masking {
        probability: 1e-6,
        ..Masking::default()
    };
    let batch = BatchPlan::new(&dataset, 1, 16, masking).unwrap().batch(0);
    assert_eq!(batch.labels.len(), 16);
    let rows: Vec<u32> = batch
        .masked_positions
        .iter()
        .map(|place| place / 32)
        .collect();
    assert_eq!(rows, (0..16).collect::<Vec<_>>());
}

#[test]
fn impossible_rates_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let dataset = dataset(folder.path(), 4000);
    for (masking, key) in [
        (
            Masking {
                probability: 0.0,
                ..Masking::default()
            },
            "mask_probability = 0",
        ),
        (
            Masking {
                probability: f64::NAN,
                ..Masking::default()
            },
            "mask_probability = NaN",
        ),
        (
            Masking {
                mask: 1.5,
                ..Masking::default()
            },
            "mask = 1.5",
        ),
        (
            Masking {
                random: 0.3,
                ..Masking::default()
            },
            "random = 0.3",
        ),
    ] {
        let error = BatchPlan::new(&dataset, 1, 4, masking).unwrap_err();
        assert!(error.to_string().starts_with(key), "{error}");
    }
}
