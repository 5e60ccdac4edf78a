//! The header of a safetensors file, checked: of weights, and of saved runs.

use std::fmt;
use std::io::{self, Read};

use safetensors::tensor::Metadata;
use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, MapAccess, Visitor};
use thiserror::Error;

use crate::remedy::Remedy;

/// The most tensors of a file, of which each takes a thousand bytes; models have
/// a few hundred.
const MAXIMUM_TENSORS: usize = 100_000;

/// What a safetensors file says it holds.
#[derive(Debug)]
pub struct SafetensorsHeader {
    /// Names, types, shapes and places of its tensors.
    pub metadata: Metadata,
    /// Where the first of them starts in the file.
    pub data_start: u64,
}

/// Why a header cannot be used.
#[derive(Debug, Error)]
pub enum HeaderError {
    /// The file cannot be read.
    #[error(transparent)]
    Io(io::Error),
    /// It is no whole safetensors file: what is wrong with it, in words.
    #[error("{0}")]
    Malformed(String),
    /// It ends before what its header says: what is missing, in words.
    #[error("{0}")]
    Incomplete(String),
    /// The header is longer than was to be read.
    #[error("its header has {length} bytes, at most {maximum} are read")]
    TooLong {
        /// Its length in bytes.
        length: u64,
        /// The most that are read.
        maximum: u64,
    },
}

impl HeaderError {
    /// What the user can do about it; of a malformed header, whoever reads the
    /// file knows.
    pub fn remedy(&self) -> Option<Remedy> {
        match self {
            Self::Io(_) => Some(Remedy::LookAtFile),
            Self::Malformed(_) | Self::Incomplete(_) | Self::TooLong { .. } => None,
        }
    }
}

impl SafetensorsHeader {
    /// Reads a file from its start: the header's length fits the file, the
    /// offsets leave no gap and no overlap, and the tensors end where the file
    /// ends.
    ///
    /// # Errors
    /// See [`HeaderError`].
    pub fn read(mut file: impl Read, file_length: u64, maximum: u64) -> Result<Self, HeaderError> {
        if file_length < 8 {
            return Err(HeaderError::Malformed(format!(
                "it has {file_length} bytes, expected at least 8"
            )));
        }
        let mut length_field = [0_u8; 8];
        file.read_exact(&mut length_field)
            .map_err(HeaderError::Io)?;
        let length = u64::from_le_bytes(length_field);
        let available = file_length - 8;
        if length > available {
            let reason =
                format!("its header says it is {length} bytes long, and {available} bytes follow");
            let mut first = [0];
            let begins_right = file.read(&mut first).is_ok() && first == *b"{";
            return Err(match begins_right && length <= maximum {
                true => HeaderError::Incomplete(reason),
                false => HeaderError::Malformed(reason),
            });
        }
        if length > maximum {
            return Err(HeaderError::TooLong { length, maximum });
        }
        let mut header = Vec::new();
        file.take(length)
            .read_to_end(&mut header)
            .map_err(HeaderError::Io)?;
        let not_understood = |error: serde_json::Error| {
            HeaderError::Malformed(format!("its header cannot be understood: {error}"))
        };
        let Count(found) = serde_json::from_slice(&header).map_err(not_understood)?;
        if found > MAXIMUM_TENSORS {
            return Err(HeaderError::Malformed(format!(
                "it has {found} tensors, at most {MAXIMUM_TENSORS} are read"
            )));
        }
        let metadata: Metadata = serde_json::from_slice(&header).map_err(not_understood)?;
        let data_start = 8 + length;
        let data_length = metadata.data_len() as u64;
        let found_length = file_length - data_start;
        if data_length != found_length {
            let reason = format!(
                "its tensors take {data_length} bytes, and {found_length} bytes follow the header"
            );
            return Err(match data_length > found_length {
                true => HeaderError::Incomplete(reason),
                false => HeaderError::Malformed(reason),
            });
        }
        Ok(Self {
            metadata,
            data_start,
        })
    }
}

/// How many entries an object has; none of them is kept.
struct Count(usize);

impl<'de> Deserialize<'de> for Count {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Entries;
        impl<'de> Visitor<'de> for Entries {
            type Value = Count;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Count, A::Error> {
                let mut count = 0;
                while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {
                    count += 1;
                }
                Ok(Count(count))
            }
        }
        deserializer.deserialize_map(Entries)
    }
}
