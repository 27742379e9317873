//! Small multiples: site panels in a grid under one legend.

use super::motion::{self, Clock};
use super::site::{HEIGHT, SitePanel, WIDTH};
use super::style::{COLOURS, STANDALONE};
use super::svg::{Svg, number};

/// Panels beside each other.
const COLUMNS: usize = 3;
const MARGIN: f64 = 16.0;
const GAP: f64 = 22.0;
const LINE: f64 = 20.0;
/// Height of the line that names the moment.
const MOMENTS: f64 = 26.0;

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

    /// A derivative in the colour of `class`.
    pub fn derivative(name: &str, class: &str) -> Self {
        Self {
            name: name.to_owned(),
            class: format!("{class} derivative"),
        }
    }

    /// The vertical lines at the ends of the fitted range.
    pub fn fitted(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            class: "fitted".to_owned(),
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
    /// The panels, row by row.
    pub panels: Vec<SitePanel>,
    /// Whether the vertical axes are made alike.
    pub is_alike: bool,
    /// What each frame of moving panels is called; empty where nothing moves.
    pub moments: Vec<String>,
}

impl Multiples {
    /// The picture as SVG.
    pub fn render(self) -> String {
        let shared = self.panels.iter().fold((0.0_f64, 0.0_f64), |range, panel| {
            (range.0.min(panel.y_domain.0), range.1.max(panel.y_domain.1))
        });
        let columns = COLUMNS.min(self.panels.len()).max(1);
        let rows = self.panels.len().div_ceil(columns);
        let width = 2.0 * MARGIN + columns as f64 * (WIDTH + GAP) - GAP;
        let longest = self.keys.iter().map(|key| key.name.chars().count()).max();
        let key_width = longest.unwrap_or(0) as f64 * 6.6 + 44.0;
        let per_line = ((width - 2.0 * MARGIN) / key_width).floor().max(1.0) as usize;
        let top = MARGIN + self.keys.len().div_ceil(per_line) as f64 * LINE + 12.0;
        let moments_top = top;
        let is_moving = self.moments.len() > 1;
        let top = if is_moving { top + MOMENTS } else { top };
        let height = top + rows as f64 * (HEIGHT + GAP) - GAP + MARGIN;
        let mut svg = Svg::new(&self.id, width, height, &self.title, &self.description);
        let motion = if is_moving { motion::RULES } else { "" };
        svg.style(&format!("{STANDALONE}{COLOURS}{motion}"));
        svg.rectangle("paper", 0.0, 0.0, width, height);
        for (index, key) in self.keys.iter().enumerate() {
            let x = MARGIN + (index % per_line) as f64 * key_width;
            let y = MARGIN + (index / per_line) as f64 * LINE + 8.0;
            svg.path(&key.class, &[(x, y), (x + 26.0, y)]);
            svg.text("note", x + 33.0, y + 4.0, &key.name);
        }
        if is_moving {
            moments(&mut svg, &self.moments, moments_top, width);
        }
        for (index, panel) in self.panels.into_iter().enumerate() {
            let x = MARGIN + (index % columns) as f64 * (WIDTH + GAP);
            let y = top + (index / columns) as f64 * (HEIGHT + GAP);
            let y_domain = if self.is_alike {
                shared
            } else {
                panel.y_domain
            };
            let picture = SitePanel { y_domain, ..panel }.render();
            svg.embed(x, y, WIDTH, HEIGHT, &picture);
        }
        svg.finish()
    }
}

/// The name of the frame that is shown, and how far it is.
fn moments(svg: &mut Svg, names: &[String], top: f64, width: f64) {
    const TEXT: f64 = 150.0;
    let clock = Clock::new(names.len());
    let (from, to, y) = (MARGIN + TEXT, width - MARGIN, top + 8.0);
    let ends: Vec<f64> = (0..names.len())
        .map(|index| from + (to - from) * index as f64 / (names.len() - 1) as f64)
        .collect();
    svg.line("track", (from, y), (to, y));
    svg.open("g", &[("class", motion::MOVING)]);
    for (index, name) in names.iter().enumerate() {
        let is_last = index + 1 == names.len();
        let visibility = if is_last { "visible" } else { "hidden" };
        svg.open("g", &[("visibility", visibility)]);
        clock.show(svg, index);
        svg.text("note", MARGIN, y + 4.0, name);
        svg.close();
    }
    svg.open(
        "line",
        &[
            ("class", "arm-1 progress"),
            ("x1", &number(from)),
            ("x2", &number(to)),
            ("y1", &number(y)),
            ("y2", &number(y)),
        ],
    );
    let places: Vec<String> = ends.iter().map(|&end| number(end)).collect();
    clock.animate(svg, "x2", &places);
    svg.close();
    svg.close();
    svg.open("g", &[("class", motion::STILL)]);
    svg.text(
        "note",
        MARGIN,
        y + 4.0,
        names.last().map_or("", String::as_str),
    );
    svg.line("arm-1 progress", (from, y), (to, y));
    svg.close();
}
