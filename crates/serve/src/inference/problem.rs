//! What a request is refused with: a status, and a JSON body that says what is wrong and what to do.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use pliant_data::{DataError, TaskError};
use pliant_train::TrainError;
use serde::Serialize;
use utoipa::{IntoResponses, ToSchema};

/// The body of every response that is no answer.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub(crate) struct ErrorBody {
    /// What went wrong.
    pub(crate) error: ErrorDetail,
}

/// What went wrong, for programs and for people.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub(crate) struct ErrorDetail {
    /// A name that stays the same: `unknown_field`, `text_too_long`, `queue_full`, …
    #[schema(example = "unknown_field")]
    pub(crate) code: String,
    /// What is wrong.
    pub(crate) message: String,
    /// What to do about it.
    pub(crate) hint: String,
    /// The field of the request that is wrong, as `inputs[2].text`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) field: Option<String>,
}

/// A request that is not answered.
#[derive(Debug)]
pub(crate) struct Problem {
    status: StatusCode,
    detail: ErrorDetail,
    retry_after: Option<u64>,
}

impl Problem {
    pub(crate) fn new(
        status: StatusCode,
        code: &str,
        message: impl Into<String>,
        hint: impl Into<String>,
    ) -> Self {
        Self {
            status,
            detail: ErrorDetail {
                code: code.to_owned(),
                message: message.into(),
                hint: hint.into(),
                field: None,
            },
            retry_after: None,
        }
    }

    /// A body that is JSON, but not what the endpoint takes.
    pub(crate) fn invalid(code: &str, message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, code, message, hint)
    }

    /// A fault of the server.
    pub(crate) fn internal(message: impl Into<String>) -> Self {
        let hint = "the request is not to blame; look at the model and at the server";
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", message, hint)
    }

    /// Names the field that is wrong.
    pub(crate) fn field(mut self, field: impl Into<String>) -> Self {
        self.detail.field = Some(field.into());
        self
    }

    /// Says after how many seconds to try again.
    pub(crate) fn retry_after(mut self, seconds: u64) -> Self {
        self.retry_after = Some(seconds);
        self
    }

    /// An input that cannot be encoded; `field` holds it.
    pub(crate) fn of_input(error: &TrainError, field: &str) -> Self {
        let code = match error {
            TrainError::NoMask => "no_mask",
            TrainError::EmptyText
            | TrainError::Data(DataError::Task(TaskError::EmptyText { .. })) => {
                return Self::invalid(
                    "empty_text",
                    "a text is empty: it has no token",
                    "write something that the model can be asked about",
                )
                .field(field);
            }
            TrainError::TextTooLong { .. } => {
                return Self::invalid(
                    "text_too_long",
                    error.to_string(),
                    "shorten it, or send \"truncate\": true to have its end cut",
                )
                .field(field);
            }
            TrainError::Data(_) => "unusable_text",
            _ => return Self::internal(error.to_string()),
        };
        let hint = error.hint().unwrap_or_else(|| "change the text".to_owned());
        Self::invalid(code, error.to_string(), hint).field(field)
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let body = ErrorBody { error: self.detail };
        let mut response = (self.status, axum::Json(body)).into_response();
        if let Some(seconds) = self.retry_after {
            response
                .headers_mut()
                .insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

/// What the endpoints that ask the model may refuse with.
#[derive(IntoResponses)]
#[allow(dead_code, reason = "read by the derive only")]
pub(crate) enum Refusals {
    /// The body is no JSON object.
    #[response(status = 400)]
    Malformed(ErrorBody),
    /// The body did not arrive in time.
    #[response(status = 408)]
    TooSlow(ErrorBody),
    /// The model cannot do this; the hint names what it can.
    #[response(status = 409)]
    OtherModel(ErrorBody),
    /// The body is too large.
    #[response(status = 413)]
    TooLarge(ErrorBody),
    /// The body is not said to be JSON.
    #[response(status = 415)]
    NotJson(ErrorBody),
    /// The request came under a name that is not the server's.
    #[response(status = 421)]
    OtherHost(ErrorBody),
    /// A field is unknown, missing, or of a value that cannot be; a text is empty or too long.
    #[response(status = 422)]
    Invalid(ErrorBody),
    /// Too much is waiting; the header Retry-After says when to try again.
    #[response(status = 429)]
    QueueFull(ErrorBody),
    /// The model or the server fails.
    #[response(status = 500)]
    Failed(ErrorBody),
    /// The answer was not ready in time, or the server stops.
    #[response(status = 503)]
    Unavailable(ErrorBody),
}
