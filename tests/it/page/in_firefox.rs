//! The page of a run in Firefox: what it shows and how it is used is the same.

use serde_json::json;

use super::firefox::{keys, open};
use super::{SENTENCE, encoded};

/// The cells of the row of the map that the keyboard is on.
const ROW: &str = "[...document.querySelectorAll('#map > [role=row]:last-child [role=gridcell]')].map(cell => cell.textContent)";

#[test]
fn firefox_shows_a_run_with_its_numbers_and_asks_for_nothing() {
    let made = encoded(SENTENCE, &["--neurons"]);
    let attention = made.array("attention");
    let Some(mut page) = open(&made.page(), "#layer=2&heads=3") else {
        return;
    };
    for row in 0..2 {
        let row: usize = row;
        if row > 0 {
            page.value("document.getElementById('map').focus()");
            page.press(keys::ARROW_DOWN, &[]);
        }
        let shown: Vec<String> = serde_json::from_value(page.value(ROW)).unwrap();
        let exact = &attention[2][3][row];
        assert_eq!(shown.len(), exact.len());
        for (text, &exact) in shown.iter().zip(exact) {
            let (value, rank) = text.split_once(", rank ").unwrap();
            let value: f64 = value.parse().unwrap();
            assert!((value - exact).abs() <= exact * 0.0054, "{text}: {exact}");
            let greater = attention[2][3][row].iter().filter(|&&other| other > exact);
            assert_eq!(
                rank,
                format!("{} of {}", greater.count() + 1, shown.len()),
                "{text}"
            );
        }
    }
    for view in ["map", "lines", "text", "links", "heads", "neurons"] {
        page.go(&format!("#view={view}&layer=1&heads=2,3&unit=2"));
        let is_hidden = format!("document.getElementById('view-{view}').hidden");
        assert_eq!(page.value(&is_hidden), false);
        page.resize([390, 844]);
        page.settle();
        let fits = "document.documentElement.scrollWidth <= document.documentElement.clientWidth";
        assert_eq!(page.value(fits), true, "{view}");
        page.resize([1400, 1000]);
        page.settle();
    }
    page.until("document.querySelectorAll('#neurons tr').length > 0");
    // What was painted is not empty.
    page.go("#view=map&layer=2&heads=3");
    let painted = "(() => { const canvas = document.getElementById('map-canvas'); const data = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data; return new Set(new Uint32Array(data.buffer)).size > 20; })()";
    assert_eq!(page.value(painted), true);
    assert_eq!(page.complaints, Vec::<String>::new());
    let is_itself = |address: &String| address.starts_with("file:") || address.starts_with("data:");
    assert!(page.requests.iter().all(is_itself), "{:?}", page.requests);
    assert!(!page.requests.is_empty(), "nothing is listened to");
}

