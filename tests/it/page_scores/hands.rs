//! What a pointer and keys do on the page of scores.

use serde_json::json;

use super::scored;
use crate::page::browser::{Page, open};

fn readout(page: &Page) -> String {
    page.text("document.getElementById('readout').textContent")
}

fn hash(page: &Page) -> String {
    page.text("location.hash")
}

/// The heads of the table in their order.
fn order(page: &Page) -> Vec<usize> {
    serde_json::from_value(
        page.value(
            "[...document.querySelectorAll('#heads tr')].map(row => Number(row.dataset.row))",
        ),
    )
    .unwrap()
}

#[test]
fn pointing_at_heads_looks_and_clicking_chooses() {
    let made = scored();
    let Some(page) = open(&made.page(), "#quantity=prev") else {
        return;
    };
    assert!(
        readout(&page).starts_with("layer 0, head 0"),
        "{}",
        readout(&page)
    );
    page.hover(page.place("[data-head='6']", [0.5, 0.5]));
    assert!(
        readout(&page).starts_with("layer 1, head 2mean of prev"),
        "{}",
        readout(&page)
    );
    assert!(readout(&page).contains("of 12mean ") && readout(&page).contains("inputs"));
    page.hover([3.0, 3.0]);
    assert!(readout(&page).starts_with("layer 0, head 0"));
    // One input alone is a pair.
    page.go("#quantity=segment");
    assert!(
        readout(&page).ends_with("over 1 input"),
        "{}",
        readout(&page)
    );
    page.go("#quantity=prev");
    page.click(page.place("[data-head='6']", [0.5, 0.5]), 0);
    assert_eq!(hash(&page), "#view=heads&layer=1&heads=2&quantity=prev");
    page.click(page.place("[data-head='11']", [0.5, 0.5]), 8);
    assert_eq!(hash(&page), "#view=heads&heads=1.2,2.3&quantity=prev");
    let chosen = "[...document.querySelectorAll('#heads .chosen')].map(row => Number(row.dataset.row)).sort((one, other) => one - other)";
    assert_eq!(page.value(chosen), json!([6, 11]));
    // Several heads stand side by side.
    page.click(page.place("#tab-head", [0.5, 0.5]), 0);
    let columns =
        "[...document.querySelectorAll('#head-scores-head th')].map(cell => cell.textContent)";
    assert_eq!(page.value(columns), json!(["score", "1.2", "2.3"]));
    page.press("Escape", 0);
    assert_eq!(hash(&page), "#view=head&layer=2&heads=3&quantity=prev");
    // A score of the chosen head colours all heads.
    page.click(
        page.place("#head-scores [data-quantity=entropy] button", [0.5, 0.5]),
        0,
    );
    assert_eq!(hash(&page), "#view=head&layer=2&heads=3");
    assert!(
        page.text("document.querySelector('[data-head=\"0\"]').getAttribute('aria-label')")
            .contains("mean of entropy")
    );
    // And so does a relation, best head and all.
    page.click(page.place("#tab-relations", [0.5, 0.5]), 0);
    page.click(
        page.place("#relations tr:nth-child(2) th button", [0.5, 0.5]),
        0,
    );
    assert!(
        hash(&page).ends_with("&quantity=relation%3Ansubj"),
        "{}",
        hash(&page)
    );
    assert_eq!(
        page.value("document.querySelectorAll('#offsets td').length"),
        6
    );
    let best =
        page.text("document.querySelector('#relations .chosen td:nth-child(3)').textContent");
    page.click(
        page.place("#relations .chosen td:nth-child(3) button", [0.5, 0.5]),
        0,
    );
    page.hover([3.0, 3.0]);
    assert!(
        readout(&page).starts_with(&best),
        "{best}: {}",
        readout(&page)
    );
}

