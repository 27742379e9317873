//! `report.html`: everything a comparison says, in one file that opens anywhere.

mod charts;
pub(crate) mod sweep;
mod tables;

use askama::Template;

use crate::compare::{CompareError, FinishedCell};
use crate::results::Results;
use tables::{ArmRow, HashRow, PairRow, RoleRow, RunRow};

/// The page's rules; light and dark by the reader's preference.
const STYLE: &str = include_str!("../../templates/report.css");

/// The page, as its template reads it.
#[derive(Template)]
#[template(path = "report.html")]
struct Page<'a> {
    title: String,
    style: &'static str,
    complete: bool,
    finished: usize,
    planned: usize,
    sentence: String,
    warnings: &'a [String],
    arms: Vec<ArmRow<'a>>,
    table_note: String,
    pairs: Vec<PairRow>,
    interval_chart: String,
    sign_flip_note: bool,
    loss_chart: String,
    difference_chart: String,
    difference_note: String,
    shapes: Vec<charts::ShapeGroup>,
    fairness_text: String,
    fairness: Vec<HashRow<'a>>,
    runs: Vec<RunRow<'a>>,
    roles: Vec<RoleRow>,
    recipe: &'a str,
    version: &'a str,
    machine: &'a str,
}

/// The page for `results`; the curves come from `cells`.
pub(crate) fn render(results: &Results, cells: &[FinishedCell]) -> Result<String, CompareError> {
    let differences = charts::differences(results, cells);
    let page = Page {
        title: title(results),
        style: STYLE,
        complete: results.complete,
        finished: results.cells.finished,
        planned: results.cells.planned,
        sentence: unbroken(&results.sentence),
        warnings: &results.warnings,
        arms: tables::arms(results),
        table_note: tables::note(results),
        pairs: tables::pairs(results),
        interval_chart: charts::intervals(results),
        sign_flip_note: results
            .pairs
            .iter()
            .any(|pair| pair.delta_loss.sign_flip_p.is_none()),
        loss_chart: charts::losses(results, cells),
        difference_chart: differences
            .as_ref()
            .map(|chart| chart.svg.clone())
            .unwrap_or_default(),
        difference_note: differences.map(|chart| chart.note).unwrap_or_default(),
        shapes: charts::shapes(results, cells)?,
        fairness_text: tables::fairness_text(results),
        fairness: tables::hashes(results),
        runs: tables::runs(results),
        roles: tables::roles(results),
        recipe: &results.origin.recipe,
        version: &results.origin.version,
        machine: &results.origin.machine,
    };
    Ok(page.render()?)
}

/// Who is compared with whom.
fn title(results: &Results) -> String {
    let names: Vec<&str> = results.arms.iter().map(|arm| arm.name.as_str()).collect();
    match names.as_slice() {
        [] => String::new(),
        [only] => (*only).to_owned(),
        [baseline, arm] => format!("{arm} against {baseline}"),
        [baseline, others @ .., last] if others.len() < 4 => {
            format!("{} and {last} against {baseline}", others.join(", "))
        }
        [baseline, others @ ..] => format!("{} arms against {baseline}", others.len()),
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
