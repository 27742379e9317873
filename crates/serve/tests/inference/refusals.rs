//! Requests that are wrong, and what is said about them.

use serde_json::{Value, json};

use crate::client::{begin, finish, get, post, post_text, request};
use crate::world::{Kind, Served};

#[test]
fn what_the_model_cannot_do_is_named_with_what_it_can() {
    for kind in Kind::ALL {
        let served = Served::new(kind);
        for path in ["/v1/fill-mask", "/v1/classify", "/v1/answer"] {
            if path == kind.path() {
                continue;
            }
            let response = post(served.address, path, &json!({"text": "rain"}));
            assert_eq!(response.refused(409).0, "other_model");
            let hint = response.json()["error"]["hint"].to_string();
            assert!(
                hint.contains(kind.path()) && hint.contains("/v1/embeddings"),
                "{hint}"
            );
        }
    }
}

#[test]
fn unknown_paths_and_methods() {
    let served = Served::new(Kind::Classify);
    let response = post(served.address, "/v1/clasify", &json!({}));
    assert_eq!(response.refused(404).0, "not_found");
    let hint = response.json()["error"]["hint"].to_string();
    assert!(hint.contains("did you mean /v1/classify?"), "{hint}");

    let response = get(served.address, "/v1/classify");
    assert_eq!(response.refused(405).0, "method_not_allowed");
    assert_eq!(response.header("allow"), Some("POST"));
    let response = post(served.address, "/healthz", &json!({}));
    assert_eq!(response.refused(405).0, "method_not_allowed");
}

#[test]
fn bodies_that_are_wrong_are_named_by_field() {
    let classifies = Served::new(Kind::Classify);
    let fills = Served::new(Kind::FillMask);
    let answers = Served::new(Kind::Answer);
    let refused = |served: &Served, path: &str, body: &str, status: u16| {
        let response = post_text(served.address, path, body);
        let (code, field) = response.refused(status);
        (code, field, response.json()["error"].to_string())
    };
    for (body, code) in [
        ("", "malformed_json"),
        ("[]", "malformed_json"),
        ("{\"text\": \"rain\"", "malformed_json"),
        ("{\"text\": \"rain\"} {}", "malformed_json"),
        ("{\"text\": \"\\ud800\"}", "malformed_json"),
    ] {
        assert_eq!(
            refused(&classifies, "/v1/classify", body, 400).0,
            code,
            "{body}"
        );
    }
    for (served, body, code, field) in [
        (&classifies, json!({"txt": "rain"}), "unknown_field", "txt"),
        (
            &classifies,
            json!({"inputs": ["rain", {"text": "a", "text_par": "b"}]}),
            "unknown_field",
            "inputs[1].text_par",
        ),
        (
            &classifies,
            json!({"inputs": [["a", "b"]]}),
            "invalid_value",
            "inputs[0]",
        ),
        (
            &classifies,
            json!({"inputs": [{}]}),
            "missing_field",
            "inputs[0].text",
        ),
        (&classifies, json!({"inputs": []}), "no_inputs", "inputs"),
        (&classifies, json!({}), "missing_field", "text"),
        (
            &classifies,
            json!({"text": "a", "inputs": ["b"]}),
            "both_fields",
            "inputs",
        ),
        (
            &classifies,
            json!({"text_pair": "a"}),
            "missing_field",
            "text",
        ),
        (&classifies, json!({"text": 3}), "invalid_value", "text"),
        (&classifies, json!({"text": " "}), "empty_text", "text"),
        (
            &classifies,
            json!({"inputs": ["a", ""]}),
            "empty_text",
            "inputs[1]",
        ),
        (&fills, json!({"text": "rain"}), "no_mask", "text"),
        (
            &fills,
            json!({"text": "[MASK]", "top": 0}),
            "invalid_value",
            "top",
        ),
        (
            &fills,
            json!({"text": "[MASK]", "top": "many"}),
            "invalid_value",
            "top",
        ),
        (
            &fills,
            json!({"text": "[MASK]", "text_pair": "a"}),
            "unknown_field",
            "text_pair",
        ),
        (
            &answers,
            json!({"question": "where ?"}),
            "missing_field",
            "context",
        ),
        (
            &answers,
            json!({"question": "", "context": "rain"}),
            "empty_text",
            "question, context",
        ),
        (
            &answers,
            json!({"question": "rain ".repeat(65), "context": "rain"}),
            "text_too_long",
            "question, context",
        ),
    ] {
        let path = [(&fills, Kind::FillMask), (&answers, Kind::Answer)]
            .into_iter()
            .find(|(other, _)| std::ptr::eq(*other, served))
            .map_or("/v1/classify", |(_, kind)| kind.path());
        let (found, found_field, error) = refused(served, path, &body.to_string(), 422);
        assert_eq!(
            (found.as_str(), found_field.as_str()),
            (code, field),
            "{body}: {error}"
        );
    }
    let hint = refused(&classifies, "/v1/classify", "{\"txt\": \"rain\"}", 422).2;
    assert!(hint.contains("did you mean `text`?"), "{hint}");
    let pooling = post(
        classifies.address,
        "/v1/embeddings",
        &json!({"text": "a", "pooling": "max"}),
    );
    assert_eq!(
        pooling.refused(422),
        ("invalid_value".to_owned(), "pooling".to_owned())
    );
    assert!(pooling.body.contains("mean"), "{pooling:?}");
}

