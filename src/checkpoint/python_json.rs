//! JSON as Python reads it, since Python has written it: `NaN` and `Infinity`
//! are numbers, half a surrogate pair is a letter, and of a key that stands
//! twice the last value counts.

use std::borrow::Cow;
use std::cell::Cell;
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde::ser::{SerializeMap, Serializer};
use serde::{Deserialize, Serialize};
use serde_json::Number;

/// Longer files are left as they are, in bytes: reading them takes some thirty
/// times as much memory, and people write no such files.
const MAXIMUM_LENGTH: usize = 1 << 20;

/// A JSON value whose objects keep the order of the file, each key once.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Json {
    /// `null`.
    Null,
    /// `true` or `false`.
    Boolean(bool),
    /// A number.
    Number(Number),
    /// A string.
    Text(String),
    /// An array.
    List(Vec<Json>),
    /// An object.
    Object(Members),
}

/// The members of an object, in the order of the file.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Members(pub Vec<(String, Json)>);

impl Members {
    /// The value of a key.
    pub fn get(&self, key: &str) -> Option<&Json> {
        let member = self.0.iter().find(|(name, _)| name == key);
        member.map(|(_, value)| value)
    }

    /// Sets the value of a key, which keeps its place if it is there.
    pub fn set(&mut self, key: &str, value: Json) {
        match self.0.iter_mut().find(|(name, _)| name == key) {
            Some((_, earlier)) => *earlier = value,
            None => self.0.push((key.to_owned(), value)),
        }
    }

    /// Sets the values of many keys, one after the other; whether one of them
    /// was there. An object may have millions, so each is looked up by its hash.
    pub fn update(&mut self, members: Vec<(String, Json)>) -> bool {
        let names = self.0.iter().map(|(name, _)| name.clone());
        let mut places: HashMap<String, usize> = names.zip(0..).collect();
        let mut was_there = false;
        for (key, value) in members {
            match places.entry(key) {
                Entry::Occupied(place) => {
                    was_there = true;
                    // The places are those of the list.
                    self.0[*place.get()].1 = value;
                }
                Entry::Vacant(place) => {
                    let key = place.key().clone();
                    place.insert(self.0.len());
                    self.0.push((key, value));
                }
            }
        }
        was_there
    }

    /// Takes a key out, and gives its value.
    pub fn remove(&mut self, key: &str) -> Option<Json> {
        let index = self.0.iter().position(|(name, _)| name == key)?;
        Some(self.0.remove(index).1)
    }
}

impl Json {
    /// What it is, for people.
    pub fn in_words(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Boolean(_) => "true or false",
            Self::Number(_) => "a number",
            Self::Text(_) => "a text",
            Self::List(_) => "a list",
            Self::Object(_) => "an object",
        }
    }

    /// Whether Python counts it as true.
    pub fn is_truthy(&self) -> bool {
        match self {
            Self::Null => false,
            Self::Boolean(value) => *value,
            Self::Number(value) => value.as_f64() != Some(0.0),
            Self::Text(value) => !value.is_empty(),
            Self::List(values) => !values.is_empty(),
            Self::Object(members) => !members.0.is_empty(),
        }
    }
}

/// The same for readers of plain JSON: unchanged where it is that, and where
/// Python could not read it either. What is no number in JSON becomes `null`,
/// which no field with a use takes for a number.
pub(super) fn as_python_reads(json: Vec<u8>) -> Vec<u8> {
    let json = without_mark(json);
    if json.len() > MAXIMUM_LENGTH {
        return json;
    }
    let plain = without_foreign_values(&json);
    let has_repeated_keys = Cell::new(false);
    let value = {
        let mut deserializer = serde_json::Deserializer::from_slice(&plain);
        let value = Ordered(&has_repeated_keys).deserialize(&mut deserializer);
        value.and_then(|value| deserializer.end().map(|()| value))
    };
    match (value, plain) {
        (Ok(value), _) if has_repeated_keys.get() => serde_json::to_vec(&value).unwrap_or(json),
        (Ok(_), Cow::Owned(plain)) => plain,
        (Ok(_) | Err(_), _) => json,
    }
}

/// Without the byte order mark that editors and shells of Windows put before a
/// text, which they may write in UTF-16.
fn without_mark(json: Vec<u8>) -> Vec<u8> {
    let decoded = |units: &[u8], unit: fn([u8; 2]) -> u16| {
        let (pairs, []) = units.as_chunks::<2>() else {
            return None;
        };
        let letters = char::decode_utf16(pairs.iter().map(|pair| unit(*pair)));
        let text: Option<String> = letters.map(Result::ok).collect();
        text.map(String::into_bytes)
    };
    let plain = match json.as_slice() {
        [0xEF, 0xBB, 0xBF, text @ ..] => Some(text.to_vec()),
        [0xFF, 0xFE, units @ ..] => decoded(units, u16::from_le_bytes),
        [0xFE, 0xFF, units @ ..] => decoded(units, u16::from_be_bytes),
        _ => None,
    };
    plain.unwrap_or(json)
}

