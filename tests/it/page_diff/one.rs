//! The page of one input on both sides.

use std::fs;

use serde_json::json;

use super::{SENTENCE, check_quiet, compared, of_sides};
use crate::page::browser::open;

const VIEWS: [&str; 5] = ["map", "lines", "text", "links", "heads"];

#[test]
fn every_view_of_every_side_opens_without_a_request_or_a_complaint() {
    let hostile = "He said </script><script>document.title='owned'</script> <img src=x onerror=\"document.title='owned'\">";
    for text in [SENTENCE, hostile] {
        let made = compared(&["--text", text]);
        let Some(page) = open(&made.page(), "") else {
            return;
        };
        for side in ["left", "right", "difference"] {
            for view in VIEWS {
                page.go(&format!(
                    "#view={view}&side={side}&layer=1&heads=2,3&unit=1"
                ));
                let is_hidden = format!("document.getElementById('view-{view}').hidden");
                assert_eq!(page.value(&is_hidden), false);
                let pressed = "[...document.querySelectorAll('[data-side][aria-pressed=true]')].map(button => button.dataset.side)";
                assert_eq!(page.value(pressed), json!([side]));
            }
        }
        check_quiet(&page);
    }
}

#[test]
fn a_comparison_opens_at_the_head_that_differs_most_with_what_is_exceeded_above() {
    let made = compared(&["--text", SENTENCE, "--max-js-bits", "0.01"]);
    let Some(page) = open(&made.page(), "") else {
        return;
    };
    let table = fs::read_to_string(made.workplace.path().join("out/diff.csv")).unwrap();
    let mut lines = table.lines();
    let names: Vec<&str> = lines.next().unwrap().split(',').collect();
    let place = |name: &str| names.iter().position(|other| *other == name).unwrap();
    let [layer, head, bits] = ["layer", "head", "js_bits"].map(place);
    let rows: Vec<Vec<&str>> = lines.map(|line| line.split(',').collect()).collect();
    let number = |row: &[&str]| -> f64 { row[bits].parse().unwrap() };
    let worst = rows
        .iter()
        .max_by(|left, right| number(left).total_cmp(&number(right)));
    let worst = worst.unwrap();
    let chosen = page.text(
        "document.querySelector('#overview [aria-selected=true]').getAttribute('aria-label')",
    );
    let name = format!("layer {}, head {}, js bits ", worst[layer], worst[head]);
    assert!(chosen.starts_with(&name), "{chosen}");
    // Every head has its number in its name.
    for row in &rows {
        let label = format!("layer {}, head {}, js bits ", row[layer], row[head]);
        let found = page.text(&format!(
            "document.querySelector('#overview [aria-label^={label:?}]').getAttribute('aria-label')"
        ));
        let shown: f64 = found[label.len()..].parse().unwrap();
        assert!(
            (shown - number(row)).abs() <= number(row) * 0.006,
            "{found}"
        );
    }
    let verdict = page.text("document.querySelector('.verdict').textContent");
    assert!(verdict.contains("1 threshold exceeded"), "{verdict}");
    let caution = page.text("document.querySelector('.notice').textContent");
    assert!(caution.contains("same initialisation"), "{caution}");
    let models = "[...document.querySelectorAll('.side bdi')].map(name => name.textContent)";
    assert_eq!(
        page.value(models),
        json!(["relu-uncased-vocabulary", "changed"])
    );
    let command = page.text("document.getElementById('command').textContent");
    assert!(
        command.starts_with("attnviz diff ") && command.contains("--text='The animal"),
        "{command}"
    );
}

