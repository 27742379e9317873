//! Runs all checks and prints the failures: `cargo run --release -p pliant-activation --example check`.
#![allow(clippy::print_stdout)]

use pliant_activation::check::{CheckOptions, run};

fn main() -> Result<(), pliant_activation::ActivationError> {
    let report = run(&CheckOptions::default())?;
    for row in report.rows.iter().filter(|row| !row.passed) {
        println!(
            "{} [{}] {}, {}: {:.2e} > {:.0e} at {}",
            row.activation,
            row.coefficients,
            row.comparison,
            row.inputs,
            row.worst,
            row.tolerance,
            row.at
        );
    }
    println!("{} cases, passed: {}", report.rows.len(), report.passed);
    Ok(())
}
