//! From the cells that are there to the files that people read.

use std::collections::BTreeMap;
use std::path::Path;

use super::cell_file::{self, CellResult};
use super::claim::{self, Terms};
use super::folder::Folder;
use super::grid::{Grid, Place, Trial};
use super::results::{FailedCell, SweepResults};
use super::runner::CellRunner;
use super::tuning::{self, Choice};
use super::{Progress, Sink, SweepError, tables, tally, work};
use crate::report;

/// What the folder of a sweep holds now.
pub(super) struct Gathered {
    /// Finished cells of the chosen trials, by place and seed.
    pub(super) results: BTreeMap<(Place, u64), CellResult>,
    /// The chosen trial of each place.
    pub(super) chosen: BTreeMap<Place, Choice>,
    /// Cells that failed.
    pub(super) failed: Vec<FailedCell>,
    /// Cells that are neither finished nor failed nor worked on, in the order of priority.
    pub(super) missing: Vec<String>,
    /// Cells that some process works on now.
    pub(super) running: Vec<String>,
    /// Number of finished cells, those of trials that were not chosen included.
    pub(super) finished: usize,
}

/// How far a sweep is.
pub(super) struct Standing {
    pub(super) finished: usize,
    pub(super) failed: usize,
}

/// Counts the cells.
pub(super) fn standing(folder: &Folder, grid: &Grid) -> Result<Standing, SweepError> {
    let gathered = gather(folder, grid)?;
    Ok(Standing {
        finished: gathered.finished,
        failed: gathered.failed.len(),
    })
}

/// Looks at every cell.
fn gather(folder: &Folder, grid: &Grid) -> Result<Gathered, SweepError> {
    let mut gathered = Gathered {
        results: BTreeMap::new(),
        chosen: BTreeMap::new(),
        failed: Vec::new(),
        missing: Vec::new(),
        running: Vec::new(),
        finished: 0,
    };
    for cell in &grid.cells {
        let choice = if let Some(choice) = gathered.chosen.get(&cell.place) {
            *choice
        } else {
            let choice = tuning::choose(folder, grid, cell.place)?;
            gathered.chosen.insert(cell.place, choice);
            choice
        };
        let trial = match (cell.trial, choice) {
            (Trial::Fixed(trial), _) | (Trial::Winner, Choice::Chosen(trial)) => trial,
            (Trial::Winner, Choice::Missing(_)) => {
                gathered.missing.push(cell.id.clone());
                continue;
            }
            (Trial::Winner, Choice::AllFailed) => {
                gathered.failed.push(FailedCell {
                    id: cell.id.clone(),
                    message: "no trial of its learning rates finished".to_owned(),
                });
                continue;
            }
        };
        let path = grid.folder(&folder.path, cell.place, trial, cell.seed);
        if let Some(result) = cell_file::result(&path)? {
            gathered.finished += 1;
            if choice == Choice::Chosen(trial) {
                gathered.results.insert((cell.place, cell.seed), result);
            }
        } else if let Some(error) = cell_file::error(&path)? {
            gathered.failed.push(FailedCell {
                id: cell.id.clone(),
                message: error.message,
            });
        } else if claim::is_held(&path, Terms::default()).map_err(SweepError::io("read", &path))? {
            gathered.running.push(cell.id.clone());
        } else {
            gathered.missing.push(cell.id.clone());
        }
    }
    Ok(gathered)
}

/// Writes the tables of a folder's sweep.
pub(super) fn collect(
    path: &Path,
    runner: &dyn CellRunner,
    version: &str,
    sink: &mut dyn Sink,
) -> Result<SweepResults, SweepError> {
    let folder = Folder::find(path)?;
    let grid = work::grid(&folder, runner);
    write(&folder, &grid, version, Some(sink))
}

/// Writes every file for readers from whatever is finished.
pub(super) fn write(
    folder: &Folder,
    grid: &Grid,
    version: &str,
    sink: Option<&mut dyn Sink>,
) -> Result<SweepResults, SweepError> {
    let results = tally::results(folder, grid, gather(folder, grid)?, version);
    let json = serde_json::to_string_pretty(&results)
        .map_err(|error| SweepError::unreadable(&folder.path.join("results.json"), &error))?;
    let files = [
        ("results.json", json + "\n"),
        ("results.md", tables::markdown::render(&results)),
        ("results.csv", tables::csv::scores(&results)),
        ("pairs.csv", tables::csv::pairs(&results)),
        ("seeds.csv", tables::csv::seeds(&results)),
        ("results.tex", tables::latex::render(&results)),
        ("report.html", report::sweep::render(&results)?),
    ];
    let mut written = Vec::new();
    for (name, text) in files {
        written.push(folder.write(name, &text)?);
    }
    if let Some(sink) = sink {
        for path in &written {
            sink.progress(&Progress::Written { path });
        }
    }
    Ok(results)
}