#[test]
fn heads_are_sorted_by_measures_and_by_how_scores_differ() {
    let made = compared(&["--text", SENTENCE]);
    let Some(page) = open(&made.page(), "#view=heads") else {
        return;
    };
    let options = page.value(
        "[...document.querySelector('#view-heads select').options].map(option => option.value)",
    );
    let options: Vec<String> = serde_json::from_value(options).unwrap();
    for wanted in [
        "js_bits",
        "js_distance_bits",
        "total_variation",
        "max_abs",
        "hellinger",
        "entropy_difference",
    ] {
        assert!(options.iter().any(|name| name == wanted), "no {wanted}");
    }
    for score in ["max_abs", "entropy_difference"] {
        page.go(&format!("#view=heads&score={score}"));
        let column = page.value(
            "[...document.querySelectorAll('#heads tr')].map(line => line.children[1].textContent)",
        );
        let column: Vec<String> = serde_json::from_value(column).unwrap();
        let signed = |text: &String| -> f64 { text.replace('−', "-").parse().unwrap() };
        let sizes: Vec<f64> = column.iter().map(|text| signed(text).abs()).collect();
        assert!(
            sizes.is_sorted_by(|first, second| first >= second),
            "{column:?}"
        );
        // Whoever sees no colours sees the sign.
        let has_sign = |text: &String| text == "0" || text.starts_with(['+', '−']);
        assert_eq!(column.iter().all(has_sign), score == "entropy_difference");
    }
}

#[test]
fn the_address_keeps_side_and_colouring() {
    let made = compared(&["--text", SENTENCE]);
    let Some(page) = open(&made.page(), "") else {
        return;
    };
    let button = page.place("[data-side=left]", [0.5, 0.5]);
    page.click(button, 0);
    page.value("const list = document.querySelector('[data-field=grid]'); list.value = 'maps'; list.dispatchEvent(new Event('change'))");
    page.settle();
    let hash = page.text("location.hash");
    assert!(
        hash.contains("side=left") && hash.contains("grid=maps"),
        "{hash}"
    );
    page.visit(&made.page(), &hash);
    assert_eq!(
        page.value("document.querySelector('[data-side=left]').getAttribute('aria-pressed')"),
        "true"
    );
    assert_eq!(
        page.value("document.querySelector('#overview canvas').hidden"),
        false
    );
    // What is no side is no state.
    page.visit(&made.page(), "#side=above&grid=none");
    assert_eq!(
        page.value("document.querySelector('[data-side=difference]').getAttribute('aria-pressed')"),
        "true"
    );
}

#[test]
fn units_that_differ_are_marked_and_listed() {
    let texts = ["The cat was tired.", "The cat was lot."];
    let made = of_sides(
        &[&super::model()],
        &["--text", texts[0], "--against", texts[1]],
    );
    let Some(page) = open(&made.page(), "") else {
        return;
    };
    let labels = "[...document.querySelectorAll('#map > [role=row]:first-child [aria-colindex]')].slice(1).map(cell => cell.textContent)";
    for (side, name) in [
        ("left", "≠ tired"),
        ("right", "≠ lot"),
        ("difference", "≠ tired | lot"),
    ] {
        page.go(&format!("#side={side}"));
        let found: Vec<String> = serde_json::from_value(page.value(labels)).unwrap();
        let marked: Vec<&String> = found.iter().filter(|label| label.contains('≠')).collect();
        assert_eq!(marked, [name], "{found:?}");
    }
    let listed = page.text("document.querySelector('.units').textContent");
    assert!(
        listed.contains("tired") && listed.contains("lot"),
        "{listed}"
    );
    check_quiet(&page);
}

#[test]
fn what_does_not_differ_is_said_to_be_equal() {
    let made = of_sides(&[&super::model(), &super::model()], &["--text", SENTENCE]);
    let Some(page) = open(&made.page(), "") else {
        return;
    };
    assert_eq!(
        page.text("document.getElementById('color-text').textContent"),
        "both sides are equal"
    );
    let cells: Vec<Vec<(String, String)>> = crate::page::values::cells(&page);
    assert!(cells.iter().flatten().all(|(value, _)| value == "0"));
    check_quiet(&page);
}

#[test]
fn without_a_script_the_page_has_its_tables_and_pictures() {
    let made = compared(&["--text", SENTENCE, "--top-k", "1"]);
    let text = fs::read_to_string(made.page()).unwrap();
    let before_script = &text[..text.find("<script").unwrap()];
    // The grid and a head, in the page itself.
    assert_eq!(
        before_script
            .matches("src=\"data:image/png;base64,")
            .count(),
        2
    );
    assert!(text.contains("The most changed heads"));
    assert!(text.contains("img-src data: blob:;"));
    assert!(
        !text.contains(" style=\""),
        "the policy forbids styles in place"
    );
    assert!(!text.contains(&made.workplace.path().display().to_string()));
}
