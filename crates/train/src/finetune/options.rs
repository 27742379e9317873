//! Everything a fine-tuning is, as its run folder remembers it.

use std::path::{Path, PathBuf};

use pliant_data::task::{OwnFiles, Protocol, TaskName};
use pliant_nn::Precision;
use serde::{Deserialize, Serialize};

use super::{Mode, Settings, text_form};
use crate::TrainError;
use crate::folder::{RESULT_FILE, SavedRecipe};
use crate::recipe::ScheduleShape;

/// Where the rows of a task are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", rename_all_fields = "kebab-case")]
pub enum TaskData {
    /// The task's own folder, or the folder of all tasks of GLUE; for `SQuAD` the folder with its two files.
    Folder(PathBuf),
    /// Files in the form of `SQuAD`.
    Questions {
        /// For training (and, in the paper's protocol, validation).
        train: PathBuf,
        /// The official development file.
        dev: PathBuf,
    },
    /// The user's own tables.
    Own {
        /// Training rows.
        train: PathBuf,
        /// Validation rows.
        validation: Option<PathBuf>,
        /// Test rows.
        test: Option<PathBuf>,
        /// Columns of the one or two texts.
        text_columns: Vec<String>,
        /// Column of the label.
        label_column: String,
        /// Whether the label is a number to predict.
        regression: bool,
    },
}

impl TaskData {
    /// The user's own tables.
    pub fn own(files: OwnFiles) -> Self {
        Self::Own {
            train: files.train,
            validation: files.validation,
            test: files.test,
            text_columns: files.text_columns,
            label_column: files.label_column,
            regression: files.regression,
        }
    }

    fn absolute(&mut self) -> Result<(), TrainError> {
        let paths: Vec<&mut PathBuf> = match self {
            Self::Folder(folder) => vec![folder],
            Self::Questions { train, dev } => vec![train, dev],
            Self::Own {
                train,
                validation,
                test,
                ..
            } => [train].into_iter().chain(validation).chain(test).collect(),
        };
        for path in paths {
            make_absolute(path)?;
        }
        Ok(())
    }
}

fn make_absolute(path: &mut PathBuf) -> Result<(), TrainError> {
    *path = std::path::absolute(&*path).map_err(TrainError::io("find", path))?;
    Ok(())
}

/// What to fine-tune on what, and how. [`FinetuneOptions::new`] fills in the settings of the paper ([`Settings`]); the fields
/// can then be changed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FinetuneOptions {
    /// Folder of the model that it begins from: `config.json`, `model.safetensors`, `tokenizer.json`.
    pub model: PathBuf,
    /// The task.
    #[serde(with = "text_form")]
    pub task: TaskName,
    /// What trains.
    pub mode: Mode,
    /// How rows become parts.
    #[serde(with = "text_form")]
    pub protocol: Protocol,
    /// Training rows (and, in the paper's protocol, as many validation rows), drawn from the seed; none for all.
    pub examples: Option<usize>,
    /// Whether the drawn rows have the classes in equal shares.
    pub stratified: bool,
    /// Most rows of each test part, a fixed subset; none for all.
    pub test_cap: Option<usize>,
    /// Passes over the training rows.
    pub epochs: u64,
    /// Sequences per step.
    pub batch: usize,
    /// Sequences that go through the model at once; none for the whole batch. Does not change a step but for rounding.
    pub micro_batch: Option<usize>,
    /// Longest sequence in tokens.
    pub max_length: usize,
    /// Of the encoder.
    pub learning_rate: f64,
    /// Of the pooler and the output layer.
    pub head_learning_rate: f64,
    /// Of the activation coefficients.
    pub activation_learning_rate: f64,
    /// Of adapters.
    pub adapter_learning_rate: f64,
    /// Of weight matrices, embeddings and `lora`; biases, norms and `ia3` scales have none.
    pub weight_decay: f64,
    /// Of the activation coefficients. The paper had 0.1; it pulls the shapes to the zero function.
    pub activation_weight_decay: f64,
    /// How the learning rates fall.
    #[serde(with = "text_form")]
    pub schedule: ScheduleShape,
    /// Share of the steps in which they rise first.
    pub warmup: f64,
    /// Largest norm of the gradient, and, apart from it, of that of the coefficients; 0 for none.
    pub gradient_clip: f64,
    /// Decay of the optimizer's two moments.
    pub betas: [f64; 2],
    /// Added to the root of the second moment.
    pub epsilon: f64,
    /// Validations without a new best that end the training; 0 for none.
    pub patience: u64,
    /// Probability of dropping hidden values and attention weights; none for that of the model.
    pub dropout: Option<f64>,
    /// What the operands of matrix products are rounded to.
    #[serde(with = "text_form")]
    pub precision: Precision,
    /// Bias entries of `matched-bias`; none for as many as the rational twin has coefficients.
    pub matched_bias: Option<usize>,
    /// Whether a mode with an adapter writes a whole model instead, the adapter merged into its weights.
    pub merge: bool,
    /// `SQuAD`: tokens by which windows are shifted.
    pub doc_stride: usize,
    /// `SQuAD`: longest question in tokens.
    pub max_query_length: usize,
    /// `SQuAD`: longest answer in tokens.
    pub max_answer_length: usize,
    /// Where the rows are.
    pub data: TaskData,
}

