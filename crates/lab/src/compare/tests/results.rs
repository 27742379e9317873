//! What the results say, and in which shape.

use super::*;

#[test]
fn results_have_the_shape_that_programs_read() {
    let (_keep, out) = folder();
    let results = run(&options(&out), &Fake::default()).unwrap();
    let json: serde_json::Value =
        serde_json::from_str(&fs::read_to_string(out.join("results.json")).unwrap()).unwrap();
    let read: Results = serde_json::from_value(json.clone()).unwrap();
    assert_eq!(
        (&read.sentence, &read.origin),
        (&results.sentence, &results.origin)
    );
    assert_eq!(read.fairness, results.fairness);
    let arm = &json["arms"][1];
    assert_eq!(
        (arm["name"].as_str(), arm["activation"].as_str()),
        (Some("rational"), Some("rational"))
    );
    assert_eq!(arm["parameters"]["activation"], 20);
    assert!(arm["parameters"]["total"].as_u64().unwrap() > 1_000_000);
    assert!(arm["parameters"]["by_role"].get("total").is_none());
    let seed = &arm["seeds"][2];
    assert_eq!(
        (seed["seed"].as_u64(), seed["steps"].as_u64()),
        (Some(3), Some(200))
    );
    for key in ["validation_loss", "perplexity", "tokens_per_second"] {
        assert!(seed[key].as_f64().unwrap() > 0.0, "{key}");
    }
    assert!(arm["perplexity"]["mean"].is_f64() && arm["perplexity"]["sd"].is_f64());
    let pair = &json["pairs"][0];
    assert_eq!(
        (pair["baseline"].as_str(), pair["arm"].as_str()),
        (Some("gelu"), Some("rational"))
    );
    for key in ["mean", "low", "high", "p"] {
        assert!(pair["delta_loss"][key].is_f64(), "{key}");
    }
    assert!(
        pair["delta_loss"]["sign_flip_p"].is_null(),
        "three seeds are too few"
    );
    let loss = |arm: usize, seed: usize| {
        json["arms"][arm]["seeds"][seed]["validation_loss"]
            .as_f64()
            .unwrap()
    };
    let mean = (0..3)
        .map(|seed| loss(1, seed) - loss(0, seed))
        .sum::<f64>()
        / 3.0;
    assert!(
        (pair["delta_loss"]["mean"].as_f64().unwrap() - mean).abs() < 1e-12,
        "arm minus baseline"
    );
    assert_eq!(json["fairness"]["trials_per_arm"], 1);
    assert_eq!(json["fairness"]["equal"], true);
    assert_eq!(
        json["fairness"]["arms"][0]["seeds"][0]["masks"]
            .as_str()
            .unwrap()
            .len(),
        64
    );
    assert!((json["unigram_loss"].as_f64().unwrap() - 6.3).abs() < 1e-12);
}

#[test]
fn one_seed_and_one_arm_give_nulls() {
    let (_keep, out) = folder();
    let one_seed = Options {
        seeds: Some("7".parse().unwrap()),
        ..options(&out)
    };
    let json = serde_json::to_value(run(&one_seed, &Fake::default()).unwrap()).unwrap();
    assert!(json["arms"][0]["perplexity"]["sd"].is_null());
    assert!(json["pairs"][0]["delta_loss"]["mean"].is_f64());
    for key in ["low", "high", "p", "sign_flip_p"] {
        assert!(json["pairs"][0]["delta_loss"][key].is_null(), "{key}");
    }
    assert!(
        json["sentence"]
            .as_str()
            .unwrap()
            .contains("no statement about chance is possible")
    );
    let (_keep, out) = folder();
    let one_arm = Options {
        arms: Some("gelu".parse().unwrap()),
        ..options(&out)
    };
    let json = serde_json::to_value(run(&one_arm, &Fake::default()).unwrap()).unwrap();
    assert_eq!(json["pairs"], serde_json::json!([]));
    assert!(
        json["sentence"]
            .as_str()
            .unwrap()
            .contains("nothing to compare")
    );
}

