//! A comparison with the keyboard alone.

use serde_json::json;

use super::{SENTENCE, check_quiet, compared};
use crate::page::browser::open;

#[test]
fn both_sides_and_their_difference_are_read_with_the_keyboard_alone() {
    let made = compared(&["--text", SENTENCE]);
    let Some(page) = open(&made.page(), "") else {
        return;
    };
    let focus = "document.activeElement.dataset.side || document.activeElement.id || document.activeElement.getAttribute('aria-label') || ''";
    let said = || page.text("document.getElementById('said').textContent");
    let find = |wanted: &str| {
        for _ in 0..80 {
            page.press("Tab", 0);
            if page.text(focus) == wanted {
                return;
            }
        }
        panic!("no way to {wanted}");
    };
    let pressed = "[...document.querySelectorAll('[data-side][aria-pressed=true]')].map(button => button.dataset.side)";
    for (side, spoken) in [("left", "left side"), ("right", "right side")] {
        page.value("document.activeElement.blur()");
        find(side);
        page.press("Enter", 0);
        assert_eq!(page.value(pressed), json!([side]));
        assert_eq!(said(), spoken);
    }
    find("difference");
    page.press("Enter", 0);
    assert_eq!(said(), "right minus left");
    // The cell that has the focus is said with both sides.
    find("map");
    page.press("Home", 2);
    page.press("ArrowDown", 0);
    let cell = said();
    for part in [" to [CLS]: ", "left ", "right ", ", rank ", " by size"] {
        assert!(cell.contains(part), "no {part}: {cell}");
    }
    page.press("Enter", 0);
    assert!(page.text("location.hash").ends_with("&cell=1,0"));
    page.press("Escape", 0);
    assert!(!page.text("location.hash").contains("cell="));
    // Every head has its number in its name, and arrows go from one to another.
    page.value("document.querySelector('#overview [tabindex=\"0\"]').focus()");
    page.press("Home", 2);
    page.press("ArrowDown", 0);
    let head = page.text("document.activeElement.getAttribute('aria-label')");
    assert!(head.starts_with("layer 1, head 0, js bits "), "{head}");
    check_quiet(&page);
}

#[test]
fn the_inputs_that_differ_most_are_opened_with_the_keyboard_alone() {
    let made = compared(&["--inputs", "in.txt", "--top-k", "3"]);
    let Some(page) = open(&made.page(), "") else {
        return;
    };
    let open_now = "document.querySelector('#list [aria-current] .id').textContent";
    let first = page.text(open_now);
    page.value("document.getElementById('next-input').focus()");
    page.press("Enter", 0);
    page.until(&format!(
        "{open_now} !== {first:?} && document.documentElement.dataset.ready === 'yes'"
    ));
    let last = page.text("[...document.querySelectorAll('#list a .id')].at(-1).textContent");
    page.value("document.getElementById('search-inputs').focus()");
    for letter in last.chars() {
        page.press(&letter.to_string(), 0);
    }
    page.press("Enter", 0);
    page.until(&format!(
        "{open_now} === {last:?} && document.documentElement.dataset.ready === 'yes'"
    ));
    check_quiet(&page);
}
