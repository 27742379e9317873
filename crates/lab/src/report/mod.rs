//! `report.html`: everything a comparison, a sweep or a fine-tuning says, in one file that opens anywhere.
//!
//! The pages share a frame, a style sheet for light, dark, small and paper, and a script that reads values off the curves. Nothing is
//! fetched, and a page forbids the browser to do so.

mod charts;
pub(crate) mod compare;
mod error;
mod finetune;
mod shapes;
pub(crate) mod sweep;
mod tables;

pub use error::ReportError;
pub use finetune::write as write_finetune;

use crate::date;

/// What stands at the top and at the bottom of every page.
struct Frame<'a> {
    /// What was done, in a word.
    kind: &'static str,
    title: String,
    /// How far it is, where it is not finished.
    unfinished: Option<String>,
    /// What the numbers allow to be said, the most important first.
    sentences: Vec<String>,
    warnings: &'a [String],
    version: &'a str,
    machine: &'a str,
    written: String,
    style: &'static str,
    script: &'static str,
}

impl<'a> Frame<'a> {
    fn new(kind: &'static str, title: String, version: &'a str, machine: &'a str) -> Self {
        Self {
            kind,
            title,
            unfinished: None,
            sentences: Vec::new(),
            warnings: &[],
            version,
            machine,
            written: date::now(),
            style: include_str!("../../templates/report.css"),
            script: include_str!("../../templates/readout.js"),
        }
    }
}

/// The text with numbers kept on one line with what they belong to.
fn unbroken(text: &str) -> String {
    text.replace("p < ", "p\u{a0}<\u{a0}")
        .replace("p = ", "p\u{a0}=\u{a0}")
        .replace(" %", "\u{a0}%")
}

/// The colour of an arm: eight, then again from the first.
fn class(arm: usize) -> String {
    format!("arm-{}", arm % 8)
}
