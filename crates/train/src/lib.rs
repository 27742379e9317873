//! The training run: recipe, optimizer groups, schedules, loop, checkpoints, events.
//!
//! A [`Recipe`] says everything about a run; [`run`] turns it into a run folder. The loop emits [`Event`]s to a sink
//! and renders nothing itself. Every random decision is a pure function of the recipe and the step, every reduction has a
//! fixed order: the same recipe gives the same bytes at any number of threads and after any interruption (runs with a
//! time budget, `train.minutes`, excepted: their schedule follows the clock on the wall).

pub mod bench;
mod checkpoint;
mod digest;
mod divergence;
pub mod dry_run;
pub mod environment;
pub mod error;
pub mod evaluate;
mod evaluate_task;
pub mod event;
mod file;
pub mod finetune;
mod folder;
mod gradient_report;
mod group;
mod health;
mod initial;
mod metrics;
mod observe;
mod optimizer;
mod precision;
pub mod predict;
pub mod recipe;
mod run;
pub mod runs;
pub mod schedule;
mod session;
pub mod shapes;
pub mod signals;
mod step;
pub mod stop;
pub mod summary;
mod temporary;
mod tied;
mod trainable;
mod validation;

pub use dry_run::{DryRunReport, dry_run};
pub use error::{ErrorKind, TrainError};
pub use evaluate::{EvaluationOptions, EvaluationReport, evaluate};
pub use evaluate_task::{TaskEvaluation, TaskEvaluationOptions, evaluate_task};
pub use event::{Event, EventSink};
pub use folder::has_trained;
pub use group::matches_pattern;
pub use health::{Health, SiteHealth};
pub use metrics::read_metrics;
pub use recipe::{Recipe, RecipeError, Sources};
pub use run::{RunOptions, Start, run};
pub use shapes::{
    InputHistogram, InputShapes, NamedTensor, SiteCoefficients, SiteShape, coefficient_groups,
};
pub use stop::StopFlag;
pub use summary::{FairnessHashes, RunSummary};
pub use temporary::TemporaryFolder;
pub use trainable::input as model_input;

/// The examples of the README are tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
