//! Batches and small models of tasks.

use pliant_nn::{AdapterKind, ModelConfig, TaskHead, TaskInput, TaskModel, TaskTarget};

use super::{OwnedBatch, small_config};

/// A batch with targets of each kind.
#[derive(Debug, Clone)]
pub struct TaskRows {
    pub tokens: OwnedBatch,
    pub classes: Vec<u32>,
    pub scores: Vec<f32>,
    pub starts: Vec<u32>,
    pub ends: Vec<u32>,
}

impl TaskRows {
    /// Padded sequences; some spans are to be ignored.
    pub fn new(seed: u64, sequences: usize, length: usize, config: &ModelConfig) -> Self {
        let tokens = OwnedBatch::padded(seed, sequences, length, config.vocabulary_size);
        let real = |row: usize| {
            let mask = &tokens.attention_mask[row * length..(row + 1) * length];
            mask.iter().map(|real| usize::from(*real)).sum::<usize>()
        };
        Self {
            classes: (0..sequences as u32)
                .map(|row| (row * row + 1) % 3)
                .collect(),
            scores: (0..sequences).map(|row| row as f32 * 0.7 - 1.0).collect(),
            starts: (0..sequences)
                .map(|row| (row * 5 % real(row)) as u32)
                .collect(),
            ends: (0..sequences)
                .map(|row| match row % 4 {
                    3 => length as u32,
                    _ => real(row) as u32 - 1,
                })
                .collect(),
            tokens,
        }
    }

    /// The rows `first..first + count` as a micro-batch of the same step.
    pub fn rows(&self, first: usize, count: usize) -> Self {
        let range = first..first + count;
        Self {
            tokens: self.tokens.rows(first, count),
            classes: self.classes[range.clone()].to_vec(),
            scores: self.scores[range.clone()].to_vec(),
            starts: self.starts[range.clone()].to_vec(),
            ends: self.ends[range].to_vec(),
        }
    }

    /// With the targets of a head.
    pub fn input(&self, head: &TaskHead) -> TaskInput<'_> {
        let target = match head {
            TaskHead::Classification { .. } => TaskTarget::Classes(&self.classes),
            TaskHead::Regression => TaskTarget::Scores(&self.scores),
            TaskHead::Span => TaskTarget::Spans {
                starts: &self.starts,
                ends: &self.ends,
            },
        };
        TaskInput {
            sequences: self.tokens.sequences,
            length: self.tokens.length,
            ids: &self.tokens.ids,
            type_ids: &self.tokens.type_ids,
            attention_mask: &self.tokens.attention_mask,
            target,
            first_sequence: self.tokens.first_sequence,
        }
    }
}

/// One head of each kind.
pub fn heads() -> [TaskHead; 3] {
    [three_labels(), TaskHead::Regression, TaskHead::Span]
}

pub fn three_labels() -> TaskHead {
    TaskHead::Classification {
        labels: ["no", "perhaps", "yes"].map(str::to_owned).to_vec(),
    }
}

pub const ADAPTERS: [AdapterKind; 2] = [
    AdapterKind::Ia3,
    AdapterKind::Lora {
        rank: 3,
        alpha: 6.0,
    },
];

/// A small configuration whose pooler is a site too.
pub fn task_config() -> ModelConfig {
    let mut config = small_config("rational");
    config.sites = "all+pooler".parse().unwrap();
    config
}

/// A small model, with an adapter that is not at its start.
pub fn adapted(head: &TaskHead, adapter: &AdapterKind) -> TaskModel {
    let mut model = TaskModel::new(&task_config(), head.clone(), 3).unwrap();
    model.add_adapter(adapter, 5).unwrap();
    disturb_adapter(&mut model);
    model
}

/// Moves the parameters of an adapter off their start.
pub fn disturb_adapter(model: &mut TaskModel) {
    model
        .update(&mut |index, info, values| {
            if info.name.contains("ia3") || info.name.contains("lora") {
                for (at, value) in values.iter_mut().enumerate() {
                    *value += 0.2 * ((at * 7 + index * 3) % 11) as f32 / 11.0 - 0.1;
                }
            }
        })
        .unwrap();
}
