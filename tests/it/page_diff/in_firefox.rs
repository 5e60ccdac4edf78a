//! The page of a comparison in Firefox.

use serde_json::json;

use super::{SENTENCE, compared};
use crate::page::firefox::{keys, open};

#[test]
fn firefox_shows_both_sides_and_their_difference() {
    let made = compared(&["--text", SENTENCE]);
    let Some(mut page) = open(&made.page(), "") else {
        return;
    };
    let pressed = "[...document.querySelectorAll('[data-side][aria-pressed=true]')].map(button => button.dataset.side)";
    assert_eq!(page.value(pressed), json!(["difference"]));
    for side in ["left", "right", "difference"] {
        let button = page.place(&format!("[data-side={side}]"), [0.5, 0.5]);
        page.click(button, &[]);
        assert_eq!(page.value(pressed), json!([side]));
        for view in ["map", "lines", "text", "links", "heads"] {
            let tab = page.place(&format!("#tab-{view}"), [0.5, 0.5]);
            page.click(tab, &[]);
            let is_hidden = format!("document.getElementById('view-{view}').hidden");
            assert_eq!(page.value(&is_hidden), false);
        }
    }
    // With the keyboard alone a cell tells both sides and the difference.
    page.go("#layer=1&heads=3");
    page.value("document.getElementById('map').focus()");
    page.press(keys::HOME, &[keys::CONTROL]);
    page.press(keys::ARROW_DOWN, &[]);
    page.press(keys::ENTER, &[]);
    let said = page.text("document.getElementById('readout').textContent");
    let number = |text: &str| -> f64 { text.replace('−', "-").parse().unwrap() };
    let after = |name: &str| -> f64 {
        let rest = said.split(name).nth(1).unwrap_or_else(|| panic!("{said}"));
        number(rest.split(',').next().unwrap())
    };
    let value = page.text("document.querySelector('#readout .value').textContent");
    let expected = after("right ") - after("left ");
    assert!((number(&value) - expected).abs() <= 2e-3, "{value}: {said}");
    // An address opens the same.
    let hash = page.text("location.hash");
    page.visit(&made.page(), &hash);
    assert_eq!(
        page.text("document.getElementById('readout').textContent"),
        said
    );
    assert_eq!(page.complaints, Vec::<String>::new());
    let is_itself = |address: &String| address.starts_with("file:") || address.starts_with("data:");
    assert!(page.requests.iter().all(is_itself), "{:?}", page.requests);
}
