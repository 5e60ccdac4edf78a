//! Arrays of an npz file: a zip archive of npy arrays, stored or deflated.
//!
//! The zip crate reads the directory, and what is deflated goes through flate2,
//! as the pixels of overviews do. Each array's header is read and compared
//! with the size that the directory claims, and that with the file's length,
//! before room is made for its values.

use std::fs::File;
use std::io::{BufReader, Read};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use flate2::Crc;
use flate2::read::DeflateDecoder;
use zip::{CompressionMethod, ZipArchive};

use super::arrays::{ArrayInfo, Content, read_floats, value_count};
use super::npy::{self, NpyHeader, from_fortran_order};
use super::own_tokens::{may_be_tokens, tokens_among};
use super::{MAXIMUM_ARRAYS, MAXIMUM_TEXT_LENGTH, SavedError};
use crate::store::numbers::names::MANIFEST_ENTRY;

/// All deflated entries together may always have this many bytes.
const FREE_LENGTH: u64 = 64 << 20;

/// And above it, so many times the file's: attention takes a few bits a value
/// at the very least, and bombs a thousand times their length.
const MAXIMUM_RATIO: u64 = 100;

/// A file whose directory and headers were read and checked.
#[derive(Debug)]
pub(in crate::store) struct NpzArrays {
    path: PathBuf,
    archive: ZipArchive<BufReader<File>>,
    arrays: Vec<ArrayInfo>,
    headers: Vec<NpyHeader>,
    /// Each array's place in the archive.
    entries: Vec<usize>,
}

impl NpzArrays {
    pub(super) fn open(path: &Path, file: File) -> Result<Self, SavedError> {
        let malformed = |reason: String| SavedError::Malformed {
            path: path.to_owned(),
            reason,
        };
        let file_length = file
            .metadata()
            .map_err(|source| SavedError::Io {
                path: path.to_owned(),
                source,
            })?
            .len();
        let archive = guard(|| ZipArchive::new(BufReader::new(file)));
        let archive = archive.map_err(|reason| malformed(format!("not a whole npz: {reason}")))?;
        if archive.len() > MAXIMUM_ARRAYS {
            return Err(malformed(format!(
                "it has {} arrays, expected at most {MAXIMUM_ARRAYS}",
                archive.len()
            )));
        }
        let mut npz = Self {
            path: path.to_owned(),
            archive,
            arrays: Vec::new(),
            headers: Vec::new(),
            entries: Vec::new(),
        };
        let mut total = Total::default();
        for entry in 0..npz.archive.len() {
            npz.add(entry, file_length, &mut total)?;
        }
        Ok(npz)
    }

    /// Reads and checks the header of an entry.
    fn add(&mut self, index: usize, file_length: u64, total: &mut Total) -> Result<(), SavedError> {
        let path = self.path.clone();
        let (name, size, header) = self.with_entry(index, |entry| {
            let (name, size) = (entry.name.clone(), entry.size);
            total.add(entry, file_length)?;
            let mut header = npy::read_header(entry)?;
            header.look_into_objects(entry);
            Ok((name, size, header))
        })?;
        let name = name.strip_suffix(".npy").unwrap_or(&name).to_owned();
        let data_length = size.saturating_sub(header.length);
        header.checked_count(&path, &shortened(&name), data_length)?;
        self.arrays.push(ArrayInfo {
            name,
            shape: header.shape.clone(),
            content: header.content.clone(),
        });
        self.headers.push(header);
        self.entries.push(index);
        Ok(())
    }

    pub(super) fn arrays(&self) -> &[ArrayInfo] {
        &self.arrays
    }

    /// The text of the array that attnviz adds, a single unicode value.
    pub(super) fn manifest(&mut self) -> Result<Option<String>, SavedError> {
        let is_manifest = |array: &ArrayInfo| {
            array.name == MANIFEST_ENTRY
                && array.shape.is_empty()
                && matches!(&array.content, Content::Other(descr) if descr.contains('U'))
        };
        let Some(position) = self.arrays.iter().position(is_manifest) else {
            return Ok(None);
        };
        let texts = self.texts_at(position)?;
        match texts.as_deref() {
            Some([text]) => Ok(Some(text.clone())),
            Some(_) | None => Err(SavedError::Manifest {
                path: self.path.clone(),
                reason: "it is not text".to_owned(),
            }),
        }
    }

