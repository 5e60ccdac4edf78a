//! An input beside the baseline.

use super::CheckError;
use crate::analysis::Maps;
use crate::compare::check::{Beside, named};
use crate::compare::differences;
use crate::input::{Place, StreamRole, Unit};
use crate::run::Run;
use crate::store::baseline::{Baseline, BaselineInput};

/// How an input stands beside the baseline; the maps are compared where a rule
/// asks for that.
pub(super) fn beside(
    baseline: Option<&Baseline>,
    run: &Run,
    maps: &Maps<'_>,
    compares_maps: bool,
) -> Result<Beside, CheckError> {
    let Some(baseline) = baseline else {
        return Ok(Beside::Nothing);
    };
    let Some(held) = baseline.find(&run.input) else {
        return Ok(Beside::Unknown);
    };
    if let Some(other) = other_tokens(held, run) {
        return Ok(other);
    }
    let heads = maps.selection.layers.first();
    let now = [
        maps.selection.layers.len(),
        heads.map_or(0, |layer| layer.heads.len()),
    ];
    let before = baseline.manifest.shape();
    if before != now {
        return Ok(Beside::OtherHeads { before, now });
    }
    if !compares_maps {
        return Ok(Beside::Same(None));
    }
    let earlier = baseline.maps(held)?;
    let found = differences(&earlier, maps).map_err(|source| CheckError::Compare {
        head: crate::attention::HeadId { layer: 0, head: 0 },
        source,
    })?;
    Ok(Beside::Same(Some(Box::new(found))))
}

/// The first token that is another one than in the baseline. What was cut off is
/// there no more: a text that is cut elsewhere has other tokens, too.
pub(super) fn other_tokens(held: &BaselineInput, run: &Run) -> Option<Beside> {
    let (before, now) = (held.units(), run.units(StreamRole::Source));
    let cut = [held.dropped, run.dropped()];
    let length = before.len().max(now.len());
    let differs = |&position: &usize| {
        let pair = (before.get(position), now.get(position));
        !matches!(pair, (Some(before), Some(now)) if what_differs(before, now).is_none())
    };
    let position = match (0..length).find(differs) {
        Some(position) => position,
        None if cut[0] != cut[1] => length,
        None => return None,
    };
    let (before, now) = (before.get(position), now.get(position));
    let pair = before.zip(now);
    Some(Beside::OtherTokens {
        cut,
        position,
        before: before.map(|unit| unit.text.clone()),
        now: now.map(|unit| unit.text.clone()),
        what: pair
            .and_then(|(before, now)| what_differs(before, now))
            .map_or_else(String::new, |(what, [before, now])| {
                format!("{what} {before} → {now}")
            }),
    })
}

/// What tells two units apart, and what each of them has there; not what an axis
/// calls them, which follows from the rest.
pub(super) fn what_differs(before: &Unit, now: &Unit) -> Option<(&'static str, [String; 2])> {
    let found = |what, one: &dyn Fn(&Unit) -> String| Some((what, [one(before), one(now)]));
    if before.text != now.text {
        found("text", &|unit| named(&unit.text))
    } else if before.id != now.id {
        found("id", &|unit| unit.id.to_string())
    } else if before.segment != now.segment {
        found("segment", &|unit| unit.segment.to_string())
    } else if before.special != now.special {
        found("role", &|unit| {
            unit.special.map_or("none", |role| role.name()).to_owned()
        })
    } else if before.place != now.place {
        found("place", &|unit| match unit.place {
            Place::Added => "nowhere".to_owned(),
            Place::Bytes { start, end } => format!("bytes {start} to {end}"),
            Place::Patch { row, column } => format!("row {row}, column {column}"),
        })
    } else {
        None
    }
}
