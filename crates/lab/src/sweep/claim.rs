//! Who trains a cell: an atomic file in its folder, so that several processes share one sweep.
//!
//! A claim is `claim-1.json`, made with "create, fail if it exists". Its owner lives as long as its process does, where the reader is
//! on the same host; elsewhere, as long as the file's time stamp, which a thread sets anew, is not older than a limit. A dead claim is
//! never removed: who takes the cell over makes `claim-2.json` in the same way, and so on; the highest number counts. Two takers
//! want to make the same file, so one of them fails, whatever they saw before. A removed file would open a gap in which both succeed.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

use super::process::Process;
use crate::file::write_whole;

/// How long a claim lives without a sign.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Terms {
    /// Time between two signs.
    pub(super) heartbeat: Duration,
    /// The age of the last sign from which on a claim of another host is dead. The clocks of hosts may differ by less than this.
    pub(super) limit: Duration,
}

impl Default for Terms {
    fn default() -> Self {
        Self {
            heartbeat: Duration::from_secs(20),
            limit: Duration::from_mins(10),
        }
    }
}

/// Content of a claim file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Record {
    #[serde(flatten)]
    process: Process,
    /// When it was claimed, in seconds since 1970.
    written: u64,
    /// Given back by its owner: free at once.
    released: bool,
}

/// The outcome of an attempt.
#[derive(Debug)]
pub(super) enum Attempt {
    /// The cell is ours.
    Won(Claim),
    /// Somebody else works on it.
    Busy,
}

/// The right to work on a folder; given back when dropped.
#[derive(Debug)]
pub(super) struct Claim {
    path: PathBuf,
    record: Record,
    heart: Option<JoinHandle<()>>,
    bell: Arc<(Mutex<bool>, Condvar)>,
    lost: Arc<AtomicBool>,
}

impl Claim {
    /// Tries to claim `folder`, which exists.
    pub(super) fn attempt(folder: &Path, terms: Terms) -> io::Result<Attempt> {
        let number = match latest(folder)? {
            None => 1,
            Some(number) if is_dead(&file(folder, number), terms)? => number + 1,
            Some(_) => return Ok(Attempt::Busy),
        };
        let path = file(folder, number);
        let record = Record {
            process: Process::current(),
            written: seconds(SystemTime::now()),
            released: false,
        };
        let mut created = match File::create_new(&path) {
            Ok(created) => created,
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => return Ok(Attempt::Busy),
            Err(error) => return Err(error),
        };
        created.write_all(&json(&record)?)?;
        created.sync_all()?;
        let bell = Arc::new((Mutex::new(false), Condvar::new()));
        let lost = Arc::new(AtomicBool::new(false));
        let heart = thread::Builder::new().name("heartbeat".to_owned()).spawn({
            let (path, next) = (path.clone(), file(folder, number + 1));
            let (bell, lost) = (Arc::clone(&bell), Arc::clone(&lost));
            move || beat(&path, &next, terms, &bell, &lost)
        })?;
        Ok(Attempt::Won(Self {
            path,
            record,
            heart: Some(heart),
            bell,
            lost,
        }))
    }

    /// Whether the signs came so late that somebody else took the folder over.
    pub(super) fn is_lost(&self) -> bool {
        self.lost.load(Ordering::SeqCst)
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        let (stopped, bell) = &*self.bell;
        *stopped.lock().unwrap_or_else(PoisonError::into_inner) = true;
        bell.notify_all();
        if let Some(heart) = self.heart.take() {
            // It only sets time stamps; whatever became of it, it is over.
            let _ = heart.join();
        }
        self.record.released = true;
        // A claim that cannot be given back dies with the process.
        let _ = json(&self.record).and_then(|content| write_whole(&self.path, &content));
    }
}

/// Sets the time stamp again and again, until the bell rings or somebody else has taken over.
fn beat(path: &Path, next: &Path, terms: Terms, bell: &(Mutex<bool>, Condvar), lost: &AtomicBool) {
    let (stopped, bell) = bell;
    let mut guard = stopped.lock().unwrap_or_else(PoisonError::into_inner);
    while !*guard {
        let waited = bell.wait_timeout(guard, terms.heartbeat);
        guard = waited.unwrap_or_else(PoisonError::into_inner).0;
        if *guard {
            return;
        }
        if next.exists() {
            lost.store(true, Ordering::SeqCst);
            return;
        }
        // A file system that is away for a moment is no reason to stop; if it stays away, the claim ends by itself.
        let _ = File::options()
            .write(true)
            .open(path)
            .and_then(|file| file.set_modified(SystemTime::now()));
    }
}

