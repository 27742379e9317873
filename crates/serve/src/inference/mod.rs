//! The answers of a finished model over HTTP: requests wait in one queue, one thread sends what waits through the model
//! together, and each request gets its own outputs back.

mod about;
mod ask;
mod batch;
mod body;
mod endpoint;
mod http;
mod metrics;
mod openapi;
mod problem;
mod queue;
mod site;

use std::future::{Future, poll_fn};
use std::path::Path;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::Poll;
use std::time::Duration;

use axum::serve::ListenerExt;
use pliant_train::predict::{Excess, Pooling, Predictor, PredictorKind};
use serde::{Serialize, Serializer};
use tokio::runtime::Builder;
use tokio::sync::{Semaphore, oneshot};
use utoipa::ToSchema;

use crate::ServeError;
use crate::listen::Listener;
use endpoint::{Endpoint, kind_name};
use metrics::Metrics;
use queue::{Batching, Queue};
use site::Site;

/// How requests are answered.
#[derive(Clone, Debug)]
pub struct Options {
    /// Name or address to listen on; requests under other names are refused.
    pub host: String,
    /// Port; 0 takes a free one.
    pub port: u16,
    /// Version of the program.
    pub version: String,
    /// Commit that it was built from.
    pub commit: String,
    /// Tokens that go through the model together at most; a longer sequence goes alone.
    pub batch_tokens: usize,
    /// How long a sequence waits for others while there is room.
    pub delay: Duration,
    /// What a request may hold.
    pub limits: Limits,
    /// How long requests that have begun are still answered once the server is to stop.
    pub grace: Duration,
}

/// What a request may hold, and how many may wait.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct Limits {
    /// Bytes of a body.
    pub body_bytes: usize,
    /// Characters of a text.
    pub characters: usize,
    /// Inputs of a request.
    pub inputs: usize,
    /// Requests that are worked on, and sequences that wait.
    pub queue: usize,
    /// How long a body may take to arrive, and an answer to be ready, in seconds.
    #[serde(rename = "timeout_seconds", serialize_with = "seconds")]
    #[schema(value_type = f64)]
    pub timeout: Duration,
}

impl Default for Limits {
    /// 1 MiB, 100,000 characters, 64 inputs, 512 waiting, 30 seconds.
    fn default() -> Self {
        Self {
            body_bytes: 1 << 20,
            characters: 100_000,
            inputs: 64,
            queue: 512,
            timeout: Duration::from_secs(30),
        }
    }
}

impl Default for Options {
    /// On 127.0.0.1 and a free port, 1,024 tokens together, no delay, ten seconds to stop.
    fn default() -> Self {
        Self {
            host: "127.0.0.1".to_owned(),
            port: 0,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            commit: "unknown".to_owned(),
            batch_tokens: 1024,
            delay: Duration::ZERO,
            limits: Limits::default(),
            grace: Duration::from_secs(10),
        }
    }
}

fn seconds<S: Serializer>(duration: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_f64(duration.as_secs_f64())
}

/// A server that listens and has no model yet.
#[derive(Debug)]
pub struct Server {
    listener: Listener,
    options: Options,
}

impl Server {
    /// Listens, so that a wrong address is known before a model is read.
    ///
    /// # Errors
    /// An address that is in use or not of this machine.
    pub fn bind(options: Options) -> Result<Self, ServeError> {
        Ok(Self {
            listener: Listener::bind(&options.host, options.port)?,
            options,
        })
    }

    /// Where it is asked.
    pub fn url(&self) -> String {
        self.listener.url()
    }

    /// Whether only this machine can reach it.
    pub fn is_loopback(&self) -> bool {
        self.listener.is_loopback()
    }

