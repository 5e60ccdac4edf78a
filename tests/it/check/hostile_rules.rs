//! Rules files that chance has changed: they are refused or read, never read as
//! something that asks for less than is written, and nothing panics.

use std::panic::catch_unwind;

use attnviz::compare::check::{Beside, InputName, Judge, Seen};
use attnviz::compare::rules::{Rules, parse};
use attnviz::input::Input;
use proptest::collection::vec;
use proptest::prelude::*;

const RULES: &str = r#"
model = "./my-bert"
inputs = ["sentences.txt"]
baseline = "attention.baseline"

[tokens]
unchanged = true

[difference]
max_abs = 1e-4

[[drift]]
layers = "0-5"
measure = "js_bits"
mean_below = 0.05

[[head]]
id = "3.1"
score = "entropy_normalized"
below = 0.6

[[layer]]
layers = "all"
score = "entropy_normalized"
below = 0.98

[[link]]
text = "The animal was tired, so it slept."
from = "it"
to = "animal"
head = "3.1"
above = 0.5

[[invariant]]
text = "He is a nurse."
replace = { "He" = "She" }
measure = "total_variation"
below = 0.1
"#;

/// Every number that decides is one that values lie on both sides of.
fn check(rules: &Rules) {
    use attnviz::compare::rules::Check;
    for rule in &rules.rules {
        let numbers: Vec<f64> = match &rule.check {
            Check::Tokens => vec![0.5],
            Check::Difference { at_most, .. } => vec![*at_most],
            Check::Drift { limits, .. } | Check::Invariant { limits, .. } => {
                limits.numbers().collect()
            }
            Check::Head { range, .. } | Check::Layer { range, .. } | Check::Link { range, .. } => {
                range.above.into_iter().chain(range.below).collect()
            }
        };
        assert!(!numbers.is_empty(), "{rule:?} asks for nothing");
        assert!(numbers.iter().all(|number| number.is_finite()), "{rule:?}");
    }
    // A model that nobody has looked at keeps no rule.
    let judge = Judge::new(&rules.rules, [12, 12]);
    assert!(judge.verdicts().iter().all(|verdict| !verdict.holds));
    // Nor one whose inputs the baseline does not have.
    let mut judge = Judge::new(&rules.rules, [12, 12]);
    judge.see(&Seen {
        name: &InputName {
            index: 0,
            id: "1".to_owned(),
            input: Input::text("it slept"),
        },
        labels: &[],
        scores: None,
        beside: &Beside::Unknown,
    });
    assert!(judge.verdicts().iter().all(|verdict| !verdict.holds));
}

fn read(bytes: &[u8]) {
    let outcome = catch_unwind(|| parse(bytes));
    let shown = String::from_utf8_lossy(bytes);
    match outcome.unwrap_or_else(|_| panic!("it panics on {shown}")) {
        Ok(rules) => check(&rules),
        Err(error) => {
            assert!(!error.to_string().is_empty());
            assert!(error.remedy().is_some(), "{error}");
        }
    }
}

#[test]
fn the_rules_themselves_are_read() {
    let rules = parse(RULES.as_bytes()).unwrap();
    assert_eq!(rules.rules.len(), 7);
    check(&rules);
}

proptest! {
    #[test]
    fn rules_with_bytes_changed_never_pass_and_never_panic(
        changes in vec((0..RULES.len(), any::<u8>()), 1..6),
    ) {
        let mut bytes = RULES.as_bytes().to_vec();
        for (place, byte) in changes {
            bytes[place] = byte;
        }
        read(&bytes);
    }

    #[test]
    fn rules_with_parts_cut_out_or_doubled_never_pass_and_never_panic(
        start in 0..RULES.len(),
        length in 0_usize..200,
        doubles in any::<bool>(),
    ) {
        let bytes = RULES.as_bytes();
        let end = (start + length).min(bytes.len());
        let changed = match doubles {
            true => [&bytes[..end], &bytes[start..]].concat(),
            false => [&bytes[..start], &bytes[end..]].concat(),
        };
        read(&changed);
    }

    #[test]
    fn rules_with_other_values_never_pass_and_never_panic(
        line in 0_usize..40,
        value in "(nan|inf|-inf|-?[0-9]{1,3}(\\.[0-9]{1,2})?|true|\\[\\]|\\{\\}|\"[a-z0-9.@-]{0,6}\"|[0-9]{4}-01-01)",
    ) {
        let mut index = 0;
        let changed: Vec<String> = RULES
            .lines()
            .map(|text| match text.split_once(" = ") {
                Some((key, _)) => {
                    index += 1;
                    if index == line { format!("{key} = {value}") } else { text.to_owned() }
                }
                None => text.to_owned(),
            })
            .collect();
        read(changed.join("\n").as_bytes());
    }

    #[test]
    fn any_bytes_are_read_or_refused(bytes in vec(any::<u8>(), 0..300)) {
        read(&bytes);
    }
}

#[test]
fn deep_and_long_files_are_refused() {
    let deep = format!("inputs = {}{}", "[".repeat(100_000), "]".repeat(100_000));
    read(deep.as_bytes());
    let tables = format!("[{}]", "a.".repeat(50_000));
    read(tables.as_bytes());
    let long = vec![b'#'; 5 << 20];
    assert!(parse(&long).is_err());
}
