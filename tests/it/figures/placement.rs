//! Where everything goes: labels that neither overlap nor leave the canvas.

use attnviz::figure::layout::{self, Rect, Role};
use attnviz::render::TextShaper;
use proptest::prelude::*;

use crate::runs::{own, row};

use super::{FIRST, check, grid, map, matrices, run, words};

#[test]
fn every_token_is_labelled_while_there_is_room() {
    let mut shaper = TextShaper::new();
    for (count, every) in [(1, 1), (8, 1), (30, 1), (128, 1), (512, 5)] {
        let run = run(&words(count), 1, 1, 1);
        let figure = map(&run);
        let layout = layout::layout(&figure, &mut shaper).unwrap();
        check(&layout);
        let labelled = |role: fn(usize) -> Role| {
            (0..count)
                .filter(|&index| layout.texts().any(|text| text.role == role(index)))
                .collect::<Vec<_>>()
        };
        let expected: Vec<usize> = (0..count).step_by(every).collect();
        assert_eq!(labelled(Role::RowLabel), expected);
        assert_eq!(labelled(Role::ColumnLabel), expected);
        let says_so = layout
            .texts()
            .any(|text| text.role == Role::Note && text.text.contains("every 5th is labelled"));
        assert_eq!(says_so, every > 1);
        let cells = matrices(&layout).next().unwrap();
        assert_eq!(cells.columns.count, count, "every token keeps its pixels");
        let values = layout
            .texts()
            .filter(|text| matches!(text.role, Role::Value(..)))
            .count();
        // What rounds to nothing has no number.
        let expected = match count <= 30 {
            true => count * count * 9 / 10..=count * count,
            false => 0..=0,
        };
        assert!(expected.contains(&values), "{values}");
    }
}

#[test]
fn values_stay_in_their_cells() {
    let run = run(&words(30), 2, 1, 1);
    let figure = map(&run);
    let mut shaper = TextShaper::new();
    let layout = layout::layout(&figure, &mut shaper).unwrap();
    let cells = matrices(&layout).next().unwrap();
    for text in layout.texts() {
        let Role::Value(row, column) = text.role else {
            continue;
        };
        let cell = Rect {
            x: cells.origin.0 + cells.column_offset(column),
            y: cells.origin.1 + cells.row_offset(row),
            width: cells.columns.cell,
            height: cells.rows.cell,
        };
        assert!(cell.contains(&text.rect), "{text:?}");
        if let Ok(written) = text.text.parse::<f32>() {
            let value = cells.values[row * cells.columns.count + column];
            assert!((written - value).abs() <= 0.005_01, "{written} for {value}");
        }
    }
}

#[test]
fn long_tokens_get_room_and_longer_ones_an_ellipsis() {
    let sixty = "abcdefghijkl".repeat(5);
    let endless = "w".repeat(5_000);
    let run = run(&[&sixty, &endless, "b"], 1, 1, 1);
    let figure = map(&run);
    let mut shaper = TextShaper::new();
    let layout = layout::layout(&figure, &mut shaper).unwrap();
    check(&layout);
    let label = |index| {
        let role = Role::RowLabel(index);
        layout.texts().find(|text| text.role == role).unwrap()
    };
    assert_eq!(label(0).text, sixty);
    assert!(label(1).text.starts_with("ww") && label(1).text.ends_with("ww"));
    assert!(label(1).text.contains('…'));
}

#[test]
fn overviews_stay_on_the_canvas() {
    let mut shaper = TextShaper::new();
    for (layers, heads, tokens) in [
        (6, 12, 8),
        (1, 1, 3),
        (24, 16, 40),
        (48, 32, 20),
        (2, 2, 512),
    ] {
        let run = run(&words(tokens), 2, layers, heads);
        let figure = grid(&run);
        let layout = layout::layout(&figure, &mut shaper).unwrap();
        check(&layout);
        assert_eq!(matrices(&layout).count(), layers * heads);
        for (role, count) in [
            (Role::RowLabel as fn(usize) -> Role, layers),
            (Role::ColumnLabel, heads),
        ] {
            for index in 0..count {
                let label = layout.texts().find(|text| text.role == role(index));
                assert_eq!(label.unwrap().text, index.to_string());
            }
        }
    }
}

#[test]
fn an_overview_of_many_tokens_says_its_resolution() {
    let run = run(&words(512), 1, 12, 12);
    let figure = grid(&run);
    let layout = layout::layout(&figure, &mut TextShaper::new()).unwrap();
    check(&layout);
    assert!(layout.width < 4_000 && layout.height < 4_000);
    let cells = matrices(&layout).next().unwrap();
    let block = 512_usize.div_ceil(cells.columns.count);
    let note = format!("each pixel shows the mean of {block} × {block} values");
    assert!(layout.texts().any(|text| text.text.contains(&note)));
    // The last square is cut off by the end of the input.
    let last = (cells.columns.count - 1) * block;
    for (place, start) in [
        (0, 0),
        (cells.columns.count * cells.columns.count - 1, last),
    ] {
        let end = 512.min(start + block);
        let rows = (start..end).map(|query| &row(&run, FIRST, query)[start..end]);
        let values: Vec<f64> = rows.flatten().copied().map(f64::from).collect();
        let mean = values.iter().sum::<f64>() / values.len() as f64;
        assert!((f64::from(cells.values[place]) - mean).abs() < 1e-7);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn labels_neither_overlap_nor_leave_the_canvas(
        count in 1_usize..700,
        lengths in prop::collection::vec(0_usize..90, 1..12),
        segments in 1_usize..4,
    ) {
        let texts: Vec<String> = lengths.iter().map(|&length| "mil".repeat(length)).collect();
        let tokens: Vec<&str> = texts.iter().map(String::as_str).cycle().take(count).collect();
        let run = run(&tokens, segments.min(count), 1, 1);
        let mut shaper = TextShaper::new();
        check(&layout::layout(&map(&run), &mut shaper).unwrap());
        check(&layout::layout(&grid(&run), &mut shaper).unwrap());
    }
}

#[test]
fn values_are_written_to_the_nearest_decimal() {
    let written = |value: f32, decimals: usize| {
        let text = format!("{value:.decimals$}");
        match text.strip_prefix("0.") {
            Some(digits) if digits.bytes().all(|digit| digit == b'0') => "0".to_owned(),
            Some(digits) => format!(".{digits}"),
            None => "1.0".to_owned(),
        }
    };
    let mut count_of_texts = 0;
    for count in 1..=40 {
        let uneven = run(&words(count), 1, 1, 1);
        let mut even = uneven.clone();
        // Halves of a last digit among them: 1 / 16 is 0.0625.
        let values = vec![1.0 / count as f32; count * count];
        even.attention = own(values, [1, 1, count, count]);
        let mut sharp = vec![0.0; count * count];
        for row in 0..count {
            sharp[row * count] = 1.0 - 0.000_4;
            sharp[row * count + count - 1] += 0.000_4;
        }
        let mut sharpest = even.clone();
        sharpest.attention = own(sharp, [1, 1, count, count]);
        for run in [uneven, even, sharpest] {
            let figure = map(&run);
            let layout = layout::layout(&figure, &mut TextShaper::new()).unwrap();
            let cells = matrices(&layout).next().unwrap();
            let decimals = if cells.columns.cell >= 72 { 3 } else { 2 };
            for text in layout.texts() {
                if let Role::Value(row, column) = text.role {
                    assert_eq!(text.text, written(cells.value(row, column), decimals));
                    count_of_texts += 1;
                }
            }
        }
    }
    assert!(count_of_texts > 20_000, "{count_of_texts}");
}
