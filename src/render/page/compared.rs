//! The page of a comparison: both sides and their difference, which is written of
//! its own, since codes of both sides would not tell what is nearly equal.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use maud::{Markup, html};
use rayon::prelude::*;

use super::data::Data;
use super::data::compared::Sides;
use super::encoding::Coding;
use super::{Packed, deflated, document, packed_layers};
use crate::attention::{Mask, Selection};
use crate::compare::{Comparison, Pairing, Quantity};
use crate::render::RenderError;
use crate::run::Run;

/// A page up to its header, with the style of all pages that have a script.
pub fn opening(title: &str) -> Markup {
    document::begun(title)
}

/// The end of such a page.
pub fn ending() -> Markup {
    document::ended()
}

/// The parts of a comparison that its page is made of.
#[derive(Debug, Clone, Copy)]
pub struct ComparedRuns<'a> {
    /// What was found.
    pub comparison: &'a Comparison<'a>,
    /// The left run, and the right one.
    pub runs: [&'a Run; 2],
    /// What they are called.
    pub names: [&'a str; 2],
    /// What the two are to one another.
    pub pairing: Pairing,
    /// What sorts the heads at first.
    pub ranked_by: Quantity,
    /// Whether `attnviz diff` makes the same comparison.
    pub is_diff: bool,
}

/// What the script needs of a comparison: blocks that belong where the page has
/// its input.
///
/// # Errors
/// When it cannot be written as JSON, for which no comparison gives a reason.
pub fn content(compared: &ComparedRuns<'_>) -> Result<String, RenderError> {
    let ComparedRuns { comparison, .. } = *compared;
    let sides = Sides {
        comparison,
        runs: compared.runs,
        names: compared.names,
        pairing: compared.pairing,
        ranked_by: compared.ranked_by,
        is_diff: compared.is_diff,
    };
    let (left, right) = (&comparison.left, &comparison.right);
    let selection = &left.selection;
    let shape = [left.rows.len(), left.columns.len()];
    let masks = shared_masks(&sides);
    let pairs = left.values.par_iter().zip(right.values.par_iter());
    let differences: Vec<f32> = pairs.map(|(left, right)| right - left).collect();
    let sizes: Vec<f32> = differences.iter().map(|value| value.abs()).collect();
    let [coding, other] = [left, right].map(|maps| Coding::new(&maps.values, shape));
    let coding = Coding {
        base: coding.base.max(other.base),
        ..coding
    };
    let fine = Coding::new(&sizes, shape);
    let hideable = sides.hideable();
    let parts = [
        ("", &*left.values, coding),
        ("right-", &*right.values, coding),
        ("difference-", &sizes, fine),
    ]
    .map(|(name, values, coding)| {
        let packed = packed_layers(values, selection, shape, &masks, coding, &hideable);
        (name, packed)
    });
    let data = Data::of_comparison(&sides, &masks, [coding, fine], &hideable);
    let data = serde_json::to_string(&data).map_err(|error| RenderError::Page {
        message: error.to_string(),
    })?;
    let signs = signs(&differences, selection, shape, &masks);
    let blocks = html! {
        (document::json(&data))
        @for (name, layers) in &parts {
            @for (index, Packed { codes, ties, .. }) in layers.iter().enumerate() {
                (document::block(&format!("{name}codes-{index}"), codes))
                (document::block(&format!("{name}ties-{index}"), ties))
            }
        }
        @for (index, signs) in signs.iter().enumerate() {
            (document::block(&format!("signs-{index}"), signs))
        }
    };
    Ok(blocks.into_string())
}

/// What the masks of both sides forbid of what is shown of them. Units that are
/// left out leave the others in their order, in which the past stays the past; a
/// window is told by places alone, which are others then, and in words.
fn shared_masks(sides: &Sides<'_>) -> Vec<Mask> {
    let Comparison {
        left,
        right,
        rows,
        columns,
        ..
    } = sides.comparison;
    let is_whole = sides.has_all_tokens();
    let is_alike = left.masks == right.masks && left.is_square() && rows.pairs == columns.pairs;
    let shared = |mask: &Mask| match (*mask, is_whole, is_alike) {
        (mask, true, _) => mask,
        (Mask::Causal, false, true) | (Mask::Window { ahead: 0, .. }, false, true) => Mask::Causal,
        (Mask::Causal | Mask::Full | Mask::Window { .. }, false, _) => Mask::Full,
    };
    match left.masks == right.masks {
        true => left.masks.iter().map(shared).collect(),
        false => vec![Mask::Full; left.selection.layers.len()],
    }
}

/// Of each layer a bit a cell, in the order of the codes, the lowest of a byte
/// first: whether the right side has less.
fn signs(
    differences: &[f32],
    selection: &Selection,
    [queries, keys]: [usize; 2],
    masks: &[Mask],
) -> Vec<String> {
    let mut rest = differences;
    let layers = selection.layers.iter().zip(masks).map(|(layer, mask)| {
        let length = (layer.heads.len() * queries * keys).min(rest.len());
        let (values, behind) = rest.split_at(length);
        rest = behind;
        let rows = values.chunks_exact(keys.max(1)).enumerate();
        let cells = rows.flat_map(|(row, values)| {
            let allowed = mask.allowed(row % queries.max(1), keys);
            values[allowed].iter().map(|value| *value < 0.0)
        });
        let mut bytes = Vec::with_capacity(length.div_ceil(8));
        for (place, is_less) in cells.enumerate() {
            if place % 8 == 0 {
                bytes.push(0_u8);
            }
            if let Some(byte) = bytes.last_mut() {
                *byte |= u8::from(is_less) << (place % 8);
            }
        }
        STANDARD.encode(deflated(&bytes))
    });
    layers.collect()
}
