//! Metrics against scikit-learn and SciPy; values from `python/golden/metrics.py`.

use pliant_data::metric::{Metric, Predictions};
use pliant_data::task::Target;
use serde_json::Value;

#[test]
fn values_are_those_of_scikit_learn_and_scipy() {
    let golden = include_str!("../golden/metrics.json");
    let cases: Vec<Value> = serde_json::from_str(golden).unwrap();
    let mut compared = 0;
    for case in &cases {
        let name = case["name"].as_str().unwrap();
        let numbers = |key: &str| -> Vec<f64> {
            let values = case[key].as_array().unwrap().iter();
            values.map(|value| value.as_f64().unwrap()).collect()
        };
        let (predicted, actual) = (numbers("predicted"), numbers("actual"));
        let (predictions, targets) = if case["classes"].as_bool().unwrap() {
            (
                Predictions::Classes(predicted.iter().map(|&value| value as u32).collect()),
                actual
                    .iter()
                    .map(|&value| Target::Class(value as u32))
                    .collect(),
            )
        } else {
            (
                Predictions::Scores(predicted.iter().map(|&value| value as f32).collect()),
                actual
                    .iter()
                    .map(|&value| Target::Score(value as f32))
                    .collect::<Vec<_>>(),
            )
        };
        for (metric, expected) in case["values"].as_object().unwrap() {
            let expected = expected.as_f64().unwrap();
            let metric: Metric = metric.parse().unwrap();
            let value = metric.value(&predictions, &targets);
            assert!(
                (value - expected).abs() < 1e-9,
                "{name}: {metric} {value}, {expected} expected"
            );
            compared += 1;
        }
    }
    assert_eq!((cases.len(), compared), (12, 39));
}

#[test]
fn what_is_undefined_counts_as_nothing() {
    let targets = [1.0, 2.0, 3.0].map(Target::Score);
    let constant = Predictions::Scores(vec![0.1; 3]);
    for metric in [Metric::Pearson, Metric::Spearman, Metric::Matthews] {
        assert_eq!(metric.value(&constant, &targets), 0.0, "{metric}");
    }
    let none = Predictions::Classes(Vec::new());
    for metric in [
        Metric::Accuracy,
        Metric::F1,
        Metric::Matthews,
        Metric::Pearson,
    ] {
        assert_eq!(metric.value(&none, &[]), 0.0, "{metric}");
    }
    assert!(Metric::Loss.value(&constant, &targets).is_nan());
    assert!(Metric::Loss.is_better(0.1, 0.2) && !Metric::Accuracy.is_better(0.1, 0.2));
    // Not a number is better than nothing.
    assert!(!Metric::Loss.is_better(f64::NAN, 0.2) && !Metric::Accuracy.is_better(f64::NAN, 0.2));
}

#[test]
fn logits_become_the_first_largest_class_or_the_number_itself() {
    let logits = [0.1, 0.3, 0.3, 0.9, -1.0, 0.2];
    assert_eq!(
        Predictions::from_logits(&logits, 3),
        Predictions::Classes(vec![1, 0])
    );
    assert_eq!(
        Predictions::from_logits(&logits[..2], 1),
        Predictions::Scores(vec![0.1, 0.3])
    );
}

#[test]
fn an_unknown_metric_suggests_the_nearest() {
    let error = "acuracy".parse::<Metric>().unwrap_err();
    assert_eq!(error.to_string(), "unknown metric: acuracy");
    assert!(error.hint().unwrap().starts_with("did you mean accuracy?"));
}
