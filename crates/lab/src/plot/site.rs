//! One activation site: the learned curve, the curve it started from, its derivative, and under them what it is fed.

use std::fmt::Write as _;

use super::Point;
use super::motion::{self, Clock};
use super::scale::Scale;
use super::svg::{Svg, number};

/// The curves of one model at one site.
#[derive(Debug, Clone, Default)]
pub struct SiteCurves {
    /// Learned function.
    pub learned: Vec<Point>,
    /// Its derivative.
    pub derivative: Vec<Point>,
    /// CSS class of its colour, where it is not the panel's.
    pub class: Option<String>,
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
}

/// Density of the inputs, bin by bin.
#[derive(Debug, Clone, Default)]
pub struct Density {
    /// Lower edge of the first bin.
    pub low: f64,
    /// Upper edge of the last bin.
    pub high: f64,
    /// Share of all inputs over the bin's width.
    pub values: Vec<f64>,
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
    pub start: Vec<Point>,
    /// After training, one entry for each seed.
    pub curves: Vec<SiteCurves>,
    /// Spread of the curves, under them.
    pub bands: Vec<Band>,
    /// The curves at several moments, each as many as `curves`, which are the last moment; empty where nothing moves.
    pub frames: Vec<Vec<SiteCurves>>,
    /// What reaches the site.
    pub density: Density,
    /// Rules for a picture that stands alone; `None` inside a page.
    pub style: Option<&'static str>,
}

/// What is drawn of [`SiteCurves`].
#[derive(Clone, Copy)]
enum Kind {
    Derivative,
    Learned,
}

/// In the order of drawing.
const KINDS: [Kind; 2] = [Kind::Derivative, Kind::Learned];
/// Where a value goes that no picture can hold.
const FAR: f64 = 4000.0;

