//! The machine in words, for reports.

use pliant_train::environment;

/// Processor, cores, vector extensions, memory, platform.
pub(crate) fn in_words() -> String {
    let environment = environment::inspect();
    let level = format!("{:?}", pliant_kernels::dispatch::level()).to_lowercase();
    let mut parts: Vec<String> = environment.processor.into_iter().collect();
    parts.push(format!("{} cores", environment.cores));
    parts.push(level);
    if let Some(bytes) = environment.memory_bytes {
        parts.push(format!("{:.0} GiB", bytes as f64 / f64::from(1_u32 << 30)));
    }
    parts.push(environment.platform);
    parts.join(", ")
}
