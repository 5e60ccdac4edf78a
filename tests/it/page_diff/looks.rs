//! How the page of a comparison looks, to those who see it and those who do not.

use super::{SENTENCE, compared};
use crate::page::browser::open;
use crate::page::looks::{AXE, VIOLATIONS};

#[test]
fn an_accessibility_audit_of_a_comparison_finds_nothing() {
    let one = compared(&["--text", SENTENCE, "--max-js-bits", "0.01"]);
    let many = compared(&["--inputs", "in.txt", "--top-k", "1"]);
    let Some(page) = open(&one.page(), "") else {
        return;
    };
    for made in [&one, &many] {
        page.visit(&made.page(), "");
        // Past the policy, as only the debugger may.
        page.value(&format!("{AXE}; true"));
        for (scheme, width) in [("light", 1400), ("dark", 1400), ("light", 390)] {
            page.resize([width, 900]);
            page.prefer(
                "screen",
                &[
                    ("prefers-color-scheme", scheme),
                    ("prefers-reduced-motion", "reduce"),
                ],
            );
            for view in ["map", "lines", "text", "links", "heads"] {
                page.go(&format!("#view={view}&layer=1&heads=3&unit=4"));
                let found = page.value(VIOLATIONS);
                assert_eq!(found, serde_json::json!([]), "{view}, {scheme}, {width}");
                let overflow = "document.documentElement.scrollWidth <= window.innerWidth";
                assert_eq!(page.value(overflow), true, "{view}, {width}");
            }
        }
    }
}

#[test]
fn no_difference_is_paper_and_both_signs_are_as_dark() {
    let one = compared(&["--text", SENTENCE]);
    // Layer 0 is the same on both sides.
    let Some(page) = open(&one.page(), "#layer=0&heads=0") else {
        return;
    };
    page.settle();
    let pixel = "(() => { const canvas = document.getElementById('map-canvas'); const grid = document.getElementById('map'); const ratio = devicePixelRatio; const [x, y] = [grid.offsetLeft + 5, grid.offsetTop + 5]; return [...canvas.getContext('2d').getImageData(x * ratio, y * ratio, 1, 1).data].slice(0, 3); })()";
    assert_eq!(page.value(pixel), serde_json::json!([255, 255, 255]));
}

#[test]
fn a_printed_comparison_has_its_map_and_says_which_side_it_is() {
    let one = compared(&["--text", SENTENCE]);
    let Some(page) = open(&one.page(), "#side=right&theme=dark&unit=2") else {
        return;
    };
    page.prefer("print", &[]);
    let is_shown = |selector: &str| {
        page.value(&format!(
            "[...document.querySelectorAll({selector:?})].some(element => getComputedStyle(element).display !== 'none')"
        ))
    };
    for (selector, expected) in [
        (".settings", false),
        (".tabs", false),
        ("[data-side=left]", false),
        ("[data-side=right]", true),
        ("#map-canvas", true),
        (".verdict", true),
        (".sides", true),
    ] {
        assert_eq!(is_shown(selector), expected, "{selector}");
    }
    // Chromium prints the steps of what is drawn for the printer. Cleared, what
    // lies over the map would clear the map.
    let cleared = "(() => { const cleared = []; const clear = CanvasRenderingContext2D.prototype.clearRect; CanvasRenderingContext2D.prototype.clearRect = function (...box) { cleared.push(this.canvas.id); clear.apply(this, box); }; window.dispatchEvent(new Event('beforeprint')); const theme = document.documentElement.dataset.theme; window.dispatchEvent(new Event('afterprint')); return [theme, cleared.slice(0, cleared.indexOf('map-canvas') + 1)]; })()";
    assert_eq!(
        page.value(cleared),
        serde_json::json!(["light", ["map-canvas"]])
    );
}
