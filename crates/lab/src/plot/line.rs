//! Line charts: several series over one horizontal axis.

use super::Point;
use super::reading::Reading;
use super::scale::{Scale, extent};
use super::svg::{Svg, number};

/// How a series is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stroke {
    /// A faint line: noisy data, or one of many.
    Faint,
    /// A thin line.
    Thin,
    /// A strong line.
    Strong,
    /// Dots joined by a line.
    Dotted,
}

/// One series.
#[derive(Debug, Clone)]
pub struct Series {
    /// CSS class of its colour.
    pub class: String,
    /// How it is drawn.
    pub stroke: Stroke,
    /// Its points, ascending in x.
    pub points: Vec<Point>,
    /// What the read-out calls it, several under one name together; empty where it is not read.
    pub name: String,
}

/// A horizontal line with a word to it.
#[derive(Debug, Clone)]
pub struct Reference {
    /// Where.
    pub value: f64,
    /// What it stands for.
    pub label: String,
}

/// A chart of lines.
#[derive(Debug, Clone)]
pub struct LineChart {
    /// Unique in the page.
    pub id: String,
    /// Read by screen readers.
    pub title: String,
    /// Read by screen readers.
    pub description: String,
    /// Under the horizontal axis.
    pub x_label: String,
    /// Above the vertical axis.
    pub y_label: String,
    /// Height in user units; the width is 880.
    pub height: f64,
    /// Bounds of the vertical axis; what lies outside is clipped. `None` shows all.
    pub y_domain: Option<(f64, f64)>,
    /// Where 0 gets a line of its own.
    pub zero: bool,
    /// Horizontal lines.
    pub references: Vec<Reference>,
    /// The data, drawn in this order.
    pub series: Vec<Series>,
    /// How a page reads values off the series; `None` where nobody does.
    pub reading: Option<Reading>,
}

const WIDTH: f64 = 880.0;
const LEFT: f64 = 58.0;
// Half of the last tick label lies beyond the axis.
const RIGHT: f64 = 26.0;
const TOP: f64 = 28.0;
const BOTTOM: f64 = 44.0;

impl LineChart {
    /// The chart as SVG; a line of text in it where there is no data.
    pub fn render(&self) -> String {
        let mut svg = Svg::new(&self.id, WIDTH, self.height, &self.title, &self.description);
        let xs = extent(
            self.series
                .iter()
                .flat_map(|series| series.points.iter().map(|point| point.0)),
        );
        let ys = self.y_domain.or_else(|| {
            let values = self
                .series
                .iter()
                .flat_map(|series| series.points.iter().map(|point| point.1));
            extent(
                values
                    .chain(self.zero.then_some(0.0))
                    .chain(self.references.iter().map(|reference| reference.value)),
            )
        });
        let (Some((x_low, x_high)), Some((y_low, y_high))) = (xs, ys) else {
            svg.text(
                "middle",
                WIDTH / 2.0,
                self.height / 2.0,
                "nothing measured yet",
            );
            return svg.finish();
        };
        let margin = if self.y_domain.is_some() {
            0.0
        } else {
            (y_high - y_low) * 0.06
        };
        let x = Scale::new((x_low.min(0.0), x_high), (LEFT, WIDTH - RIGHT));
        let y = Scale::new(
            (y_low - margin, y_high + margin),
            (self.height - BOTTOM, TOP),
        );
        self.axes(&mut svg, &x, &y);
        if let Some(reading) = &self.reading {
            reading.open(&mut svg, &x, &y);
        }
        svg.open_clip(
            &format!("{}-clip", self.id),
            LEFT,
            TOP - 4.0,
            WIDTH - RIGHT - LEFT + 5.0,
            self.height - BOTTOM - TOP + 8.0,
        );
        for reference in &self.references {
            let at = y.at(reference.value);
            svg.line("reference", (LEFT, at), (WIDTH - RIGHT, at));
        }
        for series in &self.series {
            draw(&mut svg, series, &x, &y);
        }
        svg.close();
        if self.reading.is_some() {
            svg.close();
        }
        for reference in &self.references {
            let (low, high) = y.domain();
            if (low..=high).contains(&reference.value) {
                svg.text(
                    "end note",
                    WIDTH - RIGHT,
                    y.at(reference.value) - 6.0,
                    &reference.label,
                );
            }
        }
        svg.finish()
    }

