//! Writing SVG text: nested elements, escaped attributes and text, short numbers.

use std::fmt::Write as _;

/// An SVG document under construction.
#[derive(Debug)]
pub struct Svg {
    text: String,
    open: Vec<&'static str>,
}

impl Svg {
    /// Starts a picture of `width` × `height` user units that scales with its container. `title` and `description` are read out by
    /// screen readers; `id` makes their references unique in a page.
    pub fn new(id: &str, width: f64, height: f64, title: &str, description: &str) -> Self {
        let id = escape(id);
        let mut text = String::new();
        let _ = write!(
            text,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {} {}\" role=\"img\" aria-labelledby=\"{id}-title {id}-desc\">\
             <title id=\"{id}-title\">{}</title><desc id=\"{id}-desc\">{}</desc>",
            number(width),
            number(height),
            escape(title),
            escape(description),
        );
        Self {
            text,
            open: Vec::new(),
        }
    }

    /// Puts a style sheet inside the picture.
    pub fn style(&mut self, rules: &str) {
        let _ = write!(self.text, "<style>{rules}</style>");
    }

    /// Opens an element that [`Svg::close`] ends.
    pub fn open(&mut self, name: &'static str, attributes: &[(&str, &str)]) {
        self.start(name, attributes);
        self.text.push('>');
        self.open.push(name);
    }

    /// Ends the element opened last.
    pub fn close(&mut self) {
        if let Some(name) = self.open.pop() {
            let _ = write!(self.text, "</{name}>");
        }
    }

    /// An element without content.
    pub fn element(&mut self, name: &'static str, attributes: &[(&str, &str)]) {
        self.start(name, attributes);
        self.text.push_str("/>");
    }

    /// A line of text at (x, y).
    pub fn text(&mut self, class: &str, x: f64, y: f64, content: &str) {
        self.start(
            "text",
            &[("class", class), ("x", &number(x)), ("y", &number(y))],
        );
        let _ = write!(self.text, ">{}</text>", escape(content));
    }

    /// A line of text at (x, y), turned to read upwards.
    pub fn vertical_text(&mut self, class: &str, x: f64, y: f64, content: &str) {
        let turn = format!("rotate(-90 {} {})", number(x), number(y));
        self.start(
            "text",
            &[
                ("class", class),
                ("x", &number(x)),
                ("y", &number(y)),
                ("transform", &turn),
            ],
        );
        let _ = write!(self.text, ">{}</text>", escape(content));
    }

    /// A straight line.
    pub fn line(&mut self, class: &str, from: (f64, f64), to: (f64, f64)) {
        self.element(
            "line",
            &[
                ("class", class),
                ("x1", &number(from.0)),
                ("y1", &number(from.1)),
                ("x2", &number(to.0)),
                ("y2", &number(to.1)),
            ],
        );
    }

    /// A polyline through `points`, broken where one is not finite.
    pub fn path(&mut self, class: &str, points: &[(f64, f64)]) {
        self.curve(class, "", points);
    }

    /// As [`Svg::path`], to be read out under `name` where that is not empty; ordinates are then written finer.
    pub fn curve(&mut self, class: &str, name: &str, points: &[(f64, f64)]) {
        let decimals = if name.is_empty() { 2 } else { 3 };
        let mut data = String::new();
        let mut pen_down = false;
        for &(x, y) in points {
            if !(x.is_finite() && y.is_finite()) {
                pen_down = false;
                continue;
            }
            let _ = write!(
                data,
                "{}{} {}",
                if pen_down { 'L' } else { 'M' },
                number(x),
                rounded(y, decimals)
            );
            pen_down = true;
        }
        if !data.is_empty() {
            self.element(
                "path",
                &[("class", class), ("data-name", name), ("d", &data)],
            );
        }
    }

    /// A filled circle, with what a pointer that rests on it is told.
    pub fn circle(&mut self, class: &str, center: (f64, f64), radius: f64, title: &str) {
        self.open(
            "circle",
            &[
                ("class", class),
                ("cx", &number(center.0)),
                ("cy", &number(center.1)),
                ("r", &number(radius)),
            ],
        );
        let _ = write!(self.text, "<title>{}</title>", escape(title));
        self.close();
    }

    /// A rectangle.
    pub fn rectangle(&mut self, class: &str, x: f64, y: f64, width: f64, height: f64) {
        self.element(
            "rect",
            &[
                ("class", class),
                ("x", &number(x)),
                ("y", &number(y)),
                ("width", &number(width)),
                ("height", &number(height)),
            ],
        );
    }

    /// Opens a group that shows nothing outside the rectangle; `id` must be unique in the page.
    pub fn open_clip(&mut self, id: &str, x: f64, y: f64, width: f64, height: f64) {
        self.open("clipPath", &[("id", id)]);
        self.rectangle("", x, y, width, height);
        self.close();
        self.open("g", &[("clip-path", &format!("url(#{id})"))]);
    }

    /// A finished picture inside this one, scaled to a rectangle.
    pub fn embed(&mut self, x: f64, y: f64, width: f64, height: f64, picture: &str) {
        let place = format!(
            "<svg x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" ",
            number(x),
            number(y),
            number(width),
            number(height)
        );
        self.text.push_str(&picture.replacen("<svg ", &place, 1));
    }

    /// The finished text.
    pub fn finish(mut self) -> String {
        while !self.open.is_empty() {
            self.close();
        }
        self.text.push_str("</svg>");
        self.text
    }

    fn start(&mut self, name: &str, attributes: &[(&str, &str)]) {
        let _ = write!(self.text, "<{name}");
        for (key, value) in attributes {
            if !value.is_empty() {
                let _ = write!(self.text, " {key}=\"{}\"", escape(value));
            }
        }
    }
}

/// At most two decimals, no trailing zeros, no `-0`.
pub fn number(value: f64) -> String {
    rounded(value, 2)
}

fn rounded(value: f64, decimals: i32) -> String {
    let unit = 10.0_f64.powi(decimals);
    // Adding zero turns -0 into 0.
    format!("{}", (value * unit).round() / unit + 0.0)
}

/// Text made safe for element content and attribute values.
pub fn escape(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            // Control characters are no XML.
            c if c.is_control() && c != '\n' && c != '\t' => safe.push('\u{fffd}'),
            c => safe.push(c),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_nest_and_text_is_escaped() {
        let mut svg = Svg::new("a", 10.0, 20.5, "a < b", "\"x\" & y");
        svg.open("g", &[("class", "one\"two")]);
        svg.path(
            "line",
            &[(0.0, 0.0), (1.0 / 3.0, f64::NAN), (2.0, 3.0), (4.0, -0.001)],
        );
        let text = svg.finish();
        assert!(text.contains("viewBox=\"0 0 10 20.5\""));
        assert!(text.contains("a &lt; b"));
        assert!(text.contains("&quot;x&quot; &amp; y"));
        assert!(text.contains("class=\"one&quot;two\""));
        assert!(text.contains("d=\"M0 0M2 3L4 0\""), "{text}");
        assert!(text.ends_with("</g></svg>"));
    }
}
