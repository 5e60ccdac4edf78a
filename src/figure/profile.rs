//! What one token attends to, or what attends to it, as bars over the
//! sentence and as a row for every layer.

use super::build::{
    captions, label, maximum, notes, reduced, segment_starts, token_label, value_range,
};
use super::{
    Body, Clipped, ColorRange, ColorScale, Figure, FigureError, FigureOptions, Scale, TokenLabel,
    TokenProfile,
};
use crate::analysis::{Direction, Shown, profile};
use crate::run::Run;

/// A token in the title is cut to so many letters.
const TITLE_LETTERS: usize = 32;

/// The figure of one token: bars of the mean over all shown heads, and below
/// them a row for every layer.
///
/// Bars grow from 0 on a linear axis, whatever the options say of colours: a
/// length that does not start at nothing says nothing. The scale applies to
/// bars and colours, the rest of the options to the colours of the rows.
///
/// # Errors
/// When no shown token has the position, or the options name no range.
pub fn token_profile<'shown>(
    run: &Run,
    shown: &'shown Shown<'_>,
    direction: Direction,
    position: usize,
    options: &FigureOptions,
) -> Result<Figure<'shown>, FigureError> {
    let outside = || FigureError::NoSuchPosition {
        found: position,
        count: shown.tokens.len(),
    };
    let profile = profile(shown, direction, position).ok_or_else(outside)?;
    let tokens: Vec<TokenLabel> = shown.tokens.iter().map(token_label).collect();
    let name = named(&shown.tokens.get(position).ok_or_else(outside)?.text);
    let layers = profile.by_layer.concat();
    let highest = maximum(&profile.mean);
    let (layer_maximum, bar_maximum, reach) = match options.scale.unwrap_or(Scale::Head) {
        Scale::Head => (maximum(&layers), highest, "these rows' maximum"),
        Scale::Unit => (1.0, 1.0, ""),
        Scale::Run => {
            let maximum = maximum(&shown.values);
            (maximum, maximum, "the run's maximum")
        }
    };
    let range = value_range(options, layer_maximum)?;
    let mut clipped = Clipped::default();
    clipped.count(&layers, &range);
    let quantity = match shown.layers.len() * shown.heads.len() {
        1 => "attention",
        _ => "mean attention",
    };
    let (word, axis_name) = match direction {
        Direction::From => ("from", "key (attended to)"),
        Direction::To => ("to", "query (attends)"),
    };
    let mut sentences = vec![reading(shown, &name, &tokens)];
    sentences.extend(notes(run, shown, clipped, Some(range)));
    Ok(Figure {
        title: format!(
            "{} · {word} {name} (token {position}) · {}",
            run.model.id,
            reduced(&shown.layers, &shown.heads, "mean")
        ),
        captions: captions(run),
        body: Body::Profile(TokenProfile {
            bars: profile.mean,
            // No bar leaves its axis, not even one of unnormalized attention.
            bar_maximum: bar_maximum.max(highest),
            bar_name: quantity.to_owned(),
            rows: profile.by_layer,
            row_labels: shown.layers.iter().map(usize::to_string).collect(),
            segment_starts: segment_starts(&shown.tokens),
            tokens,
            position,
            token_axis_name: axis_name.to_owned(),
        }),
        color_scale: ColorScale {
            range: ColorRange::Shared(range),
            label: label(
                match shown.heads.len() {
                    1 => "attention",
                    _ => "mean attention",
                },
                options,
                reach,
            ),
            clipped,
        },
        palette: options.palette,
        notes: sentences,
    })
}

/// A token in quotation marks, cut where it would fill the title.
fn named(text: &str) -> String {
    match text.char_indices().nth(TITLE_LETTERS) {
        Some((end, _)) => format!("\u{201c}{}…\u{201d}", &text[..end]),
        None => format!("\u{201c}{text}\u{201d}"),
    }
}

/// How the picture is read, in a sentence or two.
fn reading(shown: &Shown<'_>, name: &str, tokens: &[TokenLabel]) -> String {
    let bars = match (shown.layers.len(), shown.heads.len()) {
        (1, _) => "Bars and colours show the same values.",
        (_, 1) => "Bars show the mean over the layers, colours each layer.",
        _ => "Bars show the mean over layers and heads, colours each layer's mean over its heads.",
    };
    let special = match tokens.iter().any(|token| token.special) {
        true => "; special tokens are paler",
        false => "",
    };
    format!("{bars} The column of {name} itself is marked{special}.")
}
