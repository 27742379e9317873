//! Runs whose coefficients at every step are known.
#![allow(clippy::unwrap_used)]

use super::*;

/// A line of `metrics.jsonl` for a rational of degrees 1/1 in form N that is `slope · x`.
fn validation(step: u64, slope: f64) -> String {
    format!(
        "{{\"event\":\"validation\",\"step\":{step},\"loss\":1.0,\"later\":true,\"coefficients\":[{{\"site\":\"layer.0\",\"tensors\":[\
         {{\"name\":\"numerator\",\"shape\":[1,2],\"values\":[0.0,{slope}]}},{{\"name\":\"denominator\",\"shape\":[1,1],\"values\":[0.0]}}]}}]}}\n"
    )
}

/// A run that has not come to its end.
fn folder(activation: &str, lines: &str) -> (tempfile::TempDir, PathBuf) {
    let place = tempfile::tempdir().unwrap();
    let run = place.path().join("run");
    fs::create_dir(&run).unwrap();
    fs::write(run.join("recipe.toml"), "").unwrap();
    let started = format!("{{\"event\":\"started\",\"step\":0,\"activation\":\"{activation}\"}}\n");
    fs::write(run.join("metrics.jsonl"), started + lines).unwrap();
    (place, run)
}

const LINEAR: &str = "rational(1/1, form=n)";

#[test]
fn every_validation_is_a_frame_from_the_first_step_to_the_last() {
    // An event of a later version, a broken line, a step scored twice, and a torn end.
    let lines = [
        validation(0, 0.5),
        "{\"event\":\"phase\",\"of\":\"moon\"}\n".to_owned(),
        "{\"event\":\"vali\n".to_owned(),
        validation(10, 9.0),
        validation(10, 1.0),
        validation(20, 2.0),
        "{\"event\":\"step\",\"st".to_owned(),
    ];
    let (place, run) = folder(LINEAR, &lines.concat());
    let evolution = animate(&run, &place.path().join("out")).unwrap();
    assert_eq!(evolution.steps, [0, 10, 20]);
    assert_eq!(evolution.broken_lines, [4]);
    let csv = fs::read_to_string(&evolution.csv).unwrap();
    assert_eq!(csv.lines().count(), 1 + 3 * POINTS);
    for (step, slope) in [(0, 0.5), (10, 1.0), (20, 2.0)] {
        let row = csv
            .lines()
            .find(|line| line.starts_with(&format!("{step},layer.0,0,-3,")))
            .unwrap();
        assert_eq!(row, format!("{step},layer.0,0,-3,{},{slope}", -3.0 * slope));
    }
    let svg = fs::read_to_string(&evolution.svg).unwrap();
    assert!(svg.contains("prefers-reduced-motion:reduce") && !svg.contains("NaN"));
    for step in ["step 0", "step 10"] {
        assert_eq!(svg.matches(&format!(">{step}</text>")).count(), 1, "{step}");
    }
    // The last one once more for those who want nothing to move.
    assert_eq!(svg.matches(">step 20</text>").count(), 2);
}

#[test]
fn what_cannot_move_is_refused_with_a_reason() {
    let (place, run) = folder("gelu", "");
    let fixed = animate(&run, place.path()).unwrap_err();
    assert!(
        matches!(&fixed, ShapesError::Fixed { activation, .. } if activation == "gelu"),
        "{fixed}"
    );
    assert!(fixed.hint().unwrap().contains("without --animate"));
    for lines in [
        String::new(),
        validation(0, 0.5),
        validation(10, 1.0) + &validation(20, 1.0),
    ] {
        let (place, run) = folder(LINEAR, &lines);
        let few = animate(&run, place.path()).unwrap_err();
        assert!(
            matches!(few, ShapesError::TooFewValidations { .. }),
            "{few}"
        );
        assert!(few.hint().unwrap().contains("validation.every"));
    }
    let (place, run) = folder(
        LINEAR,
        &(validation(0, 0.5) + &validation(10, 1.0).replace("layer.0", "layer.1")),
    );
    let gap = animate(&run, place.path()).unwrap_err();
    assert!(
        gap.to_string()
            .ends_with("step 10 has no coefficients of layer.0"),
        "{gap}"
    );
}

#[test]
fn of_many_validations_the_ends_and_some_between_are_shown() {
    assert_eq!(evenly(2), [0, 1]);
    let chosen = evenly(1000);
    assert_eq!(
        (chosen.len(), chosen[0], chosen[FRAMES - 1]),
        (FRAMES, 0, 999)
    );
    assert!(chosen.windows(2).all(|pair| pair[0] < pair[1]));
}
