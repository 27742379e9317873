//! Lines of a run's `metrics.jsonl`.

use std::fs;
use std::io;
use std::path::Path;

use serde::de::DeserializeOwned;

/// What could be read of a record.
#[derive(Debug)]
pub(crate) struct Record<L> {
    /// The lines, in order.
    pub(crate) lines: Vec<L>,
    /// The lines that could not be read; a torn last line is none of them.
    pub(crate) broken: Vec<Broken>,
}

/// A line that could not be read.
#[derive(Debug)]
pub(crate) struct Broken {
    /// Its number, from 1.
    pub(crate) number: usize,
    /// What is wrong with it.
    pub(crate) reason: String,
    /// Whether it merely breaks off, as it does where a process was killed.
    pub(crate) is_torn: bool,
}

/// Reads every line as `L`, which takes the fields that matter and leaves events and fields of later versions alone.
pub(crate) fn read<L: DeserializeOwned>(path: &Path) -> io::Result<Record<L>> {
    let text = fs::read(path)?;
    let mut record = Record {
        lines: Vec::new(),
        broken: Vec::new(),
    };
    let all: Vec<&[u8]> = text.split(|byte| *byte == b'\n').collect();
    for (index, line) in all.iter().enumerate() {
        // Behind the last line break nothing is complete.
        let is_last = index + 1 == all.len();
        match serde_json::from_slice(whole(line)) {
            Ok(line) => record.lines.push(line),
            Err(_) if is_last => {}
            Err(error) => record.broken.push(Broken {
                number: index + 1,
                is_torn: error.is_eof(),
                reason: error.to_string(),
            }),
        }
    }
    Ok(record)
}

/// The last event of a line: a later process may go on behind what an earlier one left torn.
fn whole(line: &[u8]) -> &[u8] {
    const BEGINNING: &[u8] = b"{\"event\"";
    let start = line
        .windows(BEGINNING.len())
        .rposition(|window| window == BEGINNING);
    start.map_or(line, |start| &line[start..])
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[derive(Debug, serde::Deserialize)]
    struct Line {
        step: u64,
    }

    #[test]
    fn torn_lines_pass_and_broken_ones_are_numbered() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("metrics.jsonl");
        let text = "{\"event\":\"step\",\"step\":1}\n{\"event\":\"st{\"event\":\"later\",\"step\":2,\"more\":[3]}\nnonsense\n\
                    {\"event\":\"step\",\"st\n{\"event\":\"step\",\"step\":4}\n{\"event\":\"step\",\"step\":5";
        fs::write(&path, text).unwrap();
        let record = read::<Line>(&path).unwrap();
        let steps: Vec<u64> = record.lines.iter().map(|line| line.step).collect();
        assert_eq!(steps, [1, 2, 4]);
        let broken = record.broken.iter().map(|line| (line.number, line.is_torn));
        assert_eq!(broken.collect::<Vec<_>>(), [(3, false), (4, true)]);
        assert!(read::<Line>(&folder.path().join("absent")).is_err());
    }
}
