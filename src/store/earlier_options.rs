//! Options as they were written before units were called `@3`: a number in a
//! view was a position where no shown unit had that text, and a stretch counted
//! what was shown. Here they become what says the same today.

use super::{Manifest, OptionsRecord, StreamRecord};
use crate::analysis::{AxisUnit, Crop, Direction, ReshapeOptions, uncropped_axis};
use crate::input::Unit;

/// Says the options of every file as they are said today.
pub(super) fn say_anew(manifest: &mut Manifest) {
    let Some(kind) = manifest.attention.first().map(|attention| attention.kind) else {
        return;
    };
    let streams = &manifest.streams;
    for file in &mut manifest.files {
        let options = &mut file.options;
        // Whoever wrote that counts as we do.
        let counts_anew = |crop: &String| crop.starts_with('@');
        if options.crop.as_ref().is_some_and(counts_anew) {
            continue;
        }
        let [rows, columns] = kind.streams().map(|role| {
            let stream = streams.iter().find(|stream| stream.role == role);
            stream
                .map(|stream| shown(stream, options))
                .unwrap_or_default()
        });
        if let Some((first, last)) = columns.first().zip(columns.last()) {
            let end = last.positions().end;
            let crop = options.crop.as_mut();
            crop.into_iter()
                .for_each(|crop| *crop = format!("@{}-@{}", first.first, end.saturating_sub(1)));
        }
        for view in &mut options.views {
            *view = view_anew(view, [&rows, &columns]);
        }
    }
}

/// The name of a view of the shown units, as it is today.
pub(super) fn view_anew(view: &str, [rows, columns]: [&[AxisUnit]; 2]) -> String {
    for (direction, held) in [(Direction::From, rows), (Direction::To, columns)] {
        let prefix = direction.prefix();
        let Some(typed) = view.strip_prefix(prefix) else {
            continue;
        };
        let is_text = held
            .iter()
            .any(|unit| unit.label == typed || unit.text == typed);
        let position = typed.parse().ok().filter(|_| !is_text);
        let unit = position.and_then(|position: usize| held.get(position));
        if let Some(unit) = unit {
            return format!("{prefix}@{}", unit.first);
        }
    }
    view.to_owned()
}

/// What such options showed of a stream; nothing where they are none.
fn shown(stream: &StreamRecord, options: &OptionsRecord) -> Vec<AxisUnit> {
    let (Ok(granularity), Ok(special_tokens)) =
        (options.tokens.parse(), options.special_tokens.parse())
    else {
        return Vec::new();
    };
    let units: Vec<Unit> = stream.units.iter().cloned().map(Unit::from).collect();
    let reshape = ReshapeOptions {
        granularity,
        special_tokens,
        crop: None,
    };
    let axis = uncropped_axis(stream.role, &units, &reshape);
    match options.crop.as_ref().map(|crop| crop.parse::<Crop>()) {
        None => axis.units,
        Some(Ok(Crop { first, last })) => axis.units.get(first..=last).unwrap_or_default().to_vec(),
        Some(Err(_)) => Vec::new(),
    }
}
