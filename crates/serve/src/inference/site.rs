//! What the endpoints share: the model, its queue, limits and counts; and how a request becomes an answer.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use axum::body::Bytes;
use axum::extract::Request;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use pliant_train::predict::{Encoded, ModelSequence, Predictor, PredictorKind, SequenceOutput};
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;

use super::ask::{Ask, Replies, Usage};
use super::endpoint::{Endpoint, kind_name};
use super::metrics::Metrics;
use super::problem::Problem;
use super::queue::{Queue, Refused};
use super::{Limits, body};

/// What the endpoints share.
#[derive(Clone, Debug)]
pub(crate) struct Site {
    pub(crate) predictor: Arc<Predictor>,
    pub(crate) kind: Arc<PredictorKind>,
    pub(crate) queue: Arc<Queue>,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) limits: Arc<Limits>,
    pub(crate) name: Arc<str>,
    pub(crate) host: Arc<str>,
    pub(crate) version: Arc<str>,
    pub(crate) stopping: Arc<AtomicBool>,
    /// One for each request that may be worked on at a time.
    pub(crate) places: Arc<Semaphore>,
}

/// A request whose inputs are encoded.
struct Prepared<R> {
    inputs: Vec<Encoded<R>>,
    /// Sequences of each input.
    counts: Vec<usize>,
    sequences: Vec<ModelSequence>,
    usage: Usage,
}

impl Site {
    /// Whether requests are taken.
    pub(crate) fn is_ready(&self) -> bool {
        !self.stopping.load(Ordering::SeqCst) && !self.queue.is_closed()
    }

    /// Whether nothing is answered any more though nobody asked the server to stop: the model's thread has ended.
    pub(crate) fn has_failed(&self) -> bool {
        !self.stopping.load(Ordering::SeqCst) && self.queue.is_closed()
    }

    /// The paths at which this model can be asked.
    pub(crate) fn paths(&self) -> Vec<&'static str> {
        let endpoints = Endpoint::of(&self.kind).into_iter();
        endpoints.map(Endpoint::path).collect()
    }

    /// Answers a request to the model.
    pub(crate) async fn answer<A: Ask>(&self, request: Request) -> Result<Response, Problem> {
        self.check_suits(A::ENDPOINT)?;
        let Ok(_place) = self.places.try_acquire() else {
            return Err(self.full(self.queue.seconds_left()));
        };
        let bytes = body::read(request, &self.limits).await?;
        let site = self.clone();
        let prepared = blocking(move || site.prepare::<A>(&bytes)).await??;
        let Prepared {
            inputs,
            counts,
            sequences,
            usage,
        } = prepared;
        let outputs = self.through_the_model(sequences).await?;
        let predictor = Arc::clone(&self.predictor);
        blocking(move || {
            let mut outputs = outputs.into_iter();
            let results = inputs
                .into_iter()
                .zip(counts)
                .map(|(input, count)| {
                    input.finish(&predictor, outputs.by_ref().take(count).collect())
                })
                .collect();
            let replies = Replies { results, usage };
            match serde_json::to_vec(&replies) {
                Ok(text) => {
                    Ok(([(header::CONTENT_TYPE, "application/json")], text).into_response())
                }
                Err(error) => Err(Problem::internal(format!(
                    "the answer cannot be written: {error}"
                ))),
            }
        })
        .await?
    }

    fn check_suits(&self, endpoint: Endpoint) -> Result<(), Problem> {
        if endpoint.suits(&self.kind) {
            return Ok(());
        }
        Err(Problem::new(
            StatusCode::CONFLICT,
            "other_model",
            format!(
                "{} needs {}; this one is for {}",
                endpoint.path(),
                endpoint.wants(),
                kind_name(&self.kind)
            ),
            format!("this model answers at {}", self.paths().join(" and ")),
        ))
    }

    /// Parses, checks and encodes.
    fn prepare<A: Ask>(&self, bytes: &Bytes) -> Result<Prepared<A::Reply>, Problem> {
        let mut ask: A = body::parse(bytes)?;
        let inputs = ask.inputs()?;
        inputs.check(&self.limits)?;
        let mut prepared = Prepared {
            inputs: Vec::with_capacity(inputs.all.len()),
            counts: Vec::with_capacity(inputs.all.len()),
            sequences: Vec::new(),
            usage: Usage {
                sequences: 0,
                tokens: 0,
                truncated: Vec::new(),
            },
        };
        for (index, input) in inputs.all.iter().enumerate() {
            let mut encoded = ask
                .encode(&self.predictor, input)
                .map_err(|error| Problem::of_input(&error, &inputs.fields(index)))?;
            if encoded.is_cut() {
                prepared.usage.truncated.push(index);
            }
            let own = encoded.take_sequences();
            prepared.counts.push(own.len());
            prepared.sequences.extend(own);
            prepared.inputs.push(encoded);
        }
        prepared.usage.sequences = prepared.sequences.len();
        prepared.usage.tokens = prepared.sequences.iter().map(ModelSequence::tokens).sum();
        Ok(prepared)
    }

    async fn through_the_model(
        &self,
        sequences: Vec<ModelSequence>,
    ) -> Result<Vec<SequenceOutput>, Problem> {
        let unavailable = |code: &str, message: String| {
            let hint = "try again later";
            Problem::new(StatusCode::SERVICE_UNAVAILABLE, code, message, hint)
        };
        let receiver = self
            .queue
            .submit(sequences)
            .map_err(|refused| match refused {
                Refused::Full { seconds } => self.full(seconds),
                Refused::Closed if self.has_failed() => {
                    Problem::internal("the thread of the model has failed")
                }
                Refused::Closed => unavailable("stopping", "the server stops".to_owned()),
            })?;
        match tokio::time::timeout(self.limits.timeout, receiver).await {
            Ok(Ok(Ok(outputs))) => Ok(outputs),
            Ok(Ok(Err(reason))) => Err(Problem::internal(reason)),
            // The queue has let go of it.
            Ok(Err(_)) if self.has_failed() => {
                Err(Problem::internal("the thread of the model has failed"))
            }
            Ok(Err(_)) => Err(unavailable(
                "stopping",
                "the server stops before the model came to this request".to_owned(),
            )),
            Err(_) => Err(unavailable(
                "timeout",
                format!(
                    "the answer was not ready within {} seconds",
                    self.limits.timeout.as_secs_f64()
                ),
            )
            .retry_after(self.queue.seconds_left())),
        }
    }

    fn full(&self, seconds: u64) -> Problem {
        Problem::new(
            StatusCode::TOO_MANY_REQUESTS,
            "queue_full",
            format!(
                "too much waits already: {limit} requests and {limit} sequences are allowed",
                limit = self.limits.queue
            ),
            format!("try again in {seconds} s, or start the server with a larger --queue"),
        )
        .retry_after(seconds)
    }
}

/// Runs what takes long on a thread of its own, so that other requests are read meanwhile.
async fn blocking<R: Send + 'static>(
    work: impl FnOnce() -> R + Send + 'static,
) -> Result<R, Problem> {
    spawn_blocking(work)
        .await
        .map_err(|error| Problem::internal(format!("a thread of the server failed: {error}")))
}
