//! The picture: for each site the correction, the function it is for, and the density of the inputs.

use pliant_activation::Activation;

use super::{Corrections, Inputs, SiteCorrection, plain};
use crate::plot::multiples::{Key, Multiples};
use crate::plot::site::{Density, SiteCurves, SitePanel, StartCurve};
use crate::shapes::curves;

/// Points of a drawn curve, odd so that both ends and the middle are among them.
const POINTS: usize = 321;
/// Bars of the density.
const BARS: usize = 160;

pub(super) fn render(corrections: &Corrections) -> String {
    let from = &corrections.from;
    Multiples {
        id: "corrections".to_owned(),
        title: format!("Entropy corrections of {from}"),
        description: format!(
            "A panel for each density of inputs: the correction, {from} (dashed), and the density; vertical lines where the table of the correction ends."
        ),
        keys: vec![
            Key::learned("correction".to_owned(), "arm-1"),
            Key::start(&from.to_string()),
            Key::fitted("end of the table"),
        ],
        panels: corrections
            .corrections
            .iter()
            .map(|site| panel(site, corrections))
            .collect(),
        is_alike: false,
        moments: Vec::new(),
    }
    .render()
}

fn panel(site: &SiteCorrection, corrections: &Corrections) -> SitePanel {
    let table = &site.table;
    let margin = 0.1 * (table.high - table.low);
    let (low, high) = (table.low - margin, table.high + margin);
    let grid = curves::grid(low, high, POINTS);
    let correction: Vec<f64> = grid.iter().map(|x| site.correction.value(*x)).collect();
    // The correction has been computed for this function, so that it resolves.
    let function = Activation::new(&corrections.from).ok();
    let start = function.map(|function| {
        let values: Vec<f64> = grid.iter().map(|x| function.value(&[], *x)).collect();
        StartCurve {
            points: curves::points(&grid, &values),
            ..StartCurve::default()
        }
    });
    let source = site.site.as_deref().unwrap_or("standard normal inputs");
    let width = (high - low) / BARS as f64;
    SitePanel {
        id: plain(&site.named.name),
        heading: format!("{source} · {}", site.named.name),
        note: match &site.inputs {
            Inputs::StandardNormal => String::new(),
            Inputs::Measured { samples, .. } => format!("density of {samples} inputs"),
        },
        description: format!(
            "The entropy correction of {} for {source}, between {} and {}, and the density of the inputs.",
            corrections.from, table.low, table.high
        ),
        class: "arm-1".to_owned(),
        x_domain: (low, high),
        y_domain: (-0.8, 1.5),
        fitted: Some((table.low, table.high)),
        starts: start.into_iter().collect(),
        curves: vec![SiteCurves {
            learned: curves::points(&grid, &correction),
            ..SiteCurves::default()
        }],
        densities: vec![Density {
            low,
            high,
            values: (0..BARS)
                .map(|bar| {
                    let middle = low + (bar as f64 + 0.5) * width;
                    site.correction.density().at(middle).0
                })
                .collect(),
            class: None,
        }],
        ..SitePanel::default()
    }
}
