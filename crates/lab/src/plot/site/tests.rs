//! Panels that stand and panels that move.

use super::*;

#[test]
fn a_panel_shows_every_seed_and_the_inputs() {
    let curve = SiteCurves {
        learned: vec![(-1.0, 0.0), (1.0, 1.0)],
        derivative: vec![(-1.0, 0.5), (1.0, 0.5)],
        class: None,
        name: "rational".to_owned(),
    };
    let panel = SitePanel {
        id: "layer.0".to_owned(),
        heading: "layer.0".to_owned(),
        description: "curve".to_owned(),
        class: "arm-1".to_owned(),
        x_domain: (-4.0, 4.0),
        y_domain: (-1.0, 4.0),
        starts: vec![StartCurve {
            points: vec![(-1.0, 0.0), (1.0, 0.9)],
            class: None,
            name: "before training".to_owned(),
        }],
        curves: vec![curve.clone(), curve],
        densities: vec![Density {
            low: -2.0,
            high: 2.0,
            values: vec![0.1, 0.4, 0.0, 0.2],
            class: None,
        }],
        note: "near 1.00·gelu(1.00·x)".to_owned(),
        fitted: Some((-2.0, 2.0)),
        reading: Some(Reading {
            label: "x".to_owned(),
            x_decimals: 2,
            y_decimals: 3,
            is_from_end: false,
        }),
        ..SitePanel::default()
    };
    let text = panel.render();
    let group = text.split("class=\"plot\"").nth(1).unwrap_or_default();
    assert!(group.starts_with(" data-x=\"30 292 -4 4\" data-y=\"190 33 -1 4\""));
    assert_eq!(group.matches("data-name=\"rational\"").count(), 2);
    assert_eq!(group.matches("data-name=\"before training\"").count(), 1);
    assert_eq!(text.matches("arm-1 learned").count(), 2);
    assert_eq!(text.matches("arm-1 derivative").count(), 2);
    assert_eq!(text.matches("arm-1 bars").count(), 1);
    assert_eq!(text.matches("class=\"start\"").count(), 1);
    assert_eq!(text.matches("class=\"fitted\"").count(), 2);
    assert!(text.contains(">near 1.00·gelu(1.00·x)</text>"));
    assert!(!text.contains("<style>"));
    let alone = SitePanel {
        style: Some(super::super::style::STANDALONE),
        densities: Vec::new(),
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
            name: String::new(),
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
