//! A part of a `tokenizer.json`, read up to a limit. What is read of one takes
//! thirty times its place in the file, and is read once more by who builds it:
//! so one that is larger than any in use is refused on the way.

use std::fmt;

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

/// The most values of a part; the largest in use have a few hundred.
const MAXIMUM_VALUES: usize = 10_000;

/// The most bytes of the texts of a part. A map of SentencePiece's characters
/// has a third of it.
const MAXIMUM_TEXT: usize = 1 << 20;

/// A normalizer, a pre-tokenizer, a template or a decoder.
#[derive(Debug, Default)]
pub(super) struct Part(pub Value);

/// What may still come.
struct Room {
    values: usize,
    text: usize,
}

impl Room {
    fn take_text<E: Error>(&mut self, text: &str) -> Result<String, E> {
        match self.text.checked_sub(text.len()) {
            Some(left) => self.text = left,
            None => {
                let message = format!("expected at most {MAXIMUM_TEXT} bytes of texts in a part");
                return Err(E::custom(message));
            }
        }
        Ok(text.to_owned())
    }
}

impl<'de> Deserialize<'de> for Part {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut room = Room {
            values: MAXIMUM_VALUES,
            text: MAXIMUM_TEXT,
        };
        Within(&mut room).deserialize(deserializer).map(Self)
    }
}

/// Reads a value that fits into the room.
struct Within<'a>(&'a mut Room);

impl<'de> DeserializeSeed<'de> for Within<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        match self.0.values.checked_sub(1) {
            Some(left) => self.0.values = left,
            None => {
                let message = format!("expected at most {MAXIMUM_VALUES} values in a part");
                return Err(D::Error::custom(message));
            }
        }
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Within<'_> {
    type Value = Value;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("any JSON")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Value, E> {
        self.0.take_text(value).map(Value::String)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut values = Vec::new();
        while let Some(value) = items.next_element_seed(Within(self.0))? {
            values.push(value);
        }
        Ok(Value::Array(values))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Value, A::Error> {
        let mut values = Map::new();
        while let Some(key) = fields.next_key::<String>()? {
            let key = self.0.take_text(&key)?;
            values.insert(key, fields.next_value_seed(Within(self.0))?);
        }
        Ok(Value::Object(values))
    }
}
