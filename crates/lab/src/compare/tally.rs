//! From finished cells to results.

use std::collections::BTreeMap;

use super::CompareError;
use super::finished::FinishedCell;
use super::plan::Plan;
use super::{fairness, sentence, warnings};
use crate::machine;
use crate::results::{
    ArmResult, Cells, DeltaLoss, DivergedCell, Origin, PairResult, Parameters, Results, SeedDelta,
    SeedResult,
};
use crate::statistics::{paired, spread};

/// All results so far.
pub(super) fn results(
    plan: &Plan,
    cells: &[FinishedCell],
    diverged: &[DivergedCell],
    version: &str,
    commit: Option<&str>,
) -> Result<Results, CompareError> {
    let arms: Vec<ArmResult> = (0..plan.arms.len())
        .map(|arm| arm_result(plan, arm, cells))
        .collect();
    let pairs = arms
        .iter()
        .skip(1)
        .map(|arm| pair_result(&arms[0], arm))
        .collect();
    let mut unigram: Vec<f64> = cells.iter().map(|cell| cell.summary.unigram_loss).collect();
    unigram.dedup();
    let mut results = Results {
        sentence: String::new(),
        complete: cells.len() + diverged.len() == plan.cells.len(),
        cells: Cells {
            finished: cells.len(),
            planned: plan.cells.len(),
        },
        diverged: diverged.to_vec(),
        arms,
        pairs,
        fairness: fairness::prove(plan, cells)?,
        unigram_loss: if let [only] = unigram[..] {
            Some(only)
        } else {
            None
        },
        warnings: Vec::new(),
        origin: Origin {
            version: format!("pliant {version}"),
            machine: machine::in_words(),
            seeds: plan.seeds.as_slice().to_vec(),
            recipe: plan.recipe.to_toml(commit),
        },
    };
    results.sentence = sentence::of(&results);
    results.warnings = warnings::of(&results, cells);
    Ok(results)
}

fn arm_result(plan: &Plan, index: usize, cells: &[FinishedCell]) -> ArmResult {
    let arm = &plan.arms[index];
    let of_arm: Vec<&FinishedCell> = plan
        .seeds
        .as_slice()
        .iter()
        .filter_map(|&seed| {
            cells
                .iter()
                .find(|cell| cell.arm == index && cell.seed == seed)
        })
        .collect();
    let values =
        |value: fn(&FinishedCell) -> f64| of_arm.iter().map(|cell| value(cell)).collect::<Vec<_>>();
    let planned = plan.cells.iter().find(|cell| cell.arm == index);
    ArmResult {
        name: arm.name.clone(),
        activation: planned
            .map(|cell| cell.recipe.function().to_string())
            .unwrap_or_default(),
        parameters: of_arm
            .first()
            .map(|cell| parameters(&cell.summary.parameters))
            .unwrap_or_default(),
        seeds: of_arm.iter().map(|cell| seed_result(cell)).collect(),
        perplexity: spread(&values(|cell| cell.summary.perplexity)),
        validation_loss: spread(&values(|cell| cell.summary.validation_loss)),
        tokens_per_second: spread(&values(|cell| cell.summary.tokens_per_second)),
        peak_memory_bytes: of_arm
            .iter()
            .filter_map(|cell| cell.summary.peak_memory_bytes)
            .max(),
        folder: arm.folder.clone(),
    }
}

fn seed_result(cell: &FinishedCell) -> SeedResult {
    let summary = &cell.summary;
    SeedResult {
        seed: cell.seed,
        validation_loss: summary.validation_loss,
        perplexity: summary.perplexity,
        tokens_per_second: summary.tokens_per_second,
        steps: summary.steps,
        masked_accuracy: summary.masked_accuracy,
        peak_memory_bytes: summary.peak_memory_bytes,
    }
}

/// The run's counts carry `total` beside the roles.
fn parameters(counts: &BTreeMap<String, usize>) -> Parameters {
    let by_role: BTreeMap<String, usize> = counts
        .iter()
        .filter(|(role, _)| *role != "total")
        .map(|(role, count)| (role.clone(), *count))
        .collect();
    Parameters {
        total: counts
            .get("total")
            .copied()
            .unwrap_or_else(|| by_role.values().sum()),
        activation: by_role.get("activation").copied().unwrap_or(0),
        by_role,
    }
}

fn pair_result(baseline: &ArmResult, arm: &ArmResult) -> PairResult {
    let by_seed: Vec<SeedDelta> = arm
        .seeds
        .iter()
        .filter_map(|own| {
            let other = baseline.seeds.iter().find(|other| other.seed == own.seed)?;
            Some(SeedDelta {
                seed: own.seed,
                delta: own.validation_loss - other.validation_loss,
            })
        })
        .collect();
    let tests = paired(&by_seed.iter().map(|entry| entry.delta).collect::<Vec<_>>());
    PairResult {
        baseline: baseline.name.clone(),
        arm: arm.name.clone(),
        delta_loss: DeltaLoss {
            mean: tests.mean,
            low: tests.low,
            high: tests.high,
            p: tests.p,
            sign_flip_p: tests.sign_flip_p,
            sd: tests.sd,
            by_seed,
        },
    }
}
