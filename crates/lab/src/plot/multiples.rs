//! Small multiples: site panels in a grid under one legend, with the same axes in each.

use super::site::{HEIGHT, SitePanel, WIDTH};
use super::style::{COLOURS, STANDALONE};
use super::svg::Svg;

/// Panels beside each other.
const COLUMNS: usize = 3;
const MARGIN: f64 = 16.0;
const GAP: f64 = 22.0;
const LINE: f64 = 20.0;

/// An entry of the legend.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    /// What the stroke stands for.
    pub name: String,
    /// CSS classes of the stroke.
    pub class: String,
}

impl Key {
    /// The dashed curve.
    pub fn start(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            class: "start".to_owned(),
        }
    }

    /// A learned curve in the colour of `class`.
    pub fn learned(name: String, class: &str) -> Self {
        Self {
            name,
            class: format!("{class} learned"),
        }
    }
}

/// A picture of several sites that stands alone.
#[derive(Debug, Clone)]
pub struct Multiples {
    /// Unique in the page.
    pub id: String,
    /// Read by screen readers.
    pub title: String,
    /// Read by screen readers.
    pub description: String,
    /// The legend, from left to right.
    pub keys: Vec<Key>,
    /// The panels, row by row; their vertical axes are made alike.
    pub panels: Vec<SitePanel>,
}

impl Multiples {
    /// The picture as SVG.
    pub fn render(self) -> String {
        let y_domain = self.panels.iter().fold((0.0_f64, 0.0_f64), |range, panel| {
            (range.0.min(panel.y_domain.0), range.1.max(panel.y_domain.1))
        });
        let columns = COLUMNS.min(self.panels.len()).max(1);
        let rows = self.panels.len().div_ceil(columns);
        let width = 2.0 * MARGIN + columns as f64 * (WIDTH + GAP) - GAP;
        let longest = self.keys.iter().map(|key| key.name.chars().count()).max();
        let key_width = longest.unwrap_or(0) as f64 * 6.6 + 44.0;
        let per_line = ((width - 2.0 * MARGIN) / key_width).floor().max(1.0) as usize;
        let top = MARGIN + self.keys.len().div_ceil(per_line) as f64 * LINE + 12.0;
        let height = top + rows as f64 * (HEIGHT + GAP) - GAP + MARGIN;
        let mut svg = Svg::new(&self.id, width, height, &self.title, &self.description);
        svg.style(&format!("{STANDALONE}{COLOURS}"));
        svg.rectangle("paper", 0.0, 0.0, width, height);
        for (index, key) in self.keys.iter().enumerate() {
            let x = MARGIN + (index % per_line) as f64 * key_width;
            let y = MARGIN + (index / per_line) as f64 * LINE + 8.0;
            svg.path(&key.class, &[(x, y), (x + 26.0, y)]);
            svg.text("note", x + 33.0, y + 4.0, &key.name);
        }
        for (index, panel) in self.panels.into_iter().enumerate() {
            let x = MARGIN + (index % columns) as f64 * (WIDTH + GAP);
            let y = top + (index / columns) as f64 * (HEIGHT + GAP);
            let picture = SitePanel { y_domain, ..panel }.render();
            svg.embed(x, y, WIDTH, HEIGHT, &picture);
        }
        svg.finish()
    }
}
