//! The tables of a rules file, each as the rule that it is.

use std::collections::BTreeMap;

use super::header::{MEASURES, keys};
use super::reader::{Table, told};
use super::{
    Check, HeadChoice, Limits, LinkHeads, OwnInput, Place, Range, Rule, RuleKind, RulesError,
    replaced, short, written,
};
use crate::analysis::Score;
use crate::attention::{HeadId, IndexList};
use crate::compare::DifferenceMeasure;
use crate::input::Input;

/// So many tokens no text has that a model reads whole.
const LONGEST_TEXT: f64 = 1e6;

/// The tables of a kind of rule; there is at most one of some.
pub(super) fn sections<'t>(file: &Table<'t>, kind: RuleKind) -> Result<Vec<Table<'t>>, RulesError> {
    match kind {
        RuleKind::Tokens | RuleKind::Difference => {
            let table = file.table(kind.name(), keys(kind))?;
            Ok(table.into_iter().collect())
        }
        RuleKind::Drift
        | RuleKind::Head
        | RuleKind::Layer
        | RuleKind::Link
        | RuleKind::Invariant => file.tables(kind.name(), keys(kind)),
    }
}

fn rule(table: &Table<'_>, otherwise: String, check: Check) -> Result<Rule, RulesError> {
    Ok(Rule {
        name: match table.text("name", "\"what it is for\"")? {
            Some(name) => told(&name),
            None => otherwise,
        },
        place: table.place,
        check,
    })
}

/// Gives rules of the same name their lines, so that each has a name of its
/// own.
pub(super) fn named(mut rules: Vec<Rule>) -> Vec<Rule> {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for rule in &rules {
        *counts.entry(rule.name.clone()).or_default() += 1;
    }
    for rule in &mut rules {
        if counts.get(&rule.name).is_some_and(|count| *count > 1) {
            rule.name = format!("{} (line {})", rule.name, rule.place.line);
        }
    }
    rules
}

/// `[[input]]`: texts of the file itself.
pub(super) fn input(file: &Table<'_>) -> Result<Vec<OwnInput>, RulesError> {
    let tables = file.tables("input", &["text", "pair", "id"])?;
    let read = |(index, table): (usize, &Table<'_>)| {
        Ok(OwnInput {
            id: table
                .text("id", "\"tired\"")?
                .unwrap_or_else(|| format!("input-{}", index + 1)),
            input: text(table)?,
        })
    };
    tables.iter().enumerate().map(read).collect()
}

fn text(table: &Table<'_>) -> Result<Input, RulesError> {
    let text = table.needed_text("text", "\"The animal was tired, so it slept.\"")?;
    Ok(Input::pair(text, table.text("pair", "\"She slept.\"")?))
}

pub(super) fn tokens(table: &Table<'_>) -> Result<Rule, RulesError> {
    match table.flag("unchanged", "true")? {
        Some(true) => rule(table, "tokens unchanged".to_owned(), Check::Tokens),
        Some(false) => Err(table.bad("unchanged", "true, or no [tokens] at all,", "false", "true")),
        None => Err(table.missing("unchanged", "unchanged", "true")),
    }
}

/// A rule for each of its measures.
pub(super) fn difference(table: &Table<'_>) -> Result<Vec<Rule>, RulesError> {
    let heads = heads(table)?;
    let mut rules = Vec::new();
    let of = |measure: &&DifferenceMeasure| table.has(measure.name());
    let count = DifferenceMeasure::ALL.iter().filter(of).count();
    for &measure in DifferenceMeasure::ALL {
        let key = measure.name();
        let Some(at_most) = table.number(key, "1e-4")? else {
            continue;
        };
        let reach = Reach {
            table,
            key,
            found: at_most,
        };
        if at_most < 0.0 {
            return Err(reach.never("no difference is less than 0"));
        }
        if at_most >= 1.0 {
            return Err(reach.always("no difference is greater than 1"));
        }
        let words = heads.in_words();
        let check = Check::Difference {
            heads: heads.clone(),
            measure,
            at_most,
        };
        let own = format!("difference {key} at most {}{words}", written(at_most));
        let mut rule = rule(table, own, check)?;
        if count > 1 && table.has("name") {
            rule.name = format!("{} · {key}", rule.name);
        }
        rules.push(rule);
    }
    match rules.is_empty() {
        true => Err(table.missing("a measure", "max_abs", "1e-4")),
        false => Ok(rules),
    }
}

