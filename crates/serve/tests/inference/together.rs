//! Many at once: everybody gets the own answer.

use std::time::Duration;

use pliant_serve::inference::Options;
use serde_json::{Value, json};

use crate::client::post;
use crate::world::{Kind, Served, text};

/// Equal but for rounding of numbers.
pub(crate) fn assert_close(expected: &Value, found: &Value) {
    match (expected, found) {
        (Value::Array(a), Value::Array(b)) => {
            assert_eq!(a.len(), b.len(), "{expected} and {found}");
            a.iter().zip(b).for_each(|(a, b)| assert_close(a, b));
        }
        (Value::Object(a), Value::Object(b)) => {
            assert!(a.keys().eq(b.keys()), "{expected} and {found}");
            a.values()
                .zip(b.values())
                .for_each(|(a, b)| assert_close(a, b));
        }
        (Value::Number(a), Value::Number(b)) => {
            let (a, b) = (a.as_f64().unwrap(), b.as_f64().unwrap());
            assert!((a - b).abs() <= 1e-5 * a.abs().max(1.0), "{a} and {b}");
        }
        _ => assert_eq!(expected, found),
    }
}

#[test]
fn answers_are_not_mixed_up() {
    // Long enough for many to come together, and passes small enough that lists are cut.
    let options = Options {
        delay: Duration::from_millis(5),
        batch_tokens: 100,
        ..Options::default()
    };
    let served = Served::with(Kind::FillMask, options);
    let body = |seed: usize| {
        let masked = |seed: usize| format!("{} [MASK]", text(seed, 1 + seed % 30));
        if seed.is_multiple_of(3) {
            let inputs: Vec<String> = (0..5).map(|row| masked(seed + 1000 * row)).collect();
            json!({"inputs": inputs, "top": 1 + seed % 4})
        } else {
            json!({"text": masked(seed), "top": 1 + seed % 4})
        }
    };
    let (clients, each) = (12, 10);
    let address = served.address;
    let all: Vec<(Value, Value)> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..clients)
            .map(|client| {
                scope.spawn(move || {
                    (0..each)
                        .map(|turn| {
                            let body = body(client * each + turn);
                            let reply = post(address, "/v1/fill-mask", &body).answered();
                            (body, reply["results"].clone())
                        })
                        .collect::<Vec<_>>()
                })
            })
            .collect();
        threads
            .into_iter()
            .flat_map(|thread| thread.join().unwrap())
            .collect()
    });
    assert_eq!(all.len(), clients * each);
    let predictor = served.predictor();
    for (body, results) in all {
        let top = body["top"].as_u64().unwrap() as usize;
        let texts: Vec<String> = match body.get("inputs") {
            Some(inputs) => serde_json::from_value(inputs.clone()).unwrap(),
            None => vec![body["text"].as_str().unwrap().to_owned()],
        };
        let direct = serde_json::to_value(predictor.fill(&texts, top).unwrap()).unwrap();
        assert_close(&direct, &results);
    }
    let (passes, sequences) = (
        served.metric("pliant_batch_sequences_count"),
        served.metric("pliant_batch_sequences_sum"),
    );
    assert_eq!(sequences, 120.0 + 40.0 * 4.0);
    assert!(passes < sequences, "nothing went together: {passes} passes");
    // All but single sequences, which may be longer, fit the budget.
    assert_eq!(
        served.metric("pliant_batch_tokens_bucket{le=\"128\"}"),
        passes
    );
}

#[test]
fn kinds_of_answers_share_a_pass() {
    let options = Options {
        delay: Duration::from_mins(1),
        ..Options::default()
    };
    let served = Served::with(Kind::Classify, options);
    let address = served.address;
    let alone = served
        .predictor()
        .label(&[("old river".to_owned(), None)])
        .unwrap();
    std::thread::scope(|scope| {
        let body = json!({"text": "old river"});
        let ask = |path: &'static str| {
            let body = body.clone();
            scope.spawn(move || post(address, path, &body).answered()["results"][0].clone())
        };
        let (label, vector) = (ask("/v1/classify"), ask("/v1/embeddings"));
        served.wait_for("pliant_queue_sequences", 2.0);
        served.begin_stop();
        assert_close(
            &serde_json::to_value(&alone[0]).unwrap(),
            &label.join().unwrap(),
        );
        assert_eq!(
            vector.join().unwrap()["embedding"]
                .as_array()
                .unwrap()
                .len(),
            32
        );
    });
}
