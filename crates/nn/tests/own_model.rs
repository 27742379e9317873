//! The example of a Burn model of one's own, run.
#![allow(clippy::unwrap_used)]

#[path = "../examples/own_model.rs"]
mod own_model;

// One test, for the generator of the device is one for the process.
#[test]
fn the_example_runs_and_its_activation_learns() {
    own_model::main().unwrap();
    let (network, first, last) = own_model::train(Some("rational"), 200).unwrap();
    assert!(last < first / 2.0, "{first} to {last}");
    let activation = network.activation.unwrap();
    let start = activation.activation().start_coefficients(32).unwrap();
    let learned = activation.coefficients.unwrap().val().into_data();
    let learned = learned.try_to_vec::<f32>().unwrap();
    assert_eq!(learned.len(), start.len());
    for (index, (learned, start)) in learned.iter().zip(&start).enumerate() {
        assert_ne!(learned, start, "coefficient {index} never moved");
    }
}
