//! Words, special tokens, stretches, means and links, against slow and
//! straightforward versions.

mod definitions;
mod sink;

use std::collections::BTreeSet;

use attnviz::analysis::{
    Axis, Crop, Direction, Granularity, LinkChoice, MapId, Maps, Reduction, ReshapeError,
    ReshapeOptions, Sink, SpecialTokens, profile, reduce, strongest_links,
};
use attnviz::attention::{HeadId, RowSums};
use attnviz::checkpoint::ModelSource;
use attnviz::input::{Input, StreamRole, Unit};
use attnviz::remedy::{HiddenUnits, Remedy};
use attnviz::run::Run;
use proptest::prelude::*;

use crate::runs::{foreign, head_maps, own, raw, reshaped, row, run_of, source, unit};

/// A unit as text, with `[..]` for special ones and `##` for further pieces.
fn units(texts: &[&str]) -> Vec<Unit> {
    let mut word = None;
    let mut units = Vec::new();
    for text in texts {
        let special = text.starts_with('[');
        if !text.starts_with("##") && !special {
            word = Some(word.map_or(0, |word: u32| word + 1));
        }
        units.push(Unit {
            word: if special { None } else { word },
            ..unit(text, special)
        });
    }
    units
}

/// Rows that sum to one, from any positive numbers.
fn run(texts: &[&str], [layers, heads]: [usize; 2], numbers: &[f32]) -> Run {
    let count = texts.len();
    let mut numbers = numbers.iter().copied().cycle();
    let mut values = Vec::new();
    for _ in 0..layers * heads * count {
        let row: Vec<f32> = numbers.by_ref().take(count).collect();
        let sum: f32 = row.iter().sum();
        values.extend(row.into_iter().map(|value| value / sum));
    }
    run_of(
        ("test", ModelSource::Builtin),
        Input::text(texts.join(" ")),
        source(units(texts)),
        own(values, [layers, heads, count, count]),
    )
}

const SENTENCE: [&str; 8] = [
    "[CLS]", "un", "##believ", "##able", ",", "he", "##llo", "[SEP]",
];

fn labels<'maps>(maps: &'maps Maps<'_>) -> Vec<&'maps str> {
    let units = maps.columns.units.iter();
    units.map(|unit| unit.label.as_str()).collect()
}

fn options(
    granularity: Granularity,
    special_tokens: SpecialTokens,
    crop: Option<Crop>,
) -> ReshapeOptions {
    ReshapeOptions {
        granularity,
        sink: Sink::Keep,
        special_tokens,
        crop,
    }
}

fn row_sums(shown: &Maps<'_>) -> Vec<f64> {
    shown
        .values
        .chunks_exact(shown.columns.len())
        .map(|row| row.iter().copied().map(f64::from).sum())
        .collect()
}

/// The value of two shown tokens by its definition: attention of all pairs of
/// pieces, summed over keys, averaged over queries.
fn by_definition(run: &Run, shown: &Maps<'_>, id: HeadId, query: usize, key: usize) -> f64 {
    let span = |index: usize| {
        let unit = &shown.columns.units[index];
        unit.first..unit.first + unit.count
    };
    let sums = span(query).map(|query| {
        let row = row(run, id, query);
        span(key).map(|key| f64::from(row[key])).sum::<f64>()
    });
    sums.sum::<f64>() / span(query).count() as f64
}

#[test]
fn pieces_become_the_words_that_the_tokenizer_names() {
    let run = run(&SENTENCE, [1, 1], &[1.0, 2.0, 3.0]);
    let words = reshaped(&run, &options(Granularity::Word, SpecialTokens::Keep, None)).unwrap();
    assert_eq!(
        labels(&words),
        ["[CLS]", "unbelievable", ",", "hello", "[SEP]"]
    );
    assert_eq!(words.row_sums, RowSums::One);
    assert_eq!(words.notes.len(), 1);
    let bare = reshaped(&run, &options(Granularity::Word, SpecialTokens::Hide, None)).unwrap();
    assert_eq!(labels(&bare), ["unbelievable", ",", "hello"]);
    assert_eq!(bare.row_sums, RowSums::Less);
    assert_eq!(bare.notes.len(), 2);
}

#[test]
fn what_is_shown_unchanged_needs_no_note() {
    let run = run(&SENTENCE, [2, 2], &[1.0, 5.0]);
    let shown = reshaped(&run, &ReshapeOptions::default()).unwrap();
    assert_eq!(shown.values, head_maps(&run).values());
    assert_eq!(shown.notes, Vec::<String>::new());
    let whole = Crop { first: 0, last: 7 };
    let shown = reshaped(
        &run,
        &options(Granularity::Subword, SpecialTokens::Keep, Some(whole)),
    );
    assert_eq!(shown.unwrap().notes, Vec::<String>::new());
}

