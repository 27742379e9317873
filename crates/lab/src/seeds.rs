//! Lists and ranges of seeds: `1,2,3`, `1-10`, `1-3,7`.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// More cells than anybody trains one after the other; a longer range is a slip of the finger.
const LARGEST_COUNT: u64 = 10_000;

/// Seeds in the order in which they were given, each once, at least one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "Vec<u64>", try_from = "Vec<u64>")]
pub struct SeedList(Vec<u64>);

/// Why a text is no list of seeds.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SeedsError {
    /// Nothing between two commas, or nothing at all.
    #[error("seeds `{text}`: there is nothing at item {item}")]
    Empty {
        /// The whole text.
        text: String,
        /// The item's place, from 1.
        item: usize,
    },
    /// An item that is neither a whole number nor a range.
    #[error("seeds `{text}`: `{part}` is neither a whole number nor a range")]
    NotANumber {
        /// The whole text.
        text: String,
        /// The item.
        part: String,
    },
    /// A range whose end is below its start.
    #[error("seeds `{text}`: the range {start}-{end} runs backwards")]
    Backwards {
        /// The whole text.
        text: String,
        /// The range's start.
        start: u64,
        /// The range's end.
        end: u64,
    },
    /// A seed twice: its runs would be counted twice in the statistics.
    #[error("seeds `{text}`: {seed} occurs twice")]
    Twice {
        /// The whole text.
        text: String,
        /// The seed.
        seed: u64,
    },
    /// Too many seeds.
    #[error("seeds `{text}`: more than {LARGEST_COUNT} seeds")]
    TooMany {
        /// The whole text.
        text: String,
    },
}

impl SeedsError {
    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Backwards { start, end, .. } => format!("write {end}-{start}"),
            Self::Twice { .. } => "each seed counts once; leave the second out".to_owned(),
            _ => "write seeds as a list or range: 1,2,3 or 1-10 or 1-3,7".to_owned(),
        })
    }
}

impl SeedList {
    /// A list from numbers.
    ///
    /// # Errors
    /// No seed, or a seed twice.
    pub fn new(seeds: Vec<u64>) -> Result<Self, SeedsError> {
        let text = || join(&seeds);
        if seeds.is_empty() {
            return Err(SeedsError::Empty {
                text: text(),
                item: 1,
            });
        }
        if seeds.len() as u64 > LARGEST_COUNT {
            return Err(SeedsError::TooMany {
                text: format!("{} seeds", seeds.len()),
            });
        }
        let mut sorted = seeds.clone();
        sorted.sort_unstable();
        if let Some(pair) = sorted.windows(2).find(|pair| pair[0] == pair[1]) {
            return Err(SeedsError::Twice {
                text: text(),
                seed: pair[0],
            });
        }
        Ok(Self(seeds))
    }

    /// The seeds, in the order given.
    pub fn as_slice(&self) -> &[u64] {
        &self.0
    }
}

impl FromStr for SeedList {
    type Err = SeedsError;

    fn from_str(text: &str) -> Result<Self, SeedsError> {
        let mut seeds = Vec::new();
        for (index, part) in text.split(',').enumerate() {
            let part = part.trim();
            if part.is_empty() {
                return Err(SeedsError::Empty {
                    text: text.to_owned(),
                    item: index + 1,
                });
            }
            let number = |digits: &str| {
                digits
                    .trim()
                    .parse::<u64>()
                    .map_err(|_| SeedsError::NotANumber {
                        text: text.to_owned(),
                        part: part.to_owned(),
                    })
            };
            let (start, end) = match part.split_once('-') {
                Some((start, end)) => (number(start)?, number(end)?),
                None => (number(part)?, number(part)?),
            };
            if end < start {
                return Err(SeedsError::Backwards {
                    text: text.to_owned(),
                    start,
                    end,
                });
            }
            if end - start >= LARGEST_COUNT {
                return Err(SeedsError::TooMany {
                    text: text.to_owned(),
                });
            }
            seeds.extend(start..=end);
        }
        Self::new(seeds).map_err(|error| match error {
            SeedsError::Twice { seed, .. } => SeedsError::Twice {
                text: text.to_owned(),
                seed,
            },
            SeedsError::TooMany { .. } => SeedsError::TooMany {
                text: text.to_owned(),
            },
            other => other,
        })
    }
}

impl TryFrom<Vec<u64>> for SeedList {
    type Error = SeedsError;

    fn try_from(seeds: Vec<u64>) -> Result<Self, SeedsError> {
        Self::new(seeds)
    }
}

impl From<SeedList> for Vec<u64> {
    fn from(list: SeedList) -> Self {
        list.0
    }
}

impl fmt::Display for SeedList {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&join(&self.0))
    }
}

fn join(seeds: &[u64]) -> String {
    seeds
        .iter()
        .map(u64::to_string)
        .collect::<Vec<_>>()
        .join(",")
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Vec<u64>, SeedsError> {
        text.parse::<SeedList>().map(Vec::from)
    }

    #[test]
    fn lists_and_ranges_in_the_order_given() {
        assert_eq!(parse("1,2,3").unwrap(), [1, 2, 3]);
        assert_eq!(parse("1-10").unwrap(), (1..=10).collect::<Vec<_>>());
        assert_eq!(parse(" 5 - 6 , 1").unwrap(), [5, 6, 1]);
        assert_eq!(parse("1-3,7").unwrap(), [1, 2, 3, 7]);
        assert_eq!(parse("18446744073709551615").unwrap(), [u64::MAX]);
    }

    #[test]
    fn every_mistake_is_named() {
        assert!(matches!(parse(""), Err(SeedsError::Empty { item: 1, .. })));
        assert!(matches!(
            parse("1,,2"),
            Err(SeedsError::Empty { item: 2, .. })
        ));
        assert!(matches!(parse("1,x"), Err(SeedsError::NotANumber { .. })));
        assert!(matches!(parse("-1"), Err(SeedsError::NotANumber { .. })));
        assert!(matches!(parse("1.5"), Err(SeedsError::NotANumber { .. })));
        assert!(matches!(
            parse("3-1"),
            Err(SeedsError::Backwards {
                start: 3,
                end: 1,
                ..
            })
        ));
        assert!(matches!(
            parse("1-3,2"),
            Err(SeedsError::Twice { seed: 2, .. })
        ));
        assert!(matches!(
            parse("0-18446744073709551615"),
            Err(SeedsError::TooMany { .. })
        ));
        assert_eq!(parse("3-1").unwrap_err().hint().unwrap(), "write 1-3");
    }

    #[test]
    fn the_text_form_comes_back() {
        let list: SeedList = "1-3,7".parse().unwrap();
        assert_eq!(list.to_string(), "1,2,3,7");
        assert_eq!(list.to_string().parse::<SeedList>().unwrap(), list);
    }
}
