//! What the tables say.

use super::*;

fn results(more: &str, fake: &Fake) -> (Place, SweepResults) {
    let place = Place::new();
    let results = run(&place.options(more), fake).unwrap();
    (place, results)
}

#[test]
fn scores_are_summed_up_over_seeds_and_paired_by_seed() {
    let (_place, results) = results(
        TWO_TASKS,
        &Fake {
            lead: 0.02,
            ..Fake::default()
        },
    );
    let task = &results.groups[0].tasks[0];
    assert_eq!(
        (&*task.task, &*task.metric, &*task.part),
        ("rte", "accuracy", "test")
    );
    assert_eq!((task.rows, task.constant), (Some(277), Some(0.5)));
    let [gelu, rational] = task.arms.as_slice() else {
        panic!("two arms")
    };
    let scores: Vec<f64> = gelu.seeds.iter().map(|seed| seed.score).collect();
    assert_eq!(scores.len(), 10);
    assert!((gelu.mean.unwrap() - scores.iter().sum::<f64>() / 10.0).abs() < 1e-12);
    assert_eq!(gelu.min, scores.iter().copied().reduce(f64::min));
    assert!(gelu.min < gelu.median && gelu.median < gelu.max);
    let pair = &task.pairs[0];
    assert_eq!((&*pair.baseline, &*pair.arm), ("gelu", "rational"));
    for (index, entry) in pair.differences.iter().enumerate() {
        let by_hand = rational.seeds[index].score - gelu.seeds[index].score;
        assert!((entry.difference - by_hand).abs() < 1e-15);
    }
    // The seeds are alike for both arms: the pairs see what the spreads hide.
    assert!(gelu.sd.unwrap() > 0.01 && pair.sd.unwrap() < 0.005);
    let (low, high) = pair.bootstrap.unwrap();
    assert!(low > 0.01 && high < 0.03);
    assert_eq!(pair.sign_flip_p, Some(2.0 / 1024.0));
    let larger = pair.sign_flip_p.unwrap().max(pair.student_p.unwrap());
    assert_eq!(pair.judged_p, Some(larger));
    assert!(pair.holm_p.unwrap() >= pair.judged_p.unwrap());
    assert_eq!(pair.tests, 2);
    let average = results.groups[0].average.as_ref().unwrap();
    let other = &results.groups[0].tasks[1];
    let by_hand = f64::midpoint(task.arms[0].mean.unwrap(), other.arms[0].mean.unwrap());
    assert!((average.arms[0].mean.unwrap() - by_hand).abs() < 1e-12);
    assert!(
        results.sentences[0]
            .starts_with("rte, full, 100 examples: rational has the higher score by 1.9"),
        "{}",
        results.sentences[0]
    );
    assert!(
        results.sentences[0].contains("after Holm over 2 tasks p = 0.00"),
        "{}",
        results.sentences[0]
    );
    assert!(
        results.sentences[2].starts_with("mean over 2 tasks, full, 100 examples: rational has")
    );
}

#[test]
fn what_chance_explains_is_called_no_difference() {
    let (_place, results) = results(TWO_TASKS, &Fake::default());
    for sentence in &results.sentences {
        assert!(
            sentence.contains("No difference between rational and gelu can be told from 10 seeds"),
            "{sentence}"
        );
    }
}

#[test]
fn few_seeds_get_a_student_interval_and_one_gets_none() {
    let (_place, three) = results("tasks = [\"rte\"]\nseeds = \"1-3\"", &Fake::default());
    let pair = &three.groups[0].tasks[0].pairs[0];
    assert_eq!(pair.bootstrap, None);
    assert!(pair.student.is_some());
    assert_eq!(pair.interval(), pair.student);
    assert_eq!(three.groups[0].average, None);
    let (_place, one) = results("tasks = [\"rte\"]\nseeds = \"1\"", &Fake::default());
    let pair = &one.groups[0].tasks[0].pairs[0];
    assert_eq!((pair.interval(), pair.holm_p), (None, None));
    assert!(
        one.sentences[0].ends_with("with one seed each no statement about chance is possible.")
    );
}

#[test]
fn collapsed_seeds_are_counted_and_told() {
    let (_place, results) = results(
        TWO_TASKS,
        &Fake {
            collapsed: true,
            ..Fake::default()
        },
    );
    assert!(
        results.groups[0]
            .tasks
            .iter()
            .flat_map(|task| &task.arms)
            .all(|arm| arm.collapsed == 10)
    );
    assert_eq!(
        results.warnings,
        [
            "full, 100 examples: most seeds have learned nothing, they are no better than a constant answer: \
          rte (10 of 10 of gelu, 10 of 10 of rational; 50.00); cola (10 of 10 of gelu, 10 of 10 of rational; 50.00)."
        ]
    );
    assert!(results.sentences[0].contains("exactly the same score in each of 10 seeds"));
}

