//! What is too much.

use std::time::Duration;

use pliant_serve::inference::{Limits, Options};
use serde_json::json;

use crate::client::{begin, finish, get, post, request};
use crate::world::{Kind, Served, text};

#[test]
fn bodies_texts_and_lists_have_limits() {
    let options = Options {
        limits: Limits {
            body_bytes: 1000,
            characters: 300,
            inputs: 3,
            ..Limits::default()
        },
        ..Options::default()
    };
    let served = Served::with(Kind::Classify, options);
    let ask = |body| post(served.address, "/v1/classify", &body);
    assert_eq!(
        ask(json!({"text": "a".repeat(2000)})).refused(413).0,
        "body_too_large"
    );
    let (code, field) = ask(json!({"inputs": ["a", "é".repeat(301)]})).refused(422);
    assert_eq!(
        (code.as_str(), field.as_str()),
        ("too_many_characters", "inputs[1].text")
    );
    ask(json!({"text": "é".repeat(300)})).answered();
    let (code, field) = ask(json!({"inputs": ["a", "b", "c", "d"]})).refused(422);
    assert_eq!(
        (code.as_str(), field.as_str()),
        ("too_many_inputs", "inputs")
    );

    // A body that does not say how long it is.
    let mut bytes = b"POST /v1/classify HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\
        Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
        .to_vec();
    for _ in 0..3 {
        bytes.extend_from_slice(b"190\r\n");
        bytes.extend_from_slice(&[b' '; 400]);
        bytes.extend_from_slice(b"\r\n");
    }
    bytes.extend_from_slice(b"0\r\n\r\n");
    let response = finish(begin(served.address, &bytes));
    assert_eq!(response.refused(413).0, "body_too_large");
    assert_eq!(
        get(served.address, "/v1/model").answered()["limits"]["inputs"],
        3
    );
}

#[test]
fn beyond_the_queue_is_429_with_a_time() {
    let options = Options {
        // What comes stays in the queue until the server is to stop.
        delay: Duration::from_mins(10),
        limits: Limits {
            queue: 2,
            ..Limits::default()
        },
        ..Options::default()
    };
    let served = Served::with(Kind::Classify, options);
    let address = served.address;
    std::thread::scope(|scope| {
        let ask = move || post(address, "/v1/classify", &json!({"text": "rain"})).status;
        let first = scope.spawn(ask);
        served.wait_for("pliant_queue_sequences", 1.0);
        // One waits; two more sequences are one too many.
        let refused = post(address, "/v1/classify", &json!({"inputs": ["a", "b"]}));
        assert_eq!(refused.refused(429).0, "queue_full");
        let seconds: u64 = refused.header("retry-after").unwrap().parse().unwrap();
        assert!((1..=60).contains(&seconds), "{seconds}");
        let second = scope.spawn(ask);
        served.wait_for("pliant_queue_sequences", 2.0);
        // As many requests as are allowed are worked on.
        assert_eq!(ask(), 429);
        let name = "pliant_requests_total{endpoint=\"/v1/classify\",status=\"429\"}";
        assert_eq!(served.metric(name), 2.0);
        served.begin_stop();
        assert_eq!((first.join().unwrap(), second.join().unwrap()), (200, 200));
    });
}

#[test]
fn a_request_longer_than_the_queue_is_taken_by_an_empty_one() {
    let options = Options {
        limits: Limits {
            queue: 2,
            ..Limits::default()
        },
        ..Options::default()
    };
    let served = Served::with(Kind::Answer, options);
    let body = json!({"question": "where ?", "context": text(1, 300)});
    let reply = post(served.address, "/v1/answer", &body).answered();
    assert!(reply["usage"]["sequences"].as_u64().unwrap() > 2, "{reply}");
}

#[test]
fn answers_and_bodies_that_take_too_long_end() {
    let options = Options {
        delay: Duration::from_mins(10),
        limits: Limits {
            timeout: Duration::from_millis(100),
            ..Limits::default()
        },
        ..Options::default()
    };
    let served = Served::with(Kind::Classify, options);
    let late = post(served.address, "/v1/classify", &json!({"text": "rain"}));
    assert_eq!(late.refused(503).0, "timeout");
    assert!(late.header("retry-after").is_some());
    let whole = request("POST", "/v1/classify", &json!({"text": "rain"}).to_string());
    let slow = finish(begin(served.address, &whole[..whole.len() - 3]));
    assert_eq!(slow.refused(408).0, "body_too_slow");
}
