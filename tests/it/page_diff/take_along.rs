//! What is taken along from the page of a comparison: each side's own drawing
//! and numbers.

use std::collections::BTreeMap;
use std::fs;

use super::values::array;
use super::{SENTENCE, compared, model};
use crate::page::browser::open;

const SIDES: [(&str, &str); 3] = [
    ("left", "left"),
    ("right", "right"),
    ("difference", "right_minus_left"),
];

#[test]
fn every_side_is_saved_with_its_own_numbers() {
    let made = compared(&["--text", SENTENCE]);
    let raw = [model(), "changed".to_owned()]
        .map(|model| array(&made.workplace, &model, &[], "attention"));
    let exact = |side: &str, query: usize, key: usize| {
        let [left, right] = [0, 1].map(|side: usize| raw[side][1][3][query][key]);
        match side {
            "left" => left,
            "right" => right,
            _ => right - left,
        }
    };
    let Some(page) = open(&made.page(), "") else {
        return;
    };
    let count = raw[0][1][3].len();
    for (side, column) in SIDES {
        for view in ["map", "lines", "links"] {
            page.go(&format!("#view={view}&side={side}&layer=1&heads=3"));
            let (name, kind, csv) = page.saved("csv");
            assert_eq!(kind, "text/csv");
            assert_eq!(name, format!("{view}-layer-1-head-3-{side}.csv"));
            let csv = String::from_utf8(csv).unwrap();
            let mut lines = csv.lines();
            // Lines are of a head each.
            let head = if view == "lines" { "layer,head," } else { "" };
            assert_eq!(
                lines.next().unwrap(),
                format!("{head}query,query_label,key,key_label,{column},error")
            );
            let mut found = 0;
            for line in lines {
                // A label that is a comma stands in quotes.
                let line = line.replace("\",\"", "comma");
                let line = line.trim_start_matches("1,3,").to_owned();
                let fields: Vec<&str> = line.split(',').collect();
                let [query, key]: [usize; 2] =
                    [fields[0].parse().unwrap(), fields[2].parse().unwrap()];
                let [value, error]: [f64; 2] =
                    [fields[4].parse().unwrap(), fields[5].parse().unwrap()];
                let exact = exact(side, query, key);
                assert!(error <= exact.abs() * 3e-3 + 1e-7, "{line}");
                assert!(
                    (value - exact).abs() <= error + 1e-9,
                    "{side} {view}: {line}, {exact}"
                );
                found += 1;
            }
            let all = if view == "map" { count * count } else { 1 };
            assert!(found >= all, "{side} {view}: {found}");
        }
        for view in ["map", "lines", "text"] {
            page.go(&format!("#view={view}&side={side}&layer=1&heads=3&unit=2"));
            let (name, kind, svg) = page.saved("svg");
            assert_eq!(kind, "image/svg+xml");
            assert_eq!(name, format!("{view}-layer-1-head-3-{side}.svg"));
            let svg = String::from_utf8(svg).unwrap();
            let tree = resvg::usvg::Tree::from_str(&svg, &resvg::usvg::Options::default());
            assert!(tree.is_ok(), "{view}: {svg}");
            // Which side it is stands in it.
            let said = match side {
                "left" => "attention, left",
                "right" => "attention, right",
                _ => "right − left",
            };
            assert!(svg.contains(said), "{view} {side}");
            if view == "lines" {
                assert_eq!(
                    svg.contains("stroke-dasharray"),
                    side == "difference",
                    "{side}"
                );
            }
            let (_, kind, png) = page.saved("png");
            assert_eq!(kind, "image/png");
            let mut reader = png::Decoder::new(std::io::Cursor::new(png))
                .read_info()
                .unwrap();
            let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
            reader.next_frame(&mut pixels).unwrap();
            assert!(pixels.chunks(4).any(|pixel| pixel[..3] != pixels[..3]));
        }
    }
}

#[test]
fn the_table_of_heads_that_is_saved_is_that_of_the_comparison() {
    let made = compared(&["--text", SENTENCE]);
    let Some(page) = open(&made.page(), "#view=heads") else {
        return;
    };
    let (_, _, saved) = page.saved("csv");
    let saved = String::from_utf8(saved).unwrap();
    let table = fs::read_to_string(made.workplace.path().join("out/diff.csv")).unwrap();
    let read = |text: &str| -> Vec<BTreeMap<String, String>> {
        let mut lines = text.lines();
        let names: Vec<&str> = lines.next().unwrap().split(',').collect();
        let fields = |line: &str| -> BTreeMap<String, String> {
            let line = line.replace("\",\"", "comma");
            let fields = names.iter().zip(line.split(','));
            fields
                .map(|(name, field)| ((*name).to_owned(), field.to_owned()))
                .collect()
        };
        lines.map(fields).collect()
    };
    let (mut saved, table) = (read(&saved), read(&table));
    // It comes as it is sorted in the page.
    saved.sort_by_key(|line| ["layer", "head"].map(|name| line[name].parse::<usize>().unwrap()));
    assert_eq!(saved.len(), table.len());
    for (saved, right) in saved.iter().zip(&table) {
        assert!(saved.len() > 8, "{saved:?}");
        for (name, value) in saved {
            let right = right.get(name).unwrap_or_else(|| panic!("no {name}"));
            let number = |text: &str| text.parse::<f64>().ok();
            let (found, right) = (number(value), number(right));
            let close = match (found, right) {
                (Some(found), Some(right)) => (found - right).abs() <= right.abs() * 1e-5 + 1e-7,
                (None, None) => true,
                _ => false,
            };
            assert!(close, "{name}: {found:?}, {right:?} is right");
        }
    }
}
