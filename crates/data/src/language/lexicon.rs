//! Made-up pronounceable words and the habits that go with them.

use std::collections::HashSet;

use super::draw::{Draw, Weights};

/// Noun classes; articles, adjectives, pronouns and closing particles agree with them.
pub(super) const CLASSES: usize = 3;
/// Topics; a document has one or two.
pub(super) const TOPICS: usize = 24;
/// Ways to begin a sentence, each with its own closing particles.
pub(super) const MOODS: usize = 4;

const NOUNS: usize = 720;
const VERBS: usize = 320;
const ADJECTIVES: usize = 260;
const ADVERBS: usize = 120;
const NAMES: usize = 120;
const PREPOSITIONS: usize = 14;
const PARTICLES: usize = 8;
const CONJUNCTIONS: usize = 6;
const IDIOMS: usize = 80;

const ONSETS: [&str; 22] = [
    "b", "d", "f", "g", "k", "l", "m", "n", "p", "r", "s", "t", "v", "z", "br", "dr", "kl", "pr",
    "st", "tr", "sh", "h",
];
const VOWELS: [&str; 6] = ["a", "e", "i", "o", "u", "ai"];
const CODAS: [&str; 8] = ["", "", "", "n", "r", "l", "s", "m"];
const CLASS_SUFFIXES: [&str; CLASSES] = ["a", "o", "e"];
const PLURAL_SUFFIXES: [&str; CLASSES] = ["ri", "ni", "ti"];

/// A noun with its habits.
pub(super) struct Noun {
    pub(super) class: usize,
    /// Singular, plural.
    pub(super) forms: [String; 2],
    /// Adjectives it likes.
    pub(super) adjectives: Vec<usize>,
    /// The preposition that goes with it.
    pub(super) preposition: usize,
}

/// A verb with its habits.
pub(super) struct Verb {
    /// `[past][plural subject]`
    pub(super) forms: [[String; 2]; 2],
    /// Stands behind the object.
    pub(super) particle: Option<usize>,
    pub(super) takes_object: bool,
    /// Nouns it likes as objects.
    pub(super) objects: Vec<usize>,
    /// Adverbs it likes.
    pub(super) adverbs: Vec<usize>,
}

/// Words of one topic, by falling weight.
pub(super) struct Topic {
    pub(super) nouns: Vec<usize>,
    pub(super) verbs: Vec<usize>,
    pub(super) adjectives: Vec<usize>,
}

/// All words.
pub(super) struct Lexicon {
    pub(super) nouns: Vec<Noun>,
    pub(super) verbs: Vec<Verb>,
    /// `[adjective][class]`
    pub(super) adjectives: Vec<[String; CLASSES]>,
    pub(super) adverbs: Vec<String>,
    pub(super) names: Vec<String>,
    pub(super) prepositions: Vec<String>,
    pub(super) particles: Vec<String>,
    pub(super) conjunctions: Vec<String>,
    /// `[definite][class][plural]`
    pub(super) articles: [[[String; 2]; CLASSES]; 2],
    /// `[class][plural]`
    pub(super) relatives: [[String; 2]; CLASSES],
    /// `[class][plural]`
    pub(super) pronouns: [[String; 2]; CLASSES],
    pub(super) openers: Vec<String>,
    /// `[mood][class of the subject]`
    pub(super) closers: Vec<[String; CLASSES]>,
    /// Fixed expressions.
    pub(super) idioms: Vec<Vec<String>>,
    pub(super) topics: Vec<Topic>,
}

/// Writes words that no one wrote before.
struct Coiner {
    draw: Draw,
    used: HashSet<String>,
}

impl Coiner {
    fn syllable(&mut self) -> String {
        let onset = ONSETS[self.draw.below(ONSETS.len())];
        let vowel = VOWELS[self.draw.below(VOWELS.len())];
        let coda = CODAS[self.draw.below(CODAS.len())];
        format!("{onset}{vowel}{coda}")
    }

    /// A stem whose forms `stem + ending` are all new.
    fn stem(&mut self, shortest: usize, longest: usize, endings: &[&str]) -> String {
        loop {
            let syllables = shortest + self.draw.below(longest - shortest + 1);
            let stem: String = (0..syllables).map(|_| self.syllable()).collect();
            let forms: Vec<String> = endings
                .iter()
                .map(|ending| format!("{stem}{ending}"))
                .collect();
            if forms.iter().all(|form| !self.used.contains(form)) {
                self.used.extend(forms);
                return stem;
            }
        }
    }

    fn word(&mut self, shortest: usize, longest: usize) -> String {
        self.stem(shortest, longest, &[""])
    }

    fn words(&mut self, count: usize, shortest: usize, longest: usize) -> Vec<String> {
        (0..count).map(|_| self.word(shortest, longest)).collect()
    }

    fn by_class_and_number(&mut self) -> [[String; 2]; CLASSES] {
        std::array::from_fn(|_| std::array::from_fn(|_| self.word(1, 1)))
    }

    fn choices(&mut self, count: usize, bound: usize) -> Vec<usize> {
        (0..count).map(|_| self.draw.below(bound)).collect()
    }
}

