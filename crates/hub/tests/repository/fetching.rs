//! Fetching, with everything that can go wrong on the way.

use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::time::Duration;

use pliant_hub::repository::{RepositoryError, Settings, Token, Transfer, Wanted, fetch};
use tempfile::TempDir;

use crate::server::{Server, git, sha256};

const WEIGHTS: &[u8] = &[7; 50_000];

struct Bench {
    server: Server,
    _folder: TempDir,
    settings: Settings,
}

/// A server with the model `o/n`, and an empty cache.
fn bench() -> (Bench, String) {
    let server = Server::start();
    let folder = tempfile::tempdir().unwrap();
    let commit = server.commit(
        "models/o/n",
        "v1",
        &[
            ("README.md", b"about"),
            ("config.json", b"{}"),
            ("model.safetensors", WEIGHTS),
            ("modeling.py", b"print()"),
            ("tokenizer.json", b"{\"a\": 1}"),
            ("tf_model.h5", b"other"),
        ],
    );
    let settings = Settings {
        endpoint: server.endpoint.clone(),
        cache: folder.path().join("hub"),
        token: None,
        offline: false,
        attempts: 3,
        pause: Duration::from_millis(1),
        patience: Duration::from_secs(10),
    };
    let bench = Bench {
        server,
        _folder: folder,
        settings,
    };
    (bench, commit)
}

impl Bench {
    fn model(&self, name: &str) -> Result<PathBuf, RepositoryError> {
        fetch(&name.parse()?, &Wanted::Model, &self.settings, &mut |_| {})
    }

    fn repository(&self) -> PathBuf {
        self.settings.cache.join("models--o--n")
    }

    fn transfers(&self) -> usize {
        let seen = self.server.seen("");
        seen.iter()
            .filter(|request| request.method == "GET" && !request.path.starts_with("/api/"))
            .count()
    }
}

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    let mut names: Vec<String> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[test]
fn the_needed_files_come_once_and_lie_where_python_looks() {
    let (bench, commit) = bench();
    let mut told = Vec::new();
    let name = "hub:o/n".parse().unwrap();
    let mut tell = |transfer: &Transfer| told.push(transfer.file.clone());
    let place = fetch(&name, &Wanted::Model, &bench.settings, &mut tell).unwrap();
    assert_eq!(told, ["config.json", "tokenizer.json", "model.safetensors"]);
    assert_eq!(place, bench.repository().join("snapshots").join(&commit));
    assert_eq!(
        names(&place),
        ["config.json", "model.safetensors", "tokenizer.json"]
    );
    assert_eq!(fs::read(place.join("model.safetensors")).unwrap(), WEIGHTS);
    let mut blobs = [git(b"{}"), git(b"{\"a\": 1}"), sha256(WEIGHTS)];
    blobs.sort();
    assert_eq!(names(&bench.repository().join("blobs")), blobs);
    let reference = fs::read_to_string(bench.repository().join("refs/main")).unwrap();
    assert_eq!(reference, commit);
    #[cfg(unix)]
    assert_eq!(
        fs::read_link(place.join("config.json")).unwrap(),
        Path::new("../../blobs").join(git(b"{}"))
    );

    let transfers = bench.transfers();
    assert_eq!(bench.model("hub:o/n").unwrap(), place);
    assert_eq!(bench.transfers(), transfers, "it is all there");
}

#[test]
fn a_new_commit_brings_what_changed_alone() {
    let (bench, first) = bench();
    bench.model("hub:o/n").unwrap();
    let second = bench.server.commit(
        "models/o/n",
        "v2",
        &[("config.json", b"{ }"), ("model.safetensors", WEIGHTS)],
    );
    let transfers = bench.transfers();
    let place = bench.model("hub:o/n").unwrap();
    assert!(place.ends_with(&second));
    assert_eq!(bench.transfers(), transfers + 1, "the weights are known");
    for (revision, commit) in [("v1", &first), ("v2", &second), (&*first, &first)] {
        let place = bench.model(&format!("hub:o/n@{revision}")).unwrap();
        assert!(place.ends_with(commit), "{revision}");
    }
    assert_eq!(
        names(&bench.repository().join("refs")),
        ["main", "v1", "v2"],
        "a commit needs no reference"
    );
}

