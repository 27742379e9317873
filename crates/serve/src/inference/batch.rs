//! The thread of the model: takes what waits, sends it through the model together, hands the outputs back.

use std::io;
use std::sync::Arc;
use std::thread::{Builder, JoinHandle};
use std::time::Instant;

use pliant_train::predict::{ModelSequence, Predictor};

use super::metrics::Metrics;
use super::queue::{Batching, Piece, Queue};

/// Closes the queue when its thread ends, however that ends.
struct Closing(Arc<Queue>);

impl Drop for Closing {
    fn drop(&mut self) {
        self.0.abandon();
    }
}

/// Starts the thread; it ends once the queue is closed and empty.
pub(crate) fn start(
    predictor: Arc<Predictor>,
    queue: Arc<Queue>,
    metrics: Arc<Metrics>,
    batching: Batching,
) -> io::Result<JoinHandle<()>> {
    Builder::new().name("model".to_owned()).spawn(move || {
        let closing = Closing(queue);
        while let Some(pieces) = closing.0.next(batching) {
            pass(&predictor, &closing.0, &metrics, pieces);
        }
    })
}

fn pass(predictor: &Predictor, queue: &Queue, metrics: &Metrics, pieces: Vec<Piece>) {
    let sequences: Vec<&ModelSequence> = pieces.iter().map(|piece| &piece.sequence).collect();
    let tokens = sequences.iter().map(|sequence| sequence.tokens()).sum();
    let begin = Instant::now();
    let outputs = predictor.forward(&sequences);
    let took = begin.elapsed();
    queue.passed(tokens, took);
    metrics.pass(pieces.len(), tokens, took);
    match outputs {
        Ok(outputs) => {
            for (piece, output) in pieces.into_iter().zip(outputs) {
                if output.is_finite() {
                    piece.done(output);
                } else {
                    piece.failed("the model gives numbers that are not finite");
                }
            }
        }
        Err(error) => {
            for piece in pieces {
                piece.failed(&error.to_string());
            }
        }
    }
}
