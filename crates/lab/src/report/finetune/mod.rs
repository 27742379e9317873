//! The page of a fine-tuning: its seeds, how they went epoch by epoch, and what the activations became.

mod record;
mod seeds;
mod trained;

use std::fs;
use std::path::{Path, PathBuf};

use askama::Template;
use pliant_train::finetune::FinetuneResult;

use self::record::SeedRecord;
use self::seeds::SeedTable;
use self::trained::HashRow;
use super::shapes::{Arm, Shapes, Words};
use super::{Frame, ReportError, class};
use crate::file::write_whole;
use crate::machine;
use crate::shapes::curves;

/// The settings of the fine-tuning, in its folder.
const SETTINGS: &str = "finetune.toml";

/// The page, as its template reads it.
#[derive(Template)]
#[template(path = "finetune.html")]
struct Page<'a> {
    frame: Frame<'a>,
    primary: &'a str,
    seeds: SeedTable,
    seeds_note: String,
    metric_chart: Option<String>,
    loss_chart: Option<String>,
    epochs_note: String,
    shapes: Option<Shapes>,
    trained: Vec<(String, String)>,
    trained_note: String,
    stated: &'a [String],
    hashes: Vec<HashRow>,
    settings: String,
}

/// Writes `report.html` of the finished fine-tuning `result` into its folder `out`; `version` is the program's.
///
/// # Errors
/// The records of a seed cannot be read, or the page cannot be written. A line of `metrics.jsonl` that is no event is named in the page.
pub fn write(result: &FinetuneResult, out: &Path, version: &str) -> Result<PathBuf, ReportError> {
    let path = out.join("report.html");
    let page = render(result, out, version)?;
    write_whole(&path, page.as_bytes()).map_err(ReportError::io("write", &path))?;
    Ok(path)
}

fn render(result: &FinetuneResult, out: &Path, version: &str) -> Result<String, ReportError> {
    let folders = result
        .seeds
        .iter()
        .map(|seed| (seed.seed, out.join(format!("seed-{}", seed.seed))));
    let folders: Vec<(u64, PathBuf)> = folders.collect();
    let mut warnings = Vec::new();
    let mut records = Vec::new();
    let mut inputs = Vec::new();
    for (seed, folder) in &folders {
        records.push(record::read(*seed, folder, &mut warnings)?);
        inputs.push(curves::read_inputs(folder)?);
    }
    let first = result.seeds.first();
    let activation = first.map_or("", |seed| seed.activation.as_str());
    let arm = Arm {
        name: activation,
        class: class(1),
        runs: folders
            .iter()
            .map(|(_, folder)| folder.as_path())
            .zip(&inputs)
            .collect(),
    };
    let settings = out.join(SETTINGS);
    let settings = fs::read_to_string(&settings).map_err(ReportError::io("read", &settings))?;
    let (version, machine) = (format!("pliant {version}"), machine::in_words());
    let page = Page {
        frame: Frame {
            sentences: vec![super::unbroken(&seeds::sentence(result))],
            warnings: &warnings,
            ..Frame::new(
                "fine-tuning",
                format!(
                    "{} on {}, mode {}",
                    short(activation),
                    result.task,
                    result.mode
                ),
                &version,
                &machine,
            )
        },
        primary: &result.primary,
        seeds: seeds::table(result),
        seeds_note: seeds::note(result),
        metric_chart: record::metric_chart(&records, &result.primary),
        loss_chart: record::loss_chart(&records),
        epochs_note: epochs_note(&records),
        // Functions that are fixed are not news.
        shapes: if inputs
            .iter()
            .flat_map(|run| &run.sites)
            .any(|site| !site.learned.is_empty())
        {
            Shapes::draw(&[arm], &Words::FINE_TUNING)?
        } else {
            None
        },
        trained: trained::parts(result),
        trained_note: trained::note(result),
        stated: first.map_or(&[], |seed| &seed.stated),
        hashes: trained::hashes(result),
        settings,
    };
    Ok(page.render()?)
}

/// An activation's name without its settings.
fn short(activation: &str) -> &str {
    activation.split('(').next().unwrap_or(activation)
}

fn epochs_note(records: &[SeedRecord]) -> String {
    let lines = if records.len() > 1 {
        "One line per seed, the strong line is their mean over the epochs that all of them have. "
    } else {
        ""
    };
    format!("{lines}The epoch with the best validation is the one that is reported and saved.")
}
