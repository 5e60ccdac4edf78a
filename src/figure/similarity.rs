//! How alike the heads of a run are: a matrix of all of them, alike ones beside
//! one another.

use std::borrow::Cow;

use super::build::{captions, common_notes, matrix};
use super::reach::{Reach, maximum};
use super::{
    Body, Clipped, ColorPart, ColorRange, ColorScale, Figure, FigureError, FigureOptions,
    LabelledMap, MapKind, Scale, UnitLabel,
};
use crate::analysis::{Link, Maps, ReshapeOptions, Similarity};
use crate::attention::HeadId;
use crate::run::Run;

/// So many pairs are named where nobody says how many.
const NAMED_PAIRS: usize = 10;

/// The figure of how alike heads are; `maps` are what else is shown of the run.
///
/// # Errors
/// When the options name no range.
pub fn similarity_map(
    run: &Run,
    maps: &Maps<'_>,
    similarity: &Similarity,
    options: &FigureOptions,
) -> Result<Figure<'static>, FigureError> {
    let count = similarity.order.len();
    let order = similarity.order.iter();
    let values: Vec<f32> = order
        .flat_map(|&row| {
            let columns = similarity.order.iter();
            columns.map(move |&column| similarity.values[row * count + column])
        })
        .collect();
    let reach = match options.scale.unwrap_or(Scale::Head) {
        Scale::Head | Scale::Run => Reach::to(maximum(&values), "the greatest of two heads"),
        Scale::Unit => Reach::to(1.0, ""),
    };
    let range = reach.range(options)?;
    let mut clipped = Clipped::default();
    clipped.count(&values, &range);
    let heads: Vec<HeadId> = similarity.selection.head_ids().collect();
    let labels: Vec<UnitLabel> = similarity
        .order
        .iter()
        .map(|&place| UnitLabel {
            text: format!("{}.{}", heads[place].layer, heads[place].head),
            special: false,
            position: place,
        })
        .collect();
    let named_pairs = match options.top_links {
        0 => NAMED_PAIRS,
        count => count,
    };
    let mut notes = notes(maps, similarity);
    notes.extend(common_notes(run, &reach, options, clipped, Some(range)));
    Ok(Figure {
        title: format!(
            "{} · how alike {}",
            run.model.name(),
            match count {
                1 => "1 head attends".to_owned(),
                count => format!("{count} heads attend"),
            }
        ),
        captions: captions(run),
        body: Body::Map(LabelledMap {
            kind: MapKind::Similarity,
            links: most_alike(similarity, &heads, named_pairs),
            matrix: matrix(Cow::Owned(values), [count, count]),
            rows: labels.clone(),
            columns: labels,
            row_segment_starts: Vec::new(),
            column_segment_starts: Vec::new(),
            shows_positions: false,
            pointed_out: None,
            noun: "heads",
        }),
        color_scale: ColorScale {
            part: ColorPart::All,
            range: ColorRange::Shared(range),
            label: reach.label("divergence in bits", options),
            clipped,
        },
        palette: options.palette,
        notes,
    })
}

/// The pairs of heads that are most alike, as cells of the matrix.
fn most_alike(similarity: &Similarity, heads: &[HeadId], named: usize) -> Vec<Link> {
    let place = |id: HeadId| {
        let mut order = similarity.order.iter();
        order.position(|&place| heads.get(place) == Some(&id))
    };
    let pairs = similarity.most_alike(named).into_iter();
    let cells = pairs.filter_map(|([left, right], value)| {
        Some(Link {
            query: place(left)?,
            key: place(right)?,
            value,
        })
    });
    cells.collect()
}

/// What a reader must know, as sentences.
fn notes(maps: &Maps<'_>, similarity: &Similarity) -> Vec<String> {
    let mut notes = vec![
        "Jensen\u{2013}Shannon divergence between the rows of two heads, the mean over queries: \
         0 where they attend alike, 1 where they share no key."
            .to_owned(),
        "Heads are named layer.head and ordered by clustering (average linkage).".to_owned(),
    ];
    if similarity.stride > 1 {
        notes.push(format!(
            "Of every {} queries one is compared.",
            similarity.stride
        ));
    }
    match maps.reshape == ReshapeOptions::default() {
        true => notes.extend(maps.notes.iter().cloned()),
        false => notes.push(
            "It is of all tokens of the run, whatever else is merged, hidden or cut off."
                .to_owned(),
        ),
    }
    notes
}
