//! The page of many inputs on both sides: the worst first, each opened in place.

use std::fs;

use serde_json::json;

use super::{check_quiet, compared};
use crate::page::browser::open;

#[test]
fn the_worst_inputs_come_first_and_are_opened_in_place() {
    let made = compared(&["--inputs", "in.txt", "--top-k", "3"]);
    let Some(page) = open(&made.page(), "") else {
        return;
    };
    let ids: Vec<String> = serde_json::from_value(
        page.value("[...document.querySelectorAll('#list .id')].map(id => id.textContent)"),
    )
    .unwrap();
    let values: Vec<String> = serde_json::from_value(page.value(
        "[...document.querySelectorAll('#list li .value')].map(value => value.textContent)",
    ))
    .unwrap();
    let number = |text: &String| -> f64 { text.split(' ').nth(1).unwrap().parse().unwrap() };
    let numbers: Vec<f64> = values.iter().map(number).collect();
    assert!(
        numbers.len() >= 3 && numbers.is_sorted_by(|first, second| first >= second),
        "{values:?}"
    );
    assert_eq!(page.value("document.querySelectorAll('#list a').length"), 3);
    let open_now = "document.querySelector('#list [aria-current] .id').textContent";
    assert_eq!(page.value(open_now), json!(ids[0]));
    let labels = "[...document.querySelectorAll('#map > [role=row]:first-child [aria-colindex]')].map(cell => cell.textContent).join(' ')";
    let first = page.text(labels);
    page.value("document.querySelectorAll('#list a')[1].click()");
    page.until(&format!(
        "{open_now} === {:?} && document.documentElement.dataset.ready === 'yes'",
        ids[1]
    ));
    assert_ne!(page.text(labels), first);
    assert!(
        page.text("location.hash")
            .contains(&format!("input={}", ids[1]))
    );
    // A link opens the same.
    let hash = page.text("location.hash");
    page.visit(&made.page(), &hash);
    assert_eq!(page.value(open_now), json!(ids[1]));
    check_quiet(&page);
}

#[test]
fn without_a_script_every_worst_input_has_its_picture() {
    let made = compared(&["--inputs", "in.txt", "--top-k", "2"]);
    let text = fs::read_to_string(made.page()).unwrap();
    assert_eq!(text.matches("<article class=\"input\"").count(), 2);
    // The grid, two heads, two inputs.
    assert_eq!(text.matches("src=\"data:image/png;base64,").count(), 5);
}

#[test]
fn an_input_ranked_by_a_score_opens_at_the_head_that_the_list_names() {
    let made = compared(&["--inputs", "in.txt", "--top-k", "2", "--measure", "entropy"]);
    let Some(page) = open(&made.page(), "") else {
        return;
    };
    let value = page.text("document.querySelector('#list li .value').textContent");
    let (_, head) = value.rsplit_once(" in ").unwrap();
    let head = head.replace(" · ", ", ");
    let chosen = page.text(
        "document.querySelector('#overview [aria-selected=true]').getAttribute('aria-label')",
    );
    let name = format!("{head}, entropy, right − left ");
    assert!(chosen.starts_with(&name), "{chosen}: {value}");
    // No number is wider than its cell.
    let widest = "Math.max(...[...document.querySelectorAll('#overview [data-head]')].map(cell => (cell.lastChild.dataset.number || '').length * 5 - cell.clientWidth))";
    assert!(page.value(widest).as_f64().unwrap() < 0.0);
}