impl Lexicon {
    pub(super) fn new(seed: u64) -> Self {
        let mut coin = Coiner {
            draw: Draw::new(seed, 0),
            used: HashSet::new(),
        };
        let articles = std::array::from_fn(|_| coin.by_class_and_number());
        let relatives = coin.by_class_and_number();
        let pronouns = coin.by_class_and_number();
        let prepositions = coin.words(PREPOSITIONS, 1, 1);
        let particles = coin.words(PARTICLES, 1, 1);
        let conjunctions = coin.words(CONJUNCTIONS, 1, 1);
        let openers = coin.words(MOODS, 1, 2);
        let closers = (0..MOODS)
            .map(|_| std::array::from_fn(|_| coin.word(1, 1)))
            .collect();
        let adverbs = coin.words(ADVERBS, 2, 3);
        let names = coin.words(NAMES, 2, 3);
        let adjectives = (0..ADJECTIVES)
            .map(|_| {
                let stem = coin.stem(1, 2, &["ka", "ko", "ke"]);
                std::array::from_fn(|class| format!("{stem}k{}", CLASS_SUFFIXES[class]))
            })
            .collect();
        let nouns: Vec<Noun> = (0..NOUNS).map(|_| noun(&mut coin)).collect();
        let verbs: Vec<Verb> = (0..VERBS).map(|_| verb(&mut coin)).collect();
        let topics = (0..TOPICS)
            .map(|_| Topic {
                nouns: coin.choices(60, NOUNS),
                verbs: coin.choices(30, VERBS),
                adjectives: coin.choices(24, ADJECTIVES),
            })
            .collect();
        let idioms = (0..IDIOMS)
            .map(|_| {
                let length = 3 + coin.draw.below(4);
                (0..length)
                    .map(|position| idiom_word(&mut coin, position, &prepositions, &nouns))
                    .collect()
            })
            .collect();
        Self {
            nouns,
            verbs,
            adjectives,
            adverbs,
            names,
            prepositions,
            particles,
            conjunctions,
            articles,
            relatives,
            pronouns,
            openers,
            closers,
            idioms,
            topics,
        }
    }
}

fn noun(coin: &mut Coiner) -> Noun {
    let class = coin.draw.below(CLASSES);
    let (singular, plural) = (CLASS_SUFFIXES[class], PLURAL_SUFFIXES[class]);
    let stem = coin.stem(1, 3, &[singular, plural]);
    Noun {
        class,
        forms: [format!("{stem}{singular}"), format!("{stem}{plural}")],
        adjectives: coin.choices(4, ADJECTIVES),
        preposition: coin.draw.below(PREPOSITIONS),
    }
}

fn verb(coin: &mut Coiner) -> Verb {
    let stem = coin.stem(1, 2, &["t", "nt", "vat", "vant"]);
    let form = |ending: &str| format!("{stem}{ending}");
    let takes_object = coin.draw.chance(75);
    let has_particle = coin.draw.chance(50);
    Verb {
        forms: [[form("t"), form("nt")], [form("vat"), form("vant")]],
        particle: has_particle.then(|| coin.draw.below(PARTICLES)),
        takes_object,
        objects: coin.choices(10, NOUNS),
        adverbs: coin.choices(4, ADVERBS),
    }
}

fn idiom_word(
    coin: &mut Coiner,
    position: usize,
    prepositions: &[String],
    nouns: &[Noun],
) -> String {
    match (position, coin.draw.below(3)) {
        (0, _) => prepositions[coin.draw.below(prepositions.len())].clone(),
        (_, 0) => coin.word(2, 2),
        _ => {
            let noun = coin.draw.below(nouns.len());
            nouns[noun].forms[coin.draw.below(2)].clone()
        }
    }
}

/// Zipf tables of the sizes that the lexicon's lists have.
pub(super) struct Tables {
    pub(super) nouns: Weights,
    pub(super) verbs: Weights,
    pub(super) adjectives: Weights,
    pub(super) adverbs: Weights,
    pub(super) names: Weights,
    pub(super) topic_nouns: Weights,
    pub(super) topic_verbs: Weights,
    pub(super) topic_adjectives: Weights,
    pub(super) idioms: Weights,
    pub(super) prepositions: Weights,
    pub(super) conjunctions: Weights,
    /// Lists of favourites: the first is the likeliest by far.
    pub(super) favourites: Weights,
    pub(super) objects: Weights,
}

impl Tables {
    pub(super) fn new() -> Self {
        Self {
            nouns: Weights::zipf(NOUNS, 8),
            verbs: Weights::zipf(VERBS, 5),
            adjectives: Weights::zipf(ADJECTIVES, 5),
            adverbs: Weights::zipf(ADVERBS, 3),
            names: Weights::zipf(NAMES, 6),
            topic_nouns: Weights::zipf(60, 3),
            topic_verbs: Weights::zipf(30, 3),
            topic_adjectives: Weights::zipf(24, 2),
            idioms: Weights::zipf(IDIOMS, 3),
            prepositions: Weights::zipf(PREPOSITIONS, 2),
            conjunctions: Weights::zipf(CONJUNCTIONS, 1),
            favourites: Weights::zipf(4, 0),
            objects: Weights::zipf(10, 1),
        }
    }
}
