//! Names of tasks, and what is known about them.

use std::fmt;
use std::str::FromStr;

use super::{Labels, TaskError};
use crate::metric::Metric;

/// The tasks of GLUE (Wang et al. 2019, "GLUE: A Multi-Task Benchmark and Analysis Platform").
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum GlueTask {
    /// Is the sentence acceptable?
    Cola,
    /// Is the review positive?
    Sst2,
    /// Do two sentences say the same?
    Mrpc,
    /// How alike are two sentences, 0 to 5?
    Stsb,
    /// Do two questions ask the same?
    Qqp,
    /// Does the first sentence entail the second, contradict it, or neither?
    Mnli,
    /// Does the sentence answer the question?
    Qnli,
    /// Does the first text entail the second?
    Rte,
    /// Does the sentence with a pronoun resolved follow?
    Wnli,
}

impl GlueTask {
    /// All nine, in GLUE's order.
    pub const ALL: [Self; 9] = [
        Self::Cola,
        Self::Sst2,
        Self::Mrpc,
        Self::Stsb,
        Self::Qqp,
        Self::Mnli,
        Self::Qnli,
        Self::Rte,
        Self::Wnli,
    ];

    /// The text form, which is also the folder in the Hugging Face `nyu-mll/glue` layout: `cola`, `sst2`, …
    pub fn name(self) -> &'static str {
        match self {
            Self::Cola => "cola",
            Self::Sst2 => "sst2",
            Self::Mrpc => "mrpc",
            Self::Stsb => "stsb",
            Self::Qqp => "qqp",
            Self::Mnli => "mnli",
            Self::Qnli => "qnli",
            Self::Rte => "rte",
            Self::Wnli => "wnli",
        }
    }

    /// The folder in the official collection: `CoLA`, `SST-2`, …
    pub fn official_name(self) -> &'static str {
        match self {
            Self::Cola => "CoLA",
            Self::Sst2 => "SST-2",
            Self::Mrpc => "MRPC",
            Self::Stsb => "STS-B",
            Self::Qqp => "QQP",
            Self::Mnli => "MNLI",
            Self::Qnli => "QNLI",
            Self::Rte => "RTE",
            Self::Wnli => "WNLI",
        }
    }

    /// Names of the classes in the order of their numbers, as in the Hugging Face `nyu-mll/glue` data set; none for
    /// regression.
    pub fn class_names(self) -> &'static [&'static str] {
        match self {
            Self::Cola => &["unacceptable", "acceptable"],
            Self::Sst2 => &["negative", "positive"],
            Self::Mrpc => &["not_equivalent", "equivalent"],
            Self::Stsb => &[],
            Self::Qqp => &["not_duplicate", "duplicate"],
            Self::Mnli => &ENTAILMENT,
            Self::Qnli | Self::Rte => &["entailment", "not_entailment"],
            Self::Wnli => &["not_entailment", "entailment"],
        }
    }

    /// What answers there are.
    pub fn labels(self) -> Labels {
        labels_of(self.class_names())
    }

    /// What is measured; the first decides (and is the task's number in the GLUE average).
    pub fn metrics(self) -> &'static [Metric] {
        match self {
            Self::Cola => &[Metric::Matthews, Metric::Accuracy],
            Self::Mrpc | Self::Qqp => &[Metric::AccuracyF1, Metric::Accuracy, Metric::F1],
            Self::Stsb => &[Metric::PearsonSpearman, Metric::Pearson, Metric::Spearman],
            Self::Sst2 | Self::Mnli | Self::Qnli | Self::Rte | Self::Wnli => &[Metric::Accuracy],
        }
    }
}

/// Classes of natural-language inference in the order of the Hugging Face data sets (MNLI and SNLI).
const ENTAILMENT: [&str; 3] = ["entailment", "neutral", "contradiction"];

fn labels_of(names: &[&str]) -> Labels {
    if names.is_empty() {
        Labels::Regression
    } else {
        Labels::Classes(names.iter().map(|&name| name.to_owned()).collect())
    }
}

impl fmt::Display for GlueTask {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.name())
    }
}

impl FromStr for GlueTask {
    type Err = TaskError;