impl FinetuneOptions {
    /// The settings of the paper for a task; little data where `examples` limits them.
    pub fn new(
        model: impl Into<PathBuf>,
        task: TaskName,
        data: TaskData,
        mode: Mode,
        examples: Option<usize>,
    ) -> Self {
        let settings = Settings::of(task, mode, examples.is_some());
        Self {
            model: model.into(),
            task,
            mode,
            protocol: Protocol::Paper,
            examples,
            stratified: false,
            test_cap: None,
            epochs: settings.epochs,
            batch: settings.batch,
            micro_batch: None,
            max_length: settings.max_length,
            learning_rate: settings.learning_rate,
            head_learning_rate: settings.head_learning_rate,
            activation_learning_rate: settings.activation_learning_rate,
            adapter_learning_rate: settings.adapter_learning_rate,
            weight_decay: settings.weight_decay,
            activation_weight_decay: 0.0,
            schedule: ScheduleShape::Linear,
            warmup: 0.0,
            gradient_clip: 1.0,
            betas: [0.9, 0.999],
            epsilon: 1e-8,
            patience: settings.patience,
            dropout: Some(0.1),
            precision: Precision::F32,
            matched_bias: None,
            merge: false,
            doc_stride: 128,
            max_query_length: 64,
            max_answer_length: 30,
            data,
        }
    }

    /// Sequences that go through the model at once.
    pub(crate) fn micro_batch(&self) -> usize {
        self.micro_batch.unwrap_or(self.batch).min(self.batch)
    }

