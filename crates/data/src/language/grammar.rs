//! Documents, sentences, phrases.

use super::draw::{Draw, Weights};
use super::lexicon::{CLASSES, Lexicon, MOODS, TOPICS, Tables};

/// The generated language of one seed.
pub(crate) struct Language {
    seed: u64,
    lexicon: Lexicon,
    tables: Tables,
}

impl std::fmt::Debug for Language {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Language {{ seed: {} }}", self.seed)
    }
}

/// What a document keeps returning to.
#[derive(Clone, Copy)]
enum Entity {
    Name {
        name: usize,
        class: usize,
    },
    /// A noun with an adjective of its own.
    Thing {
        noun: usize,
        adjective: usize,
        plural: bool,
    },
}

/// What agreement needs to know of a phrase.
#[derive(Clone, Copy)]
struct Agreement {
    class: usize,
    plural: bool,
}

/// Words (punctuation counted) of an average document.
pub(crate) const WORDS_PER_DOCUMENT: u64 = 210;

impl Language {
    pub(crate) fn new(seed: u64) -> Self {
        Self {
            seed,
            lexicon: Lexicon::new(seed),
            tables: Tables::new(),
        }
    }

    /// Appends document `index`, one paragraph a line.
    pub(crate) fn write_document(&self, index: u64, text: &mut String) {
        self.document(index, text);
    }

    /// Appends document `index` and gives −ln of the probability of all the choices behind it, in nats.
    pub(super) fn document(&self, index: u64, text: &mut String) -> f64 {
        let mut writer = Writer {
            lexicon: &self.lexicon,
            tables: &self.tables,
            draw: Draw::new(self.seed, index + 1),
            topics: [0; 2],
            entities: Vec::new(),
            text,
            at_line_start: true,
        };
        writer.document();
        writer.draw.surprisal
    }
}

struct Writer<'a> {
    lexicon: &'a Lexicon,
    tables: &'a Tables,
    draw: Draw,
    topics: [usize; 2],
    entities: Vec<Entity>,
    text: &'a mut String,
    at_line_start: bool,
}

