//! Choosing validation documents by their hash.

use super::{PrepareProgress, Stage};
use crate::DataError;
use crate::corpus::source::Source;
use crate::tokenizer::Encoder;

/// A document is chosen where its hash is below this share of all hashes: 1 %.
const SHARE: u64 = u64::MAX / 100;
/// More are chosen until they have this many tokens …
const LEAST_TOKENS: u64 = 10_000;
/// … but never more than one in ten.
const MOST: u64 = 10;

/// A document's hash and number of tokens.
type Document = (u64, u64);

/// For each document of the source whether it validates.
pub(super) fn choose(
    source: &Source,
    encoder: &Encoder<'_>,
    progress: &mut dyn FnMut(PrepareProgress),
) -> Result<Vec<bool>, DataError> {
    let total = source.size();
    let mut documents: Vec<Document> = Vec::new();
    // Tokens so far of a document that goes on in the next chunk.
    let mut open = 0;
    source.for_each(
        true,
        |chunk| {
            let encoded = encoder.encode(&chunk)?;
            Ok((chunk.hashes, encoded.ends, encoded.ids.len()))
        },
        |(hashes, ends, tokens), done| {
            let mut start = 0;
            for (hash, end) in hashes.into_iter().zip(ends) {
                documents.push((hash, open + (end - start) as u64));
                (open, start) = (0, end);
            }
            open += (tokens - start) as u64;
            progress(PrepareProgress::new(Stage::Splitting, done, total));
            Ok(())
        },
    )?;
    Ok(chosen(&documents))
}

fn chosen(documents: &[Document]) -> Vec<bool> {
    let mut order: Vec<Document> = documents.to_vec();
    order.sort_unstable();
    let most = documents.len() as u64 / MOST;
    let (mut count, mut tokens) = (0, 0);
    let mut limit = None;
    // Documents with one hash are equal and stay together, so that none is in both parts.
    for equal in order.chunk_by(|a, b| a.0 == b.0) {
        let hash = equal[0].0;
        count += equal.len() as u64;
        if count > most || (hash >= SHARE && tokens >= LEAST_TOKENS) {
            break;
        }
        tokens += equal.iter().map(|document| document.1).sum::<u64>();
        limit = Some(hash);
    }
    documents
        .iter()
        .map(|&(hash, _)| limit.is_some_and(|limit| hash <= limit))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use pliant_kernels::random::{Purpose, Stream};

    fn documents(count: u64, tokens: u64) -> Vec<Document> {
        let stream = Stream::new(7, Purpose::Split, 0);
        (0..count)
            .map(|index| (stream.bits64(index), tokens))
            .collect()
    }

    fn count(documents: &[Document]) -> usize {
        chosen(documents)
            .into_iter()
            .filter(|&chosen| chosen)
            .count()
    }

    #[test]
    fn one_percent_of_a_large_corpus() {
        let documents = documents(100_000, 500);
        let by_hash = documents
            .iter()
            .filter(|document| document.0 < SHARE)
            .count();
        assert_eq!(count(&documents), by_hash);
        assert!((900..1100).contains(&by_hash), "{by_hash}");
    }

    #[test]
    fn more_until_there_are_enough_tokens() {
        assert_eq!(count(&documents(1000, 500)), 20);
    }

    #[test]
    fn at_most_a_tenth() {
        assert_eq!(count(&documents(100, 50)), 10);
        assert_eq!(count(&documents(19, 50)), 1);
        assert_eq!(count(&documents(9, 50)), 0);
    }

    #[test]
    fn equal_documents_stay_together() {
        let mut documents = documents(40, 1);
        let smallest = documents
            .iter()
            .map(|document| document.0)
            .min()
            .unwrap_or_default();
        for document in &mut documents[..3] {
            document.0 = smallest;
        }
        let flags = chosen(&documents);
        assert!(flags[..3].iter().all(|&flag| flag));
    }
}
