//! The check over every family, form and degree.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use pliant_activation::check::{CheckOptions, run};
use std::collections::BTreeSet;

#[test]
fn every_family_form_and_degree_passes() {
    let report = run(&CheckOptions {
        points: 40,
        ..CheckOptions::default()
    })
    .unwrap();
    let failed: Vec<String> = report
        .rows
        .iter()
        .filter(|row| !row.passed)
        .map(|row| format!("{row:?}"))
        .collect();
    assert!(report.passed && failed.is_empty(), "{}", failed.join("\n"));
    let names: BTreeSet<&str> = report
        .rows
        .iter()
        .map(|row| row.activation.as_str())
        .collect();
    // Eight fixed, two more slopes, the public table, 20 ways of sharing, 288 forms and degrees (the start is silu there),
    // and the plain rational.
    assert_eq!(names.len(), 8 + 2 + 1 + 20 + 288 + 1);
    for comparison in [
        "derivative / central differences",
        "derivative / one-sided differences",
        "derivatives / dual numbers",
        "coefficient gradient / differences",
        "fast value / reference",
        "fast derivative / reference",
        "fast coefficient gradient / reference",
    ] {
        assert!(
            report
                .rows
                .iter()
                .any(|row| row.comparison == comparison && row.count > 0 && row.worst > 0.0),
            "{comparison}"
        );
    }
    for inputs in ["random", "huge", "zero", "kinks"] {
        assert!(
            report.rows.iter().any(|row| row.inputs == inputs),
            "{inputs}"
        );
    }
}
