//! What one token attends to, as bars and rows.

use attnviz::analysis::{Direction, profile};
use attnviz::attention::{Attention, AttentionKind, AttentionTensor, HeadMaps, Mask, Selection};
use attnviz::figure::layout::{self, Ink, Item, Layout, Rect, Role};
use attnviz::figure::{
    Body, Figure, FigureError, FigureOptions, Progression, Scale, UnitProfile, unit_profile,
};
use attnviz::render::{TextShaper, colormap::ColorTable};
use attnviz::run::Run;
use proptest::prelude::*;

use super::{Decoded, check, encode, run, whole, words};
use crate::runs::{head_maps, own};

fn from(run: &Run, position: usize) -> Figure<'static> {
    let options = FigureOptions::default();
    unit_profile(run, whole(run), Direction::From, position, &options).unwrap()
}

fn body<'figure>(figure: &'figure Figure<'_>) -> &'figure UnitProfile {
    match &figure.body {
        Body::Profile(profile) => profile,
        _ => panic!("a profile is a profile"),
    }
}

fn rectangles(layout: &Layout<'_>, is_wanted: fn(Ink) -> bool) -> Vec<Rect> {
    let rects = layout.items.iter().filter_map(|item| match item {
        Item::Rectangle { rect, ink } if is_wanted(*ink) => Some(*rect),
        _ => None,
    });
    rects.collect()
}

fn bars(layout: &Layout<'_>) -> Vec<Rect> {
    rectangles(layout, |ink| matches!(ink, Ink::Bar | Ink::FaintBar))
}

fn rows(layout: &Layout<'_>) -> Vec<Rect> {
    rectangles(layout, |ink| matches!(ink, Ink::OnScale(_)))
}

#[test]
fn a_profile_says_what_it_shows() {
    let run = run(&["[CLS]", "one", "two", "[SEP]"], 2, 2, 3);
    let shown = whole(&run);
    for (direction, title, axis) in [
        (
            Direction::From,
            "from “two” (token @2)",
            "key (attended to)",
        ),
        (Direction::To, "to “two” (token @2)", "query (attends)"),
    ] {
        let options = FigureOptions::default();
        let figure = unit_profile(&run, shown, direction, 2, &options).unwrap();
        let expected = format!("bert-base-uncased · {title} · mean of 2 layers × 3 heads");
        assert_eq!(figure.title, expected);
        let profile = profile(shown, direction, 2).unwrap();
        let body = body(&figure);
        assert_eq!(body.bars, profile.mean);
        assert_eq!(body.rows, profile.by_layer);
        assert_eq!(
            (body.position, body.segment_starts.as_slice()),
            (Some(2), &[2][..])
        );
        assert_eq!(body.unit_axis_name, axis);
        assert_eq!(body.row_labels, ["0", "1"]);
        assert!(figure.notes[0].contains("“two” itself is marked; special tokens are paler"));
    }
}

#[test]
fn a_title_names_the_heads_that_are_averaged() {
    for (layers, heads, expected) in [
        (vec![3], vec![1], "layer 3 · head 1"),
        (vec![3], vec![1, 2], "layer 3 · mean of 2 heads"),
        (vec![3, 4], vec![1], "mean of 2 layers · head 1"),
        (vec![3, 4], vec![0, 1], "mean of 2 layers × 2 heads"),
    ] {
        let mut run = run(&["a", "b"], 1, layers.len(), heads.len());
        let maps = head_maps(&run);
        let [_, _, queries, keys] = maps.shape();
        let selection = Selection::of(&layers, &heads);
        let maps = HeadMaps::new(selection, [queries, keys], maps.values().to_vec()).unwrap();
        let masks = vec![Mask::Full; layers.len()];
        let tensor = AttentionTensor::new(AttentionKind::SelfAttention, masks, maps).unwrap();
        run.attention = vec![Attention::Own(tensor)];
        let title = from(&run, 0).title;
        assert!(
            title.ends_with(&format!("(token @0) · {expected}")),
            "{title}"
        );
    }
}

