//! The rules that have a text of their own: links and invariants.

use super::CheckError;
use super::walk::run_of;
use crate::analysis::{Direction, Granularity, Maps, ReshapeOptions, link_by_head, reshape};
use crate::compare::check::{InputName, Judge, LinkSeen};
use crate::compare::rules::{Check, Rule};
use crate::compare::{Comparison, Pairing, compare_runs};
use crate::excerpt::excerpt;
use crate::figure::{FigureError, UnitChoice};
use crate::input::{Input, StreamRole};
use crate::pipeline::LoadedModel;
use crate::run::Run;

/// So much is told of why a text has not what a rule looks for, in characters.
const LONGEST_MESSAGE: usize = 600;

/// Looks at every rule that has a text of its own. Returns, for every rule, how
/// many texts of its own were cut.
pub(super) fn see_own_texts(
    rules: &[Rule],
    loaded: &LoadedModel,
    truncate: Option<usize>,
    judge: &mut Judge<'_>,
) -> Result<Vec<u64>, CheckError> {
    let mut cut = vec![0; rules.len()];
    let mut count = |index: usize, runs: &[Run]| {
        if let Some(cut) = cut.get_mut(index) {
            *cut = runs.iter().filter(|run| run.dropped() > 0).count() as u64;
        }
    };
    for (index, rule) in rules.iter().enumerate() {
        match &rule.check {
            Check::Link {
                input, from, to, ..
            } => {
                let found = run_of(loaded, input, truncate).and_then(|run| {
                    count(index, std::slice::from_ref(&run));
                    link(&run, from, to).map_err(|message| behind_the_cut(message, &[run]))
                });
                let found = found.as_ref().map_err(Clone::clone);
                judge.see_link(index, name(rule, input), found);
            }
            Check::Invariant { input, changed, .. } => {
                let texts = texts(loaded, [input, changed], truncate);
                let found = match &texts {
                    Ok(texts) => {
                        count(index, texts);
                        invariant(texts).map_err(|message| behind_the_cut(message, texts))
                    }
                    Err(message) => Err(message.clone()),
                };
                let found = found.as_ref().map_err(Clone::clone);
                judge.see_invariant(index, name(rule, input), found);
            }
            Check::Tokens
            | Check::Difference { .. }
            | Check::Drift { .. }
            | Check::Head { .. }
            | Check::Layer { .. } => {}
        }
    }
    Ok(cut)
}

/// What is said of texts in which there is not what a rule looks for, where they
/// were cut: it may be behind.
fn behind_the_cut(message: String, runs: &[Run]) -> String {
    let message = excerpt(&message, LONGEST_MESSAGE);
    match runs.iter().map(Run::dropped).max() {
        None | Some(0) => message.into_owned(),
        Some(1) => format!("{message}; 1 token is cut off the text"),
        Some(dropped) => format!("{message}; {dropped} tokens are cut off the text"),
    }
}

/// A rule's own text, called as its place in the file.
pub(super) fn name(rule: &Rule, input: &Input) -> InputName {
    InputName {
        index: 0,
        id: format!("line {}", rule.place.line),
        input: input.clone(),
    }
}

/// The runs of a text and of the same with words replaced.
pub(super) fn texts(
    loaded: &LoadedModel,
    [input, changed]: [&Input; 2],
    truncate: Option<usize>,
) -> Result<[Run; 2], String> {
    let of = |input| run_of(loaded, input, truncate);
    Ok([of(input)?, of(changed)?])
}

/// The maps of all units of a run.
pub(super) fn whole(run: &Run) -> Result<Maps<'_>, String> {
    shown(run, Granularity::Subword)
}

fn shown(run: &Run, granularity: Granularity) -> Result<Maps<'_>, String> {
    let Some(attention) = run.attention.first() else {
        return Err("the model gave no attention".to_owned());
    };
    let options = ReshapeOptions {
        granularity,
        ..ReshapeOptions::default()
    };
    reshape(run, attention, &options).map_err(|error| error.to_string())
}

/// A text beside the same with words replaced, unit by unit. Texts that become
/// the same tokens give the same attention whatever the model does: a word that
/// the vocabulary lacks is as good as every other one, and so are capitals where
/// the tokenizer drops them.
pub(super) fn invariant([left, right]: &[Run; 2]) -> Result<Comparison<'_>, String> {
    let seen_by_the_model = |run: &Run| -> Vec<(u32, u32)> {
        let units = run.units(StreamRole::Source).iter();
        units.map(|unit| (unit.id, unit.segment)).collect()
    };
    if seen_by_the_model(left) == seen_by_the_model(right) {
        return Err("both texts are the same tokens: nothing was compared".to_owned());
    }
    let compared = compare_runs(left, right, Granularity::Subword, Pairing::OtherInput);
    compared.map_err(|error| error.to_string())
}

/// How strong a link is in every head: between tokens where both ends are such,
/// else between words.
pub(super) fn link(run: &Run, from: &str, to: &str) -> Result<LinkSeen, String> {
    let tokens = whole(run)?;
    match ends(run, &tokens, from, to) {
        Ok(ends) => seen(&tokens, ends, false),
        Err(error @ FigureError::NoSuchToken { .. }) => {
            let words = shown(run, Granularity::Word)?;
            match ends(run, &words, from, to) {
                Ok(ends) => seen(&words, ends, true),
                // What tokens there are says more than what words.
                Err(FigureError::NoSuchToken { .. }) => Err(error.to_string()),
                Err(error) => Err(error.to_string()),
            }
        }
        Err(error) => Err(error.to_string()),
    }
}

fn ends(run: &Run, maps: &Maps<'_>, from: &str, to: &str) -> Result<[usize; 2], FigureError> {
    let from = UnitChoice::new(from).resolve(Direction::From, run, maps)?;
    let to = UnitChoice::new(to).resolve(Direction::To, run, maps)?;
    Ok([from, to])
}

fn seen(maps: &Maps<'_>, ends: [usize; 2], of_words: bool) -> Result<LinkSeen, String> {
    let [row, column] = ends;
    let link = link_by_head(maps, row, column);
    let link = link.ok_or_else(|| "the link is outside the text".to_owned())?;
    let first = |axis: &crate::analysis::Axis, place: usize| {
        axis.units.get(place).map_or(place, |unit| unit.first)
    };
    Ok(LinkSeen {
        link,
        ends: [first(&maps.rows, row), first(&maps.columns, column)],
        of_words,
    })
}
