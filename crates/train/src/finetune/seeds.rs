//! Several seeds of one fine-tuning.

use std::fs;
use std::path::Path;

use super::FinetuneOptions;
use super::options::SavedOptions;
use super::result::FinetuneResult;
use super::rows::TaskFiles;
use super::seed::seed_of_files;
use crate::file::{write_json, write_whole};
use crate::folder::{RECIPE_FILE, SavedRecipe, foreign_entry};
use crate::{EventSink, RunOptions, Start, TrainError};

/// Options of the seeds in a folder, without a seed.
const OPTIONS_FILE: &str = "finetune.toml";
/// The result over the seeds.
const RESULTS_FILE: &str = "results.json";

/// Fine-tunes every seed in `out/seed-N`, one after the other, and writes `out/results.json` over all of them. Finished
/// seeds are found again and interrupted ones go on, whatever `run.start` says of the others' folders.
///
/// # Errors
/// [`TrainError::OtherRecipe`] where the folder was begun with other options, [`TrainError::NoSeeds`], and what stops a seed.
pub fn finetune(
    options: &FinetuneOptions,
    seeds: &[u64],
    out: &Path,
    run: &RunOptions,
    sink: &mut dyn EventSink,
) -> Result<FinetuneResult, TrainError> {
    let options = options.checked()?;
    let files = TaskFiles::read(&options)?;
    let out = &std::path::absolute(out).map_err(TrainError::io("find", out))?;
    remember(&options, out, run)?;
    let run = &RunOptions {
        start: Start::Continue,
        ..run.clone()
    };
    let mut results = Vec::with_capacity(seeds.len());
    for seed in seeds {
        let folder = out.join(format!("seed-{seed}"));
        results.push(seed_of_files(
            &options,
            Some(&files),
            *seed,
            &folder,
            run,
            sink,
        )?);
    }
    let result = FinetuneResult::of(results).ok_or(TrainError::NoSeeds)?;
    write_json(&out.join(RESULTS_FILE), &result)?;
    Ok(result)
}

/// Writes the options into the folder, or compares them with those it was begun with. What one seed does, seed 0 stands for
/// all.
fn remember(options: &FinetuneOptions, out: &Path, run: &RunOptions) -> Result<(), TrainError> {
    let saved = SavedOptions {
        seed: 0,
        finetune: options.clone(),
    };
    let path = out.join(OPTIONS_FILE);
    if path.is_file() {
        // A call that failed before its first seed began binds nobody.
        if has_begun(out)? {
            let text = fs::read_to_string(&path).map_err(TrainError::io("read", &path))?;
            let differences = saved.differences(&path, &text)?;
            if !differences.is_empty() {
                return Err(TrainError::OtherRecipe {
                    folder: out.to_path_buf(),
                    differences,
                });
            }
            return Ok(());
        }
    } else if let Some(entry) = foreign_entry(out)? {
        return Err(TrainError::FolderOccupied {
            folder: out.to_path_buf(),
            entry,
        });
    }
    fs::create_dir_all(out).map_err(TrainError::io("create", out))?;
    write_whole(&path, saved.to_toml(run.commit.as_deref())?.as_bytes())
}

/// Whether the folder of any seed holds a run.
fn has_begun(out: &Path) -> Result<bool, TrainError> {
    for entry in fs::read_dir(out).map_err(TrainError::io("read", out))? {
        let entry = entry.map_err(TrainError::io("read", out))?;
        if entry.path().join(RECIPE_FILE).is_file() {
            return Ok(true);
        }
    }
    Ok(false)
}
