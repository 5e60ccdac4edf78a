//! The pages of a column of a Parquet file, unpacked within bounds: a few bytes
//! can say that they stand for more than any memory holds, and the readers of
//! the `parquet` crate believe them.

use std::fs::File;
use std::io::Read;
use std::sync::Arc;

use flate2::read::MultiGzDecoder;
use parquet::basic::{Compression, CompressionCodec, Encoding, Type};
use parquet::column::page::{Page, PageMetadata, PageReader};
use parquet::errors::{ParquetError, Result};
use parquet::file::metadata::{ColumnChunkMetaData, RowGroupMetaData};
use parquet::file::serialized_reader::SerializedPageReader;

/// The longest page, in bytes: more than any writer makes (DuckDB's have up to
/// 100 MB), little enough for a few of them to be held.
const MAXIMUM_PAGE: usize = 256 << 20;
/// The most entries of a dictionary, of which each takes some memory however
/// short it is. Writers end theirs at a megabyte or two.
const MAXIMUM_ENTRIES: usize = 1 << 22;
/// The most texts of a page whose lengths stand before them and are all read at
/// once.
const MAXIMUM_LENGTHS: u64 = 1 << 24;

/// How pages are compressed, of those ways that are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Packing {
    Plain,
    Snappy,
    Gzip,
    Zstandard,
}

impl Packing {
    /// Of a column; its name where it is none of these.
    pub(super) fn of(column: &ColumnChunkMetaData) -> std::result::Result<Self, &'static str> {
        match column.compression_codec() {
            CompressionCodec::UNCOMPRESSED => Ok(Self::Plain),
            CompressionCodec::SNAPPY => Ok(Self::Snappy),
            CompressionCodec::GZIP => Ok(Self::Gzip),
            CompressionCodec::ZSTD => Ok(Self::Zstandard),
            CompressionCodec::LZO => Err("LZO"),
            CompressionCodec::BROTLI => Err("Brotli"),
            CompressionCodec::LZ4 | CompressionCodec::LZ4_RAW => Err("LZ4"),
        }
    }

    /// The bytes behind the first `kept`, which are not compressed.
    fn unpack(self, bytes: &[u8], kept: usize) -> Result<Vec<u8>> {
        let (kept, packed) = bytes
            .split_at_checked(kept)
            .ok_or_else(|| broken("a page ends within its levels"))?;
        let mut unpacked = kept.to_vec();
        match self {
            // A page without a value may have nothing behind its levels.
            _ if packed.is_empty() => {}
            Self::Plain => unpacked.extend(packed),
            Self::Snappy => {
                let length = snap::raw::decompress_len(packed).map_err(unreadable)?;
                check_length(length)?;
                let start = unpacked.len();
                unpacked.resize(start + length, 0);
                let target = unpacked.get_mut(start..).unwrap_or_default();
                let mut decoder = snap::raw::Decoder::new();
                decoder.decompress(packed, target).map_err(unreadable)?;
            }
            Self::Gzip => read_bounded(MultiGzDecoder::new(packed), &mut unpacked)?,
            Self::Zstandard => {
                let decoder = zstd::stream::read::Decoder::with_buffer(packed);
                read_bounded(decoder.map_err(unreadable)?, &mut unpacked)?;
            }
        }
        Ok(unpacked)
    }
}

fn read_bounded(reader: impl Read, target: &mut Vec<u8>) -> Result<()> {
    let mut reader = reader.take(MAXIMUM_PAGE as u64 + 1);
    let length = reader.read_to_end(target).map_err(unreadable)?;
    check_length(length)
}

fn check_length(length: usize) -> Result<()> {
    match length <= MAXIMUM_PAGE {
        true => Ok(()),
        false => Err(broken("a page has more than 256 MiB")),
    }
}

fn broken(reason: &str) -> ParquetError {
    ParquetError::General(reason.to_owned())
}

fn unreadable(error: impl std::fmt::Display) -> ParquetError {
    ParquetError::General(format!("a page cannot be unpacked: {error}"))
}

/// The pages of one column of a row group.
pub(super) struct Pages {
    /// Believes that nothing is compressed.
    inner: SerializedPageReader<File>,
    packing: Packing,
    kind: Type,
    is_optional: bool,
}

impl Pages {
    /// `position` is that of a leaf of the schema.
    pub(super) fn open(
        file: &Arc<File>,
        length: u64,
        group: &RowGroupMetaData,
        position: usize,
    ) -> Result<Self> {
        let column = group.column(position);
        let packing = Packing::of(column).map_err(broken)?;
        let start = match column.dictionary_page_offset() {
            Some(start) => start,
            None => column.data_page_offset(),
        };
        let end = start.checked_add(column.compressed_size());
        let is_within = end.is_some_and(|end| u64::try_from(end).is_ok_and(|end| end <= length));
        if start < 0 || column.compressed_size() < 0 || !is_within {
            return Err(broken("a column is said to be outside the file"));
        }
        let rows = usize::try_from(group.num_rows()).map_err(unreadable)?;
        let is_optional = column.column_descr().max_def_level() > 0;
        let kind = column.column_type();
        let as_plain = column
            .clone()
            .into_builder()
            .set_compression(Compression::UNCOMPRESSED)
            .build()?;
        Ok(Self {
            inner: SerializedPageReader::new(Arc::clone(file), &as_plain, rows, None)?,
            packing,
            kind,
            is_optional,
        })
    }

