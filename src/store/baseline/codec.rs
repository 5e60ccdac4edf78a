//! The numbers of a baseline: of every head the cells that its layer's mask
//! allows, row by row; rounded to 16 bits or as they are; the bytes of the same
//! weight together, which compresses better; compressed with Zstandard.

use super::Precision;
use crate::attention::{HeadMaps, Mask};
use crate::memory;

/// The greatest 16-bit number, which stands for 1.
const GREATEST: f32 = 65_535.0;

/// How hard Zstandard tries; any level is read alike.
const LEVEL: i32 = 9;

/// How many cells of a map the mask allows, `None` where that is more than a
/// machine counts.
fn allowed_count(mask: Mask, units: usize) -> Option<usize> {
    match mask {
        Mask::Full => units.checked_mul(units),
        Mask::Causal | Mask::Window { .. } => {
            let lengths = (0..units).map(|query| mask.allowed(query, units).len());
            lengths.into_iter().try_fold(0_usize, usize::checked_add)
        }
    }
}

/// How many numbers all maps hold together.
fn number_count(masks: &[Mask], heads: usize, units: usize) -> Option<usize> {
    masks.iter().try_fold(0_usize, |total, &mask| {
        total.checked_add(allowed_count(mask, units)?.checked_mul(heads)?)
    })
}

/// The cells that masks allow, map by map.
fn cells<'m>(maps: &'m HeadMaps, masks: &'m [Mask]) -> impl Iterator<Item = f32> + 'm {
    let keys = maps.key_count();
    maps.iter().flat_map(move |(id, map)| {
        let mask = masks.get(id.layer).copied().unwrap_or_default();
        let rows = map.chunks_exact(keys).enumerate();
        rows.flat_map(move |(query, row)| {
            let allowed = row.get(mask.allowed(query, keys)).unwrap_or_default();
            allowed.iter().copied()
        })
    })
}

fn rounded(value: f32) -> u16 {
    // Saturates: what is a little above 1 becomes 1.
    (value * GREATEST).round() as u16
}

/// A value as 16 bits hold it.
pub(super) fn as_kept(value: f32, precision: Precision) -> f32 {
    match precision {
        Precision::U16 => f32::from(rounded(value)) / GREATEST,
        Precision::F32 => value,
    }
}

/// The maps of an input as bytes.
pub(super) fn encode(
    maps: &HeadMaps,
    masks: &[Mask],
    precision: Precision,
) -> std::io::Result<Vec<u8>> {
    let values: Vec<f32> = cells(maps, masks).collect();
    let planes = match precision {
        Precision::U16 => apart(values.iter().map(|&value| rounded(value).to_le_bytes())),
        Precision::F32 => apart(values.iter().map(|value| value.to_le_bytes())),
    };
    zstd::bulk::compress(&planes, LEVEL)
}

/// All first bytes, then all second ones, and so on.
fn apart<const N: usize>(numbers: impl Iterator<Item = [u8; N]> + Clone) -> Vec<u8> {
    (0..N)
        .flat_map(|place| numbers.clone().map(move |bytes| bytes[place]))
        .collect()
}

/// Why bytes are none of maps.
pub(super) enum DecodeError {
    Memory(memory::MemoryError),
    Wrong(String),
}

/// Maps out of bytes: `[layer, head, query, key]`, 0 where a mask forbids.
pub(super) fn decode(
    bytes: &[u8],
    masks: &[Mask],
    heads: usize,
    units: usize,
    precision: Precision,
) -> Result<Vec<f32>, DecodeError> {
    let wrong = |reason: &str| DecodeError::Wrong(reason.to_owned());
    let width = match precision {
        Precision::U16 => 2,
        Precision::F32 => 4,
    };
    let sizes = || {
        let numbers = number_count(masks, heads, units)?;
        let all = units.checked_mul(units)?.checked_mul(heads)?;
        let all = all.checked_mul(masks.len())?;
        Some((numbers, numbers.checked_mul(width)?, all))
    };
    let (numbers, length, all) = sizes().ok_or_else(|| wrong("more numbers than there can be"))?;
    let needed = (length as u64).saturating_add((all as u64).saturating_mul(4));
    memory::check(needed).map_err(DecodeError::Memory)?;
    let planes = zstd::bulk::decompress(bytes, length)
        .map_err(|_| wrong("the compressed numbers of an input are damaged"))?;
    if planes.len() != length {
        return Err(DecodeError::Wrong(format!(
            "expected {length} bytes of numbers for an input, found {}",
            planes.len()
        )));
    }
    let byte = |place: usize, index: usize| {
        let at = place
            .checked_mul(numbers)
            .and_then(|start| start.checked_add(index));
        at.and_then(|at| planes.get(at)).copied().unwrap_or(0)
    };
    let number = |index: usize| match precision {
        Precision::U16 => {
            f32::from(u16::from_le_bytes([byte(0, index), byte(1, index)])) / GREATEST
        }
        Precision::F32 => f32::from_le_bytes([
            byte(0, index),
            byte(1, index),
            byte(2, index),
            byte(3, index),
        ]),
    };
    let mut values = Vec::with_capacity(all);
    let mut index = 0;
    for &mask in masks {
        for query in (0..heads).flat_map(|_| 0..units) {
            let allowed = mask.allowed(query, units);
            values.resize(values.len() + allowed.start, 0.0);
            for _ in allowed.clone() {
                let value = number(index);
                if !(value.is_finite() && value >= 0.0) {
                    return Err(wrong("a number that is no attention"));
                }
                values.push(value);
                index += 1;
            }
            values.resize(values.len() + units - allowed.end, 0.0);
        }
    }
    Ok(values)
}
