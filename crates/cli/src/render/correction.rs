//! What is said about entropy corrections.

use std::{fmt::Write as _, path::Path};

use pliant_activation::entropy::End;
use pliant_lab::correction::{Corrections, Inputs, SiteCorrection};
use pliant_lab::shapes::percent;

use super::{
    number::{grouped, significant},
    palette::Palette,
    table::Table,
};

/// A larger share of inputs that were left out is worth a warning.
const LEFT_OUT: f64 = 0.01;

/// What was written.
pub(crate) struct Files<'a> {
    pub(crate) library: Option<&'a Path>,
    pub(crate) picture: Option<&'a Path>,
}

/// Each correction: its inputs, its values, its activation; and the files.
pub(crate) fn text(corrections: &Corrections, files: &Files<'_>, palette: Palette) -> String {
    let mut text = String::new();
    for site in &corrections.corrections {
        one(&mut text, site, corrections, palette);
    }
    if let Some(together) = &corrections.together {
        let _ = writeln!(
            text,
            "{}: the corrections of all layers, each in its layer\n",
            palette.heading(&together.name)
        );
    }
    if let Some(file) = files.library {
        let names: Vec<&str> = corrections.named().map(|named| &*named.name).collect();
        let _ = writeln!(text, "library: {} has {}", file.display(), names.join(", "));
        if let Some(last) = names.last() {
            let _ = writeln!(
                text,
                "in a recipe: activation.function = \"@{}:{last}\"",
                file.display()
            );
        }
    }
    if let Some(file) = files.picture {
        let _ = writeln!(text, "picture: {}", file.display());
    }
    text
}

fn one(text: &mut String, site: &SiteCorrection, corrections: &Corrections, palette: Palette) {
    let _ = writeln!(
        text,
        "{}: {} corrected for {}",
        palette.heading(&site.named.name),
        corrections.from,
        match &site.site {
            Some(site) => format!("the inputs of {site}"),
            None => "standard normal inputs".to_owned(),
        }
    );
    inputs(text, site, corrections, palette);
    branch(text, site);
    let _ = writeln!(
        text,
        "entropy of the output: {} nats for each unit of epsilon, to first order\n",
        signed(site.entropy_slope)
    );
    let has_samples = matches!(site.inputs, Inputs::Measured { .. });
    let mut headings = vec!["x", "density"];
    headings.extend(has_samples.then_some("inputs near"));
    headings.extend(["f(x)", "correction"]);
    let mut table = Table::new(&headings);
    for place in &site.places {
        let mut row = vec![significant(place.x), format!("{:.5}", place.density)];
        row.extend(place.samples.map(|samples| grouped(samples.round() as u64)));
        row.extend([
            format!("{:.4}", place.value),
            format!("{:.4}", place.correction),
        ]);
        table.row(row);
    }
    let knots = &site.table;
    let _ = writeln!(
        text,
        "{}\ntable: {} knots on {}..{}, off by at most {} between them\n{}\n",
        table.render(palette),
        knots.values.len(),
        knots.low,
        knots.high,
        significant(knots.interpolation_error),
        site.named.activation
    );
}

/// Where the density is from, and how far it can be trusted.
fn inputs(text: &mut String, site: &SiteCorrection, corrections: &Corrections, palette: Palette) {
    let Inputs::Measured {
        samples,
        outside,
        mean,
        deviation,
        bandwidth,
        supported,
    } = &site.inputs
    else {
        let _ = writeln!(text, "density: standard normal");
        return;
    };
    let run = corrections.run.as_deref().unwrap_or(Path::new(""));
    let _ = writeln!(
        text,
        "density: {} inputs of {} at step {}, mean {}, deviation {}; kernels of bandwidth {}",
        grouped(*samples),
        run.display(),
        corrections.step.unwrap_or_default(),
        significant(*mean),
        significant(*deviation),
        significant(*bandwidth)
    );
    let share = *outside as f64 / (samples + outside).max(1) as f64;
    if share > LEFT_OUT {
        let _ = writeln!(
            text,
            "{} {} of the inputs lie beyond the histogram and are left out",
            palette.warning("warning:"),
            percent(share)
        );
    }
    let table = &site.table;
    let thin = match supported {
        Some((low, high)) if *low <= table.low && *high >= table.high => return,
        Some((low, high)) => format!("outside of {low:.2}..{high:.2}"),
        None => "everywhere".to_owned(),
    };
    let _ = writeln!(
        text,
        "{} {thin} fewer than 30 inputs lie within a bandwidth: the table is noise there",
        palette.warning("warning:")
    );
}

/// Where the function increases, and what is done at the ends.
fn branch(text: &mut String, site: &SiteCorrection) {
    let ends = [("below", site.branch.low), ("above", site.branch.high)];
    for (side, end) in ends {
        let _ = match end {
            End::Open { .. } => Ok(()),
            End::Step { at, slope, .. } => writeln!(
                text,
                "{side} {} the increasing branch goes on as a line of slope {}",
                significant(nearly(at)),
                significant(slope)
            ),
            End::Turn { at, full } => writeln!(
                text,
                "{side} {} it does not increase: the correction is 0 there, and whole from {}",
                significant(nearly(at)),
                significant(full)
            ),
        };
    }
}

/// An end found by bisection, without its last digits.
fn nearly(at: f64) -> f64 {
    (at * 1e6).round() / 1e6 + 0.0
}

fn signed(number: f64) -> String {
    if number < 0.0 {
        significant(number)
    } else {
        format!("+{}", significant(number))
    }
}
