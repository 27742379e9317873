//! Which of a repository's files are needed.

use std::collections::BTreeSet;

/// For what a repository is fetched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wanted {
    /// A model: configuration, weights, tokenizer. The place is its folder.
    Model,
    /// An adapter: what fine-tuning added to a model. The place is its folder.
    Adapter,
    /// A tokenizer alone. The place is its file.
    Tokenizer,
    /// The text of a data set. The place is a folder, or the file that was named.
    Text,
    /// Rows of a task, in the task's folder where there is one of its name. The place is a folder, or the file that was named.
    Rows {
        /// The task's name, as the Hub's data sets have it.
        task: String,
    },
}

/// What is fetched, and where it then is, both as paths in the repository.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Selection {
    pub(super) files: Vec<String>,
    pub(super) place: String,
}

/// What is missing, and what there is instead.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Missing {
    pub(super) wanted: String,
    pub(super) found: Vec<String>,
}

/// Endings of files with the text of a corpus.
const TEXT: [&str; 7] = [
    ".parquet",
    ".jsonl",
    ".jsonl.gz",
    ".txt",
    ".txt.xz",
    ".txt.zst",
    ".txt.gz",
];

/// Endings of files with the rows of a task.
const ROWS: [&str; 6] = [".parquet", ".jsonl", ".json", ".tsv", ".csv", ".txt"];

/// Names of files that belong to a tokenizer.
const TOKENIZER: [&str; 6] = [
    "tokenizer.json",
    "tokenizer_config.json",
    "special_tokens_map.json",
    "vocab.txt",
    "vocab.json",
    "merges.txt",
];

/// Stems and endings of files of weights, the first that are there being taken.
const WEIGHTS: [(&str, &str); 2] = [("model", ".safetensors"), ("pytorch_model", ".bin")];

impl Wanted {
    /// Whether it is of a data set.
    pub(super) fn is_data(&self) -> bool {
        matches!(self, Self::Text | Self::Rows { .. })
    }

    /// Chooses among `all`, below `inside` where that is given.
    pub(super) fn select(
        &self,
        inside: Option<&str>,
        all: &[String],
    ) -> Result<Selection, Missing> {
        if let Some(inside) = inside
            && all.iter().any(|file| file == inside)
        {
            return Ok(Selection {
                files: vec![inside.to_owned()],
                place: inside.to_owned(),
            });
        }
        let folder = Folder::new(inside.unwrap_or(""), all);
        if folder.files.is_empty() && folder.folders.is_empty() {
            return Err(Missing {
                wanted: format!("file or folder {}", folder.path),
                found: Folder::new("", all).contents(),
            });
        }
        match self {
            Self::Model => folder.model(),
            Self::Adapter => folder.adapter(),
            Self::Tokenizer => folder.tokenizer(),
            Self::Text => folder.ending(&TEXT, "text file (.parquet, .jsonl, .txt)"),
            Self::Rows { task } => {
                let own = folder
                    .folders
                    .iter()
                    .find(|name| name.eq_ignore_ascii_case(task));
                match own {
                    Some(own) => {
                        let chosen = Folder::new(&folder.join(own), all).ending(&ROWS, "rows")?;
                        // The folder above is what a reader of the whole benchmark looks into.
                        Ok(Selection {
                            place: folder.path,
                            ..chosen
                        })
                    }
                    None => folder.ending(&ROWS, "rows of a task"),
                }
            }
        }
    }
}

/// What lies directly in a folder.
struct Folder {
    path: String,
    files: Vec<String>,
    folders: BTreeSet<String>,
}

impl Folder {
    fn new(path: &str, all: &[String]) -> Self {
        let (mut files, mut folders) = (Vec::new(), BTreeSet::new());
        for file in all {
            let rest = match path {
                "" => Some(file.as_str()),
                path => file
                    .strip_prefix(path)
                    .and_then(|rest| rest.strip_prefix('/')),
            };
            match rest.map(|rest| (rest, rest.split_once('/'))) {
                Some((_, Some((folder, _)))) => {
                    folders.insert(folder.to_owned());
                }
                Some((name, None)) => files.push(name.to_owned()),
                None => {}
            }
        }
        Self {
            path: path.to_owned(),
            files,
            folders,
        }
    }

    fn join(&self, name: &str) -> String {
        match self.path.as_str() {
            "" => name.to_owned(),
            path => format!("{path}/{name}"),
        }
    }

    fn has(&self, name: &str) -> bool {
        self.files.iter().any(|file| file == name)
    }

    /// A few names, folders first.
    fn contents(&self) -> Vec<String> {
        let folders = self.folders.iter().map(|folder| format!("{folder}/"));
        folders.chain(self.files.iter().cloned()).take(12).collect()
    }

    fn missing(&self, wanted: &str) -> Missing {
        Missing {
            wanted: match self.path.as_str() {
                "" => wanted.to_owned(),
                path => format!("{wanted} in {path}"),
            },
            found: self.contents(),
        }
    }

    fn chosen(&self, names: impl IntoIterator<Item = String>, place: &str) -> Selection {
        Selection {
            files: names.into_iter().map(|name| self.join(&name)).collect(),
            place: place.to_owned(),
        }
    }

