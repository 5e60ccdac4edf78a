//! Which arrays of a file are the attention, and what their dimensions are.
//!
//! One rule for every format: `[query, key]`, `[head, query, key]` or `[layer,
//! head, query, key]`; before the heads a batch of one may stand anywhere, as
//! Hugging Face's tuples have it in every layer. Several arrays are one layer
//! each, in the order of the numbers in their names.

use std::cmp::Ordering;
use std::path::Path;

use super::SavedError;
use super::arrays::{ArrayInfo, Content};
use crate::attention::AttentionError;
use crate::store::numbers::names::RAW;

/// The rule, for errors.
const RULE: &str = "[query, key], [head, query, key] or [layer, head, query, key]";

/// What else models return, which is no attention though its shape may fit.
const OTHER_OUTPUTS: [&str; 5] = [
    "hidden_state",
    "logits",
    "pooler_output",
    "past_key_values",
    "embeddings",
];

/// Where the attention of a file is.
pub(super) struct Location {
    /// Positions of its arrays: one of all layers, or one a layer.
    pub(super) positions: Vec<usize>,
    /// `[layer, head, query, key]`.
    pub(super) shape: [usize; 4],
}

/// Finds the attention among the arrays.
pub(super) fn place(path: &Path, arrays: &[ArrayInfo]) -> Result<Location, SavedError> {
    let candidates = candidates(path, arrays)?;
    let chosen: Vec<&ArrayInfo> = candidates.iter().filter_map(|&at| arrays.get(at)).collect();
    check_contents(path, &chosen)?;
    let shape = match chosen.as_slice() {
        [one] => whole(path, one)?,
        layers => stacked(path, layers)?,
    };
    match shape.contains(&0) {
        true => Err(SavedError::Attention {
            path: path.to_owned(),
            source: AttentionError::Empty { shape },
        }),
        false => Ok(Location {
            positions: candidates,
            shape,
        }),
    }
}

/// The array that is called attention; else all whose names have it, or all
/// there are, if but for numbers they are called alike.
fn candidates(path: &Path, arrays: &[ArrayInfo]) -> Result<Vec<usize>, SavedError> {
    let named = |name: &str| arrays.iter().position(|array| array.name == name);
    if let Some(position) = named(RAW).or_else(|| named("attentions")) {
        return Ok(vec![position]);
    }
    let is_possible = |array: &ArrayInfo| match array.content {
        Content::Floats(_) | Content::Nothing => {
            !OTHER_OUTPUTS.iter().any(|other| array.name.contains(other))
        }
        Content::Other(_) => false,
    };
    let of = |is: &dyn Fn(&ArrayInfo) -> bool| -> Vec<usize> {
        let positions = arrays.iter().enumerate();
        positions
            .filter(|(_, array)| is_possible(array) && is(array))
            .map(|(at, _)| at)
            .collect()
    };
    let candidates = [
        of(&|array| array.name.starts_with(RAW)),
        of(&|array| array.name.contains(RAW)),
        of(&|_| true),
    ];
    let mut positions = candidates
        .into_iter()
        .find(|positions| !positions.is_empty())
        .ok_or_else(|| SavedError::NoAttention {
            path: path.to_owned(),
            reason: format!(
                "expected an array of numbers called attention, found {}",
                described(arrays)
            ),
        })?;
    let name = |at: usize| arrays.get(at).map_or("", |array| array.name.as_str());
    let pattern = |at: usize| without_numbers(name(at));
    if let Some(&first) = positions.first()
        && positions.iter().any(|&at| pattern(at) != pattern(first))
    {
        return Err(SavedError::SeveralAttentions {
            path: path.to_owned(),
            found: described(arrays),
        });
    }
    positions.sort_by(|&left, &right| natural_order(name(left), name(right)));
    Ok(positions)
}

