//! The numbers of the page are those of the tables beside it.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{HOSTILE, scored};
use crate::page::browser::{Page, open};

/// Every row of the table of heads: its head, and what its cells say in full.
fn table(page: &Page) -> Vec<(usize, Vec<String>)> {
    let rows = "[...document.querySelectorAll('#heads tr')].map(row => [Number(row.dataset.row), [...row.querySelectorAll('td')].map(cell => cell.title)])";
    serde_json::from_value(page.value(rows)).unwrap()
}

#[test]
fn every_number_of_heads_is_the_one_of_the_table() {
    let made = scored();
    let mut scores: BTreeMap<String, BTreeMap<usize, Vec<String>>> = BTreeMap::new();
    for row in made.rows("heads.csv") {
        let [layer, head]: [usize; 2] = [row[0].parse().unwrap(), row[1].parse().unwrap()];
        let of_score = scores.entry(row[2].clone()).or_default();
        of_score.insert(layer * 4 + head, row[3..].to_vec());
    }
    assert!(scores.len() > 12, "{:?}", scores.keys());
    let Some(page) = open(&made.page(), "") else {
        return;
    };
    for (score, heads) in &scores {
        page.go(&format!("#view=heads&quantity={score}"));
        let found = table(&page);
        assert_eq!(found.len(), 12);
        let mut means = Vec::new();
        for (head, cells) in found {
            let Some(expected) = heads.get(&head) else {
                assert!(
                    cells[..5].iter().all(String::is_empty),
                    "{score}: {cells:?}"
                );
                continue;
            };
            // The shortest decimal numbers of the same single precision.
            let number = |text: &String| (!text.is_empty()).then(|| text.parse::<f32>().unwrap());
            let [cells, expected] =
                [&cells, expected].map(|all| all.iter().map(number).collect::<Vec<_>>());
            assert_eq!(cells, expected, "{score} of {head}");
            means.push(cells[0].unwrap());
        }
        // Quantiles have no more digits than they are exact to, and 0 is not claimed.
        let shown = page.value("[...document.querySelectorAll('#heads tr')].map(row => [...row.querySelectorAll('td')].slice(2, 5).map(cell => [cell.title, cell.textContent])).flat()");
        let [step, digits, least] = match score.as_str() {
            "entropy" => ["0.014 nats", "2", "<0.007"],
            "distance" => ["1.4 % of 1 + the distance", "2", "<0.007"],
            _ => ["0.001", "3", "<0.0005"],
        };
        let digits: usize = digits.parse().unwrap();
        for cell in shown.as_array().unwrap() {
            let [exact, text] = [&cell[0], &cell[1]].map(|text| text.as_str().unwrap());
            match exact.parse::<f64>() {
                Ok(0.0) => assert_eq!(text, least, "{score}"),
                Ok(value) if value >= 10.0 => assert_eq!(text, format!("{value:.1}"), "{score}"),
                Ok(value) => assert_eq!(text, format!("{value:.digits$}"), "{score}"),
                Err(_) => assert_eq!(text, "–"),
            }
        }
        let caption = page.text("document.getElementById('heads-caption').textContent");
        let said = format!("Quantiles are to the nearest {step}.");
        assert!(caption.ends_with(&said), "{caption}");
        assert!(
            means.is_sorted_by(|first, second| first >= second),
            "{score}: {means:?}"
        );
        // The grid says the same, to three digits.
        for (head, expected) in heads {
            let label = page.text(&format!(
                "document.querySelector('[data-head=\"{head}\"]').getAttribute('aria-label')"
            ));
            let (name, number) = label.rsplit_once(' ').unwrap();
            assert!(
                name.starts_with(&format!("layer {}, head {}, mean of ", head / 4, head % 4)),
                "{label}"
            );
            let number: f64 = number.replace('−', "-").parse().unwrap();
            let expected: f64 = expected[0].parse().unwrap();
            assert!(
                (number - expected).abs() <= expected.abs() * 0.006,
                "{label}: {expected}"
            );
        }
    }
}