    fn model(&self) -> Result<Selection, Missing> {
        if !self.has("config.json") {
            return Err(self.missing("config.json"));
        }
        let weights = WEIGHTS.into_iter().find_map(|(stem, ending)| {
            let index = format!("{stem}{ending}.index.json");
            let single = format!("{stem}{ending}");
            let shard = |name: &str| {
                let number = name.strip_prefix(stem)?.strip_suffix(ending)?;
                number.strip_prefix('-')?.contains("-of-").then_some(())
            };
            if self.has(&single) {
                return Some(vec![single]);
            }
            let shards = self.files.iter().filter(|name| shard(name).is_some());
            let shards: Vec<String> = shards.cloned().collect();
            (self.has(&index) && !shards.is_empty()).then(|| [shards, vec![index]].concat())
        });
        let weights =
            weights.ok_or_else(|| self.missing("model.safetensors and no pytorch_model.bin"))?;
        let others = ["config.json", "reading.json"].into_iter().chain(TOKENIZER);
        let others = others.filter(|name| self.has(name)).map(str::to_owned);
        let files: Vec<String> = others.chain(weights).collect();
        Ok(self.chosen(files, &self.path))
    }

    fn adapter(&self) -> Result<Selection, Missing> {
        if !self.has("adapter.safetensors") {
            return Err(self.missing("adapter.safetensors"));
        }
        let files = ["adapter.safetensors", "reading.json"].into_iter();
        let files = files.filter(|name| self.has(name)).map(str::to_owned);
        Ok(self.chosen(files.collect::<Vec<_>>(), &self.path))
    }

    fn tokenizer(&self) -> Result<Selection, Missing> {
        let file = ["tokenizer.json", "vocab.txt"]
            .into_iter()
            .find(|name| self.has(name))
            .ok_or_else(|| self.missing("tokenizer.json and no vocab.txt"))?;
        Ok(self.chosen([file.to_owned()], &self.join(file)))
    }

    fn ending(&self, endings: &[&str], wanted: &str) -> Result<Selection, Missing> {
        let fits = |name: &&String| {
            let name = name.to_ascii_lowercase();
            // Descriptions of the data set, not data.
            let is_about = matches!(name.as_str(), "dataset_infos.json" | "requirements.txt");
            !name.starts_with('.') && !is_about && endings.iter().any(|end| name.ends_with(end))
        };
        let names: Vec<String> = self.files.iter().filter(fits).cloned().collect();
        if names.is_empty() {
            return Err(self.missing(wanted));
        }
        Ok(self.chosen(names, &self.path))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::Wanted;

    fn files(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    const BERT: [&str; 8] = [
        "README.md",
        "config.json",
        "flax_model.msgpack",
        "model.safetensors",
        "pytorch_model.bin",
        "tf_model.h5",
        "tokenizer.json",
        "vocab.txt",
    ];

    #[test]
    fn of_a_model_only_what_is_read() {
        let chosen = Wanted::Model.select(None, &files(&BERT)).unwrap();
        assert_eq!(
            chosen.files,
            [
                "config.json",
                "tokenizer.json",
                "vocab.txt",
                "model.safetensors"
            ]
        );
        let old: Vec<String> = files(&BERT)
            .into_iter()
            .filter(|name| name != "model.safetensors")
            .collect();
        let chosen = Wanted::Model.select(None, &old).unwrap();
        assert_eq!(chosen.files.last().unwrap(), "pytorch_model.bin");
        let bare = Wanted::Model.select(None, &files(&["config.json", "tf_model.h5"]));
        assert!(bare.unwrap_err().wanted.contains("model.safetensors"));
        let chosen = Wanted::Tokenizer.select(None, &old).unwrap();
        assert_eq!(chosen.place, "tokenizer.json");
    }

    #[test]
    fn of_a_model_in_parts_the_parts_and_their_index() {
        let all = files(&[
            "x/config.json",
            "x/model-00001-of-00002.safetensors",
            "x/model-00002-of-00002.safetensors",
            "x/model.fp16.safetensors",
            "x/model.safetensors.index.json",
        ]);
        let chosen = Wanted::Model.select(Some("x"), &all).unwrap();
        assert_eq!(chosen.place, "x");
        assert_eq!(chosen.files.len(), 4);
        assert!(!chosen.files.iter().any(|file| file.contains("fp16")));
    }

    #[test]
    fn of_a_data_set_one_folder() {
        let all = files(&[
            "README.md",
            "rte/test.parquet",
            "rte/train.parquet",
            "sst2/train.parquet",
        ]);
        let error = Wanted::Text.select(None, &all).unwrap_err();
        assert_eq!(error.found, ["rte/", "sst2/", "README.md"]);
        let chosen = Wanted::Text.select(Some("rte"), &all).unwrap();
        assert_eq!(chosen.files, ["rte/test.parquet", "rte/train.parquet"]);
        assert_eq!(chosen.place, "rte");
        let task = "rte".to_owned();
        let chosen = Wanted::Rows { task }.select(None, &all).unwrap();
        assert_eq!(chosen.files, ["rte/test.parquet", "rte/train.parquet"]);
        assert_eq!(chosen.place, "");
        let chosen = Wanted::Text
            .select(Some("sst2/train.parquet"), &all)
            .unwrap();
        assert_eq!(chosen.files, ["sst2/train.parquet"]);
        assert!(Wanted::Text.select(Some("gone"), &all).is_err());
    }
}
