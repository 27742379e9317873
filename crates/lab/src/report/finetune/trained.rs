//! What was trained, and the hashes that prove what it was fed.

use pliant_train::finetune::FinetuneResult;

use crate::compare::short_hash;
use crate::number::count;

/// A line of the table of hashes.
pub(super) struct HashRow {
    pub(super) seed: u64,
    pub(super) rows: String,
    pub(super) initial_weights: String,
    pub(super) batches: String,
    pub(super) targets: String,
}

/// Numbers by part, those of the whole last.
pub(super) fn parts(result: &FinetuneResult) -> Vec<(String, String)> {
    let Some(first) = result.seeds.first() else {
        return Vec::new();
    };
    let mut parts: Vec<(&String, &usize)> = first.trained.iter().collect();
    parts.sort_by_key(|(part, _)| *part == "total");
    parts
        .into_iter()
        .map(|(part, number)| (part.clone(), count(*number)))
        .collect()
}

pub(super) fn note(result: &FinetuneResult) -> String {
    let Some(first) = result.seeds.first() else {
        return String::new();
    };
    let total = first.parameters.get("total").copied().unwrap_or(0);
    format!(
        "The model has {} numbers; its activation is {}; protocol {}; precision {}.",
        count(total),
        first.activation,
        first.protocol,
        first.precision
    )
}

pub(super) fn hashes(result: &FinetuneResult) -> Vec<HashRow> {
    result
        .seeds
        .iter()
        .map(|seed| HashRow {
            seed: seed.seed,
            rows: short_hash(&seed.fairness.rows),
            initial_weights: short_hash(&seed.fairness.initial_weights),
            batches: short_hash(&seed.fairness.batches),
            targets: short_hash(&seed.fairness.targets),
        })
        .collect()
}
