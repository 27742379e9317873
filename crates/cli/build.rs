//! Puts the commit of the checkout into the program, for `--version` and the saved recipes.
//!
//! Git's files are read directly, so that a build needs no git; outside a checkout the commit is `unknown`.

use std::{
    env, fs,
    path::{Path, PathBuf},
};

/// Digits of the commit that are shown.
const DIGITS: usize = 12;

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    let root = env::var_os("CARGO_MANIFEST_DIR").map(|folder| PathBuf::from(folder).join("../.."));
    let commit = root
        .as_deref()
        .and_then(commit)
        .unwrap_or_else(|| "unknown".to_owned());
    println!("cargo:rustc-env=PLIANT_COMMIT={commit}");
}

/// The commit that HEAD of the checkout at `root` names; only `root` itself counts, so that sources
/// unpacked inside somebody else's repository do not take its commit.
fn commit(root: &Path) -> Option<String> {
    let git = git_folder(&root.join(".git"))?;
    let head = git.join("HEAD");
    watch(&head);
    let text = fs::read_to_string(head).ok()?;
    let hash = match text.trim().strip_prefix("ref: ") {
        Some(name) => resolve(&git, name)?,
        None => text.trim().to_owned(),
    };
    let valid = hash.len() >= DIGITS && hash.bytes().all(|byte| byte.is_ascii_hexdigit());
    valid.then(|| hash[..DIGITS].to_owned())
}

/// `.git` is a folder, or in a linked worktree a file that names one.
fn git_folder(path: &Path) -> Option<PathBuf> {
    if path.is_dir() {
        return Some(path.to_owned());
    }
    let text = fs::read_to_string(path).ok()?;
    let target = Path::new(text.trim().strip_prefix("gitdir: ")?).to_owned();
    Some(if target.is_absolute() {
        target
    } else {
        path.parent()?.join(target)
    })
}

/// The hash of a branch: a file of its own, or a line of `packed-refs`.
fn resolve(git: &Path, name: &str) -> Option<String> {
    let shared = match fs::read_to_string(git.join("commondir")) {
        Ok(folder) => git.join(folder.trim()),
        Err(_) => git.to_owned(),
    };
    // A branch that is packed now gets a file of its own with the next commit: the reflog changes either way.
    for file in [
        git.join("logs/HEAD"),
        shared.join(name),
        shared.join("packed-refs"),
    ] {
        if file.exists() {
            watch(&file);
        }
    }
    if let Ok(hash) = fs::read_to_string(shared.join(name)) {
        return Some(hash.trim().to_owned());
    }
    let packed = fs::read_to_string(shared.join("packed-refs")).ok()?;
    packed.lines().find_map(|line| {
        let (hash, packed_name) = line.split_once(' ')?;
        (packed_name == name).then(|| hash.to_owned())
    })
}

fn watch(file: &Path) {
    println!("cargo:rerun-if-changed={}", file.display());
}