    fn unpacked(&self, page: Page) -> Result<Page> {
        Ok(match page {
            Page::DictionaryPage {
                buf,
                num_values,
                encoding,
                is_sorted,
            } => {
                let unpacked = self.packing.unpack(&buf, 0)?;
                self.check_dictionary(num_values, unpacked.len())?;
                Page::DictionaryPage {
                    buf: unpacked.into(),
                    num_values,
                    encoding,
                    is_sorted,
                }
            }
            Page::DataPage {
                buf,
                num_values,
                encoding,
                def_level_encoding,
                rep_level_encoding,
                ..
            } => {
                let unpacked = self.packing.unpack(&buf, 0)?;
                let levels = match self.is_optional {
                    true => 4 + length_at(&unpacked, 0).unwrap_or(0),
                    false => 0,
                };
                check_lengths(encoding, num_values, unpacked.get(levels..))?;
                Page::DataPage {
                    buf: unpacked.into(),
                    num_values,
                    encoding,
                    def_level_encoding,
                    rep_level_encoding,
                    statistics: None,
                }
            }
            Page::DataPageV2 {
                buf,
                num_values,
                encoding,
                num_nulls,
                num_rows,
                def_levels_byte_len,
                rep_levels_byte_len,
                is_compressed,
                ..
            } => {
                let levels = def_levels_byte_len as usize + rep_levels_byte_len as usize;
                let packing = if is_compressed {
                    self.packing
                } else {
                    Packing::Plain
                };
                let unpacked = packing.unpack(&buf, levels)?;
                check_lengths(encoding, num_values, unpacked.get(levels..))?;
                Page::DataPageV2 {
                    buf: unpacked.into(),
                    num_values,
                    encoding,
                    num_nulls,
                    num_rows,
                    def_levels_byte_len,
                    rep_levels_byte_len,
                    is_compressed: false,
                    statistics: None,
                }
            }
        })
    }

    /// A dictionary takes memory by the number of its entries.
    fn check_dictionary(&self, count: u32, length: usize) -> Result<()> {
        let least = match self.kind {
            Type::BOOLEAN | Type::FIXED_LEN_BYTE_ARRAY => 1,
            // The length of a text stands before it.
            Type::INT32 | Type::FLOAT | Type::BYTE_ARRAY => 4,
            Type::INT64 | Type::DOUBLE => 8,
            Type::INT96 => 12,
        };
        let count = count as usize;
        match count <= MAXIMUM_ENTRIES && count.saturating_mul(least) <= length {
            true => Ok(()),
            false => Err(broken("a dictionary is said to have more than it has")),
        }
    }
}

/// A length of four bytes.
fn length_at(bytes: &[u8], start: usize) -> Option<usize> {
    let bytes = bytes.get(start..)?.first_chunk()?;
    Some(u32::from_le_bytes(*bytes) as usize)
}

/// Of texts that stand behind all their lengths, the lengths take memory by
/// their number, which is not that of their bytes.
fn check_lengths(encoding: Encoding, count: u32, values: Option<&[u8]>) -> Result<()> {
    let stretches = match encoding {
        Encoding::DELTA_LENGTH_BYTE_ARRAY => 1,
        Encoding::DELTA_BYTE_ARRAY => 2,
        _ => return Ok(()),
    };
    let mut rest = values.unwrap_or_default();
    // Where all of them are null, there may be nothing at all.
    if rest.is_empty() {
        return Ok(());
    }
    for _ in 0..stretches {
        let (found, end) =
            delta_stretch(rest).ok_or_else(|| broken("the lengths of texts end within"))?;
        if found > MAXIMUM_LENGTHS || found > u64::from(count) {
            return Err(broken("a page is said to have more texts than it has"));
        }
        rest = rest.get(end..).unwrap_or_default();
    }
    Ok(())
}

/// How many numbers a stretch of `DELTA_BINARY_PACKED` has, and where it ends.
fn delta_stretch(bytes: &[u8]) -> Option<(u64, usize)> {
    let mut position = 0;
    let mut number = || -> Option<u64> {
        let (value, length) = variable_length(bytes.get(position..)?)?;
        position += length;
        Some(value)
    };
    let (block, parts, count) = (number()?, number()?, number()?);
    number()?;
    if count > MAXIMUM_LENGTHS {
        return Some((count, position));
    }
    let each = block.checked_div(parts).filter(|&each| each > 0)?;
    let mut left = count.saturating_sub(1);
    while left > 0 {
        let (_, length) = variable_length(bytes.get(position..)?)?;
        position += length;
        let widths = bytes.get(position..)?.get(..usize::try_from(parts).ok()?)?;
        position += widths.len();
        for &width in widths {
            if left == 0 {
                break;
            }
            let bits = u64::from(width).checked_mul(each)?;
            position = position.checked_add(usize::try_from(bits / 8).ok()?)?;
            left = left.saturating_sub(each);
        }
    }
    Some((count, position))
}

/// A number in groups of seven bits, and how many bytes it has.
fn variable_length(bytes: &[u8]) -> Option<(u64, usize)> {
    let mut value = 0_u64;
    for (index, &byte) in bytes.iter().enumerate().take(10) {
        value |= u64::from(byte & 0x7f) << (7 * index).min(63);
        if byte < 0x80 {
            return Some((value, index + 1));
        }
    }
    None
}

impl Iterator for Pages {
    type Item = Result<Page>;

    fn next(&mut self) -> Option<Self::Item> {
        self.get_next_page().transpose()
    }
}

impl PageReader for Pages {
    fn get_next_page(&mut self) -> Result<Option<Page>> {
        let page = self.inner.get_next_page()?;
        page.map(|page| self.unpacked(page)).transpose()
    }

    fn peek_next_page(&mut self) -> Result<Option<PageMetadata>> {
        self.inner.peek_next_page()
    }

    fn skip_next_page(&mut self) -> Result<()> {
        self.inner.skip_next_page()
    }
}
