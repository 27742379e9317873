//! Models made by the program itself, once for all tests: a pre-trained one of each activation, and fine-tuned ones.

use std::{fs, path::Path, sync::OnceLock};

use crate::{rows, workplace::Workplace};

/// Files of a folder by name.
type Files = Vec<(String, Vec<u8>)>;

/// A model that several tests begin from.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Model {
    /// Pre-trained, with learnable activations.
    Rational,
    /// Pre-trained on the same text, with GELU.
    Gelu,
    /// Names the topic of a sentence.
    Topic,
    /// Answers questions.
    Answer,
}

impl Model {
    /// Copies the model into the workplace as the folder `name`.
    pub(crate) fn put(self, workplace: &Workplace, name: &str) {
        for (file, content) in self.files() {
            workplace.write_bytes(&format!("{name}/{file}"), content);
        }
    }

    fn files(self) -> &'static Files {
        static MADE: [OnceLock<Files>; 4] = [const { OnceLock::new() }; 4];
        MADE[self as usize].get_or_init(|| match self {
            Self::Rational => pretrained("rational"),
            Self::Gelu => pretrained("gelu"),
            Self::Topic => {
                let workplace = Workplace::with(Self::Rational);
                rows::csv(&workplace, "train.csv", 1, 160);
                workplace.succeed(&[
                    "finetune",
                    "--model",
                    "model",
                    "--train",
                    "train.csv",
                    "--text-columns",
                    "text",
                    "--label-column",
                    "topic",
                    "--epochs",
                    "12",
                    "--learning-rate",
                    "5e-3",
                    "--head-learning-rate",
                    "5e-3",
                    "--dropout",
                    "0",
                    "--out",
                    "out",
                ]);
                read(&workplace.path("out/seed-1/model"))
            }
            Self::Answer => {
                let workplace = Workplace::with(Self::Rational);
                rows::squad(&workplace, "squad/train-v1.1.json", 1, 160);
                rows::squad(&workplace, "squad/dev-v1.1.json", 2, 20);
                workplace.succeed(&[
                    "finetune",
                    "--model",
                    "model",
                    "--task",
                    "squad",
                    "--data",
                    "squad",
                    "--epochs",
                    "12",
                    "--learning-rate",
                    "5e-3",
                    "--head-learning-rate",
                    "5e-3",
                    "--dropout",
                    "0",
                    "--max-length",
                    "64",
                    "--out",
                    "out",
                ]);
                read(&workplace.path("out/seed-1/model"))
            }
        })
    }
}

fn pretrained(activation: &str) -> Files {
    let workplace = Workplace::nano();
    let setting = format!("activation.function={activation}");
    workplace.succeed(&[
        "pretrain",
        "--recipe",
        "nano.toml",
        "--out",
        "run",
        "--set",
        &setting,
        "--set",
        "train.sequence=64",
    ]);
    read(&workplace.path("run/model"))
}

fn read(folder: &Path) -> Files {
    fs::read_dir(folder)
        .unwrap()
        .map(|entry| {
            let entry = entry.unwrap();
            let name = entry.file_name().into_string().unwrap();
            (name, fs::read(entry.path()).unwrap())
        })
        .collect()
}

impl Workplace {
    /// An empty folder with a model in `model`.
    pub(crate) fn with(model: Model) -> Self {
        let workplace = Self::empty();
        model.put(&workplace, "model");
        workplace
    }
}
