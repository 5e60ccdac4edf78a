//! Which encoder of the weight files is meant.

use std::collections::BTreeSet;

use super::error::WeightsError;
use super::names::{self, TensorNames};
use super::source::Source;

/// How many encoders are compared with one another.
const MAXIMUM_ALIAS_COUNT: usize = 16;

/// Leaves out encoders that are another one again: a pickle may have the same
/// module under two names.
pub(super) fn drop_aliases(
    sources: &[Source],
    names: &BTreeSet<&str>,
    model: &TensorNames,
    prefixes: &mut Vec<String>,
) {
    let is_same = |one: &str, other: &str| {
        let encoder = model.of_model(names, one);
        encoder.len() == model.of_model(names, other).len()
            && encoder.iter().all(|name| {
                let (one, other) = (format!("{one}{name}"), format!("{other}{name}"));
                sources.iter().any(|source| source.is_same(&one, &other))
            })
    };
    let mut kept: Vec<String> = Vec::new();
    prefixes.sort_by_key(|prefix| (prefix.len(), prefix.clone()));
    // Each is compared with all others: of more, none is an honest alias.
    if prefixes.len() <= MAXIMUM_ALIAS_COUNT {
        for prefix in prefixes.drain(..) {
            if !kept.iter().any(|other| is_same(other, &prefix)) {
                kept.push(prefix);
            }
        }
        *prefixes = kept;
    }
    prefixes.sort();
}

/// The encoder that is asked for, or the only one; none where there are
/// several and none is asked for.
pub(super) fn choose<'prefixes>(
    prefixes: &'prefixes [String],
    asked: Option<&str>,
    file: &str,
) -> Result<Option<&'prefixes str>, WeightsError> {
    match (asked, prefixes) {
        (None, [only]) => Ok(Some(only)),
        (None, _) | (Some(_), []) => Ok(None),
        (Some(asked), prefixes) => {
            let is_asked = |prefix: &&String| {
                prefix.as_str() == asked || prefix.strip_suffix('.') == Some(asked)
            };
            match prefixes.iter().find(is_asked) {
                Some(prefix) => Ok(Some(prefix)),
                None => Err(WeightsError::NoSuchPrefix {
                    file: file.to_owned(),
                    prefix: asked.to_owned(),
                    prefixes: prefixes.to_vec(),
                }),
            }
        }
    }
}

/// What there is where no word embeddings are, in words.
pub(super) fn found_instead(sources: &[Source], names: &BTreeSet<&str>) -> String {
    let other_keys: Vec<String> = sources
        .iter()
        .flat_map(|source| match source {
            Source::Safetensors(_) => [].as_slice(),
            Source::Pickle(file) => file.other_keys.as_slice(),
        })
        .map(|key| names::shortened(key))
        .collect();
    let some: Vec<String> = names
        .iter()
        .take(4)
        .map(|name| names::shortened(name))
        .collect();
    match (names.len(), other_keys.is_empty()) {
        (_, false) => {
            let keys: Vec<String> = other_keys.into_iter().chain(some).collect();
            format!("a dict with the keys {}", keys.join(", "))
        }
        (0, true) => "no tensor".to_owned(),
        (1, true) => format!("1 tensor, {}", some.join(", ")),
        (count, true) => format!("{count} tensors such as {}", some.join(", ")),
    }
}

/// The prefix of tensors that transformers would load beside those with
/// `prefix`, or in place of some of them, and the name of one; none where it
/// would come to the same.
pub(super) fn mixed_with(
    names: &BTreeSet<&str>,
    model: &TensorNames,
    prefix: &str,
) -> Option<(String, String)> {
    let other = match prefix {
        "" => model.base,
        prefix if prefix == model.base => "",
        _ => return None,
    };
    let layers = model.first_layer.trim_end_matches("0.");
    let starts = [model.parts.first().copied().unwrap_or(layers), layers];
    // Of two tensors that come to one name, the first in the order of their
    // names counts.
    let goes_before = |one: &str, other: &str| {
        let mut starts = starts.iter();
        starts.all(|start| format!("{one}{start}") < format!("{other}{start}"))
    };
    let is_harmless = |name: &str| {
        goes_before(prefix, other) && names.contains(format!("{prefix}{name}").as_str())
    };
    let found = model.of_model(names, other);
    let name = found.into_iter().find(|name| {
        starts.iter().any(|start| name.starts_with(start))
            && !model.is_unused(name)
            && !is_harmless(name)
    })?;
    Some((
        other.to_owned(),
        names::shortened(&format!("{other}{name}")),
    ))
}
