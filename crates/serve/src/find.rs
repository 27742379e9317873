//! Which runs the folders on the command line hold.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use crate::ServeError;

/// Runs shown side by side.
pub(crate) const SHOWN: usize = 24;
/// `sweep` puts a run six folders deep at most.
const DEPTH: usize = 6;
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
            let label = if own.as_os_str().is_empty() {
                last_names(root, 2)
            } else if roots.len() > 1 {
                format!("{}/{}", last_names(root, 1), own.display())
            } else {
                own.display().to_string()
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
