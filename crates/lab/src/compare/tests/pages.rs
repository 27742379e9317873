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
    assert!(
        !page
            .replace("http://www.w3.org/2000/svg", "")
            .contains("://")
    );
    assert!(!page.contains("<link") && !page.contains("@import") && !page.contains("NaN"));
    // Even if something were: the browser is told to refuse.
    assert!(page.contains("content=\"default-src 'none'; style-src 'unsafe-inline';"));
    assert_eq!(
        (
            page.matches("<script>").count(),
            page.matches("<script").count()
        ),
        (1, 1)
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

/// The `data-name` of every curve that can be read off in the picture with the id `id`, in order.
fn read_off<'p>(page: &'p str, id: &str) -> Vec<&'p str> {
    let picture = page
        .split(&format!("aria-labelledby=\"{id}-title"))
        .nth(1)
        .unwrap();
    let picture = picture.split("</svg>").next().unwrap();
    let names = picture.split("data-name=\"").skip(1);
    names.map(|rest| rest.split('"').next().unwrap()).collect()
}

#[test]
fn every_site_is_a_panel_with_all_arms() {
    let (_keep, out) = folder();
    let arms = "gelu,rational,rational(start=silu)".parse().unwrap();
    let options = Options {
        arms: Some(arms),
        ..options(&out)
    };
    run(&options, &Fake::default()).unwrap();
    let page = fs::read_to_string(out.join("report.html")).unwrap();
    let panels = page.split("<div class=\"panels\">").nth(1).unwrap();
    assert_eq!(panels.matches("<figure tabindex=\"0\"").count(), 2);
    // Bands over the seeds of what learns; the mean of each arm; starts that differ, each in its arm's colour.
    let (b, c) = ("rational", "rational(start=silu)");
    let before = |arm: &str| format!("{arm}, before training");
    assert_eq!(
        read_off(&page, "site-0"),
        [b, c, "gelu", b, c, &before(b), &before(c)]
    );
    assert_eq!(page.matches(" band\"").count(), 4);
    // Where two arms learn, their derivatives would hide the curves.
    assert!(!page.contains(" derivative\"") && page.contains("arm-2 start own"));
    // The values of three seeds are read under one name.
    assert_eq!(read_off(&page, "loss"), ["gelu", b, c].repeat(3));

    let (_keep, out) = folder();
    let options = Options {
        seeds: Some("1".parse().unwrap()),
        ..super::options(&out)
    };
    run(&options, &Fake::default()).unwrap();
    let page = fs::read_to_string(out.join("report.html")).unwrap();
    assert_eq!(read_off(&page, "site-1"), ["gelu", b, "before training"]);
    assert!(page.contains("arm-1 derivative\"") && !page.contains(" band\""));
}

#[test]
fn twelve_layers_and_five_seeds_stay_below_two_megabytes() {
    let (_keep, out) = folder();
    let options = Options {
        arms: Some(
            "gelu,rational,rational(form=b),rational(share=group(32))"
                .parse()
                .unwrap(),
        ),
        seeds: Some("1-5".parse().unwrap()),
        steps: Some(2000),
        sets: vec!["model.layers=12".to_owned()],
        ..options(&out)
    };
    run(&options, &Fake::default()).unwrap();
    let page = fs::read_to_string(out.join("report.html")).unwrap();
    assert_eq!(page.matches("arrow keys read values\"><svg").count(), 12);
    assert_eq!(page.matches(" band\"").count(), 3 * 12);
    assert!(page.len() < 2_000_000, "{} bytes", page.len());
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
