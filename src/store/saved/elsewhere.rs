//! Attention that another program saved, as one array of all layers or as one
//! array a layer.

use std::cmp::Ordering;
use std::fs::File;
use std::path::{Path, PathBuf};

use super::array_file::ArrayFile;
use super::arrays::{ArrayInfo, Content, value_count};
use super::{ForeignNames, MAXIMUM_VALUES, SavedError, SavedRun, labels};
use crate::attention::{Attention, AttentionKind, ForeignAttention, HeadMaps, RowSums, Selection};
use crate::checkpoint::{FileDigest, ModelProvenance, ModelSource};
use crate::digest::sha256_of;
use crate::input::looks_special;
use crate::input::{Input, Place, SpecialRole, Stream, StreamRole, Unit};
use crate::remedy::LabelsOf;
use crate::run::Run;

/// What byte-level and SentencePiece tokenizers put before a word's first piece.
const WORD_MARKS: [char; 2] = ['\u{120}', '\u{2581}'];

/// The most labels that stand for the text under a picture's title.
const MAXIMUM_CAPTION_LABELS: usize = 2_000;

/// Where the attention of a file is.
struct Location {
    /// Positions of its arrays: one of all layers, or one a layer.
    positions: Vec<usize>,
    /// `[layer, head, query, key]`.
    shape: [usize; 4],
}

pub(super) fn run(
    path: &Path,
    arrays: &mut ArrayFile,
    names: &ForeignNames,
) -> Result<SavedRun, SavedError> {
    let place = place(arrays.arrays()).map_err(|reason| SavedError::NoAttention {
        path: path.to_owned(),
        reason,
    })?;
    let shape = place.shape;
    let [layer_count, head_count, query_count, key_count] = shape;
    let Some(count) = value_count(&shape) else {
        return Err(SavedError::TooLarge {
            path: path.to_owned(),
            reason: format!(
                "attention of shape {shape:?} has more than the {MAXIMUM_VALUES} values that are read"
            ),
        });
    };
    // Labels are small, and a wrong number of them is found at once.
    let read = |file: &Option<PathBuf>, of, count| match file {
        Some(file) => labels_for(file, of, count).map(Some),
        None => Ok(None),
    };
    let query_labels = read(&names.labels, LabelsOf::Queries, query_count)?;
    let key_labels = read(&names.key_labels, LabelsOf::Keys, key_count)?;
    let values = match place.positions.as_slice() {
        [position] => arrays.read(*position)?,
        positions => {
            let mut values = Vec::with_capacity(count);
            for &position in positions {
                values.extend(arrays.read(position)?);
            }
            values
        }
    };
    // Keys with labels of their own are another sequence than the queries.
    let kind = match query_count == key_count && key_labels.is_none() {
        true => AttentionKind::SelfAttention,
        false => AttentionKind::Cross,
    };
    let selection = Selection::all(layer_count, head_count);
    let attention = HeadMaps::new(selection, [query_count, key_count], values)
        .and_then(|maps| ForeignAttention::new(kind, maps))
        .map_err(|source| SavedError::Attention {
            path: path.to_owned(),
            source,
        })?;
    let mut warnings = Vec::new();
    if attention.row_sums() != RowSums::One {
        warnings.push(format!(
            "{}: the rows of this attention do not sum to 1; it is drawn as it is, and the pictures say so",
            file_name(path)
        ));
    }
    warnings.extend(unnamed(kind, &query_labels, &key_labels).map(|(what, option)| {
        format!(
            "{}: nothing says what the {what} are, so they are numbered; {option} FILE names them",
            file_name(path)
        )
    }));
    let name = stem(path);
    let run = Run {
        model: ModelProvenance {
            id: names.title.clone().unwrap_or_else(|| name.clone()),
            source: ModelSource::Elsewhere,
            commit: None,
            weights_prefix: None,
            files: vec![digest(path)?],
        }
        .into(),
        input: match (kind, &query_labels, &key_labels) {
            (AttentionKind::Cross, Some(target), Some(source)) => Input::Translation {
                source: caption(source),
                target: caption(target),
            },
            (AttentionKind::Cross, Some(one), None) | (_, None, Some(one)) | (_, Some(one), _) => {
                Input::text(caption(one))
            }
            (_, None, None) => Input::text(name),
        },
        streams: streams(kind, [query_labels, key_labels], [query_count, key_count]),
        attention: vec![Attention::Foreign(attention)],
    };
    Ok(SavedRun {
        file: path.to_owned(),
        run,
        warnings,
    })
}

