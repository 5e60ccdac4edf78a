//! Verdicts, and their sentences.

use super::super::rules::{Check, LinkHeads, Range, Rule, written};
use super::judge::Judge;
use super::sentences::{counted, named, number};
use super::tally::{Found, Tally, mean};
use super::{Verdict, Where};
use crate::attention::Selection;
use crate::excerpt::excerpt;

/// So much of the end of a link is told, in characters.
const LONGEST_END: usize = 120;

impl Judge<'_> {
    /// What became of every rule, in their order.
    pub fn verdicts(&self) -> Vec<Verdict> {
        let seen = self.tallies.iter().zip(&self.heads);
        let rules = self.rules.iter().zip(seen).enumerate();
        rules
            .map(|(index, (rule, (tally, heads)))| {
                let outcome = verdict(rule, tally, heads);
                Verdict {
                    rule: index,
                    ..outcome
                }
            })
            .collect()
    }
}

fn verdict(rule: &Rule, tally: &Tally, heads: &Selection) -> Verdict {
    let expected = expected(&rule.check);
    let broken = |message: String, place: Where| Verdict {
        rule: 0,
        holds: false,
        found: None,
        expected: expected.clone(),
        message,
        place,
    };
    if let Some((message, place)) = &tally.problem {
        let more = match tally.problems {
            1 => String::new(),
            count => format!(" (and {} more)", count - 1),
        };
        let at = in_words(place);
        return broken(format!("{at}{message}{more}"), place.clone());
    }
    if tally.inputs == 0 {
        let message = match tally.seen {
            0 => "no input was looked at".to_owned(),
            1 => "the input has no value of it: it is empty there".to_owned(),
            count => format!("none of {count} inputs has a value of it: it is empty there"),
        };
        return broken(message, Where::default());
    }
    let decided = decide(&rule.check, tally, heads);
    let Some(Decided {
        holds,
        found,
        what,
        place,
    }) = decided
    else {
        return match &rule.check {
            Check::Tokens => Verdict {
                holds: true,
                message: format!("{} have the baseline's tokens", inputs(tally.inputs)),
                ..broken(String::new(), Where::default())
            },
            Check::Difference { .. }
            | Check::Drift { .. }
            | Check::Head { .. }
            | Check::Layer { .. }
            | Check::Link { .. }
            | Check::Invariant { .. } => {
                broken("no head was looked at".to_owned(), Where::default())
            }
        };
    };
    Verdict {
        rule: 0,
        holds,
        // What is empty is no number.
        found: (!found.is_nan()).then_some(found),
        message: what,
        expected,
        place,
    }
}

/// What the values came to.
struct Decided {
    holds: bool,
    found: f64,
    what: String,
    place: Where,
}

