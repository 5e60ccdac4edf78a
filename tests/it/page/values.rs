//! The numbers in the page are those of the run.

use serde_json::{Value, json};

use super::browser::{Page, open};
use super::{Made, SENTENCE, encoded, rendered};

/// The cells of the map in view, row after row, as the keyboard finds them:
/// value and rank.
pub fn cells(page: &Page) -> Vec<Vec<(String, String)>> {
    // In one go: the keyboard itself is tested elsewhere.
    let walk = "(async () => {
        const grid = document.getElementById('map');
        const press = (key, ctrlKey) => {
            grid.dispatchEvent(new KeyboardEvent('keydown', { key, ctrlKey, bubbles: true }));
            return new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)));
        };
        const rows = [];
        await press('Home', true);
        const count = grid.getAttribute('aria-rowcount') - 1;
        for (let row = 0; row < count; row += 1) {
            const cells = grid.querySelectorAll(':scope > [role=row]:last-child [role=gridcell]');
            rows.push([...cells].map(cell => cell.textContent));
            await press('ArrowDown', false);
        }
        return rows;
    })()";
    let rows: Vec<Vec<String>> = serde_json::from_value(page.value(walk)).unwrap();
    let split = |text: &String| {
        let (value, rank) = text.split_once(", rank ").unwrap_or((text, ""));
        (value.to_owned(), rank.to_owned())
    };
    rows.iter()
        .map(|row| row.iter().map(split).collect())
        .collect()
}

/// Compares a map in view with numbers, NaN for what a mask forbids.
fn check_map(page: &Page, expected: &[Vec<f64>], has_forbidden: bool) {
    let shown = cells(page);
    assert_eq!(shown.len(), expected.len());
    for (query, (row, expected)) in shown.iter().zip(expected).enumerate() {
        assert_eq!(row.len(), expected.len());
        for (key, ((value, rank), &expected_value)) in row.iter().zip(expected).enumerate() {
            if has_forbidden && key > query {
                assert_eq!(value, "not allowed");
                continue;
            }
            let number: f64 = value.parse().unwrap();
            // Three digits: half of the last, and what the code rounds away.
            let tolerance = expected_value * 0.0054 + 1e-12;
            assert!(
                (number - expected_value).abs() <= tolerance,
                "{query} → {key}: {value} shown, {expected_value} is right"
            );
            let allowed = if has_forbidden {
                &expected[..=query]
            } else {
                &expected[..]
            };
            let greater = allowed
                .iter()
                .filter(|&&other| other > expected_value)
                .count();
            assert_eq!(
                *rank,
                format!("{} of {}", greater + 1, allowed.len()),
                "{query} → {key}"
            );
        }
    }
}

#[test]
fn values_and_ranks_are_those_of_the_run() {
    let made = encoded(SENTENCE, &[]);
    let raw = made.array("attention");
    let Some(page) = open(&made.page(), "") else {
        return;
    };
    for [layer, head] in [[0, 0], [3, 7], [5, 11]] {
        page.go(&format!("#layer={layer}&heads={head}"));
        check_map(&page, &raw[layer][head], false);
    }
}

#[test]
fn what_the_page_does_to_maps_is_what_the_options_do() {
    let cases: [(&[&str], &str); 5] = [
        (&["--tokens", "word"], "tokens=word"),
        (&["--special-tokens", "hide"], "special=hide"),
        (
            &["--special-tokens", "renormalize", "--tokens", "word"],
            "special=renormalize&tokens=word",
        ),
        (&["--sink", "hide"], "sink=hide"),
        (
            &["--crop", "2-6", "--tokens", "word"],
            "window=2-6&tokens=word",
        ),
    ];
    let plain = encoded(SENTENCE, &[]);
    let Some(page) = open(&plain.page(), "") else {
        return;
    };
    for (options, hash) in cases {
        let options = [options, &["--layers", "2", "--heads", "3"]].concat();
        let made = encoded(SENTENCE, &options);
        let shown = made.array("shown");
        page.visit(&plain.page(), &format!("#layer=2&heads=3&{hash}"));
        check_map_values(&page, &shown[0][0]);
        let labels = "[...document.querySelectorAll('#map > [role=row]:first-child [aria-colindex]')].slice(1).map(cell => cell.textContent)";
        let of_plain = page.value(labels);
        // The page of the options opens as they say.
        page.visit(&made.page(), "");
        check_map_values(&page, &shown[0][0]);
        assert_eq!(page.value(labels), of_plain);
        let columns = &crate::binary::manifest(&made.folder)["shown"]["columns"];
        let named: Vec<Value> = columns
            .as_array()
            .unwrap()
            .iter()
            .map(|unit| unit["label"].clone())
            .collect();
        assert_eq!(of_plain, json!(named), "{options:?}");
    }
}