    /// What its arrays of texts call the queries and the keys.
    pub(super) fn tokens(&mut self) -> [Option<Vec<String>>; 2] {
        let is_list = |array: &ArrayInfo| matches!(array.shape.as_slice(), [_] | [1, _]);
        let candidates: Vec<(usize, String)> = self
            .arrays
            .iter()
            .enumerate()
            .filter(|(_, array)| is_list(array) && may_be_tokens(&array.name))
            .map(|(position, array)| (position, array.name.clone()))
            .collect();
        let lists: Vec<(String, Vec<String>)> = candidates
            .into_iter()
            // What cannot be read names nothing.
            .filter_map(|(position, name)| Some((name, self.texts_at(position).ok()??)))
            .collect();
        tokens_among(&lists)
    }

    /// The texts of an array of them, `None` of any other: letters in UTF-32, or
    /// bytes.
    fn texts_at(&mut self, position: usize) -> Result<Option<Vec<String>>, SavedError> {
        let (Some(header), Some(&entry)) = (
            self.headers.get(position).cloned(),
            self.entries.get(position),
        ) else {
            return Ok(None);
        };
        let Content::Other(descr) = &header.content else {
            return Ok(None);
        };
        if header.texts.is_some() {
            return Ok(header.texts);
        }
        let (is_unicode, is_bytes) = (descr.contains('U'), descr.contains('S'));
        let size = header.item_size.unwrap_or(0);
        let count = value_count(&header.shape).unwrap_or(0);
        let length = (size as u64).saturating_mul(count as u64);
        if size == 0 || is_unicode == is_bytes {
            return Ok(None);
        }
        if length > MAXIMUM_TEXT_LENGTH {
            return Err(SavedError::TooLarge {
                path: self.path.clone(),
                reason: format!(
                    "its texts have {length} bytes, at most {MAXIMUM_TEXT_LENGTH} are read"
                ),
            });
        }
        let bytes = self.with_entry(entry, |entry| {
            entry.skip(header.length)?;
            let mut bytes = Vec::new();
            let read = entry.by_ref().take(length).read_to_end(&mut bytes);
            read.map_err(|error| error.to_string())?;
            entry.finish()?;
            Ok(bytes)
        })?;
        let text = |item: &[u8]| -> Option<String> {
            let text = match is_bytes {
                true => String::from_utf8(item.to_vec()).ok()?,
                false => letters(item, header.big_endian)?,
            };
            // NumPy fills with zeros what is shorter than its type.
            Some(text.trim_end_matches('\0').to_owned())
        };
        Ok(bytes.chunks_exact(size).map(text).collect())
    }

    pub(super) fn read(&mut self, position: usize) -> Result<Vec<f32>, SavedError> {
        let (Some(header), Some(&entry)) = (
            self.headers.get(position).cloned(),
            self.entries.get(position),
        ) else {
            return Ok(Vec::new());
        };
        let (Content::Floats(float_type), Some(count)) =
            (&header.content, value_count(&header.shape))
        else {
            return Ok(Vec::new());
        };
        let values = self.with_entry(entry, |entry| {
            entry.skip(header.length)?;
            let values = read_floats(entry, *float_type, header.big_endian, count)
                .map_err(|error| error.to_string())?;
            entry.finish()?;
            Ok(values)
        })?;
        match header.fortran_order {
            true => Ok(from_fortran_order(&values, &header.shape)),
            false => Ok(values),
        }
    }