pub(super) fn drift(table: &Table<'_>) -> Result<Rule, RulesError> {
    let (heads, measure) = (heads(table)?, measure(table)?);
    let limits = limits(table)?;
    let name = format!("drift {measure} {}{}", limits.in_words(), heads.in_words());
    let check = Check::Drift {
        heads,
        measure,
        limits,
    };
    rule(table, name, check)
}

pub(super) fn head(table: &Table<'_>) -> Result<Rule, RulesError> {
    let head = head_id(table, "id")?.ok_or_else(|| table.missing("id", "id", "\"3.1\""))?;
    let score = score(table)?;
    let range = range(table, greatest(score))?;
    let name = format!("head {} {score} {}", short(head), range.in_words());
    rule(table, name, Check::Head { head, score, range })
}

pub(super) fn layer(table: &Table<'_>) -> Result<Rule, RulesError> {
    let layers = index_list(table, "layers")?;
    let score = score(table)?;
    let range = range(table, greatest(score))?;
    let name = format!("layers {layers} {score} {}", range.in_words());
    let check = Check::Layer {
        layers,
        score,
        range,
    };
    rule(table, name, check)
}

pub(super) fn link(table: &Table<'_>) -> Result<Rule, RulesError> {
    let input = text(table)?;
    let from = table.needed_text("from", "\"it\"")?;
    let to = table.needed_text("to", "\"animal\"")?;
    let Some(head) = table.text("head", "\"3.1\"")? else {
        return Err(table.missing("head", "head", "\"3.1\""));
    };
    let range = range(table, 1.0)?;
    let heads = match head.as_str() {
        "any" | "all" => {
            let choice = HeadChoice::Of {
                layers: index_list(table, "layers")?,
                heads: index_list(table, "heads")?,
            };
            match head.as_str() {
                "any" => LinkHeads::Any(choice),
                _ => LinkHeads::Every(choice),
            }
        }
        _ if ["any", "all"].contains(&head.to_lowercase().as_str()) => {
            let example = match head.to_lowercase().as_str() {
                "any" => "\"any\"",
                _ => "\"all\"",
            };
            let expected = "\"any\", \"all\" or a head";
            return Err(table.bad("head", expected, format!("{:?}", told(&head)), example));
        }
        _ => match head_id(table, "head")? {
            Some(id) => {
                alone(table)?;
                LinkHeads::Every(HeadChoice::One(id))
            }
            None => return Err(table.missing("head", "head", "\"3.1\"")),
        },
    };
    if matches!(heads, LinkHeads::Any(_)) && range.below.is_some() {
        return Err(RulesError::Contradiction {
            place: table.place_of("below"),
            reason: "below with head = \"any\" holds where a single head does not look there, \
                     which is nearly always; head = \"all\" asks every head"
                .to_owned(),
            leave_out: "below",
        });
    }
    let words = match &heads {
        LinkHeads::Any(choice) => format!(" in any head{}", choice.in_words()),
        LinkHeads::Every(choice @ HeadChoice::One(_)) => choice.in_words(),
        LinkHeads::Every(choice) => format!(" in all heads{}", choice.in_words()),
    };
    let name = format!(
        "link {} → {} {}{words}",
        told(&from),
        told(&to),
        range.in_words()
    );
    let check = Check::Link {
        input,
        from,
        to,
        heads,
        range,
    };
    rule(table, name, check)
}

pub(super) fn invariant(table: &Table<'_>) -> Result<Rule, RulesError> {
    let input = text(table)?;
    let pairs = table.pairs("replace", "{ \"He\" = \"She\" }")?;
    let changed = replace(table, &input, &pairs)?;
    let (heads, measure) = (heads(table)?, measure(table)?);
    let limits = limits(table)?;
    let words = pairs.iter().map(|(from, to)| format!("{from} → {to}"));
    let words: Vec<String> = words.collect();
    let name = format!(
        "invariant {} {measure} {}{}",
        told(&words.join(", ")),
        limits.in_words(),
        heads.in_words()
    );
    let check = Check::Invariant {
        input,
        changed,
        heads,
        measure,
        limits,
    };
    rule(table, name, check)
}

