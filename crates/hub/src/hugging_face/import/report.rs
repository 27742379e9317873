//! Which tensor of the files is which parameter, and what fits none.

use std::collections::{BTreeMap, BTreeSet};

use pliant_nn::ParameterInfo;
use pliant_train::matches_pattern;
use serde::Serialize;

use super::config::{Foreign, ForeignHead};
use super::names::Meaning;
use super::weights::WeightFiles;
use super::{ImportOptions, meanings, stored_shape};
use crate::HubError;

/// What became of the tensors of the files.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ImportReport {
    /// The class that wrote them.
    pub architecture: String,
    /// Tensors taken over.
    pub tensors: usize,
    /// Names of old versions or of another class, with those they have now.
    pub renamed: Vec<(String, String)>,
    /// Second names of tensors that are stored once, with the first.
    pub copies: Vec<(String, String)>,
    /// Left out.
    pub left_out: Vec<String>,
    /// Missing, and drawn from the seed.
    pub drawn: Vec<String>,
    /// What of the configuration has no counterpart here.
    pub notes: Vec<String>,
}

/// From parameters to the tensors that hold them.
type Places = BTreeMap<String, String>;

/// Finds the tensor of each parameter.
pub(super) fn match_tensors(
    foreign: &Foreign,
    files: &WeightFiles,
    expected: &[ParameterInfo],
    options: &ImportOptions,
) -> Result<(Places, ImportReport), HubError> {
    let known: BTreeMap<&str, &ParameterInfo> = expected
        .iter()
        .map(|info| (info.name.as_str(), info))
        .collect();
    let mut report = ImportReport {
        architecture: foreign.architecture.clone(),
        notes: foreign.notes.clone(),
        ..ImportReport::default()
    };
    let mut places = Places::new();
    let (mut faults, mut allowable) = (Vec::new(), Vec::new());
    let mut misshapen = BTreeSet::new();
    for (name, stored, meaning) in meanings(files, foreign) {
        let parameter = match meaning {
            Meaning::Constant => continue,
            Meaning::CopyOf(original)
                if known.contains_key(original.as_str()) && has_head(foreign) =>
            {
                report.copies.push((name.to_owned(), original));
                continue;
            }
            Meaning::CopyOf(_) => name.to_owned(),
            Meaning::Parameter(parameter) => parameter,
        };
        let Some(info) = known
            .get(parameter.as_str())
            .filter(|_| belongs(foreign, &parameter))
        else {
            if is_allowed(options, &parameter) || is_head(&parameter) && options.without_head {
                report.left_out.push(name.to_owned());
            } else {
                faults.push(format!("unexpected {name} {:?}", stored.shape));
                allowable.push(parameter);
            }
            continue;
        };
        let shape = stored_shape(foreign, info);
        if stored.shape != shape {
            faults.push(format!(
                "misshapen  {name}: {:?} in the file, {shape:?} by config.json",
                stored.shape
            ));
            misshapen.insert(info.name.as_str());
            continue;
        }
        if let Some(other) = places.insert(parameter.clone(), name.to_owned()) {
            faults.push(format!("twice      {parameter}: as {other} and as {name}"));
        }
        if parameter != name {
            report.renamed.push((name.to_owned(), parameter));
        }
    }
    for info in expected {
        if places.contains_key(&info.name) || misshapen.contains(info.name.as_str()) {
            continue;
        }
        let is_fresh_head = foreign.head == ForeignHead::None && info.name.starts_with("cls.");
        if is_fresh_head || is_allowed(options, &info.name) {
            report.drawn.push(info.name.clone());
        } else {
            faults.push(format!("missing    {} {:?}", info.name, info.shape));
            allowable.push(info.name.clone());
        }
    }
    if !faults.is_empty() {
        return Err(HubError::Tensors {
            paths: files.paths().map(std::path::Path::to_path_buf).collect(),
            faults,
            allow: families(&allowable),
        });
    }
    report.tensors = places.len();
    Ok((places, report))
}

fn has_head(foreign: &Foreign) -> bool {
    foreign.head == ForeignHead::MaskedLanguage
}

/// A masked-language head in the files counts only where the configuration names it.
fn belongs(foreign: &Foreign, parameter: &str) -> bool {
    foreign.head != ForeignHead::None || !is_head(parameter)
}

fn is_head(parameter: &str) -> bool {
    [
        "cls.",
        "lm_head.",
        "classifier.",
        "qa_outputs.",
        "bert.pooler.",
    ]
    .iter()
    .any(|beginning| parameter.starts_with(beginning))
}

fn is_allowed(options: &ImportOptions, name: &str) -> bool {
    options
        .allow
        .iter()
        .any(|pattern| matches_pattern(pattern, name))
}

/// Patterns that cover the names, by their first two parts.
fn families(names: &[String]) -> Vec<String> {
    let mut patterns: Vec<String> = names
        .iter()
        .map(|name| {
            let parts: Vec<&str> = name.splitn(3, '.').collect();
            match parts[..] {
                [first, second, _] => format!("{first}.{second}.*"),
                _ => name.clone(),
            }
        })
        .collect();
    patterns.sort_unstable();
    patterns.dedup();
    patterns
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_allowed_by_their_family() {
        let names = [
            "bert.pooler.dense.weight",
            "bert.pooler.dense.bias",
            "classifier.weight",
        ];
        assert_eq!(
            families(&names.map(str::to_owned)),
            ["bert.pooler.*", "classifier.weight"]
        );
    }
}
