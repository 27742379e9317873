//! Which tokens of a padded batch are real, and where they lie when the padding is left out.

use std::ops::Range;
use std::sync::Arc;

/// The real tokens of a batch `[sequences, length]`, packed sequence after sequence: the rows of tensors `[tokens, …]`.
///
/// A row keeps the place of its token in the padded batch, `sequence * length + position`: positions and what is
/// dropped follow the place, so that leaving padding out changes no result. Padding may stand anywhere in a sequence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenLayout {
    length: usize,
    /// First row of each sequence, then the number of rows.
    offsets: Vec<u32>,
    /// Place of each row; absent if nothing is left out, since it is then the row itself.
    places: Option<Arc<[u32]>>,
}

impl TokenLayout {
    /// The layout of an attention mask `[sequences, length]`: 1 for a real token, 0 for padding.
    ///
    /// # Panics
    /// If the mask is not a whole number of sequences or has more than `u32::MAX` places.
    pub fn new(length: usize, attention_mask: &[u8]) -> Self {
        assert!(
            length > 0 && attention_mask.len().is_multiple_of(length),
            "a mask of {} is no whole number of sequences of {length}",
            attention_mask.len()
        );
        if attention_mask.iter().all(|real| *real != 0) {
            return Self::dense(attention_mask.len() / length, length);
        }
        check_places(attention_mask.len());
        let places = (0_u32..)
            .zip(attention_mask)
            .filter(|(_, real)| **real != 0)
            .map(|(place, _)| place)
            .collect();
        let mut offsets = vec![0];
        let mut rows = 0;
        for mask in attention_mask.chunks_exact(length) {
            rows += mask.iter().filter(|real| **real != 0).count() as u32;
            offsets.push(rows);
        }
        Self {
            length,
            offsets,
            places: Some(places),
        }
    }

    /// The layout of a batch without padding.
    ///
    /// # Panics
    /// If it has more than `u32::MAX` tokens.
    pub fn dense(sequences: usize, length: usize) -> Self {
        check_places(sequences.saturating_mul(length));
        Self {
            length,
            offsets: (0..=sequences)
                .map(|sequence| (sequence * length) as u32)
                .collect(),
            places: None,
        }
    }

    /// Sequences, those of padding alone included.
    pub fn sequences(&self) -> usize {
        self.offsets.len() - 1
    }

    /// Places of a sequence, padding included.
    pub fn length(&self) -> usize {
        self.length
    }

    /// Real tokens: the rows of packed tensors.
    pub fn tokens(&self) -> usize {
        self.offsets[self.sequences()] as usize
    }

    /// The rows of a sequence.
    ///
    /// # Panics
    /// If there is no such sequence.
    pub fn rows(&self, sequence: usize) -> Range<usize> {
        self.offsets[sequence] as usize..self.offsets[sequence + 1] as usize
    }

    /// The place of each row, ascending; `None` if each row is its own place.
    pub fn places(&self) -> Option<&Arc<[u32]>> {
        self.places.as_ref()
    }

    /// The place of a row.
    pub fn place(&self, row: usize) -> usize {
        self.places
            .as_ref()
            .map_or(row, |places| places[row] as usize)
    }

    /// The row of the token at a place; `None` for padding and beyond the batch.
    pub fn row(&self, place: usize) -> Option<usize> {
        match &self.places {
            None => (place < self.tokens()).then_some(place),
            Some(places) => places.binary_search(&u32::try_from(place).ok()?).ok(),
        }
    }

    /// The values at the places of the rows, of one value for each place of the batch.
    ///
    /// # Panics
    /// If there are fewer values than places.
    pub fn pack<T: Copy>(&self, values: &[T]) -> Vec<T> {
        match &self.places {
            None => values[..self.tokens()].to_vec(),
            Some(places) => places.iter().map(|place| values[*place as usize]).collect(),
        }
    }

    /// The position in its sequence of each row.
    pub fn positions(&self) -> Vec<u32> {
        let length = self.length as u32;
        (0..self.tokens())
            .map(|row| self.place(row) as u32 % length)
            .collect()
    }
}

fn check_places(places: usize) {
    assert!(
        u32::try_from(places).is_ok(),
        "a batch of {places} places is too large"
    );
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn rows_and_places_are_inverse() {
        let mask = [1, 1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 1, 1, 1];
        let layout = TokenLayout::new(4, &mask);
        assert_eq!(
            (layout.sequences(), layout.length(), layout.tokens()),
            (4, 4, 7)
        );
        let rows: Vec<_> = (0..4).map(|sequence| layout.rows(sequence)).collect();
        assert_eq!(rows, [0..2, 2..3, 3..3, 3..7]);
        assert_eq!(layout.places().unwrap()[..], [0, 1, 7, 12, 13, 14, 15]);
        assert_eq!(layout.positions(), [0, 1, 3, 0, 1, 2, 3]);
        assert_eq!(layout.pack(&mask), [1; 7]);
        for (place, real) in mask.iter().enumerate() {
            let row = layout.row(place);
            assert_eq!(row.is_some(), *real == 1);
            assert!(row.is_none_or(|row| layout.place(row) == place));
        }
        assert_eq!(layout.row(16), None);
    }

    #[test]
    fn nothing_is_stored_where_nothing_is_padded() {
        let layout = TokenLayout::new(3, &[1; 6]);
        assert_eq!(layout, TokenLayout::dense(2, 3));
        assert_eq!((layout.places(), layout.tokens()), (None, 6));
        assert_eq!((layout.row(5), layout.row(6)), (Some(5), None));
        assert_eq!(layout.positions(), [0, 1, 2, 0, 1, 2]);
        assert_eq!(TokenLayout::new(5, &[0; 10]).tokens(), 0);
    }
}
