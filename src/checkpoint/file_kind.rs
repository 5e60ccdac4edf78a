//! What a file is by its first bytes: its name may say something else.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use thiserror::Error;

use crate::remedy::{CheckpointPart, CheckpointRemedy, ForeignWeights, Remedy};

/// What the hub calls a whole file of each kind.
pub(super) const SAFETENSORS: &str = "model.safetensors";
pub(super) const PICKLE: &str = "pytorch_model.bin";

/// Bytes that are looked at: up to where a tar file says that it is one.
const LOOKED_AT: u64 = 512;

/// Formats that turn up in folders of models.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileKind {
    /// What git holds in the place of a large file.
    LfsPointer,
    /// Nothing at all.
    Empty,
    /// Zeros, as in the place of a download that never came.
    Zeros,
    /// A page of a web server, often an error message.
    WebPage,
    /// A JSON document.
    Json,
    /// A safetensors file.
    Safetensors,
    /// What PyTorch 1.6 and later write: a zip file.
    TorchZip,
    /// What PyTorch wrote before 1.6: pickles, then bare numbers.
    TorchLegacy,
    /// What PyTorch wrote before 0.2: a tar file.
    TorchTar,
    /// A pickle of another program.
    Pickle,
    /// Weights for llama.cpp.
    Gguf,
    /// An ONNX graph.
    Onnx,
    /// Weights for TensorFlow and Keras.
    Hdf5,
    /// Weights for Flax.
    Msgpack,
    /// Arrays of numpy, one or in a zip file.
    Numpy,
    /// A compressed file.
    Compressed,
    /// None of these; text may be that, too.
    Unknown,
}

/// What a file is to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExpectedKind {
    /// Weights, as safetensors.
    Safetensors,
    /// Weights, as PyTorch saves them.
    Pickle,
    /// A JSON document.
    Json,
    /// Plain text.
    Text,
    /// A vocabulary of SentencePiece, a protobuf.
    SentencePiece,
}

/// A file is something else than its name says.
#[derive(Debug, Error)]
#[error("{}", self.in_words())]
pub struct WrongKindError {
    /// The file.
    pub path: PathBuf,
    /// What it is to be.
    pub expected: ExpectedKind,
    /// What it is.
    pub found: FileKind,
}

/// Whether a file that begins so is what git holds in the place of a large one.
pub fn is_lfs_pointer(bytes: &[u8]) -> bool {
    let firsts = [&b"version https://git-lfs."[..], b"version https://hawser."];
    firsts.iter().any(|first| bytes.starts_with(first))
}

impl FileKind {
    /// By the first bytes of a file.
    pub fn of(bytes: &[u8]) -> Self {
        let starts = |start: &[u8]| bytes.starts_with(start);
        let text = bytes.trim_ascii_start();
        let is_page = [&b"<!doctype"[..], b"<html", b"<?xml", b"<head"]
            .iter()
            .any(|tag| {
                text.get(..tag.len())
                    .is_some_and(|start| start.eq_ignore_ascii_case(tag))
            });
        match bytes {
            [] => Self::Empty,
            // Before all others: it begins with a length, which may look like
            // the beginning of any of them. None has zeros and a brace here.
            _ if bytes.get(8) == Some(&b'{') && safetensors_length(bytes).is_some() => {
                Self::Safetensors
            }
            _ if is_lfs_pointer(bytes) => Self::LfsPointer,
            _ if is_page => Self::WebPage,
            _ if starts(b"PK\x03\x04") && first_zip_entry(bytes).ends_with(b".npy") => Self::Numpy,
            _ if starts(b"PK\x03\x04") => Self::TorchZip,
            _ if starts(b"\x93NUMPY") => Self::Numpy,
            _ if starts(b"GGUF") || starts(b"lmgg") || starts(b"tjgg") => Self::Gguf,
            _ if starts(b"\x89HDF\r\n") => Self::Hdf5,
            _ if starts(b"\x1f\x8b") || starts(b"\x28\xb5\x2f\xfd") || starts(b"\xfd7zXZ") => {
                Self::Compressed
            }
            _ if bytes.get(257..262) == Some(b"ustar") => Self::TorchTar,
            [0x80, 2..=5, 0x8a, 0x0a, rest @ ..] if rest.starts_with(&TORCH_MAGIC) => {
                Self::TorchLegacy
            }
            // With the length of the pickle before it, as protocol 4 has it.
            [0x80, 4..=5, 0x95, rest @ ..]
                if rest.get(8..10) == Some(&[0x8a, 0x0a])
                    && rest[10..].starts_with(&TORCH_MAGIC) =>
            {
                Self::TorchLegacy
            }
            [0x80, 2..=5, ..] => Self::Pickle,
            // A map whose first key is a short text.
            [0x81..=0x8f | 0xde | 0xdf, rest @ ..] if has_short_key(bytes[0], rest) => {
                Self::Msgpack
            }
            // The version, then the producer's name, the graph or the domain.
            [0x08, 1..=32, 0x12 | 0x1a | 0x22 | 0x3a | 0x42, ..] => Self::Onnx,
            _ if bytes.len() > 16 && bytes.iter().all(|&byte| byte == 0) => Self::Zeros,
            _ if is_json(text) => Self::Json,
            _ => Self::Unknown,
        }
    }

