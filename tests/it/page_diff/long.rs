//! Long inputs on both sides: eight bits a value, and what they lose is said.

use serde_json::json;

use super::check_quiet;
use crate::binary::Workplace;
use crate::page::browser::open;
use crate::page::exact::{
    Done, Map, PLAIN, check_cells, check_table, firsts, labels_of, like_trained,
};

/// So many units have eight bits a value.
const COUNT: usize = 300;

#[test]
fn all_that_a_long_comparison_says_is_true_of_the_exact_values() {
    let workplace = Workplace::new();
    let labels = labels_of(COUNT);
    // As a run has them.
    let rounded = |map: Map| -> Map {
        let rows = map.into_iter();
        let row = |row: Vec<f64>| {
            row.into_iter()
                .map(|value| f64::from(value as f32))
                .collect()
        };
        rows.map(row).collect()
    };
    let maps = [5, 6].map(|seed| rounded(like_trained(COUNT, seed)));
    for (name, map) in ["a.json", "b.json"].iter().zip(&maps) {
        let run = json!({ "attentions": [[map]], "tokens": labels });
        std::fs::write(workplace.path().join(name), run.to_string()).unwrap();
    }
    workplace.succeed(&["diff", "a.json", "b.json", "-o", "out"]);
    let Some(page) = open(&workplace.path().join("out/index.html"), "") else {
        return;
    };
    let renormalized = Done {
        special: "renormalize",
        ..PLAIN
    };
    let words = Done {
        words: true,
        ..renormalized
    };
    for (done, side, has_cells) in [
        (PLAIN, "left", false),
        (PLAIN, "difference", true),
        (renormalized, "right", false),
        (renormalized, "difference", false),
        (words, "difference", true),
    ] {
        let hash = format!("#side={side}&{}", done.hash());
        page.go(&hash);
        let [left, right] = maps.each_ref().map(|map| done.apply(map, &labels));
        let rows = left.iter().zip(&right);
        let difference = rows.map(|(left, right)| {
            let pairs = left.iter().zip(right);
            pairs.map(|(left, right)| right - left).collect()
        });
        let expected: Map = match side {
            "left" => left,
            "right" => right,
            _ => difference.collect(),
        };
        check_table(&page, &expected, &firsts(&labels, done), 1e-7, &hash);
        if has_cells {
            check_cells(&page, &expected, 1e-7, &hash);
        }
    }
    for view in ["map", "lines", "text", "links", "heads"] {
        page.go(&format!("#view={view}&unit=250&window=200-280"));
    }
    check_quiet(&page);
}
