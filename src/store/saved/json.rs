//! Arrays of a JSON file: lists within lists, by the names of an object, or as
//! the whole file; those of objects within them by the keys and positions that
//! lead there, as `layers.0.attention`. Numbers go straight from the text into their array.

use std::fmt;
use std::fs::File;
use std::io::BufReader;
use std::path::Path;

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::Value;

use super::arrays::{ArrayInfo, Content, FloatType};
use super::own_tokens::{may_be_tokens, tokens_among};
use super::{MAXIMUM_ARRAYS, SavedError};
use crate::store::numbers::names::{MANIFEST_ENTRY, RAW};

/// What a file holds. Reading it checks all of it.
#[derive(Debug, Default)]
pub(super) struct JsonArrays {
    manifest: Option<String>,
    arrays: Vec<ArrayInfo>,
    /// Of each array.
    values: Vec<Vec<f32>>,
    /// Lists of texts, by their entries.
    texts: Vec<(String, Vec<String>)>,
}

/// So many texts of an entry are kept: attention of more tokens is not read.
const MAXIMUM_TOKENS: usize = 1 << 16;

impl JsonArrays {
    pub(super) fn open(path: &Path, file: File) -> Result<Self, SavedError> {
        let mut found = Self::default();
        let mut json = serde_json::Deserializer::from_reader(BufReader::new(file));
        DocumentSeed(&mut found)
            .deserialize(&mut json)
            .and_then(|()| json.end())
            .map_err(|error| match error.is_syntax() {
                // As Python writes it, or several documents in one file.
                true => SavedError::Format {
                    path: path.to_owned(),
                    found: format!(
                        "what JSON has not, such as NaN or a second line of it: {error}"
                    ),
                },
                false => SavedError::Malformed {
                    path: path.to_owned(),
                    reason: error.to_string(),
                },
            })?;
        Ok(found)
    }

    pub(super) fn manifest(&self) -> Option<String> {
        self.manifest.clone()
    }

    pub(super) fn arrays(&self) -> &[ArrayInfo] {
        &self.arrays
    }

    /// The values of an array, which are given away.
    pub(super) fn take(&mut self, position: usize) -> Vec<f32> {
        self.values
            .get_mut(position)
            .map(std::mem::take)
            .unwrap_or_default()
    }

    /// What its entries call the queries and the keys.
    pub(super) fn tokens(&self) -> [Option<Vec<String>>; 2] {
        tokens_among(&self.texts)
    }

    /// Takes an array, or instead of it those of the objects within.
    fn add<E: serde::de::Error>(&mut self, name: String, mut array: Nested) -> Result<(), E> {
        let within = std::mem::take(&mut array.within);
        if self.arrays.len() + within.len().max(1) > MAXIMUM_ARRAYS {
            return Err(E::custom(format_args!(
                "it has more than {MAXIMUM_ARRAYS} entries"
            )));
        }
        match within.is_empty() {
            true => self.push(name, array),
            false => {
                for (rest, array) in within {
                    self.push(format!("{name}.{rest}"), array);
                }
            }
        }
        Ok(())
    }

    fn push(&mut self, name: String, mut array: Nested) {
        let (shape, content) = array.described();
        let texts = std::mem::take(&mut array.texts);
        // One list of them, or a batch of one.
        let is_list = matches!(shape.as_slice(), [count] | [1, count] if *count == texts.len());
        if is_list && may_be_tokens(&name) {
            self.texts.push((name.clone(), texts));
        }
        self.arrays.push(ArrayInfo {
            name,
            shape,
            content,
        });
        self.values.push(array.values);
    }
}

/// Lists within lists while they are read.
#[derive(Debug, Default)]
struct Nested {
    values: Vec<f32>,
    /// The length of the lists at each depth, as the first of them has it.
    shape: Vec<usize>,
    /// How deep the first number lies, and the first null.
    number_depth: Option<usize>,
    null_depth: Option<usize>,
    /// What else was found than numbers in lists of equal lengths.
    odd: Option<&'static str>,
    texts: Vec<String>,
    /// What the objects within it hold, by what leads there from here.
    within: Vec<(String, Nested)>,
    /// The position in each list that is being read.
    positions: Vec<usize>,
}

impl Nested {
    fn number(&mut self, depth: usize, value: f32) {
        if *self.number_depth.get_or_insert(depth) != depth {
            self.odd = Some("lists of different depths");
        }
        self.values.push(value);
    }

