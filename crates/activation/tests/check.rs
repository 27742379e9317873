//! The check over every family, form and degree.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use pliant_activation::check::{CheckOptions, run};
use pliant_activation::list::list;
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
    // 20 ways of sharing, 288 forms and degrees (the start is silu there), the public table, two
    // scaled variables and the plain rational.
    let rationals = names.iter().filter(|name| name.starts_with("rational"));
    assert_eq!(rationals.count(), 20 + 288 + 1 + 2 + 1);
    for entry in list().unwrap() {
        if entry.name.starts_with("rational") {
            continue;
        }
        assert!(names.contains(entry.name.as_str()), "{}", entry.name);
        if entry.learnable && !entry.over_rows {
            let channel = format!("{}(share=channel)", entry.name);
            assert!(names.contains(channel.as_str()), "{channel}");
        }
    }
    assert!(names.contains("leaky_relu(-0.5)") && names.contains("prelu(0.1)"));
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
    let of_rows = report
        .rows
        .iter()
        .filter(|row| row.activation == "poly_norm(4)");
    let found: BTreeSet<(&str, &str)> = of_rows.map(|row| (row.comparison, row.inputs)).collect();
    for comparison in [
        "row gradients / dual numbers",
        "row gradients / central differences",
        "fast rows / reference",
        "fast row gradients / reference",
        "fast sums of row gradients / reference",
    ] {
        for kind in ["random", "one huge input", "all equal", "zero", "tiny"] {
            assert!(found.contains(&(comparison, kind)), "{comparison}, {kind}");
        }
    }
    for inputs in ["random", "huge", "zero", "kinks"] {
        assert!(
            report.rows.iter().any(|row| row.inputs == inputs),
            "{inputs}"
        );
    }
}
