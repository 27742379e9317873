//! A server on this machine that speaks as much of the Hub's interface as is used, and misbehaves as told.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread;

use serde_json::{Value, json};
use sha1::Sha1;
use sha2::{Digest, Sha256};

/// A request as it came.
#[derive(Debug, Clone, Default)]
pub(crate) struct Request {
    pub(crate) method: String,
    /// Path and query.
    pub(crate) path: String,
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: Vec<u8>,
}

impl Request {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(String::as_str)
    }
}

/// A repository: its files by commit.
#[derive(Debug, Clone, Default)]
pub(crate) struct Repository {
    /// Commits by revision.
    pub(crate) revisions: BTreeMap<String, String>,
    /// Files of each commit.
    pub(crate) commits: BTreeMap<String, BTreeMap<String, Vec<u8>>>,
}

/// What the server has, does and has seen.
#[derive(Debug, Default)]
pub(crate) struct State {
    /// By `models/owner/name` or `datasets/owner/name`.
    pub(crate) repositories: BTreeMap<String, Repository>,
    /// The token without which nothing is answered.
    pub(crate) token: Option<String>,
    /// The next transfers end after so many bytes.
    pub(crate) breaks: Vec<usize>,
    /// The next so many requests are answered with 503.
    pub(crate) busy: usize,
    /// Whole files are sent, whatever is asked for.
    pub(crate) ignores_range: bool,
    /// Files are sent with another last byte.
    pub(crate) damages: bool,
    /// The server sends nothing any more.
    pub(crate) is_silent: bool,
    /// Large files are sent in parts of so many bytes.
    pub(crate) part: Option<usize>,
    /// What was uploaded, by the checksum that was given.
    pub(crate) uploaded: BTreeMap<String, Vec<u8>>,
    /// The lines of every commit.
    pub(crate) committed: Vec<Vec<Value>>,
    pub(crate) requests: Vec<Request>,
}

/// The server; it lives as long as the test's process.
#[derive(Debug, Clone)]
pub(crate) struct Server {
    pub(crate) endpoint: String,
    state: Arc<Mutex<State>>,
}

impl Server {
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let server = Self {
            endpoint,
            state: Arc::default(),
        };
        let own = server.clone();
        thread::spawn(move || {
            for stream in listener.incoming() {
                let server = own.clone();
                // A client that goes away ends its thread, nothing else.
                thread::spawn(move || server.answer(&stream.unwrap()));
            }
        });
        server
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    /// Adds a commit; `main` and `revision` point to it.
    pub(crate) fn commit(
        &self,
        repository: &str,
        revision: &str,
        files: &[(&str, &[u8])],
    ) -> String {
        let mut digest = Sha1::new();
        for (name, content) in files {
            digest.update(name);
            digest.update(content);
        }
        let commit = hexadecimal(&digest.finalize());
        let mut state = self.state();
        let known = state.repositories.entry(repository.to_owned()).or_default();
        for revision in [revision, "main"] {
            known.revisions.insert(revision.to_owned(), commit.clone());
        }
        let files = files
            .iter()
            .map(|(name, content)| ((*name).to_owned(), content.to_vec()));
        known.commits.insert(commit.clone(), files.collect());
        commit
    }

    /// Requests whose path contains `text`.
    pub(crate) fn seen(&self, text: &str) -> Vec<Request> {
        let state = self.state();
        let seen = state.requests.iter();
        seen.filter(|request| request.path.contains(text))
            .cloned()
            .collect()
    }

    fn answer(&self, stream: &TcpStream) -> Option<()> {
        let request = read(stream)?;
        let mut state = self.state();
        state.requests.push(request.clone());
        if state.is_silent {
            drop(state);
            thread::sleep(std::time::Duration::from_secs(20));
            return None;
        }
        let answer = state.answer(&request, &self.endpoint);
        drop(state);
        let mut head = format!("HTTP/1.1 {} x\r\nconnection: close\r\n", answer.status);
        let length = answer.length.unwrap_or(answer.body.len());
        let _ = write!(head, "content-length: {length}\r\n");
        for (name, value) in &answer.headers {
            let _ = write!(head, "{name}: {value}\r\n");
        }
        let mut stream = stream;
        stream.write_all(format!("{head}\r\n").as_bytes()).ok()?;
        if request.method != "HEAD" {
            stream.write_all(&answer.body).ok()?;
        }
        Some(())
    }
}

