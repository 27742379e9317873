//! Replies to a stream of JSON lines, in bounded memory.

use std::io::{self, BufRead, BufReader, Read};

use serde::Serialize;
use serde_json::Value;

use super::{BATCH, Predictor, Query, Reply};
use crate::TrainError;

/// Lines that are read before they are answered, where they are there: enough to sort by length, few enough to hold.
const CHUNK: usize = 8 * BATCH;
/// Bytes of a line at most: a text of millions of words is a mistake, and a stream without line breaks would fill the memory.
const LONGEST_LINE: u64 = 16 << 20;

/// The reply to a line.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Streamed {
    /// Number of the line, from 1.
    pub line: u64,
    /// The `id` that the line had.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<Value>,
    /// The reply.
    #[serde(flatten)]
    pub reply: Reply,
}

impl Predictor {
    /// Replies to every line of `input`, in order; returns how many there were.
    ///
    /// A line is a [`Query`] in JSON; empty lines are left out. Lines are answered together as far as they have arrived, so
    /// that who writes one line and waits gets its reply. Memory is bounded by a few hundred lines.
    ///
    /// # Errors
    /// [`TrainError::BadLine`] and [`TrainError::AtLine`] name the line, after the replies to the lines before it;
    /// [`TrainError::Stream`] where `input` cannot be read or `answered` fails.
    pub fn stream(
        &self,
        input: &mut dyn Read,
        top: usize,
        answered: &mut dyn FnMut(Streamed) -> io::Result<()>,
    ) -> Result<u64, TrainError> {
        let mut input = BufReader::new(input);
        let mut chunk: Vec<(u64, Query)> = Vec::new();
        let mut bytes = Vec::new();
        let mut count = 0;
        for line in 1.. {
            bytes.clear();
            let read = input
                .by_ref()
                .take(LONGEST_LINE + 1)
                .read_until(b'\n', &mut bytes)
                .map_err(TrainError::Stream)?;
            let query = parse(line, &bytes);
            let last = read == 0 || query.is_err();
            let query = match query {
                Ok(Some(query)) => {
                    chunk.push((line, query));
                    Ok(())
                }
                Ok(None) => Ok(()),
                Err(error) => Err(error),
            };
            // Nothing more has arrived: what is there is answered first.
            if last || chunk.len() == CHUNK || !input.buffer().contains(&b'\n') {
                count += chunk.len() as u64;
                self.answer_chunk(&mut chunk, top, answered)?;
            }
            query?;
            if last {
                break;
            }
        }
        Ok(count)
    }

    fn answer_chunk(
        &self,
        chunk: &mut Vec<(u64, Query)>,
        top: usize,
        answered: &mut dyn FnMut(Streamed) -> io::Result<()>,
    ) -> Result<(), TrainError> {
        let (lines, queries): (Vec<u64>, Vec<Query>) = chunk.drain(..).unzip();
        let mut replied = |line: u64, query: &Query, reply: Reply| {
            let id = query.id.clone();
            answered(Streamed { line, id, reply }).map_err(TrainError::Stream)
        };
        if let Ok(replies) = self.replies(&queries, top) {
            for ((line, query), reply) in lines.into_iter().zip(&queries).zip(replies) {
                replied(line, query, reply)?;
            }
            return Ok(());
        }
        // One of them cannot be answered: those before it are, one by one, and it is named.
        for (line, query) in lines.into_iter().zip(&queries) {
            let reply = self
                .reply(query, top)
                .map_err(|source| TrainError::AtLine {
                    line,
                    source: Box::new(source),
                })?;
            replied(line, query, reply)?;
        }
        Ok(())
    }
}

/// The query of a line; none where it is empty.
fn parse(line: u64, bytes: &[u8]) -> Result<Option<Query>, TrainError> {
    if bytes.len() as u64 > LONGEST_LINE {
        return Err(TrainError::BadLine {
            line,
            reason: format!("it is longer than {} MiB", LONGEST_LINE >> 20),
        });
    }
    let text = bytes.trim_ascii();
    if text.is_empty() {
        return Ok(None);
    }
    serde_json::from_slice(text)
        .map(Some)
        .map_err(|error| TrainError::BadLine {
            line,
            // The parser sees one line of its own.
            reason: error.to_string().replace(" at line 1 column ", ", column "),
        })
}
