//! Runs that attnviz saved: everything that is not the numbers comes from the
//! manifest, and has to fit them.

use std::path::Path;

use super::array_file::ArrayFile;
use super::arrays::{Content, FloatType, value_count};
use super::held::held_values;
use super::neurons;
use super::{SavedError, SavedRun};
use crate::attention::{
    Attention, AttentionError, AttentionTensor, ForeignAttention, HeadMaps, Mask, RowSums,
    foreign_row_sum_tolerance, row_sum_tolerance,
};
use crate::checkpoint::ModelSource;
use crate::input::{Stream, Unit, stream};
use crate::remedy::Remedy;
use crate::run::Run;
use crate::store::numbers::names::RAW;
use crate::store::{AttentionRecord, Manifest, StreamRecord, read_manifest};

pub(super) fn run(
    path: &Path,
    arrays: &mut ArrayFile,
    manifest: &str,
) -> Result<SavedRun, SavedError> {
    let wrong = |reason: String| SavedError::Manifest {
        path: path.to_owned(),
        reason,
    };
    let manifest = read_manifest(manifest.as_bytes()).map_err(wrong)?;
    let record = match manifest.attention.as_slice() {
        [record] => record.clone(),
        records => {
            let found = records.len();
            return Err(wrong(format!(
                "expected one attention tensor, found {found}"
            )));
        }
    };
    let streams: Vec<Stream> = manifest.streams.iter().map(stream_of).collect();
    let [query_count, key_count] = counts(&streams, &record).map_err(wrong)?;
    let selection = record.selection().map_err(wrong)?;
    let shape = [
        selection.layers.len(),
        selection.head_indices().len(),
        query_count,
        key_count,
    ];
    let position = arrays
        .arrays()
        .iter()
        .position(|array| array.name == RAW)
        .ok_or_else(|| SavedError::NoAttention {
            path: path.to_owned(),
            reason: "expected an array called attention, found none".to_owned(),
            remedy: Box::new(Remedy::SaveRunAgain),
        })?;
    let is_as_written = arrays.arrays().get(position).is_some_and(|array| {
        array.shape == shape
            && array.content == Content::Floats(FloatType::F32)
            && value_count(&array.shape).is_some()
    });
    if !is_as_written {
        let found = arrays.arrays().get(position).map(|array| &array.shape);
        return Err(wrong(format!(
            "expected attention in F32 of shape {shape:?} (layer, head, query, key), found {found:?}"
        )));
    }
    let values = held_values(arrays.read(position)?, &selection, query_count * key_count);
    let attention = HeadMaps::new(selection, [query_count, key_count], values)
        .and_then(|maps| attention(maps, record, &manifest))
        .map_err(|source| SavedError::Contradiction {
            path: path.to_owned(),
            source,
        })?;
    Ok(SavedRun {
        file: path.to_owned(),
        run: Run {
            model: manifest.model.into(),
            input: manifest.input,
            streams,
            neurons: neurons::neurons(arrays, &attention).map_err(wrong)?,
            attention: vec![attention],
        },
        warnings: Vec::new(),
        is_double: false,
    })
}

fn stream_of(record: &StreamRecord) -> Stream {
    Stream {
        role: record.role,
        units: record.units.iter().cloned().map(Unit::from).collect(),
        dropped: record.dropped,
    }
}

/// The numbers of queries and of keys.
fn counts(streams: &[Stream], record: &AttentionRecord) -> Result<[usize; 2], String> {
    let counts = record.kind.streams().map(|role| {
        let units = stream(streams, role).map_or(0, |stream| stream.units.len());
        (role, units)
    });
    match counts.iter().find(|(_, count)| *count == 0) {
        Some((role, _)) => Err(format!("it has no {role} tokens")),
        None => Ok(counts.map(|(_, count)| count)),
    }
}

fn attention(
    maps: HeadMaps,
    record: AttentionRecord,
    manifest: &Manifest,
) -> Result<Attention, AttentionError> {
    let AttentionRecord {
        kind,
        masks,
        row_sums,
        notes,
        ..
    } = record;
    let is_foreign = manifest.model.source == ModelSource::Elsewhere;
    if !is_foreign && row_sums.is_none() && notes.is_empty() {
        let masks = match masks.is_empty() {
            true => vec![Mask::Full; maps.selection().layers.len()],
            false => masks,
        };
        return Ok(Attention::Own(AttentionTensor::new(kind, masks, maps)?));
    }
    let tolerance = match is_foreign {
        true => foreign_row_sum_tolerance(&maps),
        false => row_sum_tolerance(maps.key_count()),
    };
    let row_sums = row_sums.unwrap_or(RowSums::One);
    // Of attention from elsewhere, all layers have the same rule.
    let mask = masks.first().copied().unwrap_or_default();
    let attention =
        ForeignAttention::reshaped_before(kind, mask, maps, row_sums, tolerance, notes)?;
    Ok(Attention::Foreign(attention))
}
