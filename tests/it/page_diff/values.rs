//! The numbers in the page are those of both sides and of their difference.

use serde_json::Value;

use super::{SENTENCE, compared, model};
use crate::binary::Workplace;
use crate::page::browser::open;
use crate::page::exact::said_range;
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
                        let [low, high] = said_range(value);
                        // Differences are those of float32.
                        let off = 2e-7 * (left + right);
                        assert!(
                            (low - off..=high + off).contains(&expected),
                            "{side}{hash} {layer}.{head} {query} → {key}: {value}, {expected} is right"
                        );
                        // A code of 16 bits is off by a share of its value, what is next to
                        // nothing by the lowest code; rows scaled back have a rounded sum,
                        // too. A digit that is left out could not have been told.
                        let is_scaled = hash == "&special=renormalize";
                        let share = 2_f64.powi(if is_scaled { -11 } else { -12 });
                        let known = share * (left + right) + 3e-10;
                        assert!(
                            high - low <= (expected.abs() * 0.03).max(40.0 * known),
                            "{side}{hash}: {value}, {expected}"
                        );
                        let is_told_alone = !is_scaled || side != "difference";
                        if is_told_alone && !value.starts_with('<') {
                            let rounded = if side == "difference" { 1e-7 } else { 0.0 };
                            let tolerance = expected.abs() * 0.0054 + rounded + 3e-10;
                            let number = (low + high) / 2.0;
                            assert!(
                                (number - expected).abs() <= tolerance,
                                "{value}, {expected}"
                            );
                        }
                        let has_sign = value.starts_with(['+', '−']);
                        let is_told = !value.starts_with('0');
                        assert_eq!(has_sign, side == "difference" && is_told, "{value}");
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

#[test]
fn what_the_mask_of_a_decoder_forbids_is_empty_of_two_texts_too() {
    let decoder = crate::binary::fixture("families/gpt2")
        .display()
        .to_string();
    let texts = ["--text", "it was late", "--against", "it was tired"];
    let made = super::of_sides(&[&decoder], &texts);
    let Some(page) = open(&made.page(), "") else {
        return;
    };
    for side in ["left", "right", "difference"] {
        page.go(&format!("#layer=0&heads=0&side={side}"));
        for (query, row) in cells(&page).iter().enumerate() {
            for (key, (value, _)) in row.iter().enumerate() {
                let is_empty = !value.contains(|letter: char| letter.is_ascii_digit());
                assert_eq!(is_empty, key > query, "{side} {query} {key}: {value}");
            }
        }
    }
}
