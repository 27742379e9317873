//! What a conversion did.

use std::{fmt::Write as _, path::Path};

use pliant_lab::conversion::{ConversionReport, Difference, Drift};
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
                "{} for {} in {}, {} numbers that learn",
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

/// Differences of hidden states and logits, those of the usual start beside them where there is another.
fn drift(report: &ConversionReport, palette: Palette) -> String {
    let mut table = match report.usual_drift {
        None => Table::new(&["difference", "range", "mean", "max", "values"]),
        Some(_) => Table::new(&[
            "difference",
            "range",
            "mean",
            "max",
            "values",
            "usual mean",
            "usual max",
        ]),
    };
    let own = &report.drift;
    for (index, layer) in own.layers.iter().enumerate() {
        let usual = report
            .usual_drift
            .as_ref()
            .map(|drift| &drift.layers[index].hidden);
        let fit = report
            .fits
            .iter()
            .find(|fit| fit.site == format!("layer.{}", layer.layer));
        let range = fit.and_then(|fit| fit.range).map_or_else(
            || "–".to_owned(),
            |(low, high)| format!("{low:.1} to {high:.1}"),
        );
        table.row(cells(
            format!("layer {}", layer.layer),
            range,
            &layer.hidden,
            usual,
        ));
    }
    let pooler = report
        .fits
        .iter()
        .find(|fit| fit.site == "pooler")
        .and_then(|fit| fit.range);
    table.row(cells(
        "logits".to_owned(),
        pooler.map_or_else(
            || "–".to_owned(),
            |(low, high)| format!("{low:.1} to {high:.1}"),
        ),
        &own.logits,
        report.usual_drift.as_ref().map(|drift| &drift.logits),
    ));
    let mut text = table.render(palette);
    let same = |drift: &Drift| {
        drift
            .same_prediction
            .map(|share| format!("{:.2} %", 100.0 * share))
    };
    if let Some(share) = same(own) {
        let _ = write!(text, "\nThe first choice stays in {share} of the cases");
        if let Some(usual) = report.usual_drift.as_ref().and_then(same) {
            let _ = write!(text, " ({usual} with the usual start)");
        }
        let _ = writeln!(text, "; looked at {} tokens.", grouped(own.tokens as u64));
    }
    text
}

fn cells(name: String, range: String, own: &Difference, usual: Option<&Difference>) -> Vec<String> {
    let short = |value: f64| format!("{value:.2e}");
    let mut cells = vec![
        name,
        range,
        short(own.mean),
        short(own.max),
        format!("{:.3}", own.scale),
    ];
    if let Some(usual) = usual {
        cells.extend([short(usual.mean), short(usual.max)]);
    }
    cells
}
