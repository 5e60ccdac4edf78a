//! What filters leave out, in the text, the lines and what is saved of them.

use super::browser::open;
use super::exact::{made_of, saved_lines};
use super::{SENTENCE, encoded};

#[test]
fn the_text_leaves_out_what_the_filters_do_while_nothing_is_chosen() {
    let made = encoded(SENTENCE, &[]);
    let raw = &made.array("attention")[1][2];
    let Some(page) = open(&made.page(), "") else {
        return;
    };
    let count = raw.len() as f64;
    for least in [0.0, 0.05, 0.2] {
        page.go(&format!("#view=text&layer=1&heads=2&min={least}"));
        let lines = saved_lines(&page);
        assert_eq!(lines.len(), raw.len());
        for (key, line) in lines.iter().enumerate() {
            let [value, error]: [f64; 2] = [&line[3], &line[4]].map(|field| field.parse().unwrap());
            let right: f64 = raw
                .iter()
                .map(|row| row[key])
                .filter(|value| *value >= least)
                .sum();
            assert!(
                (value - right / count).abs() <= error + 1e-9,
                "{least}: {line:?}"
            );
        }
        let caption = page.text("document.getElementById('text-caption').textContent");
        assert_eq!(
            caption.contains("filters leave out"),
            least > 0.0,
            "{caption}"
        );
    }
}

#[test]
fn the_table_of_lines_has_a_row_for_each_line_that_is_drawn() {
    let made = encoded(SENTENCE, &[]);
    let raw = made.array("attention");
    let Some(page) = open(&made.page(), "") else {
        return;
    };
    for (hash, unit) in [
        ("", None),
        ("&unit=3", Some(3)),
        ("&unit=2&direction=to", None),
    ] {
        page.go(&format!("#view=lines&layer=3&heads=1,4&min=0.1{hash}"));
        let lines = saved_lines(&page);
        let (_, _, picture) = page.saved("svg");
        let picture = String::from_utf8(picture).unwrap();
        assert_eq!(picture.matches("<path").count(), lines.len(), "{hash}");
        assert!(!lines.is_empty());
        for line in &lines {
            let [layer, head, query]: [usize; 3] =
                [&line[0], &line[1], &line[2]].map(|field| field.parse().unwrap());
            let key: usize = line[4].parse().unwrap();
            let [value, error]: [f64; 2] = [&line[6], &line[7]].map(|field| field.parse().unwrap());
            let right = raw[layer][head][query][key];
            assert!((value - right).abs() <= error && right >= 0.1, "{line:?}");
            assert!(unit.is_none_or(|unit| unit == query), "{line:?}");
        }
        if hash.is_empty() {
            let strong = [1, 4].map(|head| {
                raw[3][head]
                    .iter()
                    .flatten()
                    .filter(|value| **value >= 0.1)
                    .count()
            });
            assert_eq!(lines.len(), strong.iter().sum::<usize>());
        }
    }
}

#[test]
fn links_too_near_to_the_threshold_are_counted() {
    let (made, _) = made_of(300);
    let raw = &made.array("attention")[0][0];
    let Some(page) = open(&made.page(), "#layer=0&heads=0&min=0.001") else {
        return;
    };
    let caption = page.text("document.getElementById('map-caption').textContent");
    let count: usize = caption
        .split(" links are too near")
        .next()
        .unwrap()
        .rsplit(' ')
        .next()
        .unwrap()
        .parse()
        .unwrap();
    let passes = saved_lines(&page).len();
    let right = raw
        .iter()
        .flatten()
        .filter(|value| **value >= 0.001)
        .count();
    assert!(
        passes.abs_diff(right) <= count && count > 0 && count < 20_000,
        "{caption}: {passes}, {right}"
    );
}
