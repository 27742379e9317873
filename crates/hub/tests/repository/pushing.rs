//! Sending a folder.

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use pliant_hub::repository::{Pushed, RepositoryError, Settings, Token, Transfer, push};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::server::{Server, sha256};

const WEIGHTS: &[u8] = &[9; 2500];

fn settings(server: &Server, folder: &TempDir) -> Settings {
    Settings {
        endpoint: server.endpoint.clone(),
        cache: PathBuf::from(folder.path()).join("hub"),
        token: Token::new("secret"),
        offline: false,
        attempts: 2,
        pause: Duration::from_millis(1),
        patience: Duration::from_secs(10),
    }
}

/// Sends a folder with a small and a large file; what was told of it.
fn send(
    server: &Server,
    name: &str,
    private: bool,
) -> (Result<Pushed, RepositoryError>, Vec<Transfer>) {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("config.json"), "{}").unwrap();
    fs::write(folder.path().join("model.safetensors"), WEIGHTS).unwrap();
    fs::write(folder.path().join("notes.txt"), "not for others").unwrap();
    let files = ["config.json", "model.safetensors"].map(str::to_owned);
    let settings = settings(server, &folder);
    let mut told = Vec::new();
    let mut tell = |transfer: &Transfer| told.push(transfer.clone());
    let name = name.parse().unwrap();
    let pushed = push(folder.path(), &files, &name, private, &settings, &mut tell);
    (pushed, told)
}

#[test]
fn a_repository_is_made_and_gets_its_files() {
    let server = Server::start();
    server.state().token = Some("secret".to_owned());
    let (pushed, told) = send(&server, "hub:o/n", true);
    assert!(pushed.unwrap().url.contains("/commit/"));
    assert_eq!(told.len(), 1);
    let created = &server.seen("/api/repos/create")[0];
    let created: Value = serde_json::from_slice(&created.body).unwrap();
    assert_eq!(
        created,
        json!({"name": "n", "organization": "o", "private": true})
    );
    {
        let state = server.state();
        assert_eq!(state.uploaded[&sha256(WEIGHTS)], WEIGHTS);
        let lines = &state.committed[0];
        assert_eq!(lines[0]["key"], "header");
        let large = json!({"path": "model.safetensors", "algo": "sha256", "oid": sha256(WEIGHTS), "size": 2500});
        assert_eq!(lines[1], json!({"key": "lfsFile", "value": large}));
        let small = json!({"path": "config.json", "encoding": "base64", "content": "e30="});
        assert_eq!(lines[2], json!({"key": "file", "value": small}));
        assert_eq!(lines.len(), 3);
    }
    for request in server.seen("/storage/") {
        assert_eq!(request.header("authorization"), None);
    }

    // What is there is neither made nor sent again.
    let (pushed, told) = send(&server, "hub:o/n@trial", false);
    pushed.unwrap();
    assert!(told.is_empty());
    assert_eq!(server.seen("/api/repos/create").len(), 1);
    assert_eq!(server.seen("/branch/trial").len(), 1);
    assert_eq!(server.seen("/commit/trial").len(), 1);
}

#[test]
fn a_large_file_goes_in_the_parts_that_are_asked_for() {
    let server = Server::start();
    server.state().part = Some(1000);
    send(&server, "hub:o/n", false).0.unwrap();
    let sizes: Vec<usize> = server
        .seen("/storage/upload/")
        .iter()
        .map(|request| request.body.len())
        .collect();
    assert_eq!(sizes, [1000, 1000, 500]);
    assert_eq!(server.state().uploaded[&sha256(WEIGHTS)], WEIGHTS);
    let completed: Value = serde_json::from_slice(&server.seen("/complete")[0].body).unwrap();
    assert_eq!(completed["parts"].as_array().unwrap().len(), 3);
    assert_eq!(completed["parts"][2]["partNumber"], 3);
}

#[test]
fn who_may_not_write_is_told() {
    let server = Server::start();
    server.state().token = Some("another".to_owned());
    let error = send(&server, "hub:o/n", false).0.unwrap_err();
    assert!(
        error.to_string().starts_with("the Hub refuses writing o/n"),
        "{error}"
    );
    assert!(server.state().committed.is_empty());
}
