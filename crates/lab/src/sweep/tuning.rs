//! The choice among the learning rates of an arm.

use super::SweepError;
use super::cell_file;
use super::folder::Folder;
use super::grid::{Grid, Place};
use crate::statistics::mean;

/// What the trials of a place say so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Choice {
    /// This trial (from 0) has the best mean validation score over the tuning seeds; the earlier one among equals.
    Chosen(usize),
    /// So many of the cells that decide are neither finished nor failed.
    Missing(usize),
    /// No trial finished with every tuning seed.
    AllFailed,
}

/// Looks at the validation scores of all trials of a place. A trial that failed with one of the seeds is out.
pub(super) fn choose(folder: &Folder, grid: &Grid, place: Place) -> Result<Choice, SweepError> {
    if grid.trials == 1 {
        return Ok(Choice::Chosen(0));
    }
    let mut missing = 0;
    let mut best: Option<(usize, f64)> = None;
    for trial in 0..grid.trials {
        let mut scores = Vec::new();
        for &seed in grid.tuning_seeds() {
            let cell = grid.folder(&folder.path, place, trial, seed);
            if let Some(result) = cell_file::result(&cell)? {
                scores.push(result.outcome.validation_score);
            } else if cell_file::error(&cell)?.is_none() {
                missing += 1;
            }
        }
        let complete = scores.len() == grid.tuning_seeds().len();
        if let (true, Some(score)) = (complete, mean(&scores))
            && score.is_finite()
            && best.is_none_or(|(_, highest)| score > highest)
        {
            best = Some((trial, score));
        }
    }
    Ok(match (missing, best) {
        (0, Some((trial, _))) => Choice::Chosen(trial),
        (0, None) => Choice::AllFailed,
        (missing, _) => Choice::Missing(missing),
    })
}
