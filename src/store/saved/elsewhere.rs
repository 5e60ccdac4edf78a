//! Attention that another program saved, as one array of all layers or as one
//! array a layer.

use std::fs::File;
use std::ops::Range;
use std::path::{Path, PathBuf};

use super::array_file::ArrayFile;
use super::arrays::{ArrayInfo, Content, FloatType, value_count};
use super::place::{Location, place};
use super::units::{caption, units};
use super::{ForeignNames, MAXIMUM_VALUES, SavedError, SavedRun, labels, padding};
use crate::attention::{Attention, AttentionKind, ForeignAttention, HeadMaps, RowSums};
use crate::checkpoint::{FileDigest, LabelFiles, ModelProvenance, ModelSource};
use crate::digest::sha256_of;
use crate::input::{Input, Stream, StreamRole};
use crate::memory;
use crate::remedy::LabelsOf;
use crate::run::Run;

/// The most units on an axis and the most heads that are read: each of them is
/// looked at by itself, and no model has so many.
const MAXIMUM_UNITS: usize = 1 << 17;
const MAXIMUM_HEADS: usize = 1 << 14;

/// What a unit takes beside its values, in bytes: its texts here, in its picture
/// and in the manifest. 900 were measured of 131,072 numbered ones.
const UNIT_SIZE: u64 = 1_000;

pub(super) fn run(
    path: &Path,
    arrays: &mut ArrayFile,
    names: &ForeignNames,
) -> Result<SavedRun, SavedError> {
    let Location {
        positions,
        shape,
        selection,
    } = place(path, arrays.arrays())?;
    let [layer_count, head_count, query_count, key_count] = shape;
    let Some(count) = value_count(&shape) else {
        return Err(SavedError::TooLarge {
            path: path.to_owned(),
            reason: format!(
                "attention of shape {shape:?} has more than the {MAXIMUM_VALUES} values that are read"
            ),
        });
    };
    for (found, maximum, what) in [
        (query_count.max(key_count), MAXIMUM_UNITS, "queries or keys"),
        (
            layer_count.saturating_mul(head_count),
            MAXIMUM_HEADS,
            "heads",
        ),
    ] {
        if found > maximum {
            return Err(SavedError::TooLarge {
                path: path.to_owned(),
                reason: format!("expected at most {maximum} {what}, found {found}"),
            });
        }
    }
    let units = (query_count as u64).saturating_add(key_count as u64);
    let needed = (count as u64)
        .saturating_mul(2 * size_of::<f32>() as u64)
        .saturating_add(units.saturating_mul(UNIT_SIZE));
    memory::check(needed).map_err(|source| SavedError::Memory {
        path: path.to_owned(),
        source,
    })?;
    // Labels are small, and too many of them are found at once.
    let read = |file: &Option<PathBuf>, of, count| match file {
        Some(file) => labels::read(file, of, count).map(Some),
        None => Ok(None),
    };
    let [tokens, key_tokens] = arrays.tokens();
    // Keys that are called as the queries are the same sequence.
    let key_tokens = key_tokens.filter(|keys| tokens.as_ref() != Some(keys));
    let (query_labels, odd_queries) = match read(&names.labels, LabelsOf::Queries, query_count)? {
        Some(labels) => (Some(labels), None),
        None => own_labels("tokens", tokens, query_count),
    };
    let (key_labels, odd_keys) = match read(&names.key_labels, LabelsOf::Keys, key_count)? {
        Some(labels) => (Some(labels), None),
        None => own_labels("key_tokens", key_tokens, key_count),
    };
    let mut values = match positions.as_slice() {
        [position] => {
            let values = arrays.read(*position)?;
            check_layers(path, arrays.arrays().get(*position), &values)?;
            values
        }
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
    let is_one_sequence = kind != AttentionKind::Cross;
    let padded = [query_count, key_count];
    let masked = padding::masked(&mut values, padded);
    let kept = padding::without_padding(&values, padded, is_one_sequence);
    let mut cut_off = padding::notes(padded, &kept, is_one_sequence);
    if !cut_off.is_empty() {
        values = padding::cut(&values, padded, &kept);
    }
    cut_off.extend(masked);
    let suspicion = is_one_sequence.then(|| padding::suspicion(&values, &kept[0]));
    let of_queries = (&names.labels, LabelsOf::Queries);
    let suspicion = suspicion.flatten();
    let query_labels = fitting(of_queries, query_labels, &kept[0], padded[0], &suspicion)?;
    let of_keys = (&names.key_labels, LabelsOf::Keys);
    let key_labels = fitting(of_keys, key_labels, &kept[1], padded[1], &None)?;
    let kept = kept.map(|units| units.len());
    let [query_count, key_count] = kept;
    let attention = HeadMaps::new(selection, kept, values)
        .and_then(|maps| {
            let notes = cut_off.iter().map(|note| as_sentence(note));
            ForeignAttention::new(kind, maps, notes.collect())
        })
        .map_err(|source| SavedError::Attention {
            path: path.to_owned(),
            source,
        })?;
    let mut warnings = cut_off
        .iter()
        .chain(&suspicion)
        .map(|note| format!("{}: {note}", file_name(path)))
        .collect::<Vec<_>>();
    if attention.row_sums() != RowSums::One {
        warnings.push(format!(
            "{}: the rows of this attention do not sum to 1; it is drawn as it is, and the pictures say so",
            file_name(path)
        ));
        if padding::columns_sum_to_one(attention.maps()) {
            warnings.push(format!(
                "{}: its columns sum to 1 instead: if its last two dimensions are key and query, attention.swapaxes(-1, -2) turns them",
                file_name(path)
            ));
        }
    }
    let odd = odd_queries.into_iter().chain(odd_keys);
    warnings.extend(odd.map(|note| format!("{}: {note}", file_name(path))));
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
            backend: None,
            label_files: LabelFiles {
                queries: names.labels.as_deref().map(file_name),
                keys: names.key_labels.as_deref().map(file_name),
            },
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
        neurons: None,
    };
    let mut read = positions
        .iter()
        .filter_map(|&place| arrays.arrays().get(place));
    Ok(SavedRun {
        file: path.to_owned(),
        run,
        warnings,
        is_double: read.any(|array| array.content == Content::Floats(FloatType::F64)),
    })
}