    /// Opens an entry for reading and names it in errors.
    fn with_entry<T>(
        &mut self,
        index: usize,
        work: impl FnOnce(&mut Entry<'_>) -> Result<T, String>,
    ) -> Result<T, SavedError> {
        let archive = &mut self.archive;
        let outcome = guard(|| {
            let file = archive
                .by_index_raw(index)
                .map_err(|error| error.to_string())?;
            let name = file.name().map_err(|error| error.to_string())?.into_owned();
            let named = |reason: String| format!("{}: {reason}", shortened(&name));
            if file.encrypted() {
                return Err(named("it is encrypted".to_owned()));
            }
            let (size, compressed, crc) = (file.size(), file.compressed_size(), file.crc32());
            let method = file.compression();
            let deflated = match method {
                CompressionMethod::Stored => false,
                CompressionMethod::DEFLATE => true,
                other => return Err(named(format!("compressed as {other:?}, expected deflate"))),
            };
            let mut entry = Entry {
                name: name.clone(),
                size,
                compressed,
                left: size,
                expected_crc: crc,
                crc: Crc::new(),
                bytes: match deflated {
                    true => Bytes::Deflated(DeflateDecoder::new(Box::new(file))),
                    false => Bytes::Stored(Box::new(file)),
                },
            };
            work(&mut entry).map_err(named)
        });
        outcome.map_err(|reason| SavedError::Malformed {
            path: self.path.clone(),
            reason,
        })
    }
}

/// Letters in UTF-32.
fn letters(bytes: &[u8], is_big_endian: bool) -> Option<String> {
    let (letters, _) = bytes.as_chunks::<4>();
    let letters = letters.iter().map(|&bytes| match is_big_endian {
        true => u32::from_be_bytes(bytes),
        false => u32::from_le_bytes(bytes),
    });
    letters.map(char::from_u32).collect()
}

/// A name that is no longer than an error should be.
fn shortened(name: &str) -> String {
    name.chars().take(80).collect()
}

/// The zip crate has had panics on malformed files; one is reported as what it
/// is: a malformed file.
fn guard<T, E: std::fmt::Display>(work: impl FnOnce() -> Result<T, E>) -> Result<T, String> {
    match catch_unwind(AssertUnwindSafe(work)) {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(error)) => Err(error.to_string()),
        Err(_) => Err("the zip archive is malformed".to_owned()),
    }
}

enum Bytes<'file> {
    Stored(Box<dyn Read + 'file>),
    Deflated(DeflateDecoder<Box<dyn Read + 'file>>),
}

/// An entry of the archive that gives no more bytes than it says to have.
struct Entry<'file> {
    name: String,
    size: u64,
    compressed: u64,
    left: u64,
    expected_crc: u32,
    crc: Crc,
    bytes: Bytes<'file>,
}

/// What the entries together claim.
#[derive(Default)]
struct Total {
    /// Bytes in the file.
    packed: u64,
    /// Bytes of what is deflated, once it is unpacked.
    deflated: u64,
}

impl Total {
    /// Counts an entry in.
    ///
    /// # Errors
    /// Where it is more than the file can hold, or than attention is packed
    /// into.
    fn add(&mut self, entry: &Entry<'_>, file_length: u64) -> Result<(), String> {
        self.packed = self.packed.saturating_add(entry.compressed);
        let is_bomb = match entry.bytes {
            Bytes::Stored(_) => entry.size > entry.compressed,
            Bytes::Deflated(_) => {
                self.deflated = self.deflated.saturating_add(entry.size);
                let allowed = self.packed.min(file_length).saturating_mul(MAXIMUM_RATIO);
                self.deflated > allowed.max(FREE_LENGTH)
            }
        };
        if is_bomb {
            return Err(format!(
                "it says to be {} bytes out of {} in the file, which is no attention",
                entry.size, entry.compressed
            ));
        }
        match self.packed > file_length {
            true => Err("it shares its bytes with other arrays".to_owned()),
            false => Ok(()),
        }
    }
}

impl Entry<'_> {
    fn skip(&mut self, length: u64) -> Result<(), String> {
        let skipped = std::io::copy(&mut self.by_ref().take(length), &mut std::io::sink());
        match skipped {
            Ok(skipped) if skipped == length => Ok(()),
            Ok(_) => Err("it ends within its header".to_owned()),
            Err(error) => Err(error.to_string()),
        }
    }

    /// Nothing is left, and what was read is what was packed.
    fn finish(&mut self) -> Result<(), String> {
        let rest = std::io::copy(self, &mut std::io::sink()).map_err(|error| error.to_string())?;
        if rest > 0 {
            return Err(format!("{rest} bytes follow its values"));
        }
        if self.crc.sum() != self.expected_crc {
            return Err("its checksum is not that of its content".to_owned());
        }
        Ok(())
    }
}

impl Read for Entry<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let limit = usize::try_from(self.left)
            .unwrap_or(usize::MAX)
            .min(buffer.len());
        let buffer = buffer.get_mut(..limit).unwrap_or_default();
        let count = match &mut self.bytes {
            Bytes::Stored(bytes) => bytes.read(buffer)?,
            Bytes::Deflated(bytes) => bytes.read(buffer)?,
        };
        self.left -= count as u64;
        self.crc.update(buffer.get(..count).unwrap_or_default());
        Ok(count)
    }
}
