//! Prints nanoseconds per element of every activation: `cargo run --release -p pliant-activation --example bench`.
#![allow(clippy::print_stdout)]

use pliant_activation::bench::{BenchOptions, run};

fn main() -> Result<(), pliant_activation::ActivationError> {
    let report = run(&BenchOptions::default())?;
    println!(
        "{} x {}, {} threads, {}",
        report.rows, report.columns, report.threads, report.instructions
    );
    println!(
        "{:32} {:>8} {:>8} {:>8} {:>8}",
        "ns per element", "forward", "to gelu", "both", "to gelu"
    );
    for row in report.results {
        println!(
            "{:32} {:8.3} {:8.2} {:8.3} {:8.2}",
            row.activation,
            row.forward,
            row.forward_to_gelu,
            row.forward_backward,
            row.forward_backward_to_gelu
        );
    }
    Ok(())
}
