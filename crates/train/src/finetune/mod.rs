//! Fine-tuning: one seed or several of a task, with every mode of the paper, on the loop that pre-training uses.
//!
//! [`FinetuneOptions`] say what is tuned on what ([`FinetuneOptions::new`] takes the settings of the paper from
//! [`Settings`]); [`finetune_seed`] turns them into a run folder, [`finetune`] does so for several seeds. What trains is a
//! [`Selection`] that a [`Mode`] makes by role.

mod feed;
mod groups;
mod mode;
mod options;
pub(crate) mod part;
mod result;
pub(crate) mod rows;
pub(crate) mod score;
mod seed;
mod seeds;
mod selection;
mod settings;
pub(crate) mod start;
mod text_form;
#[cfg(test)]
mod trajectory;
pub(crate) mod tuned;

pub use mode::Mode;
pub use options::{FinetuneOptions, TaskData};
pub use result::{FinetuneResult, Metrics, SeedResult, Spread, TaskFairness};
pub use rows::TaskFiles;
pub use seed::finetune_seed;
pub use seeds::finetune;
pub use selection::{Selection, Trains, twin_coefficients};
pub use settings::Settings;
