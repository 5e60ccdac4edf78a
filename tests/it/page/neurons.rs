//! The worked example: query times key, scaled, softmax.

use super::browser::open;
use super::{SENTENCE, encoded};

#[test]
fn the_worked_example_has_the_numbers_of_the_run() {
    let made = encoded(SENTENCE, &["--neurons", "--layers", "2", "--heads", "3,4"]);
    let vectors = |name: &str| made.array(name)[0][1].clone();
    let (queries, keys) = (vectors("query"), vectors("key"));
    let numbers = made.numbers();
    let norms: Vec<Vec<Vec<f64>>> = serde_json::from_value(numbers["value_norm"].clone()).unwrap();
    let scales: Vec<f64> = serde_json::from_value(numbers["score_scale"].clone()).unwrap();
    let attention = &made.array("attention")[0][1];
    let Some(page) = open(&made.page(), "#view=neurons&layer=2&heads=4&unit=2") else {
        return;
    };
    page.until("document.querySelectorAll('#neurons tr').length > 0");
    let table = "[...document.querySelectorAll('#neurons tr')].map(row => [...row.querySelectorAll('td.number')].map(cell => cell.textContent.replace('−', '-')))";
    let shown: Vec<Vec<String>> = serde_json::from_value(page.value(table)).unwrap();
    assert_eq!(shown.len(), keys.len());
    for (key, row) in shown.iter().enumerate() {
        let found: Vec<f64> = row.iter().map(|text| text.parse().unwrap()).collect();
        let products = || {
            queries[2]
                .iter()
                .zip(&keys[key])
                .map(|(left, right)| left * right)
        };
        let (dot, size) = (
            products().sum::<f64>(),
            products().map(f64::abs).sum::<f64>(),
        );
        // What half floats and three digits lose.
        let close = |found: f64, right: f64, slack: f64| {
            assert!(
                (found - right).abs() <= right.abs() * 0.006 + slack,
                "{key}: {row:?}, {right}"
            );
        };
        close(found[0], dot, size * 1e-3);
        close(found[1], dot * scales[0], size * scales[0] * 1e-3);
        close(found[2], attention[2][key], 0.004);
        close(found[3], attention[2][key], 1e-9);
        close(found[4], norms[0][1][key], 1e-3);
        close(found[5], attention[2][key] * norms[0][1][key], 1e-3);
    }
    // All numbers are in sight, however narrow the window is.
    for (width, height) in [(1400, 900), (800, 900), (390, 800)] {
        page.resize([width, height]);
        let ends = "(() => { const cells = [...document.querySelectorAll('#neurons tr:first-child td.number')]; return [Math.max(...cells.map(cell => cell.getBoundingClientRect().right)), document.scrollingElement.scrollWidth]; })()";
        let ends: [f64; 2] = serde_json::from_value(page.value(ends)).unwrap();
        assert!(
            ends.iter().all(|&end| end <= f64::from(width)),
            "{width}: {ends:?}"
        );
        if width > 500 {
            let apart = "document.getElementById('readout').getBoundingClientRect().top - document.querySelector('#view-neurons .scroll').getBoundingClientRect().bottom";
            let apart = page.value(apart).as_f64().unwrap();
            assert!(apart >= 0.0, "{width}: {apart}");
        }
    }
    page.resize([1400, 1000]);
    // Its dimensions, of the key that is chosen.
    page.click(page.place("#neurons tr:nth-child(6) button", [0.5, 0.5]), 0);
    let dimensions = "[...document.querySelectorAll('#dimensions tr')].map(row => +row.children[2].textContent.replace('−', '-'))";
    let found: Vec<f64> = serde_json::from_value(page.value(dimensions)).unwrap();
    assert_eq!(found.len(), keys[5].len());
    for (found, right) in found.iter().zip(&keys[5]) {
        assert!(
            (found - right).abs() <= right.abs() * 0.006 + 1e-4,
            "{found}, {right}"
        );
    }
}

#[test]
fn a_run_without_queries_and_keys_has_no_such_view() {
    let made = encoded(SENTENCE, &["--layers", "2"]);
    let Some(page) = open(&made.page(), "#view=neurons") else {
        return;
    };
    assert_eq!(
        page.value("document.getElementById('tab-neurons')"),
        serde_json::Value::Null
    );
    assert_eq!(
        page.value("document.getElementById('view-map').hidden"),
        false
    );
}
