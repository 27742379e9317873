//! Follows all runs from a thread of its own and tells when something changed.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use serde::Serialize;
use tokio::sync::watch;

use super::find::{self, Found};
use super::run::{Overview, Run};

/// Time between two looks at the files.
const INTERVAL: Duration = Duration::from_millis(400);
/// Time between two looks for new runs.
const RESCAN: Duration = Duration::from_secs(3);

/// What the page shows first, and the message of every server-sent event.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub(crate) struct News {
    runs: Vec<Overview>,
    /// Runs in the folders, of which the newest are shown.
    all: usize,
}

/// The runs; an identity is given once and never again.
#[derive(Debug, Default)]
pub(crate) struct Runs {
    next: usize,
    pub(crate) shown: Vec<(usize, Run)>,
    all: usize,
}

/// Shared between the thread that follows and those that answer.
pub(crate) type Shared = Arc<Mutex<Runs>>;

/// A thread that died holding the lock leaves whole values behind.
pub(crate) fn lock(runs: &Shared) -> MutexGuard<'_, Runs> {
    runs.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Runs {
    /// Takes up new runs; a vanished one stays in view, unless newer ones need its place.
    fn take_up(&mut self, found: Found, roots: &[PathBuf]) {
        let Found { mut runs, all } = found;
        self.all = all;
        // Roots without a run are waited for.
        for root in roots {
            if !runs.iter().any(|(folder, _)| folder.starts_with(root))
                && !self
                    .shown
                    .iter()
                    .any(|(_, run)| run.folder.starts_with(root))
            {
                runs.push((root.clone(), find::last_names(root, 2)));
            }
        }
        for (folder, label) in &runs {
            if !self.shown.iter().any(|(_, run)| run.folder == *folder) {
                self.shown
                    .push((self.next, Run::new(folder, label.clone())));
                self.next += 1;
            }
        }
        let current = |run: &Run| runs.iter().any(|(folder, _)| *folder == run.folder);
        // A root that was waited for is an experiment once runs appear below it.
        let replaced = |run: &Run| {
            runs.iter()
                .any(|(folder, _)| *folder != run.folder && folder.starts_with(&run.folder))
        };
        let crowded = self.shown.len() > find::SHOWN;
        self.shown
            .retain(|(_, run)| current(run) || !(crowded || replaced(run)));
        self.shown
            .sort_by(|a, b| a.1.label.cmp(&b.1.label).then(a.0.cmp(&b.0)));
    }

    fn news(&self) -> News {
        let mut arms: Vec<&str> = Vec::new();
        let runs = self.shown.iter().map(|(id, run)| {
            // Seeds of one arm share its colour.
            let arm = run
                .label
                .rsplit_once("/seed-")
                .map_or(run.label.as_str(), |(arm, _)| arm);
            let index = arms
                .iter()
                .position(|other| *other == arm)
                .unwrap_or_else(|| {
                    arms.push(arm);
                    arms.len() - 1
                });
            run.overview(*id, index)
        });
        News {
            runs: runs.collect(),
            all: self.all,
        }
    }
}

/// Follows until the receivers are gone.
pub(crate) fn follow(roots: &[PathBuf], runs: &Shared, sender: &watch::Sender<News>) {
    let mut scanned: Option<Instant> = None;
    while !sender.is_closed() {
        if scanned.is_none_or(|time| time.elapsed() >= RESCAN) {
            let found = find::find(roots);
            lock(runs).take_up(found, roots);
            scanned = Some(Instant::now());
        }
        let mut more = false;
        let count = lock(runs).shown.len();
        for index in 0..count {
            // Locked run by run: whoever asks for a page does not wait for all files.
            more |= lock(runs)
                .shown
                .get_mut(index)
                .is_some_and(|(_, run)| run.poll());
        }
        let news = lock(runs).news();
        sender.send_if_modified(|old| {
            let changed = *old != news;
            *old = news;
            changed
        });
        if !more {
            std::thread::sleep(INTERVAL);
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn a_folder_that_was_waited_for_gives_way_to_the_runs_in_it() {
        let parent = tempfile::tempdir().unwrap();
        let roots = [parent.path().join("twins")];
        let mut runs = Runs::default();
        runs.take_up(find::find(&roots), &roots);
        assert_eq!(runs.shown.len(), 1);
        for arm in ["gelu/seed-1", "gelu/seed-2", "rational/seed-1"] {
            fs::create_dir_all(roots[0].join(arm)).unwrap();
            fs::write(roots[0].join(arm).join("metrics.jsonl"), "").unwrap();
        }
        runs.take_up(find::find(&roots), &roots);
        let news = runs.news();
        let seen: Vec<_> = news
            .runs
            .iter()
            .map(|run| (run.label.as_str(), run.arm))
            .collect();
        assert_eq!(
            seen,
            [
                ("gelu/seed-1", 0),
                ("gelu/seed-2", 0),
                ("rational/seed-1", 1)
            ]
        );
        fs::remove_dir_all(&roots[0]).unwrap();
        runs.take_up(find::find(&roots), &roots);
        assert_eq!(runs.shown.len(), 3, "vanished runs stay in view");
    }
}