    fn axes(&self, svg: &mut Svg, x: &Scale, y: &Scale) {
        let floor = self.height - BOTTOM;
        for (value, label) in y.ticks(((self.height - TOP - BOTTOM) / 48.0) as usize) {
            let at = y.at(value);
            let class = if self.zero && value == 0.0 {
                "zero"
            } else {
                "grid"
            };
            svg.line(class, (LEFT, at), (WIDTH - RIGHT, at));
            svg.text("end tick", LEFT - 10.0, at + 4.0, &label);
        }
        for (value, label) in x.ticks(7) {
            let at = x.at(value);
            svg.line("axis", (at, floor), (at, floor + 5.0));
            svg.text("middle tick", at, floor + 20.0, &label);
        }
        svg.line("axis", (LEFT, floor), (WIDTH - RIGHT, floor));
        svg.text("end label", WIDTH - RIGHT, floor + 38.0, &self.x_label);
        svg.text("label", 0.0, 12.0, &self.y_label);
    }
}

fn draw(svg: &mut Svg, series: &Series, x: &Scale, y: &Scale) {
    let points: Vec<Point> = series
        .points
        .iter()
        .map(|point| (x.at(point.0), y.at(point.1)))
        .collect();
    let stroke = match series.stroke {
        Stroke::Faint => "faint",
        Stroke::Thin | Stroke::Dotted => "thin",
        Stroke::Strong => "strong",
    };
    svg.curve(&format!("{} {stroke}", series.class), &series.name, &points);
    if series.stroke == Stroke::Dotted {
        svg.open("g", &[("class", &format!("{} dots", series.class))]);
        for point in points
            .iter()
            .filter(|point| point.0.is_finite() && point.1.is_finite())
        {
            svg.element(
                "circle",
                &[
                    ("cx", &number(point.0)),
                    ("cy", &number(point.1)),
                    ("r", "2.4"),
                ],
            );
        }
        svg.close();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chart() -> LineChart {
        LineChart {
            id: "loss".to_owned(),
            title: "Loss".to_owned(),
            description: "Loss over steps".to_owned(),
            x_label: "step".to_owned(),
            y_label: "loss".to_owned(),
            height: 360.0,
            y_domain: None,
            zero: true,
            references: vec![Reference {
                value: 2.0,
                label: "word <frequencies>".to_owned(),
            }],
            series: vec![Series {
                class: "arm-0".to_owned(),
                stroke: Stroke::Dotted,
                points: vec![(0.0, 3.0), (100.0, -1.0), (200.0, f64::NAN), (300.0, 1.0)],
                name: "gelu".to_owned(),
            }],
            reading: Some(Reading {
                label: "step".to_owned(),
                x_decimals: 0,
                y_decimals: 4,
                is_from_end: true,
            }),
        }
    }

    #[test]
    fn a_chart_has_ticks_lines_and_escaped_labels() {
        let text = chart().render();
        assert!(text.contains("class=\"arm-0 thin\""));
        assert!(text.contains("word &lt;frequencies&gt;"));
        assert!(text.contains("class=\"zero\""));
        assert_eq!(
            text.matches("<circle").count(),
            3,
            "a value that is not finite is left out"
        );
        assert!(!text.contains("NaN"));
    }

    #[test]
    fn a_script_can_read_the_values_off_the_chart() {
        let text = chart().render();
        let group = text.split("<g class=\"plot\" ").nth(1).unwrap_or_default();
        // From 58 to 854 the steps 0 to 300; from 316 to 28 the losses -1 to 3 with a margin of 6 %.
        assert!(
            group.starts_with("data-x=\"58 854 0 300\" data-y=\"316 28 -1.24 3.24\" data-label=\"step\" data-decimals=\"0 4\" data-begin=\"end\">"),
            "{text}"
        );
        assert!(
            group.contains("data-name=\"gelu\" d=\"M58 43.429L"),
            "{text}"
        );
        let still = LineChart {
            reading: None,
            ..chart()
        };
        assert!(!still.render().contains("class=\"plot\""));
    }

    #[test]
    fn a_chart_without_data_says_so() {
        let empty = LineChart {
            series: Vec::new(),
            ..chart()
        };
        assert!(empty.render().contains("nothing measured yet"));
    }
}