fn read(stream: &TcpStream) -> Option<Request> {
    let mut input = BufReader::new(stream);
    let mut line = String::new();
    input.read_line(&mut line).ok()?;
    let mut words = line.split_whitespace();
    let mut request = Request {
        method: words.next()?.to_owned(),
        path: words.next()?.to_owned(),
        ..Request::default()
    };
    loop {
        let mut line = String::new();
        input.read_line(&mut line).ok()?;
        let Some((name, value)) = line.trim().split_once(": ") else {
            break;
        };
        request
            .headers
            .insert(name.to_ascii_lowercase(), value.to_owned());
    }
    let length = request.header("content-length").unwrap_or("0");
    request.body = vec![0; length.parse().ok()?];
    input.read_exact(&mut request.body).ok()?;
    Some(request)
}

#[derive(Debug, Default)]
struct Answer {
    status: u16,
    headers: Vec<(&'static str, String)>,
    body: Vec<u8>,
    /// Where another than the body's is announced.
    length: Option<usize>,
}

impl Answer {
    fn json(value: &Value) -> Self {
        Self {
            status: 200,
            body: value.to_string().into_bytes(),
            ..Self::default()
        }
    }

    fn error(status: u16, code: &str) -> Self {
        Self {
            status,
            headers: vec![("x-error-code", code.to_owned())],
            ..Self::default()
        }
    }
}

impl State {
    fn answer(&mut self, request: &Request, endpoint: &str) -> Answer {
        if self.busy > 0 {
            self.busy -= 1;
            return Answer::error(503, "");
        }
        let path = request.path.split('?').next().unwrap();
        if let Some(rest) = path.strip_prefix("/storage/") {
            return self.storage(rest, request);
        }
        if let Some(token) = &self.token
            && request.header("authorization") != Some(&format!("Bearer {token}"))
        {
            return Answer::error(401, "");
        }
        if request.method == "POST" {
            return self.write(path, request, endpoint);
        }
        if let Some(rest) = path.strip_prefix("/api/") {
            return self.list(rest);
        }
        self.resolve(path, request, endpoint)
    }

    /// `models/owner/name/revision/REVISION`
    fn list(&self, path: &str) -> Answer {
        let (repository, revision) = path.split_once("/revision/").unwrap();
        let Some(known) = self.repositories.get(repository) else {
            return Answer::error(404, "RepoNotFound");
        };
        let revision = revision.replace("%2F", "/");
        let commit = known.revisions.get(&revision).unwrap_or(&revision);
        let Some(files) = known.commits.get(commit) else {
            return Answer::error(404, "RevisionNotFound");
        };
        let siblings: Vec<Value> = files
            .keys()
            .map(|name| json!({"rfilename": name}))
            .collect();
        Answer::json(&json!({"id": repository, "sha": commit, "siblings": siblings}))
    }

    /// `/owner/name/resolve/COMMIT/FILE`, before it `/datasets`
    fn resolve(&mut self, path: &str, request: &Request, endpoint: &str) -> Answer {
        let (repository, rest) = path.split_once("/resolve/").unwrap();
        let repository = match repository.strip_prefix("/datasets/") {
            Some(name) => format!("datasets/{name}"),
            None => format!("models{repository}"),
        };
        let (revision, file) = rest.split_once('/').unwrap();
        let Some(known) = self.repositories.get(&repository) else {
            return Answer::error(404, "RepoNotFound");
        };
        let commit = known
            .revisions
            .get(revision)
            .map_or(revision, String::as_str)
            .to_owned();
        let Some(content) = known.commits.get(&commit).and_then(|files| files.get(file)) else {
            return Answer::error(404, "EntryNotFound");
        };
        let is_large = is_large(file);
        if is_large {
            let storage = format!("{endpoint}/storage/{repository}/{commit}/{file}");
            return Answer {
                status: 302,
                headers: vec![
                    ("location", storage),
                    ("x-repo-commit", commit),
                    ("x-linked-etag", format!("\"{}\"", sha256(content))),
                    ("x-linked-size", content.len().to_string()),
                ],
                ..Answer::default()
            };
        }
        let content = content.clone();
        let mut answer = self.send(&content, request);
        answer
            .headers
            .push(("etag", format!("\"{}\"", git(&content))));
        answer.headers.push(("x-repo-commit", commit));
        answer
    }

    /// `models/owner/name/COMMIT/FILE`, or `upload/CHECKSUM` and `upload/CHECKSUM/NUMBER`
    fn storage(&mut self, path: &str, request: &Request) -> Answer {
        if let Some(rest) = path.strip_prefix("upload/") {
            let checksum = rest.split('/').next().unwrap().to_owned();
            let content = self.uploaded.entry(checksum).or_default();
            content.extend_from_slice(&request.body);
            let etag = format!("\"{}\"", git(&request.body));
            return Answer {
                status: 200,
                headers: vec![("etag", etag)],
                ..Answer::default()
            };
        }
        let parts: Vec<&str> = path.splitn(5, '/').collect();
        let repository = &self.repositories[&parts[..3].join("/")];
        let content = repository.commits[parts[3]][parts[4]].clone();
        self.send(&content, request)
    }

