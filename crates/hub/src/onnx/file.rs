//! The file: what is there before, what it can hold, and how it comes to be whole or not at all.

use std::fs;
use std::io::{ErrorKind, Read};
use std::path::Path;

use prost::Message;

use super::message::ModelProto;
use crate::HubError;

/// The largest message that readers of protocol buffers take.
const LIMIT: u64 = i32::MAX as u64;
/// Who writes the files.
pub(super) const PRODUCER: &str = "pliant";

/// Refuses a folder, and a file that no export wrote.
pub(super) fn check(out: &Path) -> Result<(), HubError> {
    let taken = |found| HubError::Taken {
        file: out.to_path_buf(),
        found,
    };
    if out.is_dir() {
        return Err(taken("a folder"));
    }
    let mut file = match fs::File::open(out) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        Err(source) => return Err(HubError::io("read", out, source)),
    };
    // Fields are in the order of their numbers: the version of the format, one byte, and who wrote it.
    let mut start = Vec::new();
    let length = 4 + PRODUCER.len() as u64;
    file.by_ref()
        .take(length)
        .read_to_end(&mut start)
        .map_err(|source| HubError::io("read", out, source))?;
    match start[..] {
        [0x08, _, 0x12, length, ref name @ ..]
            if usize::from(length) == PRODUCER.len() && name == PRODUCER.as_bytes() =>
        {
            Ok(())
        }
        _ => Err(taken("a file that this program did not export")),
    }
}

/// Refuses what no reader would take.
fn check_size(bytes: u64) -> Result<(), HubError> {
    if bytes > LIMIT {
        return Err(HubError::TooLarge {
            bytes,
            limit: LIMIT,
        });
    }
    Ok(())
}

/// Writes the model; the file is complete when it has its name. Returns its length.
pub(super) fn write(out: &Path, model: &ModelProto) -> Result<u64, HubError> {
    let length = model.encoded_len() as u64;
    check_size(length)?;
    if let Some(folder) = out.parent() {
        fs::create_dir_all(folder).map_err(|source| HubError::io("create", folder, source))?;
    }
    let mut name = out.file_name().unwrap_or_default().to_owned();
    name.push(".partial");
    let partial = out.with_file_name(name);
    let written =
        fs::write(&partial, model.encode_to_vec()).and_then(|()| fs::rename(&partial, out));
    written.map_err(|source| {
        // What is left of it is of no use; that it cannot be removed is said by the error itself.
        let _ = fs::remove_file(&partial);
        HubError::io("write", out, source)
    })?;
    Ok(length)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn two_gigabytes_are_the_limit() {
        assert!(check_size(LIMIT).is_ok());
        let error = check_size(LIMIT + 1).unwrap_err();
        assert!(
            matches!(
                error,
                HubError::TooLarge {
                    bytes: 2_147_483_648,
                    ..
                }
            ),
            "{error}"
        );
        assert!(error.hint().unwrap().contains("--half"));
    }

    #[test]
    fn only_a_file_of_this_program_is_written_over() {
        let place = tempfile::tempdir().unwrap();
        let out = place.path().join("model.onnx");
        let mut model = ModelProto {
            ir_version: 8,
            producer_name: PRODUCER.to_owned(),
            ..ModelProto::default()
        };
        check(&out).unwrap();
        write(&out, &model).unwrap();
        check(&out).unwrap();
        assert_eq!(fs::read_dir(place.path()).unwrap().count(), 1);
        model.producer_name = "others".to_owned();
        write(&out, &model).unwrap();
        assert!(matches!(check(&out), Err(HubError::Taken { .. })));
        fs::write(&out, "thesis").unwrap();
        assert!(matches!(check(&out), Err(HubError::Taken { .. })));
        assert!(matches!(
            check(place.path()),
            Err(HubError::Taken {
                found: "a folder",
                ..
            })
        ));
    }
}
