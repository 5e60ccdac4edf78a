//! What is turned beside the views does what it says.

use std::collections::BTreeMap;

use serde_json::json;

use super::browser::{Page, open};
use super::{SENTENCE, encoded};

fn text_of(page: &Page, id: &str) -> String {
    page.text(&format!("document.getElementById('{id}').textContent"))
}

/// The colour that a cell is painted in, beside its number.
fn color_of(page: &Page, [row, column]: [usize; 2], count: usize) -> [u8; 3] {
    let pixel = format!(
        "(() => {{ const canvas = document.getElementById('map-canvas'); const grid = document.getElementById('map'); const ratio = canvas.width / canvas.clientWidth; const at = (start, length, place) => (start + length * place / {count}) * ratio + 3; return [...canvas.getContext('2d').getImageData(at(grid.offsetLeft, grid.offsetWidth, {column}), at(grid.offsetTop, grid.offsetHeight, {row}), 1, 1).data].slice(0, 3); }})()"
    );
    serde_json::from_value(page.value(&pixel)).unwrap()
}

#[test]
fn colours_reach_as_far_as_they_are_asked_to() {
    let made = encoded(SENTENCE, &[]);
    let raw = made.array("attention");
    let Some(page) = open(&made.page(), "") else {
        return;
    };
    let greatest = |map: &[Vec<f64>]| map.iter().flatten().copied().fold(0.0, f64::max);
    let own = greatest(&raw[1][2]);
    let all = raw.iter().flatten().map(|map| greatest(map));
    let all = all.fold(0.0, f64::max);
    for (hash, low, high, said) in [
        ("&scale=head", 0.0, own, "(this map’s maximum)"),
        ("&scale=run", 0.0, all, "(the maximum of all maps)"),
        ("&scale=unit", 0.0, 1.0, "(1)"),
        ("&scale=unit&vmin=0.2&vmax=0.5", 0.2, 0.5, "0.500"),
        (
            "&scale=head&color=logarithmic",
            own / 1000.0,
            own,
            ", logarithmic",
        ),
    ] {
        page.go(&format!("#layer=1&heads=2{hash}"));
        let text = text_of(&page, "color-text");
        let mut numbers = text.split_whitespace();
        let from: f64 = numbers.next().unwrap().parse().unwrap();
        let to = numbers.nth(1).unwrap().trim_end_matches(',');
        let to: f64 = to.parse().unwrap();
        assert!((from - low).abs() <= low * 0.006, "{hash}: {text}");
        assert!((to - high).abs() <= high * 0.006, "{hash}: {text}");
        assert!(text.ends_with(said), "{hash}: {text}");
    }

    // The strongest cell has the last colour; turned around, the first.
    let count = raw[1][2].len();
    let cells = (0..count).flat_map(|row| (0..count).map(move |column| [row, column]));
    let value = |&[row, column]: &[usize; 2]| raw[1][2][row][column];
    let strongest = cells.max_by(|left, right| value(left).total_cmp(&value(right)));
    let strongest = strongest.unwrap();
    let color = |hash: &str| {
        page.go(&format!("#layer=1&heads=2&scale=head{hash}"));
        color_of(&page, strongest, count)
    };
    let near = |[red, green, blue]: [u8; 3], right: [u8; 3]| {
        let pairs = [(red, right[0]), (green, right[1]), (blue, right[2])];
        pairs
            .iter()
            .all(|(found, right)| found.abs_diff(*right) <= 3)
    };
    assert!(near(color("&map=viridis"), [253, 231, 37]));
    assert!(near(color("&map=viridis&invert=yes"), [68, 1, 84]));
    let [red, green, blue] = color("&map=greys");
    assert!(red == green && green == blue, "{red} {green} {blue}");
}

#[test]
fn heads_like_this_one_are_those_that_float64_finds() {
    let made = encoded(SENTENCE, &[]);
    let raw = made.array("attention");
    let Some(page) = open(&made.page(), "#view=heads&layer=2&heads=3") else {
        return;
    };
    page.click(page.place("#alike", [0.5, 0.5]), 0);
    page.until("document.getElementById('heads-caption').textContent.includes('most like')");
    let shown: Vec<(String, String)> = serde_json::from_value(page.value(
        "[...document.querySelectorAll('#heads tr')].map(line => [line.querySelector('button').textContent, line.children[2].textContent])",
    ))
    .unwrap();
    let entropy = |value: f64| {
        if value > 0.0 {
            value * value.log2()
        } else {
            0.0
        }
    };
    let own = &raw[2][3];
    let mut expected = BTreeMap::new();
    for (layer, heads) in raw.iter().enumerate() {
        for (head, map) in heads.iter().enumerate() {
            let pairs = own.iter().flatten().zip(map.iter().flatten());
            let sum: f64 = pairs
                .map(|(&left, &right)| {
                    (entropy(left) + entropy(right)) / 2.0 - entropy((left + right) / 2.0)
                })
                .sum();
            expected.insert(
                format!("layer {layer}, head {head}"),
                sum / own.len() as f64,
            );
        }
    }
    assert_eq!(shown.len(), expected.len());
    assert_eq!(shown[0].0, "layer 2, head 3");
    let mut before = 0.0;
    for (name, text) in &shown {
        let found: f64 = text.parse().unwrap();
        assert!((found - expected[name]).abs() < 2e-3, "{name}: {text}");
        assert!(found >= before, "{name}: {text}");
        before = found;
    }
}

