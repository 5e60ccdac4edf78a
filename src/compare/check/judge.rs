//! Looks at one input after the other, and says at the end which rules hold.

use super::super::rules::{Check, HeadChoice, Limits, LinkHeads, Range, Rule, RuleKind};
use super::super::{Comparison, DifferenceMeasure, Differences};
use super::sentences::{named, other_heads, other_tokens};
use super::tally::Tally;
use super::{Beside, InputName, Where};
use crate::analysis::{Axis, HeadScores, LinkByHead, Score};
use crate::attention::{HeadId, Selection};

/// What was found of an input.
#[derive(Debug)]
pub struct Seen<'a> {
    /// The input.
    pub name: &'a InputName,
    /// The labels of its units, and the position of each in its text.
    pub labels: &'a [(String, usize)],
    /// Its scores, where a rule asks for them: of every head of the model.
    pub scores: Option<&'a HeadScores>,
    /// How it stands beside the baseline.
    pub beside: &'a Beside,
}

/// What was found of a link.
#[derive(Debug, Clone, PartialEq)]
pub struct LinkSeen {
    /// How strong it is in every head of the model.
    pub link: LinkByHead,
    /// Where its ends are among the units that are shown.
    pub ends: [usize; 2],
    /// Whether its ends are words, put together of several tokens.
    pub of_words: bool,
}

/// Rules, and what was seen of each so far.
#[derive(Debug)]
pub struct Judge<'r> {
    pub(super) rules: &'r [Rule],
    /// Layers of the model, and heads of each.
    shape: [usize; 2],
    pub(super) tallies: Vec<Tally>,
    /// The heads of each rule; none where they do not exist.
    pub(super) heads: Vec<Selection>,
}

impl<'r> Judge<'r> {
    /// Begins, with a model of so many layers and heads. A rule whose heads the
    /// model lacks is broken from here on.
    pub fn new(rules: &'r [Rule], shape: [usize; 2]) -> Self {
        let mut tallies = vec![Tally::default(); rules.len()];
        let heads = rules.iter().zip(&mut tallies).map(|(rule, tally)| {
            let choice = match &rule.check {
                Check::Tokens => HeadChoice::ALL,
                Check::Head { head, .. } => HeadChoice::One(*head),
                Check::Layer { layers, .. } => HeadChoice::Of {
                    layers: layers.clone(),
                    heads: crate::attention::IndexList::All,
                },
                Check::Difference { heads, .. }
                | Check::Drift { heads, .. }
                | Check::Invariant { heads, .. } => heads.clone(),
                Check::Link { heads, .. } => heads.choice().clone(),
            };
            choice.resolve(shape).unwrap_or_else(|error| {
                tally.break_with(error.to_string(), Where::default());
                Selection { layers: Vec::new() }
            })
        });
        Self {
            heads: heads.collect(),
            rules,
            shape,
            tallies,
        }
    }

    /// The heads of a rule with their places among all of the model's.
    fn places(&self, rule: usize) -> Vec<(HeadId, usize)> {
        let heads = self.heads.get(rule).into_iter();
        let ids = heads.flat_map(Selection::head_ids);
        ids.map(|id| (id, id.layer * self.shape[1] + id.head))
            .collect()
    }

