//! The tokenizer of a model folder, in any of the forms that Hugging Face has written.

use std::fs;
use std::path::Path;

use serde::Deserialize;
use tokenizers::models::bpe::BPE;
use tokenizers::normalizers::BertNormalizer;
use tokenizers::pre_tokenizers::byte_level::ByteLevel;
use tokenizers::processors::roberta::RobertaProcessing;
use tokenizers::{AddedToken, NormalizerWrapper};

use super::{Style, Tokenizer, check_special, encode_error};
use crate::DataError;

/// What of `tokenizer_config.json` plays a part where there is no `tokenizer.json`.
#[derive(Debug, Default, Deserialize)]
struct Settings {
    do_lower_case: Option<bool>,
    strip_accents: Option<bool>,
    tokenize_chinese_chars: Option<bool>,
    #[serde(default)]
    add_prefix_space: bool,
}

impl Tokenizer {
    /// The tokenizer of a model folder: `tokenizer.json`, else `vocab.txt` with the letter case that `tokenizer_config.json`
    /// says, else `vocab.json` with `merges.txt` (`RoBERTa`'s byte pairs).
    ///
    /// # Errors
    /// [`DataError::NoTokenizer`] where there is none of them, and what [`Tokenizer::open`] says.
    pub fn open_folder(folder: &Path) -> Result<Self, DataError> {
        let path = |name: &str| folder.join(name);
        if path("tokenizer.json").is_file() {
            return Self::open(&path("tokenizer.json"));
        }
        if path("vocab.txt").is_file() {
            return Self::open(&path("vocab.txt"))?.with_settings(&settings(folder)?);
        }
        if path("vocab.json").is_file() && path("merges.txt").is_file() {
            return byte_pairs(folder, &settings(folder)?);
        }
        Err(DataError::NoTokenizer {
            folder: folder.to_owned(),
        })
    }

    /// With the letter case that a configuration says.
    fn with_settings(mut self, settings: &Settings) -> Result<Self, DataError> {
        if let Some(NormalizerWrapper::BertNormalizer(own)) = self.inner.get_normalizer() {
            let normalizer = BertNormalizer::new(
                own.clean_text,
                settings
                    .tokenize_chinese_chars
                    .unwrap_or(own.handle_chinese_chars),
                settings.strip_accents.or(own.strip_accents),
                settings.do_lower_case.unwrap_or(own.lowercase),
            );
            self.inner
                .with_normalizer(Some(normalizer))
                .map_err(encode_error)?;
        }
        Ok(self)
    }
}

fn settings(folder: &Path) -> Result<Settings, DataError> {
    let path = folder.join("tokenizer_config.json");
    if !path.is_file() {
        return Ok(Settings::default());
    }
    let bytes = fs::read(&path).map_err(DataError::io("read", &path))?;
    serde_json::from_slice(&bytes).map_err(|error| DataError::Tokenizer {
        path,
        reason: error.to_string(),
    })
}

/// Byte-level byte pair encoding.
fn byte_pairs(folder: &Path, settings: &Settings) -> Result<Tokenizer, DataError> {
    let path = |name: &str| folder.join(name);
    let text = |name: &str| path(name).to_string_lossy().into_owned();
    let unusable = |error: tokenizers::Error| DataError::Tokenizer {
        path: path("vocab.json"),
        reason: error.to_string(),
    };
    let [pad, unknown, classify, separate, mask] = Style::Roberta.names();
    let model = BPE::from_file(&text("vocab.json"), &text("merges.txt"))
        .build()
        .map_err(unusable)?;
    let mut inner = tokenizers::Tokenizer::new(model);
    check_special(&path("vocab.json"), Style::Roberta, |name| {
        inner.token_to_id(name).is_some()
    })?;
    let id = |name: &str| inner.token_to_id(name).unwrap_or_default();
    let processing = RobertaProcessing::new(
        (separate.to_owned(), id(separate)),
        (classify.to_owned(), id(classify)),
    )
    .add_prefix_space(settings.add_prefix_space);
    inner.with_pre_tokenizer(Some(
        ByteLevel::default().add_prefix_space(settings.add_prefix_space),
    ));
    inner.with_post_processor(Some(processing));
    inner.with_decoder(Some(ByteLevel::default()));
    let special = [pad, unknown, classify, separate].map(|name| AddedToken::from(name, true));
    inner
        .add_special_tokens(special)
        .and_then(|_| inner.add_special_tokens([AddedToken::from(mask, true).lstrip(true)]))
        .map_err(unusable)?;
    Tokenizer::from_inner(inner)
}
