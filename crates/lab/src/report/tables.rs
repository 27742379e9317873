//! The tables of the report, every cell as text.

use std::collections::BTreeSet;

use super::class;
use crate::compare::short_hash;
use crate::number::{count, decimal, memory, or_dash, p_value, perplexity, signed};
use crate::results::Results;
use crate::statistics::mean;

/// A line of the table of arms.
pub(super) struct ArmRow<'a> {
    pub(super) class: String,
    pub(super) name: &'a str,
    pub(super) activation: &'a str,
    pub(super) loss: String,
    pub(super) loss_sd: String,
    pub(super) perplexity: String,
    pub(super) perplexity_sd: String,
    pub(super) accuracy: String,
    pub(super) speed: String,
    pub(super) memory: String,
    pub(super) parameters: String,
    pub(super) activation_parameters: String,
}

/// A line of the table of differences.
pub(super) struct PairRow {
    pub(super) class: String,
    pub(super) label: String,
    pub(super) mean: String,
    pub(super) interval: String,
    pub(super) p: String,
    pub(super) sign_flip_p: String,
    pub(super) seeds: usize,
}

/// A line of the table of runs.
pub(super) struct RunRow<'a> {
    pub(super) class: String,
    pub(super) arm: &'a str,
    pub(super) seed: u64,
    pub(super) loss: String,
    pub(super) perplexity: String,
    pub(super) accuracy: String,
    pub(super) steps: String,
    pub(super) speed: String,
}

/// A line of the table of hashes.
pub(super) struct HashRow<'a> {
    pub(super) seed: u64,
    pub(super) class: String,
    pub(super) arm: &'a str,
    pub(super) initial_weights: String,
    pub(super) batches: String,
    pub(super) masks: String,
}

/// A line of the table of parameters.
pub(super) struct RoleRow {
    pub(super) role: String,
    pub(super) counts: Vec<String>,
}

pub(super) fn arms(results: &Results) -> Vec<ArmRow<'_>> {
    let row = |(index, arm): (usize, &'_ crate::results::ArmResult)| ArmRow {
        class: class(index),
        name: &results.arms[index].name,
        activation: &results.arms[index].activation,
        loss: or_dash(arm.validation_loss.mean, |value| decimal(value, 4)),
        loss_sd: arm
            .validation_loss
            .sd
            .map(|value| decimal(value, 4))
            .unwrap_or_default(),
        perplexity: or_dash(arm.perplexity.mean, perplexity),
        perplexity_sd: arm
            .perplexity
            .sd
            .map(|value| decimal(value, 2))
            .unwrap_or_default(),
        accuracy: or_dash(
            mean(
                &arm.seeds
                    .iter()
                    .map(|seed| seed.masked_accuracy)
                    .collect::<Vec<_>>(),
            ),
            percent,
        ),
        speed: or_dash(arm.tokens_per_second.mean, |value| decimal(value, 0)),
        memory: arm.peak_memory_bytes.map_or_else(|| "–".to_owned(), memory),
        parameters: count(arm.parameters.total),
        activation_parameters: count(arm.parameters.activation),
    };
    results.arms.iter().enumerate().map(row).collect()
}

/// What the numbers of the table of arms are, and what knowing nothing would give.
pub(super) fn note(results: &Results) -> String {
    let most = results
        .arms
        .iter()
        .map(|arm| arm.seeds.len())
        .max()
        .unwrap_or(0);
    let over = match most {
        0 => "No run is finished.".to_owned(),
        1 => "One seed.".to_owned(),
        several => format!("Mean ± standard deviation over {several} seeds."),
    };
    let unigram = results.unigram_loss.map(|loss| {
        format!(
            " Word frequencies alone have a loss of {} (perplexity {}).",
            decimal(loss, 4),
            perplexity(loss.exp())
        )
    });
    format!(
        "{over} Losses in nats per masked token, on validation masks that are the same in all runs.{}",
        unigram.unwrap_or_default()
    )
}

