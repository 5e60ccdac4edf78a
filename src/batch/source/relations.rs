//! Relations that an object of JSON says of its text.

use serde::Deserialize;

use super::json::{JsonKind, JsonValue};
use super::record::RecordError;
use crate::analysis::{Annotation, Relation};

/// The field's name.
const FIELD: &str = "relations";

/// One relation, its places in bytes of the text.
#[derive(Deserialize)]
struct Written {
    name: String,
    from: [usize; 2],
    to: [usize; 2],
}

/// What the field `relations` of an object says of its text: `[{"name": "nsubj",
/// "from": [start, end], "to": [start, end]}]`, places in bytes. `None` where
/// there is none.
///
/// # Errors
/// When it says something else, or names no part of the text.
pub(super) fn annotation(json: &str, text: &str) -> Result<Option<Annotation>, RecordError> {
    let value = JsonValue::parse(json)?;
    if value.kind != JsonKind::Object {
        return Ok(None);
    }
    let members = value.members()?;
    let field = members.iter().find(|(name, _)| name == FIELD);
    let Some((_, field)) = field.filter(|(_, field)| field.kind != JsonKind::Null) else {
        return Ok(None);
    };
    let wrong = |found: String| RecordError::WrongRelations { found };
    let written: Vec<Written> =
        serde_json::from_str(field.json).map_err(|error| wrong(error.to_string()))?;
    let mut annotation = Annotation::default();
    for Written { name, from, to } in written {
        let mut word = |[start, end]: [usize; 2]| {
            let part = text.get(start..end).map(str::trim);
            if part.is_none_or(str::is_empty) {
                let length = text.len();
                return Err(wrong(format!(
                    "[{start}, {end}], which is no part of a text of {length} bytes"
                )));
            }
            let words = &mut annotation.words;
            let known = words.iter().position(|known| *known == (start..end));
            Ok(known.unwrap_or_else(|| {
                words.push(start..end);
                words.len() - 1
            }))
        };
        let (from, to) = (word(from)?, word(to)?);
        annotation.relations.push(Relation {
            name,
            from,
            to: Some(to),
        });
    }
    Ok(Some(annotation))
}
