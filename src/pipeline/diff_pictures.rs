//! The pictures of a comparison: the grid of all heads, and the most changed
//! heads on both sides beside their difference.

use rayon::prelude::*;

use super::OutputError;
use super::contents::{encode_as, with_shaper};
use super::side_names::side_names;
use crate::attention::HeadId;
use crate::compare::{Comparison, Pairing};
use crate::figure::{Figure, FigureOptions, Palette, difference_grid, head_difference};
use crate::render::{self, Picture};
use crate::run::Run;
use crate::store::diff::{DiffOptions, GRID, HEADS};
use crate::store::{Format, OptionsRecord};

/// A picture, and the options that made it.
pub(super) struct DiffPicture {
    /// Relative to the folder.
    pub(super) name: String,
    pub(super) rendered: Picture,
    pub(super) made_by: OptionsRecord,
    /// Which head; `None` for the grid.
    pub(super) head: Option<HeadId>,
}

/// The grid of all heads, and the most changed heads, in every format of
/// pictures that is asked for. `of_all` is what made any file of all heads.
///
/// # Errors
/// When one cannot be drawn.
pub(super) fn pictures(
    comparison: &Comparison<'_>,
    runs: [&Run; 2],
    pairing: Pairing,
    options: &DiffOptions,
    notes: &[String],
    of_all: &OptionsRecord,
) -> Result<Vec<DiffPicture>, OutputError> {
    let is_picture = |format: &Format| match format {
        Format::Png | Format::Svg => true,
        Format::Html | Format::Safetensors | Format::Npz | Format::Json | Format::Csv => false,
    };
    let formats: Vec<Format> = options.formats.iter().copied().filter(is_picture).collect();
    if formats.is_empty() {
        return Ok(Vec::new());
    }
    // Of one model, its name stands for both sides and the texts are captions.
    let names = match pairing {
        Pairing::SameInput => side_names(runs, pairing),
        Pairing::OtherInput => runs.map(|run| run.model.name()),
    };
    let ranked = comparison.differences.ranked(options.measure());
    // What did not change is nothing to look at.
    let changed = ranked.into_iter().filter(|(_, value)| *value > 0.0);
    let heads = changed.take(options.top).map(|(id, _)| Some(id));
    let subjects: Vec<Option<HeadId>> = [None].into_iter().chain(heads).collect();
    let drawn: Result<Vec<Vec<DiffPicture>>, OutputError> = subjects
        .into_par_iter()
        .map(|head| {
            let names = [names[0].as_str(), names[1].as_str()];
            let captions = captions(runs, pairing);
            let figure = figure(comparison, names, head, captions, options, notes)?;
            let name = match head {
                None => GRID.to_owned(),
                Some(HeadId { layer, head }) => {
                    format!("{HEADS}/layer-{layer:02}-head-{head:02}")
                }
            };
            let made_by = OptionsRecord {
                theme: options.theme.to_string(),
                measure: head.is_none().then(|| options.measure().to_string()),
                ..of_all.clone()
            };
            in_formats(&figure, (head, &name), &formats, &made_by)
        })
        .collect();
    Ok(drawn?.into_iter().flatten().collect())
}

fn captions([left, right]: [&Run; 2], pairing: Pairing) -> Vec<String> {
    let of = |run: &Run| run.input.captions().join(" · ");
    match pairing {
        Pairing::SameInput => left
            .input
            .captions()
            .into_iter()
            .map(str::to_owned)
            .collect(),
        Pairing::OtherInput => vec![
            format!("left: {}", of(left)),
            format!("right: {}", of(right)),
        ],
    }
}

/// The figure of a head, or the grid.
fn figure<'maps>(
    comparison: &'maps Comparison<'_>,
    names: [&str; 2],
    head: Option<HeadId>,
    captions: Vec<String>,
    options: &DiffOptions,
    notes: &[String],
) -> Result<Figure<'maps>, OutputError> {
    let looks = FigureOptions {
        palette: Palette {
            theme: options.theme,
            ..Palette::default()
        },
        ..FigureOptions::default()
    };
    let differences = &comparison.differences;
    let Some(head) = head else {
        return Ok(difference_grid(
            names,
            &differences.selection,
            differences.heads(options.measure()),
            options.measure(),
            captions,
            notes.to_vec(),
            &looks,
        )?);
    };
    let [mut differing, columns] = comparison.replaced();
    differing.extend(columns);
    differing.sort_unstable();
    differing.dedup();
    let (left, right) = (&comparison.left, &comparison.right);
    let mut figure = head_difference(names, left, right, head, &differing, captions, &looks)?;
    let others: Vec<String> = notes
        .iter()
        .filter(|note| !figure.notes.contains(note))
        .cloned()
        .collect();
    figure.notes.extend(others);
    Ok(figure)
}

/// A figure in each of some formats.
fn in_formats(
    figure: &Figure<'_>,
    (head, name): (Option<HeadId>, &str),
    formats: &[Format],
    made_by: &OptionsRecord,
) -> Result<Vec<DiffPicture>, OutputError> {
    let file = |format: Format| format!("{name}.{format}");
    let drawing = with_shaper(|shaper| render::prepare(figure, shaper));
    let drawing = drawing.map_err(|source| OutputError::Render {
        file: file(Format::Png),
        source,
    })?;
    let drawn = formats.iter().map(|&format| {
        Ok(DiffPicture {
            rendered: encode_as(&drawing, format, &file(format))?,
            name: file(format),
            made_by: made_by.clone(),
            head,
        })
    });
    drawn.collect()
}