#[test]
fn relations_and_their_offsets_are_those_of_the_table() {
    let made = scored();
    let Some(page) = open(&made.page(), "") else {
        return;
    };
    let rows: Vec<Vec<String>> = made
        .rows("relations.csv")
        .into_iter()
        .map(|mut row| {
            // The hostile name is in quotation marks.
            row[0] = row[0].trim_matches('"').replace("\"\"", "\"");
            row
        })
        .collect();
    let mut names: Vec<String> = rows.iter().map(|row| row[0].clone()).collect();
    names.dedup();
    assert_eq!(names, ["all", "nsubj", HOSTILE]);
    page.go("#view=relations");
    let shown = page.value("[...document.querySelectorAll('#relations tr')].map(row => [...row.children].map(cell => cell.title || cell.textContent))");
    for (name, line) in names.iter().zip(shown.as_array().unwrap()) {
        // The first row of a relation is the best head's.
        let best = rows.iter().find(|row| row[0] == *name).unwrap();
        let direction = match best[3].as_str() {
            "from_to" => "from → to",
            _ => "to → from",
        };
        let offset: i32 = best[7].parse().unwrap();
        let offset = format!("{offset:+}").replace('-', "−");
        let expected = [
            name.clone(),
            best[5].clone(),
            format!("layer {}, head {}", best[1], best[2]),
            direction.to_owned(),
        ];
        let cell = |place: usize| line[place].as_str().unwrap();
        for (place, expected) in expected.iter().enumerate() {
            assert_eq!(cell(place), expected, "{line}");
        }
        assert_eq!(cell(4).parse::<f32>(), best[6].parse(), "{line}");
        assert_eq!(cell(5), offset, "{line}");
        assert_eq!(cell(6).parse::<f32>(), best[9].parse(), "{line}");
    }
    for name in &names {
        let address: String = url_encoded(&format!("relation:{name}"));
        page.go(&format!(
            "#view=heads&quantity={address}&sort=head&order=ascending"
        ));
        for (head, cells) in table(&page) {
            for (direction, cell) in [("from_to", &cells[1]), ("to_from", &cells[2])] {
                let row = rows.iter().find(|row| {
                    row[0] == *name
                        && row[1] == (head / 4).to_string()
                        && row[2] == (head % 4).to_string()
                        && row[3] == direction
                });
                assert_eq!(
                    cell.parse::<f32>(),
                    row.unwrap()[6].parse(),
                    "{name} {head} {direction}"
                );
            }
        }
    }
}

fn url_encoded(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

#[test]
fn the_inputs_at_both_ends_are_those_of_the_file() {
    let made = scored();
    let examples = made.examples();
    let Some(page) = open(&made.page(), "") else {
        return;
    };
    for (score, head) in [
        ("prev", 0),
        ("entropy", 5),
        ("segment", 11),
        ("distance", 7),
    ] {
        page.go(&format!(
            "#view=inputs&quantity={score}&layer={}&heads={}",
            head / 4,
            head % 4
        ));
        let found = page.value("[...document.querySelectorAll('.end')].map(end => [...end.querySelectorAll('li')].map(line => [line.querySelector('.id').textContent, line.querySelector('.text').textContent, line.querySelector('b').title]))");
        let expected: Vec<Vec<&Value>> = ["most", "least"]
            .iter()
            .map(|end| {
                let of_end = examples.iter().filter(|example| {
                    example["score"] == score
                        && example["layer"] == head / 4
                        && example["head"] == head % 4
                        && example["end"] == *end
                });
                of_end.collect()
            })
            .collect();
        assert!(expected.iter().all(|end| !end.is_empty()), "{score}");
        for (found, expected) in found.as_array().unwrap().iter().zip(expected) {
            let found = found.as_array().unwrap();
            assert_eq!(found.len(), expected.len(), "{score}");
            for (found, expected) in found.iter().zip(expected) {
                assert_eq!([&found[0], &found[1]], [&expected["id"], &expected["text"]]);
                let value: f32 = found[2].as_str().unwrap().parse().unwrap();
                assert_eq!(value, expected["value"].as_f64().unwrap() as f32, "{score}");
            }
        }
    }
}
