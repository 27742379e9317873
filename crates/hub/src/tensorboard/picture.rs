//! The curve of an activation site as a picture.

use pliant_activation::Activation;
use tiny_skia::{Color, Paint, PathBuilder, Pixmap, Stroke, StrokeDash, Transform};

use super::message::Image;

/// In pixels.
const WIDTH: u32 = 360;
const HEIGHT: u32 = 280;
/// What is drawn: `x` from minus to plus this, the range that `rational` is fitted on.
const REACH: f64 = 5.0;
/// Lowest and highest value drawn.
const VALUES: (f64, f64) = (-2.0, 5.0);
/// Groups of channels drawn.
const GROUPS: usize = 8;

const PAPER: [u8; 3] = [0xfc, 0xfb, 0xf9];
const GRID: [u8; 3] = [0xe4, 0xe2, 0xdd];
const AXIS: [u8; 3] = [0xa0, 0xa0, 0xa0];
const START: [u8; 3] = [0x70, 0x70, 0x70];
const LEARNED: [u8; 3] = [0xc0, 0x3f, 0x0c];

/// `activation` with the coefficients of each group, solid, over its start, dashed; a grid line at every whole number.
/// None where a group has another number of coefficients than the activation wants.
pub(crate) fn curve(activation: &Activation, groups: &[Vec<f64>]) -> Option<Image> {
    let start = activation.group_start();
    if groups.iter().any(|group| group.len() != start.len()) {
        return None;
    }
    let mut canvas = Pixmap::new(WIDTH, HEIGHT)?;
    canvas.fill(colour(PAPER));
    for x in -(REACH as i32)..=REACH as i32 {
        let line = [(f64::from(x), VALUES.0), (f64::from(x), VALUES.1)];
        stroke(
            &mut canvas,
            &line,
            if x == 0 { AXIS } else { GRID },
            1.0,
            false,
        );
    }
    for y in VALUES.0 as i32..=VALUES.1 as i32 {
        let line = [(-REACH, f64::from(y)), (REACH, f64::from(y))];
        stroke(
            &mut canvas,
            &line,
            if y == 0 { AXIS } else { GRID },
            1.0,
            false,
        );
    }
    let points = |coefficients: &[f64]| -> Vec<(f64, f64)> {
        (0..=WIDTH)
            .map(|index| REACH * (2.0 * f64::from(index) / f64::from(WIDTH) - 1.0))
            .map(|x| (x, activation.value(coefficients, x)))
            .collect()
    };
    stroke(&mut canvas, &points(&start), START, 1.5, true);
    for group in groups.iter().take(GROUPS) {
        stroke(&mut canvas, &points(group), LEARNED, 2.0, false);
    }
    Some(Image {
        height: HEIGHT as i32,
        width: WIDTH as i32,
        colorspace: 4,
        encoded: canvas.encode_png().ok()?,
    })
}

fn colour([red, green, blue]: [u8; 3]) -> Color {
    Color::from_rgba8(red, green, blue, 255)
}

/// A line through the points that are not far outside; a gap where a value is not finite.
fn stroke(canvas: &mut Pixmap, points: &[(f64, f64)], ink: [u8; 3], width: f32, is_dashed: bool) {
    let mut path = PathBuilder::new();
    let mut is_drawing = false;
    for &(x, y) in points {
        // One picture above and below: the line leaves the picture at its own slope.
        let span = VALUES.1 - VALUES.0;
        let is_near = y > VALUES.0 - span && y < VALUES.1 + span;
        let across = (x + REACH) / (2.0 * REACH) * f64::from(WIDTH);
        let down = (VALUES.1 - y) / span * f64::from(HEIGHT);
        match (is_near, is_drawing) {
            (true, true) => path.line_to(across as f32, down as f32),
            (true, false) => path.move_to(across as f32, down as f32),
            (false, _) => {}
        }
        is_drawing = is_near;
    }
    let Some(path) = path.finish() else { return };
    let mut paint = Paint::default();
    paint.set_color(colour(ink));
    let stroke = Stroke {
        width,
        dash: is_dashed
            .then(|| StrokeDash::new(vec![5.0, 4.0], 0.0))
            .flatten(),
        ..Stroke::default()
    };
    canvas.stroke_path(&path, &paint, &stroke, Transform::identity(), None);
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    /// Whether `ink` is at the point, within a pixel.
    fn has_ink(canvas: &Pixmap, ink: [u8; 3], x: f64, y: f64) -> bool {
        let across = ((x + REACH) / (2.0 * REACH) * f64::from(WIDTH)) as u32;
        let down = ((VALUES.1 - y) / (VALUES.1 - VALUES.0) * f64::from(HEIGHT)) as u32;
        let around = |at: u32, last: u32| at.saturating_sub(1)..=(at + 1).min(last - 1);
        around(across, WIDTH).any(|x| {
            around(down, HEIGHT).any(|y| {
                canvas
                    .pixel(x, y)
                    .is_some_and(|pixel| [pixel.red(), pixel.green(), pixel.blue()] == ink)
            })
        })
    }

    #[test]
    fn the_learned_curve_is_where_its_values_are() {
        let activation = Activation::new(&"rational".parse().unwrap()).unwrap();
        // The line 1 + x / 2 over 1.
        let mut line = vec![0.0; activation.group_start().len()];
        (line[0], line[1]) = (1.0, 0.5);
        let image = curve(&activation, &[line.clone()]).unwrap();
        let canvas = Pixmap::decode_png(&image.encoded).unwrap();
        assert_eq!((canvas.width(), canvas.height()), (WIDTH, HEIGHT));
        for x in [-4.5, -1.3, 0.4, 2.7, 4.6] {
            assert!(has_ink(&canvas, LEARNED, x, 1.0 + x / 2.0), "{x}");
            assert!(!has_ink(&canvas, LEARNED, x, 0.5 + x / 2.0), "{x}");
        }
        assert!(curve(&activation, &[line[1..].to_vec()]).is_none());
        line[0] = f64::NAN;
        assert!(curve(&activation, &[line]).is_some());
    }
}
