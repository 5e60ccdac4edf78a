//! What the scores of heads are made of, out of a file that attnviz wrote.

use super::array_file::ArrayFile;
use super::arrays::{Content, FloatType, value_count};
use super::held::held_values;
use crate::attention::{Attention, Neurons};
use crate::store::numbers::names::{KEY, QUERY, SCORE_SCALE, VALUE_NORM};

/// What the scores of these heads are made of, `None` where the file does not have
/// it.
///
/// # Errors
/// When it has a part of it, or in another shape, as a sentence.
pub(super) fn neurons(
    arrays: &mut ArrayFile,
    attention: &Attention,
) -> Result<Option<Neurons>, String> {
    let infos = arrays.arrays();
    let place = |name: &str| infos.iter().position(|array| array.name == name);
    let places = [QUERY, KEY, VALUE_NORM, SCORE_SCALE].map(place);
    let [Some(query), Some(key), Some(value_norm), Some(scale)] = places else {
        return match places.iter().all(Option::is_none) {
            true => Ok(None),
            false => Err(format!(
                "expected {QUERY}, {KEY}, {VALUE_NORM} and {SCORE_SCALE} together, found some of them"
            )),
        };
    };
    let [layers, heads, unit_count, _] = attention.maps().shape();
    let head_size = match infos.get(query).map(|array| array.shape.as_slice()) {
        Some([_, _, _, size]) => *size,
        Some(_) | None => 0,
    };
    let vectors = [layers, heads, unit_count, head_size];
    let mut read = |place: usize, shape: &[usize]| -> Result<Vec<f32>, String> {
        let info = arrays.arrays().get(place).cloned();
        let info = info.ok_or_else(|| "an array is gone".to_owned())?;
        let is_right = info.shape == shape
            && info.content == Content::Floats(FloatType::F32)
            && value_count(shape).is_some();
        if !is_right {
            return Err(format!(
                "expected {} in F32 of shape {shape:?}, found {:?}",
                info.name, info.shape
            ));
        }
        arrays.read(place).map_err(|error| error.to_string())
    };
    let selection = attention.maps().selection();
    let vector_size = unit_count * head_size;
    Ok(Some(Neurons {
        selection: selection.clone(),
        unit_count,
        head_size,
        query: held_values(read(query, &vectors)?, selection, vector_size),
        key: held_values(read(key, &vectors)?, selection, vector_size),
        value_norm: held_values(read(value_norm, &vectors[..3])?, selection, unit_count),
        scales: read(scale, &[layers])?,
    }))
}
