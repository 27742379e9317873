//! Event files, read back by a reader that shares nothing with the writer.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use pliant_hub::tensorboard::TensorBoard;
use pliant_train::event::GroupReport;
use pliant_train::{Event, EventSink, Health, NamedTensor, SiteCoefficients, SiteHealth};

/// CRC-32C bit by bit.
fn checksum(bytes: &[u8]) -> u32 {
    let mut crc = !0_u32;
    for byte in bytes {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            let is_odd = crc & 1 == 1;
            crc >>= 1;
            if is_odd {
                crc ^= 0x82f6_3b78;
            }
        }
    }
    !crc
}

fn masked(bytes: &[u8]) -> u32 {
    let crc = checksum(bytes);
    crc.rotate_left(17).wrapping_add(0xa282_ead8)
}

/// The payloads of a file; panics where length or checksum is wrong.
fn records(bytes: &[u8]) -> Vec<Vec<u8>> {
    let word = |at: usize| u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap());
    let mut records = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        let length = u64::from_le_bytes(bytes[at..at + 8].try_into().unwrap()) as usize;
        assert_eq!(word(at + 8), masked(&bytes[at..at + 8]), "length at {at}");
        let payload = &bytes[at + 12..at + 12 + length];
        assert_eq!(word(at + 12 + length), masked(payload), "payload at {at}");
        records.push(payload.to_vec());
        at += 16 + length;
    }
    records
}

/// A field of a protobuf message.
enum Field {
    Number(u64),
    Bytes(Vec<u8>),
}

impl Field {
    fn bytes(&self) -> &[u8] {
        match self {
            Self::Bytes(bytes) => bytes,
            Self::Number(_) => panic!("a number"),
        }
    }
    fn number(&self) -> u64 {
        match self {
            Self::Number(number) => *number,
            Self::Bytes(_) => panic!("bytes"),
        }
    }
    fn doubles(&self) -> Vec<f64> {
        let values = self.bytes().chunks_exact(8);
        values
            .map(|bytes| f64::from_le_bytes(bytes.try_into().unwrap()))
            .collect()
    }
}

fn varint(bytes: &[u8], at: &mut usize) -> u64 {
    let (mut value, mut shift) = (0, 0);
    loop {
        let byte = bytes[*at];
        *at += 1;
        value |= u64::from(byte & 0x7f) << shift;
        shift += 7;
        if byte & 0x80 == 0 {
            return value;
        }
    }
}

fn fields(bytes: &[u8]) -> Vec<(u64, Field)> {
    let (mut at, mut fields) = (0, Vec::new());
    while at < bytes.len() {
        let key = varint(bytes, &mut at);
        let field = match key & 7 {
            0 => Field::Number(varint(bytes, &mut at)),
            1 => {
                at += 8;
                Field::Number(u64::from_le_bytes(bytes[at - 8..at].try_into().unwrap()))
            }
            2 => {
                let length = varint(bytes, &mut at) as usize;
                at += length;
                Field::Bytes(bytes[at - length..at].to_vec())
            }
            5 => {
                at += 4;
                let number = u32::from_le_bytes(bytes[at - 4..at].try_into().unwrap());
                Field::Number(u64::from(number))
            }
            other => panic!("wire type {other}"),
        };
        fields.push((key >> 3, field));
    }
    fields
}

/// What a file holds.
#[derive(Default)]
struct Read {
    version: String,
    /// Step of the session's start.
    start: Option<u64>,
    scalars: BTreeMap<String, Vec<(u64, f32)>>,
    histograms: BTreeMap<String, BTreeMap<u64, Vec<f64>>>,
    /// Height, width and bytes.
    images: BTreeMap<String, (u64, u64, Vec<u8>)>,
}

