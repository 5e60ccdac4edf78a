//! Whether heads find relations between words: of each word, whether the word
//! that it attends to most is the one that a treebank names.
//!
//! As Clark et al. 2019, "What Does BERT Look At?", sections 4.1 and 4.2, and
//! their `Syntax_Analysis.ipynb`, do it: attention to a word is the sum over its
//! tokens and attention from a word the mean over its tokens; special tokens and
//! the word itself are left out; of equal words the first is taken; a head is
//! asked in both directions, and beside it stands the best fixed offset, which
//! knows nothing of the text. Where a `poss` is marked by a following `'s`, that
//! is asked instead of the word, as there.
//!
//! One thing is done otherwise: a word that attends to no other word at all, as
//! the first of a decoder, finds nothing, where `argmax` would name the first
//! word.

use std::collections::BTreeMap;
use std::ops::Range;

use crate::attention::Attention;
use crate::input::{Place, StreamRole, Unit};

/// What is known of the words of an input's first text.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Annotation {
    /// Bytes of the text that each word takes.
    pub words: Vec<Range<usize>>,
    /// Whether these are all words; else the others are what the tokenizer takes
    /// for words.
    pub is_complete: bool,
    /// What the words are to one another.
    pub relations: Vec<Relation>,
}

/// What one word is to another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Relation {
    /// What it is called: `nsubj`.
    pub name: String,
    /// The word that is asked, among the annotation's: the dependent.
    pub from: usize,
    /// The word that is to be found: the head of a dependency. `None` for the
    /// root of a sentence, which no word is right for: it counts among all
    /// relations alone.
    pub to: Option<usize>,
}

/// All relations together.
pub const ALL_RELATIONS: &str = "all";

/// The fixed offsets, in words, that heads are held against.
pub const OFFSETS: [i32; 6] = [-3, -2, -1, 1, 2, 3];

/// Which of two related words is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RelationDirection {
    /// The word that the relation's first one attends to most (Clark's
    /// `dep->head`).
    FromTo,
    /// The word that attends most to the relation's first one (`head<-dep`).
    ToFrom,
}

crate::names::closed_set!(
    RelationDirection,
    "direction of a relation",
    FromTo => "from_to",
    ToFrom => "to_from",
);

/// The relations of an input as questions to its heads.
pub struct RelationQuestions {
    words: Words,
    /// `None` for one that cannot be asked: a word has no token, or shares one
    /// with the other.
    questions: Vec<Option<Question>>,
}

impl RelationQuestions {
    /// Those of a text that became these units.
    pub fn new(text: &str, units: &[Unit], annotation: &Annotation) -> Self {
        let words = Words::new(units, annotation);
        let relations = annotation.relations.iter();
        let questions = relations.map(|relation| words.question(relation, annotation, text));
        Self {
            questions: questions.collect(),
            words,
        }
    }

    /// Of each relation, whether it can be asked, and those of [`OFFSETS`] that
    /// are right.
    pub fn without_heads(&self) -> Vec<(bool, Vec<i32>)> {
        let mut all: Vec<(bool, Vec<i32>)> = self
            .questions
            .iter()
            .map(|question| (question.is_some(), Vec::new()))
            .collect();
        for offset in OFFSETS {
            let answers: Vec<Answer> = (0..self.words.units.len())
                .map(|word| self.words.at_offset(word, offset))
                .collect();
            for (is_right, (_, offsets)) in self.marks(&answers).into_iter().zip(&mut all) {
                offsets.extend(is_right.then_some(offset));
            }
        }
        all
    }

    /// Whether heads are right, `[head, direction, relation]`, the directions in
    /// the order of [`RelationDirection::ALL`]; none of attention that is not
    /// between the units.
    pub fn answers(&self, attention: &Attention) -> Vec<[Vec<bool>; 2]> {
        let maps = attention.maps();
        let greatest = self.words.units.iter().flatten().max();
        let is_of_text = attention.kind().streams() == [StreamRole::Source; 2]
            && greatest.is_none_or(|&unit| unit < maps.query_count().min(maps.key_count()));
        if !is_of_text {
            return Vec::new();
        }
        let answers = maps.iter().map(|(_, map)| {
            let attention = self.words.attention(map, maps.key_count());
            let of_direction = |direction| self.marks(&self.words.answers(&attention, direction));
            [RelationDirection::FromTo, RelationDirection::ToFrom].map(of_direction)
        });
        answers.collect()
    }

