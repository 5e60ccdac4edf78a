//! Rollout as figures: the map after the last layer, and a small map a layer.

use super::build::{Places, grid_of, name_of, single_map};
use super::{Figure, FigureError, FigureOptions};
use crate::analysis::{MapId, Maps};
use crate::run::Run;

/// So many layers stand beside one another.
const LAYERS_A_ROW: usize = 8;

/// The figure of the rollout after the last layer.
///
/// # Errors
/// When the options name no range.
pub fn rollout_map<'maps>(
    run: &Run,
    maps: &'maps Maps<'_>,
    options: &FigureOptions,
) -> Result<Figure<'maps>, FigureError> {
    let last = maps.ids.last().ok_or(FigureError::NothingJoined)?;
    single_map(run, maps, *last, options)
}

/// The figure of the rollout after every layer: in one row, or in few of as
/// many layers each.
///
/// # Errors
/// When the options name no range.
pub fn rollout_by_layer<'maps>(
    run: &Run,
    maps: &'maps Maps<'_>,
    options: &FigureOptions,
) -> Result<Figure<'maps>, FigureError> {
    let rows = maps.ids.len().div_ceil(LAYERS_A_ROW).max(1);
    let columns = maps.ids.len().div_ceil(rows);
    let layers = maps.selection.layer_indices().into_iter();
    let places = Places {
        row_labels: vec![String::new(); rows],
        column_labels: vec![String::new(); columns],
        captions: layers.map(|layer| format!("layer {layer}")).collect(),
        ids: maps.ids.clone(),
    };
    let steps = places.steps(maps);
    let figure = grid_of(run, maps, options, places, &steps)?;
    Ok(Figure {
        title: format!("{} · {}", figure.title, name_of(maps, MapId::All)),
        ..figure
    })
}
