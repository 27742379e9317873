//! `serve`: starts, answers as `predict` does, ends on a signal; and what it refuses.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    process::Child,
};

use serde_json::{Value, json};

use crate::{
    models::Model,
    signals::send,
    workplace::{Finished, Workplace},
};

/// The program, serving on a free port.
struct Serving {
    child: Child,
    output: BufReader<std::process::ChildStdout>,
    /// What `--json` says.
    document: Value,
}

impl Serving {
    fn start(workplace: &Workplace, more: &[&str]) -> Self {
        let arguments = [
            &["serve", "--model", "model", "--port", "0", "--json"][..],
            more,
        ]
        .concat();
        let mut child = workplace.start(&arguments);
        let mut output = BufReader::new(child.stdout.take().unwrap());
        let mut text = String::new();
        // The document is there once its last brace is.
        while !text.ends_with("\n}\n") {
            let read = output.read_line(&mut text).unwrap();
            assert!(read > 0, "no document: {text:?}");
        }
        Self {
            child,
            output,
            document: serde_json::from_str(&text).unwrap(),
        }
    }

    fn authority(&self) -> &str {
        let url = self.document["url"].as_str().unwrap();
        url.strip_prefix("http://").unwrap().trim_end_matches('/')
    }

    fn post(&self, path: &str, body: &Value) -> Value {
        let (authority, body) = (self.authority(), body.to_string());
        let mut stream = TcpStream::connect(authority).unwrap();
        write!(
            stream,
            "POST {path} HTTP/1.1\r\nHost: {authority}\r\nConnection: close\r\n\
             Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        )
        .unwrap();
        let mut text = String::new();
        stream.read_to_string(&mut text).unwrap();
        let (_, body) = text.split_once("\r\n\r\n").unwrap();
        serde_json::from_str(body).unwrap()
    }

    /// Sends a signal and waits for the end.
    fn end(mut self, signal: &str, workplace: &Workplace) -> Finished {
        send(signal, &self.child);
        let mut rest = String::new();
        self.output.read_to_string(&mut rest).unwrap();
        assert_eq!(rest, "", "more than one document");
        let output = self.child.wait_with_output().unwrap();
        Finished::new(output, &workplace.path(""))
    }
}

#[test]
fn replies_are_those_of_predict_and_signals_end_it() {
    for (model, signal) in [(Model::Topic, "TERM"), (Model::Answer, "INT")] {
        let workplace = Workplace::with(model);
        let serving = Serving::start(&workplace, &[]);
        let (question, context) = ("past where", "old quiet trees past quiet horses stand");
        let (path, body, arguments) = match model {
            Model::Topic => (
                "/v1/classify",
                json!({"text": "the old river"}),
                vec!["--text", "the old river"],
            ),
            _ => (
                "/v1/answer",
                json!({"question": question, "context": context}),
                vec!["--question", question, "--context", context],
            ),
        };
        assert_eq!(
            serving.document["endpoints"],
            json!([path, "/v1/embeddings"])
        );
        let reply = serving.post(path, &body);
        let predict = [&["predict", "--model", "model", "--json"][..], &arguments].concat();
        let predicted = workplace.succeed(&predict).json();
        assert_eq!(reply["results"][0], predicted);
        let finished = serving.end(signal, &workplace);
        assert_eq!(finished.code, Some(0), "{finished}");
        assert_eq!(finished.stderr, "");
    }
}

#[test]
fn other_machines_are_warned_of() {
    let workplace = Workplace::with(Model::Gelu);
    let serving = Serving::start(&workplace, &["--host", "0.0.0.0"]);
    let finished = serving.end("TERM", &workplace);
    assert_eq!(finished.code, Some(0), "{finished}");
    assert!(
        finished
            .stderr
            .contains("can be reached from other machines"),
        "{finished}"
    );
}

#[test]
fn what_cannot_be_served_is_said() {
    let workplace = Workplace::with(Model::Gelu);
    let refused = |arguments: &[&str]| {
        let finished = workplace.run(&[&["serve"][..], arguments].concat());
        assert_eq!(finished.code, Some(2), "{finished}");
        finished.error()
    };
    insta::assert_snapshot!("serve_no_model", refused(&["--model", "nowhere"]));
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let in_use = refused(&["--model", "model", "--port", &port]);
    insta::assert_snapshot!("serve_port_in_use", in_use.replace(&port, "PORT"));
    insta::assert_snapshot!(
        "serve_no_time",
        refused(&["--model", "model", "--timeout", "0"])
    );
    std::fs::remove_file(workplace.path("model/tokenizer.json")).unwrap();
    insta::assert_snapshot!(
        "serve_no_tokenizer",
        refused(&["--model", "model", "--port", "0"])
    );
}
