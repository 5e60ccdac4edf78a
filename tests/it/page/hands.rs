//! What a pointer does: look, hold, add, let go, zoom, filter.

use serde_json::json;

use super::browser::{Page, open};
use super::{SENTENCE, encoded};

/// The middle of a cell of the map.
fn cell(page: &Page, [row, column]: [usize; 2], count: usize) -> [f64; 2] {
    let at = |index: usize| (index as f64 + 0.5) / count as f64;
    page.place("#map", [at(column), at(row)])
}

fn readout(page: &Page) -> String {
    page.text("document.getElementById('readout').textContent")
}

fn hash(page: &Page) -> String {
    page.text("location.hash")
}

#[test]
fn pointing_looks_and_clicking_holds() {
    let made = encoded(SENTENCE, &[]);
    let Some(page) = open(&made.page(), "") else {
        return;
    };
    let count = made.numbers()["manifest"]["streams"][0]["units"]
        .as_array()
        .unwrap()
        .len();
    let idle = readout(&page);

    // A head of the overview is looked at, and let go.
    page.hover(page.place("[data-head='27']", [0.5, 0.5]));
    assert!(
        page.text("document.getElementById('map-caption').textContent")
            .starts_with("Layer 2, head 3:")
    );
    page.hover([5.0, 5.0]);
    assert!(
        page.text("document.getElementById('map-caption').textContent")
            .starts_with("Layer 0, head 0:")
    );

    // Clicked, it stays; Shift adds another.
    page.click(page.place("[data-head='27']", [0.5, 0.5]), 0);
    assert_eq!(hash(&page), "#view=map&layer=2&heads=3");
    page.click(page.place("[data-head='29']", [0.5, 0.5]), 8);
    assert_eq!(hash(&page), "#view=map&layer=2&heads=3,5");
    page.click(page.place("[data-head='29']", [0.5, 0.5]), 8);
    page.hover([5.0, 5.0]);

    // A cell is looked at, held, and let go with Esc.
    page.hover(cell(&page, [2, 1], count));
    assert!(readout(&page).contains("token → the"), "{}", readout(&page));
    page.hover([5.0, 5.0]);
    assert_eq!(readout(&page), idle);
    page.click(cell(&page, [2, 1], count), 0);
    page.hover([5.0, 5.0]);
    assert!(readout(&page).contains("rank"));
    assert_eq!(hash(&page), "#view=map&layer=2&heads=3&cell=2,1");
    page.press("Escape", 0);
    assert_eq!(readout(&page), idle);
    assert_eq!(hash(&page), "#view=map&layer=2&heads=3");

    // A label of a row holds the unit, in every view; Shift adds.
    let left = page.place("#map", [0.0, 2.5 / count as f64]);
    page.click([left[0] - 12.0, left[1]], 0);
    assert_eq!(
        hash(&page),
        "#view=map&layer=2&heads=3&unit=2&direction=from"
    );
    page.click(page.place("#tab-lines", [0.5, 0.5]), 0);
    page.hover([5.0, 5.0]);
    let chosen = "[...document.querySelectorAll('.view:not([hidden]) .chosen')].map(unit => unit.firstChild.textContent)";
    assert_eq!(page.value(chosen), json!(["token"]));
    page.click(page.place("#line-0-4", [0.8, 0.5]), 8);
    page.hover([5.0, 5.0]);
    assert!(
        hash(&page).contains("unit=2,4&direction=from"),
        "{}",
        hash(&page)
    );
    page.click(page.place("#line-1-6", [0.1, 0.5]), 0);
    assert!(
        hash(&page).contains("unit=6&direction=to"),
        "{}",
        hash(&page)
    );
    page.click(page.place("#tab-text", [0.5, 0.5]), 0);
    assert!(
        page.text("document.getElementById('text-caption').textContent")
            .contains("gets in layer 2, head 3")
    );
}

#[test]
fn chips_and_the_slider_choose_heads_and_layers() {
    let made = encoded(SENTENCE, &[]);
    let Some(page) = open(&made.page(), "#layer=1&heads=2") else {
        return;
    };
    page.click(page.place("[data-chip='16']", [0.5, 0.5]), 0);
    assert_eq!(hash(&page), "#view=map&layer=1&heads=2,4");
    page.double_click(page.place("[data-chip='16']", [0.5, 0.5]));
    assert_eq!(hash(&page), "#view=map&layer=1&heads=4");
    page.value("document.getElementById('layer').focus()");
    page.press("ArrowRight", 0);
    assert_eq!(hash(&page), "#view=map&layer=2&heads=4");
}