    fn send(&mut self, content: &[u8], request: &Request) -> Answer {
        let mut content = content.to_vec();
        if self.damages
            && let Some(last) = content.last_mut()
        {
            *last ^= 1;
        }
        let size = content.len();
        let mut answer = Answer {
            status: 200,
            ..Answer::default()
        };
        if let Some(range) = request.header("range").filter(|_| !self.ignores_range) {
            let start = range.strip_prefix("bytes=").unwrap().trim_end_matches('-');
            let start: usize = start.parse().unwrap();
            if start >= size {
                return Answer::error(416, "");
            }
            content.drain(..start);
            answer.status = 206;
            let range = format!("bytes {start}-{}/{size}", size - 1);
            answer.headers.push(("content-range", range));
        }
        answer.length = Some(content.len());
        if request.method == "GET" && !self.breaks.is_empty() {
            content.truncate(self.breaks.remove(0));
        }
        answer.body = content;
        answer
    }

    fn write(&mut self, path: &str, request: &Request, endpoint: &str) -> Answer {
        let body = String::from_utf8(request.body.clone()).unwrap();
        let value: Value = serde_json::from_str(&body).unwrap_or_default();
        if path == "/api/repos/create" {
            let name = format!(
                "models/{}/{}",
                value["organization"].as_str().unwrap(),
                value["name"].as_str().unwrap()
            );
            let repository = self.repositories.entry(name).or_default();
            let first = "0".repeat(40);
            repository
                .revisions
                .insert("main".to_owned(), first.clone());
            repository.commits.insert(first, BTreeMap::new());
            return Answer::json(&json!({"url": endpoint}));
        }
        if path.contains("/branch/") {
            let (repository, branch) = path["/api/".len()..].split_once("/branch/").unwrap();
            let known = self.repositories.get_mut(repository).unwrap();
            let commit = known.revisions["main"].clone();
            known.revisions.insert(branch.to_owned(), commit);
            return Answer::json(&json!({}));
        }
        if path.contains("/preupload/") {
            let files: Vec<Value> = value["files"]
                .as_array()
                .unwrap()
                .iter()
                .map(|file| {
                    let path = file["path"].as_str().unwrap();
                    let mode = if is_large(path) { "lfs" } else { "regular" };
                    json!({"path": path, "uploadMode": mode, "shouldIgnore": false})
                })
                .collect();
            return Answer::json(&json!({"files": files}));
        }
        if path.ends_with(".git/info/lfs/objects/batch") {
            let objects: Vec<Value> = value["objects"]
                .as_array()
                .unwrap()
                .iter()
                .map(|object| self.object(object, endpoint))
                .collect();
            return Answer::json(&json!({"transfer": "basic", "objects": objects}));
        }
        if path.contains("/commit/") {
            let lines = body.lines().map(|line| serde_json::from_str(line).unwrap());
            self.committed.push(lines.collect());
            let url = format!("{endpoint}/o/n/commit/{}", "1".repeat(40));
            return Answer::json(&json!({"commitUrl": url, "commitOid": "1".repeat(40)}));
        }
        // The end of an upload.
        Answer::json(&json!({}))
    }

    /// Where an object is to be sent; nowhere when it is there already.
    fn object(&self, object: &Value, endpoint: &str) -> Value {
        let checksum = object["oid"].as_str().unwrap();
        let mut answer = object.clone();
        if self.uploaded.contains_key(checksum) {
            return answer;
        }
        let href = format!("{endpoint}/storage/upload/{checksum}");
        let verify = json!({"href": format!("{endpoint}/verify")});
        let upload = match self.part {
            None => json!({"href": href}),
            Some(part) => {
                let size = object["size"].as_u64().unwrap() as usize;
                let mut header = json!({"chunk_size": part.to_string()});
                for number in 1..=size.div_ceil(part) {
                    header[format!("{number:05}")] = json!(format!("{href}/{number}"));
                }
                json!({"href": format!("{endpoint}/complete"), "header": header})
            }
        };
        answer["actions"] = json!({"upload": upload, "verify": verify});
        answer
    }
}

/// Which files the server keeps as large ones.
fn is_large(file: &str) -> bool {
    [".safetensors", ".bin", ".parquet"]
        .iter()
        .any(|ending| file.ends_with(ending))
}

pub(crate) fn git(content: &[u8]) -> String {
    let mut digest = Sha1::new();
    digest.update(format!("blob {}\0", content.len()));
    digest.update(content);
    hexadecimal(&digest.finalize())
}

pub(crate) fn sha256(content: &[u8]) -> String {
    hexadecimal(&Sha256::digest(content))
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
