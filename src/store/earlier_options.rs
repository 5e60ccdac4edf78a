//! Options as they were written before units were called `@3`: a number in a
//! view was a position where no shown unit had that text, and a stretch counted
//! what was shown. Here they become what says the same today.

use super::{Manifest, OptionsRecord, StreamRecord};
use crate::analysis::{Axis, AxisUnit, Crop, Direction, ReshapeOptions, uncropped_axis};
use crate::input::{StreamRole, Unit};

/// A stream, and what is shown of it.
struct Shown<'manifest> {
    stream: Option<&'manifest StreamRecord>,
    units: Vec<AxisUnit>,
}

/// Says the options of every file as they are said today.
pub(super) fn say_anew(manifest: &mut Manifest) {
    let mut files = std::mem::take(&mut manifest.files);
    for file in &mut files {
        let options = &mut file.options;
        // Whoever wrote that counts as we do.
        if options
            .crop
            .as_ref()
            .is_some_and(|crop| crop.starts_with('@'))
        {
            continue;
        }
        let Some(axes) = axes(manifest, |stream| units_shown(stream, options)) else {
            continue;
        };
        let [_, columns] = &axes;
        let ends = columns.units.first().zip(columns.units.last());
        if let (Some(crop), Some((first, last))) = (&mut options.crop, ends) {
            let last = last.positions().end.saturating_sub(1);
            *crop = format!("@{}-@{last}", first.first);
        }
        for view in &mut options.views {
            *view = view_of(view, &axes);
        }
    }
    manifest.files = files;
}

/// The name of an array of numbers in the file that holds this manifest, as it
/// is today.
pub(super) fn array_name_anew(name: &str, manifest: &Manifest) -> String {
    let axes = axes(manifest, |stream| axis(stream).units);
    let Some([mut rows, mut columns]) = axes else {
        return name.to_owned();
    };
    if let Some(shown) = &manifest.shown {
        rows.units.clone_from(&shown.rows);
        columns.units.clone_from(&shown.columns);
    }
    view_of(name, &[rows, columns])
}

/// The rows and the columns of the maps, with what is shown of each.
fn axes<'manifest>(
    manifest: &'manifest Manifest,
    shown: impl Fn(&StreamRecord) -> Vec<AxisUnit>,
) -> Option<[Shown<'manifest>; 2]> {
    let kind = manifest.attention.first()?.kind;
    Some(kind.streams().map(|role: StreamRole| {
        let stream = manifest.streams.iter().find(|stream| stream.role == role);
        let units = stream.map(&shown).unwrap_or_default();
        Shown { stream, units }
    }))
}

/// The name of a view, as it is today.
fn view_of(view: &str, [rows, columns]: &[Shown<'_>; 2]) -> String {
    for (direction, held) in [(Direction::From, rows), (Direction::To, columns)] {
        let prefix = direction.prefix();
        let Some(typed) = view.strip_prefix(prefix) else {
            continue;
        };
        // The text of a unit that is not shown was an error.
        let mut own = held.stream.into_iter().flat_map(|stream| &stream.units);
        let is_own = own.any(|unit| unit.label == typed || unit.text == typed);
        let mut units = held.units.iter();
        let is_text = is_own || units.any(|unit| unit.label == typed || unit.text == typed);
        let position = typed.parse().ok().filter(|_| !is_text);
        let unit = position.and_then(|position: usize| held.units.get(position));
        if let Some(unit) = unit {
            return format!("{prefix}@{}", unit.first);
        }
    }
    view.to_owned()
}

/// All units of a stream.
fn axis(stream: &StreamRecord) -> Axis {
    Axis::new(stream.role, &units(stream))
}

fn units(stream: &StreamRecord) -> Vec<Unit> {
    stream.units.iter().cloned().map(Unit::from).collect()
}

/// What such options showed of a stream; nothing where they are none.
fn units_shown(stream: &StreamRecord, options: &OptionsRecord) -> Vec<AxisUnit> {
    let (Ok(granularity), Ok(sink), Ok(special_tokens)) = (
        options.tokens.parse(),
        options.sink.parse(),
        options.special_tokens.parse(),
    ) else {
        return Vec::new();
    };
    let reshape = ReshapeOptions {
        granularity,
        sink,
        special_tokens,
        crop: None,
    };
    let axis = uncropped_axis(stream.role, &units(stream), &reshape);
    match options.crop.as_ref().map(|crop| crop.parse::<Crop>()) {
        None => axis.units,
        Some(Ok(Crop { first, last })) => {
            let units = axis.units.get(first..=last);
            units.unwrap_or_default().to_vec()
        }
        Some(Err(_)) => Vec::new(),
    }
}
