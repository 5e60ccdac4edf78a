//! The tables of a rules file, key by key, with the place of everything.

use std::str::FromStr;

use strsim::osa_distance;
use toml::Spanned;
use toml::de::{DeArray, DeTable, DeValue};

use super::header::header;
use super::{Place, RulesError};
use crate::excerpt::excerpt;

/// What stands behind a `=`.
type Value<'t> = Spanned<DeValue<'t>>;

/// A table whose keys are all known.
#[derive(Debug, Clone)]
pub(super) struct Table<'t> {
    /// The whole file.
    text: &'t str,
    /// As the file writes it: `[[drift]]`.
    pub(super) name: String,
    /// Where it begins.
    pub(super) place: Place,
    entries: &'t DeTable<'t>,
}

impl<'t> Table<'t> {
    /// Takes a table that may have these keys.
    pub(super) fn new(
        text: &'t str,
        name: &str,
        place: Place,
        entries: &'t DeTable<'t>,
        known: &[&'static str],
    ) -> Result<Self, RulesError> {
        let unknown = entries
            .keys()
            .filter(|key| !known.contains(&key.get_ref().as_ref()))
            .min_by_key(|key| key.span().start);
        match unknown {
            Some(key) => Err(RulesError::UnknownKey {
                place: Place::of(text, key.span().start),
                table: name.to_owned(),
                nearest: nearest(key.get_ref(), known),
                key: told(key.get_ref()),
                known: known.to_vec(),
            }),
            None => Ok(Self {
                text,
                name: name.to_owned(),
                place,
                entries,
            }),
        }
    }

    /// Where the value of a key is.
    pub(super) fn place_of(&self, key: &str) -> Place {
        let value = self.entries.get(key);
        value.map_or(self.place, |value| self.at(value))
    }

    fn at(&self, value: &Value<'_>) -> Place {
        Place::of(self.text, value.span().start)
    }

    fn wrong(
        &self,
        value: &Value<'_>,
        key: &str,
        expected: &'static str,
        example: &'static str,
    ) -> RulesError {
        RulesError::WrongType {
            place: self.at(value),
            key: key.to_owned(),
            expected,
            found: kind(value.get_ref()),
            example,
        }
    }

    /// What is said of a key that has to be there and is not.
    pub(super) fn missing(
        &self,
        what: &'static str,
        key: &'static str,
        example: &'static str,
    ) -> RulesError {
        RulesError::Missing {
            place: self.place,
            table: self.name.clone(),
            what,
            key,
            example,
        }
    }

    /// What is said of a value that a key does not take.
    pub(super) fn bad(
        &self,
        key: &str,
        expected: impl Into<String>,
        found: impl Into<String>,
        example: impl Into<String>,
    ) -> RulesError {
        RulesError::BadValue {
            place: self.place_of(key),
            key: key.to_owned(),
            expected: expected.into(),
            found: found.into(),
            example: example.into(),
        }
    }

    /// Whether the table has the key.
    pub(super) fn has(&self, key: &str) -> bool {
        self.entries.contains_key(key)
    }

    /// A text, which is not empty.
    pub(super) fn text(
        &self,
        key: &str,
        example: &'static str,
    ) -> Result<Option<String>, RulesError> {
        let Some(value) = self.entries.get(key) else {
            return Ok(None);
        };
        match value.get_ref().as_str() {
            None => Err(self.wrong(value, key, "a text in quotes", example)),
            Some(text) if text.trim().is_empty() => {
                Err(self.bad(key, "a text", "nothing in it", example))
            }
            Some(text) => Ok(Some(text.to_owned())),
        }
    }

    /// A text that has to be there.
    pub(super) fn needed_text(
        &self,
        key: &'static str,
        example: &'static str,
    ) -> Result<String, RulesError> {
        let text = self.text(key, example)?;
        text.ok_or_else(|| self.missing(key, key, example))
    }

    /// A value of a closed set of names.
    pub(super) fn name<T: FromStr>(
        &self,
        key: &'static str,
        names: &[&'static str],
        example: &'static str,
    ) -> Result<T, RulesError> {
        let text = self.needed_text(key, example)?;
        text.parse().map_err(|_| {
            let example = nearest(&text, names).unwrap_or_else(|| example.trim_matches('"').into());
            self.bad(
                key,
                format!("one of {}", names.join(", ")),
                format!("{:?}", told(&text)),
                format!("{example:?}"),
            )
        })
    }

    /// True or false.
    pub(super) fn flag(
        &self,
        key: &str,
        example: &'static str,
    ) -> Result<Option<bool>, RulesError> {
        let Some(value) = self.entries.get(key) else {
            return Ok(None);
        };
        let flag = value.get_ref().as_bool();
        let wrong = || self.wrong(value, key, "true or false", example);
        flag.map(Some).ok_or_else(wrong)
    }

    /// A number that is one: neither NaN nor infinite.
    pub(super) fn number(
        &self,
        key: &str,
        example: &'static str,
    ) -> Result<Option<f64>, RulesError> {
        let Some(value) = self.entries.get(key) else {
            return Ok(None);
        };
        let number: Option<f64> = match value.get_ref() {
            DeValue::Float(number) => number.as_str().parse().ok(),
            DeValue::Integer(number) if number.radix() == 10 => number.as_str().parse().ok(),
            DeValue::Integer(number) => i64::from_str_radix(number.as_str(), number.radix())
                .ok()
                .map(|number| number as f64),
            DeValue::String(_)
            | DeValue::Boolean(_)
            | DeValue::Datetime(_)
            | DeValue::Array(_)
            | DeValue::Table(_) => return Err(self.wrong(value, key, "a number", example)),
        };
        match number {
            Some(number) if number.is_finite() => Ok(Some(number)),
            Some(number) => Err(self.bad(key, "a number", number.to_string(), example)),
            None => Err(self.bad(key, "a number", "one that is too great", example)),
        }
    }

    /// A list of texts, or a single one.
    pub(super) fn texts(
        &self,
        key: &str,
        example: &'static str,
    ) -> Result<Vec<String>, RulesError> {
        let Some(value) = self.entries.get(key) else {
            return Ok(Vec::new());
        };
        let wrong = |value: &Value<'_>| self.wrong(value, key, "a list of texts", example);
        let text = |value: &Value<'_>| match value.get_ref().as_str() {
            Some(text) if text.trim().is_empty() => {
                Err(self.bad(key, "texts", "an empty one", example))
            }
            Some(text) => Ok(text.to_owned()),
            None => Err(wrong(value)),
        };
        match value.get_ref() {
            DeValue::Array(values) if values.is_empty() => {
                Err(self.bad(key, "at least one text", "none", example))
            }
            DeValue::Array(values) => values.iter().map(text).collect(),
            DeValue::String(_) => Ok(vec![text(value)?]),
            DeValue::Integer(_)
            | DeValue::Float(_)
            | DeValue::Boolean(_)
            | DeValue::Datetime(_)
            | DeValue::Table(_) => Err(wrong(value)),
        }
    }

    /// The pairs of a table of texts, in the order of the file.
    pub(super) fn pairs(
        &self,
        key: &'static str,
        example: &'static str,
    ) -> Result<Vec<(String, String)>, RulesError> {
        let Some(value) = self.entries.get(key) else {
            return Err(self.missing(key, key, example));
        };
        let wrong = |value: &Value<'_>| self.wrong(value, key, "words and words for them", example);
        let DeValue::Table(pairs) = value.get_ref() else {
            return Err(wrong(value));
        };
        if pairs.is_empty() {
            return Err(self.bad(key, "at least one word", "none", example));
        }
        let mut pairs: Vec<_> = pairs.iter().collect();
        pairs.sort_by_key(|(from, _)| from.span().start);
        let pair = |(from, to): (&Spanned<_>, &Value<'_>)| {
            let from: &std::borrow::Cow<'_, str> = from.get_ref();
            let to = to.get_ref().as_str().ok_or_else(|| wrong(to))?;
            Ok((from.to_string(), to.to_owned()))
        };
        pairs.into_iter().map(pair).collect()
    }

    /// The table of a key, `None` where it is not there.
    pub(super) fn table(
        &self,
        key: &'static str,
        known: &[&'static str],
    ) -> Result<Option<Table<'t>>, RulesError> {
        let Some((name, value)) = self.entries.get_key_value(key) else {
            return Ok(None);
        };
        let DeValue::Table(entries) = value.get_ref() else {
            return Err(self.wrong(value, key, "a table of its own", header(key, false)));
        };
        let place = Place::of(self.text, name.span().start);
        Table::new(self.text, header(key, false), place, entries, known).map(Some)
    }

    /// Every table of a key, in the order of the file.
    pub(super) fn tables(
        &self,
        key: &'static str,
        known: &[&'static str],
    ) -> Result<Vec<Table<'t>>, RulesError> {
        let Some((name, value)) = self.entries.get_key_value(key) else {
            return Ok(Vec::new());
        };
        let all: &DeArray<'_> = match value.get_ref() {
            DeValue::Array(all) => all,
            DeValue::String(_)
            | DeValue::Integer(_)
            | DeValue::Float(_)
            | DeValue::Boolean(_)
            | DeValue::Datetime(_)
            | DeValue::Table(_) => {
                let place = Place::of(self.text, name.span().start);
                return Err(RulesError::WrongType {
                    place,
                    key: key.to_owned(),
                    expected: "a list of tables",
                    found: kind(value.get_ref()),
                    example: header(key, true),
                });
            }
        };
        let table = |value: &'t Value<'t>| match value.get_ref() {
            DeValue::Table(entries) => {
                let place = self.at(value);
                Table::new(self.text, header(key, true), place, entries, known)
            }
            DeValue::String(_)
            | DeValue::Integer(_)
            | DeValue::Float(_)
            | DeValue::Boolean(_)
            | DeValue::Datetime(_)
            | DeValue::Array(_) => Err(self.wrong(value, key, "a table", header(key, true))),
        };
        all.iter().map(table).collect()
    }
}

/// So much of what a file holds is told in an error, in characters.
const TOLD: usize = 120;

/// As much of a text as an error tells.
pub(super) fn told(text: &str) -> String {
    excerpt(text, TOLD).into_owned()
}

/// What a value is, in words.
fn kind(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a text",
        DeValue::Integer(_) | DeValue::Float(_) => "a number",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}

/// The name that was most likely meant: within two slips of the fingers, or
/// one of which a part was typed.
fn nearest(typed: &str, names: &[&'static str]) -> Option<String> {
    let plain = |name: &str| name.to_lowercase().replace(['-', ' '], "_");
    let typed = plain(typed);
    let distances = names.iter().map(|name| (osa_distance(&typed, name), *name));
    let (distance, name) = distances.min()?;
    let most = (typed.chars().count() / 3).clamp(1, 3);
    let begins = |name: &&&str| typed.len() >= 3 && name.starts_with(typed.as_str());
    match distance <= most {
        true => Some(name.to_owned()),
        false => names.iter().find(begins).map(|name| (*name).to_owned()),
    }
}