#[test]
fn the_table_of_heads_sorts_filters_and_finds_what_is_alike() {
    let made = scored();
    let rows = made.rows("heads.csv");
    let number = |score: &str, head: usize, column: usize| -> f64 {
        let is_it = |row: &&Vec<String>| {
            row[2] == score && row[0] == (head / 4).to_string() && row[1] == (head % 4).to_string()
        };
        rows.iter().find(is_it).unwrap()[column].parse().unwrap()
    };
    let sorted = |key: &dyn Fn(usize) -> f64| {
        let mut heads: Vec<usize> = (0..12).collect();
        heads.sort_by(|&one, &other| key(one).total_cmp(&key(other)));
        heads
    };
    let Some(page) = open(&made.page(), "#quantity=distance") else {
        return;
    };
    assert_eq!(order(&page), sorted(&|head| -number("distance", head, 3)));
    let header = |by: &str| {
        page.click(
            page.place(&format!("#heads-head [data-by={by}] button"), [0.5, 0.5]),
            0,
        )
    };
    header("deviation");
    assert_eq!(order(&page), sorted(&|head| -number("distance", head, 4)));
    assert_eq!(
        page.value("document.querySelector('#heads-head [aria-sort]').getAttribute('data-by')"),
        "deviation"
    );
    header("deviation");
    assert_eq!(order(&page), sorted(&|head| number("distance", head, 4)));
    assert!(
        hash(&page).ends_with("&sort=deviation&order=ascending"),
        "{}",
        hash(&page)
    );
    header("head");
    assert_eq!(order(&page), (0..12).collect::<Vec<_>>());
    // One layer alone.
    page.value("(() => { const list = document.querySelector('[data-field=only]'); list.value = '2'; list.dispatchEvent(new Event('change')); })()");
    page.settle();
    assert_eq!(order(&page), [8, 9, 10, 11]);
    // Alike by all scores: root mean square of differences in deviations.
    page.go("#quantity=distance&layer=1&heads=1");
    page.click(page.place("#alike", [0.5, 0.5]), 0);
    let scores: Vec<String> = {
        let mut names: Vec<String> = rows.iter().map(|row| row[2].clone()).collect();
        names.sort();
        names.dedup();
        names
    };
    let unlike = |head: usize| {
        let mut squares = Vec::new();
        for score in &scores {
            let means: Vec<f64> = (0..12).map(|head| number(score, head, 3)).collect();
            let middle = means.iter().sum::<f64>() / 12.0;
            let variance = means
                .iter()
                .map(|mean| (mean - middle).powi(2))
                .sum::<f64>()
                / 12.0;
            if variance > 0.0 {
                squares.push((means[head] - means[5]).powi(2) / variance);
            }
        }
        (squares.iter().sum::<f64>() / squares.len() as f64).sqrt()
    };
    assert_eq!(order(&page)[0], 5);
    assert_eq!(order(&page), sorted(&unlike));
    let second =
        page.text("document.querySelector('#heads tr:nth-child(2) [data-unlike]').textContent");
    let second: f64 = second.parse().unwrap();
    assert!((second - unlike(order(&page)[1])).abs() < 0.006);
    assert_eq!(*page.complaints.lock().unwrap(), Vec::<String>::new());
}

#[test]
fn the_page_of_scores_is_used_from_a_keyboard_alone() {
    let made = scored();
    let Some(page) = open(&made.page(), "#quantity=prev") else {
        return;
    };
    let active = || page.text("document.activeElement.dataset.head || document.activeElement.id");
    let said = || page.text("document.getElementById('said').textContent");
    assert_eq!(
        page.value("document.querySelectorAll('#overview [tabindex=\"0\"]').length"),
        1
    );
    page.value("document.querySelector('#overview [tabindex=\"0\"]').focus()");
    for (key, modifiers, expected) in [
        ("ArrowDown", 0, "4"),
        ("ArrowRight", 0, "5"),
        ("End", 0, "7"),
        ("Home", 0, "4"),
        ("End", 2, "11"),
        ("Home", 2, "0"),
        ("ArrowRight", 0, "1"),
    ] {
        page.press(key, modifiers);
        assert_eq!(active(), expected, "{key}");
    }
    assert!(
        said().starts_with("layer 0, head 1, mean of prev 0."),
        "{}",
        said()
    );
    page.press("Enter", 0);
    assert_eq!(hash(&page), "#view=heads&layer=0&heads=1&quantity=prev");
    assert_eq!(said(), "layer 0, head 1 chosen");
    page.press("ArrowRight", 0);
    page.press("Enter", 8);
    assert_eq!(hash(&page), "#view=heads&layer=0&heads=1,2&quantity=prev");
    page.press("Escape", 0);
    assert_eq!(hash(&page), "#view=heads&layer=0&heads=2&quantity=prev");
    // Nothing else is lost by it, and nothing from within a list of choices.
    let sorted = "#view=heads&layer=0&heads=1,2&quantity=prev&sort=count&order=ascending";
    page.go(sorted);
    page.value("document.querySelector('[data-field=quantity]').focus()");
    page.press("Escape", 0);
    assert_eq!(hash(&page), sorted);
    page.value("document.activeElement.blur()");
    page.press("Escape", 0);
    assert_eq!(hash(&page), sorted.replace("1,2", "2"));
    page.value("document.getElementById('tab-heads').focus()");
    page.press("ArrowRight", 0);
    page.press("ArrowRight", 0);
    assert_eq!(active(), "tab-layers");
    assert!(hash(&page).starts_with("#view=layers"));
    let outlined = "(() => { const style = getComputedStyle(document.activeElement); return parseFloat(style.outlineWidth) >= 2 && style.outlineStyle; })()";
    assert_eq!(page.value(outlined), "solid");
    // Tables that are made anew leave the keyboard where it was.
    for (view, selector) in [
        ("heads", "#heads tr:nth-child(4) button"),
        ("heads", "#heads-head th:nth-child(3) button"),
        ("layers", "#layers tr:nth-child(2) td:last-child button"),
    ] {
        page.go(&format!("#view={view}&layer=0&heads=0&quantity=prev"));
        page.value(&format!("document.querySelector({selector:?}).focus()"));
        let told = "document.activeElement.tagName + document.activeElement.textContent";
        let before = page.text(told);
        assert!(before.starts_with("BUTTON"), "{selector}: {before}");
        page.press("Enter", 0);
        assert_eq!(page.text(told), before, "{selector}");
    }
}
