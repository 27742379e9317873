//! The arms of a comparison: what each is called, where its runs lie and what it sets in the recipe.

use std::collections::BTreeSet;
use std::str::FromStr;

use pliant_activation::{ActivationSpec, library};
use serde::{Deserialize, Serialize};

/// Names that the comparison's own files and folders take in the output folder.
const TAKEN: [&str; 5] = [
    "compare.json",
    "data",
    "report.html",
    "results.json",
    "results.md",
];
/// Longer folder names are cut; some file systems end at 255 bytes and the path goes on below.
const LONGEST_FOLDER: usize = 60;

/// One arm: a recipe with these settings on top.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Arm {
    /// The name in tables and plots: the activation's text form, or the name in the recipe's `[[arm]]` table.
    pub name: String,
    /// The name of the arm's folder: safe on every file system, unique in the comparison.
    pub folder: String,
    /// Settings as `key=value`, in the form of `--set`, on top of everything else.
    pub sets: Vec<String>,
}

/// Names of a recipe's arms, and activations that differ in nothing else: `gelu,rational(5/4, form=b),@FILE:NAME`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArmList(Vec<String>);

/// Why a text is no list of arms, or tables are no arms.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ArmsError {
    /// Nothing between two commas, or no arm at all.
    #[error("arms `{text}`: there is nothing at item {item}")]
    Empty {
        /// The whole text.
        text: String,
        /// The item's place, from 1.
        item: usize,
    },
    /// A parenthesis without its partner.
    #[error("arms `{text}`: the parenthesis at character {position} has no partner")]
    Parenthesis {
        /// The whole text.
        text: String,
        /// Its place, from 1, in characters.
        position: usize,
    },
    /// An item that is no activation.
    #[error("arm {item}: {message}")]
    Activation {
        /// The item's place, from 1.
        item: usize,
        /// What the activation parser says, with its caret line.
        message: String,
        /// What it suggests.
        suggestion: Option<String>,
        /// The names of the recipe's arms, one of which may be meant.
        names: Vec<String>,
    },
    /// The same arm twice.
    #[error("the arm `{name}` occurs twice")]
    Twice {
        /// Its name.
        name: String,
    },
    /// An arm in the recipe without a name.
    #[error("[[arm]] table {item} has an empty name")]
    Unnamed {
        /// The table's place, from 1.
        item: usize,
    },
}

impl ArmsError {
    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Empty { .. } => "separate activations by commas: --arms gelu,rational".to_owned(),
            Self::Parenthesis { .. } => "commas inside parentheses belong to the activation: --arms 'gelu,rational(5/4, form=b)'".to_owned(),
            Self::Activation {
                suggestion, names, ..
            } => {
                let list = "`pliant act list` prints the activations";
                let hint = suggestion.as_deref().unwrap_or(list);
                if names.is_empty() {
                    hint.to_owned()
                } else {
                    format!("{hint}; the recipe's arms are {}", names.join(", "))
                }
            }
            Self::Twice { .. } => "an arm is compared with others, not with itself; for its spread over chance give more seeds".to_owned(),
            Self::Unnamed { .. } => "give it `name = \"…\"`".to_owned(),
        })
    }
}

impl FromStr for ArmList {
    type Err = ArmsError;

    fn from_str(text: &str) -> Result<Self, ArmsError> {
        let mut items = Vec::new();
        for (index, part) in split_top_level(text)?.into_iter().enumerate() {
            let part = part.trim();
            if part.is_empty() {
                return Err(ArmsError::Empty {
                    text: text.to_owned(),
                    item: index + 1,
                });
            }
            items.push(part.to_owned());
        }
        Ok(Self(items))
    }
}

