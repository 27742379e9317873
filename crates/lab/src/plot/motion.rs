//! Pictures that move: SMIL animations, which play in every browser also where the picture is an image of a page, and need no script.
//!
//! What moves is drawn twice: as `moving`, whose plain state is the last frame, so that a viewer without animations shows it; and as
//! `still`, the last frame for those who prefer reduced motion, and on paper.

use std::fmt::Write as _;

use super::svg::{Svg, number};

/// Rules for [`MOVING`] and [`STILL`], after those of the picture.
pub const RULES: &str = ".still{display:none}@media print,(prefers-reduced-motion:reduce){.moving{display:none}.still{display:inline}}\
.progress{stroke:var(--arm);stroke-width:3;stroke-linecap:round}.track{stroke:var(--line);stroke-width:3;stroke-linecap:round}";
/// CSS class of what moves.
pub const MOVING: &str = "moving";
/// CSS class of what stands for it.
pub const STILL: &str = "still";

/// Seconds before the first frame is left.
const FIRST: f64 = 0.8;
/// Seconds that the last frame stays.
const LAST: f64 = 2.2;
/// Seconds from frame to frame, where they are few.
const BETWEEN: f64 = 0.5;
/// Seconds of all frames, where they are many.
const LONGEST: f64 = 9.0;

/// When each frame is shown; the same for all that moves in a picture, over and over.
#[derive(Debug, Clone)]
pub struct Clock {
    frames: usize,
}

impl Clock {
    /// A clock for `frames` frames, at least two.
    pub fn new(frames: usize) -> Self {
        Self {
            frames: frames.max(2),
        }
    }

    fn moving(&self) -> f64 {
        ((self.frames - 1) as f64 * BETWEEN).min(LONGEST)
    }

    fn seconds(&self) -> f64 {
        FIRST + self.moving() + LAST
    }

    /// When frame `index` is reached, as a share of the whole.
    fn at(&self, index: usize) -> f64 {
        (FIRST + self.moving() * index as f64 / (self.frames - 1) as f64) / self.seconds()
    }

    /// Inside of an open element: `attribute` goes from value to value, one for each frame, and stays at the first and the last.
    pub fn animate(&self, svg: &mut Svg, attribute: &str, values: &[String]) {
        let (Some(first), Some(last)) = (values.first(), values.last()) else {
            return;
        };
        let mut times = "0".to_owned();
        for index in 0..values.len() {
            let _ = write!(times, ";{:.4}", self.at(index));
        }
        times.push_str(";1");
        let values = format!("{first};{};{last}", values.join(";"));
        self.element(svg, attribute, &times, &values, "linear");
    }

    /// Inside of an open element: it is visible from frame `index` until the next.
    pub fn show(&self, svg: &mut Svg, index: usize) {
        let (mut times, mut values) = ("0".to_owned(), "hidden".to_owned());
        if index == 0 {
            "visible".clone_into(&mut values);
        } else {
            let _ = write!(times, ";{:.4}", self.at(index));
            values.push_str(";visible");
        }
        if index + 1 < self.frames {
            let _ = write!(times, ";{:.4}", self.at(index + 1));
            values.push_str(";hidden");
        }
        self.element(svg, "visibility", &times, &values, "discrete");
    }

    fn element(&self, svg: &mut Svg, attribute: &str, times: &str, values: &str, mode: &str) {
        svg.element(
            "animate",
            &[
                ("attributeName", attribute),
                ("dur", &format!("{}s", number(self.seconds()))),
                ("repeatCount", "indefinite"),
                ("calcMode", mode),
                ("keyTimes", times),
                ("values", values),
            ],
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn attribute(text: &str, name: &str) -> Vec<String> {
        text.split(&format!(" {name}=\""))
            .nth(1)
            .and_then(|rest| rest.split('"').next())
            .unwrap_or_default()
            .split(';')
            .map(str::to_owned)
            .collect()
    }

    #[test]
    fn a_value_for_each_moment_from_the_first_to_the_last() {
        for frames in [2, 13, 400] {
            let mut svg = Svg::new("a", 1.0, 1.0, "", "");
            let values: Vec<String> = (0..frames).map(|index| format!("M0 {index}")).collect();
            Clock::new(frames).animate(&mut svg, "d", &values);
            let text = svg.finish();
            let (times, shown) = (attribute(&text, "keyTimes"), attribute(&text, "values"));
            assert_eq!((times.len(), shown.len()), (frames + 2, frames + 2));
            assert_eq!((&*shown[0], &*shown[1]), ("M0 0", "M0 0"));
            let last = format!("M0 {}", frames - 1);
            assert_eq!(shown[frames..], [last.clone(), last]);
            let times: Vec<f64> = times.iter().filter_map(|time| time.parse().ok()).collect();
            assert!(times.windows(2).all(|pair| pair[0] < pair[1]), "{times:?}");
            assert_eq!((times[0], times[frames + 1]), (0.0, 1.0));
        }
    }

    #[test]
    fn one_label_at_a_time() {
        let clock = Clock::new(3);
        let values = |index| {
            let mut svg = Svg::new("a", 1.0, 1.0, "", "");
            clock.show(&mut svg, index);
            let text = svg.finish();
            (attribute(&text, "values"), attribute(&text, "keyTimes"))
        };
        let (first, middle, last) = (values(0), values(1), values(2));
        assert_eq!(first.0, ["visible", "hidden"]);
        assert_eq!(middle.0, ["hidden", "visible", "hidden"]);
        assert_eq!(last.0, ["hidden", "visible"]);
        assert_eq!((&first.1[1], &middle.1[2]), (&middle.1[1], &last.1[1]));
    }
}
