//! The document `openapi.json` lists what there is, and what is answered has the form that it says.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::client::{get, post};
use crate::world::{Kind, Served};

/// Checks a value against a schema of the document: kinds, required keys, no keys beyond those named.
fn check(document: &Value, schema: &Value, value: &Value, place: &str) -> Result<(), String> {
    if let Some(reference) = schema["$ref"].as_str() {
        let pointer = reference.strip_prefix('#').unwrap();
        let schema = document
            .pointer(pointer)
            .ok_or_else(|| format!("{reference} leads nowhere"))?;
        return check(document, schema, value, place);
    }
    if let Some(choices) = schema["oneOf"].as_array() {
        let errors: Vec<String> = choices
            .iter()
            .filter_map(|choice| check(document, choice, value, place).err())
            .collect();
        return if errors.len() < choices.len() {
            Ok(())
        } else {
            Err(errors.join(" / "))
        };
    }
    let kinds: Vec<&str> = match &schema["type"] {
        Value::Array(kinds) => kinds.iter().filter_map(Value::as_str).collect(),
        kind => kind.as_str().into_iter().collect(),
    };
    let own = match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_f64() => "number",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    };
    let fits = kinds.contains(&own) || (own == "integer" && kinds.contains(&"number"));
    if !fits {
        return Err(format!("{place} is {own}, not {kinds:?}"));
    }
    match value {
        Value::Array(values) => values
            .iter()
            .try_for_each(|value| check(document, &schema["items"], value, &format!("{place}[]"))),
        Value::Object(fields) => {
            for required in schema["required"].as_array().into_iter().flatten() {
                let key = required.as_str().unwrap();
                if !fields.contains_key(key) {
                    return Err(format!("{place} has no {key}"));
                }
            }
            fields
                .iter()
                .try_for_each(|(key, value)| match schema["properties"].get(key) {
                    Some(schema) => check(document, schema, value, &format!("{place}.{key}")),
                    None => Err(format!("{place} has {key}, which the schema does not name")),
                })
        }
        _ => Ok(()),
    }
}

/// The schema of a response.
fn schema<'a>(document: &'a Value, path: &str, method: &str, status: &str) -> &'a Value {
    let schema = &document["paths"][path][method]["responses"][status]["content"]["application/json"]
        ["schema"];
    assert!(schema.is_object(), "{method} {path} has no {status}");
    schema
}

#[test]
fn the_document_lists_every_route_and_no_other() {
    for kind in Kind::ALL {
        let served = Served::new(kind);
        let document = get(served.address, "/openapi.json").answered();
        assert!(document["openapi"].as_str().unwrap().starts_with("3."));
        let paths: BTreeSet<&str> = document["paths"]
            .as_object()
            .unwrap()
            .keys()
            .map(String::as_str)
            .collect();
        let expected = BTreeSet::from([
            kind.path(),
            "/v1/embeddings",
            "/v1/model",
            "/openapi.json",
            "/healthz",
            "/readyz",
            "/metrics",
        ]);
        assert_eq!(paths, expected);
        for path in paths {
            let (method, response) = match document["paths"][path].get("get") {
                Some(_) => ("get", get(served.address, path)),
                None => ("post", post(served.address, path, &json!({}))),
            };
            assert_ne!(response.status, 404, "{method} {path}");
            let status = response.status.to_string();
            assert!(
                document["paths"][path][method]["responses"]
                    .get(&status)
                    .is_some(),
                "{method} {path} answers {status}, which the document does not say"
            );
        }
    }
}

#[test]
fn responses_have_the_form_that_the_document_says() {
    for kind in Kind::ALL {
        let served = Served::new(kind);
        let document = get(served.address, "/openapi.json").answered();
        let body = match kind {
            Kind::FillMask => json!({"text": "old [MASK]"}),
            Kind::Classify | Kind::Regress => {
                json!({"inputs": ["rain", {"text": "a", "text_pair": "b"}]})
            }
            Kind::Answer => json!({"question": "where ?", "context": "old river"}),
        };
        let answered = |path: &str, method: &str, value: &Value| {
            let schema = schema(&document, path, method, "200");
            check(&document, schema, value, path)
                .unwrap_or_else(|error| panic!("{error}\n{value}"));
        };
        let reply = post(served.address, kind.path(), &body).answered();
        answered(kind.path(), "post", &reply);
        let vector = post(served.address, "/v1/embeddings", &json!({"text": "rain"})).answered();
        answered("/v1/embeddings", "post", &vector);
        for path in ["/v1/model", "/healthz", "/readyz"] {
            answered(path, "get", &get(served.address, path).answered());
        }
        let refused = post(served.address, kind.path(), &json!({"txt": 1}));
        let of_errors = schema(&document, kind.path(), "post", "422");
        check(&document, of_errors, &refused.json(), "error").unwrap();
        // Requests, too: what was answered fits, what was refused does not.
        let of_requests = &document["paths"][kind.path()]["post"]["requestBody"]["content"]["application/json"]
            ["schema"];
        check(&document, of_requests, &body, "request").unwrap();
        check(&document, of_requests, &json!({"txt": 1}), "request").unwrap_err();
        check(
            &document,
            of_requests,
            &json!({"inputs": [["a"]]}),
            "request",
        )
        .unwrap_err();
    }
}
