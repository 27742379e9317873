//! Pictures as pixels, for places that take no SVG.
//!
//! The letters are those of a font that is compiled in, so that a picture is the same on every machine.

use resvg::tiny_skia::{Pixmap, Transform};
use resvg::usvg::{Options, Tree};

use super::style;

/// Pixels of a user unit.
const SCALE: f32 = 2.0;

/// The picture `svg`, one that stands alone, as PNG in light colours; of one that moves, its last frame.
///
/// # Errors
/// What is wrong with `svg`, in words.
pub fn png(svg: &str) -> Result<Vec<u8>, String> {
    let mut options = Options::default();
    let fonts = options.fontdb_mut();
    fonts.load_font_data(epaint_default_fonts::UBUNTU_LIGHT.to_vec());
    let family = fonts
        .faces()
        .find_map(|face| face.families.first())
        .map(|(family, _)| family.clone())
        .ok_or("the font that is compiled in is damaged")?;
    fonts.set_sans_serif_family(&family);
    fonts.set_serif_family(&family);
    options.font_family = family;
    let tree = Tree::from_str(&plain(svg), &options).map_err(|error| error.to_string())?;
    let size = tree.size();
    // Saturates, and a picture of no or of too many pixels is refused below.
    let pixels = |units: f32| (units * SCALE).ceil() as u32;
    let mut picture =
        Pixmap::new(pixels(size.width()), pixels(size.height())).ok_or_else(|| {
            format!(
                "{} times {} units are no picture",
                size.width(),
                size.height()
            )
        })?;
    resvg::render(
        &tree,
        Transform::from_scale(SCALE, SCALE),
        &mut picture.as_mut(),
    );
    picture.encode_png().map_err(|error| error.to_string())
}

/// The picture with rules that the renderer understands.
fn plain(svg: &str) -> String {
    let (open, close) = ("<style>", "</style>");
    let mut text = String::new();
    let mut rest = svg;
    while let Some((before, after)) = rest.split_once(open) {
        let (rules, behind) = after.split_once(close).unwrap_or((after, ""));
        text.push_str(before);
        text.push_str(open);
        text.push_str(&style::flat(rules));
        text.push_str(close);
        rest = behind;
    }
    text.push_str(rest);
    text
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use resvg::tiny_skia::PremultipliedColorU8;

    use super::*;
    use crate::plot::site::{SiteCurves, SitePanel};

    #[test]
    fn a_panel_becomes_pixels_of_its_colours_with_letters() {
        let panel = |heading: &str| SitePanel {
            heading: heading.to_owned(),
            class: "arm-2".to_owned(),
            x_domain: (-1.0, 1.0),
            y_domain: (0.0, 2.0),
            curves: vec![SiteCurves {
                learned: vec![(-1.0, 0.5), (1.0, 1.5)],
                ..SiteCurves::default()
            }],
            style: Some(style::STANDALONE),
            ..SitePanel::default()
        };
        let picture = |heading: &str| {
            // As multiples do: their colours behind the rules of the picture.
            let svg = panel(heading).render();
            let svg = svg.replace("</style>", &format!("{}</style>", style::COLOURS));
            Pixmap::decode_png(&png(&svg).unwrap()).unwrap()
        };
        let count = |picture: &Pixmap, wanted: (u8, u8, u8)| {
            let pixels = picture
                .pixels()
                .iter()
                .map(PremultipliedColorU8::demultiply);
            pixels
                .filter(|pixel| (pixel.red(), pixel.green(), pixel.blue()) == wanted)
                .count()
        };
        let without = picture("");
        assert_eq!((without.width(), without.height()), (656, 592));
        assert!(count(&without, (255, 255, 255)) > 300_000);
        // A line across the plot, in the teal of the second arm and not in the orange of a picture without arms.
        assert!(count(&without, (0x0f, 0x76, 0x6e)) > 500);
        assert_eq!(count(&without, (0xc2, 0x41, 0x0c)), 0);
        let (ink, with) = ((0x1f, 0x23, 0x28), picture("layer.0"));
        assert!(count(&with, ink) > count(&without, ink) + 50);
        assert!(png("<svg").is_err());
    }
}
