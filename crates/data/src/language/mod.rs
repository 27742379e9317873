//! The generated language: text without a download, hard enough to learn from for a long time.
//!
//! A probabilistic grammar over a made-up lexicon. What makes a word predictable lies near and far: suffixes agree
//! with the class and number of a noun that may stand a clause away, verbs take their particle behind the object,
//! choose objects and adverbs of their own, sentences end in a particle fixed by how they began, fixed expressions
//! recur, and a document keeps returning to the topics and the few persons and things it is about. Everything is an
//! integer draw from counter-based random numbers, so a document depends on the seed and its index alone.

mod draw;
mod grammar;
mod lexicon;

pub(crate) use grammar::{Language, WORDS_PER_DOCUMENT};

#[cfg(test)]
mod tests;
