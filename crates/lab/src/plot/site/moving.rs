//! The curves of a panel that moves.

use std::fmt::Write as _;

use super::{SiteCurves, SitePanel};
use crate::plot::Point;
use crate::plot::motion::Clock;
use crate::plot::scale::Scale;
use crate::plot::svg::{Svg, number};

/// What is drawn of [`SiteCurves`].
#[derive(Clone, Copy)]
pub(super) enum Kind {
    Derivative,
    Learned,
}

/// In the order of drawing.
pub(super) const KINDS: [Kind; 2] = [Kind::Derivative, Kind::Learned];
/// Where a value goes that no picture can hold.
const FAR: f64 = 4000.0;

impl Kind {
    pub(super) fn class(self) -> &'static str {
        match self {
            Self::Derivative => "derivative",
            Self::Learned => "learned",
        }
    }

    pub(super) fn of(self, curves: &SiteCurves) -> &[Point] {
        match self {
            Self::Derivative => &curves.derivative,
            Self::Learned => &curves.learned,
        }
    }
}

impl SitePanel {
    /// Every curve through all frames.
    pub(super) fn moving(&self, svg: &mut Svg, x: &Scale, y: &Scale) {
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
}