#[test]
fn nothing_to_show_is_an_error() {
    let special = run(&["[CLS]", "[SEP]"], [1, 1], &[1.0]);
    let hidden = reshaped(
        &special,
        &options(Granularity::Subword, SpecialTokens::Hide, None),
    );
    let error = hidden.unwrap_err();
    assert_eq!(
        error.to_string(),
        "all 2 tokens are special, and nothing is left without them"
    );
    let crop = Crop { first: 2, last: 8 };
    let run = run(&SENTENCE, [1, 1], &[1.0]);
    let outside = reshaped(
        &run,
        &options(Granularity::Subword, SpecialTokens::Keep, Some(crop)),
    );
    assert_eq!(outside, Err(ReshapeError::CropOutside { crop, count: 8 }));
}

#[test]
fn a_row_that_had_nothing_for_others_stays_empty_and_is_counted() {
    let values = vec![1.0, 0.0, 0.5, 0.5];
    let mut run = run(&["[CLS]", "a"], [1, 1], &[1.0]);
    run.attention = own(values, [1, 1, 2, 2]);
    run.streams[0].units[1].special = None;
    let shown = reshaped(
        &run,
        &options(Granularity::Subword, SpecialTokens::Renormalize, None),
    )
    .unwrap();
    assert_eq!(shown.values.as_ref(), [1.0]);
    run.attention = own(vec![1.0, 0.0, 1.0, 0.0], [1, 1, 2, 2]);
    let shown = reshaped(
        &run,
        &options(Granularity::Subword, SpecialTokens::Renormalize, None),
    )
    .unwrap();
    assert_eq!(
        (shown.values.as_ref(), shown.row_sums),
        ([0.0].as_slice(), RowSums::Less)
    );
    assert!(shown.notes[0].contains("1 rows"), "{:?}", shown.notes);
}

#[test]
fn stretches_parse_and_nonsense_does_not() {
    let expected = Crop {
        first: 10,
        last: 40,
    };
    for text in ["10-40", "@10-@40", "10-@40"] {
        assert_eq!(text.parse(), Ok(expected), "{text}");
    }
    for text in [
        "",
        "10",
        "@",
        "@-@",
        "+1-3",
        "40-10",
        "-1-3",
        "a-b",
        "1-2-3",
        "1-99999999999999999999",
    ] {
        assert!(text.parse::<Crop>().is_err(), "{text}");
    }
}

/// Attention of a target to a source of another length.
fn cross(queries: &[&str], keys: &[&str]) -> Run {
    let mut streams = source(units(keys));
    let mut target = source(units(queries));
    target[0].role = StreamRole::Target;
    streams.extend(target);
    let values = (0..queries.len() * keys.len()).map(|index| index as f32);
    run_of(
        ("test", ModelSource::Elsewhere),
        Input::text("cross"),
        streams,
        foreign(values.collect(), [1, 1, queries.len(), keys.len()]),
    )
}

#[test]
fn rows_and_columns_of_two_sequences_are_reshaped_each_by_its_own_units() {
    let run = cross(
        &["un", "##do", "[SEP]"],
        &["[CLS]", "go", "##ing", "on", "[SEP]"],
    );
    let maps = raw(&run);
    assert_eq!((maps.rows.len(), maps.columns.len()), (3, 5));
    assert!(!maps.is_square());
    let words = options(Granularity::Word, SpecialTokens::Hide, None);
    let maps = reshaped(&run, &words).unwrap();
    let rows: Vec<&str> = maps
        .rows
        .units
        .iter()
        .map(|unit| unit.label.as_str())
        .collect();
    assert_eq!((rows, labels(&maps)), (vec!["undo"], vec!["going", "on"]));
    // Columns 1 and 2, and 3, of rows 0 and 1 of five: summed, then averaged.
    assert_eq!(
        maps.values.as_ref(),
        [(1.0 + 2.0 + 6.0 + 7.0) / 2.0, (3.0 + 8.0) / 2.0]
    );
    let from = profile(&maps, Direction::From, 0).unwrap();
    let to = profile(&maps, Direction::To, 1).unwrap();
    assert_eq!((from.mean, to.mean), (vec![8.0, 5.5], vec![5.5]));
    let crop = Crop { first: 0, last: 1 };
    let cropped = options(Granularity::Subword, SpecialTokens::Keep, Some(crop));
    assert_eq!(
        reshaped(&run, &cropped),
        Err(ReshapeError::CropOfTwo { crop })
    );
}