/// What nobody named, and the option that names it.
fn unnamed(
    kind: AttentionKind,
    query_labels: &Option<Vec<String>>,
    key_labels: &Option<Vec<String>>,
) -> impl Iterator<Item = (&'static str, &'static str)> {
    let is_cross = kind == AttentionKind::Cross;
    let queries = query_labels.is_none().then_some(match is_cross {
        true => ("queries", "--labels"),
        false => ("tokens", "--labels"),
    });
    let keys = (is_cross && key_labels.is_none()).then_some(("keys", "--key-labels"));
    queries.into_iter().chain(keys)
}

/// The source, and the target where queries and keys are two sequences.
fn streams(
    kind: AttentionKind,
    [query_labels, key_labels]: [Option<Vec<String>>; 2],
    [query_count, key_count]: [usize; 2],
) -> Vec<Stream> {
    let stream = |role, labels: Option<Vec<String>>, count| Stream {
        role,
        units: units(labels, count),
        dropped: 0,
    };
    match kind {
        AttentionKind::SelfAttention | AttentionKind::Encoder | AttentionKind::Decoder => {
            vec![stream(StreamRole::Source, query_labels, query_count)]
        }
        AttentionKind::Cross => vec![
            stream(StreamRole::Source, key_labels, key_count),
            stream(StreamRole::Target, query_labels, query_count),
        ],
    }
}

/// Finds the attention among the arrays.
///
/// # Errors
/// With what was expected and found, in words.
fn place(arrays: &[ArrayInfo]) -> Result<Location, String> {
    let named = |name: &str| arrays.iter().position(|array| array.name == name);
    if let Some(position) = named("attention").or_else(|| named("attentions")) {
        return whole(arrays, position);
    }
    let is_float = |&position: &usize| {
        arrays
            .get(position)
            .is_some_and(|array| matches!(array.content, Content::Floats(_)))
    };
    let mut positions: Vec<usize> = (0..arrays.len()).filter(is_float).collect();
    let is_named = |&position: &usize| {
        let array = arrays.get(position);
        array.is_some_and(|array| array.name.starts_with("attention"))
    };
    if positions.iter().any(is_named) {
        positions.retain(is_named);
    }
    match positions.as_slice() {
        [] => Err(format!(
            "expected an array of numbers called attention, found {}",
            described(arrays)
        )),
        [position] => whole(arrays, *position),
        _ => {
            let name = |&position: &usize| arrays.get(position).map(|array| array.name.as_str());
            positions.sort_by(|left, right| {
                natural_order(name(left).unwrap_or(""), name(right).unwrap_or(""))
            });
            let mut shape: Option<[usize; 3]> = None;
            for &position in &positions {
                let Some(array) = arrays.get(position) else {
                    continue;
                };
                let found = match *array.shape.as_slice() {
                    [head, query, key] | [1, head, query, key] => [head, query, key],
                    _ => return Err(wrong_layer(array)),
                };
                if shape.is_some_and(|shape| shape != found) {
                    return Err(format!(
                        "expected every layer to have the shape of the first, found {}",
                        described(arrays)
                    ));
                }
                shape = Some(found);
            }
            let [head, query, key] = shape.unwrap_or_default();
            let shape = [positions.len(), head, query, key];
            Ok(Location { positions, shape })
        }
    }
}

/// One array with all layers.
fn whole(arrays: &[ArrayInfo], position: usize) -> Result<Location, String> {
    let Some(array) = arrays.get(position) else {
        return Err("there is no such array".to_owned());
    };
    if let Content::Other(found) = &array.content {
        return Err(format!(
            "expected {} in F64, F32, F16 or BF16, found {found}",
            shortened(&array.name)
        ));
    }
    let shape = match *array.shape.as_slice() {
        [layer, head, query, key]
        | [1, layer, head, query, key]
        // Layers of a batch of one that were stacked.
        | [layer, 1, head, query, key] => [layer, head, query, key],
        [head, query, key] => [1, head, query, key],
        [..] if array.shape.len() == 5 => {
            return Err(format!(
                "expected a batch of one, found {} of shape {:?}; save one input of it",
                shortened(&array.name),
                array.shape
            ));
        }
        _ => {
            return Err(format!(
                "expected the shape [layer, head, query, key], found {} of shape {:?}",
                shortened(&array.name),
                array.shape
            ));
        }
    };
    let positions = vec![position];
    Ok(Location { positions, shape })
}

