//! Which cells are trained, in which order, and what becomes of them.

use std::thread;

use super::*;

#[test]
fn every_cell_is_trained_once_in_the_order_of_priority() {
    let place = Place::new();
    let options = place.options("tasks = [\"rte\", \"cola\"]\nseeds = \"1-2\"");
    let fake = Fake::default();
    let results = run(&options, &fake).unwrap();
    assert!(results.complete && results.missing.is_empty());
    assert_eq!(results.cells.finished, 8);
    let trained = fake.trained.borrow().clone();
    assert_eq!(
        trained[..5],
        [
            "gelu rte full seed 1 at default",
            "rational rte full seed 1 at default",
            "gelu cola full seed 1 at default",
            "rational cola full seed 1 at default",
            "gelu rte full seed 2 at default",
        ]
    );
    let again = Fake::default();
    assert_eq!(run(&options, &again).unwrap(), results);
    assert!(again.trained.borrow().is_empty());
    // The weights go, the rest of the run stays.
    let cell = place.path("out/cells/rte/full/100/gelu/seed-1");
    assert!(
        exists(&cell, "run") && !exists(&cell, "run/model") && !exists(&cell, "run/checkpoints")
    );
}

#[test]
fn weights_stay_where_they_are_asked_for() {
    let place = Place::new();
    run(
        &place.options("tasks = [\"rte\"]\nseeds = \"1\"\nkeep_models = true"),
        &Fake::default(),
    )
    .unwrap();
    assert!(
        place
            .path("out/cells/rte/full/100/gelu/seed-1/run/model")
            .is_dir()
    );
}

#[test]
fn budgets_end_a_call_and_the_missing_cells_are_named() {
    let place = Place::new();
    let mut options = place.options(TWO_TASKS);
    options.budget.cells = Some(5);
    let results = run(&options, &Fake::default()).unwrap();
    assert_eq!((results.cells.finished, results.cells.planned), (5, 40));
    assert!(!results.complete);
    assert_eq!(results.missing.len(), 35);
    assert_eq!(results.missing[0], "rte/full/100/rational/seed-2");
    assert_eq!(results.sentences[0], "5 of 40 cells are finished.");
    options.budget = Budget {
        cells: None,
        minutes: Some(0.0),
    };
    let none = Fake::default();
    assert_eq!(run(&options, &none).unwrap(), results);
    assert!(none.trained.borrow().is_empty());
}

#[test]
fn a_failed_cell_is_recorded_and_stops_nothing() {
    let place = Place::new();
    let mut options = place.options("tasks = [\"rte\", \"cola\"]\nseeds = \"1-2\"");
    let failing = Fake {
        failing_task: Some("rte"),
        ..Fake::default()
    };
    let results = run(&options, &failing).unwrap();
    assert_eq!((results.cells.finished, results.cells.failed), (4, 4));
    assert_eq!(results.failed[0].id, "rte/full/100/gelu/seed-1");
    assert!(results.failed[0].message.contains("step 3"));
    assert!(results.warnings[0].contains("4 cells failed"));
    // Not tried again, unless asked.
    let sound = Fake::default();
    assert_eq!(run(&options, &sound).unwrap().cells.failed, 4);
    assert!(sound.trained.borrow().is_empty());
    options.retry_failed = true;
    let results = run(&options, &sound).unwrap();
    assert!(results.complete);
    assert_eq!(sound.trained.borrow().len(), 4);
}

#[test]
fn a_score_that_is_no_number_is_a_failure() {
    let place = Place::new();
    let broken = Fake {
        undefined: true,
        ..Fake::default()
    };
    let results = run(&place.options("tasks = [\"rte\"]\nseeds = \"1\""), &broken).unwrap();
    assert_eq!((results.cells.finished, results.cells.failed), (0, 2));
    assert_eq!(results.failed[0].message, "the score is not a number");
}

#[test]
fn scales_are_trials_too() {
    let place = Place::new();
    let fake = Fake::default();
    let options =
        place.options("tasks = [\"rte\"]\nseeds = \"1\"\n[tuning]\nscales = [0.3, 1.0, 3.0]");
    assert_eq!(run(&options, &fake).unwrap().trials_per_arm, 3);
    assert_eq!(
        fake.trained.borrow()[2],
        "gelu rte full seed 1 at default × 3"
    );
}

#[test]
fn an_interruption_leaves_everything_to_go_on_from() {
    let place = Place::new();
    let options = place.options("tasks = [\"rte\", \"cola\"]\nseeds = \"1-2\"");
    let stopping = Fake {
        interrupt_after: Some(3),
        ..Fake::default()
    };
    let error = run(&options, &stopping).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Interrupted);
    assert_eq!(
        said(&error),
        "interrupted; 3 of 8 cells are finished\nthe same call goes on where this one stopped"
    );
    assert!(place.path("out/report.html").is_file());
    let mut resumed = Vec::new();
    let results = work::run(&options, &Fake::default(), &mut |progress: &Progress<
        '_,
    >| {
        if let Progress::Cell { cell, state, .. } = progress {
            resumed.push((cell.index, *state));
        }
    })
    .unwrap();
    assert!(results.complete);
    assert_eq!(resumed[0], (3, CellState::Resumed));
    assert_eq!(resumed[1], (4, CellState::New));
}

