//! Which arrays of a file are the attention, and what their dimensions are.
//!
//! One rule for every format: `[query, key]`, `[head, query, key]` or `[layer,
//! head, query, key]`; before the heads a batch of one may stand anywhere, as
//! Hugging Face's tuples have it in every layer. Several arrays are one layer
//! or one head each, as the numbers in their names count them, or not of one
//! input.

use std::path::Path;

use super::SavedError;
use super::arrays::{ArrayInfo, Content};
use super::counted::{Counted, Numbers, Uncounted, counted, natural_order, without_numbers};
use crate::attention::{AttentionError, LayerHeads, Selection};
use crate::remedy::{ArrayForm, Remedy};
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
    /// Positions of its arrays: one of all layers, or one a layer or head.
    pub(super) positions: Vec<usize>,
    /// `[layer, head, query, key]`, of one layer where each array is a head.
    pub(super) shape: [usize; 4],
    /// Its layers and heads, as the file counts them.
    pub(super) selection: Selection,
}

/// Finds the attention among the arrays.
pub(super) fn place(path: &Path, arrays: &[ArrayInfo]) -> Result<Location, SavedError> {
    let candidates = candidates(path, arrays)?;
    let chosen: Vec<&ArrayInfo> = candidates.iter().filter_map(|&at| arrays.get(at)).collect();
    check_contents(path, &chosen)?;
    let names: Vec<&str> = chosen.iter().map(|array| array.name.as_str()).collect();
    let are_maps = chosen
        .iter()
        .all(|array| matches!(array.shape.as_slice(), [_, _] | [1, _, _]));
    let Counted {
        numbers,
        says_layers,
        are_heads,
    } = counted(&names, are_maps).map_err(|why| uncounted(path, &chosen, why))?;
    let are_single = are_heads || (are_maps && says_layers);
    let first = numbers.first().copied().unwrap_or_default();
    let (shape, selection) = match chosen.as_slice() {
        [one] if one.shape.len() != 4 || first.layer.is_none() => {
            let shape = whole(path, one)?;
            (shape, of_one(shape, first))
        }
        arrays if are_single => (of_heads(path, arrays)?, of_pairs(&numbers)),
        arrays => {
            let shape = stacked(path, arrays)?;
            let layers = numbers.iter().map(|numbers| numbers.layer.unwrap_or(0));
            let heads: Vec<usize> = (0..shape[1]).collect();
            (shape, Selection::of(&layers.collect::<Vec<_>>(), &heads))
        }
    };
    if shape.contains(&0) {
        return Err(SavedError::Attention {
            path: path.to_owned(),
            source: AttentionError::Empty { shape },
        });
    }
    // In the order of the selection; of two that are the same nobody knows why.
    let mut order: Vec<(Numbers, usize)> = numbers.into_iter().zip(candidates).collect();
    order.sort_unstable();
    if order
        .windows(2)
        .any(|pair| matches!(pair, [one, other] if one.0 == other.0))
    {
        return Err(uncounted(path, &chosen, Uncounted::Unknown));
    }
    Ok(Location {
        positions: order.into_iter().map(|(_, position)| position).collect(),
        shape,
        selection,
    })
}

/// The layers and heads of a single array, the only one of which may have a
/// number of its own.
fn of_one([layers, heads, _, _]: [usize; 4], numbers: Numbers) -> Selection {
    let all = |count: usize, own: Option<usize>| match (count, own) {
        (1, Some(own)) => vec![own],
        (count, _) => (0..count).collect(),
    };
    Selection::of(&all(layers, numbers.layer), &all(heads, numbers.head))
}

/// The layers and heads of arrays of a head each.
fn of_pairs(numbers: &[Numbers]) -> Selection {
    let mut pairs: Vec<Numbers> = numbers.to_vec();
    pairs.sort_unstable();
    let layers = pairs.chunk_by(|left, right| left.layer == right.layer);
    let layers = layers.map(|of_layer| LayerHeads {
        layer: of_layer.first().and_then(|first| first.layer).unwrap_or(0),
        heads: of_layer.iter().map(|head| head.head.unwrap_or(0)).collect(),
    });
    Selection {
        layers: layers.collect(),
    }
}

