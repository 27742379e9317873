//! Merging the commonest pair of neighbouring pieces, again and again.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};

type Pair = (u32, u32);

/// Words cut into pieces, and which pairs of neighbours they hold.
pub(super) struct Merges {
    vocabulary: Vec<String>,
    ids: HashMap<String, u32>,
    words: Vec<Vec<u32>>,
    counts: Vec<u64>,
    /// How often each pair occurs now.
    pairs: HashMap<Pair, u64>,
    /// Words that hold a pair, or held it once.
    places: HashMap<Pair, Vec<u32>>,
    /// Pairs by count, equal counts by ids; entries may be out of date and are corrected when they come up.
    queue: BinaryHeap<(u64, Reverse<Pair>)>,
}

impl Merges {
    /// `words` are piece ids with counts; ids are places in `vocabulary`.
    pub(super) fn new(
        words: impl Iterator<Item = (Vec<u32>, u64)>,
        vocabulary: Vec<String>,
    ) -> Self {
        let (words, counts): (Vec<Vec<u32>>, Vec<u64>) = words.unzip();
        let mut pairs: HashMap<Pair, u64> = HashMap::new();
        let mut places: HashMap<Pair, Vec<u32>> = HashMap::new();
        for (index, (word, count)) in words.iter().zip(&counts).enumerate() {
            for pair in neighbours(word) {
                *pairs.entry(pair).or_default() += count;
                let places = places.entry(pair).or_default();
                if places.last() != Some(&(index as u32)) {
                    places.push(index as u32);
                }
            }
        }
        // A heap hands out its entries in their order, whatever order they came in.
        let queue = pairs
            .iter()
            .map(|(&pair, &count)| (count, Reverse(pair)))
            .collect();
        let ids = vocabulary
            .iter()
            .enumerate()
            .map(|(id, word)| (word.clone(), id as u32))
            .collect();
        Self {
            vocabulary,
            ids,
            words,
            counts,
            pairs,
            places,
            queue,
        }
    }

    pub(super) fn vocabulary(&self) -> &[String] {
        &self.vocabulary
    }

    pub(super) fn into_vocabulary(self) -> Vec<String> {
        self.vocabulary
    }

    /// Merges the commonest pair; false where none occurs `least` times.
    pub(super) fn merge_best(&mut self, least: u64) -> bool {
        while let Some((count, Reverse(pair))) = self.queue.pop() {
            let now = self.pairs.get(&pair).copied().unwrap_or_default();
            if now != count {
                if now >= least {
                    self.queue.push((now, Reverse(pair)));
                }
                continue;
            }
            if count < least {
                return false;
            }
            self.merge(pair);
            return true;
        }
        false
    }

    fn merge(&mut self, pair: Pair) {
        let id = self.merged_id(pair);
        let mut grown: Vec<Pair> = Vec::new();
        for place in self.places.remove(&pair).unwrap_or_default() {
            let word = &mut self.words[place as usize];
            let merged = replace(word, pair, id);
            if merged.len() == word.len() {
                continue;
            }
            let count = self.counts[place as usize];
            for old in neighbours(word) {
                if let Some(sum) = self.pairs.get_mut(&old) {
                    *sum -= count;
                }
            }
            for new in neighbours(&merged) {
                *self.pairs.entry(new).or_default() += count;
                if new.0 == id || new.1 == id {
                    grown.push(new);
                    let places = self.places.entry(new).or_default();
                    if places.last() != Some(&place) {
                        places.push(place);
                    }
                }
            }
            *word = merged;
        }
        self.pairs.remove(&pair);
        grown.sort_unstable();
        grown.dedup();
        for pair in grown {
            if let Some(&count) = self.pairs.get(&pair) {
                self.queue.push((count, Reverse(pair)));
            }
        }
    }

    /// The id of the merged piece, a new one unless another pair has already made the same text.
    fn merged_id(&mut self, (first, second): Pair) -> u32 {
        let second = &self.vocabulary[second as usize];
        let text = format!(
            "{}{}",
            self.vocabulary[first as usize],
            second.strip_prefix("##").unwrap_or(second)
        );
        let next = self.vocabulary.len() as u32;
        let id = *self.ids.entry(text.clone()).or_insert(next);
        if id == next {
            self.vocabulary.push(text);
        }
        id
    }
}

fn neighbours(word: &[u32]) -> impl Iterator<Item = Pair> + '_ {
    word.windows(2).map(|pair| (pair[0], pair[1]))
}

/// The word with every occurrence of the pair, from the left, made one piece.
fn replace(word: &[u32], pair: Pair, id: u32) -> Vec<u32> {
    let mut merged = Vec::with_capacity(word.len());
    let mut place = 0;
    while place < word.len() {
        if place + 1 < word.len() && (word[place], word[place + 1]) == pair {
            merged.push(id);
            place += 2;
        } else {
            merged.push(word[place]);
            place += 1;
        }
    }
    merged
}
