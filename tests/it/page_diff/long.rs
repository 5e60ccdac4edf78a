//! Long inputs on both sides: eight bits a value, and what they lose is said.

use serde_json::json;

use super::check_quiet;
use crate::binary::Workplace;
use crate::page::browser::open;

/// So many units have eight bits a value.
const COUNT: usize = 300;

/// Rows that sum to 1, others for every seed.
fn map(seed: usize) -> Vec<Vec<f64>> {
    let row = |query: usize| -> Vec<f64> {
        let weights: Vec<f64> = (0..COUNT)
            .map(|key| 1.0 + ((key * 7919 + query * 104_729 + seed * 613) % 1009) as f64)
            .collect();
        let sum: f64 = weights.iter().sum();
        weights.iter().map(|weight| weight / sum).collect()
    };
    (0..COUNT).map(row).collect()
}

#[test]
fn a_long_comparison_is_right_to_the_error_that_it_names() {
    let workplace = Workplace::new();
    let maps = [map(1), map(2)];
    let tokens: Vec<String> = (0..COUNT).map(|unit| format!("w{unit}")).collect();
    for (name, map) in ["a.json", "b.json"].iter().zip(&maps) {
        let run = json!({ "attentions": [[map]], "tokens": tokens });
        std::fs::write(workplace.path().join(name), run.to_string()).unwrap();
    }
    workplace.succeed(&["diff", "a.json", "b.json", "-o", "out"]);
    let Some(page) = open(&workplace.path().join("out/index.html"), "") else {
        return;
    };
    let said = page.text("document.querySelector('body > footer:last-of-type').textContent");
    let errors: Vec<f64> = said
        .split("more than ")
        .skip(1)
        .map(|rest| {
            let is_of_number = |letter: char| letter.is_ascii_digit() || ".e-".contains(letter);
            let end = rest.find(|letter| !is_of_number(letter)).unwrap();
            rest[..end].trim_end_matches('.').parse().unwrap()
        })
        .collect();
    let [of_sides, of_difference] = errors[..] else {
        panic!("{said}");
    };
    // A step of a row's greatest value is a 254th of it.
    assert!(of_sides > 0.0 && of_sides < 0.01 / 254.0, "{said}");
    assert!(
        of_difference > 0.0 && of_difference < 0.01 / 254.0,
        "{said}"
    );
    for row in [0, 7, 299] {
        for side in ["left", "right", "difference"] {
            page.go(&format!("#side={side}"));
            page.value(&format!(
                "(async () => {{ const grid = document.getElementById('map'); const press = (key, ctrlKey) => {{ grid.dispatchEvent(new KeyboardEvent('keydown', {{ key, ctrlKey, bubbles: true }})); }}; press('Home', true); for (let row = 0; row < {row}; row += 1) press('ArrowDown', false); await new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done))); return true; }})()"
            ));
            page.settle();
            let texts: Vec<String> = serde_json::from_value(page.value(
                "[...document.querySelectorAll('#map > [role=row]:last-child [role=gridcell]')].map(cell => cell.textContent)",
            ))
            .unwrap();
            assert_eq!(texts.len(), COUNT);
            let error = match side {
                "difference" => of_difference,
                _ => of_sides,
            };
            let exact: Vec<f64> = (0..COUNT)
                .map(|key| match side {
                    "left" => maps[0][row][key],
                    "right" => maps[1][row][key],
                    _ => maps[1][row][key] - maps[0][row][key],
                })
                .collect();
            for (key, (text, exact_value)) in texts.iter().zip(&exact).enumerate() {
                let (value, rank) = text.split_once(", rank ").unwrap();
                let value: f64 = value.replace('≈', "").replace('−', "-").parse().unwrap();
                // Half of the last digit that is shown, which is at most twenty times
                // the error, and the error.
                assert!(
                    (value - exact_value).abs() <= 11.0 * error,
                    "{side} {row} → {key}: {text}, {exact_value} is right"
                );
                // A sign that is shown is the right one.
                assert!(
                    value == 0.0 || side != "difference" || value * exact_value > 0.0,
                    "{text}, {exact_value}"
                );
                let rank = rank.trim_end_matches(" by size");
                let (rank, all) = rank.split_once(" of ").unwrap();
                assert_eq!(all, "300");
                let (first, last) = rank.split_once('–').unwrap_or((rank, rank));
                let greater = exact
                    .iter()
                    .filter(|other| other.abs() > exact_value.abs() + 1e-9);
                let own = 1 + greater.count();
                let (first, last): (usize, usize) = (first.parse().unwrap(), last.parse().unwrap());
                assert!(
                    (first..=last).contains(&own),
                    "{side} {row} → {key}: {text}, {own} is right"
                );
            }
        }
    }
    for view in ["map", "lines", "text", "links", "heads"] {
        page.go(&format!("#view={view}&unit=250&window=200-280"));
    }
    check_quiet(&page);
}
