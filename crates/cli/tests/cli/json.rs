//! `--json`: exactly one document on standard output, whatever happens.

use crate::workplace::Workplace;

#[test]
fn every_quick_verb_prints_one_document() {
    let workplace = Workplace::nano();
    for arguments in [
        &["doctor"][..],
        &["act", "list"],
        &["act", "fit", "gelu"],
        &["recipe", "show"],
        &["recipe", "check", "nano.toml"],
        &["recipe", "schema"],
        &["completions", "zsh"],
        &["man"],
    ] {
        let arguments = [arguments, &["--json"]].concat();
        let finished = workplace.succeed(&arguments);
        assert!(
            finished.json().is_object() || finished.json().is_array(),
            "{arguments:?}"
        );
        assert_eq!(finished.stderr, "", "{arguments:?}");
    }
}

#[test]
fn progress_stays_out_of_the_document() {
    let workplace = Workplace::nano();
    let finished = workplace.succeed(&[
        "pretrain",
        "--recipe",
        "nano.toml",
        "--out",
        "run",
        "--json",
    ]);
    assert_eq!(finished.json()["steps"], 20);
    assert!(finished.stderr.contains("step 1/20  loss "), "{finished}");
    let quiet = workplace.succeed(&[
        "pretrain",
        "--recipe",
        "nano.toml",
        "--out",
        "run-2",
        "--json",
        "--quiet",
    ]);
    assert_eq!(quiet.stderr, "");
}

#[test]
fn an_error_is_a_document_too() {
    let workplace = Workplace::empty();
    for (arguments, code) in [
        (
            &[
                "pretrain",
                "--recipe",
                "none.toml",
                "--out",
                "run",
                "--json",
            ][..],
            2,
        ),
        (&["compare", "--no-such-option", "--json"], 2),
        (
            &["eval", "--model", "none", "--corpus", "none", "--json"],
            2,
        ),
    ] {
        let finished = workplace.run(arguments);
        assert_eq!(finished.code, Some(code), "{finished}");
        let error = &finished.json()["error"];
        assert_eq!(error["code"], code, "{finished}");
        assert!(
            finished
                .stderr
                .contains(error["message"].as_str().unwrap().lines().next().unwrap()),
            "{finished}"
        );
    }
}
