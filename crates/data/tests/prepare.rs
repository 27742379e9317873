//! From files to shards and back.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::thread;

use pliant_data::{
    BatchPlan, Corpus, DataConfig, DataError, Dataset, Generated, Masking, Split, Stage,
    TokenizerSource, prepare,
};

fn config(corpus: &Path, cache: &Path) -> DataConfig {
    let mut config = DataConfig::new(Corpus::Path(corpus.to_owned()), cache);
    config.tokenizer = TokenizerSource::Trained {
        vocabulary_size: 200,
    };
    config.sequence = 16;
    config
}

fn run(config: &DataConfig) -> Result<Dataset, DataError> {
    prepare(config, &mut |_| {})
}

fn write(folder: &Path, name: &str, content: &[u8]) -> PathBuf {
    let path = folder.join(name);
    fs::write(&path, content).unwrap();
    path
}

/// Documents of `words` words each, every document another.
fn text(documents: usize, words: usize) -> String {
    let document = |index: usize| {
        let word =
            |place: usize| ["red", "cat", "sat", "down", "here"][(index * 7 + place * place) % 5];
        let words: Vec<&str> = (0..words).map(word).collect();
        format!("{} {}\n", words.join(" "), "la ".repeat(index % 9))
    };
    (0..documents).map(document).collect::<Vec<_>>().join(" \n")
}

fn all_tokens(dataset: &Dataset) -> Vec<Vec<String>> {
    let shards = dataset.train();
    (0..shards.sequences())
        .map(|index| {
            let mut ids = vec![0; shards.sequence_length()];
            shards.read(index, &mut ids);
            ids.iter()
                .map(|&id| dataset.tokenizer().token(id).unwrap())
                .collect()
        })
        .collect()
}

#[test]
fn packing() {
    let folder = tempfile::tempdir().unwrap();
    let corpus = folder.path().join("corpus");
    fs::create_dir(&corpus).unwrap();
    // A mark at the beginning, CRLF, a separator of white space, several blank lines, no line feed at the end.
    let train = "\u{feff}aa bb\r\ncc\r\n \t\r\n\r\ndd ee\r\n\r\naa bb cc dd ee aa bb cc";
    write(&corpus, "train.txt", train.as_bytes());
    write(&corpus, "valid.txt", b"bb cc\n");
    write(&corpus, "test.txt", b"zz\n");
    write(&corpus, "notes.md", b"\xff");
    let mut config = config(&corpus, &folder.path().join("cache"));
    config.sequence = 8;
    let dataset = run(&config).unwrap();
    let rows: Vec<String> = all_tokens(&dataset)
        .iter()
        .map(|row| row.join(" "))
        .collect();
    let expected = [
        "[CLS] aa bb cc [SEP] dd ee [SEP]",
        "[CLS] aa bb cc dd ee aa [SEP]",
        "[CLS] bb cc [SEP] [PAD] [PAD] [PAD] [PAD]",
    ];
    assert_eq!(rows, expected);
    let manifest = dataset.manifest();
    assert_eq!((manifest.train.documents, manifest.train.tokens), (3, 13));
    assert_eq!(
        (manifest.validation.documents, manifest.validation.tokens),
        (1, 2)
    );
    assert_eq!(dataset.tokenizer().token(0).as_deref(), Some("[PAD]"));
    let batch = BatchPlan::new(&dataset, 1, 3, Masking::default())
        .unwrap()
        .batch(0);
    let row = batch.sequence_ids.iter().position(|id| id.1 == 2).unwrap();
    assert_eq!(
        batch.attention_mask[row * 8..][..8],
        [1, 1, 1, 1, 0, 0, 0, 0]
    );
}

