//! Differences with their intervals: one row for each pair of arms, one dot for each seed.

use super::scale::{Scale, extent};
use super::svg::Svg;

/// One difference.
#[derive(Debug, Clone)]
pub struct Row {
    /// CSS class of its colour.
    pub class: String,
    /// What is compared.
    pub label: String,
    /// The differences themselves.
    pub values: Vec<Dot>,
    /// Their mean.
    pub mean: Option<f64>,
    /// The interval of the mean.
    pub interval: Option<(f64, f64)>,
}

/// One value of a row.
#[derive(Debug, Clone)]
pub struct Dot {
    /// Where.
    pub value: f64,
    /// What a pointer that rests on it is told.
    pub title: String,
}

/// A chart of intervals around 0.
#[derive(Debug, Clone)]
pub struct IntervalChart {
    /// Unique in the page.
    pub id: String,
    /// Read by screen readers.
    pub title: String,
    /// Read by screen readers.
    pub description: String,
    /// Left of 0, under the axis.
    pub left_label: String,
    /// Right of 0, under the axis.
    pub right_label: String,
    /// From top to bottom.
    pub rows: Vec<Row>,
}

const WIDTH: f64 = 880.0;
/// Room for the labels: at least so much, and at most.
const LEFT: (f64, f64) = (210.0, 400.0);
/// Width of a letter of a label, roughly.
const LETTER: f64 = 7.4;
const RIGHT: f64 = 24.0;
const ROW: f64 = 46.0;
const TOP: f64 = 8.0;
const BOTTOM: f64 = 52.0;

impl IntervalChart {
    /// The chart as SVG.
    pub fn render(&self) -> String {
        let floor = TOP + ROW * self.rows.len() as f64;
        let longest = self.rows.iter().map(|row| row.label.chars().count()).max();
        let left = (longest.unwrap_or(0) as f64 * LETTER + 24.0).clamp(LEFT.0, LEFT.1);
        let mut svg = Svg::new(
            &self.id,
            WIDTH,
            floor + BOTTOM,
            &self.title,
            &self.description,
        );
        let values = self.rows.iter().flat_map(|row| {
            let ends = row
                .interval
                .map(|(low, high)| [low, high])
                .into_iter()
                .flatten();
            row.values
                .iter()
                .map(|dot| dot.value)
                .chain(row.mean)
                .chain(ends)
        });
        let Some((low, high)) = extent(values.chain([0.0])) else {
            return svg.finish();
        };
        let margin = (high - low) * 0.08;
        let x = Scale::new((low - margin, high + margin), (left, WIDTH - RIGHT));
        for (value, label) in x.ticks(6) {
            let at = x.at(value);
            svg.line(
                if value == 0.0 { "zero" } else { "grid" },
                (at, TOP),
                (at, floor),
            );
            svg.text("middle tick", at, floor + 20.0, &label);
        }
        svg.line("axis", (left, floor), (WIDTH - RIGHT, floor));
        let zero = x.at(0.0);
        // Only the side that has room for its words gets them.
        if zero - left > 150.0 {
            svg.text(
                "end note",
                zero - 12.0,
                floor + 42.0,
                &format!("\u{2190} {}", self.left_label),
            );
        }
        if WIDTH - RIGHT - zero > 150.0 {
            svg.text(
                "note",
                zero + 12.0,
                floor + 42.0,
                &format!("{} \u{2192}", self.right_label),
            );
        }
        for (index, row) in self.rows.iter().enumerate() {
            let middle = TOP + ROW * (index as f64 + 0.5);
            svg.text("row-label", 0.0, middle + 5.0, &row.label);
            if let Some((low, high)) = row.interval {
                svg.line(
                    &format!("{} whisker", row.class),
                    (x.at(low), middle),
                    (x.at(high), middle),
                );
                for end in [low, high] {
                    svg.line(
                        &format!("{} whisker", row.class),
                        (x.at(end), middle - 6.0),
                        (x.at(end), middle + 6.0),
                    );
                }
            }
            for dot in row.values.iter().filter(|dot| dot.value.is_finite()) {
                svg.circle(
                    &format!("{} seed", row.class),
                    (x.at(dot.value), middle),
                    4.0,
                    &dot.title,
                );
            }
            if let Some(mean) = row.mean {
                svg.line(
                    &format!("{} mean", row.class),
                    (x.at(mean), middle - 11.0),
                    (x.at(mean), middle + 11.0),
                );
            }
        }
        svg.finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_show_seeds_mean_and_interval() {
        let row = |interval| Row {
            class: "arm-1".to_owned(),
            label: "rational \u{2212} gelu".to_owned(),
            values: [-0.02, -0.01, -0.015]
                .map(|value| Dot {
                    value,
                    title: format!("seed: {value}"),
                })
                .to_vec(),
            mean: Some(-0.015),
            interval,
        };
        let chart = IntervalChart {
            id: "pairs".to_owned(),
            title: "Differences".to_owned(),
            description: String::new(),
            left_label: "better".to_owned(),
            right_label: "worse".to_owned(),
            rows: vec![row(Some((-0.027, -0.003))), row(None)],
        };
        let text = chart.render();
        assert_eq!(text.matches("<circle").count(), 6);
        assert_eq!(
            text.matches("<title>seed: -0.02</title></circle>").count(),
            2
        );
        assert_eq!(text.matches("whisker").count(), 3);
        assert_eq!(text.matches("arm-1 mean").count(), 2);
        assert_eq!(text.matches("class=\"zero\"").count(), 1);
    }
}
