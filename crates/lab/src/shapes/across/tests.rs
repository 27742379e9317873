//! Runs made by hand, whose distances are known.
#![allow(clippy::unwrap_used)]

use pliant_train::NamedTensor;

use super::*;

/// A rational of degrees 1/1 in form N: (a0 + a1 x) / (1 + b1 x).
fn site(
    name: &str,
    layer: usize,
    start: [f32; 2],
    learned: [f32; 2],
    counts: Vec<u64>,
) -> SiteShape {
    let tensors = |numerator: [f32; 2]| {
        vec![
            NamedTensor {
                name: "numerator".to_owned(),
                shape: vec![1, 2],
                values: numerator.to_vec(),
            },
            NamedTensor {
                name: "denominator".to_owned(),
                shape: vec![1, 1],
                values: vec![0.0],
            },
        ]
    };
    let count = counts.iter().sum::<u64>() + 10;
    SiteShape {
        site: name.to_owned(),
        layer: Some(layer),
        activation: "rational(1/1, form=n)".to_owned(),
        start: tensors(start),
        learned: tensors(learned),
        inputs: InputHistogram {
            low: -2.0,
            high: 2.0,
            counts,
            below: 5,
            above: 5,
            count,
            mean: 0.0,
            deviation: 1.0,
            minimum: -3.0,
            maximum: 3.0,
        },
    }
}

/// A run folder with these sites; with a task it is a fine-tuned one.
fn folder(parent: &Path, name: &str, task: Option<(&str, u64)>, sites: Vec<SiteShape>) -> PathBuf {
    let run = parent.join(name);
    fs::create_dir_all(run.join("shapes")).unwrap();
    fs::write(run.join("recipe.toml"), "").unwrap();
    if let Some((task, seed)) = task {
        let result = format!("{{\"task\":\"{task}\",\"mode\":\"full\",\"seed\":{seed}}}");
        fs::write(run.join("result.json"), result).unwrap();
    } else {
        fs::write(run.join("summary.json"), "{}").unwrap();
        fs::create_dir(run.join("model")).unwrap();
    }
    let shapes = InputShapes { step: 7, sites };
    fs::write(run.join(INPUTS), serde_json::to_string(&shapes).unwrap()).unwrap();
    run
}

/// Both layers are the identity before fine-tuning.
fn pretrained(parent: &Path) -> PathBuf {
    let layer = |index: usize| {
        site(
            &format!("layer.{index}"),
            index,
            [0.0, 0.5],
            [0.0, 1.0],
            vec![1, 1],
        )
    };
    folder(parent, "pretrained", None, vec![layer(0), layer(1)])
}

fn tuned(parent: &Path, name: &str, task: &str, seed: u64, shift: f32, slope: f32) -> PathBuf {
    let sites = vec![
        site("layer.0", 0, [0.0, 1.0], [shift, 1.0], vec![30, 10]),
        site("layer.1", 1, [0.0, 1.0], [0.0, slope], vec![30, 10, 10, 30]),
        site("pooler", 9, [0.0, 1.0], [0.0, 1.0], vec![1, 1]),
    ];
    folder(parent, name, Some((task, seed)), sites)
}

