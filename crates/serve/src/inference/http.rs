//! The routes.

use std::time::Instant;

use axum::extract::{Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use pliant_train::predict::{Answers, Embedding, Filled, Prediction};
use pliant_train::recipe::nearest;

use super::about::{Health, ModelDescription};
use super::ask::{Answer, Classify, Embeddings, FillMask, Replies};
use super::endpoint::{ABOUT, Endpoint};
use super::metrics::Metrics;
use super::openapi::document;
use super::problem::{ErrorBody, Problem, Refusals};
use super::site::Site;
use crate::host::is_own_name;

pub(crate) fn routes(site: Site) -> Router {
    Router::new()
        .route(Endpoint::FillMask.path(), post(fill_mask))
        .route(Endpoint::Classify.path(), post(classify))
        .route(Endpoint::Answer.path(), post(answer))
        .route(Endpoint::Embeddings.path(), post(embeddings))
        .route("/v1/model", get(model))
        .route("/openapi.json", get(openapi))
        .route("/healthz", get(healthz))
        .route("/readyz", get(readyz))
        .route("/metrics", get(metrics))
        .fallback(not_found)
        .method_not_allowed_fallback(method_not_allowed)
        .layer(middleware::from_fn_with_state(site.clone(), guard))
        .layer(middleware::from_fn_with_state(site.clone(), count))
        .with_state(site)
}

#[utoipa::path(post, tag = "ask", path = "/v1/fill-mask", request_body = FillMask, responses(
    (status = 200, description = "Words for each mask.", body = Replies<Filled>), Refusals))]
/// Words for the masks of a text
pub(crate) async fn fill_mask(
    State(site): State<Site>,
    request: Request,
) -> Result<Response, Problem> {
    site.answer::<FillMask>(request).await
}

#[utoipa::path(post, tag = "ask", path = "/v1/classify", request_body = Classify, responses(
    (status = 200, description = "Labels with probabilities, or a score.", body = Replies<Prediction>), Refusals))]
/// The label or the score of a text or a pair
pub(crate) async fn classify(
    State(site): State<Site>,
    request: Request,
) -> Result<Response, Problem> {
    site.answer::<Classify>(request).await
}

#[utoipa::path(post, tag = "ask", path = "/v1/answer", request_body = Answer, responses(
    (status = 200, description = "The best answers.", body = Replies<Answers>), Refusals))]
/// Answers to a question about a context
pub(crate) async fn answer(
    State(site): State<Site>,
    request: Request,
) -> Result<Response, Problem> {
    site.answer::<Answer>(request).await
}

#[utoipa::path(post, tag = "ask", path = "/v1/embeddings", request_body = Embeddings, responses(
    (status = 200, description = "A vector.", body = Replies<Embedding>), Refusals))]
/// The vector of a text or a pair
pub(crate) async fn embeddings(
    State(site): State<Site>,
    request: Request,
) -> Result<Response, Problem> {
    site.answer::<Embeddings>(request).await
}

#[utoipa::path(get, tag = "about", path = "/v1/model", responses(
    (status = 200, description = "What is served.", body = ModelDescription),
    (status = 421, description = "The request came under a name that is not the server's.", body = ErrorBody)))]
/// The model, its labels and the limits of requests
pub(crate) async fn model(State(site): State<Site>) -> Response {
    Json(ModelDescription::of(&site)).into_response()
}

#[utoipa::path(get, tag = "about", path = "/openapi.json", responses(
    (status = 200, description = "This document.", content_type = "application/json")))]
/// This document
pub(crate) async fn openapi(State(site): State<Site>) -> Response {
    Json(document(&site)).into_response()
}

#[utoipa::path(get, tag = "about", path = "/healthz", responses(
    (status = 200, description = "The server lives.", body = Health),
    (status = 503, description = "The model's thread has failed: start the server anew.", body = Health)))]