fn check_map_values(page: &Page, expected: &[Vec<f64>]) {
    let shown = cells(page);
    assert_eq!(shown.len(), expected.len());
    for (row, expected) in shown.iter().zip(expected) {
        assert_eq!(row.len(), expected.len());
        for ((value, _), expected) in row.iter().zip(expected) {
            let number: f64 = value.parse().unwrap();
            assert!(
                (number - expected).abs() <= expected * 0.0056 + 1e-9,
                "{value} shown, {expected} is right"
            );
        }
    }
}

#[test]
fn several_heads_are_their_mean_maximum_or_sum() {
    let made = encoded(SENTENCE, &[]);
    let raw = made.array("attention");
    let Some(page) = open(&made.page(), "") else {
        return;
    };
    let heads = [&raw[1][0], &raw[1][4], &raw[4][2]];
    for (name, combine) in [
        (
            "mean",
            (|values| values.iter().sum::<f64>() / 3.0) as fn([f64; 3]) -> f64,
        ),
        ("max", |values| values.into_iter().fold(0.0, f64::max)),
        ("sum", |values| values.iter().sum()),
    ] {
        page.go(&format!("#heads=1.0,1.4,4.2&combine={name}"));
        let expected: Vec<Vec<f64>> = (0..heads[0].len())
            .map(|row| {
                (0..heads[0].len())
                    .map(|column| combine(heads.map(|head| head[row][column])))
                    .collect()
            })
            .collect();
        check_map_values(&page, &expected);
    }
}

/// Attention from elsewhere: `[layer, head, query, key]` with these units.
fn foreign(values: &Value, tokens: &[String]) -> Made {
    rendered(&json!({ "tokens": tokens, "attention": values }), &[])
}

fn names(count: usize) -> Vec<String> {
    (0..count).map(|index| format!("w{index}")).collect()
}

#[test]
fn ranks_tell_values_apart_that_share_a_code() {
    // Steps of a millionth, far below what a code tells.
    let row = |shift: usize| -> Vec<f64> {
        (0..8)
            .map(|key| f64::from(0.125_f32 + ((key * 5 + shift) % 8) as f32 * 1e-6))
            .collect()
    };
    let map: Vec<Vec<f64>> = (0..8).map(row).collect();
    let made = foreign(&json!([[map, map]]), &names(8));
    let raw = made.array("attention");
    let Some(page) = open(&made.page(), "#layer=0&heads=1") else {
        return;
    };
    check_map(&page, &raw[0][1], false);
}

#[test]
fn a_decoder_shows_what_its_mask_allows_alone() {
    let map: Vec<Vec<f64>> = (0..6)
        .map(|query| {
            (0..6)
                .map(|key| {
                    if key <= query {
                        (key + 1) as f64 / ((query + 1) * (query + 2) / 2) as f64
                    } else {
                        0.0
                    }
                })
                .collect()
        })
        .collect();
    let made = foreign(&json!([[map]]), &names(6));
    let Some(page) = open(&made.page(), "") else {
        return;
    };
    let rounded = made.array("attention");
    check_map(&page, &rounded[0][0], true);
}

#[test]
fn queries_and_keys_of_two_texts_are_shown_as_others() {
    let row = |query: usize| -> Vec<f64> {
        let weights = [1.0, 2.0 + query as f64, 0.5];
        let sum: f64 = weights.iter().sum();
        weights.iter().map(|weight| weight / sum).collect()
    };
    let map: Vec<Vec<f64>> = (0..5).map(row).collect();
    let cross = json!({
        "cross_attentions": [[map, map]],
        "source_tokens": ["ein", "roter", "Hund"],
        "target_tokens": ["<s>", "a", "red", "dog", "</s>"],
    });
    let made = rendered(&cross, &[]);
    let raw = made.array("attention");
    let Some(page) = open(&made.page(), "#layer=0&heads=1") else {
        return;
    };
    check_map(&page, &raw[0][1], false);
    let labels = |side: u32| {
        page.value(&format!(
            "[...document.querySelectorAll('#line-units-{side} bdi')].map(unit => unit.textContent)"
        ))
    };
    page.go("#view=lines&layer=0&heads=0&unit=2&direction=to");
    assert_eq!(labels(0), cross["target_tokens"]);
    assert_eq!(labels(1), cross["source_tokens"]);
    let shares =
        "[...document.querySelectorAll('#line-units-0 .share')].map(share => +share.textContent)";
    let shares: Vec<f64> = serde_json::from_value(page.value(shares)).unwrap();
    for (share, row) in shares.iter().zip(&raw[0][0]) {
        assert!(
            (share - row[2]).abs() <= row[2] * 0.006,
            "{share}, {}",
            row[2]
        );
    }
    for view in ["map", "text", "links", "heads"] {
        page.go(&format!("#view={view}&layer=0&heads=0,1&unit=1"));
    }
    assert_eq!(*page.complaints.lock().unwrap(), Vec::<String>::new());
}
