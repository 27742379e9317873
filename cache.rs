//! The cache on the disk, in the layout that Python's `huggingface_hub` shares.
//!
//! ```text
//! models--owner--name/
//!   blobs/CHECKSUM               the contents
//!   snapshots/COMMIT/path/file   links to them
//!   refs/main                    the commit that the branch had when it was last asked for
//!   .pliant/COMMIT.json          which files the commit has, so that a complete copy needs no request
//! .locks/models--owner--name/CHECKSUM.lock
//! ```

use std::fs::{self, File};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use hf_hub::{Cache, CacheRepo, Repo, RepoType};

use super::listing::Listing;
use super::name::{HubName, Kind, is_commit};
use super::{RepositoryError, Settings};

/// The cached part of a repository.
pub(super) struct Cached {
    layout: CacheRepo,
    /// `models--owner--name` in the cache.
    folder: PathBuf,
    locks: PathBuf,
}

impl Cached {
    pub(super) fn new(settings: &Settings, kind: Kind, name: &HubName) -> Self {
        let kind = match kind {
            Kind::Model => RepoType::Model,
            Kind::Dataset => RepoType::Dataset,
        };
        let revision = name.revision().to_owned();
        let repository = Repo::with_revision(name.repository.clone(), kind, revision);
        let folder = repository.folder_name();
        Self {
            layout: Cache::new(settings.cache.clone()).repo(repository),
            locks: settings.cache.join(".locks").join(&folder),
            folder: settings.cache.join(folder),
        }
    }

    /// The folder of a commit's files.
    pub(super) fn snapshot(&self, commit: &str) -> PathBuf {
        self.layout.pointer_path(commit)
    }

    /// Where the content with a checksum belongs.
    pub(super) fn blob(&self, checksum: &str) -> PathBuf {
        self.layout.blob_path(checksum)
    }

    /// The commit that the revision of the name had when it was last asked for.
    pub(super) fn commit(&self, name: &HubName) -> Option<String> {
        if let Some(commit) = name.commit() {
            return Some(commit.to_owned());
        }
        let text = fs::read_to_string(self.folder.join("refs").join(name.revision())).ok()?;
        Some(text.trim().to_owned()).filter(|text| is_commit(text))
    }

    /// Notes the commit of the name's branch or tag.
    pub(super) fn note(&self, name: &HubName, commit: &str) -> Result<(), RepositoryError> {
        if name.commit().is_some() || self.commit(name).as_deref() == Some(commit) {
            return Ok(());
        }
        let file = self.folder.join("refs").join(name.revision());
        self.layout
            .create_ref(commit)
            .map_err(|error| RepositoryError::io("write", &file, error))
    }

    fn listing_file(&self, commit: &str) -> PathBuf {
        self.folder.join(".pliant").join(format!("{commit}.json"))
    }

    /// Which files the commit has, if that was asked before.
    pub(super) fn listing(&self, commit: &str) -> Option<Listing> {
        let bytes = fs::read(self.listing_file(commit)).ok()?;
        Listing::parse(&bytes).filter(|listing| listing.commit == commit)
    }

    /// Keeps which files the commit has.
    pub(super) fn keep(&self, listing: &Listing) -> Result<(), RepositoryError> {
        let file = self.listing_file(&listing.commit);
        let part = file.with_extension("part");
        let written = make_folder(&part).and_then(|()| {
            let bytes = serde_json::to_vec(listing).map_err(io::Error::from)?;
            fs::write(&part, bytes)?;
            fs::rename(&part, &file)
        });
        written.map_err(|error| RepositoryError::io("write", &file, error))
    }

    /// Holds everybody else back who wants to write the content with this checksum, Python included.
    pub(super) fn lock(&self, checksum: &str) -> Result<File, RepositoryError> {
        let file = self.locks.join(format!("{checksum}.lock"));
        make_folder(&file)
            .and_then(|()| File::options().create(true).append(true).open(&file))
            .and_then(|lock| lock.lock().map(|()| lock))
            .map_err(|error| RepositoryError::io("lock", &file, error))
    }

    /// Makes a commit's file a link to its content; where links are not allowed, a copy.
    pub(super) fn link(
        &self,
        commit: &str,
        path: &str,
        checksum: &str,
    ) -> Result<(), RepositoryError> {
        let pointer = self.snapshot(commit).join(path);
        let linked = make_folder(&pointer).and_then(|()| {
            remove(&pointer)?;
            // From snapshots/COMMIT and each folder inside, up to the repository.
            let up = "../".repeat(2 + path.matches('/').count());
            symlink(&PathBuf::from(format!("{up}blobs/{checksum}")), &pointer)
                .or_else(|_| fs::copy(self.blob(checksum), &pointer).map(|_| ()))
        });
        linked.map_err(|error| RepositoryError::io("write", &pointer, error))
    }
}

#[cfg(unix)]
fn symlink(target: &Path, link: &Path) -> io::Result<()> {
    std::os::unix::fs::symlink(target, link)
}

#[cfg(not(unix))]
fn symlink(_: &Path, _: &Path) -> io::Result<()> {
    Err(ErrorKind::Unsupported.into())
}

/// Creates the folder that a file lies in.
pub(super) fn make_folder(file: &Path) -> io::Result<()> {
    file.parent().map_or(Ok(()), fs::create_dir_all)
}

/// Removes a file that may be missing.
pub(super) fn remove(file: &Path) -> io::Result<()> {
    match fs::remove_file(file) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}