    /// Letter case, `-` and `_` do not matter: `STS-B` and `stsb` are one task.
    fn from_str(text: &str) -> Result<Self, TaskError> {
        let wanted = folded(text);
        let names = Self::ALL.map(Self::name);
        Self::ALL
            .into_iter()
            .find(|task| task.name() == wanted)
            .ok_or_else(|| TaskError::unknown_task(text, &names))
    }
}

/// Letters and digits in lower case, so that `STS-B`, `sts_b` and `stsb` are one name.
pub(crate) fn folded(name: &str) -> String {
    name.chars()
        .filter(|letter| !matches!(letter, '-' | '_' | ' '))
        .flat_map(char::to_lowercase)
        .collect()
}

/// A task to fine-tune on or to evaluate. Text form: `cola`, `sst2`, …, `snli`, `squad`, `squad2`, `own`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TaskName {
    /// One of GLUE's.
    Glue(GlueTask),
    /// SNLI (Bowman et al. 2015), whose labels are MNLI's.
    Snli,
    /// Question answering with spans, SQuAD v1.1, or v2.0 where some questions have no answer.
    Squad {
        /// Some questions have no answer.
        version_2: bool,
    },
    /// The user's own data.
    Own,
}

impl TaskName {
    /// The text form.
    pub fn name(self) -> &'static str {
        match self {
            Self::Glue(task) => task.name(),
            Self::Snli => "snli",
            Self::Squad { version_2: false } => "squad",
            Self::Squad { version_2: true } => "squad2",
            Self::Own => "own",
        }
    }

    /// Every task's text form.
    pub fn names() -> Vec<&'static str> {
        let glue = GlueTask::ALL.map(GlueTask::name);
        [&glue[..], &["snli", "squad", "squad2", "own"]].concat()
    }

    /// Names of the classes in the order of their numbers; none where they are not known beforehand or there are no classes.
    pub fn class_names(self) -> &'static [&'static str] {
        match self {
            Self::Glue(task) => task.class_names(),
            Self::Snli => &ENTAILMENT,
            Self::Squad { .. } | Self::Own => &[],
        }
    }

    /// What is measured, for a task whose labels are these; the first decides.
    pub fn metrics(self, labels: &Labels) -> Vec<Metric> {
        match (self, labels) {
            (Self::Glue(task), _) => task.metrics().to_vec(),
            (Self::Squad { .. }, _) => vec![Metric::SpanF1, Metric::ExactMatch],
            (Self::Snli | Self::Own, Labels::Classes(_)) => vec![Metric::Accuracy],
            (Self::Snli | Self::Own, Labels::Regression) => {
                vec![Metric::PearsonSpearman, Metric::Pearson, Metric::Spearman]
            }
        }
    }
}

impl fmt::Display for TaskName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.name())
    }
}

impl FromStr for TaskName {
    type Err = TaskError;

    /// Letter case, `-` and `_` do not matter.
    fn from_str(text: &str) -> Result<Self, TaskError> {
        if let Ok(task) = text.parse() {
            return Ok(Self::Glue(task));
        }
        match folded(text).as_str() {
            "snli" => Ok(Self::Snli),
            "squad" => Ok(Self::Squad { version_2: false }),
            "squad2" => Ok(Self::Squad { version_2: true }),
            "own" => Ok(Self::Own),
            _ => Err(TaskError::unknown_task(text, &Self::names())),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn every_name_reads_back_in_either_spelling() {
        for name in TaskName::names() {
            assert_eq!(name.parse::<TaskName>().unwrap().to_string(), name);
        }
        for task in GlueTask::ALL {
            assert_eq!(task.official_name().parse::<GlueTask>().unwrap(), task);
        }
    }

    #[test]
    fn an_unknown_name_suggests_the_nearest() {
        let error = "rtee".parse::<TaskName>().unwrap_err();
        assert_eq!(error.to_string(), "unknown task: rtee");
        let hint = error.hint().unwrap();
        assert!(hint.starts_with("did you mean rte? "), "{hint}");
        let hint = "nonsense".parse::<TaskName>().unwrap_err().hint().unwrap();
        assert!(hint.starts_with("the tasks are cola, sst2"), "{hint}");
    }
}