/// The texts with words replaced; each of the words has to be in one of them.
fn replace(
    table: &Table<'_>,
    input: &Input,
    pairs: &[(String, String)],
) -> Result<Input, RulesError> {
    let error = |reason: String| RulesError::Replacement {
        place: table.place_of("replace"),
        reason,
    };
    if let Some((from, _)) = pairs.iter().find(|(from, to)| from == to) {
        return Err(error(format!("{:?} is replaced by itself", told(from))));
    }
    let mut texts = Vec::new();
    let mut missing: Vec<String> = pairs.iter().map(|(from, _)| from.clone()).collect();
    for text in input.captions() {
        let used = |pair: &&(String, String)| replaced(text, std::slice::from_ref(pair)).is_ok();
        let used: Vec<(String, String)> = pairs.iter().filter(used).cloned().collect();
        missing.retain(|word| !used.iter().any(|(from, _)| from == word));
        // Where a longer word has taken the place of all of a shorter one's.
        let changed = replaced(text, &used);
        texts.push(changed.map_err(|words| {
            error(format!(
                "{:?} is nowhere apart from the others",
                told(&words[0])
            ))
        })?);
    }
    if let Some(word) = missing.first() {
        return Err(error(format!("{:?} is no word of the text", told(word))));
    }
    let mut texts = texts.into_iter();
    let changed = Input::pair(texts.next().unwrap_or_default(), texts.next());
    match changed == *input {
        true => Err(error("nothing of the text is replaced".to_owned())),
        false => Ok(changed),
    }
}

/// `measure = "js_bits"`.
fn measure(table: &Table<'_>) -> Result<DifferenceMeasure, RulesError> {
    table.name("measure", MEASURES, "\"js_bits\"")
}

/// `score = "entropy_normalized"`.
fn score(table: &Table<'_>) -> Result<Score, RulesError> {
    let names: Vec<&'static str> = Score::ALL.iter().map(|score| score.name()).collect();
    table.name("score", &names, "\"entropy_normalized\"")
}

/// `layers`, `heads` or a single `head`; all where nothing is said.
fn heads(table: &Table<'_>) -> Result<HeadChoice, RulesError> {
    if let Some(id) = head_id(table, "head")? {
        alone(table)?;
        return Ok(HeadChoice::One(id));
    }
    Ok(HeadChoice::Of {
        layers: index_list(table, "layers")?,
        heads: index_list(table, "heads")?,
    })
}

/// A single head has its layer with it.
fn alone(table: &Table<'_>) -> Result<(), RulesError> {
    for key in ["layers", "heads"] {
        if table.has(key) {
            return Err(RulesError::Contradiction {
                place: table.place_of(key),
                reason: format!("{key} beside head, which names a layer and a head already"),
                leave_out: key,
            });
        }
    }
    Ok(())
}

/// `0-3,11`, or a plain number.
fn index_list(table: &Table<'_>, key: &'static str) -> Result<IndexList, RulesError> {
    if !table.has(key) {
        return Ok(IndexList::All);
    }
    let text = table.text(key, "\"0-5\"")?.unwrap_or_default();
    text.trim().parse().map_err(|_| {
        table.bad(
            key,
            "\"all\" or a list",
            format!("{:?}", told(&text)),
            "\"0-5\"",
        )
    })
}

/// `"3.1"`: layer 3, head 1, counted from zero.
fn head_id(table: &Table<'_>, key: &'static str) -> Result<Option<HeadId>, RulesError> {
    let Some(text) = table.text(key, "\"3.1\"")? else {
        return Ok(None);
    };
    let number = |digits: &str| -> Option<usize> {
        let are_digits = digits.bytes().all(|digit| digit.is_ascii_digit());
        are_digits.then(|| digits.parse().ok())?
    };
    let id = text.split_once('.').and_then(|(layer, head)| {
        Some(HeadId {
            layer: number(layer)?,
            head: number(head)?,
        })
    });
    let expected = "layer and head as \"3.1\"";
    match id {
        Some(id) => Ok(Some(id)),
        None => Err(table.bad(key, expected, format!("{:?}", told(&text)), "\"3.1\"")),
    }
}

