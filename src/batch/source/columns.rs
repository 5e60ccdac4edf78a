//! Which columns of a table, or which fields of a JSON object, an input is made
//! of: those that the user names, or the usual ones.

use thiserror::Error;

use crate::remedy::{InputColumn, Remedy};
use crate::store::batch_records::Columns;

/// Names of texts and of their seconds, as data sets have them; letter case does
/// not count. The first is attnviz's own, and is taken whatever else is there.
const USUAL: [(&str, Option<&str>); 12] = [
    ("text", Some("pair")),
    ("sentence", None),
    ("sentence1", Some("sentence2")),
    ("sentence_1", Some("sentence_2")),
    ("sentence_a", Some("sentence_b")),
    ("text1", Some("text2")),
    ("text_1", Some("text_2")),
    ("text_a", Some("text_b")),
    ("premise", Some("hypothesis")),
    ("question", Some("context")),
    ("question1", Some("question2")),
    ("query", Some("passage")),
];
/// The usual name of ids.
const ID: &str = "id";
/// So many names are told.
const TOLD: usize = 12;

/// Where an input's parts are among the columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Chosen {
    pub text: usize,
    pub pair: Option<usize>,
    pub id: Option<usize>,
}

/// Columns or fields are not those of an input.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ColumnError {
    /// A name that the user gave is not there.
    #[error("expected a column {name:?}, as {column} says, found {}", told(.found))]
    Missing {
        /// Whose name it is.
        column: InputColumn,
        /// The name.
        name: String,
        /// The names that there are.
        found: Vec<String>,
    },
    /// None of the usual names of texts is there.
    #[error("expected a column of texts, such as \"text\" or \"sentence\", found {}", told(.found))]
    NoText {
        /// The names that there are.
        found: Vec<String>,
        /// Those that may be of texts.
        likely: Vec<String>,
    },
    /// Usual names of more than one text are there.
    #[error(
        "expected one column of texts, found {}; all columns are {}",
        told(.texts), told(.found)
    )]
    Ambiguous {
        /// Those that could be the text.
        texts: Vec<String>,
        /// The names that there are.
        found: Vec<String>,
    },
    /// Two columns have the name.
    #[error("expected one column {name:?} for {column}, found two")]
    Twice {
        /// What it would be.
        column: InputColumn,
        /// The name.
        name: String,
    },
    /// One column is asked for as both texts.
    #[error("{name:?} is asked for both as the text and as its pair")]
    Same {
        /// The name.
        name: String,
        /// The names that there are.
        found: Vec<String>,
    },
}

impl ColumnError {
    /// What the user can do about it.
    pub fn remedy(&self) -> Option<Remedy> {
        Some(match self {
            Self::Missing { column, found, .. } => Remedy::NameColumn {
                column: *column,
                names: likely(found),
            },
            Self::NoText { likely, .. } => Remedy::NameColumn {
                column: InputColumn::Text,
                names: likely.clone(),
            },
            Self::Ambiguous { texts, .. } => Remedy::NameTextAndPair {
                names: texts.clone(),
            },
            Self::Same { name, found } => Remedy::NameColumn {
                column: InputColumn::Pair,
                names: likely(found)
                    .into_iter()
                    .filter(|found| found != name)
                    .collect(),
            },
            Self::Twice { .. } => Remedy::RenameColumns,
        })
    }
}

/// The names that are more likely those of texts, unless there are none.
fn likely(found: &[String]) -> Vec<String> {
    let is_likely = |name: &&String| {
        let name = name.to_lowercase();
        let is_other = [
            "id", "idx", "index", "guid", "label", "labels", "score", "split",
        ]
        .contains(&name.as_str());
        !is_other && !name.is_empty() && name.parse::<f64>().is_err()
    };
    let likely: Vec<String> = found.iter().filter(is_likely).cloned().collect();
    let named = found.iter().filter(|name| !name.is_empty());
    match likely.is_empty() {
        true => named.cloned().collect(),
        false => likely,
    }
}