/// Refuses an array `[input, head, query, key]`, which nothing but its padding
/// tells from one of layers.
fn check_layers(path: &Path, array: Option<&ArrayInfo>, values: &[f32]) -> Result<(), SavedError> {
    let Some(ArrayInfo { name, shape, .. }) = array else {
        return Ok(());
    };
    match *shape.as_slice() {
        [parts, _, queries, keys]
            if parts > 1
                && !name.to_ascii_lowercase().contains("layer")
                && padding::differs_by_part(values, parts, [queries, keys]) =>
        {
            Err(SavedError::PaddedBatch {
                path: path.to_owned(),
                name: name.chars().take(40).collect(),
                shape: shape.clone(),
            })
        }
        _ => Ok(()),
    }
}

/// The labels that the file itself has in an entry, where they are as many as
/// `count`; else what is wrong with them, as a sentence without a full stop.
fn own_labels(
    entry: &str,
    labels: Option<Vec<String>>,
    count: usize,
) -> (Option<Vec<String>>, Option<String>) {
    match labels {
        Some(labels) if labels.len() != count => {
            let found = labels.len();
            let note = format!(
                "its {entry} are not read: there are {found}, and the attention is of {count}"
            );
            (None, Some(note))
        }
        labels => (labels, None),
    }
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

/// As many labels as there are units, or as there were with their padding.
fn fitting(
    (file, of): (&Option<PathBuf>, LabelsOf),
    labels: Option<Vec<String>>,
    kept: &Range<usize>,
    padded_count: usize,
    suspicion: &Option<String>,
) -> Result<Option<Vec<String>>, SavedError> {
    let Some(mut labels) = labels else {
        return Ok(None);
    };
    if labels.len() == padded_count {
        labels.truncate(kept.end);
        labels.drain(..kept.start.min(labels.len()));
    }
    let count = kept.len();
    match file {
        Some(file) if labels.len() != count => Err(SavedError::LabelCount {
            path: file.clone(),
            of,
            expected: count,
            found: labels.len(),
            padding: suspicion.clone(),
        }),
        // The file's own have been counted.
        Some(_) | None => Ok(Some(labels)),
    }
}

/// With a great letter and a full stop.
fn as_sentence(note: &str) -> String {
    let mut letters = note.chars();
    let first = letters.next().map(|letter| letter.to_ascii_uppercase());
    first.into_iter().chain(letters).chain(['.']).collect()
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
