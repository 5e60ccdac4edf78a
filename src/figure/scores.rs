//! What each head of a run does: a grid of layers and heads for each score.

use std::collections::BTreeMap;

use super::build::captions;
use super::reach::Reach;
use super::{
    Body, Clipped, ColorPart, ColorRange, ColorScale, Figure, FigureError, FigureOptions,
    Progression, Scale, ScoreGrid, ScoreGrids,
};
use crate::analysis::{
    Analyses, HeadScores, Maps, ReshapeOptions, Score, Statistics, truncation_note,
};
use crate::attention::{HeadId, RowSums, Selection};
use crate::run::Run;

/// The figure of what each head does; `maps` are what else is shown of the run.
///
/// Each score has colours from 0 to its own maximum. The ends that the options
/// name are those of shares: entropies and distances have units of their own.
///
/// # Errors
/// When the options name no range.
pub fn score_grids(
    run: &Run,
    maps: &Maps<'_>,
    analyses: &Analyses<'_>,
    options: &FigureOptions,
) -> Result<Figure<'static>, FigureError> {
    let scores = analyses.scores();
    let layers = scores.selection.layer_indices();
    let heads = scores.selection.head_indices();
    let values = |score| by_layer_and_head(scores, score, [&layers, &heads]);
    let (grids, empty) = grids(values, options)?;
    let mut notes = notes(scores, &grids, &empty);
    let attention = analyses.attention();
    if attention.row_sums() == RowSums::Unnormalized {
        notes.push(
            "The rows of this attention do not sum to 1; they are taken as they are.".to_owned(),
        );
    }
    notes.extend(attention.notes().iter().cloned());
    if maps.reshape != ReshapeOptions::default() {
        notes.push(
            "They are of all tokens of the run, whatever else is merged, hidden or cut off."
                .to_owned(),
        );
    }
    let streams = run.streams.iter();
    notes.extend(streams.filter_map(|stream| truncation_note(stream.dropped, stream.units.len())));
    if options.progression == Progression::Logarithmic {
        notes.push("Colours are logarithmic.".to_owned());
    }
    let of_heads = counted(scores.selection.head_count());
    let titles = Titles {
        title: format!("{} · scores of {of_heads}", run.model.name()),
        captions: captions(run),
        notes,
    };
    figure(titles, [layers, heads], grids, options)
}

/// The figure of what heads do over many inputs, as this model's; `statistics`
/// are of `selection`. Heads in which a score is always empty have no colour.
///
/// # Errors
/// When no head has any score.
pub fn mean_grids(
    model: &str,
    statistics: &Statistics,
    selection: &Selection,
    input_count: u64,
) -> Result<Figure<'static>, FigureError> {
    let layers = selection.layer_indices();
    let heads = selection.head_indices();
    let values = |score| -> Vec<f32> {
        let known: BTreeMap<HeadId, f32> = statistics
            .of(score)
            .into_iter()
            .map(|head| (head.head, head.mean as f32))
            .collect();
        let ids = selection.head_ids();
        ids.map(|id| known.get(&id).copied().unwrap_or(f32::NAN))
            .collect()
    };
    let options = FigureOptions::default();
    let (grids, empty) = grids(values, &options)?;
    let mut notes = vec![
        "Means over the inputs in which a score makes sense; each score has colours of its own."
            .to_owned(),
    ];
    notes.extend(sources(&grids));
    notes.extend(missing(&grids, &empty));
    let titles = Titles {
        title: format!(
            "{model} · mean scores of {}",
            counted(selection.head_count())
        ),
        captions: vec![match input_count {
            1 => "1 input".to_owned(),
            count => format!("{count} inputs"),
        }],
        notes,
    };
    figure(titles, [layers, heads], grids, &options)
}

/// What stands around the grids.
struct Titles {
    title: String,
    captions: Vec<String>,
    notes: Vec<String>,
}

/// The grids under their titles. Of every run some unit receives something, so
/// that some head has a score.
fn figure(
    titles: Titles,
    [layers, heads]: [Vec<usize>; 2],
    grids: Vec<ScoreGrid>,
    options: &FigureOptions,
) -> Result<Figure<'static>, FigureError> {
    let first = grids.first().ok_or(FigureError::NothingJoined)?;
    Ok(Figure {
        title: titles.title,
        captions: titles.captions,
        color_scale: ColorScale {
            label: LABEL.to_owned(),
            ..first.color_scale.clone()
        },
        body: Body::Scores(ScoreGrids {
            layers,
            heads,
            grids,
        }),
        palette: options.palette,
        notes: titles.notes,
    })
}

/// What the colours of each score are.
const LABEL: &str = "each score, from 0 to its own maximum";

fn counted(head_count: usize) -> String {
    match head_count {
        1 => "1 head".to_owned(),
        count => format!("{count} heads"),
    }
}

