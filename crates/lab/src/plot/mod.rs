//! A small SVG writer for the plots of a report: scales with round ticks, line charts, site panels, interval charts.
//!
//! Colours are CSS classes (`arm-0`, `grid`, `start`, …), so that one picture serves light and dark pages; [`style`] holds a set of
//! rules for pictures that stand alone.

pub mod curve;
pub mod interval;
pub mod line;
pub mod motion;
pub mod multiples;
pub mod scale;
pub mod site;
pub mod style;
pub mod svg;

/// A point in data coordinates.
pub type Point = (f64, f64);
