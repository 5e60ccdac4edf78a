//! The list of the strongest links beside a map.

use attnviz::analysis::{LinkChoice, strongest_links};
use attnviz::figure::layout::{self, Layout, Role};
use attnviz::figure::{Body, Figure, FigureOptions};
use attnviz::render::TextShaper;
use proptest::prelude::*;

use super::{FIRST, check, head_map, matrices, run, whole, words};

fn listed(tokens: &[&str], top_links: usize) -> Figure<'static> {
    let run = run(tokens, 1, 1, 1);
    let options = FigureOptions {
        top_links,
        links: LinkChoice::All,
        ..FigureOptions::default()
    };
    head_map(&run, FIRST, &options).unwrap()
}

/// The parts of each listed link, from left to right.
fn lines(layout: &Layout<'_>) -> Vec<Vec<String>> {
    (0..)
        .map(|rank| {
            let parts = layout.texts().filter(|text| text.role == Role::Link(rank));
            let mut parts: Vec<_> = parts.collect();
            parts.sort_by_key(|text| text.rect.x);
            parts.into_iter().map(|text| text.text.clone()).collect()
        })
        .take_while(|parts: &Vec<String>| !parts.is_empty())
        .collect()
}

#[test]
fn the_strongest_links_are_listed_in_order() {
    let figure = listed(&["[CLS]", "one", "two", "one", "[SEP]"], 4);
    let Body::Map(map) = &figure.body else {
        panic!("a head map is one map");
    };
    let values: Vec<f32> = map.links.iter().map(|link| link.value).collect();
    let mut all = map.matrix.values.to_vec();
    all.sort_by(|left, right| right.total_cmp(left));
    assert_eq!(values, all[..4]);
    let layout = layout::layout(&figure, &mut TextShaper::new()).unwrap();
    check(&layout);
    let name = |position| ["[CLS]", "one @1", "two", "one @3", "[SEP]"][position];
    let lines = lines(&layout);
    assert_eq!(lines.len(), 4);
    for (index, (line, link)) in lines.iter().zip(&map.links).enumerate() {
        let value = format!("{:.3}", link.value);
        let expected = [
            &(index + 1).to_string(),
            name(link.query),
            "→",
            name(link.key),
            value.trim_start_matches('0'),
        ];
        assert_eq!(line, &expected);
    }
    let says = |role, text: &str| {
        let mut texts = layout.texts().filter(|item| item.role == role);
        texts.any(|item| item.text.contains(text))
    };
    assert!(says(Role::LinkHeading, "strongest links (query → key)"));
    assert!(says(Role::Note, "occur more than once"));
}

#[test]
fn by_default_each_query_has_one_link_and_special_tokens_have_none() {
    let run = run(&["[CLS]", "one", "[MASK]", "three", "[SEP]"], 1, 1, 1);
    let options = FigureOptions {
        top_links: 9,
        ..FigureOptions::default()
    };
    let figure = head_map(&run, FIRST, &options).unwrap();
    let Body::Map(map) = &figure.body else {
        panic!("a head map is one map");
    };
    let mut queries: Vec<usize> = map.links.iter().map(|link| link.query).collect();
    queries.sort_unstable();
    // A hidden word is a word.
    assert_eq!(queries, [1, 2, 3]);
    assert!(map.links.iter().all(|link| (1..=3).contains(&link.key)));
    let says_so = |note: &String| note.contains("none of special tokens");
    assert!(figure.notes.iter().any(says_so), "{:?}", figure.notes);
}

#[test]
fn columns_of_the_list_are_aligned() {
    let figure = listed(&["[CLS]", "a", "characteristically", "bb", "[SEP]"], 12);
    let layout = layout::layout(&figure, &mut TextShaper::new()).unwrap();
    let parts: Vec<Vec<_>> = (0..12)
        .map(|rank| {
            let parts = layout.texts().filter(|text| text.role == Role::Link(rank));
            let mut rects: Vec<_> = parts.map(|text| text.rect).collect();
            rects.sort_by_key(|rect| rect.x);
            rects
        })
        .collect();
    for line in &parts {
        assert_eq!(line[0].right(), parts[0][0].right());
        assert_eq!(line[1].right(), parts[0][1].right());
        assert_eq!(line[2].x, parts[0][2].x);
        assert_eq!(line[3].x, parts[0][3].x);
        assert_eq!(line[4].right(), parts[0][4].right());
    }
}

#[test]
fn what_does_not_fit_is_left_out_and_said() {
    for (count, links, expected) in [(30, 20, 20), (30, 100, 100), (30, 900, 120)] {
        let figure = listed(&words(count), links);
        let layout = layout::layout(&figure, &mut TextShaper::new()).unwrap();
        check(&layout);
        let shown = lines(&layout).len();
        assert!(
            shown == expected || (links == 900 && shown < 900),
            "{shown}"
        );
        let note = format!("There is room for {shown} of the {links} strongest links.");
        let says_so = layout.texts().any(|text| text.text == note);
        assert_eq!(says_so, shown < links);
        let cells = matrices(&layout).next().unwrap().rect();
        for text in layout.texts() {
            if let Role::Link(_) = text.role {
                assert!(text.rect.x > cells.right() && text.rect.bottom() <= cells.bottom());
            }
        }
    }
}

#[test]
fn without_links_nothing_is_added() {
    let figure = listed(&words(9), 0);
    let layout = layout::layout(&figure, &mut TextShaper::new()).unwrap();
    assert!(lines(&layout).is_empty());
    assert!(layout.texts().all(|text| text.role != Role::LinkHeading));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn lists_neither_overlap_nor_leave_the_canvas(
        count in 1_usize..400,
        lengths in prop::collection::vec(0_usize..90, 1..12),
        links in 0_usize..300,
    ) {
        let texts: Vec<String> = lengths.iter().map(|&length| "mil".repeat(length)).collect();
        let tokens: Vec<&str> = texts.iter().map(String::as_str).cycle().take(count).collect();
        let figure = listed(&tokens, links);
        let layout = layout::layout(&figure, &mut TextShaper::new()).unwrap();
        check(&layout);
        let shown = lines(&layout).len();
        prop_assert!(shown <= links);
        prop_assert!(shown >= links.min(count * count).min(10));
    }
}

#[test]
fn a_query_without_a_choice_has_no_link_among_the_best() {
    // A decoder's first query has itself alone.
    let nan = f32::NAN;
    let map = [1.0, nan, nan, 0.75, 0.25, nan, 0.125, 0.25, 0.625];
    let run = run(&["a", "b", "c"], 1, 1, 1);
    let axis = &whole(&run).rows;
    let found = |choice| {
        let links = strongest_links(&map, [axis, axis], choice, 9);
        let cells = links.iter().map(|link| (link.query, link.key));
        cells.collect::<Vec<_>>()
    };
    assert_eq!(found(LinkChoice::Best), [(1, 0), (2, 2)]);
    assert_eq!(found(LinkChoice::All).len(), 6);
    assert_eq!(found(LinkChoice::All)[0], (0, 0));
}