#[test]
fn data_that_change_on_the_way_are_told() {
    let place = Place::new();
    let mut options = place.options("tasks = [\"rte\"]\nseeds = \"1-2\"");
    options.budget.cells = Some(1);
    assert!(run(&options, &Fake::default()).unwrap().warnings.is_empty());
    options.budget.cells = None;
    let changed = Fake {
        changed_data: true,
        ..Fake::default()
    };
    let results = run(&options, &changed).unwrap();
    assert!(
        results.warnings[0]
            .starts_with("Cells of rte, 100 examples and seed 1 did not have the same rows")
    );
}

#[test]
fn an_average_waits_for_all_tasks_of_a_seed() {
    let place = Place::new();
    let mut options = place.options(TWO_TASKS);
    options.budget.cells = Some(6);
    let results = run(&options, &Fake::default()).unwrap();
    let average = results.groups[0].average.as_ref().unwrap();
    assert_eq!(average.arms[0].seeds.len(), 1);
    assert_eq!(results.groups[0].tasks[0].arms[0].seeds.len(), 2);
}

#[test]
fn modes_that_an_arm_lacks_are_remarked() {
    let (place, results) = results(
        "tasks = [\"rte\"]\nseeds = \"1-2\"\nmodes = [\"full\", \"frozen-activations\", \"activations\"]",
        &Fake::default(),
    );
    assert_eq!(results.cells.planned, 2 + 4 + 2);
    let arm = |group: usize, arm: usize| &results.groups[group].tasks[0].arms[arm];
    assert_eq!(arm(1, 0).remark.as_deref(), Some("the same as full"));
    assert_eq!(arm(1, 0).mean, arm(0, 0).mean);
    assert_eq!(
        arm(2, 0).remark.as_deref(),
        Some("gelu has nothing to train here")
    );
    assert_eq!((arm(2, 0).mean, arm(2, 1).seeds.len()), (None, 2));
    let markdown = fs::read_to_string(place.path("out/results.md")).unwrap();
    assert!(markdown.contains("| gelu (the same as full) | 2 |"));
}

#[test]
fn every_form_of_the_tables_is_written() {
    let (place, results) = results(
        &format!("{TWO_TASKS}\ntest_cap = 2000"),
        &Fake {
            lead: 0.02,
            ..Fake::default()
        },
    );
    let read = |name: &str| fs::read_to_string(place.path("out").join(name)).unwrap();
    let json = serde_json::to_string_pretty(&results).unwrap() + "\n";
    assert!(read("results.json") == json);

    let csv = read("results.csv");
    assert_eq!(csv.lines().count(), 1 + 2 * 2 + 2);
    let header: Vec<&str> = csv.lines().next().unwrap().split(',').collect();
    for line in csv.lines().skip(1) {
        assert_eq!(line.split(',').count(), header.len(), "{line}");
    }
    let mean = header.iter().position(|name| *name == "mean").unwrap();
    let first: f64 = csv
        .lines()
        .nth(1)
        .unwrap()
        .split(',')
        .nth(mean)
        .unwrap()
        .parse()
        .unwrap();
    assert_eq!(Some(first), results.groups[0].tasks[0].arms[0].mean);
    assert_eq!(read("pairs.csv").lines().count(), 1 + 2 + 1);
    assert_eq!(read("seeds.csv").lines().count(), 1 + 3 * 20);

    let markdown = read("results.md");
    assert!(
        markdown.contains("## full, 100 examples")
            && markdown.contains("| rte | rational − gelu | 10 | +1.9")
    );
    assert!(markdown.contains("at most 2,000 rows: a fixed subset"));
    assert!(markdown.contains("Learning rates were not searched: one trial per arm"));

    let latex = read("results.tex");
    assert!(
        latex.contains("\\begin{tabular}{lrrr}") && latex.contains("arm & rte & cola & mean \\\\")
    );
    assert_eq!(latex.matches(" \\pm ").count(), 6);

    let page = read("report.html");
    assert!(page.contains("<svg") && page.contains("prefers-color-scheme:dark"));
    assert!(
        !page
            .replace("http://www.w3.org/2000/svg", "")
            .contains("://")
    );
    assert!(page.contains("default-src 'none'") && !page.contains("NaN"));
    // Ten seeds of two tasks and the mean in the chart of differences.
    assert_eq!(page.matches("arm-1 seed").count(), 30);
}