/// A grid for each score that some head has, and the scores that none has.
fn grids(
    values: impl Fn(Score) -> Vec<f32>,
    options: &FigureOptions,
) -> Result<(Vec<ScoreGrid>, Vec<Score>), FigureError> {
    let (mut grids, mut empty) = (Vec::new(), Vec::new());
    for &score in Score::ALL {
        let values = values(score);
        match values.iter().all(|value| value.is_nan()) {
            true => empty.push(score),
            false => grids.push(grid(score, values, options)?),
        }
    }
    Ok((grids, empty))
}

/// `[layer, head]`: NaN where a layer lacks a head.
fn by_layer_and_head(
    scores: &HeadScores,
    score: Score,
    [layers, heads]: [&[usize]; 2],
) -> Vec<f32> {
    let held = scores.selection.head_ids().zip(scores.get(score));
    let mut held = held.peekable();
    let places = layers
        .iter()
        .flat_map(|&layer| heads.iter().map(move |&head| HeadId { layer, head }));
    let value = |place| match held.next_if(|(id, _)| *id == place) {
        Some((_, &value)) => value,
        None => f32::NAN,
    };
    places.map(value).collect()
}

fn grid(score: Score, values: Vec<f32>, options: &FigureOptions) -> Result<ScoreGrid, FigureError> {
    let greatest = values.iter().copied().fold(0.0, f32::max);
    let whole = match options.scale {
        Some(Scale::Unit) if score.is_share() => 1.0,
        Some(Scale::Unit | Scale::Head | Scale::Run) | None if greatest > 0.0 => greatest,
        Some(_) | None => 1.0,
    };
    let own = FigureOptions {
        minimum: None,
        maximum: None,
        ..*options
    };
    let given = match score.is_share() {
        true => options,
        false => &own,
    };
    let reach = Reach::to(whole, "");
    // A first colour above all values of one score leaves it its own range.
    let range = reach.range(given).or_else(|_| reach.range(&own))?;
    let mut clipped = Clipped::default();
    clipped.count(&values, &range);
    Ok(ScoreGrid {
        score,
        color_scale: ColorScale {
            part: ColorPart::All,
            range: ColorRange::Shared(range),
            label: score.unit().to_owned(),
            clipped,
        },
        range,
        values,
    })
}

/// What a reader must know of the scores: of which tokens they are, where they
/// are defined, which are not there.
fn notes(scores: &HeadScores, grids: &[ScoreGrid], empty: &[Score]) -> Vec<String> {
    let mut notes = vec![
        "Shares are means over all queries or shares of all attention; each score has colours \
         of its own."
            .to_owned(),
    ];
    let names = [Score::Classification, Score::Separator].map(Score::name);
    let ends = names.into_iter().zip(&scores.ends);
    let ends =
        ends.filter_map(|(name, end)| Some(format!("{name} is what {} gets", end.as_ref()?)));
    let ends: Vec<String> = ends.collect();
    if !ends.is_empty() {
        notes.push(format!("{}.", ends.join(", ")));
    }
    notes.extend(sources(grids));
    notes.extend(missing(grids, empty));
    notes
}

/// Which papers define what is there, a sentence.
fn sources(grids: &[ScoreGrid]) -> Option<String> {
    let mut sources: Vec<(&str, Vec<&str>)> = Vec::new();
    for grid in grids {
        let Some(source) = grid.score.source() else {
            continue;
        };
        match sources.iter_mut().find(|(known, _)| *known == source) {
            Some((_, names)) => names.push(family(grid.score)),
            None => sources.push((source, vec![family(grid.score)])),
        }
    }
    let cited: Vec<String> = sources
        .into_iter()
        .map(|(source, mut names)| {
            names.dedup();
            format!("{source}: {}", names.join(", "))
        })
        .collect();
    (!cited.is_empty()).then(|| format!("{}.", cited.join("; ")))
}

/// Which scores are not there, a sentence.
fn missing(grids: &[ScoreGrid], empty: &[Score]) -> Option<String> {
    let mut missing: Vec<&str> = empty.iter().map(|&score| family(score)).collect();
    missing.dedup();
    // Of a decoder the shares at offsets ahead are empty, those behind are not.
    missing.retain(|name| !grids.iter().any(|grid| family(grid.score) == *name));
    (!missing.is_empty()).then(|| {
        format!(
            "Not there, because this attention or input has nothing of the kind: {}.",
            missing.join(", ")
        )
    })
}

/// The name of a score, and one for those that are columns of the same array.
fn family(score: Score) -> &'static str {
    match score {
        Score::OffsetMinusTwo
        | Score::OffsetMinusOne
        | Score::OffsetZero
        | Score::OffsetPlusOne
        | Score::OffsetPlusTwo => "offset_share",
        Score::Entropy
        | Score::EntropyNormalized
        | Score::Previous
        | Score::Itself
        | Score::Next
        | Score::Classification
        | Score::Separator
        | Score::Punct
        | Score::Punctuation
        | Score::Distance
        | Score::Confidence
        | Score::DuplicateToken
        | Score::PreviousToken
        | Score::Induction
        | Score::Segment
        | Score::ReceivedMaximum
        | Score::SinkShare => score.name(),
    }
}
