//! What the numbers in the names of arrays count: layers and heads, where the
//! names say so or are those that lists give; else nobody knows what, and the
//! arrays may be of several inputs.

use std::cmp::Ordering;
use std::collections::BTreeSet;

/// Words that count layers, at the end of what stands before a number.
const LAYERS: [&str; 4] = ["layer", "layers", "block", "blocks"];

/// What a list of layers is called: by NumPy, which names no array that has no
/// name, and by models and people.
const LISTS: [&str; 12] = [
    "arr",
    "attention",
    "attentions",
    "attn",
    "attns",
    "att",
    "weights",
    "probs",
    "pattern",
    "scores",
    "encoder",
    "decoder",
];

/// NumPy's own name: its number is the place among all that was saved.
const UNNAMED: &str = "arr";

/// What between a word and its number says nothing.
const SEPARATORS: [char; 6] = ['_', '-', '.', ' ', '/', '['];

/// What some arrays are by the numbers in their names.
#[derive(Debug, Default)]
pub(super) struct Counted {
    /// Of each array, as the names count.
    pub(super) numbers: Vec<Numbers>,
    /// The names say that they count layers.
    pub(super) says_layers: bool,
    /// They are one head each.
    pub(super) are_heads: bool,
}

/// Which layer and head an array is of, where its name says so.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Numbers {
    pub(super) layer: Option<usize>,
    pub(super) head: Option<usize>,
}

/// Why the numbers in some names count neither layers nor heads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Uncounted {
    /// Nothing says what they count, or several of them are the same.
    Unknown,
    /// Several numbers tell the names apart.
    Lists,
}

/// A number in a name.
#[derive(Debug)]
struct Place<'name> {
    digits: &'name str,
    /// The letters before it, as small ones; none where another number is.
    word: String,
    /// What stands before those.
    before: &'name str,
    is_behind_point: bool,
    /// No letter follows it.
    ends_name: bool,
}

impl Place<'_> {
    fn is_of(&self, words: &[&str]) -> bool {
        words.contains(&self.word.as_str())
    }

    fn says_layers(&self) -> bool {
        LAYERS.iter().any(|word| self.word.ends_with(word)) || self.is_of(&["l", "h"])
    }

    fn is_of_list(&self) -> bool {
        let is_attention = ["attention", "attentions", "attn"]
            .iter()
            .any(|word| self.word.ends_with(word));
        self.word.is_empty() || is_attention || self.is_of(&LISTS)
    }

    /// Whether it says which layer or head a single array is of: single letters
    /// are sizes of models, too, as in `vit_l16`.
    fn says_what_one_is(&self) -> bool {
        let before = self.before.trim_end_matches(['_', '-', ' ']);
        let last = before.chars().next_back();
        let is_apart = last.is_none_or(|letter| letter.is_ascii_digit() || letter == '.');
        let is_item = self.ends_name && (self.is_behind_point || self.before.is_empty());
        match self.word.as_str() {
            "l" | "h" => is_apart,
            "" => is_item,
            _ => self.says_layers() || (self.ends_name && self.is_behind_point),
        }
    }
}

