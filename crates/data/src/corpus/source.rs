//! A part of the corpus as a stream of chunks, worked on in parallel and consumed in order.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, sync_channel};
use std::thread;

use rayon::prelude::*;

use super::files::TextFile;
use super::text::{Chunk, TextReader};
use crate::DataError;
use crate::language::Language;

/// Documents of the generated language in one chunk.
const GENERATED_DOCUMENTS: u64 = 128;

/// Text of one part.
#[derive(Debug, Clone)]
pub(crate) enum Source {
    /// Files in order.
    Files(Vec<TextFile>),
    /// A range of the generated language's documents.
    Generated {
        language: Arc<Language>,
        first: u64,
        documents: u64,
    },
}

/// A chunk, or what makes one: generated text is written by the worker that consumes it.
enum Job {
    Chunk(Chunk),
    Generate { first: u64, documents: u64 },
}

impl Source {
    /// All the work in [`Source::for_each`]'s unit: bytes on disk, or documents.
    pub(crate) fn size(&self) -> u64 {
        match self {
            Self::Files(files) => files.iter().map(|file| file.size).sum(),
            Self::Generated { documents, .. } => *documents,
        }
    }

    /// Calls `work` on every chunk in parallel and `consume(result, done)` on the results in the order of the corpus.
    pub(crate) fn for_each<T: Send>(
        &self,
        hash_documents: bool,
        work: impl Fn(Chunk) -> Result<T, DataError> + Sync,
        mut consume: impl FnMut(T, u64) -> Result<(), DataError>,
    ) -> Result<(), DataError> {
        let width = rayon::current_num_threads() * 2;
        let done = Arc::new(AtomicU64::new(0));
        let (sender, receiver) = sync_channel(width);
        thread::scope(|scope| {
            let counter = Arc::clone(&done);
            scope.spawn(move || {
                self.jobs(hash_documents, &counter, &mut |job| {
                    sender.send(job).is_ok()
                });
            });
            while let Some(jobs) = take(&receiver, width) {
                let results: Vec<Result<T, DataError>> = jobs
                    .into_par_iter()
                    .map(|job| work(self.chunk(job?)))
                    .collect();
                for result in results {
                    consume(result?, done.load(Ordering::Relaxed))?;
                }
            }
            // Leaving early drops the receiver, and the reader's next send ends it.
            drop(receiver);
            Ok(())
        })
    }

    /// Sends every job, an error being the last, until `send` says that nobody listens any more.
    fn jobs(
        &self,
        hash_documents: bool,
        done: &Arc<AtomicU64>,
        send: &mut dyn FnMut(Result<Job, DataError>) -> bool,
    ) {
        match self {
            Self::Files(files) => {
                for file in files {
                    let reader = TextReader::open(file, hash_documents, Arc::clone(done));
                    let mut reader = match reader {
                        Ok(reader) => reader,
                        Err(error) => {
                            send(Err(error));
                            return;
                        }
                    };
                    loop {
                        match reader.next_chunk() {
                            Ok(Some(chunk)) => {
                                if !send(Ok(Job::Chunk(chunk))) {
                                    return;
                                }
                            }
                            Ok(None) => break,
                            Err(error) => {
                                send(Err(error));
                                return;
                            }
                        }
                    }
                }
            }
            Self::Generated {
                first, documents, ..
            } => {
                for start in (0..*documents).step_by(GENERATED_DOCUMENTS as usize) {
                    let count = GENERATED_DOCUMENTS.min(documents - start);
                    done.fetch_add(count, Ordering::Relaxed);
                    if !send(Ok(Job::Generate {
                        first: first + start,
                        documents: count,
                    })) {
                        return;
                    }
                }
            }
        }
    }

    fn chunk(&self, job: Job) -> Chunk {
        match (job, self) {
            (Job::Chunk(chunk), _) => chunk,
            (Job::Generate { first, documents }, Self::Generated { language, .. }) => {
                let mut chunk = Chunk::default();
                for index in first..first + documents {
                    language.write_document(index, &mut chunk.text);
                    chunk.ends.push(chunk.text.len());
                }
                chunk
            }
            (Job::Generate { .. }, Self::Files(_)) => Chunk::default(),
        }
    }
}

/// At least one message and at most `limit`; `None` when the sender is gone.
fn take<T>(receiver: &Receiver<T>, limit: usize) -> Option<Vec<T>> {
    let mut messages = vec![receiver.recv().ok()?];
    // Waiting for a full set keeps every worker busy.
    while messages.len() < limit {
        match receiver.recv() {
            Ok(message) => messages.push(message),
            Err(_) => break,
        }
    }
    Some(messages)
}