#[test]
fn a_model_in_parts() {
    let (bench, _) = bench();
    let shards = [
        ("sub/config.json", &b"{}"[..]),
        ("sub/model-00001-of-00002.safetensors", b"one"),
        ("sub/model-00002-of-00002.safetensors", b"two"),
        ("sub/model.safetensors.index.json", b"{}"),
        ("sub/pytorch_model.bin", b"the same"),
    ];
    bench.server.commit("models/o/shards", "v1", &shards);
    let place = bench.model("hub:o/shards@v1/sub").unwrap();
    assert_eq!(
        names(&place),
        [
            "config.json",
            "model-00001-of-00002.safetensors",
            "model-00002-of-00002.safetensors",
            "model.safetensors.index.json"
        ]
    );
    #[cfg(unix)]
    assert!(
        fs::read_link(place.join("config.json"))
            .unwrap()
            .starts_with("../../../blobs")
    );
}

#[test]
fn a_data_set_is_another_kind_of_repository() {
    let (bench, _) = bench();
    let files = [
        ("README.md", &b"about"[..]),
        ("two/train-00000-of-00001.parquet", b"rows"),
        ("one/train-00000-of-00001.parquet", b"others"),
    ];
    bench.server.commit("datasets/o/d", "v1", &files);
    let name = "hub:o/d/two".parse().unwrap();
    let place = fetch(&name, &Wanted::Text, &bench.settings, &mut |_| {}).unwrap();
    assert_eq!(names(&place), ["train-00000-of-00001.parquet"]);
    assert!(place.starts_with(bench.settings.cache.join("datasets--o--d")));
    assert_eq!(bench.transfers(), 2, "one file, redirected");
    let whole = "hub:o/d".parse().unwrap();
    let error = fetch(&whole, &Wanted::Text, &bench.settings, &mut |_| {}).unwrap_err();
    assert_eq!(error.hint().unwrap(), "there is: one/, two/, README.md");
}

#[test]
fn a_transfer_goes_on_where_it_broke_off() {
    let (bench, _) = bench();
    // Config and tokenizer come whole; then the weights break twice, and a third time in a later call.
    bench.server.state().breaks = vec![usize::MAX, usize::MAX, 20_000, 10_000];
    bench.model("hub:o/n").unwrap();
    let ranges: Vec<String> = bench
        .server
        .seen("/storage/")
        .iter()
        .filter_map(|request| request.header("range").map(str::to_owned))
        .collect();
    assert_eq!(ranges, ["bytes=20000-", "bytes=30000-"]);
}

#[test]
fn a_transfer_that_was_killed_goes_on_later() {
    let (mut bench, _) = bench();
    bench.settings.attempts = 1;
    bench.server.state().breaks = vec![usize::MAX, usize::MAX, 20_000, 0];
    let error = bench.model("hub:o/n").unwrap_err();
    assert!(
        matches!(
            error,
            RepositoryError::BrokenOff {
                done: 20_000,
                size: 50_000,
                ..
            }
        ),
        "{error:?}"
    );
    let blobs = bench.repository().join("blobs");
    assert!(!blobs.join(sha256(WEIGHTS)).exists());
    let mut rest = Vec::new();
    let name = "hub:o/n".parse().unwrap();
    let mut tell = |transfer: &Transfer| rest.push(transfer.bytes);
    let place = fetch(&name, &Wanted::Model, &bench.settings, &mut tell).unwrap();
    assert_eq!(rest, [30_000]);
    assert_eq!(fs::read(place.join("model.safetensors")).unwrap(), WEIGHTS);
}

#[test]
fn a_server_that_sends_the_whole_file_anyway() {
    let (bench, _) = bench();
    bench.server.state().breaks = vec![usize::MAX, usize::MAX, 20_000];
    bench.server.state().ignores_range = true;
    let place = bench.model("hub:o/n").unwrap();
    assert_eq!(fs::read(place.join("model.safetensors")).unwrap(), WEIGHTS);
}

#[test]
fn a_beginning_of_something_else_is_thrown_away() {
    let (bench, _) = bench();
    let blobs = bench.repository().join("blobs");
    fs::create_dir_all(&blobs).unwrap();
    for beginning in [vec![1; 100], vec![1; 50_000], vec![1; 60_000]] {
        let blob = blobs.join(sha256(WEIGHTS));
        let _ = fs::remove_dir_all(bench.repository().join("snapshots"));
        let _ = fs::remove_file(&blob);
        fs::write(blob.with_extension("incomplete"), beginning).unwrap();
        let place = bench.model("hub:o/n").unwrap();
        assert_eq!(fs::read(place.join("model.safetensors")).unwrap(), WEIGHTS);
    }
}

