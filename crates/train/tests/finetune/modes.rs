//! Exactly the stated numbers move, nothing else.

use pliant_nn::{ParameterInfo, TaskHead, TaskModel};
use pliant_train::Event;
use pliant_train::finetune::{FinetuneOptions, Selection, Trains, twin_coefficients};

use crate::world::{World, run, run_options};

fn head() -> TaskHead {
    TaskHead::Classification {
        labels: vec!["negative".to_owned(), "positive".to_owned()],
    }
}

/// The model as the run began with it.
fn start(options: &FinetuneOptions, seed: u64) -> TaskModel {
    let mut model = TaskModel::from_encoder(&options.model, head(), seed).unwrap();
    if let Some(adapter) = options.mode.adapter() {
        model.add_adapter(&adapter, seed).unwrap();
    }
    model
}

/// How many numbers of each parameter differ in their bits.
fn moved(before: &TaskModel, after: &TaskModel) -> Vec<Vec<u32>> {
    assert_eq!(before.parameters(), after.parameters());
    (0..before.parameters().len())
        .map(|index| {
            before
                .read(index)
                .iter()
                .zip(after.read(index))
                .enumerate()
                .filter(|(_, (before, after))| before.to_bits() != after.to_bits())
                .map(|(element, _)| element as u32)
                .collect()
        })
        .collect()
}

/// Trains ten steps; what moved must be what the selection and the result state, number by number.
fn assert_moves_what_it_says(world: &World, mode: &str) -> usize {
    let options = world.options(mode);
    let out = world.path(&format!("run-{mode}"));
    let result = run(&options, 3, &out, &run_options(2)).result.unwrap();
    let before = start(&options, 3);
    let after = if options.mode.adapter().is_some() {
        TaskModel::with_adapter(&options.model, &out.join("adapter")).unwrap()
    } else {
        TaskModel::load(&out.join("model")).unwrap()
    };
    let matched = twin_coefficients(before.config(), true).unwrap();
    let selection = Selection::new(options.mode, before.parameters(), matched, 3).unwrap();
    let mut total = 0;
    for ((parameter, trains), moved) in before
        .parameters()
        .iter()
        .zip(&selection.trains)
        .zip(moved(&before, &after))
    {
        let expected: Vec<u32> = match trains {
            Trains::All => (0..parameter.count() as u32).collect(),
            Trains::None => Vec::new(),
            Trains::Elements(elements) => elements.clone(),
        };
        assert_eq!(moved, expected, "{mode}: {}", parameter.name);
        total += moved.len();
    }
    assert_eq!(total, result.trainable_parameters, "{mode}");
    assert_eq!(total, selection.total());
    assert_eq!(result.trained, selection.counts);
    total
}

/// Numbers of the head: pooler 16·16 + 16, output 2·16 + 2.
const HEAD: usize = 306;

#[test]
fn every_mode_moves_exactly_what_it_says() {
    let world = World::new("rational", "all+pooler");
    let coefficients = 30;
    for (mode, beside_the_head) in [
        ("head", 0),
        ("activations", coefficients),
        ("matched-bias", coefficients),
        // Scales of keys, values (16 each) and the inner feed-forward (32) in two layers.
        ("ia3", 2 * (16 + 16 + 32)),
        // Two matrices of rank 2 on query and value in two layers.
        ("lora(2)", 2 * 2 * (2 * 16 + 16 * 2)),
    ] {
        let total = assert_moves_what_it_says(&world, mode);
        assert_eq!(total, HEAD + beside_the_head, "{mode}");
    }
    let bitfit = assert_moves_what_it_says(&world, "bitfit");
    let both = assert_moves_what_it_says(&world, "bitfit+activations");
    assert_eq!(both, bitfit + coefficients);
    let fixed = assert_moves_what_it_says(&world, "frozen-activations");
    let full = assert_moves_what_it_says(&world, "full");
    assert_eq!(full, fixed + coefficients);
    let all: usize = start(&world.options("full"), 3)
        .parameters()
        .iter()
        .map(ParameterInfo::count)
        .sum();
    assert_eq!(full, all);
}

#[test]
fn the_fixed_twin_matches_the_coefficients_that_it_lacks() {
    let world = World::new("gelu", "all+pooler");
    let total = assert_moves_what_it_says(&world, "matched-bias");
    assert_eq!(total, HEAD + 30);
    let mut options = world.options("matched-bias");
    options.matched_bias = Some(11);
    let result = run(&options, 1, &world.path("eleven"), &run_options(2))
        .result
        .unwrap();
    assert_eq!(result.trainable_parameters, HEAD + 11);
    // Nothing is frozen that could learn: said, and the same as full.
    let frozen = run(
        &world.options("frozen-activations"),
        1,
        &world.path("frozen"),
        &run_options(2),
    );
    assert!(frozen.events.iter().any(
        |event| matches!(event, Event::Warning { message } if message.contains("frozen-activations"))
    ));
    let full = run(
        &world.options("full"),
        1,
        &world.path("full"),
        &run_options(2),
    );
    assert_eq!(
        frozen.result.unwrap().validation,
        full.result.unwrap().validation
    );
}

#[test]
fn a_merged_adapter_says_what_the_adapter_says() {
    use pliant_nn::Precision;
    use pliant_train::predict::{Prediction, Predictor};

    let world = World::new("rational", "all");
    for mode in ["ia3", "lora(4)"] {
        let apart = world.options(mode);
        let merged = FinetuneOptions {
            merge: true,
            ..apart.clone()
        };
        let folders = [
            world.path(&format!("{mode}-a")),
            world.path(&format!("{mode}-m")),
        ];
        run(&apart, 1, &folders[0], &run_options(2)).result.unwrap();
        run(&merged, 1, &folders[1], &run_options(2))
            .result
            .unwrap();
        let adapter = folders[0].join("adapter");
        let one = Predictor::load(&world.model(), Some(&adapter), Precision::F32).unwrap();
        let other = Predictor::load(&folders[1].join("model"), None, Precision::F32).unwrap();
        let rows = [("the film was good".to_owned(), None)];
        let probability = |predictor: &Predictor| match &predictor.label(&rows).unwrap()[0] {
            Prediction::Label { labels, .. } => labels[0].probability,
            Prediction::Score { .. } => panic!("a number"),
        };
        let (one, other) = (probability(&one), probability(&other));
        assert!((one - other).abs() < 1e-5, "{mode}: {one} {other}");
        let bytes = std::fs::metadata(adapter.join("adapter.safetensors"));
        assert!(bytes.is_ok_and(|file| file.len() < 20_000), "{mode}");
    }
}
