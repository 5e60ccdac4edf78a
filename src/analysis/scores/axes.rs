//! What the scores ask of the units of a run: which are special, which are
//! punctuation, which are the same token.

use std::collections::BTreeMap;

use icu_properties::CodePointMapData;
use icu_properties::props::{GeneralCategory, GeneralCategoryGroup};

use crate::attention::{Attention, AttentionKind};
use crate::input::Unit;
use crate::run::Run;

/// The units of both axes of the maps of a run.
#[derive(Debug)]
pub(super) struct Axes {
    /// Whether queries and keys are the same units.
    pub(super) are_alike: bool,
    /// Of every query whether it is an ordinary unit.
    pub(super) ordinary_queries: Vec<bool>,
    /// The same of every key.
    pub(super) ordinary_keys: Vec<bool>,
    /// What the first key is called where it is special; then the last, where that
    /// is and is called otherwise.
    pub(super) ends: [Option<String>; 2],
    /// Of every query which token it is: equal numbers for the same one.
    tokens: Vec<usize>,
    /// Where each of these tokens is, ascending.
    places: Vec<Vec<usize>>,
    /// Of every query which text of a pair it is of.
    pub(super) segments: Vec<u32>,
    /// The keys that are called like the first where that is special; none
    /// where it is not, as of the next three.
    pub(super) classification: Vec<usize>,
    /// The keys that are called like the last where that is special and called
    /// otherwise than the first.
    pub(super) separator: Vec<usize>,
    /// The keys `.` and `,`.
    pub(super) punct: Vec<usize>,
    /// The keys that are punctuation alone (Unicode class P).
    pub(super) punctuation: Vec<usize>,
}

impl Axes {
    pub(super) fn new(run: &Run, attention: &Attention) -> Self {
        let [queries, keys] = attention.kind().streams().map(|role| run.units(role));
        let maps = attention.maps();
        let (query_count, key_count) = (maps.query_count(), maps.key_count());
        let ends = [keys.first(), keys.last()];
        let [first, last] = ends.map(|end| end.filter(|unit| unit.is_special()));
        let last = last.filter(|last| first.is_none_or(|first| first.text != last.text));
        let called_like =
            |end: Option<&Unit>| places(keys, |unit| end.is_some_and(|end| end.text == unit.text));
        let tokens = tokens(queries);
        let mut places_of_tokens: Vec<Vec<usize>> = vec![Vec::new(); tokens.len()];
        for (place, &token) in tokens.iter().enumerate() {
            if let Some(places) = places_of_tokens.get_mut(token) {
                places.push(place);
            }
        }
        Self {
            are_alike: attention.kind() != AttentionKind::Cross && query_count == key_count,
            ordinary_queries: ordinary(queries, query_count),
            ordinary_keys: ordinary(keys, key_count),
            ends: [first, last].map(|end| end.map(|unit| unit.label.clone())),
            tokens,
            places: places_of_tokens,
            segments: queries.iter().map(|unit| unit.segment).collect(),
            classification: called_like(first),
            separator: called_like(last),
            punct: places(keys, |unit| matches!(unit.text.as_str(), "." | ",")),
            punctuation: places(keys, |unit| {
                !unit.is_special() && is_punctuation(&unit.label)
            }),
        }
    }

    /// Where the token of a query is, itself included, ascending.
    pub(super) fn places_of_token(&self, query: usize) -> &[usize] {
        let token = self.tokens.get(query);
        let places = token.and_then(|&token| self.places.get(token));
        places.map_or(&[], Vec::as_slice)
    }
}

fn ordinary(units: &[Unit], count: usize) -> Vec<bool> {
    let is_ordinary = |place| {
        units
            .get(place)
            .is_none_or(|unit: &Unit| !unit.is_special())
    };
    (0..count).map(is_ordinary).collect()
}

fn places(units: &[Unit], is_one: impl Fn(&Unit) -> bool) -> Vec<usize> {
    let units = units.iter().enumerate();
    let of_it = units.filter(|(_, unit)| is_one(unit));
    of_it.map(|(place, _)| place).collect()
}

/// A number for each token that there is. Tokens from elsewhere have texts
/// alone, all with the same id.
fn tokens(units: &[Unit]) -> Vec<usize> {
    let mut known: BTreeMap<(u32, &str), usize> = BTreeMap::new();
    let tokens = units.iter().map(|unit| (unit.id, unit.text.as_str()));
    let numbers = tokens.map(|token| {
        let next = known.len();
        *known.entry(token).or_insert(next)
    });
    numbers.collect()
}

/// The marks with which vocabularies say that a token begins or goes on with a
/// word, and that a word ends; they are no part of the text.
const MARKS_BEFORE: [&str; 3] = ["##", "Ġ", "▁"];
const MARKS_BEHIND: [&str; 2] = ["</w>", "@@"];

/// Whether a token is punctuation alone, apart from the mark of its vocabulary.
fn is_punctuation(label: &str) -> bool {
    let mut before = MARKS_BEFORE.iter().map(|mark| label.strip_prefix(mark));
    let mut behind = MARKS_BEHIND.iter().map(|mark| label.strip_suffix(mark));
    let bare = before
        .find_map(|rest| rest)
        .or(behind.find_map(|rest| rest));
    // What would be nothing is no mark: `##` is two of them.
    let text = bare.filter(|rest| !rest.is_empty()).unwrap_or(label);
    let categories = CodePointMapData::<GeneralCategory>::new();
    let is_mark = |letter| GeneralCategoryGroup::Punctuation.contains(categories.get(letter));
    !text.is_empty() && text.chars().all(is_mark)
}
