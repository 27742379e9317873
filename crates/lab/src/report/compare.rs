//! The page of a comparison.

use askama::Template;

use super::shapes::{Arm, Shapes, Words};
use super::tables::{self, ArmRow, HashRow, PairRow, RoleRow, RunRow};
use super::{Frame, charts, class, unbroken};
use crate::compare::{CompareError, FinishedCell};
use crate::results::Results;

/// The page, as its template reads it.
#[derive(Template)]
#[template(path = "compare.html")]
struct Page<'a> {
    frame: Frame<'a>,
    arms: Vec<ArmRow<'a>>,
    table_note: String,
    pairs: Vec<PairRow>,
    interval_chart: String,
    sign_flip_note: bool,
    loss_chart: String,
    difference_chart: String,
    difference_note: String,
    shapes: Option<Shapes>,
    fairness_text: String,
    fairness: Vec<HashRow<'a>>,
    runs: Vec<RunRow<'a>>,
    roles: Vec<RoleRow>,
    recipe: &'a str,
}

/// The page for `results`; the curves come from `cells`.
pub(crate) fn render(results: &Results, cells: &[FinishedCell]) -> Result<String, CompareError> {
    let differences = charts::differences(results, cells);
    let origin = &results.origin;
    let page = Page {
        frame: Frame {
            unfinished: (!results.complete).then(|| {
                format!(
                    "{} of {} runs",
                    results.cells.finished, results.cells.planned
                )
            }),
            sentences: vec![unbroken(&results.sentence)],
            warnings: &results.warnings,
            ..Frame::new(
                "comparison",
                title(results),
                &origin.version,
                &origin.machine,
            )
        },
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
        shapes: Shapes::draw(&sites(results, cells), &Words::PRE_TRAINING)?,
        fairness_text: tables::fairness_text(results),
        fairness: tables::hashes(results),
        runs: tables::runs(results),
        roles: tables::roles(results),
        recipe: &origin.recipe,
    };
    Ok(page.render()?)
}

/// The activation sites of every finished cell, arm by arm.
fn sites<'a>(results: &'a Results, cells: &'a [FinishedCell]) -> Vec<Arm<'a>> {
    let arms = results.arms.iter().enumerate();
    arms.map(|(index, arm)| Arm {
        name: &arm.name,
        class: class(index),
        runs: cells
            .iter()
            .filter(|cell| cell.arm == index)
            .map(|cell| (cell.folder.as_path(), &cell.shapes))
            .collect(),
    })
    .filter(|arm| !arm.runs.is_empty())
    .collect()
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
