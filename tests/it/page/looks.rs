//! How the page looks, to those who see it and those who do not.

use std::fs;
use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::browser::open;
use super::{SENTENCE, encoded};

pub const AXE: &str = include_str!("../../fixtures/axe/axe.min.js");

pub const VIOLATIONS: &str = "axe.run(document, { resultTypes: ['violations'] }).then(result => result.violations.map(each => each.id + ': ' + each.nodes.map(node => node.target.join(' ') + ' ' + node.failureSummary).slice(0, 3).join(' | ')))";

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
        for view in ["map", "lines", "text", "links", "heads", "neurons"] {
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

    // What is read off stands over nothing of the map and the lists.
    for size in [[1400, 900], [1400, 800], [800, 900]] {
        page.resize(size);
        for (view, seen) in [
            ("map", "#map"),
            ("lines", "#line-frame"),
            ("links", "#view-links .scroll"),
        ] {
            page.go(&format!("#view={view}&layer=1&heads=1&cell=2,3"));
            let apart = format!(
                "document.getElementById('readout').getBoundingClientRect().top - document.querySelector({seen:?}).getBoundingClientRect().bottom"
            );
            let apart = page.value(&apart).as_f64().unwrap();
            assert!(apart >= 0.0, "{view}, {size:?}: {apart}");
        }
    }

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

/// All small maps of a layer, and below them the map, a pixel a cell: what the
/// page paints without its letters, which are the system's.
const PAINTED: &str = "(() => {
    const sheet = document.createElement('canvas');
    [sheet.width, sheet.height] = [12 * 24, 24 + 48];
    const context = sheet.getContext('2d');
    context.imageSmoothingEnabled = false;
    document.querySelectorAll('[data-head] canvas').forEach((small, place) => context.drawImage(small, place * 24, 0, 22, 22));
    const map = document.getElementById('map-canvas');
    const box = document.getElementById('map');
    const ratio = map.width / map.clientWidth;
    context.drawImage(map, box.offsetLeft * ratio, box.offsetTop * ratio, box.offsetWidth * ratio, box.offsetHeight * ratio, 0, 24, 48, 48);
    return sheet.toDataURL('image/png').split(',')[1];
})()";

#[test]
fn what_is_painted_is_what_was_committed() {
    let text = "one two three four five six seven eight nine ten one two three four five six seven eight nine ten six five four three two one";
    let made = encoded(text, &["--layers", "1"]);
    let Some(page) = open(&made.page(), "#layer=1&heads=1") else {
        return;
    };
    page.until("document.querySelector('[data-head=\"11\"] canvas').width === 28");
    let found = STANDARD.decode(page.text(PAINTED)).unwrap();
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/page/painted.png");
    if std::env::var_os("ATTNVIZ_ACCEPT").is_some() {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, &found).unwrap();
    }
    let pixels = |bytes: &[u8]| {
        let mut reader = png::Decoder::new(std::io::Cursor::new(bytes))
            .read_info()
            .unwrap();
        let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
        reader.next_frame(&mut pixels).unwrap();
        pixels
    };
    let (found, expected) = (pixels(&found), pixels(&fs::read(&path).unwrap()));
    assert_eq!(found.len(), expected.len());
    // A scaled cell's edge may fall on either side.
    let off = found
        .iter()
        .zip(&expected)
        .filter(|(found, expected)| found.abs_diff(**expected) > 4);
    let share = off.count() as f64 / found.len() as f64;
    assert!(share < 0.02, "{share} of the pixels differ");
}
