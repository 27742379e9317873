#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::corpus::text::Chunk;

fn counted(text: &str) -> Vec<(String, u64)> {
    let counter = WordCounter::default();
    counter.count(&Chunk {
        text: text.to_owned(),
        ..Chunk::default()
    });
    counter.finish().unwrap()
}

fn trained(text: &str, size: usize) -> Tokenizer {
    Tokenizer::from_words(&train(&counted(text), size, &mut |_| {}).unwrap()).unwrap()
}

#[test]
fn words_are_counted_as_the_tokenizer_splits_them() {
    let counts: BTreeMap<String, u64> = counted("The café, the CAFE!\nthe 漢字")
        .into_iter()
        .collect();
    let expected = [
        (",", 1),
        ("!", 1),
        ("the", 3),
        ("cafe", 2),
        ("漢", 1),
        ("字", 1),
    ];
    assert_eq!(
        counts,
        expected
            .map(|(word, count)| (word.to_owned(), count))
            .into()
    );
}

#[test]
fn the_commonest_pairs_are_merged_first() {
    let vocabulary = train(&counted("ab ab ab ab abc abc xbc"), 15, &mut |_| {}).unwrap();
    // a, x begin; ##b, ##c continue; then a+##b (6 times), then ab+##c (2 times); x+##b occurs once.
    let expected = [
        "[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "a", "x", "##b", "##c", "ab", "abc",
    ];
    assert_eq!(vocabulary, expected);
}

#[test]
fn equal_counts_are_merged_in_the_order_of_their_ids() {
    let vocabulary = train(&counted("zy zy ab ab"), 100, &mut |_| {}).unwrap();
    assert_eq!(vocabulary[5..], ["a", "z", "##b", "##y", "ab", "zy"]);
}

/// The merges by their definition: count all pairs anew each time.
fn slow_vocabulary(words: &[(String, u64)], start: Vec<String>, size: usize) -> Vec<String> {
    let mut vocabulary = start;
    let id = |vocabulary: &[String], piece: &str| {
        vocabulary
            .iter()
            .position(|word| word == piece)
            .map(|id| id as u32)
    };
    let mut cut: Vec<(Vec<u32>, u64)> = words
        .iter()
        .map(|(word, count)| {
            let pieces = word.chars().enumerate().map(|(place, character)| {
                let prefix = if place > 0 { "##" } else { "" };
                id(&vocabulary, &format!("{prefix}{character}")).unwrap()
            });
            (pieces.collect(), *count)
        })
        .collect();
    while vocabulary.len() < size {
        let mut pairs: BTreeMap<(u32, u32), u64> = BTreeMap::new();
        for (pieces, count) in &cut {
            for pair in pieces.windows(2) {
                *pairs.entry((pair[0], pair[1])).or_default() += count;
            }
        }
        let best = pairs
            .into_iter()
            .max_by_key(|&(pair, count)| (count, std::cmp::Reverse(pair)));
        let Some((pair, count)) = best.filter(|best| best.1 >= 2) else {
            break;
        };
        let _ = count;
        let second = vocabulary[pair.1 as usize]
            .trim_start_matches("##")
            .to_owned();
        let text = format!("{}{second}", vocabulary[pair.0 as usize]);
        let merged = id(&vocabulary, &text).unwrap_or_else(|| {
            vocabulary.push(text);
            vocabulary.len() as u32 - 1
        });
        for (pieces, _) in &mut cut {
            let mut place = 0;
            while place + 1 < pieces.len() {
                if (pieces[place], pieces[place + 1]) == pair {
                    pieces.splice(place..place + 2, [merged]);
                }
                place += 1;
            }
        }
    }
    vocabulary
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn fast_merges_agree_with_their_definition(words in prop::collection::vec("[abc]{1,9}", 1..60)) {
        let counts = counted(&words.join(" "));
        let vocabulary = train(&counts, 60, &mut |_| {}).unwrap();
        let alphabet = vocabulary.iter().skip(5).filter(|word| {
            word.trim_start_matches("##").len() == 1
        });
        let start: Vec<String> =
            vocabulary[..5].iter().chain(alphabet).cloned().collect();
        prop_assert_eq!(&vocabulary, &slow_vocabulary(&counts, start, 60));
    }

    #[test]
    fn encoding_by_word_is_encoding(text in "(\\PC|[ \\t\\n\\r\\x00\\x07\\x0b\\x0c\\x1c\\x7f\u{85}\u{200d}\u{2028}\u{301}\u{a0}\u{3000}]|\\[SEP\\]|the ){0,60}") {
        let tokenizer = trained("the cat sat on the mat, the cat é [ ] S E P \u{301}", 80);
        let encoder = Encoder::new(&tokenizer);
        let chunk = Chunk { ends: vec![text.len()], text: text.clone(), hashes: Vec::new() };
        // Twice: the second time every word is remembered.
        for _ in 0..2 {
            prop_assert_eq!(&encoder.encode(&chunk).unwrap().ids, &tokenizer.encode(&text).unwrap());
        }
    }
}

