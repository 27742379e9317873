//! What is said about activation functions.

use std::fmt::Write as _;

use pliant_activation::{
    DenominatorForm,
    bench::BenchReport,
    check::CheckReport,
    fit::FitReport,
    import::ImportReport,
    list::{GatedEntry, ListEntry},
};
use pliant_lab::brief;

use super::{
    number::{grouped, significant},
    palette::Palette,
    table::Table,
};

/// Coefficients, errors, slopes.
pub(crate) fn fit(report: &FitReport, palette: Palette) -> String {
    let request = &report.request;
    let (low, high) = request.range;
    let mut text = format!(
        "{} by a {}/{} rational, form {}, on [{low}, {high}]\n\n",
        request.target, request.numerator_degree, request.denominator_degree, request.form
    );
    for (name, coefficients) in [
        ("numerator", &report.numerator),
        ("denominator", &report.denominator),
    ] {
        let _ = writeln!(text, "{}", palette.heading(name));
        // Shortest digits that read back as the same number.
        for coefficient in coefficients {
            let _ = writeln!(text, "  {coefficient:?}");
        }
    }
    let mut table = Table::new(&[
        "error",
        "maximum",
        "rms",
        "derivative maximum",
        "derivative rms",
    ]);
    for (name, errors) in [
        ("inside", &report.inside),
        ("twice the range", &report.twice),
    ] {
        let numbers = [
            errors.max,
            errors.rms,
            errors.derivative_max,
            errors.derivative_rms,
        ]
        .map(significant);
        table.row([name.to_owned()].into_iter().chain(numbers));
    }
    let _ = write!(text, "\n{}", table.render(palette));
    let _ = writeln!(
        text,
        "\nslope at {low}: {}, at {high}: {}",
        significant(report.slope_low),
        significant(report.slope_high)
    );
    if !report.poles.is_empty() {
        let poles: Vec<String> = report.poles.iter().map(|&pole| significant(pole)).collect();
        let _ = writeln!(
            text,
            "{} the denominator is zero at {}",
            palette.warning("warning:"),
            poles.join(", ")
        );
    }
    text
}

/// Every activation with its formula, options and source; behind them the layers with a gate.
pub(crate) fn list(entries: &[ListEntry], gated: &[GatedEntry], palette: Palette) -> String {
    let mut text = String::new();
    for entry in entries {
        let kind = match entry.coefficients {
            0 => "fixed".to_owned(),
            number => format!("learnable, {number} coefficients"),
        };
        let _ = writeln!(text, "{}  ({kind})", palette.heading(&entry.name));
        let _ = writeln!(text, "  f(x)  = {}", entry.formula);
        let _ = writeln!(text, "  f'(x) = {}", entry.derivative);
        if !entry.options.is_empty() {
            let _ = writeln!(text, "  options: {}", entry.options.join(", "));
        }
        if !entry.note.is_empty() {
            let _ = writeln!(text, "  note: {}", entry.note);
        }
        let _ = writeln!(text, "  source: {}\n", entry.source);
    }
    for entry in gated {
        let name = palette.heading(&entry.name);
        let _ = writeln!(text, "{name}  (a feed-forward layer with a gate)");
        let _ = writeln!(text, "  {}", entry.formula);
        let _ = writeln!(text, "  options: {}", entry.options.join(", "));
        let _ = writeln!(text, "  note: {}", entry.note);
        let _ = writeln!(text, "  source: {}\n", entry.source);
    }
    text
}

