//! A JSON value as an input: an object with a text, a text, or two texts.

use std::borrow::Cow;

use super::columns::{self, ColumnError};
use super::json::{JsonKind, JsonValue};
use super::record::{RecordError, RecordText};
use crate::remedy::InputColumn;
use crate::store::batch_records::Columns;

/// What an input in JSON says. `is_alone` is whether its file holds nothing else.
pub(super) fn parse(
    json: &str,
    columns: &Columns,
    is_alone: bool,
) -> Result<RecordText, RecordError> {
    let value = JsonValue::parse(json)?;
    match value.kind {
        JsonKind::Object => object(value, columns, is_alone),
        JsonKind::Text if columns.is_usual() => Ok(RecordText {
            text: value.text()?.unwrap_or_default(),
            ..RecordText::default()
        }),
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

fn two_texts(array: JsonValue<'_>) -> Result<RecordText, RecordError> {
    let members = array.members()?;
    match members.as_slice() {
        [(_, text), (_, pair)] if text.kind == JsonKind::Text && pair.kind == JsonKind::Text => {
            Ok(RecordText {
                text: text.text()?.unwrap_or_default(),
                pair: pair.text()?.filter(|pair| !pair.is_empty()),
                ..RecordText::default()
            })
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
    is_alone: bool,
) -> RecordError {
    let ColumnError::NoText { found, .. } = error else {
        return error.into();
    };
    let of_kind = |kind: JsonKind| members.iter().filter(move |(_, value)| value.kind == kind);
    let name = |(name, _): &(Cow<'_, str>, _)| name.clone().into_owned();
    let likely: Vec<String> = of_kind(JsonKind::Text).map(name).collect();
    let inputs = of_kind(JsonKind::Array).find(|(_, array)| may_hold_inputs(*array));
    let array = match (inputs, likely.is_empty()) {
        (Some(inputs), _) if is_alone => Some(inputs),
        (_, true) => inputs.or(of_kind(JsonKind::Array).next()),
        (_, false) => None,
    };
    match array {
        Some(array) => RecordError::ArrayWithin { name: name(array) },
        _ => ColumnError::NoText { found, likely }.into(),
    }
}

/// Whether an array begins with what an input may be.
fn may_hold_inputs(array: JsonValue<'_>) -> bool {
    let members = array.json.get(1..).unwrap_or_default();
    members.trim_start().starts_with(['{', '[', '"'])
}

fn object(
    object: JsonValue<'_>,
    columns: &Columns,
    is_alone: bool,
) -> Result<RecordText, RecordError> {
    let members = object.members()?;
    let names: Vec<&str> = members.iter().map(|(name, _)| name.as_ref()).collect();
    let chosen =
        columns::choose(columns, &names).map_err(|error| no_text(error, &members, is_alone))?;
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
            (_, InputColumn::Id) => wrong("an id that is a text or a number"),
            (_, InputColumn::Text | InputColumn::Pair) => wrong("a text"),
        }
    };
    let unread = chosen.unread.and_then(|index| members.get(index));
    let unread = unread.filter(|(_, value)| value.kind == JsonKind::Text);
    let id = chosen.id.map(|index| field(InputColumn::Id, index));
    let pair = chosen.pair.map(|index| field(InputColumn::Pair, index));
    Ok(RecordText {
        id: id.transpose()?.flatten().filter(|id| !id.is_empty()),
        text: field(InputColumn::Text, chosen.text)?.unwrap_or_default(),
        pair: pair.transpose()?.flatten(),
        unread: unread.map(|(name, _)| name.clone().into_owned()),
    })
}