#[test]
fn a_second_call_opens_what_is_there_and_another_sequence_does_not() {
    let folder = tempfile::tempdir().unwrap();
    let corpus = write(folder.path(), "corpus.txt", text(200, 30).as_bytes());
    let mut config = config(&corpus, &folder.path().join("cache"));
    let mut stages = Vec::new();
    let first = prepare(&config, &mut |report| stages.push(report.stage)).unwrap();
    for stage in [
        Stage::Counting,
        Stage::Tokenizer,
        Stage::Splitting,
        Stage::Encoding,
    ] {
        assert!(stages.contains(&stage), "{stage:?}");
    }
    let second = prepare(&config, &mut |report| {
        assert_eq!(report.stage, Stage::Verifying);
    })
    .unwrap();
    assert_eq!(first.manifest(), second.manifest());
    assert_eq!(first.folder(), second.folder());
    config.sequence = 24;
    assert_ne!(run(&config).unwrap().folder(), first.folder());
}

#[test]
fn the_same_corpus_gives_the_same_bytes_at_any_number_of_threads() {
    let folder = tempfile::tempdir().unwrap();
    let corpus = write(folder.path(), "corpus.txt", text(3000, 40).as_bytes());
    let prepared = [1, 2, 7].map(|threads| {
        let config = config(&corpus, &folder.path().join(format!("cache{threads}")));
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .unwrap();
        pool.install(|| run(&config)).unwrap()
    });
    for other in &prepared[1..] {
        assert_eq!(
            prepared[0].manifest().train_shards,
            other.manifest().train_shards
        );
        assert_eq!(
            prepared[0].manifest().validation_shards,
            other.manifest().validation_shards
        );
        assert_eq!(
            prepared[0].manifest().tokenizer_hash,
            other.manifest().tokenizer_hash
        );
        assert_eq!(prepared[0].unigram_loss(), other.unigram_loss());
    }
}

#[test]
fn documents_are_split_by_hash_and_none_is_lost() {
    let folder = tempfile::tempdir().unwrap();
    let corpus = write(folder.path(), "corpus.txt", text(400, 60).as_bytes());
    let dataset = run(&config(&corpus, &folder.path().join("cache"))).unwrap();
    let (train, validation) = (dataset.manifest().train, dataset.manifest().validation);
    assert_eq!(train.documents + validation.documents, 400);
    assert!((1..=40).contains(&validation.documents), "{validation:?}");
}

#[test]
fn two_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let corpus = write(folder.path(), "corpus.txt", text(500, 30).as_bytes());
    let config = config(&corpus, &folder.path().join("cache"));
    let hashes = thread::scope(|scope| {
        let threads = [0; 4].map(|_| scope.spawn(|| run(&config).unwrap().manifest().clone()));
        threads.map(|thread| thread.join().unwrap())
    });
    assert!(hashes.iter().all(|manifest| manifest == &hashes[0]));
    let left: Vec<_> = fs::read_dir(&config.cache)
        .unwrap()
        .map(|entry| entry.unwrap())
        .collect();
    assert_eq!(left.len(), 2, "a folder and its lock: {left:?}");
}

#[test]
fn leftovers_of_a_killed_process_are_replaced() {
    let folder = tempfile::tempdir().unwrap();
    let corpus = write(folder.path(), "corpus.txt", text(100, 30).as_bytes());
    let config = config(&corpus, &folder.path().join("cache"));
    let complete = run(&config).unwrap();
    let partial = complete.folder().with_extension("partial");
    fs::rename(complete.folder(), &partial).unwrap();
    write(&partial, "train-00007.tokens", b"half");
    let again = run(&config).unwrap();
    assert!(!partial.exists() && !again.folder().join("train-00007.tokens").exists());
    assert_eq!(
        complete.manifest().train_shards,
        again.manifest().train_shards
    );
    // A folder whose manifest is gone is not complete either.
    fs::remove_file(again.folder().join("manifest.json")).unwrap();
    run(&config).unwrap();
}

fn make_writable(path: &Path) {
    let mut permissions = fs::metadata(path).unwrap().permissions();
    #[allow(clippy::permissions_set_readonly_false)]
    permissions.set_readonly(false);
    fs::set_permissions(path, permissions).unwrap();
}

