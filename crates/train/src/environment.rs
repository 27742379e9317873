//! The machine a run sees: cores, memory, disk, processor features, peak memory of the process.

use std::fs;
use std::path::Path;

use serde::Serialize;

/// What the machine offers.
#[derive(Clone, Debug, Serialize)]
pub struct Environment {
    /// Operating system and architecture, e.g. `linux x86_64`.
    pub platform: String,
    /// Processor model, where the system tells it.
    pub processor: Option<String>,
    /// Cores that this process may use.
    pub cores: usize,
    /// Threads that training uses by default.
    pub threads: usize,
    /// Memory of the machine in bytes.
    pub memory_bytes: Option<u64>,
    /// Memory that is free or can be freed in bytes.
    pub available_memory_bytes: Option<u64>,
}

/// Looks at the machine.
pub fn inspect() -> Environment {
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    Environment {
        platform: format!("{} {}", std::env::consts::OS, std::env::consts::ARCH),
        processor: field("/proc/cpuinfo", "model name"),
        cores,
        threads: cores,
        memory_bytes: kilobytes("/proc/meminfo", "MemTotal"),
        available_memory_bytes: kilobytes("/proc/meminfo", "MemAvailable"),
    }
}

/// Largest resident memory of this process since its start or the last [`reset_peak_memory`], in bytes.
pub fn peak_memory_bytes() -> Option<u64> {
    kilobytes("/proc/self/status", "VmHWM")
}

/// Starts the measurement of [`peak_memory_bytes`] anew; `false` where the system cannot.
pub fn reset_peak_memory() -> bool {
    fs::write("/proc/self/clear_refs", "5").is_ok()
}

/// First value of `name : value` in a file of the proc file system.
fn field(file: impl AsRef<Path>, name: &str) -> Option<String> {
    let text = fs::read_to_string(file).ok()?;
    text.lines().find_map(|line| {
        let (key, value) = line.split_once(':')?;
        (key.trim() == name).then(|| value.trim().to_owned())
    })
}

fn kilobytes(file: &str, name: &str) -> Option<u64> {
    let value = field(file, name)?;
    value
        .strip_suffix("kB")?
        .trim()
        .parse::<u64>()
        .ok()
        .map(|kilobytes| kilobytes * 1024)
}
