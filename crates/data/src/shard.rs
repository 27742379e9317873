//! Token shards: packed sequences in files that are written once and memory-mapped.

/// The packed sequences of one part, in corpus order.
#[derive(Debug)]
pub struct Shards {
    sequence: usize,
    sequences: u64,
}

impl Shards {
    /// Number of sequences.
    pub fn sequences(&self) -> u64 {
        self.sequences
    }

    /// Tokens per sequence.
    pub fn sequence_length(&self) -> usize {
        self.sequence
    }

    /// Writes the ids of sequence `index` to `ids` (`[sequence]`).
    ///
    /// # Panics
    /// Where `index` is not below [`sequences`](Self::sequences) or `ids` has another length.
    pub fn read(&self, _index: u64, _ids: &mut [u32]) {
        todo!()
    }
}
