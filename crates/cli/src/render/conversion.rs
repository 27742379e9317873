//! What a conversion did.

use std::{fmt::Write as _, path::Path};

use pliant_lab::conversion::{ConversionReport, Difference, Drift, Fit};
use pliant_nn::AnyModel;

use super::{number::grouped, palette::Palette, summary::lines, table::Table};
use crate::command::convert::Conversion;

/// Names of a list that are printed before the rest is counted.
const NAMES: usize = 4;

/// The tensors, the activation, how far the model moved, and the losses.
pub(crate) fn text(
    conversion: &Conversion,
    model: &AnyModel,
    out: &Path,
    palette: Palette,
) -> String {
    let tensors = &conversion.tensors;
    let numbers: usize = model
        .parameters()
        .iter()
        .map(pliant_nn::ParameterInfo::count)
        .sum();
    let mut rows = vec![
        (
            "model",
            format!(
                "{} with {} numbers, written to {}",
                tensors.architecture,
                grouped(numbers as u64),
                out.display()
            ),
        ),
        ("tensors", format!("{} taken over", tensors.tensors)),
    ];
    let renamed: Vec<String> = tensors
        .renamed
        .iter()
        .map(|(old, new)| format!("{old} as {new}"))
        .collect();
    let copies: Vec<String> = tensors
        .copies
        .iter()
        .map(|(copy, original)| format!("{copy} of {original}"))
        .collect();
    for (heading, names) in [
        ("renamed", &renamed),
        ("second names", &copies),
        ("left out", &tensors.left_out),
        ("missing, drawn", &tensors.drawn),
        ("not kept, drawn", &conversion.drawn_afresh),
    ] {
        if !names.is_empty() {
            rows.push((heading, listed(names)));
        }
    }
    rows.extend(tensors.notes.iter().map(|note| ("note", note.clone())));
    if let Some(report) = &conversion.activation {
        rows.push((
            "activation",
            format!(
                "{} instead of {}; sites: {}; {} numbers that learn",
                report.activation,
                report.replaced,
                report.sites,
                grouped(report.coefficients as u64)
            ),
        ));
    }
    if let Some(loss) = &conversion.loss {
        rows.push((
            "masked-LM loss",
            format!("{:.4} before, {:.4} after", loss.before, loss.after),
        ));
    }
    let mut text = lines(palette, &rows);
    if let Some(report) = &conversion.activation {
        text.push('\n');
        text += &drift(report, palette);
    }
    text
}

fn listed(names: &[String]) -> String {
    let shown = names[..names.len().min(NAMES)].join(", ");
    match names.len().saturating_sub(NAMES) {
        0 => shown,
        more => format!("{} ({shown} and {more} more)", names.len()),
    }
}

/// Differences of hidden states and logits, those of the other fit beside them where it was tried.
fn drift(report: &ConversionReport, palette: Palette) -> String {
    let (own, other) = (&report.drift, report.other_drift.as_ref());
    let other_name = match report.fit {
        Fit::Usual => "observed",
        Fit::Observed => "usual",
    };
    let beside = ["mean", "max"].map(|what| format!("{other_name} {what}"));
    let mut headings = vec!["difference", "range", "mean", "max", "values"];
    if other.is_some() {
        headings.extend(beside.iter().map(String::as_str));
    }
    let mut table = Table::new(&headings);
    let range = |site: &str| {
        let fit = report.fits.iter().find(|fit| fit.site == site);
        fit.and_then(|fit| fit.range).map_or_else(
            || "–".to_owned(),
            |(low, high)| format!("{low:.1} to {high:.1}"),
        )
    };
    for (index, layer) in own.layers.iter().enumerate() {
        table.row(cells(
            format!("layer {}", layer.layer),
            range(&format!("layer.{}", layer.layer)),
            &layer.hidden,
            other.map(|drift| &drift.layers[index].hidden),
        ));
    }
    table.row(cells(
        "logits".to_owned(),
        range("pooler"),
        &own.logits,
        other.map(|drift| &drift.logits),
    ));
    let mut text = table.render(palette);
    let same = |drift: &Drift| {
        drift
            .same_prediction
            .map(|share| format!("{:.2} %", 100.0 * share))
    };
    if let Some(share) = same(own) {
        let _ = write!(text, "\nThe first choice stays in {share} of the cases");
        if let Some(share) = other.and_then(same) {
            let _ = write!(text, " ({share} with the {other_name} fit)");
        }
        let _ = writeln!(text, "; looked at {} tokens.", grouped(own.tokens as u64));
    }
    if other.is_some() && report.fit == Fit::Usual {
        text += "The fit to the inputs moves the logits more than the usual one, which is kept.\n";
    }
    text
}

fn cells(name: String, range: String, own: &Difference, other: Option<&Difference>) -> Vec<String> {
    let short = |value: f64| format!("{value:.2e}");
    let mut cells = vec![
        name,
        range,
        short(own.mean),
        short(own.max),
        format!("{:.3}", own.scale),
    ];
    if let Some(other) = other {
        cells.extend([short(other.mean), short(other.max)]);
    }
    cells
}