    /// Answers with a model until `stop` is ready; requests that have begun are still answered, for as long as the options
    /// allow. `model` names the model in `/v1/model`.
    ///
    /// # Errors
    /// The system cannot give threads or connections; [`ServeError::Unanswered`] where requests were given up.
    pub fn run(
        self,
        predictor: Predictor,
        model: &Path,
        stop: impl Future<Output = ()> + Send + 'static,
    ) -> Result<(), ServeError> {
        let options = self.options;
        warm_up(&predictor)?;
        let predictor = Arc::new(predictor);
        let metrics = Arc::new(Metrics::new(&options.version, &options.commit));
        let queue = Arc::new(Queue::new(options.limits.queue, Arc::clone(&metrics)));
        let stopping = Arc::new(AtomicBool::new(false));
        let name = model.file_name().unwrap_or(model.as_os_str());
        let routes = http::routes(Site {
            kind: Arc::new(predictor.kind()),
            predictor: Arc::clone(&predictor),
            queue: Arc::clone(&queue),
            metrics: Arc::clone(&metrics),
            places: Arc::new(Semaphore::new(
                options.limits.queue.min(Semaphore::MAX_PERMITS),
            )),
            limits: Arc::new(options.limits),
            name: name.to_string_lossy().into(),
            host: options.host.into(),
            version: options.version.into(),
            stopping: Arc::clone(&stopping),
        });
        let batching = Batching {
            tokens: options.batch_tokens,
            delay: options.delay,
        };
        let model = batch::start(
            predictor,
            Arc::clone(&queue),
            Arc::clone(&metrics),
            batching,
        )?;
        let runtime = Builder::new_multi_thread()
            .worker_threads(1)
            .max_blocking_threads(encoding_threads())
            .enable_all()
            .build()?;
        let grace = options.grace;
        let listener = self.listener;
        let served = runtime.block_on(async {
            let listener = listener.into_tokio()?.tap_io(|connection| {
                // A small answer must not wait for the next one.
                let _ = connection.set_nodelay(true);
            });
            let (begin_stop, stop_begun) = oneshot::channel();
            let waiting = Arc::clone(&queue);
            let serving = axum::serve(listener, routes).with_graceful_shutdown(async move {
                stop.await;
                waiting.hurry();
                stopping.store(true, Ordering::SeqCst);
                let _ = begin_stop.send(());
            });
            let mut serving = pin!(serving.into_future());
            let mut limit = pin!(async {
                if stop_begun.await.is_ok() {
                    tokio::time::sleep(grace).await;
                } else {
                    std::future::pending::<()>().await;
                }
            });
            poll_fn(|context| {
                if let Poll::Ready(served) = serving.as_mut().poll(context) {
                    return Poll::Ready(served);
                }
                // What is connected, but asks nothing, is left.
                limit.as_mut().poll(context).map(Ok)
            })
            .await
        });
        let unanswered = metrics.in_flight();
        if unanswered == 0 {
            queue.close();
        } else {
            queue.abandon();
        }
        runtime.shutdown_background();
        if model.join().is_err() {
            return Err(ServeError::ModelThread);
        }
        served?;
        match unanswered {
            0 => Ok(()),
            requests => Err(ServeError::Unanswered {
                requests,
                seconds: grace.as_secs_f64(),
            }),
        }
    }
}

/// Where a model can be asked, and what it is for.
pub fn offers(kind: &PredictorKind) -> (&'static str, Vec<&'static str>) {
    let endpoints = Endpoint::of(kind).into_iter();
    (kind_name(kind), endpoints.map(Endpoint::path).collect())
}

/// Sends one short text through the model, so that the first request finds everything in place.
fn warm_up(predictor: &Predictor) -> Result<(), ServeError> {
    let mut input = predictor.encode_embedding("a", None, Pooling::First, false, Excess::Cut)?;
    let sequences = input.take_sequences();
    predictor.forward(&sequences.iter().collect::<Vec<_>>())?;
    Ok(())
}

/// Texts are encoded on as many threads as there are processors.
fn encoding_threads() -> usize {
    std::thread::available_parallelism().map_or(1, std::num::NonZero::get)
}