pub(super) fn pairs(results: &Results) -> Vec<PairRow> {
    let bare = |p: Option<f64>| {
        p.map_or_else(
            || "–".to_owned(),
            |p| {
                p_value(p)
                    .trim_start_matches("p = ")
                    .trim_start_matches("p ")
                    .to_owned()
            },
        )
    };
    let row = |(index, pair): (usize, &crate::results::PairResult)| {
        let delta = &pair.delta_loss;
        PairRow {
            class: class(index + 1),
            label: pair_label(&pair.arm, &pair.baseline),
            mean: or_dash(delta.mean, |value| signed(value, 4)),
            interval: match (delta.low, delta.high) {
                (Some(low), Some(high)) => format!("{} to {}", signed(low, 4), signed(high, 4)),
                _ => "–".to_owned(),
            },
            p: bare(delta.p),
            sign_flip_p: bare(delta.sign_flip_p),
            seeds: delta.by_seed.len(),
        }
    };
    results.pairs.iter().enumerate().map(row).collect()
}

pub(super) fn pair_label(arm: &str, baseline: &str) -> String {
    format!("{arm} \u{2212} {baseline}")
}

pub(super) fn runs(results: &Results) -> Vec<RunRow<'_>> {
    let mut rows = Vec::new();
    for (index, arm) in results.arms.iter().enumerate() {
        for run in &arm.seeds {
            rows.push(RunRow {
                class: class(index),
                arm: &arm.name,
                seed: run.seed,
                loss: decimal(run.validation_loss, 4),
                perplexity: perplexity(run.perplexity),
                accuracy: percent(run.masked_accuracy),
                steps: count(run.steps as usize),
                speed: decimal(run.tokens_per_second, 0),
            });
        }
    }
    rows
}

pub(super) fn hashes(results: &Results) -> Vec<HashRow<'_>> {
    let mut rows = Vec::new();
    for &seed in &results.origin.seeds {
        for (index, arm) in results.fairness.arms.iter().enumerate() {
            for hashes in arm.seeds.iter().filter(|hashes| hashes.seed == seed) {
                rows.push(HashRow {
                    seed,
                    class: class(index),
                    arm: &arm.arm,
                    initial_weights: short_hash(&hashes.initial_weights),
                    batches: short_hash(&hashes.batches),
                    masks: short_hash(&hashes.masks),
                });
            }
        }
    }
    rows
}

pub(super) fn roles(results: &Results) -> Vec<RoleRow> {
    let names: BTreeSet<&String> = results
        .arms
        .iter()
        .flat_map(|arm| arm.parameters.by_role.keys())
        .collect();
    let mut rows: Vec<RoleRow> = names
        .into_iter()
        .map(|role| RoleRow {
            role: role.clone(),
            counts: results
                .arms
                .iter()
                .map(|arm| count(arm.parameters.by_role.get(role).copied().unwrap_or(0)))
                .collect(),
        })
        .collect();
    rows.push(RoleRow {
        role: "total".to_owned(),
        counts: results
            .arms
            .iter()
            .map(|arm| count(arm.parameters.total))
            .collect(),
    });
    rows
}

pub(super) fn fairness_text(results: &Results) -> String {
    let fairness = &results.fairness;
    let trials = if fairness.trials_per_arm == 1 {
        "one recipe".to_owned()
    } else {
        format!("{} recipes", fairness.trials_per_arm)
    };
    let tried = format!(
        "Each arm had {trials} tried: nothing was tuned here for one and not for the other."
    );
    if results.arms.len() < 2 {
        return tried;
    }
    if fairness.equal {
        format!(
            "All arms started from the same weights and saw the same batches with the same masks, seed by seed: the hashes below are equal. {tried}"
        )
    } else {
        format!(
            "The arms differ in more than their activations, as the recipe asks: {}. {tried}",
            fairness.differs.join("; ")
        )
    }
}

fn percent(share: f64) -> String {
    format!("{:.1} %", 100.0 * share)
}
