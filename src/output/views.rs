//! Which pictures of a run there are, and what their files are called.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use super::folder::file_stem;
use super::{Format, OutputOptions};
use crate::analysis::{Direction, Reduction, Shown};
use crate::attention::Selection;
use crate::figure::{FigureError, MapChoice};
use crate::names::UnknownName;

/// Which pictures are drawn of a run.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum View {
    /// One picture of every selected head.
    Heads,
    /// The grid of all selected heads.
    Overview,
    /// The mean over heads: a picture of every layer, and one of all.
    Mean,
    /// The maximum over heads: a picture of every layer, and one of all.
    Max,
    /// What one token attends to, or what attends to it.
    Token(Direction, TokenChoice),
}

/// A token of the input, as it is named on the command line: by its text, or
/// by its position among the shown tokens, counted from zero, where none has
/// that text.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TokenChoice(String);

impl TokenChoice {
    /// The position among the shown tokens.
    ///
    /// # Errors
    /// When there is no such token, or more than one.
    pub fn resolve(&self, shown: &Shown<'_>) -> Result<usize, FigureError> {
        let text = &self.0;
        let count = shown.tokens.len();
        let positions: Vec<usize> = (0..count)
            .filter(|&position| shown.tokens[position].text == *text)
            .collect();
        match (positions.as_slice(), text.parse()) {
            ([position], _) => Ok(*position),
            ([], Ok(position)) if position < count => Ok(position),
            ([], Ok(found)) => Err(FigureError::NoSuchPosition { found, count }),
            ([], Err(_)) => Err(FigureError::NoSuchToken {
                text: text.clone(),
                tokens: shown
                    .tokens
                    .iter()
                    .map(|token| token.text.clone())
                    .collect(),
            }),
            _ => Err(FigureError::SeveralTokens {
                text: text.clone(),
                positions,
            }),
        }
    }
}

impl fmt::Display for TokenChoice {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl FromStr for View {
    type Err = UnknownName;

    fn from_str(found: &str) -> Result<Self, UnknownName> {
        let token = |prefix: &str, direction| {
            let text = found.strip_prefix(prefix)?;
            (!text.is_empty()).then(|| Self::Token(direction, TokenChoice(text.to_owned())))
        };
        match found {
            "heads" => Ok(Self::Heads),
            "overview" => Ok(Self::Overview),
            "mean" => Ok(Self::Mean),
            "max" => Ok(Self::Max),
            _ => token("from:", Direction::From)
                .or_else(|| token("to:", Direction::To))
                .ok_or_else(|| UnknownName {
                    kind: "view",
                    found: found.to_owned(),
                    expected: "heads, overview, mean, max, from:TOKEN, to:TOKEN".to_owned(),
                }),
        }
    }
}

impl fmt::Display for View {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Heads => formatter.write_str("heads"),
            Self::Overview => formatter.write_str("overview"),
            Self::Mean => formatter.write_str("mean"),
            Self::Max => formatter.write_str("max"),
            Self::Token(Direction::From, choice) => write!(formatter, "from:{choice}"),
            Self::Token(Direction::To, choice) => write!(formatter, "to:{choice}"),
        }
    }
}

/// One picture of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum PictureId {
    Overview,
    Map(MapChoice),
    Token(Direction, TokenChoice),
}

impl PictureId {
    /// Where the picture goes in the run's folder, without its extension.
    fn stem(&self) -> String {
        let word = |reduction: &Reduction| match reduction {
            Reduction::Mean => "mean",
            Reduction::Max => "max",
        };
        match self {
            Self::Overview => "overview".to_owned(),
            Self::Map(MapChoice::Head(id)) => {
                format!("heads/layer-{:02}-head-{:02}", id.layer, id.head)
            }
            Self::Map(MapChoice::Layer(layer, reduction)) => {
                format!("{}/layer-{layer:02}", word(reduction))
            }
            Self::Map(MapChoice::All(reduction)) => format!("{}/all", word(reduction)),
            Self::Token(Direction::From, choice) => {
                format!("from/{}", file_stem(&choice.to_string()))
            }
            Self::Token(Direction::To, choice) => format!("to/{}", file_stem(&choice.to_string())),
        }
    }

    /// Where the picture goes in the run's folder.
    pub(super) fn file_name(&self, format: Format) -> String {
        format!("{}.{format}", self.stem())
    }
}

/// The pictures of a run, in the order in which its manifest lists them.
pub(super) fn pictures(selection: &Selection, options: &OutputOptions) -> Vec<PictureId> {
    if picture_formats(options).is_empty() {
        return Vec::new();
    }
    let reduced = |reduction| {
        let layers = selection.layers.iter();
        layers
            .map(move |&layer| MapChoice::Layer(layer, reduction))
            .chain([MapChoice::All(reduction)])
            .map(PictureId::Map)
    };
    let mut pictures = Vec::new();
    if options.views.contains(&View::Overview) {
        pictures.push(PictureId::Overview);
    }
    for view in &options.views {
        match view {
            View::Overview => {}
            View::Heads => pictures.extend(
                selection
                    .head_ids()
                    .map(|id| PictureId::Map(MapChoice::Head(id))),
            ),
            View::Mean => pictures.extend(reduced(Reduction::Mean)),
            View::Max => pictures.extend(reduced(Reduction::Max)),
            View::Token(direction, choice) => {
                pictures.push(PictureId::Token(*direction, choice.clone()));
            }
        }
    }
    pictures
}

/// The formats that pictures are written in.
pub(super) fn picture_formats(options: &OutputOptions) -> BTreeSet<Format> {
    options
        .formats
        .iter()
        .copied()
        .filter(|format| matches!(format, Format::Png | Format::Svg))
        .collect()
}