impl Writer<'_> {
    fn document(&mut self) {
        let first = self.draw.below(TOPICS);
        let second = if self.draw.chance(50) {
            self.draw.below(TOPICS)
        } else {
            first
        };
        self.topics = [first, second];
        for _ in 0..3 + self.draw.below(3) {
            let entity = self.new_entity();
            self.entities.push(entity);
        }
        for _ in 0..2 + self.draw.below(4) {
            for _ in 0..3 + self.draw.below(4) {
                self.sentence();
            }
            self.text.push('\n');
            self.at_line_start = true;
        }
    }

    fn new_entity(&mut self) -> Entity {
        if self.draw.chance(40) {
            let name = self.draw.weighted(&self.tables.names);
            // A name's class is its own, like a noun's.
            return Entity::Name {
                name,
                class: name % CLASSES,
            };
        }
        let noun = self.noun();
        let adjective = self.adjective_of(noun);
        Entity::Thing {
            noun,
            adjective,
            plural: self.draw.chance(35),
        }
    }

    /// `opener subject [, relative clause ,] verb [object] [adverb] [particle] [prepositional phrase] closer .`
    fn sentence(&mut self) {
        let mood = self.draw.weighted_mood();
        if mood > 0 {
            self.say(&self.lexicon.openers[mood]);
        }
        let subject = self.subject();
        if self.draw.chance(28) {
            self.relative_clause(subject);
        }
        let past = self.draw.chance(50);
        self.predicate(subject, past);
        if self.draw.chance(22) {
            let conjunction = self.draw.weighted(&self.tables.conjunctions);
            self.say(&self.lexicon.conjunctions[conjunction]);
            // The second half keeps subject and tense.
            self.say(&self.lexicon.pronouns[subject.class][usize::from(subject.plural)]);
            self.predicate(subject, past);
        }
        if self.draw.chance(16) {
            self.say(",");
            let idiom = self.draw.weighted(&self.tables.idioms);
            for word in &self.lexicon.idioms[idiom] {
                self.say(word);
            }
        }
        self.say(&self.lexicon.closers[mood][subject.class]);
        self.say(".");
    }

    fn subject(&mut self) -> Agreement {
        if self.draw.chance(65) {
            // Earlier entities are mentioned more often.
            let many = Weights::zipf(self.entities.len(), 1);
            let entity = self.entities[self.draw.weighted(&many)];
            return self.say_entity(entity);
        }
        let noun = self.noun();
        self.noun_phrase(noun)
    }

    fn say_entity(&mut self, entity: Entity) -> Agreement {
        match entity {
            Entity::Name { name, class } => {
                self.say(&self.lexicon.names[name]);
                Agreement {
                    class,
                    plural: false,
                }
            }
            Entity::Thing {
                noun,
                adjective,
                plural,
            } => {
                let class = self.lexicon.nouns[noun].class;
                self.say(&self.lexicon.articles[1][class][usize::from(plural)]);
                self.say(&self.lexicon.adjectives[adjective][class]);
                self.say(&self.lexicon.nouns[noun].forms[usize::from(plural)]);
                Agreement { class, plural }
            }
        }
    }

    /// `article [adjective] noun`
    fn noun_phrase(&mut self, noun: usize) -> Agreement {
        let class = self.lexicon.nouns[noun].class;
        let plural = self.draw.chance(35);
        let definite = self.draw.chance(60);
        let adjective = self.draw.chance(35).then(|| self.adjective_of(noun));
        self.say(&self.lexicon.articles[usize::from(definite)][class][usize::from(plural)]);
        if let Some(adjective) = adjective {
            self.say(&self.lexicon.adjectives[adjective][class]);
        }
        self.say(&self.lexicon.nouns[noun].forms[usize::from(plural)]);
        Agreement { class, plural }
    }

    fn relative_clause(&mut self, of: Agreement) {
        self.say(",");
        self.say(&self.lexicon.relatives[of.class][usize::from(of.plural)]);
        let past = self.draw.chance(50);
        self.predicate(of, past);
        self.say(",");
    }

    fn predicate(&mut self, subject: Agreement, past: bool) {
        let index = self.verb();
        let verb = &self.lexicon.verbs[index];
        let adverb = self.draw.chance(30).then(|| {
            if self.draw.chance(80) {
                verb.adverbs[self.draw.weighted(&self.tables.favourites)]
            } else {
                self.draw.weighted(&self.tables.adverbs)
            }
        });
        self.say(&verb.forms[usize::from(past)][usize::from(subject.plural)]);
        if let Some(adverb) = adverb {
            self.say(&self.lexicon.adverbs[adverb]);
        }
        if verb.takes_object {
            self.object(index);
        }
        if let Some(particle) = verb.particle {
            self.say(&self.lexicon.particles[particle]);
        }
        if self.draw.chance(25) {
            self.prepositional_phrase();
        }
    }

    fn object(&mut self, verb: usize) {
        if self.draw.chance(70) {
            let choice = self.draw.weighted(&self.tables.objects);
            self.noun_phrase(self.lexicon.verbs[verb].objects[choice]);
        } else if self.draw.chance(50) {
            let entity = self.entities[self.draw.below(self.entities.len())];
            self.say_entity(entity);
        } else {
            let noun = self.noun();
            self.noun_phrase(noun);
        }
    }

    fn prepositional_phrase(&mut self) {
        let noun = self.noun();
        let preposition = if self.draw.chance(80) {
            self.lexicon.nouns[noun].preposition
        } else {
            self.draw.weighted(&self.tables.prepositions)
        };
        self.say(&self.lexicon.prepositions[preposition]);
        self.noun_phrase(noun);
    }

    fn topic(&mut self) -> usize {
        let which = usize::from(self.draw.chance(35));
        self.topics[which]
    }

    fn noun(&mut self) -> usize {
        if self.draw.chance(80) {
            let topic = self.topic();
            self.lexicon.topics[topic].nouns[self.draw.weighted(&self.tables.topic_nouns)]
        } else {
            self.draw.weighted(&self.tables.nouns)
        }
    }

    fn verb(&mut self) -> usize {
        if self.draw.chance(75) {
            let topic = self.topic();
            self.lexicon.topics[topic].verbs[self.draw.weighted(&self.tables.topic_verbs)]
        } else {
            self.draw.weighted(&self.tables.verbs)
        }
    }

    fn adjective_of(&mut self, noun: usize) -> usize {
        if self.draw.chance(70) {
            self.lexicon.nouns[noun].adjectives[self.draw.weighted(&self.tables.favourites)]
        } else if self.draw.chance(65) {
            let topic = self.topic();
            self.lexicon.topics[topic].adjectives[self.draw.weighted(&self.tables.topic_adjectives)]
        } else {
            self.draw.weighted(&self.tables.adjectives)
        }
    }

    fn say(&mut self, word: &str) {
        if !self.at_line_start {
            self.text.push(' ');
        }
        self.at_line_start = false;
        self.text.push_str(word);
    }
}

impl Draw {
    /// How a sentence begins; 0, without an opening word, is the commonest.
    fn weighted_mood(&mut self) -> usize {
        if self.chance(55) {
            0
        } else {
            1 + self.below(MOODS - 1)
        }
    }
}