#[test]
fn a_token_keeps_its_own_quotation_marks_and_loses_its_length() {
    let endless = "w".repeat(99);
    let run = run(&["“", "", &endless], 1, 1, 1);
    for (position, expected) in [
        (0, "from ““” (token @0)".to_owned()),
        (1, "from “” (token @1)".to_owned()),
        (2, format!("from “{}…” (token @2)", "w".repeat(32))),
    ] {
        let title = from(&run, position).title;
        assert!(title.contains(&expected), "{title}");
    }
}

#[test]
fn a_position_outside_is_an_error() {
    let run = run(&["a", "b"], 1, 1, 1);
    let options = FigureOptions::default();
    let error = unit_profile(&run, whole(&run), Direction::To, 2, &options).unwrap_err();
    let expected = FigureError::NoSuchPosition {
        direction: Direction::To,
        found: 2,
        count: 2,
    };
    assert_eq!(error, expected);
}

#[test]
fn every_token_has_a_bar_of_the_height_of_its_value() {
    let mut shaper = TextShaper::new();
    for count in [1, 8, 30, 128, 512] {
        let run = run(&words(count), 2.min(count), 3, 2);
        let figure = from(&run, count / 2);
        let layout = layout::layout(&figure, &mut shaper).unwrap();
        check(&layout);
        let profile = body(&figure);
        let bars = bars(&layout);
        assert_eq!(bars.len(), count, "every value of this run can be seen");
        assert_eq!(rows(&layout).len(), 3 * count);
        let baseline = bars[0].bottom();
        // The axis is left of the first bar: its numbers tell how high a bar
        // of some value has to be.
        let ticks = layout
            .texts()
            .filter(|text| text.role == Role::Tick && text.rect.right() < bars[0].x);
        let ticks: Vec<(f32, f32)> = ticks
            .map(|text| {
                let middle = text.rect.y + text.rect.height / 2;
                (text.text.parse().unwrap(), (baseline - middle) as f32)
            })
            .collect();
        assert!(ticks.len() >= 3 && ticks[0].0 == 0.0 && ticks[0].1.abs() <= 2.0);
        let (value, height) = *ticks.last().unwrap();
        for (bar, rect) in profile.bars.iter().zip(&bars) {
            assert_eq!(rect.bottom(), baseline);
            let expected = bar / value * height;
            assert!(
                (rect.height as f32 - expected).abs() <= 3.0,
                "{bar} {rect:?}"
            );
            assert!(*bar <= value * 1.000_01, "no bar leaves the axis");
        }
    }
}

#[test]
fn the_marked_token_is_labelled_even_among_hundreds() {
    let mut shaper = TextShaper::new();
    for (count, position) in [(1, 0), (30, 29), (200, 1), (512, 511), (512, 257)] {
        let run = run(&words(count), 1, 1, 1);
        let figure = from(&run, position);
        let layout = layout::layout(&figure, &mut shaper).unwrap();
        check(&layout);
        let role = Role::ColumnLabel(position);
        let label = layout.texts().find(|text| text.role == role).unwrap();
        assert_eq!(label.text, words(count)[position]);
        let bands = rectangles(&layout, |ink| ink == Ink::Band);
        assert!(bands[0].x <= label.rect.x + label.rect.width / 2);
        assert!(label.rect.x + label.rect.width / 2 <= bands[0].right());
        let labels = |layout: &Layout<'_>| {
            let texts = layout.texts();
            texts
                .filter(|text| matches!(text.role, Role::ColumnLabel(_)))
                .count()
        };
        let is_thinned = labels(&layout) < count;
        assert_eq!(is_thinned, count > 144);
        let says_so = layout
            .texts()
            .any(|text| text.text.contains("the highest bars"));
        assert_eq!(says_so, is_thinned);
    }
}

