//! The text of a command: what was typed, or standard input for `-`.

use std::io::{self, Read};
use std::path::Path;

use thiserror::Error;

use super::phrases::quoted;
use crate::batch::{InputFormat, decoded};
use crate::remedy::Remedy;

/// The most bytes of one text: far more than any model takes, and little memory.
const MAXIMUM_BYTES: u64 = 16 << 20;

/// Standard input is no text.
#[derive(Debug, Error)]
pub enum StandardInputError {
    /// There is none, or only white space.
    #[error("standard input holds no text")]
    Empty,
    /// The system says so.
    #[error("standard input cannot be read: {0}")]
    Io(#[from] io::Error),
    /// It is something else than UTF-8.
    #[error("expected UTF-8 on standard input, found something else at byte {at}")]
    NotUtf8 {
        /// Bytes before that.
        at: usize,
    },
    /// It is too long for one text.
    #[error("expected one text of at most {MAXIMUM_BYTES} bytes on standard input, found more")]
    TooLong,
}

impl StandardInputError {
    /// What the user can do about it.
    pub fn remedy(&self) -> Option<Remedy> {
        Some(match self {
            Self::Empty | Self::Io(_) => Remedy::PipeText,
            Self::NotUtf8 { .. } => Remedy::ConvertToUtf8,
            Self::TooLong => Remedy::UseBatch,
        })
    }
}

/// The text that an argument stands for: itself, or for `-` all of standard
/// input, its line ends as spaces, those at its end left out.
pub(super) fn text_of(argument: &str) -> Result<String, StandardInputError> {
    match argument {
        "-" => read(Box::new(io::stdin())),
        text => Ok(text.to_owned()),
    }
}

/// What is to be said of a text that is the name of a file: the file is not read.
pub(super) fn names_a_file(argument: &str) -> Option<String> {
    let path = Path::new(argument);
    if argument == "-" || !path.is_file() {
        return None;
    }
    Some(match InputFormat::of(path) {
        Some(_) => format!(
            "{argument} is a file; to read its texts: attnviz batch {}",
            quoted(argument)
        ),
        None => format!("{argument} is a file, and its name is read as the text"),
    })
}

fn read(input: Box<dyn Read>) -> Result<String, StandardInputError> {
    let mut bytes = Vec::new();
    let input = decoded(input)?;
    input.take(MAXIMUM_BYTES + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MAXIMUM_BYTES {
        return Err(StandardInputError::TooLong);
    }
    let text = String::from_utf8(bytes).map_err(|error| StandardInputError::NotUtf8 {
        at: error.utf8_error().valid_up_to(),
    })?;
    let text = text.trim_start_matches('\u{feff}');
    let text = text.trim_end_matches(['\r', '\n']);
    match text.trim().is_empty() {
        true => Err(StandardInputError::Empty),
        false => Ok(text.replace("\r\n", " ").replace(['\r', '\n'], " ")),
    }
}