#[test]
fn truncated_and_altered_shards_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let corpus = write(folder.path(), "corpus.txt", text(100, 30).as_bytes());
    let config = config(&corpus, &folder.path().join("cache"));
    let shard = run(&config).unwrap().folder().join("train-00000.tokens");
    let whole = fs::read(&shard).unwrap();
    make_writable(&shard);
    let expect = |content: Option<&[u8]>, reason: &str| {
        match content {
            Some(content) => fs::write(&shard, content).unwrap(),
            None => fs::remove_file(&shard).unwrap(),
        }
        let error = run(&config).unwrap_err();
        let text = error.to_string();
        assert!(
            text.contains("train-00000.tokens") && text.contains(reason),
            "{text}"
        );
        assert!(error.hint().unwrap().contains("delete"));
    };
    expect(Some(&whole[..whole.len() - 3]), "bytes instead of");
    expect(Some(&whole[..10]), "bytes instead of");
    expect(Some(&[]), "bytes instead of");
    for (place, reason) in [
        (2, "header"),
        (16, "header"),
        (whole.len() - 1, "checksum"),
        (40, "header"),
    ] {
        let mut altered = whole.clone();
        altered[place] ^= 1;
        expect(Some(&altered), reason);
    }
    expect(None, "missing");
    fs::write(&shard, &whole).unwrap();
    run(&config).unwrap();
}

#[test]
fn compressed_text_with_several_members() {
    let folder = tempfile::tempdir().unwrap();
    let (first, second) = (text(150, 20), format!("\n{}", text(70, 33)));
    let plain = write(
        folder.path(),
        "plain.txt",
        format!("{first}{second}").as_bytes(),
    );
    let expected = run(&config(&plain, &folder.path().join("cache"))).unwrap();
    let gzip = |text: &str| {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        encoder.write_all(text.as_bytes()).unwrap();
        encoder.finish().unwrap()
    };
    let xz = |text: &str| {
        let options = lzma_rust2::XzOptions::with_preset(1);
        let mut encoder = lzma_rust2::XzWriter::new(Vec::new(), options).unwrap();
        encoder.write_all(text.as_bytes()).unwrap();
        encoder.finish().unwrap()
    };
    let zstd = |text: &str| {
        ruzstd::encoding::compress_to_vec(
            text.as_bytes(),
            ruzstd::encoding::CompressionLevel::Fastest,
        )
    };
    let skippable = b"\x50\x2a\x4d\x18\x03\0\0\0abc";
    let both = |pack: &dyn Fn(&str) -> Vec<u8>, between: &[u8]| {
        [pack(&first), between.to_vec(), pack(&second)].concat()
    };
    for (ending, bytes) in [
        ("gz", both(&gzip, b"")),
        ("xz", both(&xz, b"")),
        ("zst", both(&zstd, skippable)),
    ] {
        let path = write(folder.path(), &format!("packed.txt.{ending}"), &bytes);
        let config = config(&path, &folder.path().join("cache"));
        let dataset = run(&config).unwrap();
        assert_eq!(
            dataset.manifest().train_shards,
            expected.manifest().train_shards,
            "{ending}"
        );
        for cut in [bytes.len() - 1, bytes.len() - 30, bytes.len() / 3, 5, 0] {
            fs::write(&path, &bytes[..cut]).unwrap();
            let error = run(&config).unwrap_err();
            let text = error.to_string();
            assert!(
                matches!(error, DataError::Archive { .. }),
                "{ending} {cut}: {text}"
            );
            assert!(
                text.contains(&format!(
                    "packed.txt.{ending}: damaged or truncated {ending}"
                )),
                "{text}"
            );
        }
        let mut altered = bytes.clone();
        altered[bytes.len() / 4] ^= 0x55;
        fs::write(&path, &altered).unwrap();
        if ending != "zst" {
            // The zstd frames of this encoder carry no checksum.
            assert!(
                matches!(run(&config), Err(DataError::Archive { .. })),
                "{ending}"
            );
        }
    }
}

