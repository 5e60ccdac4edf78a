//! From a run to its figures.

use std::borrow::Cow;

use super::{
    Body, ColorRange, ColorScale, Figure, FigureError, FigureOptions, LabelledMap, Matrix, Panel,
    PanelGrid, Scale, TokenLabel,
};
use crate::attention::{AttentionMap, HeadId};
use crate::run::Run;
use crate::tokenizer::Token;

/// The figure of one head: every token labelled, one colour bar.
///
/// # Errors
/// When the run does not hold the head, or its tensor has another shape than
/// its selection and tokens.
pub fn head_map<'run>(
    run: &'run Run,
    head: HeadId,
    options: &FigureOptions,
) -> Result<Figure<'run>, FigureError> {
    check_shape(run)?;
    let map = run.map(head).ok_or(FigureError::NoSuchHead { head })?;
    let (maximum, label) = match options.scale.unwrap_or(Scale::Head) {
        Scale::Head => (map.maximum(), "attention, 0 to this map's maximum"),
        Scale::Unit => (1.0, "attention"),
        Scale::Run => (run_maximum(run), "attention, 0 to the run's maximum"),
    };
    Ok(Figure {
        title: format!("{} · {head}", run.model.id),
        captions: captions(run),
        body: Body::Map(LabelledMap {
            matrix: matrix(map),
            tokens: run.input.tokens.iter().map(token_label).collect(),
            segment_starts: segment_starts(&run.input.tokens),
        }),
        color_scale: ColorScale {
            colormap: options.colormap,
            range: ColorRange::Shared(usable_maximum(maximum)),
            label: label.into(),
        },
        notes: truncation_note(run).into_iter().collect(),
    })
}

/// The figure of all heads of a run: one row per layer, one column per head.
///
/// # Errors
/// When the run's tensor has another shape than its selection and tokens.
pub fn overview<'run>(
    run: &'run Run,
    options: &FigureOptions,
) -> Result<Figure<'run>, FigureError> {
    check_shape(run)?;
    let scale = options.scale.unwrap_or(Scale::Unit);
    let (range, label) = match scale {
        Scale::Head => (ColorRange::PerPanel, "attention, 0 to each map's maximum"),
        Scale::Unit => (ColorRange::Shared(1.0), "attention"),
        Scale::Run => (
            ColorRange::Shared(usable_maximum(run_maximum(run))),
            "attention, 0 to the run's maximum",
        ),
    };
    let panels = run
        .selection
        .head_ids()
        .map(|head| {
            let map = run.map(head).ok_or(FigureError::NoSuchHead { head })?;
            let maximum = match range {
                ColorRange::Shared(maximum) => maximum,
                ColorRange::PerPanel => usable_maximum(map.maximum()),
            };
            let matrix = matrix(map);
            Ok(Panel { matrix, maximum })
        })
        .collect::<Result<_, FigureError>>()?;
    let mut notes = vec![String::from(
        "In each map queries run down and keys run across.",
    )];
    notes.extend(truncation_note(run));
    Ok(Figure {
        title: run.model.id.clone(),
        captions: captions(run),
        body: Body::Grid(PanelGrid {
            row_labels: run.selection.layers.iter().map(usize::to_string).collect(),
            column_labels: run.selection.heads.iter().map(usize::to_string).collect(),
            panels,
            token_count: run.input.tokens.len(),
            segment_starts: segment_starts(&run.input.tokens),
        }),
        color_scale: ColorScale {
            colormap: options.colormap,
            range,
            label: label.into(),
        },
        notes,
    })
}

/// Everything after this may index by layer, head and token.
fn check_shape(run: &Run) -> Result<(), FigureError> {
    let token_count = run.input.tokens.len();
    let expected = [
        run.selection.layers.len(),
        run.selection.heads.len(),
        token_count,
        token_count,
    ];
    let found = run.attention.shape();
    if expected == found {
        Ok(())
    } else {
        Err(FigureError::ShapeMismatch { expected, found })
    }
}

fn matrix(map: AttentionMap<'_>) -> Matrix<'_> {
    Matrix {
        values: Cow::Borrowed(map.values()),
        rows: map.query_count(),
        columns: map.key_count(),
    }
}

fn run_maximum(run: &Run) -> f32 {
    run.attention.values().iter().copied().fold(0.0, f32::max)
}

/// A colour scale needs an end above its beginning.
fn usable_maximum(maximum: f32) -> f32 {
    if maximum > 0.0 { maximum } else { 1.0 }
}

fn captions(run: &Run) -> Vec<String> {
    std::iter::once(&run.input.text)
        .chain(&run.input.pair)
        .cloned()
        .collect()
}

fn token_label(token: &Token) -> TokenLabel {
    let text = if token.text.trim().is_empty() {
        // A blank label would look like a forgotten one.
        format!("\u{201c}{}\u{201d}", token.text)
    } else {
        token.text.clone()
    };
    TokenLabel {
        text,
        special: token.special,
    }
}

fn segment_starts(tokens: &[Token]) -> Vec<usize> {
    tokens
        .windows(2)
        .enumerate()
        .filter(|(_, pair)| pair[0].segment != pair[1].segment)
        .map(|(index, _)| index + 1)
        .collect()
}

fn truncation_note(run: &Run) -> Option<String> {
    let dropped = run.input.truncated_tokens;
    let kept = run.input.tokens.len();
    match dropped {
        0 => None,
        1 => Some(format!(
            "The input was truncated: 1 token was dropped, {kept} are shown."
        )),
        _ => Some(format!(
            "The input was truncated: {dropped} tokens were dropped, {kept} are shown."
        )),
    }
}
