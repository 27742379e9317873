//! Padding is left out of all work and changes no result.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use pliant_nn::{
    DropoutKey, Gradients, MaskedLanguageModel, ModelConfig, ModelError, NormPlacement, Positions,
    Score,
};
use support::{OwnedBatch, distance, global_norm, norm, small_config};

const DROPOUT: DropoutKey = DropoutKey { seed: 11, step: 5 };

fn variants() -> Vec<(&'static str, ModelConfig)> {
    let mut post = small_config("rational");
    post.norm = NormPlacement::Post;
    post.positions = Positions::Learned;
    post.embedding_norm = true;
    vec![
        ("pre, rotary", small_config("rational")),
        ("post, learned", post),
    ]
}

/// A batch with padded ends, holes and a sequence of padding alone; nothing that is masked is padding.
fn ragged(sequences: usize, length: usize, vocabulary: usize) -> OwnedBatch {
    let mut batch = OwnedBatch::padded(3, sequences, length, vocabulary);
    for (place, real) in batch.attention_mask.iter_mut().enumerate() {
        match place / length % 4 {
            1 if place % 3 == 2 => *real = 0,
            2 => *real = 0,
            _ => {}
        }
    }
    let kept: Vec<bool> = batch
        .masked_positions
        .iter()
        .map(|place| batch.attention_mask[*place as usize] == 1)
        .collect();
    let mut keep = kept.iter();
    batch.masked_positions.retain(|_| *keep.next().unwrap());
    let mut keep = kept.iter();
    batch.labels.retain(|_| *keep.next().unwrap());
    batch
}

/// The same batch with other words, types and lengths of padding: `longer` more places in every sequence.
fn otherwise_padded(batch: &OwnedBatch, longer: usize) -> OwnedBatch {
    let length = batch.length + longer;
    let place = |old: usize| old / batch.length * length + old % batch.length;
    let mut other = OwnedBatch {
        length,
        ids: vec![7; batch.sequences * length],
        type_ids: vec![1; batch.sequences * length],
        attention_mask: vec![0; batch.sequences * length],
        masked_positions: batch
            .masked_positions
            .iter()
            .map(|old| place(*old as usize) as u32)
            .collect(),
        ..batch.clone()
    };
    for old in (0..batch.ids.len()).filter(|old| batch.attention_mask[*old] == 1) {
        other.ids[place(old)] = batch.ids[old];
        other.type_ids[place(old)] = batch.type_ids[old];
        other.attention_mask[place(old)] = 1;
    }
    other
}

fn pass(
    model: &MaskedLanguageModel,
    batch: &OwnedBatch,
    dropout: Option<DropoutKey>,
) -> (Score, Gradients) {
    model
        .forward_backward(&batch.input(), dropout, 0.01)
        .unwrap()
}

fn bits(model: &MaskedLanguageModel, gradients: &Gradients) -> Vec<u32> {
    (0..model.parameters().len())
        .flat_map(|index| gradients.get(index).unwrap_or_default())
        .map(|value| value.to_bits())
        .collect()
}

/// What stands in padding is never seen, with dropout too; how much of it there is is not seen without.
#[test]
fn padding_is_not_seen() {
    for (name, config) in variants() {
        let model = MaskedLanguageModel::new(&config, 3).unwrap();
        let batch = ragged(6, 17, config.vocabulary_size);
        for (longer, dropout) in [(0, None), (0, Some(DROPOUT)), (5, None)] {
            let (score, gradients) = pass(&model, &batch, dropout);
            let (other_score, other) = pass(&model, &otherwise_padded(&batch, longer), dropout);
            assert_eq!(score, other_score, "{name}, {longer} longer");
            assert!(
                bits(&model, &gradients) == bits(&model, &other),
                "{name}, {longer} longer: gradients"
            );
        }
    }
}

