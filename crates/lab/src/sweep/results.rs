//! The outcome of a sweep, as it stands in `results.json`. Scores are fractions; tables and sentences show them times 100, in points.

use serde::{Deserialize, Serialize};

use super::rates::Rates;

/// Everything a sweep says; `results.json` and `--json` are this.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SweepResults {
    /// One sentence for each comparison, and no more than the numbers allow.
    pub sentences: Vec<String>,
    /// Whether every cell is finished.
    pub complete: bool,
    /// How far the sweep is.
    pub cells: Cells,
    /// The arms; the first is the baseline.
    pub models: Vec<ModelInfo>,
    /// Learning-rate trials of every arm, the same number for each.
    pub trials_per_arm: usize,
    /// One table for each mode and size.
    pub groups: Vec<Group>,
    /// How to read the numbers.
    pub notes: Vec<String>,
    /// What a reader must know before believing them.
    pub warnings: Vec<String>,
    /// Cells that some process works on.
    pub running: Vec<String>,
    /// Cells that are neither finished nor failed nor worked on, in the order of priority.
    pub missing: Vec<String>,
    /// Cells that failed.
    pub failed: Vec<FailedCell>,
    /// The program's version, with its commit where known.
    pub version: String,
    /// Processor, cores, vector extensions, memory, in words.
    pub machine: String,
    /// The recipe as TOML.
    pub recipe: String,
}

/// Numbers of cells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cells {
    /// Trained to the end.
    pub finished: usize,
    /// Ended with an error.
    pub failed: usize,
    /// All.
    pub planned: usize,
}

/// An arm.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModelInfo {
    /// Its name.
    pub name: String,
    /// Folder of the pre-trained model.
    pub folder: String,
    /// SHA-256 of its weights.
    pub weights: String,
    /// Whether its activations have coefficients.
    pub learnable: bool,
}

/// A cell that failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FailedCell {
    /// The cell.
    pub id: String,
    /// Why.
    pub message: String,
}

/// The table of one mode and size.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Group {
    /// The mode.
    pub mode: String,
    /// Training examples, or `all`.
    pub size: String,
    /// One entry for each task.
    pub tasks: Vec<TaskScores>,
    /// The mean over the tasks; `None` with one task.
    pub average: Option<Average>,
}

/// One task in one mode and size.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TaskScores {
    /// The task.
    pub task: String,
    /// What its score is, e.g. `matthews`.
    pub metric: String,
    /// The part that is scored, `test` or `validation`.
    pub part: String,
    /// Rows of that part.
    pub rows: Option<usize>,
    /// The best that a constant answer scores.
    pub constant: Option<f64>,
    /// One entry for each arm.
    pub arms: Vec<ArmScores>,
    /// Each further arm against the baseline.
    pub pairs: Vec<PairScores>,
}

/// One arm on one task.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ArmScores {
    /// The arm.
    pub arm: String,
    /// Why there are no scores and never will be, or whose they are: the mode has nothing to train in this arm, or comes to the same
    /// as another.
    pub remark: Option<String>,
    /// Trained numbers.
    pub trainable_parameters: Option<usize>,
    /// The chosen learning rates; `None` while the choice is open.
    pub rates: Option<Rates>,
    /// Trials among which they were chosen.
    pub trials: usize,
    /// Finished seeds.
    pub seeds: Vec<SeedScore>,
    /// Mean over the seeds.
    pub mean: Option<f64>,
    /// Sample standard deviation; `None` below two seeds.
    pub sd: Option<f64>,
    /// Median.
    pub median: Option<f64>,
    /// Smallest.
    pub min: Option<f64>,
    /// Largest.
    pub max: Option<f64>,
    /// Seeds whose score is no better than that of a constant answer.
    pub collapsed: usize,
}

/// One seed.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct SeedScore {
    /// The seed.
    pub seed: u64,
    /// Its score.
    pub score: f64,
    /// Its score on the validation part; of an average, the mean of these.
    pub validation: f64,
    /// Whether the score is no better than that of a constant answer.
    pub collapsed: bool,
}

/// An arm against the baseline, paired by seed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PairScores {
    /// The first arm.
    pub baseline: String,
    /// The other.
    pub arm: String,
    /// Arm minus baseline for each common seed.
    pub differences: Vec<SeedDifference>,
    /// Their mean.
    pub mean: Option<f64>,
    /// Their sample standard deviation.
    pub sd: Option<f64>,
    /// The 95 % bootstrap interval of the mean; `None` below six seeds.
    pub bootstrap: Option<(f64, f64)>,
    /// The 95 % t-interval of the mean; `None` below two seeds.
    pub student: Option<(f64, f64)>,
    /// Two-sided p of the paired permutation (sign-flip) test; `None` below two seeds.
    pub sign_flip_p: Option<f64>,
    /// Two-sided p of the paired t-test.
    pub student_p: Option<f64>,
    /// The larger of the two p-values: the one that a claim is judged by, before Holm's correction.
    pub judged_p: Option<f64>,
    /// The judged p after Holm's correction over the tasks of the table; of an average, the p itself.
    pub holm_p: Option<f64>,
    /// Number of p-values in the correction.
    pub tests: usize,
}

impl PairScores {
    /// The interval to show: the bootstrap's where there are seeds enough, else Student's.
    pub fn interval(&self) -> Option<(f64, f64)> {
        self.bootstrap.or(self.student)
    }
}

/// One paired difference.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct SeedDifference {
    /// The common seed.
    pub seed: u64,
    /// Arm minus baseline.
    pub difference: f64,
}

/// The mean over tasks, seed by seed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Average {
    /// The tasks it is over.
    pub tasks: Vec<String>,
    /// One entry for each arm; a seed counts where all tasks are finished.
    pub arms: Vec<ArmScores>,
    /// Each further arm against the baseline.
    pub pairs: Vec<PairScores>,
}
