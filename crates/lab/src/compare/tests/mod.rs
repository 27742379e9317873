//! The orchestration with runs that are made up.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod pages;
mod results;
mod resumption;

use std::fs;
use std::path::Path;

use pliant_train::{ErrorKind, StopFlag};

use super::fake::Fake;
use super::orchestrate;
use super::*;

fn options(out: &Path) -> Options {
    Options {
        recipe: None,
        arms: None,
        seeds: Some("1-3".parse().unwrap()),
        steps: Some(200),
        corpus: None,
        sets: Vec::new(),
        out: out.to_path_buf(),
        threads: None,
        version: "0.0.0 (test)".to_owned(),
        commit: None,
        stop: StopFlag::new(),
    }
}

fn run(options: &Options, fake: &Fake) -> Result<Results, CompareError> {
    orchestrate::run(options, fake, &mut |_: &Progress<'_>| {})
}

/// A new folder below a temporary one; the comparison makes it.
fn folder() -> (tempfile::TempDir, std::path::PathBuf) {
    let parent = tempfile::tempdir().unwrap();
    let out = parent.path().join("out");
    (parent, out)
}
