//! A folder of its own for each test, a tiny recipe and text in it, and the program run there.

use std::{
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
};

use serde_json::Value;
use tempfile::TempDir;

/// Where a test works; removed with everything in it at the end.
pub(crate) struct Workplace {
    folder: TempDir,
}

impl Workplace {
    /// An empty folder.
    pub(crate) fn empty() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
        }
    }

    /// A folder with `nano.toml`, a recipe that trains in about a second, and `text/`, its corpus.
    pub(crate) fn nano() -> Self {
        let workplace = Self::empty();
        workplace.write("nano.toml", NANO);
        workplace.write("text/train.txt", &text(1, 600));
        workplace.write("text/valid.txt", &text(2, 60));
        workplace
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, content: &str) {
        self.write_bytes(name, content.as_bytes());
    }

    pub(crate) fn write_bytes(&self, name: &str, content: &[u8]) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }

    pub(crate) fn read(&self, name: &str) -> Vec<u8> {
        fs::read(self.path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    /// A JSON file, with its paths as [`Finished`] has them.
    pub(crate) fn json(&self, name: &str) -> Value {
        let text = String::from_utf8(self.read(name)).unwrap();
        serde_json::from_str(&relative(&text, self.folder.path())).unwrap()
    }

    /// The program with its arguments, to be run in the folder.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(assert_cmd::cargo::cargo_bin!("pliant"));
        command
            .args(arguments)
            .current_dir(self.folder.path())
            .stdin(Stdio::null());
        for variable in [
            "NO_COLOR",
            "CLICOLOR_FORCE",
            "FORCE_COLOR",
            "RAYON_NUM_THREADS",
            "PLIANT_SIMD",
            "COLUMNS",
        ] {
            command.env_remove(variable);
        }
        command
    }

    /// Runs the program to its end.
    pub(crate) fn run(&self, arguments: &[&str]) -> Finished {
        let output = self.command(arguments).output().unwrap();
        Finished::new(output, self.folder.path())
    }

    /// Runs the program, which must succeed.
    pub(crate) fn succeed(&self, arguments: &[&str]) -> Finished {
        let finished = self.run(arguments);
        assert_eq!(
            finished.code,
            Some(0),
            "pliant {}\n{finished}",
            arguments.join(" ")
        );
        finished
    }

    /// Starts the program and leaves it running.
    pub(crate) fn start(&self, arguments: &[&str]) -> Child {
        self.command(arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap()
    }
}

/// What a run of the program left behind.
pub(crate) struct Finished {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Finished {
    pub(crate) fn new(output: Output, folder: &Path) -> Self {
        let text = |bytes: Vec<u8>| relative(&String::from_utf8(bytes).unwrap(), folder);
        Self {
            code: output.status.code(),
            stdout: text(output.stdout),
            stderr: text(output.stderr),
        }
    }

    /// Standard output as the one JSON document that it must be.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.stdout)
            .unwrap_or_else(|error| panic!("no JSON document: {error}\n{self}"))
    }

    /// The error and its hint: standard error from the line that begins with `error:` on.
    pub(crate) fn error(&self) -> String {
        let start = self
            .stderr
            .find("error: ")
            .unwrap_or_else(|| panic!("no error\n{self}"));
        format!(
            "exit code {}\n{}",
            self.code.unwrap_or(-1),
            &self.stderr[start..]
        )
    }
}

impl std::fmt::Display for Finished {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let code = self
            .code
            .map_or_else(|| "none".to_owned(), |code| code.to_string());
        write!(
            formatter,
            "exit code {code}\n--- stdout\n{}--- stderr\n{}",
            self.stdout, self.stderr
        )
    }
}

/// The text with paths inside the folder shortened to their part inside it.
fn relative(text: &str, folder: &Path) -> String {
    let folders = [folder.canonicalize().unwrap(), folder.to_owned()];
    folders.iter().fold(text.to_owned(), |text, folder| {
        text.replace(&format!("{}/", folder.display()), "")
    })
}

/// A recipe small enough for tests.
pub(crate) const NANO: &str = "\
[model]
layers = 2
hidden_size = 16
heads = 2
intermediate_size = 32

[data]
corpus = \"text\"
vocabulary_size = 200

[train]
steps = 20
batch = 4
sequence = 32
seed = 1

[checkpoint]
every = 10

[validation]
every = 10
sequences = 8
";

/// Sentences over a few words, each depending on the one before it, in documents of five lines.
pub(crate) fn text(seed: u64, sentences: u64) -> String {
    const WORDS: [&str; 24] = [
        "the", "river", "carries", "old", "stones", "past", "a", "mill", "and", "nobody", "counts",
        "them", "while", "rain", "falls", "on", "quiet", "fields", "where", "horses", "stand",
        "under", "tall", "trees",
    ];
    let mut state = seed;
    let mut text = String::new();
    for sentence in 0..sentences {
        let mut word = 0;
        for place in 0..12 {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            word = (word + 1 + (state >> 33) as usize % 4) % WORDS.len();
            let gap = if place == 0 { "" } else { " " };
            let _ = write!(text, "{gap}{}", WORDS[word]);
        }
        text += if sentence % 5 == 4 { " .\n\n" } else { " .\n" };
    }
    text
}
