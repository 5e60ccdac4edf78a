//! The numbers in the page are those of both sides and of their difference.

use serde_json::Value;

use super::{SENTENCE, compared, model};
use crate::binary::Workplace;
use crate::page::browser::open;
use crate::page::values::cells;

/// `[layer, head, query, key]` of a model, as `encode` writes it.
pub fn array(
    workplace: &Workplace,
    model: &str,
    options: &[&str],
    name: &str,
) -> Vec<Vec<Vec<Vec<f64>>>> {
    let arguments = [
        &["encode", SENTENCE, "-m", model, "-f", "json", "--json"],
        options,
        &["--overwrite"],
    ]
    .concat();
    let outcome = workplace.succeed(&arguments);
    let report: Value = serde_json::from_str(&outcome.stdout).unwrap();
    let folder = workplace.path().join(report["folder"].as_str().unwrap());
    let numbers = std::fs::read(folder.join("attention.json")).unwrap();
    let mut numbers: Value = serde_json::from_slice(&numbers).unwrap();
    serde_json::from_value(numbers[name].take()).unwrap()
}

#[test]
fn left_right_and_difference_are_those_of_the_models() {
    let made = compared(&["--text", SENTENCE]);
    let Some(page) = open(&made.page(), "") else {
        return;
    };
    for (hash, options, name) in [
        ("", &[][..], "attention"),
        ("&tokens=word", &["--tokens", "word"][..], "shown"),
        ("&special=hide", &["--special-tokens", "hide"][..], "shown"),
        (
            "&special=renormalize",
            &["--special-tokens", "renormalize"][..],
            "shown",
        ),
    ] {
        let sides = [model(), "changed".to_owned()]
            .map(|model| array(&made.workplace, &model, options, name));
        for [layer, head] in [[0, 1], [1, 3]] {
            for side in ["left", "right", "difference"] {
                page.go(&format!("#layer={layer}&heads={head}&side={side}{hash}"));
                let shown = cells(&page);
                assert_eq!(shown.len(), sides[0][layer][head].len(), "{hash}");
                for (query, row) in shown.iter().enumerate() {
                    for (key, (value, _)) in row.iter().enumerate() {
                        let [left, right] =
                            [0, 1].map(|side: usize| sides[side][layer][head][query][key]);
                        let expected = match side {
                            "left" => left,
                            "right" => right,
                            _ => right - left,
                        };
                        // What is far below all others is no number.
                        let number: f64 = match value.as_str() {
                            "≈0" => 0.0,
                            value => value.replace('−', "-").parse().unwrap(),
                        };
                        // Of rows scaled back it is the difference of rounded ones, and
                        // what is too small for a code is scaled with its row.
                        let rounded = match (side, hash) {
                            ("difference", "&special=renormalize") => {
                                0.0003 * (left + right) + 1e-6
                            }
                            (_, "&special=renormalize") => 1e-6,
                            ("difference", _) => 1e-7,
                            _ => 0.0,
                        };
                        let tolerance = expected.abs() * 0.0054 + rounded + 3e-10;
                        assert!(
                            (number - expected).abs() <= tolerance,
                            "{side}{hash} {layer}.{head} {query} → {key}: {value}, {expected} is right"
                        );
                        let has_sign = value.starts_with(['+', '−']);
                        assert_eq!(has_sign, side == "difference" && number != 0.0, "{value}");
                    }
                }
            }
        }
    }
}

#[test]
fn a_cell_says_what_both_sides_have() {
    let made = compared(&["--text", SENTENCE]);
    let raw = [model(), "changed".to_owned()]
        .map(|model| array(&made.workplace, &model, &[], "attention"));
    let Some(page) = open(&made.page(), "#layer=1&heads=3&cell=1,0") else {
        return;
    };
    page.settle();
    let said = page.text("document.getElementById('readout').textContent");
    let after = |name: &str| -> f64 {
        let rest = said.split(name).nth(1).unwrap_or_else(|| panic!("{said}"));
        rest.trim().split(',').next().unwrap().parse().unwrap()
    };
    for (name, side) in [("left ", 0), ("right ", 1)] {
        let expected = raw[side][1][3][1][0];
        assert!(
            (after(name) - expected).abs() <= expected * 0.0054,
            "{said}"
        );
    }
}