/// A padded batch is its sequences one by one, dropout included: what is dropped in a sequence does not depend on what is
/// left out of the others. Without dropout the sequences may be cut to their real length.
#[test]
fn a_padded_batch_is_its_sequences() {
    for (name, config) in variants() {
        let model = MaskedLanguageModel::new(&config, 3).unwrap();
        let batch = ragged(7, 24, config.vocabulary_size);
        for dropout in [None, Some(DROPOUT)] {
            let (score, whole) = pass(&model, &batch, dropout);
            let mut total = Score::default();
            let mut sum: Option<Gradients> = None;
            for sequence in 0..batch.sequences {
                let mut alone = batch.rows(sequence, 1);
                if dropout.is_none() {
                    alone = cut(&alone);
                }
                let (part, gradients) = pass(&model, &alone, dropout);
                total.loss_sum += part.loss_sum;
                total.correct += part.correct;
                total.rows += part.rows;
                match &mut sum {
                    None => sum = Some(gradients),
                    Some(sum) => sum.accumulate(gradients),
                }
            }
            let sum = sum.unwrap();
            assert_eq!((total.rows, total.correct), (score.rows, score.correct));
            assert!(
                (total.loss_sum - score.loss_sum).abs() <= 1e-6 * score.loss_sum,
                "{name}: loss {} against {}",
                score.loss_sum,
                total.loss_sum
            );
            let all = global_norm(&model, &whole);
            for (index, parameter) in model.parameters().iter().enumerate() {
                let (one, parts) = (whole.get(index).unwrap(), sum.get(index).unwrap());
                let difference = distance(one, parts);
                assert!(
                    difference <= 1e-5 * norm(one) + 1e-7 * all,
                    "{name}: {}: {difference:e} of {:e}",
                    parameter.name,
                    norm(one)
                );
            }
        }
    }
}

/// One sequence without the padding behind its last token.
fn cut(batch: &OwnedBatch) -> OwnedBatch {
    let last = batch.attention_mask.iter().rposition(|real| *real == 1);
    let length = last.map_or(1, |last| last + 1);
    OwnedBatch {
        length,
        ids: batch.ids[..length].to_vec(),
        type_ids: batch.type_ids[..length].to_vec(),
        attention_mask: batch.attention_mask[..length].to_vec(),
        ..batch.clone()
    }
}

/// Lengths around the blocks of the kernels, alone and beside a longer sequence.
#[test]
fn lengths_of_one_to_512() {
    for (_, mut config) in variants() {
        config.max_positions = 512;
        let model = MaskedLanguageModel::new(&config, 3).unwrap();
        for length in [1, 17, 128, 512] {
            let mut alone = OwnedBatch::padded(8, 1, length.max(2), config.vocabulary_size);
            alone.attention_mask.fill(1);
            (alone.length, alone.masked_positions, alone.labels) = (length, vec![0], vec![5]);
            for values in [&mut alone.ids, &mut alone.type_ids] {
                values.truncate(length);
            }
            alone.attention_mask.truncate(length);
            let score = pass(&model, &alone, Some(DROPOUT)).0;
            assert!(score.loss_sum.is_finite());

            let plain = model.score(&alone.input()).unwrap().loss_sum;
            let padded = otherwise_padded(&alone, 512 - length);
            let with_padding = model.score(&padded.input()).unwrap().loss_sum;
            assert!((plain - with_padding).abs() <= 1e-6 * plain);
        }
    }
}

#[test]
fn the_same_bytes_at_any_thread_count() {
    for (name, mut config) in variants() {
        config.max_positions = 140;
        let run = |threads| {
            let pool = rayon::ThreadPoolBuilder::new()
                .num_threads(threads)
                .build()
                .unwrap();
            pool.install(|| {
                let model = MaskedLanguageModel::new(&config, 3).unwrap();
                let batch = ragged(6, 140, config.vocabulary_size);
                let (score, gradients) = pass(&model, &batch, Some(DROPOUT));
                (score.loss_sum.to_bits(), bits(&model, &gradients))
            })
        };
        let one = run(1);
        for threads in [2, 7] {
            assert!(one == run(threads), "{name} at {threads} threads");
        }
    }
}

#[test]
fn a_batch_of_padding_alone_has_nothing_to_show() {
    let model = MaskedLanguageModel::new(&small_config("gelu"), 1).unwrap();
    let mut batch = OwnedBatch::padded(1, 2, 8, 60);
    batch.attention_mask.fill(0);
    batch.masked_positions.clear();
    batch.labels.clear();
    assert_eq!(model.score(&batch.input()).unwrap(), Score::default());
    model
        .observe(&batch.input(), &mut |_, _| panic!("nothing to show"))
        .unwrap();
    assert_eq!(model.first_non_finite(&batch.input()).unwrap(), None);
}

#[test]
fn padding_cannot_be_predicted() {
    let model = MaskedLanguageModel::new(&small_config("gelu"), 1).unwrap();
    let mut batch = OwnedBatch::padded(1, 4, 16, 60);
    let padding = batch.attention_mask.iter().position(|real| *real == 0);
    batch.masked_positions.push(padding.unwrap() as u32);
    batch.labels.push(1);
    let error = model.score(&batch.input()).unwrap_err();
    assert!(matches!(error, ModelError::MaskedPadding { .. }), "{error}");
    assert!(error.hint().is_some());
}
