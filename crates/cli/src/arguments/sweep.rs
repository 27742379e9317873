use std::{num::NonZeroUsize, path::PathBuf};

use clap::{Args, ValueEnum, ValueHint};
use pliant_lab::sweep::PlanForm;

use super::number::{count, minutes};

/// Fine-tune a grid of models, tasks, modes, sizes and seeds, and say what it proves
///
/// Cells are trained in the order of their priority; a finished one is not trained again. Several processes may work on one
/// folder, also on several machines that share it: each claims the cell it trains, and takes over the cells of processes that
/// died (on another machine, that have given no sign for ten minutes). A cell that fails is recorded and does not stop the others. Tables, tests and the report are written from whatever is
/// finished. Without --max-cells and --minutes a call trains every cell that is free.
#[derive(Debug, Args)]
#[command(
    after_long_help = "Example:\n  pliant sweep recipes/glue-100.toml --out glue-100 --minutes 600"
)]
pub(crate) struct Sweep {
    /// Recipe of the sweep
    #[arg(value_name = "RECIPE", value_hint = ValueHint::FilePath, required_unless_present = "collect")]
    pub(crate) recipe: Option<PathBuf>,

    /// Folder for the cells, the tables and the report
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath, default_value = "pliant-sweep")]
    pub(crate) out: PathBuf,

    /// Train at most so many cells
    #[arg(long, value_name = "N", value_parser = count::<NonZeroUsize>)]
    pub(crate) max_cells: Option<NonZeroUsize>,

    /// Begin no cell after so many minutes; one that has begun is finished
    #[arg(long, value_name = "M", value_parser = minutes)]
    pub(crate) minutes: Option<f64>,

    /// Train this cell only, named as in --plan
    #[arg(long, value_name = "CELL", conflicts_with_all = ["max_cells", "minutes"])]
    pub(crate) cell: Option<String>,

    /// Try cells again that failed in an earlier call
    #[arg(long)]
    pub(crate) retry_failed: bool,

    /// Print the cells as commands and train nothing
    ///
    /// `jsonl`: one JSON object per line, for any scheduler. `slurm`: a script that submits itself as array jobs.
    #[arg(long, value_name = "FORM", hide_possible_values = true,
        conflicts_with_all = ["max_cells", "minutes", "cell", "retry_failed"])]
    pub(crate) plan: Option<Plan>,

    /// Write the tables of the sweep in this folder from whatever is finished, and train nothing
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath,
        conflicts_with_all = ["recipe", "out", "max_cells", "minutes", "cell", "retry_failed", "plan"])]
    pub(crate) collect: Option<PathBuf>,
}

/// How a plan is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Plan {
    /// One JSON object per line
    Jsonl,
    /// A script for Slurm
    Slurm,
}

impl From<Plan> for PlanForm {
    fn from(plan: Plan) -> Self {
        match plan {
            Plan::Jsonl => Self::Jsonl,
            Plan::Slurm => Self::Slurm,
        }
    }
}
