use std::{num::NonZeroUsize, path::PathBuf, time::Duration};

use clap::{Args, ValueHint};

use super::number::{count, seconds};

/// Answer with a model over HTTP
///
/// What can be asked depends on the model: a masked-language model has `/v1/fill-mask`, a classifier or regressor
/// `/v1/classify`, a question-answering model `/v1/answer`, and every model `/v1/embeddings`. Beside them there are `/v1/model`,
/// `/openapi.json`, `/healthz`, `/readyz` and `/metrics`. Replies are those of `pliant predict`; requests that come at the
/// same time go through the model together. Ends with Ctrl-C or SIGTERM, once what has begun is answered.
#[derive(Debug, Args)]
#[command(
    after_long_help = "Example:\n  pliant serve --model qa/seed-1/model --port 8080\n  curl http://127.0.0.1:8080/v1/answer -H 'Content-Type: application/json' \\\n    -d '{\"question\": \"Who wrote it?\", \"context\": \"Ada wrote it in May.\"}'"
)]
pub(crate) struct Serve {
    /// Folder of the model
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub(crate) model: PathBuf,

    /// Folder of an adapter that was trained on the model
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub(crate) adapter: Option<PathBuf>,

    /// Port to listen on; 0 takes a free one
    #[arg(long, value_name = "PORT", default_value_t = 8080)]
    pub(crate) port: u16,

    /// Address or name to listen on; others than 127.0.0.1 may let other machines ask
    #[arg(long, value_name = "HOST", default_value = "127.0.0.1")]
    pub(crate) host: String,

    /// Tokens that go through the model together at most; a longer sequence goes alone
    #[arg(long, value_name = "N", default_value = "1024", value_parser = count::<NonZeroUsize>)]
    pub(crate) batch_tokens: NonZeroUsize,

    /// Milliseconds that a request waits for others while there is room beside it
    ///
    /// Even with 0, requests that come while the model is busy go through it together.
    #[arg(long, value_name = "MS", default_value_t = 0)]
    pub(crate) delay_ms: u64,

    /// Requests that are worked on, and sequences that wait, at most; beyond it the answer is 429
    #[arg(long, value_name = "N", default_value = "512", value_parser = count::<NonZeroUsize>)]
    pub(crate) queue: NonZeroUsize,

    /// Bytes of a request's body at most; beyond it the answer is 413
    #[arg(long, value_name = "BYTES", default_value = "1048576", value_parser = count::<NonZeroUsize>)]
    pub(crate) max_body: NonZeroUsize,

    /// Characters of a text at most; beyond it the answer is 422
    #[arg(long, value_name = "N", default_value = "100000", value_parser = count::<NonZeroUsize>)]
    pub(crate) max_characters: NonZeroUsize,

    /// Inputs of a request at most; beyond it the answer is 422
    #[arg(long, value_name = "N", default_value = "64", value_parser = count::<NonZeroUsize>)]
    pub(crate) max_inputs: NonZeroUsize,

    /// Seconds that a body may take to arrive, and an answer to be ready
    #[arg(long, value_name = "SECONDS", default_value = "30", value_parser = seconds)]
    pub(crate) timeout: Duration,

    /// Seconds that requests which have begun are still answered in after Ctrl-C or SIGTERM
    #[arg(long, value_name = "SECONDS", default_value = "10", value_parser = seconds)]
    pub(crate) grace: Duration,
}
