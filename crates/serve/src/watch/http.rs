//! The routes. A request names a run by its number; nothing of its path reaches the file system.

use std::convert::Infallible;
use std::sync::Arc;

use axum::Router;
use axum::extract::{Path, Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use serde::Serialize;
use tokio::sync::{Semaphore, watch};
use tokio_stream::StreamExt;
use tokio_stream::wrappers::WatchStream;

use super::follow::{News, Shared, lock};
use super::run::Run;
use crate::host::is_own_name;

const PAGE: &str = include_str!("page/index.html");
const STYLE: &str = include_str!("page/style.css");
const SCRIPT: &str = include_str!("page/page.js");
const CHART: &str = include_str!("page/chart.js");
/// Pages that are told of changes at the same time.
const READERS: usize = 64;
/// Only what is compiled in runs in the page, and it talks to this server alone.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

#[derive(Clone)]
pub(crate) struct Site {
    pub(crate) runs: Shared,
    pub(crate) news: watch::Receiver<News>,
    pub(crate) host: Arc<str>,
    readers: Arc<Semaphore>,
}

impl Site {
    pub(crate) fn new(runs: Shared, news: watch::Receiver<News>, host: &str) -> Self {
        Self {
            runs,
            news,
            host: host.into(),
            readers: Arc::new(Semaphore::new(READERS)),
        }
    }
}

pub(crate) fn routes(site: Site) -> Router {
    let text = |kind: &'static str, body: &'static str| {
        get(move || async move { ([(header::CONTENT_TYPE, kind)], body) })
    };
    Router::new()
        .route("/", text("text/html; charset=utf-8", PAGE))
        .route("/style.css", text("text/css; charset=utf-8", STYLE))
        .route("/page.js", text("text/javascript; charset=utf-8", SCRIPT))
        .route("/chart.js", text("text/javascript; charset=utf-8", CHART))
        .route("/events", get(events))
        .route("/runs/{id}/series", get(series))
        .route("/runs/{id}/curves", get(curves))
        .layer(middleware::from_fn_with_state(site.clone(), guard))
        .with_state(site)
}

/// Refuses requests under a foreign name (a page elsewhere whose name was pointed here), and sets the headers.
async fn guard(State(site): State<Site>, request: Request, next: Next) -> Response {
    let host = request
        .headers()
        .get(header::HOST)
        .and_then(|host| host.to_str().ok());
    if !host.is_some_and(|host| is_own_name(host, &site.host)) {
        let text = "this name is not the server's; open the page by its address, or start it with --host NAME\n";
        return (StatusCode::MISDIRECTED_REQUEST, text).into_response();
    }
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_SECURITY_POLICY,
        HeaderValue::from_static(POLICY),
    );
    headers.insert(
        header::X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    );
    headers.insert(
        header::REFERRER_POLICY,
        HeaderValue::from_static("no-referrer"),
    );
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// Every change; a slow reader gets the newest state, so that nothing piles up.
async fn events(State(site): State<Site>) -> Response {
    let Ok(permit) = site.readers.clone().try_acquire_owned() else {
        return (StatusCode::SERVICE_UNAVAILABLE, "too many pages are open\n").into_response();
    };
    let stream = WatchStream::new(site.news.clone()).map(move |news| {
        // Held as long as the reader is connected.
        let _ = &permit;
        Ok::<_, Infallible>(Event::default().data(json(&news)))
    });
    Sse::new(stream)
        .keep_alive(KeepAlive::default())
        .into_response()
}

async fn series(State(site): State<Site>, Path(id): Path<String>) -> Response {
    of_run(&site, &id, |run| json(&run.series()))
}

async fn curves(State(site): State<Site>, Path(id): Path<String>) -> Response {
    of_run(&site, &id, |run| json(&run.curves()))
}

fn of_run(site: &Site, id: &str, answer: impl Fn(&Run) -> String) -> Response {
    let runs = lock(&site.runs);
    let run = id
        .parse()
        .ok()
        .and_then(|id: usize| runs.shown.iter().find(|(other, _)| *other == id));
    match run {
        Some((_, run)) => {
            ([(header::CONTENT_TYPE, "application/json")], answer(run)).into_response()
        }
        None => (StatusCode::NOT_FOUND, "no such run\n").into_response(),
    }
}

/// Numbers and texts always have a JSON form.
fn json(value: &impl Serialize) -> String {
    serde_json::to_string(value).unwrap_or_else(|_| "null".to_owned())
}
