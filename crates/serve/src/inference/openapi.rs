//! The document `openapi.json`: derived from the handlers and their types, so that it cannot say something else than they do.

use utoipa::OpenApi;

use super::endpoint::Endpoint;
use super::http;
use super::site::Site;

/// All endpoints of all models.
#[derive(OpenApi)]
#[openapi(
    paths(
        http::fill_mask,
        http::classify,
        http::answer,
        http::embeddings,
        http::model,
        http::openapi,
        http::healthz,
        http::readyz,
        http::metrics,
    ),
    info(
        title = "Pliant",
        description = "Answers of one model. A request holds one input or a list `inputs`; `results` has a reply for each, in their order.",
        license(name = "MIT OR Apache-2.0")
    )
)]
struct Document;

/// The document of a server: without what its model cannot answer.
pub(crate) fn document(site: &Site) -> utoipa::openapi::OpenApi {
    let mut document = Document::openapi();
    let kind = &site.kind;
    for endpoint in Endpoint::ALL {
        if !endpoint.suits(kind) {
            document.paths.paths.remove(endpoint.path());
        }
    }
    document.info.version = site.version.to_string();
    document
}
