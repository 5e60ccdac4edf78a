//! Which arrays of a file are the attention, and what their dimensions are.
//!
//! One rule for every format: `[query, key]`, `[head, query, key]` or `[layer,
//! head, query, key]`; before the heads a batch of one may stand anywhere, as
//! Hugging Face's tuples have it in every layer. Several arrays are one layer
//! each, in the order of the numbers in their names; where two numbers tell them
//! apart, they are one head each, or not of one input.

use std::cmp::Ordering;
use std::collections::BTreeSet;
use std::path::Path;

use super::SavedError;
use super::arrays::{ArrayInfo, Content};
use crate::attention::AttentionError;
use crate::store::numbers::names::RAW;

/// The rule, for errors.
const RULE: &str = "[query, key], [head, query, key] or [layer, head, query, key]";

/// What else models return, which is no attention though its shape may fit.
const OTHER_OUTPUTS: [&str; 8] = [
    "hidden_state",
    "logits",
    "pooler_output",
    "past_key_values",
    "embeddings",
    "mask",
    "position_bias",
    "attention_output",
];

/// What else attention is called where nothing has its plain name: by
/// TransformerLens, and by the modules that models are made of.
const OTHER_NAMES: [&str; 3] = ["hook_pattern", "attn_weights", "attn_probs"];

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
        [one] if one.shape.len() != 4 || !is_of_one_layer(&one.name) => whole(path, one)?,
        arrays => match several(path, arrays)? {
            Order::Layers => stacked(path, arrays)?,
            Order::HeadsOfLayers(counts) => heads_of_layers(path, arrays, counts)?,
        },
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
    let is_possible = |array: &ArrayInfo| {
        let has_its_shape = match array.content {
            Content::Floats(_) => array.shape.len() >= 2,
            Content::Nothing => true,
            Content::Other(_) => false,
        };
        has_its_shape && !OTHER_OUTPUTS.iter().any(|other| array.name.contains(other))
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
    ];
    let others = OTHER_NAMES
        .iter()
        .map(|name| of(&|array| array.name.contains(name)));
    let mut positions = candidates
        .into_iter()
        .chain(others)
        .chain([of(&|_| true)])
        .find(|positions| !positions.is_empty())
        .ok_or_else(|| SavedError::NoAttention {
            path: path.to_owned(),
            reason: format!(
                "expected an array of numbers called attention, found {}",
                described(arrays.iter())
            ),
        })?;
    let name = |at: usize| arrays.get(at).map_or("", |array| array.name.as_str());
    let pattern = |at: usize| without_numbers(name(at));
    let are_alike = |positions: &[usize]| {
        let mut patterns = positions.iter().map(|&at| pattern(at));
        let first = patterns.next();
        patterns.all(|pattern| Some(pattern) == first)
    };
    if !are_alike(&positions) {
        // A name that is null is no layer that is None.
        let is_there = |at: usize| {
            arrays
                .get(at)
                .is_some_and(|array| array.content != Content::Nothing)
        };
        if positions.iter().any(|&at| is_there(at)) {
            positions.retain(|&at| is_there(at));
        }
    }
    if !are_alike(&positions) {
        return Err(SavedError::SeveralAttentions {
            path: path.to_owned(),
            found: described(arrays.iter()),
            name: named_in_python(positions.iter().map(|&at| name(at))),
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
            Content::Other(found) if is_type_of_numbers(found) => {
                return Err(SavedError::OtherType {
                    path: path.to_owned(),
                    name: shortened(&array.name),
                    found: in_words(found),
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

/// NumPy's name of a type says little where it is one of Python's, and
/// PyTorch's functions say little at all.
fn in_words(found: &str) -> String {
    match found {
        "|O" => "Python objects: a dict, layers of different shapes, or None among them".to_owned(),
        "_rebuild_sparse_tensor" => "a sparse tensor".to_owned(),
        "_rebuild_tensor_v3" => "a tensor of another type".to_owned(),
        other => shortened(other),
    }
}

/// Whether a type can be turned into one that is read: not Python's objects and
/// texts, and not what is no array, which is told in words.
fn is_type_of_numbers(found: &str) -> bool {
    let kind = found.trim_start_matches(['<', '>', '=', '|']);
    !found.contains(' ') && !kind.starts_with(['O', 'U', 'S'])
}

/// The first of some names, cut off where Python's variables have no more, or
/// what most would call it.
fn named_in_python<'name>(names: impl Iterator<Item = &'name str>) -> String {
    let is_of_name = |letter: &char| letter.is_ascii_alphanumeric() || *letter == '_';
    let mut names = names.map(|name| name.chars().take_while(is_of_name).collect::<String>());
    names
        .next()
        .filter(|name| name.starts_with(|letter: char| letter.is_ascii_alphabetic()))
        .unwrap_or_else(|| "attentions".to_owned())
}

/// Whether a name is that of one layer: an item of a list, or `layer_0`.
fn is_of_one_layer(name: &str) -> bool {
    let before = name.trim_end_matches(|letter: char| letter.is_ascii_digit());
    let word = before
        .trim_end_matches(['_', '-', ' '])
        .to_ascii_lowercase();
    let ends = [".", "layer", "block"];
    before.len() < name.len() && (word.is_empty() || ends.iter().any(|end| word.ends_with(end)))
}

/// What several arrays are.
enum Order {
    /// A layer each.
    Layers,
    /// A head each: of so many layers, so many.
    HeadsOfLayers([usize; 2]),
}

/// What several arrays are by the numbers in their names, which are alike but
/// for those: a list has one that counts them.
fn several(path: &Path, arrays: &[&ArrayInfo]) -> Result<Order, SavedError> {
    let numbers: Vec<Vec<&str>> = arrays.iter().map(|array| numbers(&array.name)).collect();
    let place_count = numbers.first().map_or(0, Vec::len);
    let differing: Vec<usize> = (0..place_count)
        .map(|place| {
            let values = numbers.iter().filter_map(|numbers| numbers.get(place));
            values.collect::<BTreeSet<_>>().len()
        })
        .filter(|&count| count > 1)
        .collect();
    let are_single_maps = arrays
        .iter()
        .all(|array| matches!(array.shape.as_slice(), [_, _] | [1, _, _]));
    let things = arrays
        .first()
        .map_or_else(String::new, |array| counted_things(&array.name));
    let are_heads = are_single_maps && matches!(things.as_str(), "head" | "heads" | "h");
    let are_layers = are_single_maps && matches!(things.as_str(), "layer" | "layers" | "block");
    let is_list_of_maps = are_single_maps && things.is_empty();
    match *differing.as_slice() {
        [count] if are_heads => Ok(Order::HeadsOfLayers([1, count])),
        [count] if are_layers => Ok(Order::HeadsOfLayers([count, 1])),
        _ if differing.len() < 2 || differing.contains(&arrays.len()) => Ok(Order::Layers),
        [layers, heads] if layers * heads == arrays.len() && (are_heads || is_list_of_maps) => {
            Ok(Order::HeadsOfLayers([layers, heads]))
        }
        _ => Err(SavedError::Lists {
            path: path.to_owned(),
            found: described(arrays.iter().copied()),
        }),
    }
}

/// The word before the last number of a name, in small letters: what it counts.
fn counted_things(name: &str) -> String {
    let before = name.trim_end_matches(|letter: char| !letter.is_ascii_digit());
    let before = before.trim_end_matches(|letter: char| letter.is_ascii_digit());
    let before = before.trim_end_matches(['_', '-', '.', ' ']);
    let word = before.rsplit(|letter: char| !letter.is_ascii_alphabetic());
    word.into_iter()
        .next()
        .unwrap_or_default()
        .to_ascii_lowercase()
}

/// The numbers in a name, in their order.
fn numbers(name: &str) -> Vec<&str> {
    let mut rest = name;
    let parts = std::iter::from_fn(|| take_part(&mut rest));
    parts.filter(|part| is_number(part)).collect()
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
            [_, _] => {
                return Err(SavedError::Maps {
                    path: path.to_owned(),
                    found: described(arrays.iter().copied()),
                });
            }
            _ => {
                return Err(wrong(format!(
                    "expected the shape [head, query, key] for every layer, found {} of shape {:?}",
                    shortened(&array.name),
                    array.shape
                )));
            }
        };
        if shape.is_some_and(|shape| shape != found) {
            return Err(wrong(format!(
                "expected every layer to have the shape of the first, found {}",
                described(arrays.iter().copied())
            )));
        }
        shape = Some(found);
    }
    let [head, query, key] = shape.unwrap_or_default();
    Ok([arrays.len(), head, query, key])
}

/// One array a head, those of a layer behind one another.
fn heads_of_layers(
    path: &Path,
    arrays: &[&ArrayInfo],
    [layers, heads]: [usize; 2],
) -> Result<[usize; 4], SavedError> {
    let first = arrays.first().map(|array| array.shape.as_slice());
    match first {
        Some(&[query, key] | &[1, query, key])
            if arrays
                .iter()
                .all(|array| array.shape.ends_with(&[query, key])) =>
        {
            Ok([layers, heads, query, key])
        }
        _ => Err(SavedError::NoAttention {
            path: path.to_owned(),
            reason: format!(
                "expected every head to have the shape of the first, found {}",
                described(arrays.iter().copied())
            ),
        }),
    }
}

fn batch(path: &Path, array: &ArrayInfo) -> SavedError {
    SavedError::Batch {
        path: path.to_owned(),
        name: shortened(&array.name),
        shape: array.shape.clone(),
    }
}

/// The first arrays with their shapes, in one line.
fn described<'array>(arrays: impl ExactSizeIterator<Item = &'array ArrayInfo>) -> String {
    let more = match arrays.len() {
        0 => return "no array".to_owned(),
        1..=6 => "",
        _ => " …",
    };
    let some: Vec<String> = arrays.take(6).map(in_short).collect();
    format!("{}{more}", some.join(", "))
}

/// Its name, and its shape where it has one that says something.
fn in_short(array: &ArrayInfo) -> String {
    let name = shortened(&array.name);
    match &array.content {
        Content::Other(found) if array.shape.is_empty() => format!("{name} ({})", in_words(found)),
        Content::Floats(_) | Content::Nothing | Content::Other(_) => {
            format!("{name} {:?}", array.shape)
        }
    }
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
