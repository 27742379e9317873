//! Stopping: what has begun is answered, nothing new is taken.

use std::net::TcpStream;
use std::time::Duration;

use pliant_serve::ServeError;
use pliant_serve::inference::Options;
use serde_json::json;

use crate::client::{begin, post, request};
use crate::world::{Kind, Served, text};

fn waiting() -> Options {
    Options {
        // What comes stays in the queue until the server is to stop.
        delay: Duration::from_mins(10),
        ..Options::default()
    }
}

#[test]
fn a_stop_loses_no_request() {
    let served = Served::with(Kind::FillMask, waiting());
    let predictor = served.predictor();
    let address = served.address;
    let masked = |seed: usize| format!("{} [MASK]", text(seed, 3 + seed));
    let replies: Vec<_> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..20)
            .map(|seed| {
                scope.spawn(move || {
                    let body = json!({"text": masked(seed)});
                    post(address, "/v1/fill-mask", &body).answered()["results"][0].clone()
                })
            })
            .collect();
        served.wait_for("pliant_queue_sequences", 20.0);
        served.stop().unwrap();
        threads
            .into_iter()
            .map(|thread| thread.join().unwrap())
            .collect()
    });
    for (seed, reply) in replies.iter().enumerate() {
        let direct = predictor.fill(&[masked(seed)], 5).unwrap();
        let direct = serde_json::to_value(&direct[0]).unwrap();
        crate::together::assert_close(&direct, reply);
    }
    assert!(
        TcpStream::connect(address).is_err(),
        "nothing listens any more"
    );
}

#[test]
fn connections_that_ask_nothing_hold_nobody() {
    let options = Options {
        grace: Duration::from_millis(200),
        ..Options::default()
    };
    let served = Served::with(Kind::Classify, options);
    let idle = TcpStream::connect(served.address).unwrap();
    served.wait_for("pliant_requests_in_flight", 1.0);
    served.stop().unwrap();
    drop(idle);
}

#[test]
fn what_is_not_answered_in_time_is_said() {
    let options = Options {
        grace: Duration::from_millis(200),
        ..Options::default()
    };
    let served = Served::with(Kind::Classify, options);
    let whole = request("POST", "/v1/classify", &json!({"text": "rain"}).to_string());
    let half = begin(served.address, &whole[..whole.len() - 3]);
    // This one, and the one that asks.
    served.wait_for("pliant_requests_in_flight", 2.0);
    let error = served.stop().unwrap_err();
    assert!(
        matches!(error, ServeError::Unanswered { requests: 1, .. }),
        "{error}"
    );
    assert!(error.hint().unwrap().contains("--grace"));
    drop(half);
}
