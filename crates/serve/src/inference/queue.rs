//! What waits for the model: sequences of many requests in the order of their arrival.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use pliant_train::predict::{ModelSequence, SequenceOutput};
use tokio::sync::oneshot;

use super::metrics::Metrics;

/// The outputs of a request's sequences in their order, or why there are none.
pub(crate) type Outputs = Result<Vec<SequenceOutput>, String>;

/// How sequences are put together to passes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Batching {
    /// Tokens of a pass at most; a longer sequence goes alone.
    pub(crate) tokens: usize,
    /// How long a sequence waits for others while a pass has room.
    pub(crate) delay: Duration,
}

/// The sequences that wait.
#[derive(Debug)]
pub(crate) struct Queue {
    state: Mutex<State>,
    arrived: Condvar,
    limit: usize,
    metrics: Arc<Metrics>,
}

#[derive(Debug, Default)]
struct State {
    waiting: VecDeque<Piece>,
    tokens: usize,
    closed: bool,
    /// Whether nobody is waited for any more.
    hurried: bool,
    /// Tokens a second of late; none before the first pass.
    speed: Option<f64>,
}

/// A sequence that waits.
#[derive(Debug)]
pub(crate) struct Piece {
    pub(crate) sequence: ModelSequence,
    job: Arc<Mutex<Job>>,
    place: usize,
    since: Instant,
}

/// A request whose sequences are not all through.
#[derive(Debug)]
struct Job {
    outputs: Vec<Option<SequenceOutput>>,
    missing: usize,
    /// Taken by the first who says something.
    sender: Option<oneshot::Sender<Outputs>>,
}

/// Why sequences are not taken in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refused {
    /// Too much waits; the seconds until it will be through.
    Full {
        /// About so many.
        seconds: u64,
    },
    /// Nothing is answered any more.
    Closed,
}

impl Queue {
    /// A queue in which `limit` sequences may wait.
    pub(crate) fn new(limit: usize, metrics: Arc<Metrics>) -> Self {
        Self {
            state: Mutex::default(),
            arrived: Condvar::new(),
            limit,
            metrics,
        }
    }

    /// Puts the sequences of a request at the end. An empty queue takes any number, so that no request is too long for ever.
    pub(crate) fn submit(
        &self,
        sequences: Vec<ModelSequence>,
    ) -> Result<oneshot::Receiver<Outputs>, Refused> {
        let mut state = self.lock();
        if state.closed {
            return Err(Refused::Closed);
        }
        if !state.waiting.is_empty() && state.waiting.len() + sequences.len() > self.limit {
            return Err(Refused::Full {
                seconds: state.seconds_left(),
            });
        }
        let (sender, receiver) = oneshot::channel();
        let job = Arc::new(Mutex::new(Job {
            outputs: vec![None; sequences.len()],
            missing: sequences.len(),
            sender: Some(sender),
        }));
        let since = Instant::now();
        state.tokens += sequences.iter().map(ModelSequence::tokens).sum::<usize>();
        let pieces = sequences.into_iter().enumerate();
        state.waiting.extend(pieces.map(|(place, sequence)| Piece {
            sequence,
            job: Arc::clone(&job),
            place,
            since,
        }));
        self.metrics.set_waiting(state.waiting.len());
        drop(state);
        self.arrived.notify_one();
        Ok(receiver)
    }

    /// About how many seconds the model needs for what waits, from 1 to 60.
    pub(crate) fn seconds_left(&self) -> u64 {
        self.lock().seconds_left()
    }

    /// Sends what waits through the model without waiting for more.
    pub(crate) fn hurry(&self) {
        self.lock().hurried = true;
        self.arrived.notify_all();
    }

    /// Takes nothing in any more; what waits is still answered.
    pub(crate) fn close(&self) {
        self.lock().closed = true;
        self.arrived.notify_all();
    }

