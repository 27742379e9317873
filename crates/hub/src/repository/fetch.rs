//! A repository, or the part of it that is wanted, on the own disk.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use hf_hub::{Cache, CacheRepo, Repo, RepoType};

use super::client::{Client, Subject};
use super::download::Remote;
use super::listing::{Listing, is_commit};
use super::selection::Selection;
use super::{RepositoryError, RepositoryName, Settings, Transfer, Wanted};

/// Fetches what is `wanted` of a repository and is not in the cache, telling of each transfer; where it then is.
///
/// The place has the commit's hash in its path: what lies there never changes.
///
/// # Errors
/// See [`RepositoryError`].
pub fn fetch(
    name: &RepositoryName,
    wanted: &Wanted,
    settings: &Settings,
    tell: &mut dyn FnMut(&Transfer),
) -> Result<PathBuf, RepositoryError> {
    let kind = if wanted.is_data() {
        RepoType::Dataset
    } else {
        RepoType::Model
    };
    let repository = Repo::with_revision(name.id.clone(), kind, name.revision().to_owned());
    let cache = Cache::new(settings.cache.clone()).repo(repository.clone());
    let place = Place {
        name,
        kind,
        repository,
        cache,
        settings,
    };
    let (snapshot, selection) = if settings.offline {
        place.cached(wanted)?
    } else {
        place.fetched(wanted, tell)?
    };
    Ok(match selection.place.as_str() {
        "" => snapshot,
        inside => snapshot.join(inside),
    })
}

/// A repository and its folder in the cache.
struct Place<'a> {
    name: &'a RepositoryName,
    kind: RepoType,
    repository: Repo,
    cache: CacheRepo,
    settings: &'a Settings,
}

impl Place<'_> {
    fn subject<'s>(&'s self, file: Option<&'s str>) -> Subject<'s> {
        Subject {
            kind: match self.kind {
                RepoType::Dataset => "data set",
                _ => "model",
            },
            repository: &self.name.id,
            revision: self.name.revision(),
            file,
            action: "reading",
        }
    }

    fn select(&self, wanted: &Wanted, listing: &Listing) -> Result<Selection, RepositoryError> {
        let inside = self.name.inside.as_deref();
        let missing = match wanted.select(inside, &listing.files) {
            Ok(selection) => return Ok(selection),
            Err(missing) => missing,
        };
        if self.settings.offline {
            return Err(self.not_cached(missing.wanted));
        }
        Err(RepositoryError::NoFile {
            repository: self.name.id.clone(),
            revision: self.name.revision().to_owned(),
            wanted: missing.wanted,
            found: missing.found,
        })
    }

    fn not_cached(&self, missing: String) -> RepositoryError {
        RepositoryError::Offline {
            repository: self.name.id.clone(),
            revision: self.name.revision().to_owned(),
            missing,
            cache: self.settings.cache.clone(),
        }
    }

    /// What an earlier time left in the cache.
    fn cached(&self, wanted: &Wanted) -> Result<(PathBuf, Selection), RepositoryError> {
        let revision = self.name.revision();
        let reference = self.folder().join("refs").join(revision);
        let commit = match fs::read_to_string(&reference) {
            Ok(commit) => commit.trim().to_owned(),
            Err(_) => revision.to_owned(),
        };
        let snapshot = self.cache.pointer_path(&commit);
        if !is_commit(&commit) || !snapshot.is_dir() {
            return Err(self.not_cached("anything".to_owned()));
        }
        let selection = self.select(wanted, &Listing::cached(commit, &snapshot)?)?;
        Ok((snapshot, selection))
    }

    fn fetched(
        &self,
        wanted: &Wanted,
        tell: &mut dyn FnMut(&Transfer),
    ) -> Result<(PathBuf, Selection), RepositoryError> {
        let client = Client::new(self.settings);
        let listing = Listing::ask(&client, self.name, self.kind, self.subject(None))?;
        let selection = self.select(wanted, &listing)?;
        let snapshot = self.cache.pointer_path(&listing.commit);
        for file in &selection.files {
            let pointer = snapshot.join(file);
            if !pointer.exists() {
                self.file(&client, &listing.commit, file, &pointer, tell)?;
            }
        }
        if self.name.revision() != listing.commit {
            let reference = self.folder().join("refs");
            self.cache
                .create_ref(&listing.commit)
                .map_err(RepositoryError::io("write", &reference))?;
        }
        Ok((snapshot, selection))
    }

    /// Fetches one file and points to it.
    fn file(
        &self,
        client: &Client<'_>,
        commit: &str,
        file: &str,
        pointer: &Path,
        tell: &mut dyn FnMut(&Transfer),
    ) -> Result<(), RepositoryError> {
        let path = format!("{}/resolve/{commit}/{file}", self.repository.url());
        let remote = Remote {
            client,
            subject: self.subject(Some(file)),
            file,
            url: client.url(&path),
        };
        let announced = remote.announced()?;
        let blob = self.cache.blob_path(&announced.etag);
        create_above(&blob)?;
        // Programs that fetch the same file, Python's among them, wait for each other here.
        let locks = self.settings.cache.join(".locks");
        let lock = locks
            .join(self.repository.folder_name())
            .join(format!("{}.lock", announced.etag));
        create_above(&lock)?;
        let held = File::create(&lock).map_err(RepositoryError::io("write", &lock))?;
        held.lock().map_err(RepositoryError::io("lock", &lock))?;
        if !blob.exists() {
            remote.fetch(&announced, &blob, tell)?;
        }
        point(pointer, &blob, file)
    }

    /// The repository's folder in the cache.
    fn folder(&self) -> PathBuf {
        self.settings.cache.join(self.repository.folder_name())
    }
}

fn create_above(path: &Path) -> Result<(), RepositoryError> {
    let Some(folder) = path.parent() else {
        return Ok(());
    };
    fs::create_dir_all(folder).map_err(RepositoryError::io("create", folder))
}

/// Makes `pointer`, the snapshot's `file`, show the blob: a relative link, so that the cache can move.
fn point(pointer: &Path, blob: &Path, file: &str) -> Result<(), RepositoryError> {
    create_above(pointer)?;
    let failed = RepositoryError::io("write", pointer);
    // A link whose blob is gone.
    if pointer.is_symlink() {
        fs::remove_file(pointer).map_err(RepositoryError::io("remove", pointer))?;
    }
    let above = "../".repeat(file.split('/').count() + 1);
    let name = blob.file_name().unwrap_or_default();
    let target = Path::new(&above).join("blobs").join(name);
    link(&target, pointer, blob).map_err(failed)
}

#[cfg(unix)]
fn link(target: &Path, pointer: &Path, _: &Path) -> std::io::Result<()> {
    std::os::unix::fs::symlink(target, pointer)
}

/// Where links need rights, the file itself.
#[cfg(not(unix))]
fn link(_: &Path, pointer: &Path, blob: &Path) -> std::io::Result<()> {
    fs::copy(blob, pointer).map(drop)
}
