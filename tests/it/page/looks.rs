//! How the page looks, to those who see it and those who do not.

use super::browser::open;
use super::{SENTENCE, encoded};

const AXE: &str = include_str!("../../fixtures/axe/axe.min.js");

const VIOLATIONS: &str = "axe.run(document, { resultTypes: ['violations'] }).then(result => result.violations.map(each => each.id + ': ' + each.nodes.map(node => node.target.join(' ') + ' ' + node.failureSummary).slice(0, 3).join(' | ')))";

#[test]
fn an_accessibility_audit_finds_nothing() {
    let made = encoded(
        "The cat sat on the tokenizers.",
        &["--pair", "It was tired."],
    );
    let Some(page) = open(&made.page(), "") else {
        return;
    };
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
            page.go(&format!("#view={view}&layer=2&heads=3,5&unit=4"));
            let found = page.value(VIOLATIONS);
            assert_eq!(found, serde_json::json!([]), "{view}, {scheme}, {width}");
        }
    }
    let marked = page.text(
        "document.querySelector('#overview [aria-selected=true]').getAttribute('aria-label')",
    );
    assert_eq!(marked, "layer 2, head 3");
}

#[test]
fn the_page_follows_the_reader() {
    let made = encoded(SENTENCE, &["--layers", "0,1"]);
    let Some(page) = open(&made.page(), "") else {
        return;
    };
    let paper = || page.text("getComputedStyle(document.documentElement).backgroundColor");
    let light = paper();
    page.prefer("screen", &[("prefers-color-scheme", "dark")]);
    page.until("document.documentElement.dataset.theme === 'dark'");
    let dark = paper();
    assert_ne!(light, dark);
    // Who chooses is heard before the system.
    page.go("#theme=light");
    assert_eq!(paper(), light);
    page.go("#theme=auto");
    page.prefer("print", &[]);
    assert_eq!(
        page.value("getComputedStyle(document.querySelector('.settings')).display"),
        "none"
    );
    page.prefer("screen", &[("prefers-reduced-motion", "reduce")]);
    let moves = "getComputedStyle(document.querySelector('.tabs button')).transitionDuration";
    assert_eq!(page.text(moves), "0s");
    page.prefer("screen", &[("prefers-reduced-motion", "no-preference")]);
    assert_ne!(page.text(moves), "0s");

    // Nothing is wider than a phone.
    page.resize([390, 800]);
    for view in ["map", "lines", "text", "links", "heads"] {
        page.go(&format!("#view={view}&layer=1&heads=1,2&unit=3"));
        assert_eq!(
            page.value("document.scrollingElement.scrollWidth"),
            390,
            "{view}"
        );
    }
}