    /// Checks the numbers, and makes paths absolute: they are part of what the run folder remembers.
    pub(crate) fn checked(&self) -> Result<Self, TrainError> {
        let counts = [
            ("epochs", self.epochs as usize),
            ("batch", self.batch),
            ("micro_batch", self.micro_batch.unwrap_or(1)),
            ("examples", self.examples.unwrap_or(1)),
            ("test_cap", self.test_cap.unwrap_or(1)),
            ("max_answer_length", self.max_answer_length),
            ("doc_stride", self.doc_stride),
        ];
        if let Some((key, _)) = counts.into_iter().find(|(_, count)| *count == 0) {
            return Err(TrainError::Setting {
                key,
                value: "0".to_owned(),
                expected: "at least 1",
            });
        }
        let [beta1, beta2] = self.betas;
        let share = "at least 0 and below 1";
        let rate = "a number that is not negative";
        let bounds = [
            ("learning_rate", self.learning_rate, f64::MAX, rate),
            (
                "head_learning_rate",
                self.head_learning_rate,
                f64::MAX,
                rate,
            ),
            (
                "activation_learning_rate",
                self.activation_learning_rate,
                f64::MAX,
                rate,
            ),
            (
                "adapter_learning_rate",
                self.adapter_learning_rate,
                f64::MAX,
                rate,
            ),
            ("weight_decay", self.weight_decay, f64::MAX, rate),
            (
                "activation_weight_decay",
                self.activation_weight_decay,
                f64::MAX,
                rate,
            ),
            ("gradient_clip", self.gradient_clip, f64::MAX, rate),
            ("epsilon", self.epsilon, f64::MAX, rate),
            ("warmup", self.warmup, 1.0, "a share from 0 to 1"),
            ("betas", beta1, 1.0 - f64::EPSILON, share),
            ("betas", beta2, 1.0 - f64::EPSILON, share),
            (
                "dropout",
                self.dropout.unwrap_or(0.0),
                1.0 - f64::EPSILON,
                share,
            ),
        ];
        for (key, value, most, expected) in bounds {
            if !(0.0..=most).contains(&value) {
                return Err(TrainError::Setting {
                    key,
                    value: value.to_string(),
                    expected,
                });
            }
        }
        let mut checked = self.clone();
        make_absolute(&mut checked.model)?;
        checked.data.absolute()?;
        Ok(checked)
    }
}

/// The saved form: the options and the seed of the run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct SavedOptions {
    pub(crate) seed: u64,
    pub(crate) finetune: FinetuneOptions,
}

impl SavedOptions {
    /// As TOML, with the program that wrote it.
    pub(crate) fn to_toml(&self, commit: Option<&str>) -> Result<String, TrainError> {
        let commit = commit.map_or(String::new(), |commit| format!(", commit {commit}"));
        let version = env!("CARGO_PKG_VERSION");
        let body = toml::to_string(self).map_err(|error| TrainError::DamagedFile {
            path: PathBuf::from("recipe.toml"),
            reason: error.to_string(),
        })?;
        Ok(format!(
            "# Options of a fine-tuning by pliant {version}{commit}.\n{body}"
        ))
    }

    fn flat(&self) -> Result<Vec<(String, String)>, TrainError> {
        let value = toml::Value::try_from(self).map_err(|error| TrainError::DamagedFile {
            path: PathBuf::from("recipe.toml"),
            reason: error.to_string(),
        })?;
        let mut keys = Vec::new();
        flatten("", &value, &mut keys);
        Ok(keys)
    }
}

/// Dotted keys with their values; the table of all options is not named.
fn flatten(prefix: &str, value: &toml::Value, keys: &mut Vec<(String, String)>) {
    if let toml::Value::Table(table) = value {
        for (key, value) in table {
            let key = match prefix {
                "" | "finetune" => key.clone(),
                _ => format!("{prefix}.{key}"),
            };
            flatten(&key, value, keys);
        }
    } else {
        keys.push((prefix.to_owned(), value.to_string()));
    }
}

impl SavedRecipe for SavedOptions {
    const RESULT_FILE: &'static str = RESULT_FILE;

    fn differences(&self, path: &Path, saved: &str) -> Result<Vec<String>, TrainError> {
        let saved: Self = toml::from_str(saved).map_err(|error| TrainError::DamagedFile {
            path: path.to_path_buf(),
            reason: error.to_string(),
        })?;
        let (own, others) = (self.flat()?, saved.flat()?);
        let value = |list: &[(String, String)], key: &str| {
            list.iter()
                .find(|(name, _)| name == key)
                .map_or_else(|| "not set".to_owned(), |(_, value)| value.clone())
        };
        let mut keys: Vec<&String> = own.iter().chain(&others).map(|(key, _)| key).collect();
        keys.sort();
        keys.dedup();
        Ok(keys
            .into_iter()
            .filter_map(|key| {
                let (now, then) = (value(&own, key), value(&others, key));
                (now != then).then(|| format!("{key}: {now} now, {then} in the run"))
            })
            .collect())
    }
}
