//! Runs that attnviz saved: everything that is not the numbers comes from the
//! manifest, and has to fit them.

use std::path::Path;

use super::arrays::{ArrayFile, Content, FloatType, value_count};
use super::{SavedError, SavedRun};
use crate::analysis::{ShownToken, truncation_note};
use crate::attention::{AttentionTensor, FOREIGN_ROW_SUM_TOLERANCE, ROW_SUM_TOLERANCE, Selection};
use crate::checkpoint::ModelSource;
use crate::output::manifest::{Manifest, SCHEMA_VERSION, ShownRecord};
use crate::run::Run;
use crate::tokenizer::{Token, TokenizedInput};

/// What the numbers are called.
const ATTENTION: &str = "attention";

pub(super) fn run(
    path: &Path,
    arrays: &mut ArrayFile,
    manifest: &str,
) -> Result<SavedRun, SavedError> {
    let wrong = |reason: String| SavedError::Manifest {
        path: path.to_owned(),
        reason,
    };
    let manifest = parse(manifest).map_err(wrong)?;
    let input = input(&manifest).map_err(wrong)?;
    let shape = [
        manifest.layers.len(),
        manifest.heads.len(),
        input.tokens.len(),
        input.tokens.len(),
    ];
    let position = arrays
        .arrays()
        .iter()
        .position(|array| array.name == ATTENTION)
        .ok_or_else(|| SavedError::NoAttention {
            path: path.to_owned(),
            reason: "expected an array called attention, found none".to_owned(),
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
    let values = arrays.read(position)?;
    let attention =
        attention(values, shape, &manifest).map_err(|source| SavedError::Attention {
            path: path.to_owned(),
            source,
        })?;
    Ok(SavedRun {
        file: path.to_owned(),
        run: Run {
            model: manifest.model.into(),
            input,
            selection: Selection {
                layers: manifest.layers,
                heads: manifest.heads,
            },
            attention,
        },
        warnings: Vec::new(),
    })
}

/// The manifest, its version and what each list promises checked.
fn parse(manifest: &str) -> Result<Manifest, String> {
    // The version first: what another one holds is not known.
    let value: serde_json::Value =
        serde_json::from_str(manifest).map_err(|error| error.to_string())?;
    match value
        .get("schema_version")
        .and_then(serde_json::Value::as_u64)
    {
        Some(version) if version == u64::from(SCHEMA_VERSION) => {}
        Some(version) => {
            return Err(format!(
                "expected schema version {SCHEMA_VERSION}, found {version}"
            ));
        }
        None => return Err("it has no schema_version".to_owned()),
    }
    let manifest: Manifest = serde_json::from_value(value).map_err(|error| error.to_string())?;
    if manifest.tokens.is_empty() {
        return Err("it has no tokens".to_owned());
    }
    let ascending = |indices: &[usize]| indices.windows(2).all(|pair| pair[0] < pair[1]);
    if !ascending(&manifest.layers) || !ascending(&manifest.heads) {
        return Err("expected layers and heads in ascending order".to_owned());
    }
    Ok(manifest)
}

/// The run's input, in the units in which it was saved.
fn input(manifest: &Manifest) -> Result<TokenizedInput, String> {
    let Some(shown) = &manifest.shown else {
        return Ok(TokenizedInput {
            text: manifest.text.clone(),
            pair: manifest.pair.clone(),
            tokens: manifest.tokens.clone(),
            truncated_tokens: manifest.truncated_tokens,
        });
    };
    if shown.tokens.is_empty() {
        return Err("it shows no tokens".to_owned());
    }
    let tokens = shown
        .tokens
        .iter()
        .map(|token| shown_token(token, &manifest.tokens))
        .collect::<Option<_>>()
        .ok_or("it shows tokens that the run does not have")?;
    Ok(TokenizedInput {
        text: manifest.text.clone(),
        pair: manifest.pair.clone(),
        tokens,
        // The notes say how many of the run's tokens there were.
        truncated_tokens: 0,
    })
}

/// A row or column as a token: of its pieces, the first one's place.
fn shown_token(shown: &ShownToken, tokens: &[Token]) -> Option<Token> {
    let first = tokens.get(shown.first)?;
    let last = shown.first.checked_add(shown.count.checked_sub(1)?)?;
    let last = tokens.get(last)?;
    Some(Token {
        id: first.id,
        text: shown.text.clone(),
        special: shown.special,
        segment: shown.segment,
        word: first.word,
        start: first.start,
        end: last.end.max(first.start),
    })
}

fn attention(
    values: Vec<f32>,
    shape: [usize; 4],
    manifest: &Manifest,
) -> Result<AttentionTensor, crate::attention::AttentionError> {
    let is_foreign = manifest.model.source == ModelSource::Elsewhere;
    match &manifest.shown {
        None if is_foreign => AttentionTensor::shown_before(
            values,
            shape,
            crate::attention::RowSums::One,
            FOREIGN_ROW_SUM_TOLERANCE,
            Vec::new(),
        ),
        None => AttentionTensor::new(values, shape),
        Some(ShownRecord {
            row_sums, notes, ..
        }) => {
            let mut notes = notes.clone();
            notes.extend(truncation_note(
                manifest.truncated_tokens,
                manifest.tokens.len(),
            ));
            let tolerance = match is_foreign {
                true => FOREIGN_ROW_SUM_TOLERANCE,
                false => ROW_SUM_TOLERANCE,
            };
            AttentionTensor::shown_before(values, shape, *row_sums, tolerance, notes)
        }
    }
}