impl Kind {
    fn class(self) -> &'static str {
        match self {
            Self::Derivative => "derivative",
            Self::Learned => "learned",
        }
    }

    fn of(self, curves: &SiteCurves) -> &[Point] {
        match self {
            Self::Derivative => &curves.derivative,
            Self::Learned => &curves.learned,
        }
    }
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
            svg.path(&format!("{} band", band.class), &place(&outline));
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
                svg.path(&class, &place(kind.of(curves)));
            }
        }
        if self.frames.len() > 1 {
            svg.close();
        }
        // On top: where nothing was learned the two coincide.
        svg.path("start", &place(&self.start));
        svg.close();
        self.bars(&mut svg, &x);
        svg.finish()
    }

    fn class_of<'p>(&'p self, curves: &'p SiteCurves) -> &'p str {
        curves.class.as_deref().unwrap_or(&self.class)
    }

    /// Every curve through all frames.
    fn moving(&self, svg: &mut Svg, x: &Scale, y: &Scale) {
        // Paths turn into each other only with the same commands, so none may break off.
        let outline = |points: &[Point]| {
            let mut data = String::new();
            for (index, point) in points.iter().enumerate() {
                let height = y.at(point.1);
                let height = if height.is_nan() {
                    FAR
                } else {
                    height.clamp(-FAR, FAR)
                };
                let command = if index == 0 { 'M' } else { 'L' };
                let _ = write!(
                    data,
                    "{command}{} {}",
                    number(x.at(point.0)),
                    number(height)
                );
            }
            data
        };
        let clock = Clock::new(self.frames.len());
        for kind in KINDS {
            for (index, last) in self.curves.iter().enumerate() {
                let frames: Vec<String> = self
                    .frames
                    .iter()
                    .filter_map(|frame| frame.get(index))
                    .map(|curves| outline(kind.of(curves)))
                    .collect();
                let class = format!("{} {}", self.class_of(last), kind.class());
                svg.open("path", &[("class", &class), ("d", &outline(kind.of(last)))]);
                clock.animate(svg, "d", &frames);
                svg.close();
            }
        }
    }

    /// The density as one closed outline: a path is much smaller than a hundred rectangles.
    fn bars(&self, svg: &mut Svg, x: &Scale) {
        let Density { low, high, values } = &self.density;
        let highest = values.iter().copied().fold(0.0, f64::max);
        svg.line(
            "axis",
            (LEFT, DENSITY_FLOOR),
            (WIDTH - RIGHT, DENSITY_FLOOR),
        );
        if highest <= 0.0 {
            return;
        }
        let width = (high - low) / values.len() as f64;
        let mut outline = format!("M{} {}", number(x.at(*low)), number(DENSITY_FLOOR));
        for (index, value) in values.iter().enumerate() {
            let top = number(DENSITY_FLOOR - (DENSITY_FLOOR - DENSITY_TOP) * value / highest);
            let right = number(x.at(low + width * (index + 1) as f64));
            let _ = write!(outline, "V{top}H{right}");
        }
        let _ = write!(outline, "V{}Z", number(DENSITY_FLOOR));
        svg.open_clip(
            &format!("{}-inputs", self.id),
            LEFT,
            DENSITY_TOP,
            WIDTH - RIGHT - LEFT,
            DENSITY_FLOOR - DENSITY_TOP,
        );
        svg.element(
            "path",
            &[("class", &format!("{} bars", self.class)), ("d", &outline)],
        );
        svg.close();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panel_shows_every_seed_and_the_inputs() {
        let curve = SiteCurves {
            learned: vec![(-1.0, 0.0), (1.0, 1.0)],
            derivative: vec![(-1.0, 0.5), (1.0, 0.5)],
            class: None,
        };
        let panel = SitePanel {
            id: "layer.0".to_owned(),
            heading: "layer.0".to_owned(),
            description: "curve".to_owned(),
            class: "arm-1".to_owned(),
            x_domain: (-4.0, 4.0),
            y_domain: (-1.0, 4.0),
            start: vec![(-1.0, 0.0), (1.0, 0.9)],
            curves: vec![curve.clone(), curve],
            density: Density {
                low: -2.0,
                high: 2.0,
                values: vec![0.1, 0.4, 0.0, 0.2],
            },
            note: "near 1.00·gelu(1.00·x)".to_owned(),
            fitted: Some((-2.0, 2.0)),
            ..SitePanel::default()
        };
        let text = panel.render();
        assert_eq!(text.matches("arm-1 learned").count(), 2);
        assert_eq!(text.matches("arm-1 derivative").count(), 2);
        assert_eq!(text.matches("arm-1 bars").count(), 1);
        assert_eq!(text.matches("class=\"start\"").count(), 1);
        assert_eq!(text.matches("class=\"fitted\"").count(), 2);
        assert!(text.contains(">near 1.00·gelu(1.00·x)</text>"));
        assert!(!text.contains("<style>"));
        let alone = SitePanel {
            style: Some(super::super::style::STANDALONE),
            density: Density::default(),
            ..panel
        }
        .render();
        assert!(alone.contains("<style>") && !alone.contains(" bars\""));
    }

    #[test]
    fn a_moving_panel_begins_with_the_first_frame_and_rests_on_the_last() {
        let flat = |height: f64| {
            vec![SiteCurves {
                learned: vec![(-1.0, height), (1.0, height)],
                derivative: vec![(-1.0, f64::NAN), (1.0, 0.0)],
                class: None,
            }]
        };
        let panel = SitePanel {
            x_domain: (-1.0, 1.0),
            y_domain: (0.0, 2.0),
            curves: flat(1.0),
            frames: vec![flat(0.0), flat(2.0), flat(1.0)],
            ..SitePanel::default()
        };
        let text = panel.render();
        let moving = text
            .split("class=\"moving\"")
            .nth(1)
            .and_then(|rest| rest.split("</g>").next())
            .unwrap_or_default();
        assert_eq!(moving.matches("<animate ").count(), 2);
        // Bottom, top and middle of the plot.
        let frames = [FLOOR, TOP, f64::midpoint(FLOOR, TOP)]
            .map(|y| format!("M{LEFT} {y}L{} {y}", WIDTH - RIGHT));
        let values = format!(
            "values=\"{0};{0};{1};{2};{2}\"",
            frames[0], frames[1], frames[2]
        );
        assert!(moving.contains(&values), "{moving}");
        assert!(
            moving.contains(&format!("learned\" d=\"{}\"", frames[2])),
            "{moving}"
        );
        assert!(!moving.contains("NaN"));
        assert!(text.contains("class=\"still\""));
    }
}