/// The worst case of each comparison of each activation, and what failed.
pub(crate) fn check(report: &CheckReport, palette: Palette) -> String {
    let mut table = Table::new(&[
        "comparison",
        "inputs",
        "checks",
        "worst",
        "at",
        "of",
        "allowed",
        "",
    ])
    .left(&[1, 5, 7]);
    let mut kinds: Vec<(&str, &str)> = Vec::new();
    for row in &report.rows {
        if !kinds.contains(&(row.comparison, row.inputs)) {
            kinds.push((row.comparison, row.inputs));
        }
    }
    for (comparison, inputs) in kinds {
        let rows = || {
            report
                .rows
                .iter()
                .filter(move |row| (row.comparison, row.inputs) == (comparison, inputs))
        };
        let count: usize = rows().map(|row| row.count).sum();
        // What comes nearest to its tolerance; a failure comes before everything.
        let nearness = |worst: f64, tolerance: f64| {
            if worst.is_nan() {
                f64::INFINITY
            } else {
                worst / tolerance
            }
        };
        let worst = rows().max_by(|left, right| {
            nearness(left.worst, left.tolerance).total_cmp(&nearness(right.worst, right.tolerance))
        });
        let Some(worst) = worst else { continue };
        table.row([
            comparison.to_owned(),
            inputs.to_owned(),
            grouped(count as u64),
            significant(worst.worst),
            if worst.at.is_nan() {
                "–".to_owned()
            } else {
                significant(worst.at)
            },
            brief(&worst.activation),
            significant(worst.tolerance),
            if rows().all(|row| row.passed) {
                "ok"
            } else {
                "FAILED"
            }
            .to_owned(),
        ]);
    }
    let mut text = table.render(palette);
    for row in report.rows.iter().filter(|row| !row.passed) {
        let _ = writeln!(
            text,
            "failed: {} {}, {}, {} inputs: {} at {}, allowed {}",
            brief(&row.activation),
            row.coefficients,
            row.comparison,
            row.inputs,
            significant(row.worst),
            significant(row.at),
            significant(row.tolerance)
        );
    }
    let activations = {
        let mut names: Vec<&str> = report.rows.iter().map(|row| &*row.activation).collect();
        names.dedup();
        names.len()
    };
    let verdict = if report.passed {
        "all checks passed"
    } else {
        "some checks failed"
    };
    let _ = writeln!(
        text,
        "\n{activations} activations, kernels: {}: {verdict}",
        report.instructions
    );
    text
}

/// Times per element, beside GELU's, and traffic beside that of a copy.
pub(crate) fn bench(report: &BenchReport, palette: Palette) -> String {
    let mut table = Table::new(&[
        "ns per element",
        "forward",
        "× gelu",
        "forward + backward",
        "× gelu",
        "GB/s",
        "of a copy",
    ]);
    for row in &report.results {
        table.row([
            brief(&row.activation),
            format!("{:.3}", row.forward),
            format!("{:.2}", row.forward_to_gelu),
            format!("{:.3}", row.forward_backward),
            format!("{:.2}", row.forward_backward_to_gelu),
            format!("{:.1}", row.gigabytes_per_second),
            format!("{:.2}", row.share_of_copy),
        ]);
    }
    format!(
        "{}\n{} × {} elements, {} rounds, {} thread{}, kernels: {}; a copy: {:.1} GB/s\n",
        table.render(palette),
        report.rows,
        report.columns,
        report.repeats,
        report.threads,
        if report.threads == 1 { "" } else { "s" },
        report.instructions,
        report.copy_gigabytes_per_second
    )
}

/// How far each entry of a table is from what it claims to be, under each form.
pub(crate) fn import(report: &ImportReport, palette: Palette) -> String {
    let forms = DenominatorForm::ALL;
    let names = forms.map(|form| format!("form {form}"));
    let headings: Vec<&str> = ["entry", "under", "degrees", "claims to be"]
        .into_iter()
        .chain(names.iter().map(String::as_str))
        .chain(["nearest"])
        .collect();
    let mut table = Table::new(&headings).left(&[1, 3]);
    for entry in &report.entries {
        let errors = forms.map(|form| match entry.under(form) {
            Some(under) if under.poles.is_empty() => significant(under.errors.max),
            Some(_) => "pole".to_owned(),
            None => "–".to_owned(),
        });
        let degrees = format!("{}/{}", entry.numerator_degree, entry.denominator_degree);
        let claimed = entry
            .claimed
            .as_ref()
            .map_or_else(|| "unknown".to_owned(), ToString::to_string);
        let nearest = entry
            .best_form
            .map_or_else(|| "–".to_owned(), |form| form.to_string());
        let heading = entry.heading.clone().unwrap_or_default();
        let first = [entry.name.clone(), heading, degrees, claimed];
        table.row(first.into_iter().chain(errors).chain([nearest]));
    }
    format!(
        "{}\nLargest error on [-3, 3] against the function that the name claims, under each form of the denominator.\n",
        table.render(palette)
    )
}
