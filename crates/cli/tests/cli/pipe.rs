//! A reader that leaves early has what it wanted.

use std::process::{Command, Stdio};

use crate::workplace::Workplace;

#[test]
fn a_broken_pipe_is_success() {
    let workplace = Workplace::empty();
    for arguments in [
        &["completions", "bash"][..],
        &["man"],
        &["--help"],
        &["doctor", "--json"],
    ] {
        // The reading end is closed before the program writes its first byte.
        let mut reader = Command::new("true").stdin(Stdio::piped()).spawn().unwrap();
        let pipe = reader.stdin.take().unwrap();
        reader.wait().unwrap();
        let output = workplace
            .command(arguments)
            .stdout(pipe)
            .stderr(Stdio::piped())
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(0), "{arguments:?}");
        assert_eq!(String::from_utf8_lossy(&output.stderr), "", "{arguments:?}");
    }
}

#[test]
#[cfg(target_os = "linux")]
fn a_full_disk_is_a_failure() {
    let full = std::fs::OpenOptions::new()
        .write(true)
        .open("/dev/full")
        .unwrap();
    let output = Workplace::empty()
        .command(&["man"])
        .stdout(full)
        .stderr(Stdio::piped())
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(
        String::from_utf8_lossy(&output.stderr).starts_with("error: cannot write the output: ")
    );
}