    /// Lets go of all that waits, unanswered.
    pub(crate) fn abandon(&self) {
        let mut state = self.lock();
        state.closed = true;
        state.waiting.clear();
        state.tokens = 0;
        self.metrics.set_waiting(0);
        drop(state);
        self.arrived.notify_all();
    }

    /// Whether it is closed.
    pub(crate) fn is_closed(&self) -> bool {
        self.lock().closed
    }

    /// The sequences of the next pass, in the order of their arrival; waits for them. None once the queue is closed and empty.
    pub(crate) fn next(&self, batching: Batching) -> Option<Vec<Piece>> {
        let mut state = self.lock();
        loop {
            state.drop_forgotten();
            match state.waiting.front().map(|first| first.since.elapsed()) {
                None if state.closed => {
                    self.metrics.set_waiting(0);
                    return None;
                }
                None => {
                    self.metrics.set_waiting(0);
                    state = self
                        .arrived
                        .wait(state)
                        .unwrap_or_else(PoisonError::into_inner);
                }
                Some(waited)
                    if waited < batching.delay
                        && state.tokens < batching.tokens
                        && !state.hurried =>
                {
                    let rest = batching.delay.saturating_sub(waited);
                    let result = self.arrived.wait_timeout(state, rest);
                    (state, _) = result.unwrap_or_else(PoisonError::into_inner);
                }
                Some(_) => break,
            }
        }
        let taken = state.take(batching.tokens);
        self.metrics.set_waiting(state.waiting.len());
        Some(taken)
    }

    /// Notes how fast a pass was.
    pub(crate) fn passed(&self, tokens: usize, took: Duration) {
        let now = tokens as f64 / took.as_secs_f64().max(1e-9);
        let mut state = self.lock();
        state.speed = Some(match state.speed {
            Some(before) => before + 0.2 * (now - before),
            None => now,
        });
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Takes sequences from the front up to a number of tokens, at least one.
    fn take(&mut self, most: usize) -> Vec<Piece> {
        let mut taken: Vec<Piece> = Vec::new();
        let mut tokens = 0;
        while let Some(first) = self.waiting.front() {
            let own = first.sequence.tokens();
            if !taken.is_empty() && tokens + own > most {
                break;
            }
            tokens += own;
            taken.extend(self.waiting.pop_front());
        }
        self.tokens -= tokens;
        taken
    }

    /// Lets go of sequences whose requests have been given up.
    fn drop_forgotten(&mut self) {
        self.waiting.retain(|piece| !piece.is_forgotten());
        self.tokens = self
            .waiting
            .iter()
            .map(|piece| piece.sequence.tokens())
            .sum();
    }

    fn seconds_left(&self) -> u64 {
        let seconds = self.speed.map_or(1.0, |speed| self.tokens as f64 / speed);
        (seconds.ceil() as u64).clamp(1, 60)
    }
}

impl Piece {
    fn job(&self) -> MutexGuard<'_, Job> {
        self.job.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether nobody waits for it any more.
    fn is_forgotten(&self) -> bool {
        self.job()
            .sender
            .as_ref()
            .is_none_or(oneshot::Sender::is_closed)
    }

    /// Hands in its output; the last one of a request answers it.
    pub(crate) fn done(self, output: SequenceOutput) {
        let mut job = self.job();
        job.outputs[self.place] = Some(output);
        job.missing -= 1;
        if job.missing == 0 {
            let outputs = std::mem::take(&mut job.outputs);
            job.answer(Ok(outputs.into_iter().flatten().collect()));
        }
    }

    /// Answers its request with a failure.
    pub(crate) fn failed(self, reason: &str) {
        self.job().answer(Err(reason.to_owned()));
    }
}

impl Job {
    fn answer(&mut self, outputs: Outputs) {
        if let Some(sender) = self.sender.take() {
            // Who has left needs no answer.
            let _ = sender.send(outputs);
        }
    }
}
