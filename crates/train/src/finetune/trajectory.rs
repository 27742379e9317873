//! The losses of fine-tuning beside those of `PyTorch`: the same start, rows, order and hyper-parameters, step by step.
//!
//! The fixtures are made by `python/golden/finetune.py` in double precision.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::BTreeMap;
use std::fs;
use std::ops::Range;
use std::path::Path;

use pliant_data::task::{Sequence, SequenceTarget, TaskBatch};
use pliant_nn::TaskModel;
use serde::Deserialize;

use super::tuned::{EpochBatch, Tuned};
use super::{FinetuneOptions, Selection, TaskData, groups};
use crate::optimizer::{GradientNorms, Optimizer};
use crate::recipe::Clock;
use crate::schedule::Moment;
use crate::step;
use crate::trainable::{Feed, Trainable};

#[derive(Deserialize)]
struct Fixture {
    hyper_parameters: HyperParameters,
    groups: Vec<Group>,
    rows: Vec<Row>,
    order: Vec<Vec<usize>>,
    losses: Vec<f64>,
}

#[derive(Deserialize)]
struct HyperParameters {
    betas: [f64; 2],
    epsilon: f64,
    steps: u64,
    weight_decay: f64,
    learning_rates: BTreeMap<String, f64>,
}

#[derive(Deserialize)]
struct Group {
    learning_rate: f64,
    weight_decay: f64,
    parameters: Vec<String>,
}

#[derive(Deserialize)]
struct Row {
    ids: Vec<u32>,
    type_ids: Vec<u32>,
    class: Option<u32>,
    start: Option<u32>,
    end: Option<u32>,
}

impl Sequence for Row {
    fn ids(&self) -> &[u32] {
        &self.ids
    }
    fn type_ids(&self) -> &[u32] {
        &self.type_ids
    }
    fn target(&self) -> SequenceTarget {
        match (self.class, self.start, self.end) {
            (Some(class), ..) => SequenceTarget::Class(class),
            (_, Some(start), Some(end)) => SequenceTarget::Span(start, end),
            _ => SequenceTarget::None,
        }
    }
}

impl Feed for Fixture {
    type Batch = EpochBatch;
    fn batch_size(&self, step: u64) -> usize {
        self.order[step as usize].len()
    }
    fn rows(&self, step: u64, rows: Range<usize>) -> EpochBatch {
        EpochBatch {
            batch: TaskBatch::gather(&self.rows, &self.order[step as usize], rows, 0),
            epoch: 0,
        }
    }
    fn loss_rows(&self, step: u64) -> usize {
        self.batch_size(step)
    }
    fn validation(&self, _: usize) -> Box<dyn Iterator<Item = EpochBatch> + '_> {
        Box::new(std::iter::empty())
    }
}

/// The greatest relative distance over all steps, in micro-batches of that size.
fn assert_same_losses(name: &str, micro_batch: usize) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/golden")
        .join(name);
    let text = fs::read_to_string(folder.join("trajectory.json")).unwrap();
    let fixture: Fixture = serde_json::from_str(&text).unwrap();
    let own = &fixture.hyper_parameters;
    let options = FinetuneOptions {
        learning_rate: own.learning_rates["encoder"],
        head_learning_rate: own.learning_rates["head"],
        activation_learning_rate: own.learning_rates["activations"],
        weight_decay: own.weight_decay,
        ..FinetuneOptions::new(
            &folder,
            "own".parse().unwrap(),
            TaskData::Folder(folder.clone()),
            "full".parse().unwrap(),
            None,
        )
    };
    let model = TaskModel::load(&folder).unwrap();
    let selection = Selection::new(options.mode, model.parameters(), 0, 1).unwrap();
    let mut model = Tuned::new(model, selection);
    let clock = Clock::Steps(own.steps);
    let grouping = groups::assign(&options, model.parameters(), &model.selection, clock);
    // The groups are the fixture's: the same rates for the same names.
    for (parameter, group) in model.parameters().iter().zip(&grouping.of_parameter) {
        let group = &grouping.groups[group.unwrap()];
        let expected = fixture
            .groups
            .iter()
            .find(|group| group.parameters.contains(&parameter.name))
            .unwrap_or_else(|| panic!("{} is in no group of the fixture", parameter.name));
        assert_eq!(
            (group.learning_rate, group.weight_decay),
            (expected.learning_rate, expected.weight_decay),
            "{}",
            parameter.name
        );
    }
    let mut optimizer = Optimizer::new(grouping, own.betas, own.epsilon, &model);
    for (number, expected) in (1..=own.steps).zip(&fixture.losses) {
        let computed = step::compute(&model, &fixture, 1, number, micro_batch, ("", "")).unwrap();
        let distance = (computed.loss - expected).abs() / expected;
        assert!(
            distance < 1e-3,
            "{name}, step {number}: {} here, {expected} there",
            computed.loss
        );
        let rates = optimizer.learning_rates(Moment {
            step: number,
            minutes: 0.0,
        });
        let clip = GradientNorms::of(&computed.gradients, model.parameters()).clip(0.0);
        optimizer
            .apply(&mut model, &computed.gradients, clip, &rates, number)
            .unwrap();
    }
    // There is something to agree about.
    let (first, last) = (fixture.losses[0], fixture.losses[fixture.losses.len() - 1]);
    assert_eq!(fixture.losses.len(), 50);
    assert!(last < 0.6 * first, "{first} {last}");
}

#[test]
fn fifty_steps_of_a_classification_are_pytorch_s() {
    assert_same_losses("trajectory-classification", 8);
    assert_same_losses("trajectory-classification", 3);
}

#[test]
fn fifty_steps_of_a_span_task_are_pytorch_s() {
    assert_same_losses("trajectory-span", 8);
}
