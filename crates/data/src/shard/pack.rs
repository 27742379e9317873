//! Packing documents to sequences of one length.

use crate::manifest::PartCounts;
use crate::tokenizer::{SpecialTokens, Tokenizer};

/// Makes `[CLS] … [SEP]` of a stream of documents: text fills every sequence to its end, a document may begin in
/// one and go on in the next, and between two documents in a sequence stands a `[SEP]`. A sequence without any
/// ordinary token is dropped: there would be nothing in it to mask.
pub(crate) struct Packer {
    special: SpecialTokens,
    /// By id: stands for text.
    ordinary: Vec<bool>,
    row: Vec<u32>,
    sequence: usize,
    /// A document ended, and the next one's first token has not come yet.
    boundary: bool,
    document_has_tokens: bool,
    counts: PartCounts,
    /// By id: how often it occurs in the text.
    frequencies: Vec<u64>,
}

impl Packer {
    pub(crate) fn new(tokenizer: &Tokenizer, sequence: usize) -> Self {
        let mut ordinary = vec![false; tokenizer.vocabulary_size()];
        for &id in tokenizer.ordinary() {
            ordinary[id as usize] = true;
        }
        let mut row = Vec::with_capacity(sequence);
        row.push(tokenizer.special().classify);
        Self {
            special: tokenizer.special(),
            frequencies: vec![0; ordinary.len()],
            ordinary,
            row,
            sequence,
            boundary: false,
            document_has_tokens: false,
            counts: PartCounts::default(),
        }
    }

    /// Adds tokens of the current document; full sequences go to `emit`.
    pub(crate) fn tokens<E>(
        &mut self,
        ids: &[u32],
        emit: &mut dyn FnMut(&[u32]) -> Result<(), E>,
    ) -> Result<(), E> {
        if ids.is_empty() {
            return Ok(());
        }
        self.document_has_tokens = true;
        if std::mem::take(&mut self.boundary) && self.row.len() > 1 {
            self.row.push(self.special.separate);
            self.emit_full(emit)?;
        }
        let mut rest = ids;
        while !rest.is_empty() {
            let room = self.sequence - 1 - self.row.len();
            let (now, later) = rest.split_at(room.min(rest.len()));
            self.row.extend_from_slice(now);
            rest = later;
            self.emit_full(emit)?;
        }
        for &id in ids {
            self.frequencies[id as usize] += 1;
        }
        self.counts.tokens += ids.len() as u64;
        Ok(())
    }

    /// Ends the current document; one without any token is not counted.
    pub(crate) fn end_document(&mut self) {
        if std::mem::take(&mut self.document_has_tokens) {
            self.counts.documents += 1;
            self.boundary = true;
        }
    }

    /// Emits the last sequence, filled up with `[PAD]`, and gives counts and word frequencies.
    pub(crate) fn finish<E>(
        mut self,
        emit: &mut dyn FnMut(&[u32]) -> Result<(), E>,
    ) -> Result<(PartCounts, Vec<u64>), E> {
        self.end_document();
        if self.row.len() > 1 {
            self.emit(emit)?;
        }
        Ok((self.counts, self.frequencies))
    }

    fn emit_full<E>(&mut self, emit: &mut dyn FnMut(&[u32]) -> Result<(), E>) -> Result<(), E> {
        if self.row.len() + 1 == self.sequence {
            self.emit(emit)
        } else {
            Ok(())
        }
    }

    fn emit<E>(&mut self, emit: &mut dyn FnMut(&[u32]) -> Result<(), E>) -> Result<(), E> {
        if self.row.iter().any(|&id| self.ordinary[id as usize]) {
            self.row.push(self.special.separate);
            self.row.resize(self.sequence, self.special.pad);
            emit(&self.row)?;
            self.counts.sequences += 1;
        }
        self.row.truncate(1);
        Ok(())
    }
}
