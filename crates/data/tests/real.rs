//! Real text; needs the environment variable `PLIANT_DATA` (the folder with `wikitext-2/` and `wikipedia/`).
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::path::PathBuf;
use std::{env, fs};

use pliant_data::{Corpus, DataConfig, Dataset, Split, Tokenizer, TokenizerSource, prepare};

fn data() -> PathBuf {
    let folder = env::var_os("PLIANT_DATA");
    PathBuf::from(folder.expect("set PLIANT_DATA to the folder with the real data"))
}

fn evaluate(path: &str, tokenizer: &str) -> Dataset {
    let cache = tempfile::tempdir().unwrap();
    let mut config = DataConfig::new(Corpus::Path(data().join(path)), cache.path());
    config.split = Split::EvaluationOnly;
    config.tokenizer = TokenizerSource::File(data().join(tokenizer));
    prepare(&config, &mut |_| {}).unwrap()
}

#[test]
#[ignore = "needs PLIANT_DATA"]
fn wikitext_2() {
    let path = data().join("wikitext-2/valid.txt");
    let text = fs::read_to_string(path).unwrap();
    let tokenizer = Tokenizer::open(&data().join("bert-base-uncased/vocab.txt")).unwrap();
    // Blocks of lines between lines of white space, and their tokens, by definition.
    let lines: Vec<&str> = text.lines().map(str::trim).collect();
    let blocks = lines
        .split(|line| line.is_empty())
        .filter(|block| !block.is_empty())
        .count();
    let tokens: usize = lines
        .iter()
        .map(|line| tokenizer.encode(line).unwrap().len())
        .sum();
    let dataset = evaluate("wikitext-2/valid.txt", "bert-base-uncased/vocab.txt");
    let counts = dataset.manifest().validation;
    assert_eq!(counts.documents as usize, blocks);
    assert_eq!(counts.tokens as usize, tokens);
    assert!(
        counts.documents > 1000 && counts.tokens > 200_000,
        "{counts:?}"
    );
}

#[test]
#[ignore = "needs PLIANT_DATA"]
fn wikipedia_validation_articles() {
    let dataset = evaluate("wikipedia/valid.txt.xz", "bert-base-uncased/vocab.txt");
    let counts = dataset.manifest().validation;
    assert_eq!(counts.documents, 421);
    // Every token but the separators between documents lies in the shards.
    let mut ids = vec![0; 128];
    let special = dataset.tokenizer().special();
    let mut tokens = 0;
    for index in 0..counts.sequences {
        dataset.validation().read(index, &mut ids);
        assert_eq!(ids[0], special.classify);
        let text = |id: &&u32| ![special.classify, special.separate, special.pad].contains(*id);
        tokens += ids.iter().filter(text).count() as u64;
    }
    assert_eq!(tokens, counts.tokens);
}

#[test]
#[ignore = "needs PLIANT_DATA"]
fn first_article_of_a_train_shard() {
    let dataset = evaluate(
        "wikipedia/train-00.txt.xz",
        "bert-base-uncased/tokenizer.json",
    );
    let mut ids = vec![0; 128];
    dataset.validation().read(0, &mut ids);
    let text = dataset.tokenizer().decode(&ids).unwrap();
    assert!(
        text.starts_with("anarchism anarchism is a political philosophy"),
        "{text}"
    );
}

#[test]
#[ignore = "needs PLIANT_DATA"]
fn both_files_of_the_bert_tokenizer_agree() {
    let list = Tokenizer::open(&data().join("bert-base-uncased/vocab.txt")).unwrap();
    let json = Tokenizer::open(&data().join("bert-base-uncased/tokenizer.json")).unwrap();
    assert_eq!(list.vocabulary_size(), 30_522);
    assert_eq!(list.special(), json.special());
    let text = fs::read_to_string(data().join("wikitext-2/test.txt")).unwrap();
    for line in text.lines().take(500) {
        assert_eq!(
            list.encode(line).unwrap(),
            json.encode(line).unwrap(),
            "{line}"
        );
    }
}
