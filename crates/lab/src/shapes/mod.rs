//! What a run's activations learned: tables, pictures and numbers for each site; how they got there; how seeds differ; and how far
//! fine-tuning moved them, task by task.

mod across;
pub(crate) mod curves;
mod error;
mod evolution;
mod numbers;
mod panels;
mod run;
mod seeds;
mod table;

pub use across::{Compared, ComparedRun, ComparedSite, SiteDistance, compare};
pub use error::ShapesError;
pub use evolution::{Evolution, animate};
pub use numbers::{GroupNumbers, InputNumbers, KnownFunction, Minimum, Monotone, SiteNumbers};
pub use panels::percent;
pub(crate) use panels::{describe, drawn, value_range};
pub use run::{SiteFiles, Written, write};
pub use seeds::{Seeds, SeedsArm, seeds};

/// Letters, digits, `.`, `-` and `_` of a site's name.
fn file_stem(site: &str) -> String {
    site.chars()
        .map(|c| {
            if c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_') {
                c
            } else {
                '-'
            }
        })
        .collect()
}
