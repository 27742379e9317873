//! Which cells are trained, and which folders are refused.

use super::CellState::{Finished, New, Resumed};
use super::*;

#[test]
fn every_cell_is_a_run_folder_whose_recipe_stands_alone() {
    let (_keep, out) = folder();
    run(
        &Options {
            arms: Some("gelu,rational(5/4, form=b)".parse().unwrap()),
            ..options(&out)
        },
        &Fake::default(),
    )
    .unwrap();
    let cell = out.join("rational-form-b").join("seed-2");
    let file = cell.join("recipe.toml");
    let recipe = pliant_train::Recipe::resolve(&pliant_train::Sources {
        file: Some(file),
        settings: Vec::new(),
    })
    .unwrap();
    assert!(recipe.arms.is_empty(), "pretrain would refuse arms");
    assert_eq!(recipe.train.seed, 2);
    assert_eq!(recipe.train.steps, Some(200));
    assert_eq!(recipe.function().to_string(), "rational(form=b)");
    assert_eq!(
        recipe.data.cache.as_deref(),
        Some(std::path::absolute(out.join("data")).unwrap().as_path()),
        "prepared once for all cells"
    );
}

#[test]
fn a_second_call_trains_only_what_is_not_finished() {
    let (_keep, out) = folder();
    let first = Fake {
        interrupt_after: Some(3),
        ..Fake::default()
    };
    let error = run(&options(&out), &first).unwrap_err();
    assert!(
        matches!(
            error,
            CompareError::Interrupted {
                finished: 3,
                planned: 6
            }
        ),
        "{error}"
    );
    assert_eq!(error.kind(), ErrorKind::Interrupted);
    let so_far: Results =
        serde_json::from_str(&fs::read_to_string(out.join("results.json")).unwrap()).unwrap();
    assert!(!so_far.complete);
    assert_eq!(
        so_far.cells,
        Cells {
            finished: 3,
            planned: 6
        }
    );
    assert!(so_far.sentence.starts_with("3 of 6 runs are finished."));
    assert_eq!(so_far.pairs[0].delta_loss.by_seed.len(), 1);
    assert!(
        fs::read_to_string(out.join("report.html"))
            .unwrap()
            .contains("not finished, 3 of 6 runs")
    );

    let second = Fake::default();
    let mut states = Vec::new();
    let results = orchestrate::run(&options(&out), &second, &mut |progress: &Progress<'_>| {
        if let Progress::Cell { state, .. } = progress {
            states.push(*state);
        }
    });
    assert!(results.unwrap().complete);
    assert_eq!(second.trained.borrow().len(), 3);
    assert_eq!(states, [Finished, Finished, Finished, Resumed, New, New]);

    let third = Fake::default();
    let json = fs::read_to_string(out.join("results.json")).unwrap();
    run(&options(&out), &third).unwrap();
    assert!(third.trained.borrow().is_empty());
    assert_eq!(fs::read_to_string(out.join("results.json")).unwrap(), json);
}

#[test]
fn settings_under_which_nothing_was_trained_give_way() {
    let (_keep, out) = folder();
    run(&options(&out), &Fake::default()).unwrap();
    // What a call leaves that failed before its first step, over a corpus that is not there for instance.
    for arm in ["gelu", "rational"] {
        for seed in 1..=3 {
            let cell = out.join(arm).join(format!("seed-{seed}"));
            fs::remove_dir_all(&cell).unwrap();
            fs::create_dir_all(&cell).unwrap();
            fs::write(cell.join("recipe.toml"), "# of the failed call").unwrap();
        }
    }
    let other = Options {
        seeds: Some("4,5".parse().unwrap()),
        ..options(&out)
    };
    let runner = Fake::default();
    run(&other, &runner).unwrap();
    assert_eq!(runner.trained.borrow().len(), 4);
    assert!(!out.join("gelu").join("seed-1").exists());
}