/// Whether somebody works on `folder` now.
pub(super) fn is_held(folder: &Path, terms: Terms) -> io::Result<bool> {
    match latest(folder)? {
        None => Ok(false),
        Some(number) => Ok(!is_dead(&file(folder, number), terms)?),
    }
}

fn file(folder: &Path, number: u64) -> PathBuf {
    folder.join(format!("claim-{number}.json"))
}

/// The highest number among the claims of a folder.
fn latest(folder: &Path) -> io::Result<Option<u64>> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let mut highest = None;
    for entry in entries {
        let name = entry?.file_name();
        let number = name
            .to_str()
            .and_then(|name| name.strip_prefix("claim-")?.strip_suffix(".json"))
            .and_then(|number| number.parse::<u64>().ok());
        highest = highest.max(number);
    }
    Ok(highest)
}

fn is_dead(path: &Path, terms: Terms) -> io::Result<bool> {
    // A claim that its owner replaces by a released one is there before and after.
    let content = fs::read(path)?;
    if let Ok(record) = serde_json::from_slice::<Record>(&content) {
        if record.released {
            return Ok(true);
        }
        if let Some(alive) = record.process.is_alive() {
            return Ok(!alive);
        }
    }
    // Of another host, or not yet written to its end.
    let modified = fs::metadata(path)?.modified()?;
    let age = SystemTime::now().duration_since(modified);
    Ok(age.is_ok_and(|age| age > terms.limit))
}

fn json(record: &Record) -> io::Result<Vec<u8>> {
    Ok(serde_json::to_vec(record)?)
}

