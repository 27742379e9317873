//! Labels as files write them: words, integers, or numbers to predict.

use super::{Labels, Target, TaskName};

/// What a label's text says.
#[derive(Debug, PartialEq)]
pub(super) enum Reading {
    /// This.
    Known(Target),
    /// Nothing: the row has no label, as in GLUE's test files, or annotators did not agree (SNLI's `-`).
    Without,
    /// A label that is none of these.
    Unknown,
    /// No number.
    Malformed(String),
}

/// Reads labels for a model or a task.
#[derive(Debug)]
pub(super) struct LabelReader<'a> {
    labels: &'a Labels,
    /// What an integer stands for: the place of a class among these. Empty where integers are words like any other.
    numbered: Vec<u32>,
    /// Whether `-` and -1 say that there is no label.
    marks: bool,
}

impl<'a> LabelReader<'a> {
    /// For the labels of a task, or of a model whose classes are in another order or have Hugging Face's names without
    /// meaning (`LABEL_0` …): an integer is a class's place in the *task's* order.
    pub(super) fn new(task: TaskName, labels: &'a Labels) -> Self {
        let names = task.class_names();
        let numbered = match labels {
            Labels::Classes(classes) if !names.is_empty() => {
                let nameless = classes
                    .iter()
                    .enumerate()
                    .all(|(place, class)| *class == format!("LABEL_{place}"));
                if nameless {
                    (0..classes.len() as u32).collect()
                } else {
                    // A class that the model does not have is left out by an impossible place.
                    let place = |name: &&str| {
                        let place = classes.iter().position(|class| class == name);
                        place.map_or(u32::MAX, |place| place as u32)
                    };
                    names.iter().map(place).collect()
                }
            }
            _ => Vec::new(),
        };
        Self {
            labels,
            numbered,
            marks: task != TaskName::Own,
        }
    }

    /// What the text of a label says; none where the file has no value.
    pub(super) fn read(&self, text: Option<&str>) -> Reading {
        let Some(text) = text.map(str::trim) else {
            return Reading::Without;
        };
        if text.is_empty() {
            return Reading::Malformed("no label".into());
        }
        if self.marks && matches!(text, "-" | "-1" | "-1.0") {
            return Reading::Without;
        }
        let classes = match self.labels {
            Labels::Regression => {
                return match text.parse::<f32>() {
                    Ok(score) if score.is_finite() => Reading::Known(Target::Score(score)),
                    _ => Reading::Malformed(format!("{text:?} is no number")),
                };
            }
            Labels::Classes(classes) => classes,
        };
        if let Some(place) = classes.iter().position(|class| class == text) {
            return Reading::Known(Target::Class(place as u32));
        }
        let numbered = integer(text)
            .and_then(|number| self.numbered.get(number))
            .filter(|class| (**class as usize) < classes.len());
        match numbered {
            Some(&class) => Reading::Known(Target::Class(class)),
            None => Reading::Unknown,
        }
    }
}

/// An integer, also as data frames write it in a column with gaps: `1.0`.
fn integer(text: &str) -> Option<usize> {
    text.strip_suffix(".0").unwrap_or(text).parse().ok()
}

/// The classes that occur, sorted: as numbers where all are integers, else as text.
pub(super) fn discovered<'a>(texts: impl Iterator<Item = &'a str>) -> Vec<String> {
    let mut names: Vec<&str> = texts
        .map(str::trim)
        .filter(|text| !text.is_empty())
        .collect();
    names.sort_unstable();
    names.dedup();
    let numbers: Option<Vec<i64>> = names.iter().map(|name| name.parse().ok()).collect();
    if let Some(numbers) = numbers {
        let mut both: Vec<(i64, &str)> = numbers.into_iter().zip(names).collect();
        both.sort_unstable();
        return both.into_iter().map(|(_, name)| name.to_owned()).collect();
    }
    names.into_iter().map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::task::GlueTask;

    const MNLI: TaskName = TaskName::Glue(GlueTask::Mnli);

    fn classes(names: &[&str]) -> Labels {
        Labels::Classes(names.iter().map(|&name| name.to_owned()).collect())
    }

    fn class(number: u32) -> Reading {
        Reading::Known(Target::Class(number))
    }

    #[test]
    fn words_and_integers_are_the_same_classes() {
        let labels = GlueTask::Mnli.labels();
        let reader = LabelReader::new(MNLI, &labels);
        for (place, word) in MNLI.class_names().iter().enumerate() {
            assert_eq!(reader.read(Some(word)), class(place as u32));
            assert_eq!(
                reader.read(Some(&format!(" {place} "))),
                class(place as u32)
            );
            assert_eq!(
                reader.read(Some(&format!("{place}.0"))),
                class(place as u32)
            );
        }
        assert_eq!(reader.read(Some("3")), Reading::Unknown);
        assert_eq!(reader.read(Some("perhaps")), Reading::Unknown);
        for without in [Some("-"), Some("-1"), None] {
            assert_eq!(reader.read(without), Reading::Without);
        }
    }

    #[test]
    fn an_integer_is_a_place_in_the_order_of_the_task_not_of_the_model() {
        let labels = classes(&["contradiction", "entailment", "neutral"]);
        let reader = LabelReader::new(TaskName::Snli, &labels);
        assert_eq!(reader.read(Some("0")), class(1));
        assert_eq!(reader.read(Some("2")), class(0));
        assert_eq!(reader.read(Some("neutral")), class(2));
        let labels = classes(&["LABEL_0", "LABEL_1", "LABEL_2"]);
        let reader = LabelReader::new(MNLI, &labels);
        assert_eq!(reader.read(Some("2")), class(2));
        let labels = classes(&["entailment", "not_entailment"]);
        let reader = LabelReader::new(MNLI, &labels);
        assert_eq!(reader.read(Some("0")), class(0));
        assert_eq!(reader.read(Some("1")), Reading::Unknown);
    }

    #[test]
    fn ones_own_labels_are_words_whatever_they_look_like() {
        let labels = classes(&["-1", "0", "1"]);
        let reader = LabelReader::new(TaskName::Own, &labels);
        assert_eq!(reader.read(Some("-1")), class(0));
        assert_eq!(reader.read(Some("1")), class(2));
        assert_eq!(reader.read(Some("2")), Reading::Unknown);
        assert_eq!(reader.read(Some("-")), Reading::Unknown);
    }

    #[test]
    fn scores_are_finite_numbers() {
        let reader = LabelReader::new(TaskName::Own, &Labels::Regression);
        assert_eq!(reader.read(Some("-1")), Reading::Known(Target::Score(-1.0)));
        assert_eq!(
            reader.read(Some("3.800")),
            Reading::Known(Target::Score(3.8))
        );
        for text in ["nan", "inf", "four", ""] {
            assert!(
                matches!(reader.read(Some(text)), Reading::Malformed(_)),
                "{text}"
            );
        }
    }

    #[test]
    fn discovered_labels_are_sorted_as_what_they_are() {
        let found = |texts: &[&str]| discovered(texts.iter().copied());
        assert_eq!(found(&["b", "a ", "b", ""]), ["a", "b"]);
        assert_eq!(found(&["10", "2", "-1"]), ["-1", "2", "10"]);
        assert_eq!(found(&["10", "2", "two"]), ["10", "2", "two"]);
    }
}