/// `None` where there is no value to decide by.
fn decide(check: &Check, tally: &Tally, heads: &Selection) -> Option<Decided> {
    match check {
        Check::Tokens => None,
        Check::Difference {
            measure, at_most, ..
        } => {
            let worst = tally.worst.as_ref()?;
            let what = format!("{measure} {}{}", number(worst.value), behind(&worst.place));
            Some(of(worst, worst.value <= *at_most, what))
        }
        Check::Drift {
            measure, limits, ..
        }
        | Check::Invariant {
            measure, limits, ..
        } => {
            let worst = tally.worst.as_ref()?;
            let mean = tally.mean()?;
            let each = format!("{measure} {}{}", number(worst.value), behind(&worst.place));
            let is_each_fine = limits.each.holds(worst.value);
            let Some(below) = limits.mean_below else {
                return Some(of(worst, is_each_fine, each));
            };
            let is_mean_fine = mean < below;
            let mean_words = format!(
                "mean {measure} {} over {} of {}",
                number(mean),
                counted(heads.head_count() as u64, "head"),
                inputs(tally.inputs)
            );
            // Of two bounds, the broken one is told.
            Some(match is_mean_fine && !is_each_fine {
                true => of(worst, false, each),
                false => Decided {
                    found: mean,
                    ..of(
                        worst,
                        is_mean_fine && is_each_fine,
                        format!("{mean_words}; most: {each}"),
                    )
                },
            })
        }
        Check::Head { score, range, .. } => {
            let worst = tally.worst.as_ref()?;
            let mean = tally.mean()?;
            let what = format!(
                "{score} {}, a mean over {}{}",
                number(mean),
                inputs_of(tally),
                near(*range, worst, tally)
            );
            Some(Decided {
                found: mean,
                ..of(worst, range.holds(mean), what)
            })
        }
        Check::Layer { score, range, .. } => {
            // A layer without a value is no layer that holds.
            let layers = heads.layer_indices();
            let values = layers.iter().map(|layer| {
                let found = tally.layers.get(layer).copied().and_then(mean);
                (*layer, found.unwrap_or(f64::NAN))
            });
            let (layer, value) = values.min_by(|(_, left), (_, right)| {
                range.margin(*left).total_cmp(&range.margin(*right))
            })?;
            if value.is_nan() {
                return Some(Decided {
                    holds: false,
                    found: value,
                    what: format!("{score} of layer {layer} is empty in every input"),
                    place: Where::default(),
                });
            }
            let worst = tally.layer_worst.get(&layer)?;
            let what = format!(
                "{score} {} in layer {layer}, a mean over its heads and {}",
                number(value),
                inputs_of(tally)
            );
            Some(Decided {
                found: value,
                ..of(worst, range.holds(value), what)
            })
        }
        Check::Link {
            heads: in_heads,
            range,
            ..
        } => {
            let worst = tally.worst.as_ref()?;
            let most = match in_heads {
                LinkHeads::Any(_) => ", the strongest head",
                LinkHeads::Every(_) => "",
            };
            let what = format!("{}{}{most}", number(worst.value), behind(&worst.place));
            Some(of(worst, range.holds(worst.value), what))
        }
    }
}

fn of(found: &Found, holds: bool, what: String) -> Decided {
    Decided {
        holds,
        found: found.value,
        what,
        place: found.place.clone(),
    }
}

fn inputs_of(tally: &Tally) -> String {
    match tally.seen > tally.inputs {
        true => format!("{} of {}", tally.inputs, inputs(tally.seen)),
        false => inputs(tally.inputs),
    }
}

/// The input that is nearest to breaking a rule about a mean, where there are
/// several.
fn near(range: Range, worst: &Found, tally: &Tally) -> String {
    match (tally.inputs, &worst.place.input) {
        (2.., Some(input)) => {
            let most = match range.holds(worst.value) {
                true => "nearest to the bound",
                false => "furthest off",
            };
            format!(
                "; {most}: {} in input {}",
                number(worst.value),
                named(&input.id)
            )
        }
        _ => String::new(),
    }
}

/// What a rule expects, in words.
fn expected(check: &Check) -> String {
    match check {
        Check::Tokens => "the tokens of the baseline".to_owned(),
        Check::Difference {
            measure, at_most, ..
        } => format!("{measure} at most {}", written(*at_most)),
        Check::Drift {
            measure, limits, ..
        }
        | Check::Invariant {
            measure, limits, ..
        } => format!("{measure}: {}", limits.in_words()),
        Check::Head { score, range, .. } | Check::Layer { score, range, .. } => {
            format!("{score} {}", range.in_words())
        }
        Check::Link {
            from, to, range, ..
        } => format!(
            "attention from {} to {} {}",
            excerpt(from, LONGEST_END),
            excerpt(to, LONGEST_END),
            range.in_words()
        ),
    }
}

/// A place in front of what is there.
fn in_words(place: &Where) -> String {
    let input = place.input.as_ref();
    let input = input.map(|input| format!("input {}: ", named(&input.id)));
    input.unwrap_or_default()
}

/// A place behind what is there.
fn behind(place: &Where) -> String {
    let mut words = String::new();
    if let Some(head) = place.head {
        words.push_str(&format!(" in {head}"));
    }
    if let Some(input) = &place.input {
        words.push_str(&format!(", input {}", named(&input.id)));
    }
    let unit = |(label, position): &(String, usize)| format!("{} (@{position})", named(label));
    match (&place.query, &place.key) {
        (Some(query), Some(key)) => {
            words.push_str(&format!(", from {} to {}", unit(query), unit(key)));
        }
        (Some(query), None) => words.push_str(&format!(", most in the row of {}", unit(query))),
        (None, _) => {}
    }
    words
}

fn inputs(count: u64) -> String {
    counted(count, "input")
}