impl ArmList {
    /// The arms in the order given. The name of an arm in `tables` is that arm, with all that it sets; everything else is an activation
    /// and differs in that alone.
    ///
    /// # Errors
    /// [`ArmsError::Activation`] and [`ArmsError::Twice`].
    pub(crate) fn arms(&self, tables: &[Arm]) -> Result<Vec<Arm>, ArmsError> {
        let mut activations: Vec<ActivationSpec> = Vec::new();
        let mut named = Vec::new();
        for (index, item) in self.0.iter().enumerate() {
            if let Some(table) = tables.iter().find(|table| table.name == *item) {
                named.push((table.name.clone(), table.sets.clone()));
                continue;
            }
            let activation = library::resolve(item).map_err(|error| ArmsError::Activation {
                item: index + 1,
                message: error.to_string(),
                suggestion: error.hint(),
                names: tables.iter().map(|table| table.name.clone()).collect(),
            })?;
            let name = library::name_of(item).map_or_else(|| activation.to_string(), str::to_owned);
            if activations.contains(&activation) {
                return Err(ArmsError::Twice { name });
            }
            // The text form, so that the arm does not change with the library.
            let text = toml::Value::String(activation.to_string());
            named.push((name, vec![format!("activation.function={text}")]));
            activations.push(activation);
        }
        Ok(with_folders(named))
    }
}

/// Arms from named settings, each with a folder of its own.
pub(crate) fn with_folders(named: impl IntoIterator<Item = (String, Vec<String>)>) -> Vec<Arm> {
    let named: Vec<(String, Vec<String>)> = named.into_iter().collect();
    let folders = unique_folders(named.iter().map(|(name, _)| name.as_str()), &TAKEN);
    let arm = |((name, sets), folder)| Arm { name, folder, sets };
    named.into_iter().zip(folders).map(arm).collect()
}

/// A folder name for each name: safe on every file system, each once.
pub(crate) fn folder_names<'n>(names: impl IntoIterator<Item = &'n str>) -> Vec<String> {
    unique_folders(names, &[])
}

fn unique_folders<'n>(names: impl IntoIterator<Item = &'n str>, taken: &[&str]) -> Vec<String> {
    let mut used: BTreeSet<String> = taken.iter().map(|&name| name.to_owned()).collect();
    let mut folders = Vec::new();
    for name in names {
        let stem = folder_stem(name);
        let mut folder = stem.clone();
        let mut number = 2;
        // Upper and lower case are one on some file systems.
        while !used.insert(folder.to_lowercase()) {
            folder = format!("{stem}-{number}");
            number += 1;
        }
        folders.push(folder);
    }
    folders
}

/// The arms' names differ and are not empty.
pub(crate) fn check_names(arms: &[Arm]) -> Result<(), ArmsError> {
    for (index, arm) in arms.iter().enumerate() {
        if arm.name.trim().is_empty() {
            return Err(ArmsError::Unnamed { item: index + 1 });
        }
        if arms[..index].iter().any(|other| other.name == arm.name) {
            return Err(ArmsError::Twice {
                name: arm.name.clone(),
            });
        }
    }
    Ok(())
}

/// Letters, digits, `.` and `_` stay; everything between becomes one hyphen.
fn folder_stem(name: &str) -> String {
    let mut stem = String::new();
    for character in name.chars() {
        if character.is_ascii_alphanumeric()
            || character == '_'
            || (character == '.' && !stem.is_empty())
        {
            stem.push(character);
        } else if !stem.is_empty() && !stem.ends_with('-') {
            stem.push('-');
        }
        if stem.len() >= LONGEST_FOLDER {
            break;
        }
    }
    let stem = stem.trim_end_matches(['-', '.']);
    if stem.is_empty() {
        "arm".to_owned()
    } else {
        stem.to_owned()
    }
}

