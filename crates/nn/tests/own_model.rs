//! The example of a Burn model of one's own, run.
#![allow(clippy::unwrap_used)]

#[path = "../examples/own_model.rs"]
mod own_model;

#[test]
fn the_example_runs() {
    own_model::main().unwrap();
}

#[test]
fn the_model_learns_and_so_does_its_activation() {
    let (network, first, last) = own_model::train(Some("rational"), 200).unwrap();
    assert!(last < first / 10.0, "{first} to {last}");
    let activation = network.activation.unwrap();
    let start = activation.activation().start_coefficients(32).unwrap();
    let learned = activation.coefficients.unwrap().val().into_data();
    let learned = learned.try_to_vec::<f32>().unwrap();
    assert_eq!(learned.len(), start.len());
    for (index, (learned, start)) in learned.iter().zip(&start).enumerate() {
        assert_ne!(learned, start, "coefficient {index} never moved");
    }
}