/// What the arrays of these names are, which are alike but for numbers.
/// `are_maps` where each is a single one.
pub(super) fn counted(names: &[&str], are_maps: bool) -> Result<Counted, Uncounted> {
    let places: Vec<Vec<Place<'_>>> = names.iter().map(|name| places(name)).collect();
    let Some(first) = places.first() else {
        return Ok(Counted::default());
    };
    let count_at = |at: usize| {
        let places = places.iter().filter_map(|places| places.get(at));
        let digits: BTreeSet<&str> = places.map(|place| place.digits).collect();
        digits.len()
    };
    let differing: Vec<usize> = (0..first.len()).filter(|&at| count_at(at) > 1).collect();
    let last = |is: &dyn Fn(&Place<'_>) -> bool| first.iter().rposition(is);
    let is_single = names.len() == 1;
    let heads = last(&|place| place.is_of(&["head", "heads"]))
        .filter(|at| are_maps || differing.contains(at))
        .or_else(|| {
            let is_head =
                |place: &Place<'_>| place.word == "h" && (!is_single || place.says_what_one_is());
            last(&is_head).filter(|_| are_maps)
        })
        .or_else(|| match *differing.as_slice() {
            // Lists of the maps of each layer.
            [outer, inner] if are_maps && count_at(outer) * count_at(inner) == names.len() => {
                let is_list = first.get(inner).is_some_and(|place| place.word.is_empty());
                is_list.then_some(inner)
            }
            _ => None,
        });
    let says_layers = |at: usize| first.get(at).is_some_and(Place::says_layers);
    let counts = |at: usize| {
        first.get(at).is_some_and(|place| {
            let is_last = place.ends_name || heads.is_some_and(|heads| heads > at);
            place.says_layers() || (place.is_of_list() && is_last)
        })
    };
    let others: Vec<usize> = differing
        .iter()
        .copied()
        .filter(|&at| Some(at) != heads)
        .collect();
    let layers = match *others.as_slice() {
        [] => (0..first.len()).find(|&at| {
            let says_it = first.get(at).is_some_and(Place::says_what_one_is);
            let is_meant = match (is_single, heads) {
                (true, _) => says_it,
                (false, Some(heads)) => at < heads && counts(at),
                (false, None) => false,
            };
            Some(at) != heads && is_meant
        }),
        [one] if counts(one) => Some(one),
        [_] => return Err(Uncounted::Unknown),
        ref several => {
            // One counts all of them, as blocks do in stages.
            let counts_all = |at: usize| count_at(at) == names.len();
            let is_coarser = |&at: &usize| counts(at) || !counts_all(at);
            let layers = several.iter().rfind(|&&at| counts(at) && counts_all(at));
            match layers {
                Some(&layers) if heads.is_none() && several.iter().all(is_coarser) => Some(layers),
                Some(_) | None => return Err(Uncounted::Lists),
            }
        }
    };
    let number = |places: &[Place<'_>], at: Option<usize>| match at.and_then(|at| places.get(at)) {
        Some(place) => place.digits.parse().map(Some),
        None => Ok(None),
    };
    let numbers = places.iter().enumerate().map(|(index, places)| {
        let is_unnamed = |at: usize| places.get(at).is_some_and(|place| place.word == UNNAMED);
        Ok(Numbers {
            layer: match layers.is_some_and(is_unnamed) {
                true => Some(index),
                false => number(places, layers)?,
            },
            head: number(places, heads)?,
        })
    });
    let numbers: Result<Vec<Numbers>, std::num::ParseIntError> = numbers.collect();
    Ok(Counted {
        // A number that no layer has.
        numbers: numbers.map_err(|_| Uncounted::Unknown)?,
        says_layers: layers.is_some_and(says_layers),
        are_heads: heads.is_some(),
    })
}

/// The numbers in a name, in their order.
fn places(name: &str) -> Vec<Place<'_>> {
    let mut rest = name;
    let mut places = Vec::new();
    loop {
        let start = name.len() - rest.len();
        let Some(part) = take_part(&mut rest) else {
            return places;
        };
        if is_number(part) {
            let before = name.get(..start).unwrap_or_default();
            let apart = before.trim_end_matches(SEPARATORS);
            let end = apart.trim_end_matches(|letter: char| letter.is_alphabetic());
            let word = apart.get(end.len()..).unwrap_or_default();
            places.push(Place {
                digits: part,
                word: word.to_lowercase(),
                before: end,
                is_behind_point: before.ends_with('.'),
                ends_name: !rest.chars().any(char::is_alphabetic),
            });
        }
    }
}

/// A name with one `#` for every number in it.
pub(super) fn without_numbers(name: &str) -> String {
    let mut rest = name;
    let mut pattern = String::new();
    while let Some(part) = take_part(&mut rest) {
        pattern.push_str(if is_number(part) { "#" } else { part });
    }
    pattern
}

/// Numbers within names count as numbers: `arr_2` stands before `arr_10`.
pub(super) fn natural_order(left: &str, right: &str) -> Ordering {
    let (mut left_rest, mut right_rest) = (left, right);
    loop {
        match (take_part(&mut left_rest), take_part(&mut right_rest)) {
            (None, None) => return left.cmp(right),
            (None, Some(_)) => return Ordering::Less,
            (Some(_), None) => return Ordering::Greater,
            (Some(left_part), Some(right_part)) => {
                let order = match (is_number(left_part), is_number(right_part)) {
                    (true, true) => number_order(left_part, right_part),
                    _ => left_part.cmp(right_part),
                };
                if order != Ordering::Equal {
                    return order;
                }
            }
        }
    }
}

fn is_number(part: &str) -> bool {
    part.starts_with(|letter: char| letter.is_ascii_digit())
}

/// By value, whatever the length.
fn number_order(left: &str, right: &str) -> Ordering {
    let (left, right) = (left.trim_start_matches('0'), right.trim_start_matches('0'));
    left.len().cmp(&right.len()).then_with(|| left.cmp(right))
}

/// The digits, or the letters up to the next digit, at the beginning.
fn take_part<'text>(rest: &mut &'text str) -> Option<&'text str> {
    let first = rest.chars().next()?;
    let end = rest
        .find(|letter: char| letter.is_ascii_digit() != first.is_ascii_digit())
        .unwrap_or(rest.len());
    let (part, after) = rest.split_at(end);
    *rest = after;
    Some(part)
}
