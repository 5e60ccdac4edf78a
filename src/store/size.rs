//! How much a run's folder is going to take, before any of it is made: arrays
//! of numbers to the byte, what stands around them and pictures roughly.

use std::collections::BTreeSet;

use super::numbers;
use super::pictures::{picture_formats, pictures};
use super::{Format, OutputOptions};
use crate::analysis::{Maps, ReshapeOptions};
use crate::attention::Attention;
use crate::figure::{PictureId, View, layout};
use crate::memory::Demand;
use crate::render::page;
use crate::run::Run;

/// What is written without [`OutputOptions::large`](super::OutputOptions::large), in bytes.
pub const MAXIMUM_LENGTH: u64 = 1_000_000_000;

/// Frame, labels, colour bar and values of a picture, compressed: 12,000 of one
/// token and 170,000 of 44 were measured.
const PICTURE_LENGTH: u64 = 100_000;
/// A cell of a single map, compressed, where it has no room for its value: 0.5
/// to 1 were measured.
const CELL_LENGTH: u64 = 1;
/// The lines of a head, compressed, of which there are some thousands at most.
const LINES_LENGTH: u64 = 200_000;
/// The most cells that one canvas shows apart.
const MAXIMUM_CELLS: u64 = 16_000_000;
/// A cell of an overview, compressed: less than 0.1 to 1.1 were measured.
const PANEL_CELL_LENGTH: u64 = 1;
/// The most that the panels of an overview take, compressed: a canvas full.
const MAXIMUM_GRID_LENGTH: u64 = 60_000_000;
/// A number as JSON writes it, with the comma behind it, on average.
const JSON_NUMBER_LENGTH: u64 = 14;
/// A line of a table: a number and where it belongs.
const LINE_LENGTH: u64 = 40;
/// Around a map, both sides together, and the panels of a grid, in pixels.
const SURROUNDINGS: u64 = 800;
const GRID_SIDE: u64 = 2_400;
/// A page without its values.
const PAGE_LENGTH: u64 = 300_000;
/// A unit in a manifest.
const TOKEN_LENGTH: u64 = 240;
/// A file in a manifest.
const FILE_LENGTH: u64 = 240;

/// About how many bytes the files of a run are going to take.
pub fn estimate(run: &Run, attention: &Attention, maps: &Maps<'_>, options: &OutputOptions) -> u64 {
    let unit_count = attention.maps().query_count() + attention.maps().key_count();
    let cells = (maps.rows.len() as u64).saturating_mul(maps.columns.len() as u64);
    let shown = maps.values.len() as u64;
    let heads = maps.selection.head_count() as u64;
    let lengths = numbers::lengths(run, attention, maps, options);
    let sum = |lengths: &[u64]| lengths.iter().copied().fold(0_u64, u64::saturating_add);
    let values = sum(&lengths);
    // Tables have the numbers of views alone, which stand last.
    let of_views = lengths.len().saturating_sub(options.views.len());
    let in_tables = sum(lengths.get(of_views..).unwrap_or_default());
    let pictures = pictures(&maps.selection, options);
    let manifest = 2_000 + unit_count as u64 * TOKEN_LENGTH + pictures.len() as u64 * FILE_LENGTH;
    let pictures = pictures
        .iter()
        .fold(0_u64, |sum, picture| {
            sum.saturating_add(picture_length(&picture.id, [cells, shown, heads]))
        })
        .saturating_mul(picture_formats(options).len() as u64);
    let numbers = options.formats.iter().map(|format| match format {
        Format::Png | Format::Svg => 0,
        // Of the raw maps, which stand first.
        Format::Html => {
            let raw = lengths.first().copied().unwrap_or(0);
            let neurons = run
                .neurons
                .as_ref()
                .map_or(0, |neurons| neurons.query.len());
            let neurons = page::NEURON_LENGTH.saturating_mul(neurons as u64);
            PAGE_LENGTH
                .saturating_add(raw.saturating_mul(page::cell_length(unit_count)))
                .saturating_add(neurons)
        }
        Format::Safetensors => values.saturating_mul(4).saturating_add(manifest),
        // The manifest in UTF-32.
        Format::Npz => values.saturating_mul(4).saturating_add(manifest * 4),
        Format::Json => values
            .saturating_mul(JSON_NUMBER_LENGTH)
            .saturating_add(manifest),
        Format::Csv => in_tables.saturating_mul(LINE_LENGTH),
    });
    numbers.fold(pictures.saturating_add(manifest), u64::saturating_add)
}

