//! The header of an array in NumPy's format, as
//! <https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html>
//! has it: a Python dictionary of three entries. Pickles are refused.

use std::io::{self, Read};
use std::path::Path;

use super::arrays::{Content, FloatType, value_count};
use super::{MAXIMUM_VALUES, SavedError};
use crate::weights::pickled_texts;

/// The longest header that is read, in bytes; NumPy itself takes 10,000.
const MAXIMUM_HEADER_LENGTH: usize = 65_536;

/// The most dimensions of an array, as NumPy has it.
const MAXIMUM_DIMENSIONS: usize = 64;

/// What the beginning of an array says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct NpyHeader {
    pub(super) content: Content,
    pub(super) big_endian: bool,
    /// The first dimension is the fastest.
    pub(super) fortran_order: bool,
    pub(super) shape: Vec<usize>,
    /// Bytes before the values.
    pub(super) length: u64,
    /// Bytes of a value, `None` where they are not known.
    pub(super) item_size: Option<usize>,
    /// Of an array of Python objects, where all of them are texts.
    pub(super) texts: Option<Vec<String>>,
}

/// Reads a header; the source stands at the first value afterwards.
///
/// # Errors
/// With what is wrong, in words.
pub(super) fn read_header(source: &mut dyn Read) -> Result<NpyHeader, String> {
    let mut start = [0_u8; 8];
    read(source, &mut start)?;
    let [magic @ .., major, _minor] = start;
    if &magic != b"\x93NUMPY" {
        return Err("it does not begin as an npy array".to_owned());
    }
    let (length, prefix) = match major {
        1 => {
            let mut field = [0_u8; 2];
            read(source, &mut field)?;
            (usize::from(u16::from_le_bytes(field)), 10)
        }
        2 | 3 => {
            let mut field = [0_u8; 4];
            read(source, &mut field)?;
            (u32::from_le_bytes(field) as usize, 12)
        }
        other => return Err(format!("version {other} of the npy format is not known")),
    };
    if length > MAXIMUM_HEADER_LENGTH {
        return Err(format!(
            "its header has {length} bytes, at most {MAXIMUM_HEADER_LENGTH} are read"
        ));
    }
    let mut text = vec![0_u8; length];
    read(source, &mut text)?;
    let text = String::from_utf8(text).map_err(|_| "its header is not text".to_owned())?;
    let fields =
        Fields::parse(&text).ok_or_else(|| "its header is not one that NumPy writes".to_owned())?;
    let (content, big_endian, item_size) = content(&fields.descr);
    Ok(NpyHeader {
        content,
        big_endian,
        fortran_order: fields.fortran_order,
        shape: fields.shape,
        length: prefix + length as u64,
        item_size,
        texts: None,
    })
}

/// The longest pickle that is looked into, in bytes.
const MAXIMUM_PICKLE_LENGTH: u64 = 1 << 20;

impl NpyHeader {
    /// Looks into an array of Python objects, which NumPy writes as a pickle:
    /// where all of them are None, it says so, and texts are taken. Nothing of it
    /// is run. The source stands at the first value.
    pub(super) fn look_into_objects(&mut self, source: &mut dyn Read) {
        if self.content != Content::Other("|O".to_owned()) {
            return;
        }
        let mut pickle = Vec::new();
        let read = source.take(MAXIMUM_PICKLE_LENGTH).read_to_end(&mut pickle);
        if read.is_ok() && is_list_of_none(&pickle) {
            self.content = Content::Nothing;
        } else if let ([count] | [1, count], true) = (self.shape.as_slice(), read.is_ok()) {
            self.texts = pickled_texts(&pickle, *count);
        }
    }

    /// The number of values that are read, 0 for what is none of floats. There
    /// are `data_length` bytes of them.
    pub(super) fn checked_count(
        &self,
        path: &Path,
        name: &str,
        data_length: u64,
    ) -> Result<usize, SavedError> {
        if !matches!(self.content, Content::Floats(_)) {
            // Whatever else is in the file need not be read.
            return Ok(0);
        }
        let Some(count) = value_count(&self.shape) else {
            return Err(SavedError::TooLarge {
                path: path.to_owned(),
                reason: format!(
                    "{name} has the shape {:?}, at most {MAXIMUM_VALUES} values are read",
                    self.shape
                ),
            });
        };
        let expected = self
            .item_size
            .and_then(|size| (count as u64).checked_mul(size as u64));
        match expected == Some(data_length) {
            true => Ok(count),
            false => Err(SavedError::Malformed {
                path: path.to_owned(),
                reason: format!(
                    "{name}: expected {} bytes for the shape {:?}, found {data_length}",
                    expected.unwrap_or(u64::MAX),
                    self.shape
                ),
            }),
        }
    }
}

/// Whether the list at a pickle's end holds None alone: `(NNNe`, or `Na` for a
/// list of one.
fn is_list_of_none(pickle: &[u8]) -> bool {
    let runs = pickle.chunk_by(|left, right| (*left == b'N') == (*right == b'N'));
    let mut end = 0;
    runs.into_iter().any(|run| {
        let start = end;
        end += run.len();
        let before = start.checked_sub(1).and_then(|index| pickle.get(index));
        let is_list = match (before, pickle.get(end)) {
            (Some(b'('), Some(b'e')) => true,
            (_, Some(b'a')) => run.len() == 1,
            _ => false,
        };
        run.starts_with(b"N") && is_list
    })
}

