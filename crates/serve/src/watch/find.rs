//! Which runs the folders on the command line hold.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use crate::ServeError;

/// Runs shown side by side.
pub(crate) const SHOWN: usize = 24;
/// `sweep` puts a run eight folders deep at most: `cells/TASK/MODE/SIZE/ARM/trial-N/seed-N/run`.
const DEPTH: usize = 8;
/// Folders that hold no runs.
const SKIPPED: [&str; 5] = ["checkpoints", "data", "model", "shapes", "adapter"];
/// What a folder holds that is a run or an experiment, or is becoming one.
const OWN: [&str; 9] = [
    "recipe.toml",
    "metrics.jsonl",
    "finetune.toml",
    "compare.json",
    "sweep.toml",
    "models.json",
    "lock",
    ".lock",
    "data",
];

/// The runs that are shown, in the order of their labels, and how many there are.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Found {
    pub(crate) runs: Vec<(PathBuf, String)>,
    pub(crate) all: usize,
}

/// Refuses a file and a folder of another program; one that does not exist yet is waited for.
pub(crate) fn check(root: &Path) -> Result<(), ServeError> {
    let entries = match fs::read_dir(root) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) if error.kind() == io::ErrorKind::NotADirectory => {
            return Err(ServeError::NotAFolder {
                path: root.to_path_buf(),
            });
        }
        Err(source) => {
            return Err(ServeError::Read {
                path: root.to_path_buf(),
                source,
            });
        }
    };
    let mut names: Vec<String> = entries
        .filter_map(Result::ok)
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    let ours = names.is_empty()
        || names.iter().any(|name| OWN.contains(&name.as_str()))
        || find(&[root.to_path_buf()]).all > 0;
    match names.into_iter().next() {
        Some(found) if !ours => Err(ServeError::Foreign {
            folder: root.to_path_buf(),
            found,
        }),
        _ => Ok(()),
    }
}

/// Looks through the folders; of more than [`SHOWN`] runs the newest are kept.
pub(crate) fn find(roots: &[PathBuf]) -> Found {
    let mut runs: Vec<(SystemTime, PathBuf, String)> = Vec::new();
    for root in roots {
        let mut inside = Vec::new();
        visit(root, DEPTH, &mut inside);
        for (time, folder) in inside {
            let own = folder.strip_prefix(root).unwrap_or(&folder);
            let own = without_sweep_frame(&own.to_string_lossy()).to_owned();
            let label = if own.is_empty() {
                last_names(root, 2)
            } else if roots.len() > 1 {
                format!("{}/{own}", last_names(root, 1))
            } else {
                own
            };
            runs.push((time, folder, label));
        }
    }
    runs.sort_by(|a, b| b.0.cmp(&a.0).then_with(|| a.1.cmp(&b.1)));
    runs.dedup_by(|a, b| a.1 == b.1);
    let all = runs.len();
    runs.truncate(SHOWN);
    let mut runs: Vec<(PathBuf, String)> = runs
        .into_iter()
        .map(|(_, folder, label)| (folder, label))
        .collect();
    runs.sort_by(|a, b| a.1.cmp(&b.1).then_with(|| a.0.cmp(&b.0)));
    Found { runs, all }
}

/// A cell of a sweep by its settings: without the folder of all cells and that of the run inside its own.
fn without_sweep_frame(label: &str) -> &str {
    label
        .strip_prefix("cells/")
        .and_then(|cell| cell.strip_suffix("/run"))
        .unwrap_or(label)
}

/// The name that a run has in the page when only its folder is known.
pub(crate) fn last_names(folder: &Path, count: usize) -> String {
    let names: Vec<String> = folder
        .iter()
        .map(|name| name.to_string_lossy().into_owned())
        .collect();
    names[names.len().saturating_sub(count)..].join("/")
}

fn visit(folder: &Path, depth: usize, found: &mut Vec<(SystemTime, PathBuf)>) {
    if let Ok(metadata) = fs::metadata(folder.join("metrics.jsonl")) {
        found.push((
            metadata.modified().unwrap_or(SystemTime::UNIX_EPOCH),
            folder.to_path_buf(),
        ));
        return;
    }
    if depth == 0 {
        return;
    }
    for entry in fs::read_dir(folder)
        .into_iter()
        .flatten()
        .filter_map(Result::ok)
    {
        let name = entry.file_name();
        let name = name.to_string_lossy();
        // Links are not followed: they may lead in circles.
        let descend = entry.file_type().is_ok_and(|kind| kind.is_dir())
            && !name.starts_with('.')
            && !SKIPPED.contains(&&*name);
        if descend {
            visit(&entry.path(), depth - 1, found);
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn the_newest_of_ten_thousand_runs_are_shown() {
        let folder = tempfile::tempdir().unwrap();
        for index in 0..10_000 {
            let run = folder.path().join(format!("seed-{index}"));
            fs::create_dir(&run).unwrap();
            let file = fs::File::create(run.join("metrics.jsonl")).unwrap();
            let time =
                SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000 + (index * 7919) % 10_000);
            file.set_modified(time).unwrap();
        }
        let found = find(&[folder.path().to_path_buf()]);
        assert_eq!((found.all, found.runs.len()), (10_000, SHOWN));
        for (_, label) in &found.runs {
            let index: u64 = label.strip_prefix("seed-").unwrap().parse().unwrap();
            assert!((index * 7919) % 10_000 >= 10_000 - SHOWN as u64, "{label}");
        }
    }

    #[test]
    fn cells_of_a_sweep_are_found_and_named_by_their_settings() {
        let folder = tempfile::tempdir().unwrap();
        for cell in [
            "rte/full/100/gelu/seed-1",
            "rte/full/100/rational/trial-2/seed-1",
        ] {
            let run = folder.path().join("cells").join(cell).join("run");
            fs::create_dir_all(&run).unwrap();
            fs::write(run.join("metrics.jsonl"), "").unwrap();
        }
        let labels: Vec<String> = find(&[folder.path().to_path_buf()])
            .runs
            .into_iter()
            .map(|(_, label)| label)
            .collect();
        assert_eq!(
            labels,
            [
                "rte/full/100/gelu/seed-1",
                "rte/full/100/rational/trial-2/seed-1"
            ]
        );
    }

    #[test]
    fn a_folder_of_another_program_is_refused_and_one_to_come_is_waited_for() {
        let folder = tempfile::tempdir().unwrap();
        assert!(check(folder.path()).is_ok());
        assert!(check(&folder.path().join("later")).is_ok());
        fs::write(folder.path().join("notes.txt"), "").unwrap();
        assert!(
            matches!(check(folder.path()), Err(ServeError::Foreign { found, .. }) if found == "notes.txt")
        );
        assert!(matches!(
            check(&folder.path().join("notes.txt")),
            Err(ServeError::NotAFolder { .. })
        ));
        fs::create_dir_all(folder.path().join("rational/seed-1")).unwrap();
        fs::write(folder.path().join("rational/seed-1/metrics.jsonl"), "").unwrap();
        assert!(check(folder.path()).is_ok());
    }
}
