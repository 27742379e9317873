//! The body of a request: read within limits, parsed so that what is wrong is named.

use axum::body::{Body, Bytes, to_bytes};
use axum::extract::Request;
use axum::http::{StatusCode, header};
use pliant_train::recipe::nearest;
use serde::de::DeserializeOwned;
use serde_json::error::Category;

use super::Limits;
use super::problem::Problem;

/// Reads the JSON body of a request.
pub(crate) async fn read(request: Request, limits: &Limits) -> Result<Bytes, Problem> {
    let content_type = request
        .headers()
        .get(header::CONTENT_TYPE)
        .and_then(|kind| kind.to_str().ok())
        .unwrap_or_default();
    let essence = content_type.split(';').next().unwrap_or_default().trim();
    // Pages of other origins may send text without asking first, but not this.
    if !essence.eq_ignore_ascii_case("application/json") {
        return Err(Problem::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "not_json",
            format!("the content type is `{essence}`, not application/json"),
            "send the header Content-Type: application/json",
        ));
    }
    let announced = request
        .headers()
        .get(header::CONTENT_LENGTH)
        .and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
    if announced.is_some_and(|length| length > limits.body_bytes as u64) {
        return Err(too_large(limits));
    }
    match tokio::time::timeout(limits.timeout, collect(request.into_body(), limits)).await {
        Ok(body) => body,
        Err(_) => Err(Problem::new(
            StatusCode::REQUEST_TIMEOUT,
            "body_too_slow",
            format!(
                "the body did not arrive within {} seconds",
                limits.timeout.as_secs_f64()
            ),
            "send it faster, or start the server with a longer --timeout",
        )),
    }
}

async fn collect(body: Body, limits: &Limits) -> Result<Bytes, Problem> {
    to_bytes(body, limits.body_bytes).await.map_err(|error| {
        let source = std::error::Error::source(&error).map(ToString::to_string);
        match source {
            Some(source) if source.contains("length limit") => too_large(limits),
            _ => Problem::new(
                StatusCode::BAD_REQUEST,
                "broken_body",
                format!("the body cannot be read: {error}"),
                "send it again",
            ),
        }
    })
}

fn too_large(limits: &Limits) -> Problem {
    Problem::new(
        StatusCode::PAYLOAD_TOO_LARGE,
        "body_too_large",
        format!("the body is larger than {} bytes", limits.body_bytes),
        "send fewer or shorter texts, or start the server with a larger --max-body",
    )
}

/// Parses a body; what is wrong with it is named by field.
pub(crate) fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    let malformed = |message: String| {
        Problem::new(
            StatusCode::BAD_REQUEST,
            "malformed_json",
            message,
            "send one JSON object; /openapi.json says what is in it",
        )
    };
    if bytes.trim_ascii_start().first() != Some(&b'{') {
        return Err(malformed("the body is no JSON object".to_owned()));
    }
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    let parsed = serde_path_to_error::deserialize(&mut deserializer).map_err(|error| {
        let path = error.path().to_string();
        let error = error.into_inner();
        match error.classify() {
            Category::Data => invalid(&path, &error),
            Category::Io | Category::Syntax | Category::Eof => {
                malformed(format!("the body is no valid JSON: {error}"))
            }
        }
    })?;
    deserializer
        .end()
        .map_err(|error| malformed(format!("something follows the JSON object: {error}")))?;
    Ok(parsed)
}

/// A body that is JSON, but with other fields or values than wanted.
fn invalid(path: &str, error: &serde_json::Error) -> Problem {
    let text = error.to_string();
    // The place in the bytes helps nobody who reads fields.
    let reason = text.split(" at line ").next().unwrap_or(&text);
    let names: Vec<&str> = reason.split('`').skip(1).step_by(2).collect();
    let hint = "/openapi.json says which fields there are and what they hold";
    match names.split_first() {
        Some((given, known)) if reason.starts_with("unknown field") => {
            let known = known.iter().copied();
            let list = known.clone().collect::<Vec<_>>().join("`, `");
            let hint = match nearest(given, known) {
                Some(nearest) => format!("did you mean `{nearest}`? The fields are `{list}`"),
                None => format!("the fields are `{list}`"),
            };
            // The path ends with the unknown field, or is that of what holds it.
            let field = match path {
                "." => (*given).to_owned(),
                path if path == *given || path.ends_with(&format!(".{given}")) => path.to_owned(),
                path => format!("{path}.{given}"),
            };
            Problem::invalid("unknown_field", format!("unknown field `{given}`"), hint).field(field)
        }
        Some((missing, _)) if reason.starts_with("missing field") => {
            let field = match path {
                "." => (*missing).to_owned(),
                path => format!("{path}.{missing}"),
            };
            Problem::invalid("missing_field", reason, hint).field(field)
        }
        _ => Problem::invalid("invalid_value", format!("{path}: {reason}"), hint).field(path),
    }
}