    fn list(&mut self, depth: usize, length: usize) {
        match self.shape.get_mut(depth) {
            // Inner lists end before the outer ones.
            Some(known @ &mut usize::MAX) => *known = length,
            Some(known) if *known == length => {}
            Some(_) => self.odd = Some("lists of different lengths"),
            None => {}
        }
    }

    fn described(&self) -> (Vec<usize>, Content) {
        let is_whole_null = match (self.number_depth, self.null_depth) {
            (None, Some(_)) => true,
            // A null in the place of a whole layer is no missing number.
            (Some(number), Some(null)) => null < number,
            (_, None) => false,
        };
        let product = self
            .shape
            .iter()
            .try_fold(1_usize, |product, &size| product.checked_mul(size));
        let content = match self.odd {
            _ if is_whole_null => Content::Nothing,
            Some(odd) => Content::Other(odd.to_owned()),
            None if product != Some(self.values.len()) => {
                Content::Other("lists of different lengths".to_owned())
            }
            // As attnviz itself writes them.
            None => Content::Floats(FloatType::F32),
        };
        (self.shape.clone(), content)
    }
}

/// One value, and all within it.
struct NestedSeed<'array> {
    array: &'array mut Nested,
    depth: usize,
}

impl<'de> DeserializeSeed<'de> for NestedSeed<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for NestedSeed<'_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a number, or a list of numbers")
    }

    fn visit_f64<E>(self, value: f64) -> Result<(), E> {
        self.array.number(self.depth, value as f32);
        Ok(())
    }

    fn visit_u64<E>(self, value: u64) -> Result<(), E> {
        self.array.number(self.depth, value as f32);
        Ok(())
    }

    fn visit_i64<E>(self, value: i64) -> Result<(), E> {
        self.array.number(self.depth, value as f32);
        Ok(())
    }

    /// What is not there, and NaN in other programs' JSON.
    fn visit_unit<E>(self) -> Result<(), E> {
        let depth = self.array.null_depth.unwrap_or(self.depth);
        self.array.null_depth = Some(depth.min(self.depth));
        self.array.values.push(f32::NAN);
        Ok(())
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        self.array.odd = Some("true or false");
        Ok(())
    }

    fn visit_str<E>(self, text: &str) -> Result<(), E> {
        self.array.odd = Some("texts");
        if self.array.texts.len() < MAXIMUM_TOKENS {
            self.array.texts.push(text.to_owned());
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        let Self { array, depth } = self;
        if array.shape.len() == depth {
            array.shape.push(usize::MAX);
        }
        let mut length = 0;
        array.positions.push(0);
        while items
            .next_element_seed(NestedSeed {
                array: &mut *array,
                depth: depth + 1,
            })?
            .is_some()
        {
            length += 1;
            if let Some(position) = array.positions.last_mut() {
                *position = length;
            }
        }
        array.positions.pop();
        array.list(depth, length);
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<(), A::Error> {
        self.array.odd = Some("an object");
        let positions = self.array.positions.iter();
        let place: String = positions.map(|position| format!("{position}.")).collect();
        while let Some(key) = entries.next_key::<String>()? {
            if self.array.within.len() > MAXIMUM_ARRAYS {
                entries.next_value::<IgnoredAny>()?;
                continue;
            }
            let mut inner = Nested::default();
            let seed = NestedSeed {
                array: &mut inner,
                depth: 0,
            };
            entries.next_value_seed(seed)?;
            let name = format!("{place}{key}");
            let further = std::mem::take(&mut inner.within);
            let further = further.into_iter();
            let further = further.map(|(rest, array)| (format!("{name}.{rest}"), array));
            self.array.within.extend(further);
            // What holds nothing but objects is no array.
            if inner.odd != Some("an object") {
                self.array.within.push((name, inner));
            }
        }
        Ok(())
    }
}

/// The whole file.
struct DocumentSeed<'file>(&'file mut JsonArrays);

impl<'de> DeserializeSeed<'de> for DocumentSeed<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for DocumentSeed<'_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("lists of numbers, or an object with some under attention")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, items: A) -> Result<(), A::Error> {
        let mut array = Nested::default();
        NestedSeed {
            array: &mut array,
            depth: 0,
        }
        .visit_seq(items)?;
        self.0.add(RAW.to_owned(), array)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<(), A::Error> {
        while let Some(name) = entries.next_key::<String>()? {
            if name == MANIFEST_ENTRY {
                self.0.manifest = Some(entries.next_value::<Value>()?.to_string());
                continue;
            }
            let mut array = Nested::default();
            entries.next_value_seed(NestedSeed {
                array: &mut array,
                depth: 0,
            })?;
            self.0.add(name, array)?;
        }
        Ok(())
    }
}