#[test]
fn a_damaged_file_never_gets_its_place() {
    let (bench, _) = bench();
    bench.server.state().damages = true;
    let error = bench.model("hub:o/n").unwrap_err();
    assert!(
        matches!(
            error,
            RepositoryError::Differs {
                what: "checksum",
                ..
            }
        ),
        "{error:?}"
    );
    assert!(names(&bench.repository().join("blobs")).is_empty());
    assert!(!bench.repository().join("refs").exists());
    bench.server.state().damages = false;
    bench.model("hub:o/n").unwrap();
}

#[test]
fn a_busy_server_is_asked_again_and_not_for_ever() {
    let (bench, _) = bench();
    bench.server.state().busy = 2;
    bench.model("hub:o/n").unwrap();
    bench.server.state().busy = 100;
    let before = bench.server.seen("").len();
    let error = bench.model("hub:o/n").unwrap_err();
    assert!(matches!(error, RepositoryError::Status { status: 503, .. }));
    assert_eq!(bench.server.seen("").len(), before + 3);
}

#[test]
fn a_silent_server_is_not_waited_for() {
    let (mut bench, _) = bench();
    bench.settings.patience = Duration::from_millis(50);
    bench.settings.attempts = 2;
    bench.server.state().is_silent = true;
    let error = bench.model("hub:o/n").unwrap_err();
    assert!(
        matches!(error, RepositoryError::Timeout { .. }),
        "{error:?}"
    );
    assert_eq!(bench.server.seen("").len(), 2);
}

#[test]
fn a_token_goes_to_the_hub_and_not_to_the_storage() {
    let (mut bench, _) = bench();
    // Another name of the same machine is another host.
    let (_, port) = bench.server.endpoint.rsplit_once(':').unwrap();
    bench.settings.endpoint = format!("http://localhost:{port}");
    bench.server.state().token = Some("secret".to_owned());
    let error = bench.model("hub:o/n").unwrap_err();
    assert!(matches!(
        error,
        RepositoryError::Refused {
            status: 401,
            with_token: false,
            ..
        }
    ));
    assert!(error.hint().unwrap().contains("HF_TOKEN"));
    bench.settings.token = Token::new("wrong\n");
    let error = bench.model("hub:o/n").unwrap_err();
    assert!(error.hint().unwrap().contains("rights"));
    assert!(!format!("{error:?} {:?}", bench.settings).contains("wrong"));
    bench.settings.token = Token::new("secret\n");
    bench.model("hub:o/n").unwrap();
    for request in bench.server.seen("/storage/") {
        assert_eq!(request.header("authorization"), None, "{request:?}");
    }
}

#[test]
fn what_is_not_there() {
    let (bench, _) = bench();
    let error = |name: &str| bench.model(name).unwrap_err();
    assert!(matches!(
        error("hub:o/gone"),
        RepositoryError::NoRepository { .. }
    ));
    assert!(matches!(
        error("hub:o/n@gone"),
        RepositoryError::NoRevision { .. }
    ));
    assert!(matches!(
        error("hub:o/n/gone"),
        RepositoryError::NoFile { .. }
    ));
    bench
        .server
        .commit("models/o/bare", "v1", &[("config.json", b"{}")]);
    assert!(matches!(
        error("hub:o/bare"),
        RepositoryError::NoFile { .. }
    ));
    assert!(!bench.settings.cache.exists(), "nothing was begun");
}

#[test]
fn without_a_network() {
    let (mut bench, _) = bench();
    let place = bench.model("hub:o/n").unwrap();
    // A port on which nobody listens any more.
    let port = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    bench.settings.endpoint = format!("http://{port}");
    let error = bench.model("hub:o/n").unwrap_err();
    assert!(
        matches!(error, RepositoryError::Unreachable { .. }),
        "{error:?}"
    );
    bench.settings.offline = true;
    assert_eq!(bench.model("hub:o/n").unwrap(), place);
    let commit = place.file_name().unwrap().to_str().unwrap();
    assert_eq!(bench.model(&format!("hub:o/n@{commit}")).unwrap(), place);
    for name in ["hub:o/other", "hub:o/n@v1", "hub:o/n/sub"] {
        let error = bench.model(name).unwrap_err();
        assert!(matches!(error, RepositoryError::Offline { .. }), "{name}");
    }
    fs::remove_file(place.join("model.safetensors")).unwrap();
    let error = bench.model("hub:o/n").unwrap_err();
    assert!(
        matches!(&error, RepositoryError::Offline { missing, .. } if missing.contains("model.safetensors")),
        "{error:?}"
    );
}