    /// By the first bytes of the file at a path.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn of_file(path: &Path) -> io::Result<Self> {
        let mut start = Vec::new();
        File::open(path)?.take(LOOKED_AT).read_to_end(&mut start)?;
        Ok(Self::of(&start))
    }

    /// What such a file is, for people.
    pub fn in_words(self) -> &'static str {
        match self {
            Self::LfsPointer => "a Git LFS pointer",
            Self::Empty => "empty",
            Self::Zeros => "nothing but zeros",
            Self::WebPage => "a page of a web server (HTML or XML)",
            Self::Json => "a JSON document",
            Self::Safetensors => "a safetensors file",
            Self::TorchZip => "a PyTorch (zip) file",
            Self::TorchLegacy => "a file of PyTorch before 1.6",
            Self::TorchTar => "a tar file, the format of PyTorch before 0.2",
            Self::Pickle => "a pickle that PyTorch did not write",
            Self::Gguf => "a GGUF file, for llama.cpp",
            Self::Onnx => "an ONNX graph",
            Self::Hdf5 => "an HDF5 file, for TensorFlow or Keras",
            Self::Msgpack => "a msgpack file, for Flax",
            Self::Numpy => "a file of numpy",
            Self::Compressed => "a compressed file",
            Self::Unknown => "of no known format",
        }
    }

    /// Whether Python has written it, and can write it otherwise.
    fn is_of_python(self) -> bool {
        match self {
            Self::Safetensors | Self::TorchZip | Self::TorchLegacy | Self::Pickle | Self::Numpy => {
                true
            }
            Self::LfsPointer
            | Self::Empty
            | Self::Zeros
            | Self::WebPage
            | Self::Json
            | Self::TorchTar
            | Self::Gguf
            | Self::Onnx
            | Self::Hdf5
            | Self::Msgpack
            | Self::Compressed
            | Self::Unknown => false,
        }
    }

    /// The format, where it holds weights for another program.
    pub(super) fn foreign(self) -> Option<ForeignWeights> {
        match self {
            Self::Gguf => Some(ForeignWeights::Gguf),
            Self::Onnx => Some(ForeignWeights::Onnx),
            Self::Hdf5 => Some(ForeignWeights::TensorFlow),
            Self::Msgpack => Some(ForeignWeights::Flax),
            Self::TorchTar => Some(ForeignWeights::OldTorch),
            Self::LfsPointer
            | Self::Empty
            | Self::Zeros
            | Self::WebPage
            | Self::Json
            | Self::Safetensors
            | Self::TorchZip
            | Self::TorchLegacy
            | Self::Pickle
            | Self::Numpy
            | Self::Compressed
            | Self::Unknown => None,
        }
    }
}

impl ExpectedKind {
    fn in_words(self) -> &'static str {
        match self {
            Self::Safetensors => "a safetensors file",
            Self::Pickle => "a PyTorch file",
            Self::Json => "a JSON document",
            Self::Text => "plain text",
            Self::SentencePiece => "a SentencePiece model",
        }
    }

    /// Refuses what a file certainly is not to be; what cannot be told by the
    /// first bytes is left to who reads it.
    ///
    /// # Errors
    /// When the file is something else.
    pub fn check(self, path: &Path, start: &[u8]) -> Result<(), WrongKindError> {
        let found = FileKind::of(start);
        let is_right = match self {
            Self::Safetensors => matches!(found, FileKind::Safetensors | FileKind::Unknown),
            Self::Pickle => matches!(
                found,
                FileKind::TorchZip | FileKind::TorchLegacy | FileKind::Unknown
            ),
            Self::Json => matches!(found, FileKind::Json | FileKind::Unknown),
            // An empty vocabulary is a vocabulary without what it needs.
            Self::Text => matches!(found, FileKind::Unknown | FileKind::Empty),
            // Its first bytes are lengths, which may look like anything else.
            Self::SentencePiece => !matches!(
                found,
                FileKind::LfsPointer
                    | FileKind::Empty
                    | FileKind::Zeros
                    | FileKind::WebPage
                    | FileKind::Json
            ),
        };
        match is_right {
            true => Ok(()),
            false => Err(WrongKindError {
                path: path.to_owned(),
                expected: self,
                found,
            }),
        }
    }

    /// As [`ExpectedKind::check`], of a file that is not read yet.
    ///
    /// # Errors
    /// When the file cannot be read or is something else.
    pub fn check_file(self, path: &Path) -> io::Result<Result<(), WrongKindError>> {
        let mut start = Vec::new();
        File::open(path)?.take(LOOKED_AT).read_to_end(&mut start)?;
        Ok(self.check(path, &start))
    }
}