#[test]
fn a_flag_that_is_raised_stops_before_the_next_cell() {
    let place = Place::new();
    let options = place.options(TWO_TASKS);
    options.stop.raise();
    let fake = Fake::default();
    assert!(matches!(
        run(&options, &fake),
        Err(SweepError::Interrupted {
            finished: 0,
            planned: 40
        })
    ));
    assert!(fake.trained.borrow().is_empty());
}

#[test]
fn several_workers_on_one_folder_train_each_cell_once() {
    let place = Place::new();
    let options = place.options(TWO_TASKS);
    let workers: Vec<Vec<String>> = thread::scope(|scope| {
        let workers: Vec<_> = (0..4)
            .map(|_| {
                scope.spawn(|| {
                    let fake = Fake::default();
                    run(&options, &fake).unwrap();
                    fake.trained.into_inner()
                })
            })
            .collect();
        workers
            .into_iter()
            .map(|worker| worker.join().unwrap())
            .collect()
    });
    let mut all: Vec<&String> = workers.iter().flatten().collect();
    assert_eq!(all.len(), 40);
    all.sort();
    all.dedup();
    assert_eq!(all.len(), 40, "a cell was trained twice");
    let results = publish::collect(&options.out, &Fake::default(), "0", &mut |_: &Progress<
        '_,
    >| {});
    assert!(results.unwrap().complete);
}

#[test]
fn the_best_rate_is_taken_for_all_seeds_and_every_arm_tries_as_many() {
    let place = Place::new();
    let options = place.options(
        "tasks = [\"rte\"]\nseeds = \"1-4\"\n[tuning]\nlearning_rates = [1e-5, 1e-4, 1e-3]\nseeds = 2",
    );
    let fake = Fake::default();
    let results = run(&options, &fake).unwrap();
    // Three rates with two seeds, then two seeds with the best, for each arm.
    assert_eq!(fake.trained.borrow().len(), 2 * (3 * 2 + 2));
    assert!(results.complete);
    assert_eq!(results.trials_per_arm, 3);
    for arm in &results.groups[0].tasks[0].arms {
        assert_eq!(arm.trials, 3);
        assert_eq!(arm.rates.unwrap().learning_rate, Some(1e-4));
        assert_eq!(arm.seeds.len(), 4);
    }
    let last = fake.trained.borrow().last().cloned().unwrap();
    assert_eq!(last, "rational rte full seed 4 at 1e-4");
    assert!(
        place
            .path("out/cells/rte/full/100/rational/trial-2/seed-4/result.json")
            .is_file()
    );
}

#[test]
fn one_cell_alone_waits_for_the_choice_of_its_rate() {
    let place = Place::new();
    let mut options = place
        .options("tasks = [\"rte\"]\nseeds = \"1-2\"\n[tuning]\nlearning_rates = [1e-5, 1e-4]");
    let mut one = |id: &str| {
        options.cell = Some(id.to_owned());
        run(&options, &Fake::default())
    };
    let early = one("rte/full/100/gelu/seed-2").unwrap_err();
    assert!(said(&early).contains("not chosen yet: 2 of its trials are not finished"));
    one("rte/full/100/gelu/trial-1/seed-1").unwrap();
    one("rte/full/100/gelu/trial-2/seed-1").unwrap();
    let results = one("rte/full/100/gelu/seed-2").unwrap();
    assert_eq!(results.cells.finished, 3);
    let unknown = one("rte/full/100/gelu/seed-3").unwrap_err();
    assert!(
        said(&unknown).contains("did you mean `rte/full/100/gelu/seed-2`?"),
        "{}",
        said(&unknown)
    );
}

#[test]
fn an_arm_whose_trials_all_fail_has_failed() {
    let place = Place::new();
    let options = place
        .options("tasks = [\"rte\"]\nseeds = \"1-2\"\n[tuning]\nlearning_rates = [1e-5, 1e-4]");
    let failing = Fake {
        failing_task: Some("rte"),
        ..Fake::default()
    };
    let results = run(&options, &failing).unwrap();
    assert_eq!((results.cells.failed, results.missing.len()), (6, 0));
    assert!(
        results
            .failed
            .iter()
            .any(|cell| cell.id == "rte/full/100/gelu/seed-2"
                && cell.message == "no trial of its learning rates finished")
    );
}

#[test]
fn a_cell_that_another_process_holds_is_under_way() {
    use super::super::claim::{Attempt, Claim, Terms};
    let place = Place::new();
    let options = place.options("tasks = [\"rte\"]\nseeds = \"1\"");
    let cell = place.path("out/cells/rte/full/100/gelu/seed-1");
    run(
        &Options {
            budget: Budget {
                minutes: Some(0.0),
                cells: None,
            },
            ..options.clone()
        },
        &Fake::default(),
    )
    .unwrap();
    fs::create_dir_all(&cell).unwrap();
    let Attempt::Won(claim) = Claim::attempt(&cell, Terms::default()).unwrap() else {
        panic!("nobody else claims it")
    };
    let results = run(&options, &Fake::default()).unwrap();
    assert_eq!(results.running, ["rte/full/100/gelu/seed-1"]);
    assert_eq!((results.cells.finished, results.missing.len()), (1, 0));
    drop(claim);
    assert!(run(&options, &Fake::default()).unwrap().complete);
}
