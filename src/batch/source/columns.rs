//! Which columns of a table, or which fields of a JSON object, an input is made
//! of: those that the user names, or the usual ones.

use std::cmp::Reverse;

use strsim::osa_distance;
use thiserror::Error;

use crate::remedy::{InputColumn, Remedy};
use crate::store::batch_records::Columns;

/// Names of texts and of their seconds, as data sets have them, the likelier
/// second first; letter case does not count. The first is attnviz's own, and is
/// taken whatever else is there.
const USUAL: [(&str, &[&str]); 12] = [
    ("text", &[PAIR, "text_pair"]),
    ("sentence", &[PAIR]),
    ("sentence1", &["sentence2", PAIR]),
    ("sentence_1", &["sentence_2", PAIR]),
    ("sentence_a", &["sentence_b", PAIR]),
    ("text1", &["text2", PAIR]),
    ("text_1", &["text_2", PAIR]),
    ("text_a", &["text_b", PAIR]),
    ("premise", &["hypothesis", PAIR]),
    ("question", &["context", PAIR]),
    ("question1", &["question2", PAIR]),
    ("query", &["passage", PAIR]),
];
/// attnviz's own name of second texts, which goes with any text.
const PAIR: &str = "pair";
/// Names of second texts that are not taken where nobody says so.
const OTHER_SECONDS: [&str; 7] = [
    "sentence_pair",
    "answer",
    "document",
    "paragraph",
    "response",
    "evidence",
    "conclusion",
];
/// The usual name of ids.
const ID: &str = "id";
/// So many names are told.
const TOLD: usize = 12;

/// Where an input's parts are among the columns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Chosen {
    pub text: usize,
    pub pair: Option<usize>,
    pub id: Option<usize>,
    /// The usual second texts of other names than the text has, which are not
    /// taken where nobody says so.
    pub unread: Vec<usize>,
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
        /// Those that may be meant, the nearest first.
        likely: Vec<String>,
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
    /// With the columns first whose fields in the first rows together look most
    /// like texts: one name of many words makes no text of a column.
    pub(super) fn with_examples(self, likelihood: impl Fn(usize) -> (usize, usize)) -> Self {
        let Self::NoText { found, mut likely } = self else {
            return self;
        };
        let of_column = |name: &String| {
            let position = found.iter().position(|found| found == name);
            position.map(&likelihood)
        };
        likely.sort_by_key(|name| Reverse(of_column(name)));
        Self::NoText { found, likely }
    }

    /// What the user can do about it.
    pub fn remedy(&self) -> Option<Remedy> {
        Some(match self {
            Self::Missing { column, likely, .. } => Remedy::NameColumn {
                column: *column,
                names: likely.clone(),
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

/// What stands between the names of a header, where a line is one for certain:
/// names of one word each, or between tabs, and one of them the usual one of
/// texts.
pub(super) fn header_delimiter(line: &str) -> Option<char> {
    ['\t', ',', ';'].into_iter().find(|&delimiter| {
        let mut names = line
            .split(delimiter)
            .map(|name| name.trim().trim_matches('"'));
        let are_words = delimiter == '\t' || names.clone().all(|name| !name.contains(' '));
        let is_usual = |name: &str| {
            let mut usual = USUAL.iter();
            usual.any(|(text, _)| name.eq_ignore_ascii_case(text))
        };
        line.contains(delimiter) && are_words && names.any(is_usual)
    })
}

/// How much a field looks like a text: by its words, then by its length.
pub(super) fn likelihood(field: &str) -> (usize, usize) {
    (field.split_whitespace().count(), field.chars().count())
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
                likely: meant(column, name, columns, names),
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
    let others = [Some(text), id];
    let unread = match (named_text, pair) {
        (None, None) => unread_pairs(names, others),
        (Some(_), _) | (_, Some(_)) => Vec::new(),
    };
    Ok(Chosen {
        text,
        pair,
        id,
        unread,
    })
}

/// Where the id is, whatever else is there.
pub(super) fn id_position(columns: &Columns, names: &[&str]) -> Option<usize> {
    let name = columns.id.as_deref().unwrap_or(ID);
    find(names, name, InputColumn::Id).ok()?
}

/// The usual second texts that are none of the others.
fn unread_pairs(names: &[&str], others: [Option<usize>; 2]) -> Vec<usize> {
    let seconds = USUAL.iter().flat_map(|(_, seconds)| seconds.iter());
    let mut unread: Vec<usize> = seconds
        .chain(&OTHER_SECONDS)
        .filter_map(|second| find(names, second, InputColumn::Pair).ok()?)
        .filter(|&position| !others.contains(&Some(position)))
        .collect();
    unread.sort_unstable();
    unread.dedup();
    unread
}

/// The names that may be meant by one that is not there, the nearest first: none
/// of a column that is something else already.
fn meant(column: InputColumn, name: &str, columns: &Columns, names: &[&str]) -> Vec<String> {
    let position = |column: InputColumn, name: &Option<String>| {
        let name = name.as_deref()?;
        find(names, name, column).ok()?
    };
    let mut taken = vec![
        position(InputColumn::Text, &columns.text),
        position(InputColumn::Pair, &columns.pair),
        position(InputColumn::Id, &columns.id),
    ];
    if column != InputColumn::Text && columns.text.is_none() {
        let usual = usual(names, [None, None]).ok().flatten();
        taken.push(usual.map(|(text, _)| text));
    }
    let free = (0..).zip(names);
    let free = free.filter(|(position, _)| !taken.contains(&Some(*position)));
    let free: Vec<String> = free.map(|(_, name)| (*name).to_owned()).collect();
    let mut meant = match column {
        InputColumn::Text | InputColumn::Pair => likely(&free),
        InputColumn::Id => free.into_iter().filter(|name| !name.is_empty()).collect(),
    };
    let typed = name.to_lowercase();
    meant.sort_by_key(|name| osa_distance(&typed, &name.to_lowercase()));
    meant
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
    for (index, (text, seconds)) in USUAL.into_iter().enumerate() {
        let Some(text) = free(text, InputColumn::Text)? else {
            continue;
        };
        let mut pair = None;
        for second in seconds {
            pair = match pair {
                None => free(second, InputColumn::Pair)?,
                found => found,
            };
        }
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
