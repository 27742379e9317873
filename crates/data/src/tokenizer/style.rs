//! Two ways to name special tokens and to put two texts together: BERT's and `RoBERTa`'s.

use super::Tokenizer;

/// How a tokenizer marks texts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Style {
    /// `[CLS] first [SEP] second [SEP]`, the second text of segment 1.
    Bert,
    /// `<s> first </s></s> second </s>`, all of segment 0.
    Roberta,
}

impl Style {
    /// Padding, unknown, beginning, separator, mask.
    pub(crate) const fn names(self) -> [&'static str; 5] {
        match self {
            Self::Bert => ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"],
            Self::Roberta => ["<pad>", "<unk>", "<s>", "</s>", "<mask>"],
        }
    }

    /// The style of a vocabulary: the one of whose names it has more.
    pub(crate) fn of(has: impl Fn(&str) -> bool) -> Self {
        let known = |style: Self| style.names().into_iter().filter(|name| has(name)).count();
        if known(Self::Roberta) > known(Self::Bert) {
            Self::Roberta
        } else {
            Self::Bert
        }
    }

    /// Separators between two texts.
    pub(super) const fn separators(self) -> usize {
        match self {
            Self::Bert => 1,
            Self::Roberta => 2,
        }
    }

    /// Segment of a second text.
    pub(super) const fn second_type(self) -> u32 {
        match self {
            Self::Bert => 1,
            Self::Roberta => 0,
        }
    }
}

impl Tokenizer {
    /// Special tokens that [`join`](Self::join) puts around one text or two.
    pub(crate) fn marks(&self, texts: usize) -> usize {
        match texts {
            0 | 1 => 2,
            _ => 2 + self.style.separators(),
        }
    }

    /// The place at which the second of two texts begins when the first has that many tokens.
    pub(crate) fn second_start(&self, first: usize) -> usize {
        1 + first + self.style.separators()
    }

    /// How a gap is written in a text: `[MASK]`, or what the tokenizer calls it.
    pub fn mask_name(&self) -> &'static str {
        self.style.names()[4]
    }

    /// Whether white space before a gap belongs to the gap, as in `RoBERTa`'s vocabulary, whose words begin with it.
    pub fn mask_takes_space(&self) -> bool {
        self.inner
            .get_added_tokens_decoder()
            .get(&self.special.mask)
            .is_some_and(|token| token.lstrip)
    }
}
