//! One activation site: the learned curve, the curve it started from, its derivative, and under them what it is fed.

mod inputs;
mod moving;
#[cfg(test)]
mod tests;

use super::Point;
use super::motion;
use super::reading::Reading;
use super::scale::Scale;
use super::svg::{Svg, number};
pub use inputs::Density;
use moving::{KINDS, Kind};

/// The curves of one model at one site.
#[derive(Debug, Clone, Default)]
pub struct SiteCurves {
    /// Learned function.
    pub learned: Vec<Point>,
    /// Its derivative.
    pub derivative: Vec<Point>,
    /// CSS class of its colour, where it is not the panel's.
    pub class: Option<String>,
    /// What the read-out calls the learned function.
    pub name: String,
}

/// A curve from before training.
#[derive(Debug, Clone, Default)]
pub struct StartCurve {
    /// The function.
    pub points: Vec<Point>,
    /// CSS class of its colour, where it is not that of the text.
    pub class: Option<String>,
    /// What the read-out calls it.
    pub name: String,
}

/// A surface between two curves.
#[derive(Debug, Clone, Default)]
pub struct Band {
    /// Its lower edge.
    pub low: Vec<Point>,
    /// Its upper edge.
    pub high: Vec<Point>,
    /// CSS class of its colour.
    pub class: String,
    /// The name of the curve in its middle.
    pub name: String,
}

/// A small plot of one site.
#[derive(Debug, Clone, Default)]
pub struct SitePanel {
    /// Unique in the page.
    pub id: String,
    /// Above the plot.
    pub heading: String,
    /// Under the heading; may be empty.
    pub note: String,
    /// Read by screen readers.
    pub description: String,
    /// CSS class of its colour.
    pub class: String,
    /// Bounds of the inputs shown.
    pub x_domain: (f64, f64),
    /// Bounds of the values shown; what lies outside is clipped.
    pub y_domain: (f64, f64),
    /// Where the start was fitted; its ends are marked.
    pub fitted: Option<(f64, f64)>,
    /// Before training.
    pub starts: Vec<StartCurve>,
    /// After training, one entry for each seed.
    pub curves: Vec<SiteCurves>,
    /// Spread of the curves, under them.
    pub bands: Vec<Band>,
    /// The curves at several moments, each as many as `curves`, which are the last moment; empty where nothing moves.
    pub frames: Vec<Vec<SiteCurves>>,
    /// What reaches the site; all share one vertical axis.
    pub densities: Vec<Density>,
    /// How a page reads values off the curves; `None` where nobody does.
    pub reading: Option<Reading>,
    /// Rules for a picture that stands alone; `None` inside a page.
    pub style: Option<&'static str>,
}

/// Width of a panel in a page, in user units.
pub const WIDTH: f64 = 300.0;
/// Height of a panel in a page, in user units.
pub const HEIGHT: f64 = 268.0;
const LEFT: f64 = 30.0;
const RIGHT: f64 = 8.0;
const TOP: f64 = 33.0;
const FLOOR: f64 = 190.0;
const DENSITY_TOP: f64 = 200.0;
const DENSITY_FLOOR: f64 = 244.0;

impl SitePanel {
    /// The panel as SVG.
    pub fn render(&self) -> String {
        // A picture that stands alone has no page around it.
        let margin = if self.style.is_some() { 14.0 } else { 0.0 };
        let (width, height) = (WIDTH + 2.0 * margin, HEIGHT + 2.0 * margin);
        let mut svg = Svg::new(&self.id, width, height, &self.heading, &self.description);
        if let Some(rules) = self.style {
            svg.style(rules);
            svg.rectangle("paper", 0.0, 0.0, width, height);
            svg.open(
                "g",
                &[("transform", &format!("translate({0} {0})", number(margin)))],
            );
        }
        let x = Scale::new(self.x_domain, (LEFT, WIDTH - RIGHT));
        let y = Scale::new(self.y_domain, (FLOOR, TOP));
        svg.text("heading", 0.0, 14.0, &self.heading);
        if !self.note.is_empty() {
            svg.text("", LEFT, 27.0, &self.note);
        }
        if let Some(reading) = &self.reading {
            reading.open(&mut svg, &x, &y);
        }
        for (value, label) in y.ticks(5) {
            let class = if value == 0.0 { "zero" } else { "grid" };
            svg.line(class, (LEFT, y.at(value)), (WIDTH - RIGHT, y.at(value)));
            svg.text("end tick", LEFT - 6.0, y.at(value) + 3.5, &label);
        }
        for (value, label) in x.ticks(6) {
            let class = if value == 0.0 { "zero" } else { "grid" };
            svg.line(class, (x.at(value), TOP), (x.at(value), FLOOR));
            svg.text("middle tick", x.at(value), DENSITY_FLOOR + 15.0, &label);
        }
        svg.open_clip(
            &format!("{}-clip", self.id),
            LEFT,
            TOP,
            WIDTH - RIGHT - LEFT,
            FLOOR - TOP,
        );
        for end in self.fitted.map(<[f64; 2]>::from).into_iter().flatten() {
            svg.path("fitted", &[(x.at(end), TOP), (x.at(end), FLOOR)]);
        }
        let place = |points: &[Point]| {
            points
                .iter()
                .map(|point| (x.at(point.0), y.at(point.1)))
                .collect::<Vec<_>>()
        };
        for band in &self.bands {
            let edge = band.low.iter().chain(band.high.iter().rev());
            let outline: Vec<Point> = edge.copied().collect();
            svg.curve(
                &format!("{} band", band.class),
                &band.name,
                &place(&outline),
            );
        }
        if self.frames.len() > 1 {
            svg.open("g", &[("class", motion::MOVING)]);
            self.moving(&mut svg, &x, &y);
            svg.close();
            svg.open("g", &[("class", motion::STILL)]);
        }
        for kind in KINDS {
            for curves in &self.curves {
                let class = format!("{} {}", self.class_of(curves), kind.class());
                let name = match kind {
                    Kind::Learned => curves.name.as_str(),
                    Kind::Derivative => "",
                };
                svg.curve(&class, name, &place(kind.of(curves)));
            }
        }
        if self.frames.len() > 1 {
            svg.close();
        }
        // On top: where nothing was learned the two coincide.
        for start in &self.starts {
            let class = match &start.class {
                Some(class) => format!("{class} start own"),
                None => "start".to_owned(),
            };
            svg.curve(&class, &start.name, &place(&start.points));
        }
        svg.close();
        if self.reading.is_some() {
            svg.close();
        }
        self.bars(&mut svg, &x);
        svg.finish()
    }

    fn class_of<'p>(&'p self, curves: &'p SiteCurves) -> &'p str {
        curves.class.as_deref().unwrap_or(&self.class)
    }
}