#[test]
fn the_map_zooms_with_a_wheel_a_box_and_two_fingers() {
    let made = encoded(SENTENCE, &["--layers", "0"]);
    let Some(page) = open(&made.page(), "") else {
        return;
    };
    let count = page
        .value("+document.getElementById('map').getAttribute('aria-rowcount') - 1")
        .as_u64()
        .unwrap() as usize;
    page.drag(cell(&page, [2, 3], count), cell(&page, [6, 8], count));
    assert!(hash(&page).contains("zoom=2-7,3-9"), "{}", hash(&page));
    page.click(page.place("#zoom-out", [0.5, 0.5]), 0);
    assert!(!hash(&page).contains("zoom"));
    page.wheel(cell(&page, [6, 6], count), -100.0);
    assert!(hash(&page).contains("zoom="), "{}", hash(&page));
    for _ in 0..4 {
        page.wheel(page.place("#map", [0.5, 0.5]), 100.0);
    }
    assert!(!hash(&page).contains("zoom"), "{}", hash(&page));
    page.pinch(page.place("#map", [0.5, 0.5]), [40.0, 90.0]);
    assert!(hash(&page).contains("zoom="), "{}", hash(&page));
}

/// How many links the view in sight has, as its table.
const COUNT: &str = "document.querySelectorAll('#links tr').length";

#[test]
fn filters_leave_out_what_they_say() {
    let made = encoded("The cat sat.", &["--pair", "Why did it?"]);
    let raw = made.array("attention");
    let Some(page) = open(&made.page(), "") else {
        return;
    };
    let map = &raw[1][2];
    let count = |keeps: &dyn Fn(usize, usize) -> bool| {
        let cells = (0..map.len()).flat_map(|row| (0..map.len()).map(move |column| (row, column)));
        json!(
            cells
                .filter(|&(row, column)| map[row][column] > 0.0 && keeps(row, column))
                .count()
                .min(100)
        )
    };
    page.go("#view=links&links=all&layer=1&heads=2&min=0.1");
    assert_eq!(
        page.value(COUNT),
        count(&|row, column| map[row][column] >= 0.1)
    );
    // The fewest of each row that make up half of it.
    page.go("#view=links&links=all&layer=1&heads=2&mass=0.5");
    let half = |row: usize, column: usize| {
        let greater: f64 = map[row]
            .iter()
            .filter(|&&other| other > map[row][column])
            .sum();
        greater < 0.5 * map[row].iter().sum::<f64>()
    };
    assert_eq!(page.value(COUNT), count(&half));
    let segments = made.numbers()["manifest"]["streams"][0]["units"].clone();
    let is_second = |unit: usize| segments[unit]["segment"] == 1;
    for (pair, from, to) in [
        ("AB", false, true),
        ("BA", true, false),
        ("AA", false, false),
        ("BB", true, true),
    ] {
        page.go(&format!(
            "#view=links&links=all&layer=1&heads=2&pair={pair}&min=0.02"
        ));
        assert_eq!(
            page.value(COUNT),
            count(&|row, column| map[row][column] >= 0.02
                && is_second(row) == from
                && is_second(column) == to),
            "{pair}"
        );
    }
    // What is left out is empty in the map, too.
    page.go("#view=map&layer=1&heads=2&min=0.9999");
    let filled = "(() => { const canvas = document.getElementById('map-canvas'); const box = document.getElementById('map'); const ratio = canvas.width / canvas.clientWidth; const data = canvas.getContext('2d').getImageData((box.offsetLeft + 3) * ratio, (box.offsetTop + 3) * ratio, (box.offsetWidth - 6) * ratio, (box.offsetHeight - 6) * ratio).data; let count = 0; for (let at = 3; at < data.length; at += 4) if (data[at] > 0) count += 1; return count / (data.length / 4); })()";
    assert!(page.value(filled).as_f64().unwrap() < 0.05);
}

#[test]
fn tables_sort_and_select() {
    let made = encoded(SENTENCE, &[]);
    let Some(page) = open(&made.page(), "#view=links&layer=0&heads=2") else {
        return;
    };
    let column = |index: usize| {
        page.value(&format!("[...document.querySelectorAll('#links tr')].map(row => row.children[{index}].textContent)"))
    };
    let values = |texts: serde_json::Value| -> Vec<f64> {
        texts
            .as_array()
            .unwrap()
            .iter()
            .map(|text| text.as_str().unwrap().parse().unwrap())
            .collect()
    };
    assert!(values(column(2)).is_sorted_by(|left, right| left >= right));
    page.click(page.place("[data-by=value] button", [0.5, 0.5]), 0);
    assert!(values(column(2)).is_sorted());
    page.click(page.place("#links tr:nth-child(3) button", [0.5, 0.5]), 0);
    assert!(hash(&page).contains("cell="), "{}", hash(&page));

    // Heads by a score: the heads that look at the unit before.
    page.go("#view=heads&score=prev");
    let first = page.text("document.querySelector('#heads button').textContent");
    assert_eq!(first, "layer 0, head 2");
    page.click(page.place("#heads tr:nth-child(2) button", [0.5, 0.5]), 0);
    page.click(page.place("#alike", [0.5, 0.5]), 0);
    page.until("document.getElementById('heads-caption').textContent.includes('most like')");
    let nearest = page.value("document.querySelector('#heads tr').children[2].textContent");
    assert_eq!(nearest, "0.000");

    // A unit is found by what it is called, and by its position.
    page.value("document.getElementById('search').focus()");
    for letter in ["m", "a", "t"] {
        page.press(letter, 0);
    }
    assert!(hash(&page).contains("unit=8"), "{}", hash(&page));
    assert_eq!(
        page.text("document.getElementById('found').textContent"),
        "1 found"
    );
}