/// Whether the server lives
pub(crate) async fn healthz(State(site): State<Site>) -> Response {
    if site.has_failed() {
        let health = Json(Health { status: "failed" });
        return (StatusCode::SERVICE_UNAVAILABLE, health).into_response();
    }
    Json(Health { status: "ok" }).into_response()
}

#[utoipa::path(get, tag = "about", path = "/readyz", responses(
    (status = 200, description = "Requests are taken.", body = Health),
    (status = 503, description = "The server stops, or has failed.", body = Health)))]
/// Whether requests are taken
pub(crate) async fn readyz(State(site): State<Site>) -> Response {
    if site.is_ready() {
        Json(Health { status: "ready" }).into_response()
    } else {
        let status = if site.has_failed() {
            "failed"
        } else {
            "stopping"
        };
        let health = Json(Health { status });
        (StatusCode::SERVICE_UNAVAILABLE, health).into_response()
    }
}

#[utoipa::path(get, tag = "about", path = "/metrics", responses(
    (status = 200, description = "Counts, in the text format of Prometheus.", body = String, content_type = "text/plain")))]
/// Counts for Prometheus
pub(crate) async fn metrics(State(site): State<Site>) -> Response {
    let kind = "text/plain; version=0.0.4; charset=utf-8";
    ([(header::CONTENT_TYPE, kind)], site.metrics.text()).into_response()
}

async fn not_found(State(site): State<Site>, request: Request) -> Problem {
    let known = [&site.paths()[..], &ABOUT].concat();
    let given = request.uri().path();
    let hint = match nearest(given, known.iter().copied()) {
        Some(nearest) => format!("did you mean {nearest}? There are {}", known.join(", ")),
        None => format!("there are {}", known.join(", ")),
    };
    let message = format!("there is nothing at {given}");
    Problem::new(StatusCode::NOT_FOUND, "not_found", message, hint)
}

async fn method_not_allowed(request: Request) -> Problem {
    let path = request.uri().path();
    let is_asked = Endpoint::ALL.iter().any(|endpoint| endpoint.path() == path);
    let (method, wanted) = (
        request.method(),
        if is_asked { "POST" } else { "GET or HEAD" },
    );
    Problem::new(
        StatusCode::METHOD_NOT_ALLOWED,
        "method_not_allowed",
        format!("{path} does not take {method}"),
        format!("use {wanted}"),
    )
}

/// Refuses requests under a foreign name: a page elsewhere whose name was pointed here. No header allows other origins.
async fn guard(State(site): State<Site>, request: Request, next: Next) -> Response {
    let host = request
        .headers()
        .get(header::HOST)
        .and_then(|host| host.to_str().ok());
    if !host.is_some_and(|host| is_own_name(host, &site.host)) {
        return Problem::new(
            StatusCode::MISDIRECTED_REQUEST,
            "other_host",
            format!(
                "`{}` is not a name of this server",
                host.unwrap_or_default()
            ),
            "ask it by its address, or start it with --host NAME",
        )
        .into_response();
    }
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    headers.insert(
        header::X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    );
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// A request that is counted when it is over, also where the client leaves before.
struct Counting<'a> {
    metrics: &'a Metrics,
    endpoint: &'static str,
    begin: Instant,
    status: u16,
}

impl Drop for Counting<'_> {
    fn drop(&mut self) {
        self.metrics
            .end(self.endpoint, self.status, self.begin.elapsed());
    }
}

async fn count(State(site): State<Site>, request: Request, next: Next) -> Response {
    let path = request.uri().path();
    let known = Endpoint::ALL.map(Endpoint::path).into_iter().chain(ABOUT);
    site.metrics.begin();
    let mut counting = Counting {
        metrics: &site.metrics,
        // Only names of ours: whoever asks must not make the list longer.
        endpoint: known
            .clone()
            .find(|endpoint| *endpoint == path)
            .unwrap_or("other"),
        begin: Instant::now(),
        status: 499,
    };
    let response = next.run(request).await;
    counting.status = response.status().as_u16();
    response
}
