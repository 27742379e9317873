//! Sweeps with runs that are made up.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod folders;
mod plans;
mod tables;
mod working;

use std::fs;
use std::path::{Path, PathBuf};

use pliant_train::{ErrorKind, StopFlag};

use super::fake::Fake;
use super::work;
use super::*;

/// A place with two models, which have no content, and a recipe.
struct Place {
    folder: tempfile::TempDir,
}

impl Place {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        for model in ["gelu", "rational"] {
            fs::create_dir(folder.path().join(model)).unwrap();
            fs::write(folder.path().join(model).join("model.safetensors"), model).unwrap();
        }
        Self { folder }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// A recipe with these lines under `[sweep]` and below.
    fn recipe(&self, more: &str) -> PathBuf {
        let text = format!(
            "[sweep]\ndata = \"glue\"\nsizes = [100]\n{more}\n{}{}",
            self.model("gelu"),
            self.model("rational")
        );
        let path = self.path("recipe.toml");
        fs::write(&path, text).unwrap();
        path
    }

    fn model(&self, name: &str) -> String {
        format!(
            "\n[[model]]\nname = \"{name}\"\nfolder = \"{}\"\n",
            self.path(name).display()
        )
    }

    fn options(&self, more: &str) -> Options {
        Options {
            recipe: self.recipe(more),
            out: self.path("out"),
            budget: Budget::default(),
            cell: None,
            retry_failed: false,
            threads: None,
            version: "0.0.0 (test)".to_owned(),
            commit: None,
            stop: StopFlag::new(),
        }
    }
}

fn run(options: &Options, fake: &Fake) -> Result<SweepResults, SweepError> {
    work::run(options, fake, &mut |_: &Progress<'_>| {})
}

const TWO_TASKS: &str = "tasks = [\"rte\", \"cola\"]\nseeds = \"1-10\"";

/// The message of an error with its hint.
fn said(error: &SweepError) -> String {
    format!("{error}\n{}", error.hint().unwrap_or_default())
}

fn exists(path: &Path, name: &str) -> bool {
    path.join(name).exists()
}
