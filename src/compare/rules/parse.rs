//! From the text of a rules file to rules.

use toml::de::DeTable;

use super::reader::{Table, told};
use super::sections::{
    difference, drift, head, input, invariant, layer, link, named, sections, tokens,
};
use super::{Place, Rule, RuleKind, Rules, RulesError};

/// A longer file is not read: nobody writes so many rules by hand.
pub const MAXIMUM_LENGTH: u64 = 4 << 20;

/// Every kind of rule and what else a file may begin with.
pub const KINDS: &[&str] = &[
    "model",
    "inputs",
    "baseline",
    "input",
    "tokens",
    "difference",
    "drift",
    "head",
    "layer",
    "link",
    "invariant",
];

/// Reads rules out of the bytes of a file.
///
/// # Errors
/// What is wrong, and where; see [`RulesError`].
pub fn parse(bytes: &[u8]) -> Result<Rules, RulesError> {
    let length = bytes.len() as u64;
    if length > MAXIMUM_LENGTH {
        return Err(RulesError::TooLong {
            found: length,
            maximum: MAXIMUM_LENGTH,
        });
    }
    let text = std::str::from_utf8(bytes).map_err(|error| RulesError::NotText {
        position: error.valid_up_to(),
    })?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let parsed = DeTable::parse(text).map_err(|error| RulesError::Syntax {
        place: Place::of(text, error.span().map_or(0, |span| span.start)),
        reason: told(&error.message().trim().replace('\n', ", ")),
    })?;
    let start = Place::of(text, 0);
    let file = Table::new(text, "the file", start, parsed.get_ref(), KINDS)?;
    let rules = Rules {
        model: file.text("model", "\"./my-bert\"")?,
        inputs: file.texts("inputs", "[\"sentences.txt\"]")?,
        own_inputs: input(&file)?,
        baseline: file.text("baseline", "\"attention.baseline\"")?,
        rules: all(&file)?,
    };
    check(&rules)?;
    Ok(rules)
}

/// Reads a rule of a kind.
type Reader = fn(&Table<'_>) -> Result<Rule, RulesError>;

/// Every rule, in the order of the file.
fn all(file: &Table<'_>) -> Result<Vec<Rule>, RulesError> {
    let mut rules: Vec<Rule> = Vec::new();
    if let Some(table) = sections(file, RuleKind::Tokens)?.first() {
        rules.push(tokens(table)?);
    }
    if let Some(table) = sections(file, RuleKind::Difference)?.first() {
        rules.extend(difference(table)?);
    }
    let readers: [(RuleKind, Reader); 5] = [
        (RuleKind::Drift, drift),
        (RuleKind::Head, head),
        (RuleKind::Layer, layer),
        (RuleKind::Link, link),
        (RuleKind::Invariant, invariant),
    ];
    for (kind, read) in readers {
        for table in &sections(file, kind)? {
            rules.push(read(table)?);
        }
    }
    rules.sort_by_key(|rule| rule.place);
    Ok(named(rules))
}

/// Whether there is everything that the rules look at.
fn check(rules: &Rules) -> Result<(), RulesError> {
    if rules.rules.is_empty() {
        return Err(RulesError::NoRules);
    }
    for rule in &rules.rules {
        let kind = rule.check.kind();
        let (place, table) = (rule.place, kind.header().to_owned());
        if kind.needs_inputs() && !rules.have_inputs() {
            return Err(RulesError::NoInputs { place, table });
        }
        if kind.needs_baseline() && rules.baseline.is_none() {
            return Err(RulesError::NoBaseline { place, table });
        }
    }
    Ok(())
}
