//! The recipe as TOML: complete, and reading back as itself.

use std::fmt::Write;

use super::table::{Group, OptimizerTable};
use super::value::{RecipeValue, Value};
use super::{Clock, Recipe};

impl Recipe {
    /// TOML text of the complete recipe, with the program's version and commit in the header.
    pub fn to_toml(&self, commit: Option<&str>) -> String {
        let mut text = format!(
            "# Complete recipe, written by pliant {} (commit {}).\n",
            env!("CARGO_PKG_VERSION"),
            commit.unwrap_or("unknown")
        );
        for (table, entries) in self.tables() {
            let _ = write!(text, "\n[{table}]\n");
            for (key, value) in entries {
                let _ = match value {
                    Some(value) => writeln!(text, "{key} = {value}"),
                    None => writeln!(
                        text,
                        "# {key}: not set{}",
                        self.meaning_of_unset(table, key)
                    ),
                };
            }
            if table == "optimizer" {
                for group in &self.groups {
                    write_group(&mut text, group, &self.optimizer);
                }
            }
        }
        for arm in &self.arms {
            let _ = write!(text, "\n[[arm]]\n");
            for (key, value) in arm.entries() {
                if let Some(value) = value {
                    let _ = writeln!(text, "{key} = {value}");
                }
            }
        }
        text
    }

    /// What an unset key amounts to.
    fn meaning_of_unset(&self, table: &str, key: &str) -> String {
        match (table, key, self.clock()) {
            ("train", "micro_batch", _) => format!(", the whole batch of {}", self.train.batch),
            ("train", "steps", Clock::Minutes(minutes)) => {
                format!(", the run ends after {minutes} minutes")
            }
            ("train", "minutes", Clock::Steps(steps)) => {
                format!(", the run ends after {steps} steps")
            }
            ("data", "cache", _) => ", data/ inside the run folder".to_owned(),
            _ => String::new(),
        }
    }
}

fn write_group(text: &mut String, group: &Group, optimizer: &OptimizerTable) {
    let _ = write!(text, "\n[[optimizer.group]]\n");
    for (key, value) in group.entries() {
        let inherited = match key {
            "learning_rate" => optimizer.learning_rate.write(),
            "weight_decay" => optimizer.weight_decay.write(),
            "schedule" => optimizer.schedule.write(),
            "warmup" => optimizer.warmup.write(),
            "decay_towards" => Some(Value::Text("zero".to_owned())),
            _ => None,
        };
        let _ = match (value, inherited) {
            (Some(value), _) => writeln!(text, "{key} = {value}"),
            // Not written as a value: a changed [optimizer] must go on reaching the group.
            (None, Some(inherited)) => writeln!(text, "# {key}: {inherited} (as in [optimizer])"),
            (None, None) => Ok(()),
        };
    }
}