#[test]
fn long_lines() {
    let folder = tempfile::tempdir().unwrap();
    // One line of 5 MB, then one word of 3 MB of two-byte characters, then more documents.
    let words = "red cat sat ".repeat(420_000);
    let content = format!("{words}\n\n{}\n\n{}", "é".repeat(1_500_000), text(40, 9));
    let corpus = write(folder.path(), "corpus.txt", content.as_bytes());
    let dataset = run(&config(&corpus, &folder.path().join("cache"))).unwrap();
    let (train, validation) = (dataset.manifest().train, dataset.manifest().validation);
    assert_eq!(train.documents + validation.documents, 42);
    assert!(train.tokens + validation.tokens >= 1_260_000);
}

#[test]
fn text_that_is_not_utf8_is_named_by_file_and_line() {
    let folder = tempfile::tempdir().unwrap();
    let mut content = text(40_000, 9).into_bytes();
    let line = content.split(|&byte| byte == b'\n').count() + 1;
    content.extend(b"fine\ncaf\xe9\nfine\n");
    let corpus = write(folder.path(), "latin.txt", &content);
    let error = run(&config(&corpus, folder.path())).unwrap_err();
    assert!(
        error
            .to_string()
            .ends_with(&format!("latin.txt, line {line}: not UTF-8 text")),
        "{error}"
    );
    assert!(error.hint().unwrap().contains("iconv"));
}

#[test]
fn unusable_corpora() {
    let folder = tempfile::tempdir().unwrap();
    let cache = folder.path().join("cache");
    let message = |path: &Path| {
        let error = run(&config(path, &cache)).unwrap_err();
        assert!(error.hint().is_some(), "{error}");
        error.to_string()
    };
    assert!(message(&write(folder.path(), "empty.txt", b"")).starts_with("empty corpus"));
    assert!(
        message(&write(folder.path(), "blank.txt", b"\n \n\t\r\n")).starts_with("empty corpus")
    );
    assert!(message(&folder.path().join("absent")).starts_with("corpus not found"));
    assert!(message(&write(folder.path(), "text.pdf", b"x")).starts_with("unknown kind"));
    let few = write(folder.path(), "few.txt", text(9, 9).as_bytes());
    assert!(message(&few).contains("9 documents, too few"));
    let empty = folder.path().join("empty");
    fs::create_dir(&empty).unwrap();
    assert!(message(&empty).starts_with("no text file in"));
    write(&empty, "valid.txt", b"some text\n");
    assert!(message(&empty).starts_with("no text file to train on in"));
    write(&empty, "train.txt", b"\n");
    assert!(message(&empty).starts_with("empty corpus"));
}

#[test]
fn a_corpus_smaller_than_a_batch() {
    let folder = tempfile::tempdir().unwrap();
    let corpus = write(folder.path(), "corpus.txt", text(20, 9).as_bytes());
    let dataset = run(&config(&corpus, &folder.path().join("cache"))).unwrap();
    let sequences = dataset.train().sequences() as usize;
    BatchPlan::new(&dataset, 1, sequences, Masking::default()).unwrap();
    let error = BatchPlan::new(&dataset, 1, sequences + 1, Masking::default()).unwrap_err();
    assert!(
        error
            .to_string()
            .starts_with("the corpus is smaller than a batch"),
        "{error}"
    );
    assert!(error.hint().unwrap().ends_with(&sequences.to_string()));
}

#[test]
fn folders_without_part_names_and_evaluation_of_everything() {
    let folder = tempfile::tempdir().unwrap();
    let corpus = folder.path().join("corpus");
    fs::create_dir(&corpus).unwrap();
    write(&corpus, "b.txt", text(60, 20).as_bytes());
    write(&corpus, "a.txt", text(50, 20).as_bytes());
    write(&corpus, "test-c.txt", text(10, 20).as_bytes());
    let mut config = config(&corpus, &folder.path().join("cache"));
    let manifest = run(&config).unwrap().manifest().clone();
    assert_eq!(
        manifest.train.documents + manifest.validation.documents,
        110
    );
    config.split = Split::EvaluationOnly;
    let dataset = run(&config).unwrap();
    assert_eq!(dataset.manifest().validation.documents, 120);
    assert_eq!(dataset.train().sequences(), 0);
    let masked: usize = dataset
        .validation_batches(7, Masking::default())
        .map(|batch| batch.labels.len())
        .sum();
    assert!(masked > 0);
}