fn read(source: &mut dyn Read, buffer: &mut [u8]) -> Result<(), String> {
    source
        .read_exact(buffer)
        .map_err(|error| match error.kind() {
            io::ErrorKind::UnexpectedEof => "it ends within its header".to_owned(),
            _ => error.to_string(),
        })
}

/// The type, whether it is big-endian, and the size of a value.
fn content(descr: &str) -> (Content, bool, Option<usize>) {
    let (order, kind) = match descr.split_at_checked(1) {
        Some((order @ ("<" | ">" | "=" | "|"), kind)) => (order, kind),
        _ => ("<", descr),
    };
    let float_type = match kind {
        "f8" => Some(FloatType::F64),
        "f4" => Some(FloatType::F32),
        "f2" => Some(FloatType::F16),
        // NumPy has no name for bfloat16: that of ml_dtypes is two bytes to it.
        "V2" => Some(FloatType::Bf16),
        _ => None,
    };
    let item_size = match (float_type, kind.split_at_checked(1)) {
        (Some(float_type), _) => Some(float_type.size()),
        (None, Some(("U", length))) => length.parse().ok().and_then(|n: usize| n.checked_mul(4)),
        (None, Some((_, length))) => length.parse().ok(),
        (None, None) => None,
    };
    let content = match float_type {
        Some(float_type) => Content::Floats(float_type),
        None => Content::Other(descr.to_owned()),
    };
    (content, order == ">", item_size)
}

/// The entries of the dictionary.
#[derive(Debug, Default)]
struct Fields {
    descr: String,
    fortran_order: bool,
    shape: Vec<usize>,
}

impl Fields {
    /// `{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }`
    fn parse(text: &str) -> Option<Self> {
        let mut rest = Rest(text).after("{")?;
        let (mut descr, mut fortran_order, mut shape) = (None, None, None);
        while rest.after("}").is_none() {
            let (key, after) = rest.quoted()?;
            let after = after.after(":")?;
            rest = match key {
                "descr" => {
                    let (value, after) = after.quoted()?;
                    descr = Some(value.to_owned());
                    after
                }
                "fortran_order" => match after.after("True") {
                    Some(after) => {
                        fortran_order = Some(true);
                        after
                    }
                    None => {
                        fortran_order = Some(false);
                        after.after("False")?
                    }
                },
                "shape" => {
                    let (value, after) = after.tuple()?;
                    shape = Some(value);
                    after
                }
                _ => return None,
            };
            rest = match rest.after(",") {
                Some(after) => after,
                None => {
                    rest.after("}")?;
                    rest
                }
            };
        }
        Some(Self {
            descr: descr?,
            fortran_order: fortran_order?,
            shape: shape?,
        })
    }
}

/// What of the dictionary is still to be read.
#[derive(Debug, Clone, Copy)]
struct Rest<'text>(&'text str);

impl<'text> Rest<'text> {
    fn after(self, token: &str) -> Option<Self> {
        self.0.trim_start().strip_prefix(token).map(Self)
    }

    fn quoted(self) -> Option<(&'text str, Self)> {
        let text = self.0.trim_start();
        let quote = text.chars().next().filter(|&q| q == '\'' || q == '"')?;
        let (value, rest) = text.get(1..)?.split_once(quote)?;
        Some((value, Self(rest)))
    }

    fn tuple(self) -> Option<(Vec<usize>, Self)> {
        let (inside, rest) = self.after("(")?.0.split_once(')')?;
        let mut sizes = Vec::new();
        for part in inside.split(',').map(str::trim) {
            if part.is_empty() {
                continue;
            }
            // Python 2 wrote long integers with an L behind them.
            sizes.push(part.strip_suffix('L').unwrap_or(part).parse().ok()?);
        }
        (sizes.len() <= MAXIMUM_DIMENSIONS).then_some((sizes, Self(rest)))
    }
}

/// Values in Fortran's order, the first dimension fastest, as values whose
/// last dimension is the fastest. There are as many as the shape says.
pub(super) fn from_fortran_order(values: &[f32], shape: &[usize]) -> Vec<f32> {
    let mut steps = Vec::with_capacity(shape.len());
    let mut step = 1;
    for &size in shape {
        steps.push(step);
        step *= size;
    }
    let mut index = vec![0_usize; shape.len()];
    let mut position = 0;
    let mut ordered = Vec::with_capacity(values.len());
    for _ in 0..values.len() {
        ordered.push(values.get(position).copied().unwrap_or(f32::NAN));
        // Counts up, the last dimension first.
        for ((index, &size), &step) in index.iter_mut().zip(shape).zip(&steps).rev() {
            *index += 1;
            position += step;
            if *index < size {
                break;
            }
            position -= step * size;
            *index = 0;
        }
    }
    ordered
}
