//! What the script of a page needs to read values off the drawn curves.
//!
//! A [`Reading`] opens a group whose attributes map picture coordinates back to data; curves in it that are written with
//! [`Svg::curve`] and a name are read out under that name. Without a script the picture is the same.

use super::scale::Scale;
use super::svg::Svg;

/// How values are read out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reading {
    /// What the abscissa is called.
    pub label: String,
    /// Decimals of abscissas.
    pub x_decimals: usize,
    /// Decimals of ordinates.
    pub y_decimals: usize,
    /// Whether reading by keys begins at the right end; else in the middle.
    pub is_from_end: bool,
}

impl Reading {
    /// Opens the group of the curves that are drawn with these scales.
    pub fn open(&self, svg: &mut Svg, x: &Scale, y: &Scale) {
        // From two picture coordinates to the two data values there.
        let ends = |scale: &Scale| {
            let ((from, to), (low, high)) = (scale.range(), scale.domain());
            format!("{from} {to} {low} {high}")
        };
        let (x, y) = (ends(x), ends(y));
        let mut attributes = vec![
            ("class", "plot"),
            ("data-x", x.as_str()),
            ("data-y", y.as_str()),
            ("data-label", self.label.as_str()),
        ];
        let decimals = format!("{} {}", self.x_decimals, self.y_decimals);
        attributes.push(("data-decimals", &decimals));
        if self.is_from_end {
            attributes.push(("data-begin", "end"));
        }
        svg.open("g", &attributes);
    }
}