    /// Looks at an input.
    pub fn see(&mut self, seen: &Seen<'_>) {
        for index in 0..self.rules.len() {
            let places = self.places(index);
            let (Some(rule), Some(tally)) = (self.rules.get(index), self.tallies.get_mut(index))
            else {
                continue;
            };
            let kind = rule.check.kind();
            if kind.needs_inputs() {
                tally.seen += 1;
            }
            if kind.needs_baseline()
                && let Some(message) = unlike(seen.beside, kind)
            {
                let input = Some(seen.name.clone());
                let place = match seen.beside {
                    Beside::OtherTokens { position, .. } => Where {
                        key: seen.labels.get(*position).cloned(),
                        input,
                        ..Where::default()
                    },
                    Beside::Nothing
                    | Beside::Unknown
                    | Beside::OtherHeads { .. }
                    | Beside::Same(_) => Where {
                        input,
                        ..Where::default()
                    },
                };
                tally.break_with(message, place);
                continue;
            }
            let found = match seen.beside {
                Beside::Same(differences) => differences.as_deref(),
                Beside::Nothing
                | Beside::Unknown
                | Beside::OtherTokens { .. }
                | Beside::OtherHeads { .. } => None,
            };
            match &rule.check {
                Check::Tokens => tally.inputs += 1,
                Check::Difference {
                    measure, at_most, ..
                } => {
                    if let Some(found) = found {
                        let margin = |value: f64| at_most - value;
                        add_differences(tally, found, *measure, &places, margin, seen);
                    }
                }
                Check::Drift {
                    measure, limits, ..
                } => {
                    if let Some(found) = found {
                        let margin = |value: f64| margin(*limits, value);
                        add_differences(tally, found, *measure, &places, margin, seen);
                    }
                }
                Check::Head { score, range, .. } | Check::Layer { score, range, .. } => {
                    if let Some(scores) = seen.scores {
                        add_scores(tally, scores, (*score, *range), &places, seen.name);
                    }
                }
                Check::Link { .. } | Check::Invariant { .. } => {}
            }
        }
    }

    /// Says that the baseline has inputs that are not checked.
    pub fn lacks(&mut self, texts: &[String]) {
        let Some(first) = texts.first() else {
            return;
        };
        let more = match texts.len() {
            1 => String::new(),
            count => format!(", and {} more", count - 1),
        };
        for (rule, tally) in self.rules.iter().zip(&mut self.tallies) {
            if rule.check.kind().needs_baseline() {
                let message = format!(
                    "the baseline has the input {}, which is not checked{more}",
                    named(first)
                );
                tally.break_with(message, Where::default());
            }
        }
    }

    /// What was found of the link of a rule; a sentence where there is none.
    pub fn see_link(&mut self, index: usize, name: InputName, found: Result<&LinkSeen, String>) {
        let places = self.places(index);
        let (Some(rule), Some(tally)) = (self.rules.get(index), self.tallies.get_mut(index)) else {
            return;
        };
        let Check::Link { heads, range, .. } = &rule.check else {
            return;
        };
        let mut place = Where {
            input: Some(name),
            ..Where::default()
        };
        let seen = match found {
            Ok(seen) => seen,
            Err(message) => return tally.break_with(message, place),
        };
        let [query, key] = seen.ends;
        place.query = Some((seen.link.query.clone(), query));
        place.key = Some((seen.link.key.clone(), key));
        tally.seen += 1;
        tally.inputs += 1;
        let values = places.iter().filter_map(|&(id, index)| {
            let is_forbidden = seen.link.is_forbidden.get(id.layer) == Some(&true);
            let value = seen.link.values.get(index).copied()?;
            Some((id, f64::from(value), is_forbidden))
        });
        for (head, value, is_forbidden) in values {
            let place = || Where {
                head: Some(head),
                ..place.clone()
            };
            if is_forbidden && matches!(heads, LinkHeads::Every(_)) {
                let message = format!("{head} cannot look there: its mask forbids it");
                tally.break_with(message, place());
                continue;
            }
            let margin = match heads {
                LinkHeads::Every(_) => range.margin(value),
                // The best one decides: it is the one that is kept.
                LinkHeads::Any(_) => -range.margin(value),
            };
            if !is_forbidden {
                tally.add(value, margin, place);
            }
        }
    }

    /// What was found of the texts of a rule, one beside the other; a sentence
    /// where that cannot be.
    pub fn see_invariant(
        &mut self,
        index: usize,
        name: InputName,
        found: Result<&Comparison<'_>, String>,
    ) {
        let places = self.places(index);
        let (Some(rule), Some(tally)) = (self.rules.get(index), self.tallies.get_mut(index)) else {
            return;
        };
        let Check::Invariant {
            measure, limits, ..
        } = &rule.check
        else {
            return;
        };
        let place = Where {
            input: Some(name.clone()),
            ..Where::default()
        };
        let seen = match found {
            Ok(seen) => seen,
            Err(message) => return tally.break_with(message, place),
        };
        tally.seen += 1;
        let labels = labelled(&seen.left.rows);
        let margin = |value: f64| margin(*limits, value);
        let seen_input = Seen {
            name: &name,
            labels: &labels,
            scores: None,
            beside: &Beside::Nothing,
        };
        add_differences(
            tally,
            &seen.differences,
            *measure,
            &places,
            margin,
            &seen_input,
        );
    }
}