#[test]
fn the_highest_bar_is_labelled_and_has_its_value() {
    let run = run(&words(512), 1, 1, 1);
    let figure = from(&run, 100);
    let bars = &body(&figure).bars;
    let highest = bars.iter().copied().fold(0.0, f32::max);
    let position = bars.iter().position(|&bar| bar == highest).unwrap();
    let layout = layout::layout(&figure, &mut TextShaper::new()).unwrap();
    let has = |role| layout.texts().any(|text| text.role == role);
    assert!(has(Role::ColumnLabel(position)) && has(Role::BarValue(position)));
    let beside = from(&run, position + 1);
    let bars = &body(&beside).bars;
    let layout = layout::layout(&beside, &mut TextShaper::new()).unwrap();
    check(&layout);
    let highest = bars.iter().copied().fold(0.0, f32::max);
    let has_value = layout.texts().any(|text| match text.role {
        Role::BarValue(index) => bars[index] == highest,
        _ => false,
    });
    assert!(has_value);
    let mut texts = layout.texts();
    assert!(texts.any(|text| text.text.starts_with("Values are written at peaks of")));
}

#[test]
fn the_marked_bar_has_its_value_beside_the_highest() {
    let count = 300;
    let mut run = run(&words(count), 1, 1, 1);
    let value = |key: usize| match key {
        0 => 0.9,
        _ => 0.1 / (count - 1) as f32,
    };
    let row: Vec<f32> = (0..count).map(value).collect();
    run.attention = own(row.repeat(count), [1, 1, count, count]);
    for (position, expected) in [
        (0, [".900"].as_slice()),
        (1, &[".900", "<.001"]),
        (2, &[".900", "<.001"]),
        (150, &[".900", "<.001"]),
    ] {
        let figure = from(&run, position);
        let layout = layout::layout(&figure, &mut TextShaper::new()).unwrap();
        check(&layout);
        let values: Vec<&str> = layout
            .texts()
            .filter(|text| matches!(text.role, Role::BarValue(_)))
            .map(|text| text.text.as_str())
            .collect();
        assert_eq!(values, expected, "@{position}");
        let has = |role| layout.texts().any(|text| text.role == role);
        assert!(has(Role::BarValue(position)) && has(Role::ColumnLabel(position)));
        let said = |words: &str| layout.texts().any(|text| text.text.contains(words));
        assert!(said(
            "labelled are the marked one and, where it leaves them room,"
        ));
        assert!(said(
            "Values below .001 are not written, except for the marked one's."
        ));
    }
}

#[test]
fn bars_of_special_tokens_are_cut_off_where_the_others_would_have_no_height() {
    let count = 30;
    let mut run = run(&words(count), 1, 1, 1);
    let rest = 0.1 / (count - 1) as f32;
    let row: Vec<f32> = (0..count)
        .map(|key| if key == 0 { 0.9 } else { rest })
        .collect();
    run.attention = own(row.repeat(count), [1, 1, count, count]);
    let note = "The axis of the bars ends at 0.005; higher ones are cut off: [CLS] .900.";
    for (scale, is_cut) in [
        (None, true),
        (Some(Scale::Head), false),
        (Some(Scale::Unit), false),
    ] {
        let options = FigureOptions {
            scale,
            ..FigureOptions::default()
        };
        let figure = unit_profile(&run, whole(&run), Direction::From, 3, &options).unwrap();
        let layout = layout::layout(&figure, &mut TextShaper::new()).unwrap();
        check(&layout);
        assert_eq!(layout.texts().any(|text| text.text.contains(note)), is_cut);
        let heights: Vec<i32> = bars(&layout).iter().map(|bar| bar.height).collect();
        let highest = heights.iter().copied().max().unwrap();
        assert_eq!(heights[5] * 2 > highest, is_cut, "{heights:?}");
        // The number over the bar is its own.
        let mut texts = layout.texts();
        assert!(texts.any(|text| text.role == Role::BarValue(0) && text.text == ".900"));
    }
    // Short texts, and what no special token rules, keep the whole axis.
    for figure in [
        from(&self::run(&words(24), 1, 1, 1), 3),
        from(&self::run(&words(60), 1, 1, 1), 3),
    ] {
        let highest = body(&figure).bars.iter().copied().fold(0.0, f32::max);
        assert_eq!(body(&figure).bar_maximum, highest);
    }
}