    /// Of each relation whether the words' answers are right.
    fn marks(&self, answers: &[Answer]) -> Vec<bool> {
        let is_right = |question: &Question| question.is_right(answers);
        let questions = self.questions.iter().map(Option::as_ref);
        questions.map(|asked| asked.is_some_and(is_right)).collect()
    }
}

/// How often heads and offsets found a relation.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RelationFound {
    /// Words that were asked.
    pub words: u64,
    /// Relations that could not be asked.
    pub left_out: u64,
    /// Right answers, `[head, direction]`, the directions in the order of
    /// [`RelationDirection::ALL`].
    pub right: Vec<[u64; 2]>,
    /// Right answers of each of [`OFFSETS`].
    pub right_by_offset: [u64; OFFSETS.len()],
}

impl RelationFound {
    /// The fixed offset that finds most, of equal ones the nearest, and how
    /// much.
    pub fn best_offset(&self) -> (i32, u64) {
        let found = OFFSETS.into_iter().zip(self.right_by_offset);
        let best =
            found.min_by_key(|&(offset, right)| (std::cmp::Reverse(right), offset.abs(), -offset));
        best.unwrap_or((OFFSETS[0], 0))
    }
}

/// Counts of relations over inputs, by their names. They do not depend on the
/// order of the inputs.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RelationCounts {
    /// By the relation's name; all of them are [`ALL_RELATIONS`].
    pub by_name: BTreeMap<String, RelationFound>,
}

impl RelationCounts {
    /// Adds a relation of an input: its name, or `None` for a root; whether it
    /// could be asked; the offsets that are right; and whether each head is right
    /// in either direction.
    pub fn add(
        &mut self,
        name: Option<&str>,
        is_asked: bool,
        right_offsets: &[i32],
        right: &[[bool; 2]],
    ) {
        // One that is called like all of them counts once, among all.
        let own = name.filter(|name| *name != ALL_RELATIONS);
        for name in own.into_iter().chain([ALL_RELATIONS]) {
            let found = self.by_name.entry(name.to_owned()).or_default();
            found.right.resize(right.len(), [0; 2]);
            if !is_asked {
                found.left_out += 1;
                continue;
            }
            found.words += 1;
            for (count, offset) in found.right_by_offset.iter_mut().zip(OFFSETS) {
                *count += u64::from(right_offsets.contains(&offset));
            }
            for (counts, is_right) in found.right.iter_mut().zip(right) {
                for (count, &is_right) in counts.iter_mut().zip(is_right) {
                    *count += u64::from(is_right);
                }
            }
        }
    }
}

/// What is found for a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Answer {
    Word(usize),
    /// What stands before the first word, as heads of dependencies are counted.
    Root,
    Nothing,
}

/// A relation by the places of its words.
struct Question {
    from: usize,
    to: Answer,
    /// The `'s` behind the possessor.
    mark: Option<usize>,
}

impl Question {
    fn is_right(&self, answers: &[Answer]) -> bool {
        let own = answers.get(self.from);
        // Theirs asks the mark unless the word itself says the last one.
        let is_last = own == Some(&Answer::Word(answers.len() - 1));
        let answer = match self.mark.filter(|_| !is_last) {
            Some(mark) => answers.get(mark),
            None => own,
        };
        answer == Some(&self.to)
    }
}

/// The words of an input by their tokens, in the order of the text.
struct Words {
    /// Positions of each word's tokens.
    units: Vec<Vec<usize>>,
    /// Where each word of the annotation is among them; `None` for one without a
    /// token.
    places: Vec<Option<usize>>,
}

