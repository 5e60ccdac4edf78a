//! What the units of two sides are known by, so that the same ones of both can
//! be told.

use super::Pairing;
use crate::analysis::{Axis, AxisUnit, Granularity};
use crate::input::{Input, Place, SpecialRole, Unit};
use crate::run::Run;

/// The keys of an axis of the left side and of the same axis of the right.
///
/// Tokens are known by the vocabulary's own strings. Words are known by their
/// place in the text, where both sides have the same text and say where its
/// words are, else by how they are written; the units that a tokenizer adds by
/// what they are for, since `[CLS]` is to one model what `<s>` is to another.
pub(super) fn keys(
    runs: [&Run; 2],
    axes: [&Axis; 2],
    granularity: Granularity,
    pairing: Pairing,
) -> [Vec<String>; 2] {
    let sides = [(runs[0], axes[0]), (runs[1], axes[1])];
    match granularity {
        Granularity::Subword => sides.map(|(run, axis)| {
            let stream = run.units(axis.role);
            let units = axis.units.iter();
            units.map(|unit| of_token(unit, stream, pairing)).collect()
        }),
        Granularity::Word => {
            let has_places = sides.iter().all(|(run, axis)| tells_places(run, axis));
            let by_place = runs[0].input == runs[1].input && has_places;
            sides.map(|(run, axis)| {
                let units = axis.units.iter();
                units
                    .map(|unit| of_word(unit, run, axis, by_place))
                    .collect()
            })
        }
    }
}

/// Of two inputs, a token that the vocabulary lacks is known by the text that it
/// stands for: two unknown ones are not the same.
fn of_token(unit: &AxisUnit, stream: &[Unit], pairing: Pairing) -> String {
    let is_unknown = stream.get(unit.first).is_some_and(Unit::is_unknown);
    match is_unknown && pairing == Pairing::OtherInput {
        true => unit.label.clone(),
        false => unit.text.clone(),
    }
}

fn of_word(unit: &AxisUnit, run: &Run, axis: &Axis, by_place: bool) -> String {
    let stream = run.units(axis.role);
    if unit.special {
        let role = stream.get(unit.first).and_then(|unit| unit.special);
        return of_added(unit, role.unwrap_or(SpecialRole::of(&unit.text)));
    }
    match place(unit, stream, &run.input).filter(|_| by_place) {
        Some([start, end]) => format!("{}:{start}-{end}", unit.segment),
        None => unit.label.clone(),
    }
}

/// What a unit that the tokenizer added is for. A zero byte is in no text that
/// anybody types, so that no word is called so.
fn of_added(unit: &AxisUnit, role: SpecialRole) -> String {
    match role {
        SpecialRole::Classification | SpecialRole::Beginning => "\0start".to_owned(),
        SpecialRole::Separator | SpecialRole::End => "\0end".to_owned(),
        SpecialRole::Padding | SpecialRole::Mask | SpecialRole::Unknown | SpecialRole::Other => {
            format!("\0{}", unit.text)
        }
    }
}

/// Whether a stream says where in the text its units are.
fn tells_places(run: &Run, axis: &Axis) -> bool {
    let mut units = run.units(axis.role).iter();
    units.any(|unit| matches!(unit.place, Place::Bytes { .. }))
}

/// The first byte of a word in its segment's text and the byte after its last,
/// without the spaces around it.
fn place(word: &AxisUnit, stream: &[Unit], input: &Input) -> Option<[usize; 2]> {
    let pieces = stream.get(word.positions())?;
    let (first, last) = (pieces.first()?, pieces.last()?);
    let (Place::Bytes { start, .. }, Place::Bytes { end, .. }) = (first.place, last.place) else {
        return None;
    };
    let captions = input.captions();
    let text = captions.get(first.segment as usize)?.get(start..end)?;
    let space = text.len() - text.trim_start().len();
    Some([start + space, start + text.trim_end().len()])
}
