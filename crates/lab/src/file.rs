//! Files that are either whole or absent, also when several processes write them.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;
use std::process;
use std::sync::atomic::{AtomicU64, Ordering};

/// Tells apart the temporary files of the threads of one process.
static COUNTER: AtomicU64 = AtomicU64::new(0);

/// Writes a file through a temporary one beside it that no other process and no other thread uses.
pub(crate) fn write_whole(path: &Path, content: &[u8]) -> io::Result<()> {
    let number = COUNTER.fetch_add(1, Ordering::Relaxed);
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let part = path.with_file_name(format!(".{name}.{}-{number}.part", process::id()));
    let written = File::create(&part)
        .and_then(|mut file| {
            file.write_all(content)?;
            file.sync_all()
        })
        .and_then(|()| fs::rename(&part, path));
    if written.is_err() {
        // What is half written helps nobody; the first error is the one to tell.
        let _ = fs::remove_file(&part);
    }
    written
}
