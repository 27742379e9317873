//! Runs whose curves are lines of known slopes.
#![allow(clippy::unwrap_used)]

use super::*;

/// A finished run of a rational of degrees 1/1 in form N that is `slope · x`.
fn run(parent: &Path, name: &str, recipe: &str, site: &str, slope: f64) -> PathBuf {
    let run = parent.join(name);
    fs::create_dir_all(run.join("shapes")).unwrap();
    fs::create_dir(run.join("model")).unwrap();
    fs::write(run.join("summary.json"), "{}").unwrap();
    fs::write(run.join("recipe.toml"), recipe).unwrap();
    let tensors = format!(
        "[{{\"name\":\"numerator\",\"shape\":[1,2],\"values\":[0.0,{slope}]}},{{\"name\":\"denominator\",\"shape\":[1,1],\"values\":[0.0]}}]"
    );
    let shapes = format!(
        "{{\"step\":7,\"sites\":[{{\"site\":\"{site}\",\"layer\":0,\"activation\":\"rational(1/1, form=n)\",\"start\":{tensors},\
         \"learned\":{tensors},\"inputs\":{{\"low\":-2.0,\"high\":2.0,\"counts\":[1,1],\"below\":0,\"above\":0,\"count\":2,\"mean\":0.0,\
         \"deviation\":1.0,\"minimum\":-1.0,\"maximum\":1.0}}}}]}}"
    );
    fs::write(run.join(INPUTS), shapes).unwrap();
    run
}

fn recipe(seed: u64, rate: f64) -> String {
    format!(
        "[data]\ncache = \"{seed}\"\n[train]\nseed = {seed}\n[optimizer]\nlearning_rate = {rate}\n"
    )
}

#[test]
fn runs_that_differ_in_the_seed_alone_share_a_mean_and_a_band() {
    let place = tempfile::tempdir().unwrap();
    let runs = [
        run(place.path(), "a", &recipe(1, 0.1), "layer.0", 1.0),
        run(place.path(), "b", &recipe(2, 0.1), "layer.0", 2.0),
        run(place.path(), "c", &recipe(1, 0.2), "layer.0", 5.0),
        run(place.path(), "d", &recipe(3, 0.1), "layer.0", 6.0),
    ];
    let seeds = seeds(&runs, &place.path().join("out")).unwrap();
    assert_eq!(seeds.arms.len(), 2);
    assert_eq!(
        seeds.arms[0].runs,
        [&runs[0], &runs[1], &runs[3]].map(Clone::clone)
    );
    assert_eq!(seeds.arms[0].name, "rational(1/1, form=n) 1");
    let csv = fs::read_to_string(&seeds.csv).unwrap();
    assert_eq!(csv.lines().count(), 1 + 2 * DRAWN_POINTS);
    // At x = -3: -3, -6 and -18.
    let deviation = ((6.0_f64.powi(2) + 3.0_f64.powi(2) + 9.0_f64.powi(2)) / 2.0).sqrt();
    let row = format!("layer.0,\"rational(1/1, form=n) 1\",3,-3,-9,{deviation},-18,-3\n");
    assert!(csv.contains(&row), "{row}{csv}");
    assert!(csv.contains("2\",1,-3,-15,0,-15,-15\n"));
    let svg = fs::read_to_string(&seeds.svg).unwrap();
    assert_eq!(svg.matches(" band\"").count(), 1);
    assert_eq!(svg.matches("arm-2 learned").count(), 2);
    assert!(svg.contains("mean of 3 runs") && !svg.contains("class=\"start\""));
}

#[test]
fn models_of_other_sites_are_refused() {
    let place = tempfile::tempdir().unwrap();
    let runs = [
        run(place.path(), "a", &recipe(1, 0.1), "layer.0", 1.0),
        run(place.path(), "b", &recipe(2, 0.1), "layer.1", 2.0),
    ];
    let error = seeds(&runs, place.path()).unwrap_err();
    assert!(error.to_string().contains("has no site layer.0"), "{error}");
    assert!(error.hint().is_some());
}