#[test]
fn heads_are_sorted_by_every_score_that_the_page_has() {
    let made = encoded(SENTENCE, &[]);
    let Some(page) = open(&made.page(), "#view=heads") else {
        return;
    };
    let names: Vec<String> = serde_json::from_value(page.value(
        "[...document.querySelector('#view-heads select').options].map(option => option.value)",
    ))
    .unwrap();
    assert!(names.len() > 10, "{names:?}");
    for name in names {
        page.go(&format!("#view=heads&score={name}"));
        let column: Vec<String> = serde_json::from_value(page.value(
            "[...document.querySelectorAll('#heads tr')].map(line => line.children[1].textContent)",
        ))
        .unwrap();
        // What has no such score comes last.
        let numbers: Vec<f64> = column
            .iter()
            .take_while(|text| *text != "–")
            .map(|text| text.replace('−', "-").parse().unwrap())
            .collect();
        assert!(
            column[numbers.len()..].iter().all(|text| text == "–"),
            "{name}"
        );
        assert!(
            numbers.is_sorted_by(|first, second| first >= second),
            "{name}: {numbers:?}"
        );
    }
}

/// Lines of an exported drawing by their colours.
fn lines_by_color(page: &Page, hash: &str) -> BTreeMap<String, usize> {
    page.go(hash);
    let (_, _, svg) = page.saved("svg");
    let svg = String::from_utf8(svg).unwrap();
    let mut counts = BTreeMap::new();
    for path in svg.split("<path ").skip(1) {
        let color = path.split("stroke=\"").nth(1).unwrap();
        *counts
            .entry(color[..color.find('"').unwrap()].to_owned())
            .or_insert(0) += 1;
    }
    counts
}

#[test]
fn lines_are_of_every_chosen_head_in_its_colour() {
    let made = encoded(SENTENCE, &["--layers", "2"]);
    let raw = made.array("attention");
    let Some(page) = open(&made.page(), "") else {
        return;
    };
    let strong = |head: usize, keeps: &dyn Fn(usize, usize) -> bool| {
        let map = &raw[0][head];
        let cells = (0..map.len()).flat_map(|row| (0..map.len()).map(move |column| (row, column)));
        cells
            .filter(|&(row, column)| map[row][column] >= 0.1 && keeps(row, column))
            .count()
    };
    let two = lines_by_color(&page, "#view=lines&layer=2&heads=3,5&min=0.1");
    let expected = [strong(3, &|_, _| true), strong(5, &|_, _| true)];
    let mut found: Vec<usize> = two.into_values().collect();
    found.sort_unstable();
    let mut sorted = expected;
    sorted.sort_unstable();
    assert_eq!(found, sorted);
    for (direction, keeps) in [
        (
            "from",
            &(|row: usize, _: usize| row == 4) as &dyn Fn(usize, usize) -> bool,
        ),
        ("to", &|_, column| column == 4),
    ] {
        let of_unit = lines_by_color(
            &page,
            &format!("#view=lines&layer=2&heads=3&min=0.1&unit=4&direction={direction}"),
        );
        let count: usize = of_unit.values().sum();
        assert_eq!(count, strong(3, keeps), "{direction}");
    }
    let both = lines_by_color(
        &page,
        "#view=lines&layer=2&heads=3&min=0.1&unit=4&direction=both",
    );
    let count: usize = both.values().sum();
    let expected = strong(3, &|row, _| row == 4) + strong(3, &|_, column| column == 4);
    assert_eq!(count, expected);
}

#[test]
fn a_stretch_is_typed_and_a_unit_is_found() {
    let made = encoded(SENTENCE, &["--layers", "1"]);
    let Some(page) = open(&made.page(), "") else {
        return;
    };
    page.value("for (const [id, value] of [['window-0', 2], ['window-1', 7]]) { const input = document.getElementById(id); input.value = value; input.dispatchEvent(new Event('change')); } true");
    page.settle();
    assert!(page.text("location.hash").contains("window=2-7"));
    assert_eq!(
        page.value("document.getElementById('map').getAttribute('aria-rowcount')"),
        "7"
    );
    page.click(page.place("#reset", [0.5, 0.5]), 0);
    assert!(!page.text("location.hash").contains("window"));

    // Enter goes on to the next one that is called so.
    page.value("document.getElementById('search').focus()");
    for letter in ["t", "h", "e"] {
        page.press(letter, 0);
    }
    let found = text_of(&page, "found");
    assert!(found.starts_with("2 found"), "{found}");
    let unit = || {
        let hash = page.text("location.hash");
        let (_, rest) = hash.split_once("unit=").unwrap();
        rest.split('&').next().unwrap().to_owned()
    };
    assert_eq!(unit(), "1");
    page.press("Enter", 0);
    assert_eq!(unit(), "7");
    page.value("document.getElementById('search').value = ''; true");
    for letter in ["@", "4"] {
        page.press(letter, 0);
    }
    assert_eq!(unit(), "4");
    page.press("q", 0);
    assert_eq!(text_of(&page, "found"), "not found");
    // A link of the table is held in every view.
    page.go("#view=links&layer=1&heads=3");
    page.click(page.place("#links tr:nth-child(2) button", [0.5, 0.5]), 0);
    page.hover([5.0, 5.0]);
    let readout = text_of(&page, "readout");
    for view in ["map", "lines", "text"] {
        page.click(page.place(&format!("#tab-{view}"), [0.5, 0.5]), 0);
        page.hover([5.0, 5.0]);
        assert_eq!(text_of(&page, "readout"), readout, "{view}");
    }
    assert_eq!(
        page.value("document.querySelectorAll('#map [aria-selected=true]').length <= 1"),
        json!(true)
    );
}
