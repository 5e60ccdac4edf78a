//! All of it with the keyboard alone.

use super::browser::open;
use super::{SENTENCE, encoded};

#[test]
fn a_head_and_a_cell_are_found_with_the_keyboard_alone() {
    let made = encoded(SENTENCE, &[]);
    let Some(page) = open(&made.page(), "") else {
        return;
    };
    let hash = || page.text("location.hash");
    let focus = || {
        page.text("document.activeElement.getAttribute('aria-label') || document.activeElement.id")
    };
    let said = || page.text("document.getElementById('said').textContent");
    let find = |id: &str| {
        for _ in 0..60 {
            page.press("Tab", 0);
            if page.text("document.activeElement.id") == id {
                return;
            }
        }
        panic!("no way to {id}");
    };

    // The overview is one stop.
    page.press("Tab", 0);
    assert_eq!(focus(), "layer 0, head 0");
    for (key, modifiers, expected) in [
        ("ArrowRight", 0, "layer 0, head 1"),
        ("ArrowDown", 0, "layer 1, head 1"),
        ("End", 0, "layer 1, head 11"),
        ("End", 2, "layer 5, head 11"),
        ("Home", 0, "layer 5, head 0"),
        ("Home", 2, "layer 0, head 0"),
        ("ArrowLeft", 0, "layer 0, head 0"),
        ("ArrowDown", 0, "layer 1, head 0"),
    ] {
        page.press(key, modifiers);
        assert_eq!(focus(), expected, "{key}");
        if key != "ArrowLeft" {
            assert!(said().starts_with(expected), "{}", said());
        }
    }
    page.press("Enter", 0);
    assert_eq!(hash(), "#view=map&layer=1&heads=0");
    page.press("ArrowRight", 0);
    page.press("Enter", 8);
    assert_eq!(hash(), "#view=map&layer=1&heads=0,1");
    page.press("Enter", 8);
    page.press("Tab", 0);
    assert_ne!(focus(), "layer 1, head 2", "one stop alone");

    // So is the map.
    find("map");
    let last = made.array("attention")[0][0].len() - 1;
    let active = || {
        page.text("(() => { const cell = document.getElementById(document.getElementById('map').getAttribute('aria-activedescendant')); return cell.dataset.row + ',' + cell.dataset.column; })()")
    };
    for (key, modifiers, expected) in [
        ("ArrowDown", 0, [1, 0]),
        ("ArrowRight", 0, [1, 1]),
        ("End", 0, [1, last]),
        ("Home", 0, [1, 0]),
        ("End", 2, [last, last]),
        ("Home", 2, [0, 0]),
        ("ArrowUp", 0, [0, 0]),
        ("ArrowRight", 0, [0, 1]),
    ] {
        page.press(key, modifiers);
        assert_eq!(
            active(),
            format!("{},{}", expected[0], expected[1]),
            "{key}"
        );
    }
    assert!(said().starts_with("[CLS] to the: "), "{}", said());
    assert!(said().contains(", rank "), "{}", said());
    page.press("Enter", 0);
    assert!(hash().ends_with("&cell=0,1"), "{}", hash());
    page.press("+", 0);
    assert!(hash().contains("zoom="), "{}", hash());
    page.press("Escape", 0);
    assert!(!hash().contains("cell="), "{}", hash());

    // Tabs, and the units of lines and text.
    page.value("document.getElementById('tab-map').focus()");
    page.press("ArrowRight", 0);
    assert!(hash().starts_with("#view=lines"));
    find("line-units-0");
    page.press("ArrowDown", 0);
    assert!(said().starts_with("the: gives most to"), "{}", said());
    page.press("Enter", 0);
    assert!(hash().contains("unit=1&direction=from"), "{}", hash());
    page.go("#view=text");
    find("text-units-1");
    page.press("End", 0);
    page.press("Enter", 0);
    assert!(hash().contains(&format!("unit={last}")), "{}", hash());
    page.press("/", 0);
    assert_eq!(page.text("document.activeElement.id"), "search");
    let outlined = "(() => { const style = getComputedStyle(document.activeElement); return parseFloat(style.outlineWidth) >= 2 && style.outlineStyle; })()";
    assert_eq!(page.value(outlined), "solid");
}