fn read(path: &Path) -> Read {
    let mut read = Read::default();
    for payload in records(&fs::read(path).unwrap()) {
        let event = fields(&payload);
        let step = event.iter().find(|(id, _)| *id == 2);
        let step = step.map_or(0, |(_, step)| step.number());
        for (id, field) in &event {
            match id {
                3 => read.version = String::from_utf8(field.bytes().to_vec()).unwrap(),
                7 => {
                    assert_eq!(fields(field.bytes())[0].1.number(), 1);
                    read.start = Some(step);
                }
                5 => {
                    for (_, value) in fields(field.bytes()) {
                        let value = fields(value.bytes());
                        let tag = String::from_utf8(value[0].1.bytes().to_vec()).unwrap();
                        let (kind, content) = &value[1];
                        if *kind == 2 {
                            let number = f32::from_bits(content.number() as u32);
                            read.scalars.entry(tag).or_default().push((step, number));
                        } else if *kind == 4 {
                            let parts = fields(content.bytes());
                            let size = (parts[0].1.number(), parts[1].1.number());
                            let image = (size.0, size.1, parts[3].1.bytes().to_vec());
                            read.images.insert(tag, image);
                        } else {
                            assert_eq!(*kind, 5);
                            let parts = fields(content.bytes());
                            let parts = parts.into_iter().map(|(id, part)| match part {
                                Field::Number(bits) => (id, vec![f64::from_bits(bits)]),
                                Field::Bytes(_) => (id, part.doubles()),
                            });
                            read.histograms.insert(tag, parts.collect());
                        }
                    }
                }
                _ => {}
            }
        }
    }
    read
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = fs::read_dir(folder.join("tensorboard"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    files
}

fn started(step: u64) -> Event {
    Event::Started {
        step,
        steps: Some(10),
        minutes: None,
        elapsed_seconds: 0.0,
        tokens_per_step: 256,
        threads: 1,
        precision: "f32".to_owned(),
        activation: "rational".to_owned(),
        parameters: BTreeMap::new(),
        groups: vec![GroupReport {
            name: "encoder".to_owned(),
            tensors: 1,
            elements: 1,
            learning_rate: 1e-3,
            weight_decay: 0.0,
            decay_towards: "zero".to_owned(),
            schedule: "linear".to_owned(),
            warmup: 0.0,
            hold: 0.0,
            tied: false,
        }],
        initial_weights: String::new(),
    }
}

fn step(step: u64) -> Event {
    Event::Step {
        step,
        loss: 2.5,
        learning_rates: vec![0.125],
        gradient_norm: 1.5,
        activation_gradient_norm: 30.0,
        tokens: 256,
        masked_tokens: 40,
        milliseconds: 500.0,
        elapsed_seconds: 1.0,
    }
}

fn validation(step: u64) -> Event {
    Event::Validation {
        step,
        loss: 3.5,
        perplexity: 33.0,
        masked_accuracy: 0.25,
        tokens: 9,
        best: true,
        milliseconds: 1.0,
        coefficients: vec![SiteCoefficients {
            site: "layer.0".to_owned(),
            tensors: vec![
                NamedTensor {
                    name: "numerator".to_owned(),
                    shape: vec![1, 6],
                    values: vec![-1.0, 0.5, 2.0, 0.0, 0.0, 0.0],
                },
                NamedTensor {
                    name: "denominator".to_owned(),
                    shape: vec![1, 4],
                    values: vec![0.0; 4],
                },
            ],
        }],
        health: Some(Health {
            gradient_norms: [("norm".to_owned(), 0.75)].into(),
            update_ratios: [("norm".to_owned(), 0.001953125)].into(),
            sites: vec![SiteHealth {
                site: "layer.0".to_owned(),
                outside: 0.125,
                largest: 17.0,
            }],
        }),
    }
}

#[test]
fn everything_of_a_run_is_read_back() {
    let folder = tempfile::tempdir().unwrap();
    let mut board = TensorBoard::new(folder.path());
    for event in [started(0), step(1), step(2), validation(2)] {
        board.event(&event);
    }
    board.finish().unwrap();
    let files = files(folder.path());
    assert_eq!(files.len(), 1);
    let name = files[0].file_name().unwrap().to_str().unwrap();
    assert!(name.starts_with("events.out.tfevents."), "{name}");
    let read = read(&files[0]);
    assert_eq!(
        (read.version.as_str(), read.start),
        ("brain.Event:2", Some(0))
    );
    for (tag, value) in [
        ("loss/train", 2.5),
        ("gradient_norm/weights", 1.5),
        ("gradient_norm/activation", 30.0),
        ("tokens_per_second", 512.0),
        ("learning_rate/encoder", 0.125),
    ] {
        assert_eq!(read.scalars[tag], [(1, value), (2, value)], "{tag}");
    }
    for (tag, value) in [
        ("loss/validation", 3.5),
        ("perplexity", 33.0),
        ("masked_accuracy", 0.25),
        ("coefficients/layer.0/numerator/0", -1.0),
        ("coefficients/layer.0/numerator/2", 2.0),
        ("gradient_norm_by_role/norm", 0.75),
        ("update_ratio/norm", 0.001953125),
        ("outside/layer.0", 0.125),
        ("largest_input/layer.0", 17.0),
    ] {
        assert_eq!(read.scalars[tag], [(2, value)], "{tag}");
    }
    let histogram = &read.histograms["coefficients/layer.0/numerator"];
    let simple: Vec<f64> = (1..=5).map(|id| histogram[&id][0]).collect();
    assert_eq!(simple, [-1.0, 2.0, 6.0, 1.5, 5.25]);
    assert_eq!(histogram[&6].len(), histogram[&7].len());
    assert_eq!(histogram[&7].iter().sum::<f64>(), 6.0);
    assert!(histogram[&6].is_sorted() && *histogram[&6].last().unwrap() >= 2.0);
    let (height, width, bytes) = &read.images["activation/layer.0"];
    assert_eq!(&bytes[..8], b"\x89PNG\r\n\x1a\n");
    // The size that the PNG itself claims.
    let word = |at: usize| u64::from(u32::from_be_bytes(bytes[at..at + 4].try_into().unwrap()));
    assert_eq!((word(16), word(20)), (*width, *height));
}

#[test]
fn a_resumed_run_goes_on_in_a_new_file_that_voids_later_steps() {
    let folder = tempfile::tempdir().unwrap();
    for from in [0, 4] {
        let mut board = TensorBoard::new(folder.path());
        board.event(&started(from));
        board.event(&step(from + 1));
        board.finish().unwrap();
    }
    let files = files(folder.path());
    let reads: Vec<Read> = files.iter().map(|path| read(path)).collect();
    let starts: Vec<Option<u64>> = reads.iter().map(|read| read.start).collect();
    // What was recorded up to the checkpoint at step 4 stays.
    assert_eq!(starts, [Some(0), Some(5)]);
    assert_eq!(reads[1].scalars["loss/train"], [(5, 2.5)]);
}

#[test]
fn a_folder_that_cannot_be_written_is_told_at_the_end() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("tensorboard"), "a file").unwrap();
    let mut board = TensorBoard::new(folder.path());
    for event in [started(0), step(1)] {
        board.event(&event);
    }
    let error = board.finish().unwrap_err();
    assert!(error.to_string().contains("tensorboard"), "{error}");
    assert!(error.hint().unwrap().contains("permissions"));
}

#[test]
fn a_flipped_bit_does_not_pass_this_reader() {
    let folder = tempfile::tempdir().unwrap();
    let mut board = TensorBoard::new(folder.path());
    board.event(&started(0));
    board.finish().unwrap();
    let mut bytes = fs::read(&files(folder.path())[0]).unwrap();
    bytes[14] ^= 1;
    assert!(std::panic::catch_unwind(|| records(&bytes)).is_err());
}