#[test]
fn other_settings_are_refused_and_named() {
    let (_keep, out) = folder();
    run(&options(&out), &Fake::default()).unwrap();
    let refused = |options: &Options, parts: &[&str]| {
        let error = run(options, &Fake::default()).unwrap_err();
        assert!(
            matches!(error, CompareError::OtherSettings { .. }),
            "{error}"
        );
        assert_eq!(error.kind(), ErrorKind::Configuration);
        for part in parts {
            assert!(error.to_string().contains(part), "{error} names {part}");
        }
    };
    refused(
        &Options {
            seeds: Some("1-4".parse().unwrap()),
            ..options(&out)
        },
        &["seeds: 1,2,3 there, 1,2,3,4 here"],
    );
    refused(
        &Options {
            steps: Some(300),
            ..options(&out)
        },
        &["train.steps", "200", "300"],
    );
    refused(
        &Options {
            arms: Some("gelu,relu".parse().unwrap()),
            ..options(&out)
        },
        &["arms: gelu, rational there, gelu, relu here"],
    );
    refused(
        &Options {
            sets: vec!["train.batch=8".to_owned()],
            ..options(&out)
        },
        &["train.batch"],
    );
    // What may not change the result may change.
    run(
        &Options {
            threads: Some(1),
            ..options(&out)
        },
        &Fake::default(),
    )
    .unwrap();
}

#[test]
fn a_folder_with_something_else_is_left_alone() {
    let (_keep, out) = folder();
    fs::create_dir(&out).unwrap();
    fs::write(out.join("thesis.tex"), "").unwrap();
    let error = run(&options(&out), &Fake::default()).unwrap_err();
    assert!(
        matches!(&error, CompareError::ForeignFolder { found, .. } if found == "thesis.tex"),
        "{error}"
    );
    assert_eq!(fs::read_dir(&out).unwrap().count(), 1, "nothing was added");
    let file = out.join("thesis.tex");
    assert!(matches!(
        run(&options(&file), &Fake::default()),
        Err(CompareError::NotAFolder { .. })
    ));
    let (_keep, empty) = folder();
    fs::create_dir(&empty).unwrap();
    run(&options(&empty), &Fake::default()).unwrap();
}

#[test]
fn two_processes_do_not_share_a_folder() {
    let (_keep, out) = folder();
    run(&options(&out), &Fake::default()).unwrap();
    let lock = fs::File::open(out.join(".lock")).unwrap();
    lock.lock().unwrap();
    assert!(matches!(
        run(&options(&out), &Fake::default()),
        Err(CompareError::Locked { .. })
    ));
    lock.unlock().unwrap();
    run(&options(&out), &Fake::default()).unwrap();
}

#[test]
fn mistakes_are_found_before_anything_is_trained() {
    let (keep, out) = folder();
    let recipe = keep.path().join("arms.toml");
    fs::write(&recipe, "[[arm]]\nname = \"a\"\nset = { activation.function = \"gelu\" }\n[[arm]]\nname = \"b\"\nset = { train.batch = 0 }\n").unwrap();
    let fake = Fake::default();
    let error = run(
        &Options {
            recipe: Some(recipe),
            ..options(&out)
        },
        &fake,
    )
    .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Configuration, "{error}");
    assert!(error.to_string().contains("train.batch"), "{error}");
    let error = run(
        &Options {
            sets: vec!["train.bach=8".to_owned()],
            ..options(&out)
        },
        &fake,
    )
    .unwrap_err();
    assert!(error.hint().unwrap().contains("train.batch"));
    assert!(fake.trained.borrow().is_empty() && !out.exists());
}

#[test]
fn a_raised_flag_stops_before_the_next_cell() {
    let (_keep, out) = folder();
    let stopped = options(&out);
    let fake = Fake::default();
    let stop = stopped.stop.clone();
    let error = orchestrate::run(&stopped, &fake, &mut |progress: &Progress<'_>| {
        if matches!(progress, Progress::Finished { .. }) {
            stop.raise();
        }
    });
    assert!(matches!(
        error,
        Err(CompareError::Interrupted {
            finished: 1,
            planned: 6
        })
    ));
    assert_eq!(fake.trained.borrow().len(), 1);
}

#[test]
fn a_run_made_with_another_recipe_is_no_finished_cell() {
    let (_keep, out) = folder();
    run(&options(&out), &Fake::default()).unwrap();
    let path = out.join("gelu/seed-1/recipe.toml");
    let text = fs::read_to_string(&path)
        .unwrap()
        .replace("batch = 32", "batch = 16");
    fs::write(&path, text).unwrap();
    let error = run(&options(&out), &Fake::default()).unwrap_err();
    assert!(error.to_string().contains("train.batch"), "{error}");
}