fn wrong_layer(array: &ArrayInfo) -> String {
    let name = shortened(&array.name);
    match array.shape.len() {
        4 => format!(
            "expected a batch of one, found {name} of shape {:?}; save one input of it",
            array.shape
        ),
        _ => format!(
            "expected the shape [head, query, key] for every layer, found {name} of shape {:?}",
            array.shape
        ),
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

fn labels_for(file: &Path, of: LabelsOf, token_count: usize) -> Result<Vec<String>, SavedError> {
    let labels = labels::read(file, of)?;
    if labels.len() == token_count {
        Ok(labels)
    } else {
        Err(SavedError::LabelCount {
            path: file.to_owned(),
            of,
            expected: token_count,
            found: labels.len(),
        })
    }
}

/// Labels as units; numbers where there are none.
fn units(labels: Option<Vec<String>>, count: usize) -> Vec<Unit> {
    let labels = labels.unwrap_or_else(|| (0..count).map(|index| index.to_string()).collect());
    let words = words(&labels);
    labels
        .into_iter()
        .zip(words)
        .map(|(label, word)| Unit {
            // What else a tokenizer would say is not known.
            id: 0,
            special: looks_special(&label).then(|| SpecialRole::of(&label)),
            text: label.clone(),
            label,
            segment: 0,
            word,
            place: Place::Added,
        })
        .collect()
}

fn has_word_marks(labels: &[String]) -> bool {
    labels.iter().any(|label| label.starts_with(WORD_MARKS))
}

/// Which word each label is a piece of, where marks tell: one begins at every
/// mark and behind every special token.
fn words(labels: &[String]) -> Vec<Option<u32>> {
    if !has_word_marks(labels) {
        return vec![None; labels.len()];
    }
    let mut word = 0_u32;
    labels
        .iter()
        .map(|label| {
            if looks_special(label) {
                word = word.saturating_add(1);
                return None;
            }
            if label.starts_with(WORD_MARKS) {
                word = word.saturating_add(1);
            }
            Some(word)
        })
        .collect()
}

/// The labels as a text to read: pieces that continue a word without what
/// marks them, others with a space between.
fn caption(labels: &[String]) -> String {
    let marks_words = has_word_marks(labels);
    let mut text = String::new();
    let mut is_after_special = false;
    for label in labels.iter().take(MAXIMUM_CAPTION_LABELS) {
        let (piece, continues) = match (label.strip_prefix("##"), marks_words) {
            _ if looks_special(label) => (label.as_str(), false),
            (_, true) => match label.strip_prefix(WORD_MARKS) {
                Some(word) => (word, false),
                None => (label.as_str(), true),
            },
            (Some(piece), false) if !piece.is_empty() => (piece, true),
            _ => (label.as_str(), false),
        };
        if (!continues || is_after_special) && !text.is_empty() {
            text.push(' ');
        }
        text.push_str(piece);
        is_after_special = looks_special(label);
    }
    text
}

fn file_name(path: &Path) -> String {
    let name = path.file_name().unwrap_or(path.as_os_str());
    name.to_string_lossy().into_owned()
}

fn stem(path: &Path) -> String {
    let stem = path.file_stem().unwrap_or(path.as_os_str());
    stem.to_string_lossy().into_owned()
}

/// Which numbers they were. The name alone: outputs hold no paths.
fn digest(path: &Path) -> Result<FileDigest, SavedError> {
    let sha256 = File::open(path)
        .and_then(sha256_of)
        .map_err(|source| SavedError::Io {
            path: path.to_owned(),
            source,
        })?;
    Ok(FileDigest {
        name: file_name(path),
        sha256,
    })
}