/// Whether there are numbers in all of them.
fn check_contents(path: &Path, arrays: &[&ArrayInfo]) -> Result<(), SavedError> {
    for array in arrays {
        match &array.content {
            Content::Floats(_) => {}
            Content::Nothing => {
                return Err(SavedError::Nothing {
                    path: path.to_owned(),
                    name: shortened(&array.name),
                });
            }
            Content::Other(found) => {
                return Err(SavedError::NoAttention {
                    path: path.to_owned(),
                    reason: format!(
                        "expected {} in F64, F32, F16 or BF16, found {}",
                        shortened(&array.name),
                        in_words(found)
                    ),
                });
            }
        }
    }
    Ok(())
}

/// NumPy's name of a type says little where it is one of Python's.
fn in_words(found: &str) -> String {
    match found {
        "|O" => "Python objects: layers of different shapes, or None among them".to_owned(),
        other => shortened(other),
    }
}

/// One array with all layers.
fn whole(path: &Path, array: &ArrayInfo) -> Result<[usize; 4], SavedError> {
    match *array.shape.as_slice() {
        [query, key] => Ok([1, 1, query, key]),
        [head, query, key] => Ok([1, head, query, key]),
        [layer, head, query, key]
        | [1, layer, head, query, key]
        // Layers of a batch of one that were stacked.
        | [layer, 1, head, query, key] => Ok([layer, head, query, key]),
        [_, _, _, _, _] => Err(batch(path, array)),
        _ => Err(SavedError::NoAttention {
            path: path.to_owned(),
            reason: format!(
                "expected the shape {RULE}, found {} of shape {:?}",
                shortened(&array.name),
                array.shape
            ),
        }),
    }
}

/// One array a layer.
fn stacked(path: &Path, arrays: &[&ArrayInfo]) -> Result<[usize; 4], SavedError> {
    let wrong = |reason: String| SavedError::NoAttention {
        path: path.to_owned(),
        reason,
    };
    let mut shape: Option<[usize; 3]> = None;
    for array in arrays {
        let found = match *array.shape.as_slice() {
            [head, query, key] | [1, head, query, key] => [head, query, key],
            [_, _, _, _] => return Err(batch(path, array)),
            _ => {
                return Err(wrong(format!(
                    "expected the shape [head, query, key] for every layer, found {} of shape {:?}",
                    shortened(&array.name),
                    array.shape
                )));
            }
        };
        if shape.is_some_and(|shape| shape != found) {
            let all: Vec<ArrayInfo> = arrays.iter().map(|&array| array.clone()).collect();
            return Err(wrong(format!(
                "expected every layer to have the shape of the first, found {}",
                described(&all)
            )));
        }
        shape = Some(found);
    }
    let [head, query, key] = shape.unwrap_or_default();
    Ok([arrays.len(), head, query, key])
}

fn batch(path: &Path, array: &ArrayInfo) -> SavedError {
    SavedError::Batch {
        path: path.to_owned(),
        name: shortened(&array.name),
        shape: array.shape.clone(),
    }
}

/// The first arrays with their shapes, in one line.
fn described(arrays: &[ArrayInfo]) -> String {
    if arrays.is_empty() {
        return "no array".to_owned();
    }
    let more = if arrays.len() > 6 { " …" } else { "" };
    let some: Vec<String> = arrays
        .iter()
        .take(6)
        .map(|array| format!("{} {:?}", shortened(&array.name), array.shape))
        .collect();
    format!("{}{more}", some.join(", "))
}

fn shortened(name: &str) -> String {
    name.chars().take(40).collect()
}

/// A name with one `#` for every number in it.
fn without_numbers(name: &str) -> String {
    let mut rest = name;
    let mut pattern = String::new();
    while let Some(part) = take_part(&mut rest) {
        pattern.push_str(if is_number(part) { "#" } else { part });
    }
    pattern
}

/// Numbers within names count as numbers: `arr_2` stands before `arr_10`.
fn natural_order(left: &str, right: &str) -> Ordering {
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
