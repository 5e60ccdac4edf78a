//! The entries of `tokenizer_config.json` and of `special_tokens_map.json`, put
//! together as transformers 5.23 does it in `_from_pretrained` and in the
//! tokenizer's constructor (`tokenization_utils_base.py`).

use std::collections::{HashMap, HashSet};
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::Value;

/// Special tokens without a name.
pub(super) const EXTRA: &str = "extra_special_tokens";

/// What [`EXTRA`] was called before.
const ADDITIONAL: &str = "additional_special_tokens";

/// The entries of an object, each key once, with its place in the file.
#[derive(Debug, Default)]
pub(super) struct Entries {
    values: HashMap<String, (usize, Value)>,
    next_place: usize,
}

impl Entries {
    /// Those of `tokenizer_config.json`.
    pub(super) fn of_config(json: &[u8]) -> Result<Self, serde_json::Error> {
        let mut entries: Self = serde_json::from_slice(json)?;
        let is_given = |value: &Value| match value {
            Value::Null => false,
            Value::Bool(value) => *value,
            Value::Number(value) => value.as_f64() != Some(0.0),
            Value::String(value) => !value.is_empty(),
            Value::Array(values) => !values.is_empty(),
            Value::Object(values) => !values.is_empty(),
        };
        if !entries.get(EXTRA).is_some_and(is_given)
            && let Some(tokens) = entries.remove(ADDITIONAL)
        {
            entries.set(EXTRA, tokens);
        }
        entries.name_extra();
        Ok(entries)
    }

    /// Lets those of `special_tokens_map.json` go before. All tokens there are
    /// special.
    pub(super) fn take_map(&mut self, json: &[u8]) -> Result<(), serde_json::Error> {
        let map: Self = serde_json::from_slice(json)?;
        for (key, value) in map.in_order() {
            let value = match (as_special(value), self.get(EXTRA)) {
                (Value::Array(more), Some(Value::Array(tokens))) if key == EXTRA => {
                    let mut known: HashSet<&Value> = tokens.iter().collect();
                    let more = more.iter().filter(|token| known.insert(token));
                    Value::Array(tokens.iter().chain(more).cloned().collect())
                }
                (value, _) => value,
            };
            self.set(&key, value);
        }
        self.name_extra();
        Ok(())
    }

    /// What the `named` tokens, and those without a name, are.
    pub(super) fn contents(&self, named: &[&str]) -> HashSet<&str> {
        let named = named.iter().filter_map(|key| self.get(key));
        let extra = self.get(EXTRA).and_then(Value::as_array);
        named
            .chain(extra.into_iter().flatten())
            .filter_map(content)
            .collect()
    }

    /// All of them. A list with the older key counts where there is none with
    /// the newer one, be it empty.
    pub(super) fn settled(mut self) -> Vec<(String, Value)> {
        if self.get(EXTRA).is_none()
            && let Some(tokens) = self.remove(ADDITIONAL)
        {
            self.set(EXTRA, tokens);
            self.name_extra();
        }
        self.in_order()
    }

    fn in_order(self) -> Vec<(String, Value)> {
        let mut entries: Vec<(String, (usize, Value))> = self.values.into_iter().collect();
        entries.sort_unstable_by_key(|(_, (place, _))| *place);
        let entries = entries.into_iter();
        entries.map(|(key, (_, value))| (key, value)).collect()
    }

    fn get(&self, key: &str) -> Option<&Value> {
        self.values.get(key).map(|(_, value)| value)
    }

    fn set(&mut self, key: &str, value: Value) {
        match self.values.get_mut(key) {
            Some((_, earlier)) => *earlier = value,
            None => {
                let entry = (self.next_place, value);
                self.values.insert(key.to_owned(), entry);
                self.next_place += 1;
            }
        }
    }

    fn remove(&mut self, key: &str) -> Option<Value> {
        self.values.remove(key).map(|(_, value)| value)
    }

    /// Tokens that an object names beside the usual ones are entries like
    /// these.
    fn name_extra(&mut self) {
        if let Some(Value::Object(_)) = self.get(EXTRA)
            && let Some(Value::Object(tokens)) = self.remove(EXTRA)
        {
            for (key, value) in tokens {
                self.set(&key, value);
            }
        }
    }
}

/// What a token is that is written as a name, or as an object.
fn content(value: &Value) -> Option<&str> {
    value.as_str().or_else(|| value.get("content")?.as_str())
}

/// The same, with every token that is an object marked as a special one.
fn as_special(value: Value) -> Value {
    match value {
        Value::Object(mut fields) => {
            if fields.contains_key("content") {
                fields.insert("special".to_owned(), Value::Bool(true));
                return Value::Object(fields);
            }
            let named = fields.into_iter();
            Value::Object(named.map(|(key, value)| (key, as_special(value))).collect())
        }
        Value::Array(tokens) => tokens.into_iter().map(as_special).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value,
    }
}

impl<'de> Deserialize<'de> for Entries {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct InOrder;
        impl<'de> Visitor<'de> for InOrder {
            type Value = Entries;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("an object")
            }

            fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Entries, M::Error> {
                let mut entries = Entries::default();
                while let Some((key, value)) = map.next_entry::<String, Value>()? {
                    entries.set(&key, value);
                }
                Ok(entries)
            }
        }
        deserializer.deserialize_map(InOrder)
    }
}
