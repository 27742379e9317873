//! The fused operations against plain ones: the losses of a run, and those of the same model composed of the framework's
//! own tensor operations and automatic differentiation, from the same start, on the same batches, with the same dropout.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod dropout;
mod network;
mod optimizer;
#[path = "../support/mod.rs"]
mod support;

use network::Network;
use optimizer::PlainAdamW;
use pliant_data::BatchPlan;
use pliant_nn::MaskedLanguageModel;
use pliant_train::{Event, Start};
use support::{options, recipe, run};

const STEPS: usize = 200;

/// Largest relative distance of the losses, and the plain losses.
fn distance(settings: &[&str]) -> (f64, Vec<f64>) {
    let steps = format!("train.steps={STEPS}");
    let common = [
        steps.as_str(),
        "train.batch=4",
        "model.dropout=0.1",
        "model.attention_dropout=0.1",
        "optimizer.learning_rate=0.003",
        "validation.every=0",
        "checkpoint.every=0",
    ];
    let recipe = recipe(&[&common, settings].concat());
    let folder = tempfile::tempdir().unwrap();
    let ran = run(
        &recipe,
        &folder.path().join("run"),
        &options(Start::Fresh, 2),
    );
    ran.result.as_ref().unwrap();

    let dataset = pliant_data::prepare(&recipe.data_config(folder.path()), &mut |_| {}).unwrap();
    let plan = BatchPlan::new(
        &dataset,
        recipe.train.seed,
        recipe.train.batch,
        recipe.masking(),
    )
    .unwrap();
    let config = recipe
        .model_config(dataset.tokenizer().vocabulary_size())
        .unwrap();
    let start = MaskedLanguageModel::new(&config, recipe.train.seed).unwrap();
    let mut network = Network::new(&config, &start);
    let mut optimizer = PlainAdamW::new(&recipe, &start);

    let mut worst: f64 = 0.0;
    let mut losses = Vec::new();
    for event in &ran.events {
        let Event::Step {
            step,
            loss,
            learning_rates,
            ..
        } = event
        else {
            continue;
        };
        let batch = plan.batch(step - 1);
        let (plain, gradients) = network.loss_and_gradients(&batch, recipe.train.seed, *step);
        optimizer.apply(&mut network.values, &gradients, learning_rates, *step);
        worst = worst.max((loss - plain).abs() / plain);
        losses.push(plain);
    }
    assert_eq!(losses.len(), STEPS);
    (worst, losses)
}

/// That they go down shows that there is something to agree about.
fn assert_equal_and_falling(settings: &[&str]) {
    let (worst, losses) = distance(settings);
    assert!(worst < 1e-4, "relative distance {worst}");
    let mean = |losses: &[f64]| losses.iter().sum::<f64>() / losses.len() as f64;
    let (early, late) = (mean(&losses[..20]), mean(&losses[STEPS - 20..]));
    assert!(late < early - 0.3, "from {early} to {late}");
}

#[test]
fn losses_of_200_steps_with_norms_first_rotary_positions_and_rationals() {
    assert_equal_and_falling(&[]);
}

#[test]
fn losses_of_200_steps_with_norms_last_learned_positions_and_gelu() {
    assert_equal_and_falling(&[
        "activation.function=gelu",
        "model.norm=post",
        "model.positions=learned",
        "model.embedding_norm=true",
    ]);
}
