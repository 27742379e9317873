//! Which process it is, so that a claim tells whether its owner still runs.

use std::fs;

use serde::{Deserialize, Serialize};

/// A process on some host.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Process {
    /// Name of the host.
    pub(super) host: String,
    /// What makes process numbers comparable: this start of the system and this name space of processes. `None` where the system
    /// does not tell; then only the heartbeat says whether the process lives.
    pub(super) system: Option<String>,
    /// The process number.
    pub(super) pid: u32,
    /// When it started, in the system's ticks: a number that is used again belongs to another process.
    pub(super) start: Option<u64>,
}

impl Process {
    /// This process.
    pub(super) fn current() -> Self {
        let pid = std::process::id();
        Self {
            host: host(),
            system: system(),
            pid,
            start: start(pid),
        }
    }

    /// Whether the process still runs; `None` where that cannot be told from here.
    pub(super) fn is_alive(&self) -> Option<bool> {
        let here = Self::current();
        if self.host != here.host || self.system.is_none() || self.system != here.system {
            return None;
        }
        let recorded = self.start?;
        Some(start(self.pid) == Some(recorded))
    }
}

fn host() -> String {
    let name = fs::read_to_string("/proc/sys/kernel/hostname").ok();
    let variable = || {
        ["HOSTNAME", "COMPUTERNAME"]
            .iter()
            .find_map(|name| std::env::var(name).ok())
    };
    name.or_else(variable)
        .map(|name| name.trim().to_owned())
        .filter(|name| !name.is_empty())
        .unwrap_or_else(|| "unknown".to_owned())
}

/// Containers with one host name have process numbers of their own, and a restart begins to count anew.
fn system() -> Option<String> {
    let boot = fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
    let names = fs::read_link("/proc/self/ns/pid").ok()?;
    Some(format!("{} {}", boot.trim(), names.to_string_lossy()))
}

/// Start time of a running process (field 22 of `/proc/PID/stat`); `None` where there is no such process, or it has ended and only
/// waits to be collected.
fn start(pid: u32) -> Option<u64> {
    let text = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name in parentheses may hold spaces and parentheses.
    let (_, fields) = text.rsplit_once(')')?;
    let fields: Vec<&str> = fields.split_whitespace().collect();
    let state = *fields.first()?;
    if matches!(state, "Z" | "X") {
        return None;
    }
    fields.get(19)?.parse().ok()
}
