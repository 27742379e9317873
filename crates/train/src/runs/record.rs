//! The two ends of a run's `metrics.jsonl`, whatever its length and whichever version wrote it.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;

use serde::Deserialize;
use serde::de::IgnoredAny;

/// Bytes that are read at each end; a shorter file is read whole.
const END: u64 = 64 * 1024;
/// Bytes up to which the last end grows where it lies inside of one long line.
const LONGEST_LINE: u64 = 16 * 1024 * 1024;

/// What a listing wants of a line; a line has some of it. Everything else is passed over, so that other versions' lines fit.
#[derive(Debug, Deserialize)]
pub(super) struct Line {
    pub(super) event: String,
    pub(super) step: Option<u64>,
    pub(super) steps: Option<u64>,
    pub(super) minutes: Option<f64>,
    pub(super) activation: Option<String>,
    pub(super) parameters: Option<BTreeMap<String, u64>>,
    pub(super) loss: Option<f64>,
    pub(super) primary: Option<String>,
    pub(super) metrics: Option<BTreeMap<String, f64>>,
    pub(super) best: Option<bool>,
}

/// The lines at both ends.
#[derive(Debug, Default)]
pub(super) struct Record {
    /// In the order of the file, with a gap where it is long.
    pub(super) lines: Vec<Line>,
    /// Where the first line is that is no JSON, and why; a torn last line is none.
    pub(super) broken: Option<String>,
}

impl Record {
    /// Reads the ends of a file; one that does not exist has no lines.
    pub(super) fn read(path: &Path) -> io::Result<Self> {
        let mut record = Self::default();
        let mut file = match File::open(path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(record),
            Err(error) => return Err(error),
        };
        let length = file.metadata()?.len();
        let head = part(&mut file, 0, length.min(2 * END))?;
        if length <= 2 * END {
            record.add(&head, &Place::Line(1));
            return Ok(record);
        }
        record.add(whole_lines(&head), &Place::Line(1));
        let mut wanted = END;
        loop {
            let from = length.saturating_sub(wanted).max(head.len() as u64);
            let tail = part(&mut file, from, length - from)?;
            // The tail begins somewhere in a line, whose rest says nothing.
            let start = tail.iter().position(|byte| *byte == b'\n');
            match start {
                Some(start) if start + 1 < tail.len() => {
                    let at = from + start as u64 + 1;
                    record.add(&tail[start + 1..], &Place::Byte(at));
                    return Ok(record);
                }
                _ if from == head.len() as u64 || wanted >= LONGEST_LINE => return Ok(record),
                _ => wanted *= 4,
            }
        }
    }

    fn add(&mut self, text: &[u8], place: &Place) {
        let mut offset = 0;
        for (index, line) in text.split_inclusive(|byte| *byte == b'\n').enumerate() {
            match serde_json::from_slice(line) {
                Ok(line) => self.lines.push(line),
                Err(_) if line.last() != Some(&b'\n') => {}
                // JSON of another form is a later version's.
                Err(_) if serde_json::from_slice::<IgnoredAny>(line).is_ok() => {}
                Err(error) => {
                    self.broken.get_or_insert_with(|| {
                        let place = match place {
                            Place::Line(first) => format!("line {}", first + index),
                            Place::Byte(first) => {
                                format!("the line at byte {}", first + offset as u64)
                            }
                        };
                        format!("{place} is no JSON: {error}")
                    });
                }
            }
            offset += line.len();
        }
    }
}

/// How a line is named.
enum Place {
    /// By number: that of the first line, from 1.
    Line(usize),
    /// By where it begins in the file: where the first line does.
    Byte(u64),
}

fn part(file: &mut File, from: u64, length: u64) -> io::Result<Vec<u8>> {
    file.seek(SeekFrom::Start(from))?;
    let mut bytes = Vec::with_capacity(length as usize);
    file.take(length).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// The text without what follows its last line break.
fn whole_lines(text: &[u8]) -> &[u8] {
    let end = text.iter().rposition(|byte| *byte == b'\n');
    &text[..end.map_or(0, |end| end + 1)]
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::fmt::Write as _;
    use std::fs;

    use super::*;

    fn read(text: &str) -> Record {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("metrics.jsonl");
        fs::write(&path, text).unwrap();
        Record::read(&path).unwrap()
    }

    fn steps(range: std::ops::Range<u64>) -> String {
        range.fold(String::new(), |mut text, step| {
            let _ = writeln!(text, "{{\"event\":\"step\",\"step\":{step},\"loss\":1.5}}");
            text
        })
    }

    #[test]
    fn of_a_long_file_both_ends_and_not_the_middle() {
        let record = read(&steps(1..20_001));
        assert!(record.lines.len() < 6000, "{}", record.lines.len());
        assert_eq!(record.lines.first().unwrap().step, Some(1));
        assert_eq!(record.lines.last().unwrap().step, Some(20_000));
        assert_eq!(record.broken, None);
    }

    #[test]
    fn a_last_line_longer_than_the_end_is_read() {
        let coefficients = "1.25,".repeat(60_000);
        let text = steps(1..10_000)
            + &format!(
                "{{\"event\":\"validation\",\"step\":9999,\"loss\":2.0,\"coefficients\":[{coefficients}0]}}\n"
            );
        let record = read(&text);
        assert_eq!(record.lines.last().unwrap().event, "validation");
        assert_eq!(record.broken, None);
    }

    #[test]
    fn a_torn_last_line_is_fine_and_a_broken_one_is_named() {
        let torn = read(&(steps(1..3) + "{\"event\":\"ste"));
        assert_eq!((torn.lines.len(), torn.broken), (2, None));
        let broken = read(&(steps(1..3) + "nonsense\n" + &steps(3..5)));
        assert_eq!(broken.lines.len(), 4);
        assert!(broken.broken.unwrap().starts_with("line 3 is no JSON: "));
        let start = steps(1..20_000);
        let broken = read(&(start.clone() + "nonsense\n" + &steps(1..5)));
        let wanted = format!("the line at byte {} is no JSON: ", start.len());
        assert!(broken.broken.unwrap().starts_with(&wanted));
    }

    #[test]
    fn lines_of_a_later_version_are_passed_over() {
        let record = read("{\"event\":\"step\",\"step\":\"one\"}\n{\"event\":\"new\",\"x\":[]}\n");
        assert_eq!((record.lines.len(), record.broken), (1, None));
    }
}
