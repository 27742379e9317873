//! What `transformers` wants to know of a tokenizer beside `tokenizer.json`.

use serde_json::{Map, Value, json};

/// Special tokens by the key that `transformers` has for them, in its tokenizer's configuration and with an id in the model's.
const KEYS: [(&str, Option<&str>, &[&str]); 5] = [
    ("pad_token", Some("pad_token_id"), &["[PAD]", "<pad>"]),
    ("unk_token", None, &["[UNK]", "<unk>"]),
    ("cls_token", Some("bos_token_id"), &["[CLS]", "<s>"]),
    ("sep_token", Some("eos_token_id"), &["[SEP]", "</s>"]),
    ("mask_token", None, &["[MASK]", "<mask>"]),
];

/// The special tokens of a tokenizer, with their ids.
pub(crate) struct Special(Vec<(&'static str, Option<&'static str>, String, u64)>);

impl Special {
    /// From the added tokens of `tokenizer.json`.
    pub(crate) fn read(document: &Map<String, Value>) -> Self {
        let added = document.get("added_tokens").and_then(Value::as_array);
        let find = |names: &[&str]| {
            added.into_iter().flatten().find_map(|token| {
                let content = token.get("content")?.as_str()?;
                let id = token.get("id")?.as_u64()?;
                names.contains(&content).then(|| (content.to_owned(), id))
            })
        };
        Self(
            KEYS.into_iter()
                .filter_map(|(key, id_key, names)| {
                    find(names).map(|(content, id)| (key, id_key, content, id))
                })
                .collect(),
        )
    }

    /// For the model's configuration.
    pub(crate) fn ids(&self) -> impl Iterator<Item = (&'static str, u64)> {
        self.0
            .iter()
            .filter_map(|(_, id_key, _, id)| id_key.map(|key| (key, *id)))
    }

    /// `tokenizer_config.json`
    pub(crate) fn configuration(&self, longest: usize) -> Value {
        let mut document = Map::new();
        document.insert(
            "tokenizer_class".to_owned(),
            json!("PreTrainedTokenizerFast"),
        );
        document.insert("model_max_length".to_owned(), json!(longest));
        document.insert(
            "model_input_names".to_owned(),
            json!(["input_ids", "token_type_ids", "attention_mask"]),
        );
        for (key, _, content, _) in &self.0 {
            document.insert((*key).to_owned(), json!(content));
        }
        Value::Object(document)
    }
}
