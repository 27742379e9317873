//! The example on plain slices, run.
#![allow(clippy::unwrap_used)]

#[path = "../examples/slices.rs"]
mod slices;

#[test]
fn the_example_runs() {
    slices::main().unwrap();
}

#[test]
fn a_rational_learns_another_function() {
    let fitted = slices::fit("rational", "tanh", 1000).unwrap();
    let [before, after] = fitted.errors;
    assert!(after < before / 100.0, "{before} to {after}");
    // The coefficients are in the places that the f64 reference reads.
    let positions = fitted.activation.positions(16, 0).unwrap();
    let own: Vec<f64> = positions
        .iter()
        .map(|place| f64::from(fitted.coefficients[*place]))
        .collect();
    let distance = (fitted.activation.value(&own, 1.0) - 1.0_f64.tanh()).abs();
    assert!(distance < 0.1, "{distance}");
}

#[test]
fn every_sharing_learns() {
    for learner in ["rational(share=group(4))", "rational(share=channel)"] {
        let [before, after] = slices::fit(learner, "silu", 200).unwrap().errors;
        assert!(after < before, "{learner}: {before} to {after}");
    }
}