#[test]
fn eight_seeds_bring_the_sign_flip_test() {
    let (_keep, out) = folder();
    let results = run(
        &Options {
            seeds: Some("1-8".parse().unwrap()),
            ..options(&out)
        },
        &Fake::default(),
    )
    .unwrap();
    assert!(
        results.pairs[0]
            .delta_loss
            .sign_flip_p
            .is_some_and(|p| (1.0 / 128.0..=1.0).contains(&p))
    );
    assert!(results.sentence.contains("sign flip"));
}

#[test]
fn unequal_twins_are_an_error() {
    let (_keep, out) = folder();
    let fake = Fake {
        unequal_weights: true,
        ..Fake::default()
    };
    let error = run(&options(&out), &fake).unwrap_err();
    let CompareError::Unfair {
        seed, what, arm, ..
    } = &error
    else {
        panic!("{error}")
    };
    assert_eq!(
        (*seed, *what, arm.as_str()),
        (1, "initial weights", "rational")
    );
}

/// A layer with a gate has matrices of other shapes, so its weights cannot be equal to those of a plain one.
#[test]
fn a_gate_is_named_where_the_weights_differ_by_it() {
    let (_keep, out) = folder();
    let options = Options {
        arms: Some("gelu,rational,glu(gelu)".parse().unwrap()),
        ..options(&out)
    };
    let results = run(&options, &Fake::default()).unwrap();
    assert!(!results.fairness.equal);
    let [said] = &results.fairness.differs[..] else {
        panic!("{:?}", results.fairness.differs);
    };
    assert!(
        said.starts_with("initial weights of glu(gelu) and gelu:") && said.contains("gate"),
        "{said}"
    );
}

#[test]
fn arms_of_the_recipe_may_differ_in_more_and_it_is_said() {
    let (keep, out) = folder();
    let recipe = keep.path().join("arms.toml");
    let text = "[train]\nsteps = 200\n[[arm]]\nname = \"plain\"\nset = { activation.function = \"gelu\" }\n\
                [[arm]]\nname = \"slow-rational\"\nset = { optimizer.learning_rate = 1e-3 }\n\
                [[arm]]\nname = \"wider\"\nset = { model.hidden_size = 64, train.batch = 16 }\n";
    fs::write(&recipe, text).unwrap();
    let results = run(
        &Options {
            recipe: Some(recipe),
            steps: None,
            ..options(&out)
        },
        &Fake::default(),
    )
    .unwrap();
    assert!(!results.fairness.equal);
    let said = results.fairness.differs.join("\n");
    assert!(
        said.contains("initial weights of wider and plain") && said.contains("model.hidden_size"),
        "{said}"
    );
    assert!(
        said.contains("batches of wider") && said.contains("train.batch"),
        "{said}"
    );
    assert!(
        !said.contains("slow-rational"),
        "an optimizer setting leaves the twins fair: {said}"
    );
    assert!(
        results
            .warnings
            .iter()
            .any(|warning| warning.contains("Not a fair twin"))
    );
    assert_eq!(results.pairs.len(), 2);
    assert!(out.join("slow-rational/seed-1/summary.json").is_file());
    assert_eq!(results.arms[1].activation, "rational");
}

#[test]
fn a_plateau_is_warned_about() {
    let (_keep, out) = folder();
    let results = run(
        &options(&out),
        &Fake {
            plateau: true,
            ..Fake::default()
        },
    )
    .unwrap();
    let about: Vec<&String> = results
        .warnings
        .iter()
        .filter(|warning| warning.contains("word frequencies"))
        .collect();
    assert_eq!(about.len(), 2);
    assert!(about[0].contains("6.300"));
    assert!(
        fs::read_to_string(out.join("report.html"))
            .unwrap()
            .contains("class=\"warning\"")
    );
    let (_keep, out) = folder();
    assert!(
        run(&options(&out), &Fake::default())
            .unwrap()
            .warnings
            .is_empty()
    );
}
