//! Figures as bytes: colours, lettering, one drawing, and a backend of plotters
//! for every file format.
//!
//! A figure is [prepared](prepare) once, then encoded in as many formats as are
//! asked for. Nothing outside this module knows plotters or a font.

pub mod colormap;
mod draw;
mod fonts;
mod letters;
pub mod page;
pub mod png;
pub mod svg;
pub mod terminal;
pub mod text;
pub mod thumbnail;

use std::collections::BTreeSet;

use thiserror::Error;

use crate::figure::FigureError;
use crate::remedy::Remedy;

pub use draw::{Drawing, prepare};
pub use text::TextShaper;
pub use thumbnail::thumbnail;

/// Why a figure did not become bytes.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum RenderError {
    /// The figure cannot be laid out.
    #[error(transparent)]
    Layout(#[from] FigureError),
    /// The drawing library failed.
    #[error("cannot draw the picture: {message}")]
    Drawing {
        /// What the drawing library says.
        message: String,
    },
    /// The encoder failed.
    #[error("cannot encode the picture as PNG")]
    Encoding(#[from] ::png::EncodingError),
    /// What the page holds cannot be written down, which no run gives it a
    /// reason for.
    #[error("cannot encode the page: {message}")]
    Page {
        /// What the library says.
        message: String,
    },
}

impl RenderError {
    /// What the user can do about it.
    pub fn remedy(&self) -> Option<Remedy> {
        match self {
            Self::Layout(error) => error.remedy(),
            Self::Drawing { .. } | Self::Encoding(_) | Self::Page { .. } => None,
        }
    }
}

/// A picture as the bytes of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picture {
    /// The whole file.
    pub bytes: Vec<u8>,
    /// In pixels.
    pub width: u32,
    /// In pixels.
    pub height: u32,
    /// Code points that no font has; they are drawn as boxes with their
    /// hexadecimal number.
    pub missing_glyphs: BTreeSet<char>,
}