#[test]
fn distances_are_weighted_by_the_inputs() {
    let place = tempfile::tempdir().unwrap();
    let against = pretrained(place.path());
    let runs = [
        tuned(place.path(), "a", "rte", 1, 0.25, 2.0),
        tuned(place.path(), "b", "cola", 1, 0.0, 1.0),
    ];
    let out = place.path().join("out");
    let compared = compare(&runs, &against, &out).unwrap();
    assert_eq!(
        compared.sites.len(),
        2,
        "the pooler has no pre-trained twin"
    );
    let of = |site: usize, run: usize| compared.sites[site].distances[run];
    // A shift is the same everywhere.
    assert!((of(0, 0).distance - 0.25).abs() < 1e-7);
    assert!((of(0, 0).outside - 10.0 / 50.0).abs() < 1e-12);
    // A slope of 2 is off by x: bins of width 1 with centres ±1.5 (3/8 each) and ±0.5 (1/8 each).
    let by_hand = (0.75_f64 * 2.25 + 0.25 * 0.25).sqrt();
    assert!((of(1, 0).distance - by_hand).abs() < 1e-7);
    assert_eq!((of(0, 1).distance, of(1, 1).distance), (0.0, 0.0));
    assert!(compared.warnings.is_empty());
    assert_eq!(compared.runs[0].label, "rte");

    let csv = fs::read_to_string(&compared.csv).unwrap();
    assert_eq!(csv.lines().count(), 1 + 4);
    assert!(csv.starts_with("run,task,mode,seed,site,distance,outside\n"));
    assert!(csv.contains(",rte,full,1,layer.0,0.25,0.2\n"));
    let table = fs::read_to_string(out.join("layer.1.csv")).unwrap();
    assert!(table.starts_with("x,pretrained,rte,cola\n"));
    let last: Vec<f64> = table
        .lines()
        .last()
        .unwrap()
        .split(',')
        .map(|n| n.parse().unwrap())
        .collect();
    assert!(last[1] == last[0] && last[2] == 2.0 * last[0] && last[3] == last[0]);
    let saved: Compared =
        serde_json::from_str(&fs::read_to_string(&compared.json).unwrap()).unwrap();
    assert_eq!(saved.runs, compared.runs);
}

#[test]
fn the_figure_has_a_panel_for_each_layer_and_a_curve_for_each_run() {
    let place = tempfile::tempdir().unwrap();
    let against = pretrained(place.path());
    let runs = [
        tuned(place.path(), "a", "rte", 1, 0.25, 2.0),
        tuned(place.path(), "b", "rte", 2, 0.2, 1.5),
        tuned(place.path(), "c", "cola", 1, 0.0, 1.0),
    ];
    let compared = compare(&runs, &against, &place.path().join("out")).unwrap();
    let labels: Vec<&str> = compared.runs.iter().map(|run| run.label.as_str()).collect();
    assert_eq!(labels, ["rte seed 1", "rte seed 2", "cola seed 1"]);
    let figure = fs::read_to_string(&compared.svg).unwrap();
    assert_eq!(figure.matches("<svg ").count(), 1 + 2);
    assert_eq!(figure.matches("</svg>").count(), 1 + 2);
    // Two runs of one task share its colour; one stroke each in the legend.
    assert_eq!(figure.matches("\"arm-1 learned\"").count(), 2 * 2 + 1);
    assert_eq!(figure.matches("\"arm-2 learned\"").count(), 2 + 1);
    assert_eq!(figure.matches("class=\"start\"").count(), 2 + 1);
    assert!(figure.contains("Layer 2") && !figure.contains("NaN"));
}

#[test]
fn runs_that_are_none_of_its_children_are_told_or_refused() {
    let place = tempfile::tempdir().unwrap();
    let against = pretrained(place.path());
    let out = place.path().join("out");
    let strange = folder(
        place.path(),
        "strange",
        Some(("rte", 1)),
        vec![
            site("layer.0", 0, [0.5, 1.0], [0.0, 1.0], vec![1, 1]),
            site("layer.1", 1, [0.0, 1.0], [0.0, 1.0], vec![1, 1]),
        ],
    );
    let compared = compare(&[strange], &against, &out).unwrap();
    assert!(compared.warnings[0].starts_with("rte did not begin with the activations of "));
    let small = folder(
        place.path(),
        "small",
        Some(("rte", 1)),
        vec![site("layer.0", 0, [0.0, 1.0], [0.0, 1.0], vec![1, 1])],
    );
    let error = compare(&[small], &against, &out).unwrap_err();
    assert!(
        error.to_string().ends_with("it has no site layer.1"),
        "{error}"
    );
    let mut other = site("layer.0", 0, [0.0, 1.0], [0.0, 1.0], vec![1, 1]);
    other.activation = "gelu".to_owned();
    let fixed = folder(place.path(), "fixed", Some(("rte", 1)), vec![other]);
    let error = compare(&[fixed], &against, &out).unwrap_err();
    assert!(
        error
            .to_string()
            .contains("layer.0 is `gelu` there and `rational(1/1, form=n)`"),
        "{error}"
    );
    assert!(error.hint().unwrap().contains("--against"));
}