fn seconds(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_secs())
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use std::io::{BufRead, BufReader};
    use std::process::{Child, Command, Stdio};
    use std::sync::Barrier;

    use super::*;

    /// Where a child process of these tests finds its folder.
    const FOLDER: &str = "PLIANT_TEST_CLAIM_FOLDER";

    fn won(folder: &Path, terms: Terms) -> Option<Claim> {
        match Claim::attempt(folder, terms).unwrap() {
            Attempt::Won(claim) => Some(claim),
            Attempt::Busy => None,
        }
    }

    fn of_another_host(folder: &Path, age: Duration) {
        let record = Record {
            process: Process {
                host: "elsewhere".to_owned(),
                ..Process::current()
            },
            written: 0,
            released: false,
        };
        let path = file(folder, 1);
        fs::write(&path, json(&record).unwrap()).unwrap();
        let file = File::options().write(true).open(path).unwrap();
        file.set_modified(SystemTime::now() - age).unwrap();
    }

    #[test]
    fn a_claim_holds_until_it_is_given_back() {
        let folder = tempfile::tempdir().unwrap();
        let terms = Terms::default();
        assert!(!is_held(folder.path(), terms).unwrap());
        let first = won(folder.path(), terms).unwrap();
        assert!(is_held(folder.path(), terms).unwrap());
        assert!(won(folder.path(), terms).is_none());
        drop(first);
        assert!(!is_held(folder.path(), terms).unwrap());
        assert!(won(folder.path(), terms).is_some());
    }

    #[test]
    fn a_claim_of_another_host_dies_of_silence_only() {
        let folder = tempfile::tempdir().unwrap();
        let terms = Terms::default();
        of_another_host(folder.path(), terms.limit / 2);
        assert!(won(folder.path(), terms).is_none());
        of_another_host(folder.path(), terms.limit * 2);
        assert!(won(folder.path(), terms).is_some());
    }

    #[test]
    fn a_process_with_the_same_number_is_not_the_owner() {
        let folder = tempfile::tempdir().unwrap();
        let mut process = Process::current();
        if process.start.is_none() {
            // The system does not tell when a process started.
            return;
        }
        process.start = process.start.map(|start| start + 1);
        let record = Record {
            process,
            written: 0,
            released: false,
        };
        fs::write(file(folder.path(), 1), json(&record).unwrap()).unwrap();
        assert!(won(folder.path(), Terms::default()).is_some());
    }

    #[test]
    fn a_claim_that_is_half_written_holds_for_a_while() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(file(folder.path(), 1), "{\"host\":").unwrap();
        assert!(won(folder.path(), Terms::default()).is_none());
        let at_once = Terms {
            limit: Duration::ZERO,
            ..Terms::default()
        };
        thread::sleep(Duration::from_millis(5));
        assert!(won(folder.path(), at_once).is_some());
    }

    #[test]
    fn of_many_takers_of_a_dead_claim_one_wins() {
        let terms = Terms::default();
        for _ in 0..40 {
            let folder = tempfile::tempdir().unwrap();
            of_another_host(folder.path(), terms.limit * 2);
            let barrier = Barrier::new(8);
            let winners: Vec<Option<Claim>> = thread::scope(|scope| {
                let takers: Vec<_> = (0..8)
                    .map(|_| {
                        scope.spawn(|| {
                            barrier.wait();
                            won(folder.path(), terms)
                        })
                    })
                    .collect();
                takers
                    .into_iter()
                    .map(|taker| taker.join().unwrap())
                    .collect()
            });
            assert_eq!(winners.iter().flatten().count(), 1);
        }
    }

    #[test]
    fn an_owner_without_a_pulse_learns_that_it_lost() {
        let folder = tempfile::tempdir().unwrap();
        let quick = Terms {
            heartbeat: Duration::from_millis(5),
            limit: Duration::from_mins(10),
        };
        let claim = won(folder.path(), quick).unwrap();
        let before = fs::metadata(&claim.path).unwrap().modified().unwrap();
        while fs::metadata(&claim.path).unwrap().modified().unwrap() <= before {
            thread::sleep(Duration::from_millis(2));
        }
        assert!(!claim.is_lost());
        File::create_new(file(folder.path(), 2)).unwrap();
        while !claim.is_lost() {
            thread::sleep(Duration::from_millis(2));
        }
    }

    /// Not a test of its own: what a child process does when [`FOLDER`] is set. It says who won and holds until its input ends.
    #[test]
    fn child_process() {
        let Some(folder) = std::env::var_os(FOLDER) else {
            return;
        };
        let claim = won(Path::new(&folder), Terms::default());
        let word = if claim.is_some() { "won" } else { "busy" };
        // Past the test harness, which keeps what a test prints.
        writeln!(io::stderr(), "claim: {word}").unwrap();
        let mut line = String::new();
        io::stdin().read_line(&mut line).unwrap();
    }

    struct Taker {
        child: Child,
        said: BufReader<std::process::ChildStderr>,
    }

    impl Taker {
        fn start(folder: &Path) -> Self {
            let mut child = Command::new(std::env::current_exe().unwrap())
                .args([
                    "--exact",
                    "sweep::claim::tests::child_process",
                    "--nocapture",
                ])
                .env(FOLDER, folder)
                .stdin(Stdio::piped())
                .stdout(Stdio::null())
                .stderr(Stdio::piped())
                .spawn()
                .unwrap();
            let said = BufReader::new(child.stderr.take().unwrap());
            Self { child, said }
        }

        fn has_won(&mut self) -> bool {
            let mut line = String::new();
            while !line.starts_with("claim: ") {
                line.clear();
                assert!(
                    self.said.read_line(&mut line).unwrap() > 0,
                    "the child said nothing"
                );
            }
            line.trim() == "claim: won"
        }
    }

    #[test]
    fn of_racing_processes_one_wins_and_a_killed_one_is_followed_at_once() {
        let folder = tempfile::tempdir().unwrap();
        for _ in 0..3 {
            let mut takers: Vec<Taker> = (0..4).map(|_| Taker::start(folder.path())).collect();
            let won: Vec<bool> = takers.iter_mut().map(Taker::has_won).collect();
            assert_eq!(won.iter().filter(|won| **won).count(), 1, "{won:?}");
            // Killed, so that nobody gives the claim back; the next round must find it dead.
            for mut taker in takers {
                taker.child.kill().unwrap();
                taker.child.wait().unwrap();
            }
        }
        assert_eq!(latest(folder.path()).unwrap(), Some(3));
    }
}