/// With `null` for `NaN` and the like, and the sign for a broken letter for half
/// a surrogate pair.
fn without_foreign_values(json: &[u8]) -> Cow<'_, [u8]> {
    let mut plain = Cow::Borrowed(json);
    let mut is_in_text = false;
    let mut position = 0;
    while let Some(rest) = json.get(position..).filter(|rest| !rest.is_empty()) {
        let (length, replacement) = match (is_in_text, rest) {
            (false, [b'N' | b'I' | b'-', ..]) => {
                let words: [&[u8]; 3] = [b"NaN", b"Infinity", b"-Infinity"];
                let word = words.iter().find(|word| rest.starts_with(word));
                (word.map_or(1, |word| word.len()), word.map(|_| "null"))
            }
            (true, [b'\\', ..]) => match (surrogate(rest), surrogate(&rest[rest.len().min(6)..])) {
                (Some(0xD800..0xDC00), Some(0xDC00..)) => (12, None),
                (Some(_), _) => (6, Some("\\ufffd")),
                (None, _) => (2, None),
            },
            (_, [b'"', ..]) => {
                is_in_text = !is_in_text;
                (1, None)
            }
            (_, _) => (1, None),
        };
        match (replacement, &mut plain) {
            (Some(replacement), Cow::Borrowed(_)) => {
                let mut changed = json[..position].to_vec();
                changed.extend(replacement.bytes());
                plain = Cow::Owned(changed);
            }
            (Some(replacement), Cow::Owned(changed)) => changed.extend(replacement.bytes()),
            (None, Cow::Owned(changed)) => changed.extend(&rest[..length.min(rest.len())]),
            (None, Cow::Borrowed(_)) => {}
        }
        position += length;
    }
    plain
}

/// The half of a surrogate pair that is written where the text begins.
fn surrogate(text: &[u8]) -> Option<u16> {
    let digits = text.strip_prefix(b"\\u")?.get(..4)?;
    let unit = u16::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?;
    (0xD800..0xE000).contains(&unit).then_some(unit)
}

/// Reads a value, and says whether a key of one of its objects stands twice.
#[derive(Clone, Copy)]
struct Ordered<'flag>(&'flag Cell<bool>);

impl<'de> DeserializeSeed<'de> for Ordered<'_> {
    type Value = Json;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Json, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Ordered<'_> {
    type Value = Json;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("anything")
    }

    fn visit_unit<E>(self) -> Result<Json, E> {
        Ok(Json::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Json, E> {
        Ok(Json::Boolean(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Json, E> {
        Ok(Json::Number(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Json, E> {
        Ok(Json::Number(value.into()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Json, E> {
        Ok(Number::from_f64(value).map_or(Json::Null, Json::Number))
    }

    fn visit_str<E>(self, value: &str) -> Result<Json, E> {
        Ok(Json::Text(value.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Json, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element_seed(self)? {
            list.push(item);
        }
        Ok(Json::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Json, A::Error> {
        let mut read = Vec::new();
        while let Some(key) = fields.next_key::<String>()? {
            read.push((key, fields.next_value_seed(self)?));
        }
        let mut members = Members::default();
        if members.update(read) {
            self.0.set(true);
        }
        Ok(Json::Object(members))
    }
}

impl<'de> Deserialize<'de> for Json {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ordered(&Cell::new(false)).deserialize(deserializer)
    }
}

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Json::deserialize(deserializer)? {
            Json::Object(members) => Ok(members),
            other @ (Json::Null
            | Json::Boolean(_)
            | Json::Number(_)
            | Json::Text(_)
            | Json::List(_)) => Err(serde::de::Error::custom(format!(
                "expected an object, found {}",
                other.in_words()
            ))),
        }
    }
}

impl Serialize for Json {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null => serializer.serialize_unit(),
            Self::Boolean(value) => serializer.serialize_bool(*value),
            Self::Number(value) => value.serialize(serializer),
            Self::Text(value) => serializer.serialize_str(value),
            Self::List(values) => values.serialize(serializer),
            Self::Object(Members(members)) => {
                let mut map = serializer.serialize_map(Some(members.len()))?;
                for (key, value) in members {
                    map.serialize_entry(key, value)?;
                }
                map.end()
            }
        }
    }
}
