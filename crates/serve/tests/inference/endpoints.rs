//! What is answered is what the model says when it is asked directly.

use pliant_train::predict::{Excess, Pooling, Query};
use serde_json::{Value, json};

use crate::client::{get, post};
use crate::world::{Kind, POSITIONS, Served, text, written};

/// Bodies of one input, each with what a direct query is.
fn asked(kind: Kind) -> Vec<(Value, Query)> {
    let query = |text: &str, text_pair: Option<&str>| Query {
        text: Some(text.to_owned()),
        text_pair: text_pair.map(str::to_owned),
        ..Query::default()
    };
    match kind {
        Kind::FillMask => {
            let texts = ["the old [MASK] falls", "[MASK] rain [MASK]", "tall [MASK]?"];
            texts
                .map(|text| (json!({"text": text}), query(text, None)))
                .to_vec()
        }
        Kind::Classify | Kind::Regress => {
            let single = text(1, 9);
            let (first, second) = (text(2, 5), text(3, 12));
            vec![
                (json!({"text": single}), query(&single, None)),
                (
                    json!({"text": first, "text_pair": second}),
                    query(&first, Some(&second)),
                ),
            ]
        }
        Kind::Answer => [8, 150]
            .map(|words| {
                let (question, context) = ("where is the river ?", text(words, words));
                (
                    json!({"question": question, "context": context}),
                    Query {
                        question: Some(question.to_owned()),
                        context: Some(context),
                        ..Query::default()
                    },
                )
            })
            .to_vec(),
    }
}

#[test]
fn replies_are_those_of_the_model_asked_directly() {
    for kind in Kind::ALL {
        let served = Served::new(kind);
        let predictor = served.predictor();
        for (body, query) in asked(kind) {
            let reply = post(served.address, kind.path(), &body).answered();
            let direct = written(&predictor.reply(&query, 5).unwrap());
            assert_eq!(reply["results"], json!([direct]), "{kind:?}");
            assert_eq!(reply["usage"]["truncated"], json!([]));
        }
    }
}

#[test]
fn a_list_has_a_reply_for_each_input_in_order() {
    for kind in Kind::ALL {
        let served = Served::new(kind);
        let bodies: Vec<Value> = asked(kind).into_iter().map(|(body, _)| body).collect();
        let list = post(served.address, kind.path(), &json!({"inputs": bodies})).answered();
        let results = list["results"].as_array().unwrap();
        assert_eq!(results.len(), bodies.len());
        for (body, together) in bodies.iter().zip(results) {
            let alone = post(served.address, kind.path(), body).answered();
            crate::together::assert_close(&alone["results"][0], together);
        }
    }
}

#[test]
fn a_string_is_an_input_like_an_object() {
    let served = Served::new(Kind::Regress);
    let body = json!({"inputs": ["old river", {"text": "old river"}]});
    for path in ["/v1/classify", "/v1/embeddings"] {
        let results = post(served.address, path, &body).answered()["results"].clone();
        assert_eq!(results[0], results[1]);
    }
}

#[test]
fn every_model_gives_embeddings() {
    for kind in Kind::ALL {
        let served = Served::new(kind);
        let predictor = served.predictor();
        let direct = |pooling, normalized| {
            let mut input = predictor
                .encode_embedding(
                    "old river",
                    Some("rain"),
                    pooling,
                    normalized,
                    Excess::Refuse,
                )
                .unwrap();
            let sequences = input.take_sequences();
            let outputs = predictor.forward(&[&sequences[0]]).unwrap();
            written(&input.finish(&predictor, outputs))
        };
        let ask = |rest: &Value| {
            let mut body = json!({"text": "old river", "text_pair": "rain"});
            for (key, value) in rest.as_object().unwrap() {
                body[key] = value.clone();
            }
            post(served.address, "/v1/embeddings", &body).answered()["results"][0].clone()
        };
        assert_eq!(ask(&json!({})), direct(Pooling::Mean, false));
        assert_eq!(
            ask(&json!({"pooling": "first"})),
            direct(Pooling::First, false)
        );
        assert_eq!(
            ask(&json!({"normalize": true})),
            direct(Pooling::Mean, true)
        );
    }
}

#[test]
fn long_contexts_are_read_in_windows_and_usage_says_so() {
    let served = Served::new(Kind::Answer);
    let context = text(4, 200);
    let body = json!({"question": "where ?", "context": context, "top": 2});
    let reply = post(served.address, "/v1/answer", &body).answered();
    assert!(reply["usage"]["sequences"].as_u64().unwrap() > 1, "{reply}");
    assert!(reply["usage"]["tokens"].as_u64().unwrap() > 200, "{reply}");
    let answers = reply["results"][0]["answers"].as_array().unwrap();
    assert_eq!(answers.len(), 2);
    for answer in answers {
        let place = |key: &str| answer[key].as_u64().unwrap() as usize;
        let found: String = context
            .chars()
            .skip(place("start"))
            .take(place("end") - place("start"))
            .collect();
        assert_eq!(answer["text"], found);
    }
}

#[test]
fn excess_is_cut_only_where_the_request_says_so() {
    let served = Served::new(Kind::Classify);
    let long = text(1, 100);
    let body = json!({"inputs": ["rain", long]});
    let refused = post(served.address, "/v1/classify", &body);
    let (code, field) = refused.refused(422);
    assert_eq!(
        (code.as_str(), field.as_str()),
        ("text_too_long", "inputs[1]")
    );
    let message = refused.json()["error"]["message"].to_string();
    assert!(
        message.contains("102 tokens") && message.contains(&POSITIONS.to_string()),
        "{message}"
    );
    let body = json!({"inputs": ["rain", long], "truncate": true});
    let reply = post(served.address, "/v1/classify", &body).answered();
    assert_eq!(reply["usage"]["truncated"], json!([1]));
    // As `predict` does it, which always cuts.
    let direct = served.predictor().label(&[(long, None)]).unwrap();
    let direct = written(&direct[0]);
    crate::together::assert_close(&direct, &reply["results"][1]);
}

#[test]
fn the_model_is_described() {
    for kind in Kind::ALL {
        let served = Served::new(kind);
        let model = get(served.address, "/v1/model").answered();
        assert_eq!(model["name"], "model");
        assert_eq!(model["endpoints"], json!([kind.path(), "/v1/embeddings"]));
        assert_eq!(model["activations"], json!(["rational", "rational"]));
        assert_eq!(model["reading"]["max_length"], POSITIONS);
        assert_eq!(model["limits"]["timeout_seconds"], 30.0);
        let labels = (kind == Kind::Classify).then(|| json!(["dry", "wet", "unknown"]));
        assert_eq!(model.get("labels"), labels.as_ref());
    }
}