#[test]
fn pages_of_other_origins_are_kept_out() {
    let served = Served::new(Kind::Classify);
    let send = |host: &str, kind: &str| {
        let body = json!({"text": "rain"}).to_string();
        let text = String::from_utf8(request("POST", "/v1/classify", &body)).unwrap();
        let text = text
            .replace("localhost", host)
            .replace("application/json", kind);
        finish(begin(served.address, text.as_bytes()))
    };
    assert_eq!(
        send("evil.example", "application/json").refused(421).0,
        "other_host"
    );
    // What a page may send without asking first.
    assert_eq!(send("localhost", "text/plain").refused(415).0, "not_json");
    let answered = send("127.0.0.1:80", "application/json; charset=utf-8");
    assert_eq!(answered.status, 200);
    assert_eq!(answered.header("access-control-allow-origin"), None);
    assert_eq!(answered.header("x-content-type-options"), Some("nosniff"));
}

#[test]
fn refusals_are_counted_under_their_status() {
    let served = Served::new(Kind::Classify);
    for _ in 0..3 {
        post(served.address, "/v1/classify", &json!({"text": "old rain"})).answered();
    }
    post(served.address, "/v1/classify", &json!({"txt": 1})).refused(422);
    post(served.address, "/v1/answer", &json!({})).refused(409);
    get(served.address, "/nowhere/at/all").refused(404);
    for (labels, count) in [
        ("endpoint=\"/v1/classify\",status=\"200\"", 3.0),
        ("endpoint=\"/v1/classify\",status=\"422\"", 1.0),
        ("endpoint=\"/v1/answer\",status=\"409\"", 1.0),
        ("endpoint=\"other\",status=\"404\"", 1.0),
    ] {
        let name = format!("pliant_requests_total{{{labels}}}");
        assert_eq!(served.metric(&name), count, "{name}");
    }
    let name = "pliant_request_duration_seconds_count{endpoint=\"/v1/classify\"}";
    assert_eq!(served.metric(name), 4.0);
    // Three requests of one sequence, [CLS] old rain [SEP].
    assert_eq!(served.metric("pliant_tokens_total"), 12.0);
    assert_eq!(served.metric("pliant_batch_sequences_sum"), 3.0);
    assert_eq!(served.metric("pliant_queue_sequences"), 0.0);
    // The one that asks.
    assert_eq!(served.metric("pliant_requests_in_flight"), 1.0);
    let version = format!("version=\"{}\"", env!("CARGO_PKG_VERSION"));
    let metrics = get(served.address, "/metrics");
    assert!(
        metrics
            .header("content-type")
            .unwrap()
            .starts_with("text/plain")
    );
    assert!(
        metrics.body.contains("pliant_build_info{"),
        "{}",
        metrics.body
    );
    assert!(metrics.body.contains(&version), "{}", metrics.body);
    let health: Value = get(served.address, "/readyz").answered();
    assert_eq!(health["status"], "ready");
}