/// `below`, `above` or both.
fn range(table: &Table<'_>, greatest: f64) -> Result<Range, RulesError> {
    let range = open_range(table, greatest)?;
    match range.is_empty() {
        true => Err(table.missing("a bound: below, above or both", "below", "0.6")),
        false => Ok(range),
    }
}

/// `below`, `above`, both or neither, of values from 0 to 1 or from 0 on.
fn open_range(table: &Table<'_>, greatest: f64) -> Result<Range, RulesError> {
    let range = Range {
        above: table.number("above", "0.5")?,
        below: table.number("below", "0.6")?,
    };
    if let Some(found) = range.above {
        let reach = Reach {
            table,
            key: "above",
            found,
        };
        if found < 0.0 {
            return Err(reach.always("no value is less than 0"));
        }
        if found >= greatest {
            return Err(reach.never(no_greater(greatest)));
        }
    }
    if let Some(found) = range.below {
        below(table, "below", found, greatest)?;
    }
    match (range.above, range.below) {
        (Some(above), Some(below)) if above >= below => Err(RulesError::Contradiction {
            place: table.place_of("above"),
            reason: format!(
                "nothing is above {} and below {}",
                written(above),
                written(below)
            ),
            leave_out: "above",
        }),
        _ => Ok(range),
    }
}

fn below(
    table: &Table<'_>,
    key: &'static str,
    found: f64,
    greatest: f64,
) -> Result<(), RulesError> {
    let reach = Reach { table, key, found };
    if found <= 0.0 {
        return Err(reach.never("no value is less than 0"));
    }
    match found > greatest {
        true => Err(reach.always(no_greater(greatest))),
        false => Ok(()),
    }
}

/// The greatest value that a score can have: 1 of a share; of the others, which
/// grow with the text, more than any text that fits into a machine gives. Entropy
/// is the greatest where all keys get alike: the logarithm of their number.
fn greatest(score: Score) -> f64 {
    if score == Score::Entropy {
        return libm::log(LONGEST_TEXT);
    }
    match score.is_share() {
        true => 1.0,
        false => LONGEST_TEXT,
    }
}

fn no_greater(greatest: f64) -> &'static str {
    match greatest > 1.0 {
        true => "no text is long enough for a greater value",
        false => "no value is greater than 1",
    }
}

/// What heads may differ by: at least one bound.
fn limits(table: &Table<'_>) -> Result<Limits, RulesError> {
    let limits = Limits {
        each: open_range(table, 1.0)?,
        mean_below: table.number("mean_below", "0.05")?,
    };
    if let Some(found) = limits.mean_below {
        below(table, "mean_below", found, 1.0)?;
        if limits.each.above.is_some_and(|above| above >= found) {
            return Err(RulesError::Contradiction {
                place: table.place_of("mean_below"),
                reason: "a mean is not below what each of the values is above".to_owned(),
                leave_out: "above",
            });
        }
    }
    match limits.numbers().next() {
        None => Err(table.missing("a bound: mean_below, below or above", "mean_below", "0.05")),
        Some(_) => Ok(limits),
    }
}

/// A bound that is beside all values that there are.
struct Reach<'r, 't> {
    table: &'r Table<'t>,
    key: &'static str,
    found: f64,
}

impl Reach<'_, '_> {
    fn place(&self) -> Place {
        self.table.place_of(self.key)
    }

    fn always(&self, reason: &'static str) -> RulesError {
        RulesError::AlwaysHolds {
            place: self.place(),
            key: self.key.to_owned(),
            found: self.found,
            reason,
        }
    }

    fn never(&self, reason: &'static str) -> RulesError {
        RulesError::NeverHolds {
            place: self.place(),
            key: self.key.to_owned(),
            found: self.found,
            reason,
        }
    }
}