/// The labels of units, and the position of each in its text.
pub fn labelled(axis: &Axis) -> Vec<(String, usize)> {
    let units = axis.units.iter();
    units.map(|unit| (unit.label.clone(), unit.first)).collect()
}

/// How near a value of a head is to breaking a rule; where only a mean is asked
/// for, the greatest is the nearest.
fn margin(limits: Limits, value: f64) -> f64 {
    match limits.each.is_empty() {
        true => -value,
        false => limits.each.margin(value),
    }
}

/// Why an input cannot be held against the baseline, `None` where it can. Tokens
/// can, whatever heads look at them.
fn unlike(beside: &Beside, kind: RuleKind) -> Option<String> {
    match beside {
        Beside::Same(_) => None,
        Beside::OtherHeads { .. } if !kind.compares_maps() => None,
        Beside::Nothing => Some("there is no baseline".to_owned()),
        Beside::Unknown => Some("the baseline does not have this input".to_owned()),
        Beside::OtherTokens {
            position,
            before,
            now,
            what,
            cut,
        } => Some(other_tokens(
            *position,
            [before.as_deref(), now.as_deref()],
            what,
            *cut,
        )),
        Beside::OtherHeads { before, now } => Some(other_heads(*before, *now)),
    }
}

fn add_differences(
    tally: &mut Tally,
    found: &Differences,
    measure: DifferenceMeasure,
    places: &[(HeadId, usize)],
    margin: impl Fn(f64) -> f64,
    seen: &Seen<'_>,
) {
    tally.inputs += 1;
    let values = found.heads(measure);
    for &(head, index) in places {
        let Some(&value) = values.get(index) else {
            continue;
        };
        tally.add(value, margin(value), || {
            let named = |place: usize| seen.labels.get(place).cloned();
            let cell = found.greatest_cells.get(index).copied();
            let [query, key] = match (cell, measure) {
                (Some([query, key]), DifferenceMeasure::MaxAbs) => [named(query), named(key)],
                (
                    _,
                    DifferenceMeasure::JsBits
                    | DifferenceMeasure::JsDistanceBits
                    | DifferenceMeasure::TotalVariation
                    | DifferenceMeasure::Hellinger,
                ) => [greatest_row(found, measure, index).and_then(named), None],
                (None, DifferenceMeasure::MaxAbs) => [None, None],
            };
            Where {
                input: Some(seen.name.clone()),
                head: Some(head),
                query,
                key,
            }
        });
    }
}

/// The row of a head that differs most, of equal ones the first.
fn greatest_row(found: &Differences, measure: DifferenceMeasure, head: usize) -> Option<usize> {
    let start = head * found.row_count;
    let rows = found.rows(measure).get(start..start + found.row_count)?;
    let greatest = rows
        .iter()
        .enumerate()
        .max_by(|(first, left), (second, right)| left.total_cmp(right).then(second.cmp(first)))?;
    Some(greatest.0)
}

fn add_scores(
    tally: &mut Tally,
    scores: &HeadScores,
    (score, range): (Score, Range),
    places: &[(HeadId, usize)],
    name: &InputName,
) {
    let values = scores.get(score);
    let before = tally.total.1;
    for &(head, index) in places {
        // What is empty says nothing, and is no 0.
        let value = values.get(index).copied().map(f64::from);
        let Some(value) = value.filter(|value| !value.is_nan()) else {
            continue;
        };
        let place = || Where {
            input: Some(name.clone()),
            head: Some(head),
            ..Where::default()
        };
        let margin = range.margin(value);
        tally.add(value, margin, place);
        tally.add_to_layer(head.layer, value, margin, place);
    }
    if tally.total.1 > before {
        tally.inputs += 1;
    }
}
