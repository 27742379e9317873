//! From a corpus to a folder of shards.

mod build;
mod input;
mod split;

use std::fs::{self, File, TryLockError};
use std::path::Path;

use crate::checksum::sha256_of_file;
use crate::dataset::Inner;
use crate::shard::Shards;
use crate::{DataConfig, DataError, Dataset, Manifest, Tokenizer, TokenizerSource};

use input::Input;

/// Version of the prepared folder's format and of everything that decides what is in it.
pub(crate) const VERSION: u32 = 1;
const MANIFEST: &str = "manifest.json";
const TOKENIZER: &str = "tokenizer.json";

/// What preparation is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// Another process prepares the same data.
    Waiting,
    /// Reading and counting words.
    Counting,
    /// Training the tokenizer.
    Tokenizer,
    /// Choosing validation documents.
    Splitting,
    /// Tokenizing, packing and writing.
    Encoding,
    /// Checking the shards' checksums.
    Verifying,
}

/// A report to the progress callback.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PrepareProgress {
    /// What is being done.
    pub stage: Stage,
    /// Work done: bytes of the corpus files as they lie on the disk, documents of the generated language, words of
    /// the vocabulary in [`Stage::Tokenizer`], bytes of shards in [`Stage::Verifying`].
    pub done: u64,
    /// All the work of this stage in the same unit; 0 where unknown.
    pub total: u64,
    /// Tokens written so far.
    pub tokens: u64,
    /// Tokens per second of the encoding stage, 0 before.
    pub tokens_per_second: f64,
}

impl PrepareProgress {
    fn new(stage: Stage, done: u64, total: u64) -> Self {
        Self {
            stage,
            done,
            total,
            tokens: 0,
            tokens_per_second: 0.0,
        }
    }
}

/// Prepares the data, or opens what an earlier call prepared.
///
/// The folder is `cache/prepared-<hash of configuration and corpus>`. Preparation writes to a temporary folder and
/// renames it at the end: killed at any moment it leaves nothing that a later call would take for complete, and the
/// later call starts over. Two processes that prepare the same data wait for each other.
///
/// # Errors
/// Whatever is wrong with the corpus, the tokenizer or the disk; [`DataError::Corrupt`] where a prepared file is
/// truncated or altered.
pub fn prepare(
    config: &DataConfig,
    progress: &mut dyn FnMut(PrepareProgress),
) -> Result<Dataset, DataError> {
    check(config)?;
    let input = Input::new(config)?;
    let name = format!("prepared-{}", &input.key[..16]);
    let folder = config.cache.join(&name);
    if let Some(dataset) = open(&folder, config, progress)? {
        return Ok(dataset);
    }
    fs::create_dir_all(&config.cache).map_err(DataError::io("create", &config.cache))?;
    let lock_path = config.cache.join(format!("{name}.lock"));
    let lock = File::create(&lock_path).map_err(DataError::io("create", &lock_path))?;
    match lock.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            progress(PrepareProgress::new(Stage::Waiting, 0, 0));
            lock.lock().map_err(DataError::io("lock", &lock_path))?;
        }
        Err(TryLockError::Error(error)) => return Err(DataError::io("lock", &lock_path)(error)),
    }
    if let Some(dataset) = open(&folder, config, progress)? {
        return Ok(dataset);
    }
    let partial = config.cache.join(format!("{name}.partial"));
    remove(&partial)?;
    remove(&folder)?;
    fs::create_dir(&partial).map_err(DataError::io("create", &partial))?;
    if let Err(error) = build::build(config, &input, &partial, progress) {
        // What is left over is no use; failing to remove it does no harm either.
        let _ = fs::remove_dir_all(&partial);
        return Err(error);
    }
    sync(&partial)?;
    fs::rename(&partial, &folder).map_err(DataError::io("rename", &partial))?;
    sync(&config.cache)?;
    open(&folder, config, progress)?.ok_or_else(|| DataError::Corrupt {
        path: folder.join(MANIFEST),
        reason: "it is missing".into(),
    })
}

fn check(config: &DataConfig) -> Result<(), DataError> {
    let refuse = |key, value: usize, reason| {
        Err(DataError::Option {
            key,
            value: value.to_string(),
            reason,
        })
    };
    if !(8..=1 << 20).contains(&config.sequence) {
        return refuse(
            "sequence",
            config.sequence,
            "it must be between 8 and 1048576 tokens",
        );
    }
    if let TokenizerSource::Trained { vocabulary_size } = config.tokenizer
        && !(16..=1 << 24).contains(&vocabulary_size)
    {
        let reason = "it must be between 16 and 16777216 words";
        return refuse("vocabulary_size", vocabulary_size, reason);
    }
    if config.validation_sequences == Some(0) {
        return refuse(
            "validation_sequences",
            0,
            "validation needs at least one sequence",
        );
    }
    Ok(())
}

/// Opens a complete folder; `None` where there is none.
fn open(
    folder: &Path,
    config: &DataConfig,
    progress: &mut dyn FnMut(PrepareProgress),
) -> Result<Option<Dataset>, DataError> {
    let path = folder.join(MANIFEST);
    let text = match fs::read(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(DataError::io("read", &path)(error)),
    };
    let corrupt = |path: &Path, reason: String| DataError::Corrupt {
        path: path.to_owned(),
        reason,
    };
    let manifest: Manifest =
        serde_json::from_slice(&text).map_err(|error| corrupt(&path, error.to_string()))?;
    if (manifest.version, manifest.sequence) != (VERSION, config.sequence) {
        return Err(corrupt(&path, "it describes other data".into()));
    }
    let tokenizer_path = folder.join(TOKENIZER);
    if sha256_of_file(&tokenizer_path)? != manifest.tokenizer_hash {
        let reason = "its checksum does not fit the manifest";
        return Err(corrupt(&tokenizer_path, reason.into()));
    }
    let tokenizer = Tokenizer::open(&tokenizer_path)?;
    let shards = manifest
        .train_shards
        .iter()
        .chain(&manifest.validation_shards);
    let total = shards.map(|shard| shard.bytes).sum();
    let mut done = 0;
    let mut verified = |bytes: u64| {
        done += bytes;
        progress(PrepareProgress::new(Stage::Verifying, done, total));
    };
    let (sequence, width) = (manifest.sequence, manifest.width);
    let train = Shards::open(
        folder,
        &manifest.train_shards,
        sequence,
        width,
        &mut verified,
    )?;
    let validation = Shards::open(
        folder,
        &manifest.validation_shards,
        sequence,
        width,
        &mut verified,
    )?;
    Ok(Some(Dataset::new(Inner {
        folder: folder.to_owned(),
        tokenizer,
        train,
        validation,
        manifest,
        validation_sequences: config.validation_sequences,
    })))
}

fn remove(folder: &Path) -> Result<(), DataError> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(DataError::io("remove", folder)(error))
        }
        _ => Ok(()),
    }
}

/// Makes names in a folder last through a power cut.
fn sync(folder: &Path) -> Result<(), DataError> {
    File::open(folder)
        .and_then(|folder| folder.sync_all())
        .map_err(DataError::io("sync", folder))
}