/// The corpus goes another way than a single text: word by word where the tokenizer allows it.
#[test]
fn a_corpus_is_encoded_like_a_text() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/tokenizer");
    let lines: serde_json::Value =
        serde_json::from_slice(&fs::read(folder.join("lines.json")).unwrap()).unwrap();
    for name in ["uncased", "cased", "stripped", "accents", "byte-pairs"] {
        let tokenizer = Tokenizer::open_folder(&folder.join(name)).unwrap();
        let encoder = Encoder::new(&tokenizer);
        for line in lines.as_array().unwrap() {
            let text = line["text"].as_str().unwrap();
            let chunk = Chunk {
                ends: vec![text.len()],
                text: text.to_owned(),
                hashes: Vec::new(),
            };
            let expected: Vec<u32> = serde_json::from_value(line["ids"][name].clone()).unwrap();
            assert_eq!(
                encoder.encode(&chunk).unwrap().ids,
                expected,
                "{name}: {text:?}"
            );
        }
    }
}

#[test]
fn a_text_cannot_forge_special_tokens() {
    let tokenizer = trained("[MASK] [PAD] mask pad ] [", 60);
    let ids = tokenizer.encode("a [MASK] and [PAD]").unwrap();
    let special = tokenizer.special();
    assert!(
        !ids.contains(&special.mask) && !ids.contains(&special.pad),
        "{ids:?}"
    );
}

#[test]
fn rare_scripts_do_not_fill_the_vocabulary() {
    let rare: String = (0..2000)
        .filter_map(|offset| char::from_u32(0x4e00 + offset))
        .collect();
    let text = format!("{} {rare}", "common words of one text ".repeat(200_000));
    let vocabulary = train(&counted(&text), 400, &mut |_| {}).unwrap();
    assert!(vocabulary.iter().any(|word| word == "common"));
}

#[test]
fn a_vocabulary_smaller_than_the_alphabet_is_refused() {
    let error = train(
        &counted("abcdefghijklmnop ponmlkjihgfedcba"),
        20,
        &mut |_| {},
    )
    .unwrap_err();
    assert!(
        matches!(error, DataError::VocabularyTooSmall { needed: 21.., .. }),
        "{error}"
    );
}

#[test]
fn json_round_trip_and_switched_off_padding() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tokenizer.json");
    let tokenizer = trained("one two three three two one", 60);
    tokenizer.save(&path).unwrap();
    let mut json: serde_json::Value =
        serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
    json["truncation"] = serde_json::json!({
        "direction": "Right", "max_length": 2, "strategy": "LongestFirst", "stride": 0
    });
    json["padding"] = serde_json::json!({
        "strategy": {"Fixed": 64}, "direction": "Right", "pad_to_multiple_of": null,
        "pad_id": 0, "pad_type_id": 0, "pad_token": "[PAD]"
    });
    fs::write(&path, json.to_string()).unwrap();
    let opened = Tokenizer::open(&path).unwrap();
    let text = "one three two one two three";
    assert_eq!(
        opened.encode(text).unwrap(),
        tokenizer.encode(text).unwrap()
    );
    assert_eq!(opened.encode(text).unwrap().len(), 6);
    assert_eq!(opened.decode(&opened.encode(text).unwrap()).unwrap(), text);
    assert_eq!(opened.to_json().unwrap(), tokenizer.to_json().unwrap());
}

fn open_list(words: &str) -> Result<Tokenizer, DataError> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("vocab.txt");
    fs::write(&path, words).unwrap();
    Tokenizer::open(&path)
}

#[test]
fn word_lists() {
    // ℝ is a capital without a lower case: the list is still an uncased one.
    let uncased = open_list("[PAD]\n[MASK]\nhi\n##gh\nℝ\n[UNK]\n[SEP]\n[CLS]\n").unwrap();
    assert_eq!(uncased.encode("HIGH hi").unwrap(), [2, 3, 2]);
    assert_eq!(
        (uncased.special().classify, uncased.vocabulary_size()),
        (7, 8)
    );
    assert_eq!(uncased.ordinary(), [2, 3, 4]);
    let cased = open_list("[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\nHi\nhi\n").unwrap();
    assert_eq!(cased.encode("Hi hi HI").unwrap(), [5, 6, 1]);
}

#[test]
fn bad_word_lists() {
    let error = open_list("[PAD]\n[UNK]\n[CLS]\nhi\n").unwrap_err();
    let DataError::MissingSpecialTokens { missing, .. } = &error else {
        panic!("{error}")
    };
    assert_eq!(missing, &["[SEP]", "[MASK]"]);
    assert!(
        error.to_string().ends_with("has no [SEP], no [MASK] token"),
        "{error}"
    );
    assert!(error.hint().unwrap().contains("[MASK]"));
    let error = open_list("[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\nhi\nhi\n").unwrap_err();
    assert!(
        error.to_string().ends_with("line 7 repeats \"hi\""),
        "{error}"
    );
    let error = open_list("[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\n").unwrap_err();
    assert!(error.to_string().contains("no ordinary words"), "{error}");
}

