//! Several seeds.

use std::fs;

use pliant_train::finetune::finetune;
use pliant_train::{Event, TrainError};

use crate::world::{World, run_options};

#[test]
fn seeds_share_options_and_make_one_result() {
    let world = World::new("rational", "all");
    let options = world.options("activations");
    let out = world.path("out");
    let result = finetune(
        &options,
        &[1, 2, 3],
        &out,
        &run_options(2),
        &mut |_: &Event| {},
    )
    .unwrap();
    let json: serde_json::Value =
        serde_json::from_str(&fs::read_to_string(out.join("results.json")).unwrap()).unwrap();
    assert_eq!(json["task"], "sst2");
    assert_eq!(json["mode"], "activations");
    assert_eq!(json["trainable_parameters"], 306 + 20);
    let seeds = json["seeds"].as_array().unwrap();
    assert_eq!(seeds.len(), 3);
    let accuracies: Vec<f64> = seeds
        .iter()
        .map(|seed| {
            assert!(seed["validation"]["accuracy"].is_f64());
            seed["test"]["accuracy"].as_f64().unwrap()
        })
        .collect();
    let mean = accuracies.iter().sum::<f64>() / 3.0;
    let squares: f64 = accuracies.iter().map(|value| (value - mean).powi(2)).sum();
    let spread = &json["test"]["accuracy"];
    assert!((spread["mean"].as_f64().unwrap() - mean).abs() < 1e-12);
    assert!((spread["sd"].as_f64().unwrap() - (squares / 2.0).sqrt()).abs() < 1e-12);

    // Run again with one more seed: the finished ones are found.
    let mut started = Vec::new();
    let mut sink = |event: &Event| {
        if let Event::TaskStarted { seed, .. } = event {
            started.push(*seed);
        }
    };
    let again = finetune(&options, &[1, 2, 3, 4], &out, &run_options(2), &mut sink).unwrap();
    assert_eq!(started, [4]);
    assert_eq!(again.seeds[..3], result.seeds);

    let other = world.options("head");
    let error = finetune(&other, &[1], &out, &run_options(2), &mut |_: &Event| {}).unwrap_err();
    assert!(matches!(error, TrainError::OtherRecipe { .. }), "{error}");
    let error = finetune(&options, &[], &out, &run_options(2), &mut |_: &Event| {}).unwrap_err();
    assert!(matches!(error, TrainError::NoSeeds), "{error}");
}

#[test]
fn arms_of_one_seed_see_the_same_rows_in_the_same_order() {
    let (gelu, rational) = (World::new("gelu", "all"), World::new("rational", "all"));
    let fairness = |world: &World, mode: &str| {
        crate::world::run(
            &world.options(mode),
            4,
            &world.path(&format!("fair-{mode}")),
            &run_options(2),
        )
        .result
        .unwrap()
        .fairness
    };
    let one = fairness(&gelu, "full");
    for (world, mode) in [(&rational, "full"), (&rational, "head"), (&gelu, "bitfit")] {
        assert_eq!(fairness(world, mode), one, "{mode}");
    }
}

#[test]
fn a_cell_of_a_sweep_keeps_results_and_shapes_but_no_weights() {
    use pliant_train::RunOptions;

    let world = World::new("rational", "all");
    let options = RunOptions {
        discard_model: true,
        ..run_options(2)
    };
    for mode in ["full", "ia3"] {
        let out = world.path(&format!("cell-{mode}"));
        let result = crate::world::run(&world.options(mode), 1, &out, &options)
            .result
            .unwrap();
        assert!(out.join("result.json").is_file() && out.join("shapes/inputs.json").is_file());
        for gone in ["model", "adapter", "checkpoints"] {
            assert!(!out.join(gone).exists(), "{mode}: {gone}");
        }
        let again = crate::world::run(&world.options(mode), 1, &out, &options);
        assert_eq!(again.result.unwrap(), result);
    }
}