#[test]
fn written_values_are_those_of_the_bars() {
    let mut shaper = TextShaper::new();
    for count in [1, 8, 30, 128] {
        let run = run(&words(count), 1, 2, 2);
        let figure = from(&run, 0);
        let layout = layout::layout(&figure, &mut shaper).unwrap();
        let mut written = 0;
        for text in layout.texts() {
            let Role::BarValue(index) = text.role else {
                continue;
            };
            written += 1;
            let value: f32 = text.text.parse().unwrap();
            assert!((value - body(&figure).bars[index]).abs() <= 0.000_501);
        }
        assert_eq!(written, count);
    }
}

#[test]
fn options_of_color_leave_the_bars_alone() {
    let run = run(&words(12), 1, 2, 2);
    let shown = whole(&run);
    let plain = from(&run, 3);
    let options = FigureOptions {
        progression: Progression::Logarithmic,
        maximum: Some(0.05),
        ..FigureOptions::default()
    };
    let figure = unit_profile(&run, shown, Direction::From, 3, &options).unwrap();
    assert_eq!(body(&figure), body(&plain));
    assert_ne!(figure.color_scale, plain.color_scale);
    let unit = FigureOptions {
        scale: Some(Scale::Unit),
        ..FigureOptions::default()
    };
    let figure = unit_profile(&run, shown, Direction::From, 3, &unit).unwrap();
    assert_eq!(body(&figure).bar_maximum, 1.0);
}

#[test]
fn pixels_of_rows_have_the_colors_of_their_values() {
    let run = run(&words(20), 2, 4, 2);
    let figure = from(&run, 5);
    let mut shaper = TextShaper::new();
    let picture = Decoded::new(&encode(&figure, &mut shaper).unwrap());
    let layout = layout::layout(&figure, &mut shaper).unwrap();
    let colors = ColorTable::new(figure.palette);
    for item in &layout.items {
        if let Item::Rectangle {
            rect,
            ink: Ink::OnScale(fraction),
        } = item
        {
            let (x, y) = (rect.x + rect.width / 2, rect.y + rect.height / 2);
            assert_eq!(picture.at(x, y), colors.color(*fraction));
        }
    }
    for bar in bars(&layout) {
        let color = picture.at(bar.x + bar.width / 2, bar.bottom() - 2);
        assert!(
            [Ink::Bar, Ink::FaintBar]
                .map(|ink| colors.ink(ink))
                .contains(&color)
        );
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn profiles_neither_overlap_nor_leave_the_canvas(
        count in 1_usize..700,
        layers in 1_usize..60,
        lengths in prop::collection::vec(0_usize..90, 1..12),
        segments in 1_usize..4,
        place in 0.0_f64..1.0,
        is_to: bool,
    ) {
        let texts: Vec<String> = lengths.iter().map(|&length| "mil".repeat(length)).collect();
        let tokens: Vec<&str> = texts.iter().map(String::as_str).cycle().take(count).collect();
        // A few layers of a long input are enough.
        let layers = if count > 100 { 1 + layers % 3 } else { layers };
        let run = run(&tokens, segments.min(count), layers, 1);
        let position = (place * count as f64) as usize;
        let direction = if is_to { Direction::To } else { Direction::From };
        let options = FigureOptions::default();
        let figure = unit_profile(&run, whole(&run), direction, position, &options).unwrap();
        check(&layout::layout(&figure, &mut TextShaper::new()).unwrap());
    }
}