/// What is held in memory beside the maps of a run while its files are made.
/// The input has so many units, of which the canvases depend.
pub fn with_output(
    demand: Demand,
    [layer_count, unit_count]: [usize; 2],
    options: &OutputOptions,
) -> Demand {
    let number = size_of::<f32>() as u64;
    let canvases = canvases(demand.map_count, unit_count, options);
    // Each step that changes maps holds old and new ones.
    let reshaped = match options.reshape == ReshapeOptions::default() {
        true => 0,
        false => 2 * number,
    };
    let encoded = options.formats.iter().map(|format| match format {
        // Tables are of maps at most, which count below.
        Format::Png | Format::Svg | Format::Csv => 0,
        Format::Html => page::cell_length(unit_count),
        Format::Safetensors | Format::Npz => number,
        Format::Json => JSON_NUMBER_LENGTH,
    });
    // Profiles are of the mean; each reduction is made once.
    let reductions: BTreeSet<&str> = options
        .views
        .iter()
        .filter_map(|view| match view {
            View::Mean | View::Unit(..) | View::Text(_) => Some("mean"),
            View::Max => Some("max"),
            // A map a layer, and the products of two of them.
            View::Rollout => Some("rollout"),
            View::Heads
            | View::Overview
            | View::Link(..)
            | View::Similarity
            | View::Scores
            | View::Lines => None,
        })
        .collect();
    let line = match options.formats.contains(&Format::Csv) {
        true => LINE_LENGTH,
        false => 0,
    };
    // A map a layer and one of all, and the sums of one of them.
    let reduction = (layer_count as u64 + 1) * (number + line) + size_of::<f64>() as u64;
    Demand {
        each_pair: demand.each_pair + reshaped + encoded.max().unwrap_or(0),
        each_pair_once: demand.each_pair_once + reductions.len() as u64 * reduction,
        // As if they grew with the text, which they do step by step.
        each_token: demand.each_token + canvases.div_ceil(unit_count.max(1) as u64),
        ..demand
    }
}

/// What is drawn on, a byte a pixel: a canvas each thread, and that of the
/// overview, which is as large as many.
fn canvases(map_count: u64, unit_count: usize, options: &OutputOptions) -> u64 {
    if picture_formats(options).is_empty() {
        return 0;
    }
    let square = |side: u64| (side + SURROUNDINGS).saturating_mul(side + SURROUNDINGS);
    let threads = rayon::current_num_threads() as u64;
    let has_overview = options.views.iter().any(|view| match view {
        View::Overview => true,
        // Its small maps are as large a canvas.
        View::Rollout => true,
        View::Heads
        | View::Mean
        | View::Max
        | View::Unit(..)
        | View::Link(..)
        | View::Similarity
        | View::Scores
        | View::Lines
        | View::Text(_) => false,
    });
    let side = u64::try_from(layout::map_side(unit_count)).unwrap_or(0);
    let maps = threads.min(map_count).saturating_mul(square(side));
    maps + u64::from(has_overview) * square(GRID_SIDE)
}

/// Of a run of maps with so many cells each, so many values in all, and so many
/// heads.
fn picture_length(picture: &PictureId, [cells, values, heads]: [u64; 3]) -> u64 {
    PICTURE_LENGTH
        + match picture {
            PictureId::Overview => values
                .saturating_mul(PANEL_CELL_LENGTH)
                .min(MAXIMUM_GRID_LENGTH),
            PictureId::Head(_) | PictureId::Joined(..) | PictureId::Rollout => {
                cells.min(MAXIMUM_CELLS) * CELL_LENGTH
            }
            PictureId::RolloutByLayer => values
                .saturating_mul(PANEL_CELL_LENGTH)
                .min(MAXIMUM_GRID_LENGTH),
            PictureId::Unit(..) | PictureId::Link(..) | PictureId::Scores | PictureId::Text(_) => 0,
            PictureId::Lines(_) => LINES_LENGTH,
            PictureId::Similarity => heads
                .saturating_mul(heads)
                .min(MAXIMUM_CELLS)
                .saturating_mul(CELL_LENGTH),
        }
}
