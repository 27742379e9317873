//! The report, and the shapes of a cell.

use super::*;

#[test]
fn the_report_stands_alone() {
    let (_keep, out) = folder();
    let arms = "gelu,rational,rational(form=b),relu".parse().unwrap();
    let results = run(
        &Options {
            arms: Some(arms),
            steps: Some(2000),
            ..options(&out)
        },
        &Fake::default(),
    )
    .unwrap();
    let page = fs::read_to_string(out.join("report.html")).unwrap();
    for wanted in [
        "prefers-color-scheme:dark",
        "id=\"loss\"",
        "<title id=\"loss-title\">",
        "arm-3",
        "Layer 2",
        "word frequencies alone",
    ] {
        assert!(
            page.contains(wanted)
                || page.contains(&wanted.replace("id=\"loss\"", "id=\"loss-title\"")),
            "{wanted}"
        );
    }
    // Nothing is fetched: no address but the SVG name space.
    assert_eq!(
        page.replace("http://www.w3.org/2000/svg", "")
            .matches("http")
            .count(),
        0
    );
    assert!(
        !page.contains("<script")
            && !page.contains("<link")
            && !page.contains("@import")
            && !page.contains("NaN")
    );
    assert!(page.len() < 2_000_000, "{} bytes", page.len());
    let text = page.replace('\u{a0}', " ").replace("&#60;", "<");
    assert!(text.contains(&results.sentence));
    assert!(text.contains("<h1>rational, rational(form=b) and relu against gelu</h1>"));
    let markdown = fs::read_to_string(out.join("results.md")).unwrap();
    assert!(
        markdown.contains("| rational | 3 |")
            && markdown.contains("| rational(form=b) − gelu | 3 |")
    );
}

#[test]
fn shapes_of_a_cell_are_written_as_tables_and_pictures() {
    let (keep, out) = folder();
    run(&options(&out), &Fake::default()).unwrap();
    let target = keep.path().join("shapes");
    let written = crate::shapes::write(&out.join("rational/seed-1"), &target).unwrap();
    assert_eq!(written.sites.len(), 2);
    let table = fs::read_to_string(&written.sites[1].csv).unwrap();
    assert!(table.starts_with("x,start,learned,derivative,input_density\n"));
    let column = |index: usize| -> Vec<f64> {
        table
            .lines()
            .skip(1)
            .map(|line| line.split(',').nth(index).unwrap().parse().unwrap())
            .collect()
    };
    let (x, start, learned, derivative) = (column(0), column(1), column(2), column(3));
    assert!(
        start
            .iter()
            .zip(&learned)
            .any(|(start, learned)| (start - learned).abs() > 1e-4)
    );
    for middle in 1..x.len() - 1 {
        let slope = (learned[middle + 1] - learned[middle - 1]) / (x[middle + 1] - x[middle - 1]);
        assert!(
            (slope - derivative[middle]).abs() < 0.02,
            "at {}: {slope} and {}",
            x[middle],
            derivative[middle]
        );
    }
    let picture = fs::read_to_string(&written.sites[0].svg).unwrap();
    assert!(
        picture.starts_with("<svg ")
            && picture.contains("<style>")
            && picture.contains(" learned\"")
    );
    // A fixed function has one curve and no others.
    let fixed = crate::shapes::write(&out.join("gelu/seed-1"), &target.join("gelu")).unwrap();
    let table = fs::read_to_string(&fixed.sites[0].csv).unwrap();
    let at_one = table.lines().find(|line| line.starts_with("1,")).unwrap();
    assert!(
        (at_one.split(',').nth(2).unwrap().parse::<f64>().unwrap() - 0.841_344_746).abs() < 1e-6
    );
}

#[test]
fn shapes_want_a_finished_run() {
    use crate::ShapesError;
    let (keep, out) = folder();
    run(
        &options(&out),
        &Fake {
            interrupt_after: Some(1),
            ..Fake::default()
        },
    )
    .unwrap_err();
    let target = keep.path().join("shapes");
    let write = |run: &Path| crate::shapes::write(run, &target).unwrap_err();
    assert!(matches!(
        write(&out.join("nothing")),
        ShapesError::Missing { .. }
    ));
    assert!(matches!(write(&out), ShapesError::NotARun { .. }));
    let unfinished = write(&out.join("rational/seed-1"));
    assert!(matches!(
        unfinished,
        ShapesError::Unfinished {
            missing: "summary.json",
            ..
        }
    ));
    assert!(unfinished.hint().unwrap().contains("--resume"));
    fs::write(out.join("gelu/seed-1/shapes/inputs.json"), "{").unwrap();
    assert!(matches!(
        write(&out.join("gelu/seed-1")),
        ShapesError::Unreadable { .. }
    ));
    fs::remove_dir(out.join("gelu/seed-1/model")).unwrap();
    assert!(matches!(
        write(&out.join("gelu/seed-1")),
        ShapesError::Unfinished {
            missing: "model/",
            ..
        }
    ));
    assert!(!target.exists());
}
