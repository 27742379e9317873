//! What a site is fed, under its curves.

use std::fmt::Write as _;

use super::{DENSITY_FLOOR, DENSITY_TOP, LEFT, RIGHT, SitePanel, WIDTH};
use crate::plot::scale::Scale;
use crate::plot::svg::{Svg, number};

/// Density of the inputs, bin by bin.
#[derive(Debug, Clone, Default)]
pub struct Density {
    /// Lower edge of the first bin.
    pub low: f64,
    /// Upper edge of the last bin.
    pub high: f64,
    /// Share of all inputs over the bin's width.
    pub values: Vec<f64>,
    /// CSS class of its colour, where it is not the panel's.
    pub class: Option<String>,
}

impl Density {
    /// One closed outline: a path is much smaller than a hundred rectangles.
    fn outline(&self, x: &Scale, highest: f64) -> String {
        let width = (self.high - self.low) / self.values.len() as f64;
        let mut outline = format!("M{} {}", number(x.at(self.low)), number(DENSITY_FLOOR));
        for (index, value) in self.values.iter().enumerate() {
            let top = number(DENSITY_FLOOR - (DENSITY_FLOOR - DENSITY_TOP) * value / highest);
            let right = number(x.at(self.low + width * (index + 1) as f64));
            let _ = write!(outline, "V{top}H{right}");
        }
        let _ = write!(outline, "V{}Z", number(DENSITY_FLOOR));
        outline
    }
}

impl SitePanel {
    /// The axis and the densities on it.
    pub(super) fn bars(&self, svg: &mut Svg, x: &Scale) {
        svg.line(
            "axis",
            (LEFT, DENSITY_FLOOR),
            (WIDTH - RIGHT, DENSITY_FLOOR),
        );
        let values = self.densities.iter().flat_map(|density| &density.values);
        let highest = values.copied().fold(0.0, f64::max);
        if highest <= 0.0 {
            return;
        }
        svg.open_clip(
            &format!("{}-inputs", self.id),
            LEFT,
            DENSITY_TOP,
            WIDTH - RIGHT - LEFT,
            DENSITY_FLOOR - DENSITY_TOP,
        );
        for density in self
            .densities
            .iter()
            .filter(|density| !density.values.is_empty())
        {
            let class = density.class.as_deref().unwrap_or(&self.class);
            svg.element(
                "path",
                &[
                    ("class", &format!("{class} bars")),
                    ("d", &density.outline(x, highest)),
                ],
            );
        }
        svg.close();
    }
}