/// A vocabulary of single letters with two merges, in the style of `RoBERTa`.
fn byte_pair_folder(folder: &Path) {
    let pieces = [
        "<s>", "<pad>", "</s>", "<unk>", "<mask>", "a", "b", "c", "Ġ", "ab", "Ġc",
    ];
    let vocabulary: BTreeMap<&str, usize> = pieces.into_iter().zip(0..).collect();
    fs::write(
        folder.join("vocab.json"),
        serde_json::to_string(&vocabulary).unwrap(),
    )
    .unwrap();
    fs::write(folder.join("merges.txt"), "#version: 0.2\na b\nĠ c\n").unwrap();
}

#[test]
fn byte_pairs_are_read_and_joined_as_roberta_does() {
    let folder = tempfile::tempdir().unwrap();
    byte_pair_folder(folder.path());
    let tokenizer = Tokenizer::open_folder(folder.path()).unwrap();
    let special = tokenizer.special();
    assert_eq!(
        (
            special.classify,
            special.pad,
            special.separate,
            special.mask
        ),
        (0, 1, 2, 4)
    );
    assert!(tokenizer.mask_takes_space());
    let (first, second) = (
        tokenizer.encode("ab c").unwrap(),
        tokenizer.encode("b").unwrap(),
    );
    assert_eq!(first, [9, 10]);
    let (ids, types) = tokenizer.join(&first, Some(&second), 32).unwrap();
    assert_eq!(ids, [0, 9, 10, 2, 2, 6, 2]);
    assert_eq!(types, [0; 7]);

    // What is written is read as the same tokenizer.
    tokenizer
        .save(&folder.path().join("tokenizer.json"))
        .unwrap();
    let again = Tokenizer::open_folder(folder.path()).unwrap();
    assert_eq!(again.to_json().unwrap(), tokenizer.to_json().unwrap());
    assert_eq!(again.join(&first, Some(&second), 32).unwrap(), (ids, types));
}

#[test]
fn a_pair_leaves_room_for_both_separators_of_roberta() {
    let folder = tempfile::tempdir().unwrap();
    byte_pair_folder(folder.path());
    let tokenizer = Tokenizer::open_folder(folder.path()).unwrap();
    let (ids, _) = tokenizer.join(&[5, 5, 5], Some(&[6, 6, 6]), 7).unwrap();
    assert_eq!(ids, [0, 5, 2, 2, 6, 6, 2]);
    assert!(tokenizer.join(&[5], Some(&[6]), 5).is_err());
}

#[test]
fn a_folder_says_the_letter_case_of_its_words() {
    let folder = tempfile::tempdir().unwrap();
    let words = "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\nabc\n";
    fs::write(folder.path().join("vocab.txt"), words).unwrap();
    let lower = Tokenizer::open_folder(folder.path()).unwrap();
    assert_eq!(lower.encode("ABC").unwrap(), [5]);
    fs::write(
        folder.path().join("tokenizer_config.json"),
        r#"{"do_lower_case": false}"#,
    )
    .unwrap();
    let cased = Tokenizer::open_folder(folder.path()).unwrap();
    assert_eq!(cased.encode("ABC").unwrap(), [1]);
}

#[test]
fn a_folder_without_a_tokenizer_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let error = Tokenizer::open_folder(folder.path()).unwrap_err();
    assert!(matches!(error, DataError::NoTokenizer { .. }), "{error}");
    fs::write(
        folder.path().join("vocab.json"),
        r#"{"<s>": 0, "<mask>": 1}"#,
    )
    .unwrap();
    fs::write(folder.path().join("merges.txt"), "#version: 0.2\n").unwrap();
    let error = Tokenizer::open_folder(folder.path()).unwrap_err();
    assert!(
        error
            .to_string()
            .contains("has no <pad>, no <unk>, no </s> token"),
        "{error}"
    );
}

#[test]
fn a_description_that_breaks_off_inside_a_part_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tokenizer.json");
    let deep = format!(r#"{{"version": "1.0", "decoder": {}"#, "[".repeat(500));
    for text in [
        "{\"version\": \"1.0\", \"decoder\": {\"a\u{1}b\": 1}}",
        r#"{"version": "1.0", "decoder": {"type""#,
        r#"{"version": "1.0", "normalizer": {"type": 1e999}}"#,
        &deep,
    ] {
        fs::write(&path, text).unwrap();
        let error = Tokenizer::open(&path).unwrap_err();
        assert!(matches!(error, DataError::Tokenizer { .. }), "{error}");
    }
}

#[test]
fn ids_far_beyond_a_vocabulary_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    byte_pair_folder(folder.path());
    let path = folder.path().join("vocab.json");
    let huge = fs::read_to_string(&path)
        .unwrap()
        .replace(":9,", ":4000000000,");
    fs::write(&path, &huge).unwrap();
    assert!(huge.contains("4000000000"), "{huge}");
    let error = Tokenizer::open_folder(folder.path()).unwrap_err();
    assert!(
        error.to_string().contains("the highest id is 4000000000"),
        "{error}"
    );
}