/// Splits at the commas that stand in no parentheses.
fn split_top_level(text: &str) -> Result<Vec<&str>, ArmsError> {
    let unbalanced = |position: usize| ArmsError::Parenthesis {
        text: text.to_owned(),
        position: position + 1,
    };
    let mut parts = Vec::new();
    let mut open: Vec<usize> = Vec::new();
    let mut start = 0;
    for (position, (offset, character)) in text.char_indices().enumerate() {
        match character {
            '(' => open.push(position),
            ')' => drop(open.pop().ok_or_else(|| unbalanced(position))?),
            ',' if open.is_empty() => {
                parts.push(&text[start..offset]);
                start = offset + 1;
            }
            _ => {}
        }
    }
    if let Some(&position) = open.first() {
        return Err(unbalanced(position));
    }
    parts.push(&text[start..]);
    Ok(parts)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn commas_in_parentheses_belong_to_the_activation() {
        assert_eq!(
            split_top_level("gelu,rational(5/4, form=b),relu").unwrap(),
            ["gelu", "rational(5/4, form=b)", "relu"]
        );
        assert_eq!(
            split_top_level("f(g(1,2),3),h").unwrap(),
            ["f(g(1,2),3)", "h"]
        );
        assert!(matches!(
            split_top_level("gelu,(").unwrap_err(),
            ArmsError::Parenthesis { position: 6, .. }
        ));
        assert!(matches!(
            split_top_level("é)").unwrap_err(),
            ArmsError::Parenthesis { position: 2, .. }
        ));
    }

    fn listed(text: &str, tables: &[Arm]) -> Result<Vec<Arm>, ArmsError> {
        text.parse::<ArmList>()?.arms(tables)
    }

    #[test]
    fn arms_are_activations_and_each_occurs_once() {
        let arms = listed("gelu, rational(5/4, form=b)", &[]).unwrap();
        assert_eq!(arms[0].sets, ["activation.function=\"gelu\""]);
        assert_eq!(
            arms[1].sets,
            ["activation.function=\"rational(form=b)\""],
            "defaults are left out"
        );
        assert!(matches!(
            listed("gelu,,relu", &[]),
            Err(ArmsError::Empty { item: 2, .. })
        ));
        assert!(matches!(
            listed("gelu,rational(5/4),rational", &[]),
            Err(ArmsError::Twice { .. })
        ));
        let unknown = listed("gelu,geluu", &[]).unwrap_err();
        assert!(matches!(unknown, ArmsError::Activation { item: 2, .. }));
        assert!(!unknown.hint().unwrap().contains("recipe"));
    }

    #[test]
    fn the_name_of_a_recipes_arm_is_that_arm() {
        let table = |name: &str, set: &str| (name.to_owned(), vec![set.to_owned()]);
        let tables = with_folders([
            table("gelu", "optimizer.learning_rate=1e-3"),
            table("slow-rational", "train.batch=16"),
        ]);
        let arms = listed("slow-rational,gelu,relu", &tables).unwrap();
        assert_eq!(arms[0], tables[1]);
        assert_eq!(arms[1], tables[0], "with what the recipe sets");
        assert_eq!(arms[2].sets, ["activation.function=\"relu\""]);
        let unknown = listed("slow-rationall", &tables).unwrap_err();
        assert!(unknown.hint().unwrap().contains("gelu, slow-rational"));
        let twice = listed("gelu,gelu", &tables).unwrap();
        assert!(matches!(check_names(&twice), Err(ArmsError::Twice { .. })));
    }

    #[test]
    fn folders_are_safe_and_unique() {
        let names = [
            "rational(5/4, form=b)",
            "rational(5/4; form=b)",
            "data",
            "../etc",
            "…",
            "GELU",
            "gelu",
            "leaky_relu(0.1)",
            "compare.json",
        ];
        let arms = with_folders(names.map(|name| (name.to_owned(), Vec::new())));
        let folders: Vec<&str> = arms.iter().map(|arm| arm.folder.as_str()).collect();
        assert_eq!(
            folders,
            [
                "rational-5-4-form-b",
                "rational-5-4-form-b-2",
                "data-2",
                "etc",
                "arm",
                "GELU",
                "gelu-2",
                "leaky_relu-0.1",
                "compare.json-2"
            ]
        );
    }
}