impl Words {
    fn new(units: &[Unit], annotation: &Annotation) -> Self {
        let of_text = |position: &usize| {
            let unit = &units[*position];
            let is_there = |place: &Place| match place {
                Place::Bytes { start, end } => start < end,
                Place::Added | Place::Patch { .. } => false,
            };
            unit.segment == 0 && is_there(&unit.place) && !unit.is_special()
        };
        let positions: Vec<usize> = (0..units.len()).filter(of_text).collect();
        let overlaps = |position: &usize, word: &Range<usize>| match units[*position].place {
            Place::Bytes { start, end } => start < word.end && word.start < end,
            Place::Added | Place::Patch { .. } => false,
        };
        let annotated = annotation.words.iter().map(|word| {
            let own = positions.iter().copied();
            own.filter(|position| overlaps(position, word)).collect()
        });
        let annotated: Vec<Vec<usize>> = annotated.collect();
        let mut all: Vec<(Vec<usize>, Option<usize>)> = Vec::new();
        for (word, units) in annotated.iter().enumerate() {
            if !units.is_empty() {
                all.push((units.clone(), Some(word)));
            }
        }
        if !annotation.is_complete {
            let is_free =
                |position: &&usize| !annotated.iter().flatten().any(|own| own == *position);
            let mut word = None;
            for &position in positions.iter().filter(is_free) {
                match all.last_mut() {
                    Some((own, None)) if word.is_some() && units[position].word == word => {
                        own.push(position);
                    }
                    _ => all.push((vec![position], None)),
                }
                word = units[position].word;
            }
        }
        // Stable: words of the same tokens stay in the annotation's order.
        all.sort_by_key(|(units, _)| units.first().copied());
        let mut places = vec![None; annotation.words.len()];
        for (place, (_, word)) in all.iter().enumerate() {
            if let Some(place_of_word) = word.and_then(|word| places.get_mut(word)) {
                *place_of_word = Some(place);
            }
        }
        Self {
            units: all.into_iter().map(|(units, _)| units).collect(),
            places,
        }
    }

    fn place(&self, word: usize) -> Option<usize> {
        self.places.get(word).copied().flatten()
    }

    /// Whether two words have a token in common, as parts of a contraction do.
    fn are_one(&self, word: usize, other: usize) -> bool {
        let (units, others) = (&self.units[word], &self.units[other]);
        units.iter().any(|unit| others.contains(unit))
    }

    /// What is asked of a relation; `None` where one of its words has no token,
    /// or they share one.
    fn question(
        &self,
        relation: &Relation,
        annotation: &Annotation,
        text: &str,
    ) -> Option<Question> {
        let from = self.place(relation.from)?;
        let to = match relation.to {
            Some(to) => Answer::Word(self.place(to).filter(|to| !self.are_one(from, *to))?),
            None => Answer::Root,
        };
        let next = relation.from + 1;
        let written = |word: usize| text.get(annotation.words.get(word)?.clone());
        let is_marked = annotation.is_complete
            && relation.name == "poss"
            && written(next).is_some_and(|next| matches!(next, "'s" | "s'"));
        Some(Question {
            from,
            to,
            mark: self.place(next).filter(|_| is_marked),
        })
    }

    /// Attention between words, `[word, word]`: summed over the tokens of a key,
    /// a mean over those of a query.
    fn attention(&self, map: &[f32], unit_count: usize) -> Vec<f64> {
        let mut attention = Vec::with_capacity(self.units.len() * self.units.len());
        for queries in &self.units {
            for keys in &self.units {
                let cells = queries.iter().flat_map(|query| {
                    let row = &map[query * unit_count..];
                    keys.iter().map(|&key| f64::from(row[key]))
                });
                attention.push(cells.sum::<f64>() / queries.len() as f64);
            }
        }
        attention
    }

    /// The word so far from another, or the end on that side.
    fn at_offset(&self, word: usize, offset: i32) -> Answer {
        let last = self.units.len().saturating_sub(1);
        match word.checked_add_signed(offset as isize) {
            Some(word) => Answer::Word(word.min(last)),
            None => Answer::Root,
        }
    }

    /// What each word answers: its strongest other word, of equal ones the
    /// first.
    fn answers(&self, attention: &[f64], direction: RelationDirection) -> Vec<Answer> {
        let count = self.units.len();
        let cell = |word: usize, other: usize| match direction {
            RelationDirection::FromTo => attention[word * count + other],
            RelationDirection::ToFrom => attention[other * count + word],
        };
        let answer = |word: usize| {
            let mut strongest: Option<(usize, f64)> = None;
            for other in (0..count).filter(|&other| !self.are_one(word, other)) {
                let value = cell(word, other);
                if value > strongest.map_or(0.0, |(_, value)| value) {
                    strongest = Some((other, value));
                }
            }
            strongest.map_or(Answer::Nothing, |(other, _)| Answer::Word(other))
        };
        (0..count).map(answer).collect()
    }
}
