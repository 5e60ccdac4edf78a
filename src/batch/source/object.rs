//! A JSON value as an input: an object with a text, a text, or two texts.

use std::borrow::Cow;
use std::cmp::Reverse;

use super::columns::{self, ColumnError};
use super::json::{JsonKind, JsonValue};
use super::record::{RecordError, RecordText};
use super::{InputSource, Relations, relations};
use crate::remedy::InputColumn;
use crate::store::batch_records::Columns;

/// Where an input in JSON stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Surroundings {
    /// On a line of its own.
    Line,
    /// Among others in an array.
    Array,
    /// Behind others.
    Sequence,
    /// Its file holds nothing else.
    Nothing,
}

/// What an input in JSON says.
pub(super) fn parse(
    json: &str,
    source: &InputSource,
    surroundings: Surroundings,
) -> Result<RecordText, RecordError> {
    let mut text = text(json, &source.columns, surroundings)?;
    if source.relations == Relations::Read {
        text.annotation = relations::annotation(json, &text.text)?;
    }
    Ok(text)
}

fn text(
    json: &str,
    columns: &Columns,
    surroundings: Surroundings,
) -> Result<RecordText, RecordError> {
    // So begins what somebody has laid out over several lines.
    if surroundings == Surroundings::Line && matches!(json.trim(), "{" | "[" | "[{" | "[[") {
        return Err(RecordError::NotOfOneLine {
            found: "the beginning of JSON that goes on below",
        });
    }
    let value = JsonValue::parse(json)?;
    match value.kind {
        JsonKind::Object => object(value, columns, surroundings),
        JsonKind::Text if columns.is_usual() => Ok(RecordText {
            text: value.text()?.unwrap_or_default(),
            ..RecordText::default()
        }),
        JsonKind::Array
            if surroundings == Surroundings::Line && begins_with(value, &['{', '[']) =>
        {
            Err(RecordError::NotOfOneLine {
                found: "an array of them",
            })
        }
        JsonKind::Array if columns.is_usual() => two_texts(value),
        JsonKind::Text
        | JsonKind::Array
        | JsonKind::Number
        | JsonKind::NotANumber
        | JsonKind::Boolean
        | JsonKind::Null => {
            let found = value.kind.in_words();
            Err(RecordError::NoObject { found })
        }
    }
}

/// The id of an object that is no input for another reason.
pub(super) fn own_id(json: &str, columns: &Columns) -> Option<String> {
    let value = JsonValue::parse(json).ok()?;
    if value.kind != JsonKind::Object {
        return None;
    }
    let members = value.members().ok()?;
    let names: Vec<&str> = members.iter().map(|(name, _)| name.as_ref()).collect();
    let (_, id) = members.get(columns::id_position(columns, &names)?)?;
    match id.kind {
        JsonKind::Text => id.text().ok()?,
        JsonKind::Number => Some(id.json.to_owned()),
        JsonKind::NotANumber
        | JsonKind::Boolean
        | JsonKind::Null
        | JsonKind::Object
        | JsonKind::Array => None,
    }
}

fn two_texts(array: JsonValue<'_>) -> Result<RecordText, RecordError> {
    let members = array.members()?;
    match members.as_slice() {
        [(_, text), (_, pair)] if text.kind == JsonKind::Text && pair.kind == JsonKind::Text => {
            let text = RecordText {
                text: text.text()?.unwrap_or_default(),
                ..RecordText::default()
            };
            Ok(text.with_pair(pair.text()?))
        }
        _ => Err(RecordError::NoObject {
            found: "an array of something else",
        }),
    }
}