impl WrongKindError {
    fn in_words(&self) -> String {
        let name = self.path.file_name().unwrap_or(self.path.as_os_str());
        let (name, found) = (name.to_string_lossy(), self.found.in_words());
        let expected = match self.found {
            FileKind::Empty => return format!("{name} is empty"),
            FileKind::LfsPointer => "the file",
            FileKind::Zeros
            | FileKind::WebPage
            | FileKind::Json
            | FileKind::Safetensors
            | FileKind::TorchZip
            | FileKind::TorchLegacy
            | FileKind::TorchTar
            | FileKind::Pickle
            | FileKind::Gguf
            | FileKind::Onnx
            | FileKind::Hdf5
            | FileKind::Msgpack
            | FileKind::Numpy
            | FileKind::Compressed
            | FileKind::Unknown => self.expected.in_words(),
        };
        format!("{name} is {found}, not {expected}")
    }

    /// What the user can do about it.
    pub fn remedy(&self) -> Option<Remedy> {
        let name = self.path.file_name().and_then(|name| name.to_str());
        let folder = self.path.parent().unwrap_or(&self.path);
        let is_torch = [FileKind::TorchZip, FileKind::TorchLegacy].contains(&self.found);
        let other_name = if self.expected == ExpectedKind::Safetensors && is_torch {
            (name == Some(SAFETENSORS)).then_some(PICKLE)
        } else if self.expected == ExpectedKind::Pickle && self.found == FileKind::Safetensors {
            (name == Some(PICKLE)).then_some(SAFETENSORS)
        } else {
            None
        };
        let are_weights = match self.expected {
            ExpectedKind::Safetensors | ExpectedKind::Pickle => true,
            ExpectedKind::Json | ExpectedKind::Text | ExpectedKind::SentencePiece => false,
        };
        Some(match (other_name, self.found.foreign()) {
            _ if self.found == FileKind::LfsPointer => {
                Remedy::Checkpoint(CheckpointRemedy::PullLfs {
                    folder: folder.to_owned(),
                })
            }
            (Some(name), _) => Remedy::Checkpoint(CheckpointRemedy::RenameFile {
                from: self.path.clone(),
                to: self.path.with_file_name(name),
            }),
            (None, Some(format)) if are_weights => {
                Remedy::Checkpoint(CheckpointRemedy::ConvertWeights {
                    format,
                    from: folder.display().to_string(),
                })
            }
            // A shard, or something that Python has saved in its own way.
            _ if are_weights && self.found.is_of_python() => Remedy::Checkpoint(
                CheckpointRemedy::SaveCheckpoint(CheckpointPart::Safetensors),
            ),
            _ => Remedy::Checkpoint(CheckpointRemedy::DownloadFile {
                path: self.path.clone(),
            }),
        })
    }
}

/// Of the number that begins PyTorch's files before 1.6.
const TORCH_MAGIC: [u8; 9] = [0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50];

/// The name of a zip file's first entry.
fn first_zip_entry(bytes: &[u8]) -> &[u8] {
    let Some(&[low, high]) = bytes.get(26..28) else {
        return &[];
    };
    let length = usize::from(u16::from_le_bytes([low, high]));
    bytes.get(30..30 + length).unwrap_or(&[])
}

/// Whether a msgpack map's first key is a text.
fn has_short_key(first: u8, rest: &[u8]) -> bool {
    let skipped = match first {
        0xde => 2,
        0xdf => 4,
        _ => 0,
    };
    match rest.get(skipped..) {
        Some([0xa1..=0xbf, letter, ..] | [0xd9, _, letter, ..]) => letter.is_ascii_graphic(),
        _ => false,
    }
}

/// The length of a safetensors header that anybody would write.
fn safetensors_length(bytes: &[u8]) -> Option<u64> {
    let length = u64::from_le_bytes(*bytes.first_chunk()?);
    (2..=100_000_000).contains(&length).then_some(length)
}

/// Whether a text begins as JSON does, and not as a vocabulary (`[PAD]`).
fn is_json(text: &[u8]) -> bool {
    let Some((first, rest)) = text.split_first() else {
        return false;
    };
    let second = rest.trim_ascii_start().first();
    match first {
        b'{' => matches!(second, Some(b'"' | b'}') | None),
        b'[' => matches!(second, Some(b'"' | b'{' | b'[')),
        _ => false,
    }
}