/// Names for people: the first of them, each at most so long.
fn told(names: &[String]) -> String {
    let shorten = |name: &String| match name.char_indices().nth(40) {
        None => name.clone(),
        Some((end, _)) => format!("{}…", name.get(..end).unwrap_or_default()),
    };
    let named: Vec<&String> = names.iter().filter(|name| !name.is_empty()).collect();
    let told = named.iter().copied().take(TOLD).map(shorten);
    let told: Vec<String> = told.collect();
    match (told.len(), named.len() - told.len()) {
        (0, _) => "none".to_owned(),
        (_, 0) => told.join(", "),
        (_, more) => format!("{} and {more} more", told.join(", ")),
    }
}

/// Chooses among the names of a header or an object.
pub(super) fn choose(columns: &Columns, names: &[&str]) -> Result<Chosen, ColumnError> {
    let found = || -> Vec<String> { names.iter().map(|&name| name.to_owned()).collect() };
    let named = |column: InputColumn, name: &Option<String>| match name {
        None => Ok(None),
        Some(name) => match find(names, name, column)? {
            Some(position) => Ok(Some(position)),
            None => Err(ColumnError::Missing {
                column,
                name: name.clone(),
                found: found(),
            }),
        },
    };
    let named_text = named(InputColumn::Text, &columns.text)?;
    let named_pair = named(InputColumn::Pair, &columns.pair)?;
    let id = match named(InputColumn::Id, &columns.id)? {
        None => find(names, ID, InputColumn::Id)?,
        id => id,
    };
    let (text, usual_pair) = match named_text {
        // Who names the text alone wants the text alone.
        Some(text) => (text, None),
        None => usual(names, [named_pair, id])?.ok_or_else(|| ColumnError::NoText {
            found: found(),
            likely: likely(&found()),
        })?,
    };
    let pair = named_pair.or(usual_pair);
    if pair == Some(text) {
        let name = names.get(text).copied().unwrap_or_default().to_owned();
        let found = found();
        return Err(ColumnError::Same { name, found });
    }
    Ok(Chosen { text, pair, id })
}

/// The usual text with its pair, apart from columns that are something else.
fn usual(
    names: &[&str],
    others: [Option<usize>; 2],
) -> Result<Option<(usize, Option<usize>)>, ColumnError> {
    let free = |name: &str, column: InputColumn| -> Result<Option<usize>, ColumnError> {
        let position = find(names, name, column)?;
        Ok(position.filter(|&position| !others.contains(&Some(position))))
    };
    let mut texts: Vec<(usize, Option<usize>)> = Vec::new();
    for (index, (text, pair)) in USUAL.into_iter().enumerate() {
        let Some(text) = free(text, InputColumn::Text)? else {
            continue;
        };
        let pair = match pair {
            Some(pair) => free(pair, InputColumn::Pair)?,
            None => None,
        };
        if index == 0 {
            return Ok(Some((text, pair)));
        }
        texts.push((text, pair));
    }
    if texts.len() > 1 {
        texts.sort_unstable();
        let name = |&(text, _): &(usize, _)| names.get(text).copied().unwrap_or_default();
        return Err(ColumnError::Ambiguous {
            texts: texts.iter().map(name).map(str::to_owned).collect(),
            found: names.iter().map(|&name| name.to_owned()).collect(),
        });
    }
    Ok(texts.pop())
}

/// The position of the name, else of the only one that differs by letter case.
fn find(names: &[&str], name: &str, column: InputColumn) -> Result<Option<usize>, ColumnError> {
    let twice = || ColumnError::Twice {
        column,
        name: name.to_owned(),
    };
    let mut exact = (0..).zip(names).filter(|(_, found)| **found == name);
    match (exact.next(), exact.next()) {
        (Some(_), Some(_)) => return Err(twice()),
        (Some((position, _)), None) => return Ok(Some(position)),
        (None, _) => {}
    }
    let is_alike = |found: &str| {
        found.eq_ignore_ascii_case(name)
            || (!found.is_ascii() && found.to_lowercase() == name.to_lowercase())
    };
    let mut alike = (0..).zip(names).filter(|(_, found)| is_alike(found));
    match (alike.next(), alike.next()) {
        (Some(_), Some(_)) => Err(twice()),
        (found, _) => Ok(found.map(|(position, _)| position)),
    }
}