/// Only what holds a text may be one; an array of inputs may be within, in the
/// first place where the object is all that its file holds.
fn no_text(
    error: ColumnError,
    members: &[(Cow<'_, str>, JsonValue<'_>)],
    surroundings: Surroundings,
) -> RecordError {
    let ColumnError::NoText { found, .. } = error else {
        return error.into();
    };
    let of_kind = |kind: JsonKind| members.iter().filter(move |(_, value)| value.kind == kind);
    let name = |(name, _): &(Cow<'_, str>, _)| name.clone().into_owned();
    let is_alone = surroundings == Surroundings::Nothing;
    let has = |part: &str| of_kind(JsonKind::Array).any(|(name, _)| name == part);
    if is_alone && has("columns") && has("data") {
        return RecordError::Turned { orient: "split" };
    }
    if is_alone && !members.is_empty() && of_kind(JsonKind::Object).count() == members.len() {
        // Its rows have numbers, unless they have an index of their own.
        let is_number = |name: &str| name.parse::<u64>().is_ok();
        let inner = members.first().map(|(_, value)| value.members());
        let inner = inner.and_then(Result::ok).unwrap_or_default();
        let is_turned = !members.iter().any(|(name, _)| is_number(name))
            && inner.first().is_some_and(|(name, _)| is_number(name));
        let orient = if is_turned { "columns" } else { "index" };
        return RecordError::Turned { orient };
    }
    let mut texts: Vec<_> = of_kind(JsonKind::Text).collect();
    // A title is shorter than what it stands above.
    texts.sort_by_key(|(_, text)| Reverse(columns::likelihood(text.json)));
    let likely: Vec<String> = texts.into_iter().map(name).collect();
    let inputs = of_kind(JsonKind::Array).find(|(_, array)| begins_with(*array, &['{', '[', '"']));
    let array = match (inputs, likely.is_empty()) {
        (Some(inputs), _) if is_alone => Some(inputs),
        (_, true) => inputs.or(of_kind(JsonKind::Array).next()),
        (_, false) => None,
    };
    match array {
        Some(array) => RecordError::ArrayWithin {
            name: name(array),
            of_tokens: !is_alone && begins_with(array.1, &['"']),
            is_in_array: surroundings == Surroundings::Array,
        },
        _ => ColumnError::NoText { found, likely }.into(),
    }
}

/// Whether an array begins with what begins so.
fn begins_with(array: JsonValue<'_>, signs: &[char]) -> bool {
    let members = array.json.get(1..).unwrap_or_default();
    members.trim_start().starts_with(signs)
}

fn object(
    object: JsonValue<'_>,
    columns: &Columns,
    surroundings: Surroundings,
) -> Result<RecordText, RecordError> {
    let members = object.members()?;
    let names: Vec<&str> = members.iter().map(|(name, _)| name.as_ref()).collect();
    let chosen =
        columns::choose(columns, &names).map_err(|error| no_text(error, &members, surroundings))?;
    let field = |column: InputColumn, index: usize| -> Result<Option<String>, RecordError> {
        let Some((name, value)) = members.get(index) else {
            return Ok(None);
        };
        let wrong = |expected: &'static str| {
            Err(RecordError::WrongKind {
                name: name.chars().take(40).collect(),
                expected,
                found: value.kind.in_words().to_owned(),
            })
        };
        match (value.kind, column) {
            (JsonKind::Text, _) => value.text(),
            (JsonKind::Number, InputColumn::Id) => Ok(Some(value.json.to_owned())),
            (JsonKind::Null, InputColumn::Id | InputColumn::Pair) => Ok(None),
            // As pandas writes tables where nobody says how.
            (JsonKind::Object | JsonKind::Array, InputColumn::Text)
                if surroundings == Surroundings::Nothing =>
            {
                Err(RecordError::Turned { orient: "columns" })
            }
            (_, InputColumn::Id) => wrong("an id that is a text or a number"),
            (_, InputColumn::Text | InputColumn::Pair) => wrong("a text"),
        }
    };
    let unread = chosen.unread.iter().filter_map(|&index| members.get(index));
    let unread = unread.filter(|(_, value)| value.kind == JsonKind::Text);
    // The text comes first: what it is tells a whole table.
    let text = field(InputColumn::Text, chosen.text)?.unwrap_or_default();
    let id = chosen.id.map(|index| field(InputColumn::Id, index));
    let pair = chosen.pair.map(|index| field(InputColumn::Pair, index));
    let text = RecordText {
        id: id.transpose()?.flatten().filter(|id| !id.is_empty()),
        text,
        unread: unread.map(|(name, _)| name.clone().into_owned()).collect(),
        ..RecordText::default()
    };
    Ok(text.with_pair(pair.transpose()?.flatten()))
}
