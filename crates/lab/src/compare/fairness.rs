//! The proof that arms started from equal weights and saw equal batches and masks.

use super::CompareError;
use super::finished::FinishedCell;
use super::plan::{Plan, differing_keys};
use crate::results::{ArmHashes, Fairness, SeedHashes};
use pliant_train::Recipe;

/// What is hashed: its name, its hash in a run, and which recipe keys may change it.
struct Kind {
    name: &'static str,
    of: fn(&FinishedCell) -> &str,
    changed_by: fn(&str) -> bool,
}

/// The data decide the vocabulary, so they reach the weights, too.
fn reaches_weights(key: &str) -> bool {
    key.starts_with("model.") || key.starts_with("data.") || key == "train.seed"
}

/// Keys of `[train]` that leave the batches alone.
const CHANGES_NO_FEED: [&str; 3] = [
    "train.micro_batch",
    "train.gradient_clip",
    "train.precision",
];

/// Batch size, sequence length, number of steps and seed all change what is fed.
fn reaches_feed(key: &str) -> bool {
    (key.starts_with("data.") && key != "data.cache")
        || (key.starts_with("train.") && !CHANGES_NO_FEED.contains(&key))
}

const KINDS: [Kind; 3] = [
    Kind {
        name: "initial weights",
        of: |cell| &cell.summary.fairness.initial_weights,
        changed_by: reaches_weights,
    },
    Kind {
        name: "batches",
        of: |cell| &cell.summary.fairness.batches,
        changed_by: reaches_feed,
    },
    Kind {
        name: "masks",
        of: |cell| &cell.summary.fairness.masks,
        changed_by: reaches_feed,
    },
];

/// Compares the hashes of all arms, seed by seed.
///
/// A difference that the recipe asks for is named in the result; any other is an error.
pub(super) fn prove(plan: &Plan, cells: &[FinishedCell]) -> Result<Fairness, CompareError> {
    let mut differs: Vec<String> = Vec::new();
    for &seed in plan.seeds.as_slice() {
        let Some(baseline) = find(cells, 0, seed) else {
            continue;
        };
        for (index, arm) in plan.arms.iter().enumerate().skip(1) {
            let Some(cell) = find(cells, index, seed) else {
                continue;
            };
            for kind in &KINDS {
                let (left, right) = ((kind.of)(cell), (kind.of)(baseline));
                if left == right {
                    continue;
                }
                let Some(reason) = reason(plan, kind, cell, baseline) else {
                    return Err(CompareError::Unfair {
                        seed,
                        baseline: plan.arms[0].name.clone(),
                        arm: arm.name.clone(),
                        what: kind.name,
                        left: short(left).into(),
                        right: short(right).into(),
                    });
                };
                let line = format!(
                    "{} of {} and {}: {reason}",
                    kind.name, arm.name, plan.arms[0].name
                );
                if !differs.contains(&line) {
                    differs.push(line);
                }
            }
        }
    }
    let hashes = |arm: usize| {
        plan.seeds
            .as_slice()
            .iter()
            .filter_map(|&seed| find(cells, arm, seed))
            .map(|cell| SeedHashes {
                seed: cell.seed,
                initial_weights: cell.summary.fairness.initial_weights.clone(),
                batches: cell.summary.fairness.batches.clone(),
                masks: cell.summary.fairness.masks.clone(),
            })
            .collect()
    };
    let arms = plan
        .arms
        .iter()
        .enumerate()
        .map(|(index, arm)| ArmHashes {
            arm: arm.name.clone(),
            seeds: hashes(index),
        })
        .collect();
    Ok(Fairness {
        equal: differs.is_empty(),
        differs,
        trials_per_arm: 1,
        arms,
    })
}

/// Why the hashes of two cells with one seed may differ; `None` where they must not.
fn reason(
    plan: &Plan,
    kind: &Kind,
    cell: &FinishedCell,
    baseline: &FinishedCell,
) -> Option<String> {
    let (left, right) = (
        plan.cell(cell.arm, cell.seed)?,
        plan.cell(baseline.arm, baseline.seed)?,
    );
    let keys: Vec<String> = differing_keys(&left.recipe, &right.recipe)
        .into_iter()
        .filter(|key| (kind.changed_by)(key))
        .collect();
    if !keys.is_empty() {
        return Some(format!("the arms differ in {}", keys.join(", ")));
    }
    let is_feed = kind.name != "initial weights";
    let gates = |recipe: &Recipe| -> Option<Vec<bool>> {
        let config = recipe.model_config(recipe.data.vocabulary_size).ok()?;
        let layers = config.layer_activations().ok()?.into_iter();
        Some(layers.map(|layer| layer.gated().is_some()).collect())
    };
    if !is_feed && gates(&left.recipe) != gates(&right.recipe) {
        return Some("the feed-forward layers of one have a gate and other matrices".to_owned());
    }
    (is_feed && cell.summary.steps != baseline.summary.steps).then(|| {
        let why = if left.recipe.train.minutes.is_some() {
            "the time budget"
        } else {
            "early stopping"
        };
        format!("{why} let them take different numbers of steps")
    })
}

fn find(cells: &[FinishedCell], arm: usize, seed: u64) -> Option<&FinishedCell> {
    cells
        .iter()
        .find(|cell| cell.arm == arm && cell.seed == seed)
}

/// Enough digits to tell two hashes apart.
pub(crate) fn short(hash: &str) -> String {
    hash.chars().take(12).collect()
}