/// Why several arrays are not the layers of one input.
fn uncounted(path: &Path, arrays: &[&ArrayInfo], why: Uncounted) -> SavedError {
    let path = path.to_owned();
    let found = described(arrays.iter().copied());
    match why {
        Uncounted::Lists => SavedError::Lists { path, found },
        Uncounted::Unknown => SavedError::SeveralInputs {
            path,
            found,
            name: named_in_python(arrays.iter().map(|array| array.name.as_str())),
        },
    }
}

/// The array that is called attention; else all whose names have it, or all
/// there are, if but for numbers they are called alike.
fn candidates(path: &Path, arrays: &[ArrayInfo]) -> Result<Vec<usize>, SavedError> {
    let named = |name: &str| arrays.iter().position(|array| array.name == name);
    if let Some(position) = named(RAW).or_else(|| named("attentions")) {
        return Ok(vec![position]);
    }
    let parameters = arrays.iter().filter(|array| is_parameter(&array.name));
    if !arrays.is_empty() && parameters.count() * 2 >= arrays.len() {
        return Err(SavedError::Weights {
            path: path.to_owned(),
            found: described(arrays.iter()),
        });
    }
    let is_possible = |array: &ArrayInfo| {
        let has_its_shape = match array.content {
            Content::Floats(_) => array.shape.len() >= 2,
            Content::Nothing => true,
            Content::Other(_) => false,
        };
        has_its_shape
            && !is_parameter(&array.name)
            && !OTHER_OUTPUTS.iter().any(|other| array.name.contains(other))
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
            remedy: Box::new(match arrays.iter().all(|array| array.shape.is_empty()) {
                true if !arrays.is_empty() => Remedy::SaveArray(ArrayForm::OfFrame),
                true | false => Remedy::SaveAttention,
            }),
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
    let is_score = |at: usize| name(at).contains("score");
    if !are_alike(&positions) && !positions.iter().all(|&at| is_score(at)) {
        // What a softmax made the probabilities of.
        positions.retain(|&at| !is_score(at));
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
                    remedy: Box::new(match found.as_str() {
                        "|O" => Remedy::SaveArray(ArrayForm::Numbers),
                        _ => Remedy::SaveAttention,
                    }),
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
            remedy: Box::new(Remedy::SaveArray(ArrayForm::Shaped)),
        }),
    }
}

/// One array a layer.
fn stacked(path: &Path, arrays: &[&ArrayInfo]) -> Result<[usize; 4], SavedError> {
    let wrong = |reason: String, remedy: Remedy| SavedError::NoAttention {
        path: path.to_owned(),
        reason,
        remedy: Box::new(remedy),
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
                let reason = format!(
                    "expected the shape [head, query, key] for every layer, found {} of shape {:?}",
                    shortened(&array.name),
                    array.shape
                );
                return Err(wrong(reason, Remedy::SaveArray(ArrayForm::Shaped)));
            }
        };
        if shape.is_some_and(|shape| shape != found) {
            let reason = format!(
                "expected every layer to have the shape of the first, found {}",
                described(arrays.iter().copied())
            );
            return Err(wrong(reason, one_of(arrays)));
        }
        shape = Some(found);
    }
    let [head, query, key] = shape.unwrap_or_default();
    Ok([arrays.len(), head, query, key])
}

/// One array a head.
fn of_heads(path: &Path, arrays: &[&ArrayInfo]) -> Result<[usize; 4], SavedError> {
    let first = arrays.first().map(|array| array.shape.as_slice());
    match first {
        Some(&[query, key] | &[1, query, key])
            if arrays.iter().all(|array| {
                matches!(array.shape.as_slice(), [_, _] | [1, _, _])
                    && array.shape.ends_with(&[query, key])
            }) =>
        {
            Ok([1, arrays.len(), query, key])
        }
        _ => Err(SavedError::NoAttention {
            path: path.to_owned(),
            reason: format!(
                "expected [query, key] for every head, as the first has it, found {}",
                described(arrays.iter().copied())
            ),
            remedy: Box::new(one_of(arrays)),
        }),
    }
}

/// What does not fit together can be drawn by itself.
fn one_of(arrays: &[&ArrayInfo]) -> Remedy {
    let names = arrays.iter().map(|array| array.name.as_str());
    Remedy::SaveOneAttention(named_in_python(names))
}

/// Whether an array is called as parameters of a model are.
fn is_parameter(name: &str) -> bool {
    name.ends_with(".weight") || name.ends_with(".bias")
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