#[test]
fn impossible_options() {
    let folder = tempfile::tempdir().unwrap();
    let mut config = DataConfig::new(
        Corpus::Generated(Generated {
            seed: 1,
            words: 500,
        }),
        folder.path(),
    );
    config.sequence = 4;
    assert!(
        run(&config)
            .unwrap_err()
            .to_string()
            .starts_with("sequence = 4")
    );
    config.sequence = 32;
    config.tokenizer = TokenizerSource::Trained { vocabulary_size: 3 };
    assert!(
        run(&config)
            .unwrap_err()
            .to_string()
            .starts_with("vocabulary_size = 3")
    );
}

/// Rows in the form of `WikiText`, and one a document: the text that they were cut from. See `python/golden/corpus.py`.
#[test]
fn a_table_is_read_as_its_text() {
    let folder = tempfile::tempdir().unwrap();
    let plain = write(
        folder.path(),
        "plain.txt",
        b" = A = \nred cat sat down\n\n = B = \nhere sat a cat\n",
    );
    let lines = [
        " = A = \n",
        "red cat sat down\n",
        "",
        " = B = \n",
        "here sat a cat\n",
    ];
    let documents = [" = A = \n\nred cat sat down\n", " = B = \nhere sat a cat\n"];
    let json = |rows: &[&str]| -> String {
        let row = |text: &&str| format!("{}\n", serde_json::json!({"text": text, "id": 1}));
        rows.iter().map(row).collect()
    };
    let read = |path: &Path, cache: &str| {
        let mut config = config(path, &folder.path().join(cache));
        config.split = Split::EvaluationOnly;
        let dataset = run(&config).unwrap();
        let shards = dataset.validation();
        (0..shards.sequences())
            .map(|index| {
                let mut ids = vec![0; shards.sequence_length()];
                shards.read(index, &mut ids);
                ids
            })
            .collect::<Vec<_>>()
    };
    let expected = read(&plain, "one");
    let path = write(folder.path(), "lines.jsonl", json(&lines).as_bytes());
    assert_eq!(read(&path, "two"), expected);
    let path = write(
        folder.path(),
        "documents.jsonl",
        json(&documents).as_bytes(),
    );
    assert_eq!(read(&path, "three"), expected);
    for name in [
        "lines.parquet",
        "groups.parquet",
        "optional.parquet",
        "documents.parquet",
    ] {
        let path = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("tests/golden/corpus")
            .join(name);
        assert_eq!(read(&path, name), expected, "{name}");
    }
}

#[test]
fn a_table_that_is_none_or_has_no_text() {
    let folder = tempfile::tempdir().unwrap();
    let said = |path: &Path| {
        let error = run(&config(path, &folder.path().join("cache"))).unwrap_err();
        (error.to_string(), error.hint().unwrap())
    };
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/corpus");
    let (message, hint) = said(&golden.join("other.parquet"));
    assert!(
        message.ends_with("has no column of texts named text"),
        "{message}"
    );
    assert!(hint.starts_with("its columns are id, content:"), "{hint}");
    let whole = fs::read(golden.join("lines.parquet")).unwrap();
    let cut = write(folder.path(), "cut.parquet", &whole[..whole.len() / 2]);
    assert!(said(&cut).0.contains("damaged or truncated parquet table"));
    let broken = write(
        folder.path(),
        "broken.jsonl",
        b"{\"text\": \"a\"}\n{\"text\": 3}\n",
    );
    assert!(
        said(&broken).0.contains("jsonl table: line 2"),
        "{:?}",
        said(&broken)
    );
}