#[test]
fn firefox_is_used_with_pointer_and_keyboard() {
    let made = encoded(SENTENCE, &[]);
    let Some(mut page) = open(&made.page(), "") else {
        return;
    };
    const HASH: &str = "location.hash";
    const READOUT: &str = "document.getElementById('readout').textContent";
    let idle = page.text(READOUT);

    // Pointing looks, clicking holds, Shift adds, Esc frees.
    let head = page.place("[data-head='27']", [0.5, 0.5]);
    page.hover(head);
    let caption = page.text("document.getElementById('map-caption').textContent");
    assert!(caption.starts_with("Layer 2, head 3:"), "{caption}");
    page.click(head, &[]);
    assert_eq!(page.text(HASH), "#view=map&layer=2&heads=3");
    let other = page.place("[data-head='29']", [0.5, 0.5]);
    page.click(other, &[keys::SHIFT]);
    assert_eq!(page.text(HASH), "#view=map&layer=2&heads=3,5");
    page.click(other, &[keys::SHIFT]);
    page.hover([5.0, 5.0]);
    let count = page
        .value("document.getElementById('map').getAttribute('aria-rowcount') - 1")
        .as_f64()
        .unwrap();
    let cell = |row: f64, column: f64| [(column + 0.5) / count, (row + 0.5) / count];
    let place = page.place("#map", cell(2.0, 1.0));
    page.hover(place);
    let readout = page.text(READOUT);
    assert!(readout.contains("token → the"), "{readout}");
    page.hover([5.0, 5.0]);
    assert_eq!(page.text(READOUT), idle);
    page.click(place, &[]);
    assert_eq!(page.text(HASH), "#view=map&layer=2&heads=3&cell=2,1");
    page.press(keys::ESCAPE, &[]);
    page.hover([5.0, 5.0]);
    assert_eq!(page.text(READOUT), idle);

    // A box zooms, a double click on a chip keeps one head.
    let [from, to] = [cell(2.0, 3.0), cell(6.0, 8.0)].map(|place| page.place("#map", place));
    page.drag(from, to, &[]);
    assert!(page.text(HASH).contains("zoom=2-7,3-9"));
    page.go("#view=map&layer=2&heads=3,4");
    let chip = page.place("[data-chip='28']", [0.5, 0.5]);
    page.double_click(chip);
    assert_eq!(page.text(HASH), "#view=map&layer=2&heads=4");

    // The grids with the keyboard alone.
    page.value("document.querySelector('#overview [tabindex=\"0\"]').focus()");
    let focus = "document.activeElement.getAttribute('aria-label')";
    for (key, held, expected) in [
        (keys::HOME, &[keys::CONTROL][..], "layer 0, head 0"),
        (keys::ARROW_DOWN, &[], "layer 1, head 0"),
        (keys::ARROW_RIGHT, &[], "layer 1, head 1"),
        (keys::END, &[], "layer 1, head 11"),
        (keys::ARROW_LEFT, &[], "layer 1, head 10"),
    ] {
        page.press(key, held);
        assert_eq!(page.text(focus), expected);
    }
    page.press(keys::ENTER, &[]);
    assert_eq!(page.text(HASH), "#view=map&layer=1&heads=10");
    page.press(keys::TAB, &[]);
    assert_ne!(page.value(focus), "layer 1, head 11", "one stop alone");
    page.value("document.getElementById('map').focus()");
    page.press(keys::HOME, &[keys::CONTROL]);
    page.press(keys::ARROW_RIGHT, &[]);
    let said = page.text("document.getElementById('said').textContent");
    assert!(
        said.starts_with("[CLS] to the: ") && said.contains(", rank "),
        "{said}"
    );
    page.press(keys::ENTER, &[]);
    assert!(page.text(HASH).ends_with("&cell=0,1"));
    page.press("/", &[]);
    for letter in ["m", "a", "t"] {
        page.press(letter, &[]);
    }
    assert!(page.text(HASH).contains("unit=8"), "{}", page.text(HASH));

    // A link shows the same, and files are handed over.
    let hash = "#view=text&layer=2&heads=3&unit=2&direction=to&theme=dark";
    page.visit(&made.page(), hash);
    let marked = "[...document.querySelectorAll('#view-text .chosen')].map(unit => unit.firstChild.textContent)";
    assert_eq!(page.value(marked), json!(["token"]));
    assert_eq!(page.text("document.documentElement.dataset.theme"), "dark");
    for (kind, start) in [("svg", "<svg"), ("png", "\u{fffd}PNG"), ("csv", "side,")] {
        page.value("(window.caught = new Promise(done => { const make = URL.createObjectURL; URL.createObjectURL = blob => { URL.createObjectURL = make; blob.text().then(done); return make.call(URL, blob); }; }), true)");
        page.value(&format!("document.getElementById('save-{kind}').click()"));
        let file = page.text("window.caught");
        assert!(file.starts_with(start), "{kind}: {file:.40}");
    }
    assert_eq!(page.complaints, Vec::<String>::new());
}
