//! What `--help` says, for every verb, and that completions and the manual say it too.

use std::{path::Path, process::Command};

use crate::workplace::Workplace;

const VERBS: [&[&str]; 32] = [
    &["compare"],
    &["pretrain"],
    &["finetune"],
    &["predict"],
    &["serve"],
    &["eval"],
    &["sweep"],
    &["score", "squad"],
    &["shapes"],
    &["watch"],
    &["convert"],
    &["export"],
    &["freeze"],
    &["tokenize"],
    &["runs"],
    &["runs", "rm"],
    &["act"],
    &["act", "list"],
    &["act", "fit"],
    &["act", "check"],
    &["act", "bench"],
    &["act", "import"],
    &["recipe", "show"],
    &["recipe", "check"],
    &["recipe", "schema"],
    &["bench"],
    &["bench", "step"],
    &["bench", "infer"],
    &["bench", "data"],
    &["doctor"],
    &["completions"],
    &["man"],
];

#[test]
fn help_of_each_verb() {
    let workplace = Workplace::empty();
    insta::assert_snapshot!("help", workplace.succeed(&["--help"]).stdout);
    insta::assert_snapshot!("help_short", workplace.succeed(&["-h"]).stdout);
    for verb in VERBS {
        let help = workplace.succeed(&[verb, &["--help"]].concat());
        assert_eq!(help.stderr, "");
        insta::assert_snapshot!(format!("help_{}", verb.join("_")), help.stdout);
    }
}

#[test]
fn the_short_help_is_shorter() {
    let workplace = Workplace::empty();
    for verb in VERBS {
        let lines = |option| {
            workplace
                .succeed(&[verb, &[option]].concat())
                .stdout
                .lines()
                .count()
        };
        assert!(lines("-h") < lines("--help"), "{verb:?}");
    }
}

#[test]
fn the_version_names_a_commit_of_the_checkout() {
    let version = Workplace::empty().succeed(&["--version"]).stdout;
    let before = concat!("pliant ", env!("CARGO_PKG_VERSION"), " (");
    let commit = version
        .strip_prefix(before)
        .and_then(|rest| rest.strip_suffix(")\n"));
    let commit = commit.unwrap_or_else(|| panic!("{version}"));
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    if root.join(".git").exists() {
        // HEAD may have moved on since the build, but not away.
        let ancestor = ["merge-base", "--is-ancestor", commit, "HEAD"];
        let status = Command::new("git")
            .arg("-C")
            .arg(root)
            .args(ancestor)
            .status();
        assert!(
            status.unwrap().success(),
            "{commit} is no commit of this branch"
        );
    } else {
        assert_eq!(commit, "unknown");
    }
}

#[test]
fn completions_name_every_verb_and_option() {
    let workplace = Workplace::empty();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = workplace.succeed(&["completions", shell]).stdout;
        for word in VERBS.concat() {
            assert!(script.contains(word), "{shell}: {word}");
        }
        for option in [
            "recipe",
            "corpus",
            "arms",
            "seeds",
            "steps",
            "out",
            "json",
            "threads",
            "quiet",
            "dry-run",
            "resume",
            "tail-weight",
            "text-columns",
            "activation-learning-rate",
            "context",
        ] {
            assert!(script.contains(option), "{shell}: {option}");
        }
    }
}

#[test]
fn the_manual_describes_every_verb() {
    let page = Workplace::empty().succeed(&["man"]).stdout;
    assert!(
        page.starts_with(".ie \\n(.g .ds Aq \\(aq\n.el .ds Aq '\n.TH pliant 1"),
        "{page}"
    );
    for verb in VERBS
        .iter()
        .filter(|verb| **verb != ["act"] && **verb != ["bench"])
    {
        let heading = format!(".SH \"PLIANT {}\"\n", verb.join(" ").to_uppercase());
        assert!(page.contains(&heading), "{heading}");
    }
}
