//! Words, special tokens, stretches, means and links, against slow and
//! straightforward versions.

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

/// The first token hidden, before everything else.
fn without_first(
    granularity: Granularity,
    special_tokens: SpecialTokens,
    crop: Option<Crop>,
) -> ReshapeOptions {
    ReshapeOptions {
        sink: Sink::Hide,
        ..options(granularity, special_tokens, crop)
    }
}

#[test]
fn the_first_token_is_hidden_whatever_it_is_before_all_else() {
    let numbers = [1.0, 4.0, 2.0, 7.0, 3.0, 5.0, 6.0];
    let plain = ["un", "##do", "it", ",", "[SEP]"];
    let (subword, word) = (Granularity::Subword, Granularity::Word);
    let (kept, hide) = (SpecialTokens::Keep, SpecialTokens::Hide);
    let stretch = Some(Crop { first: 0, last: 2 });
    for (texts, granularity, special, crop, expected, note) in [
        (
            &plain[..],
            subword,
            kept,
            None,
            &["##do", "it", ",", "[SEP]"][..],
            "The first token is hidden; rows sum to less than 1.",
        ),
        (
            &plain,
            subword,
            hide,
            None,
            &["##do", "it", ","],
            "The first token and special tokens are hidden; rows sum to less than 1.",
        ),
        (
            &plain[..4],
            subword,
            hide,
            None,
            &["##do", "it", ","],
            "The first token is hidden; rows sum to less than 1.",
        ),
        (
            &SENTENCE,
            subword,
            kept,
            None,
            &SENTENCE[1..],
            "The first token is hidden; rows sum to less than 1.",
        ),
        (
            &SENTENCE,
            subword,
            hide,
            None,
            &SENTENCE[1..7],
            "The first token and special tokens are hidden; rows sum to less than 1.",
        ),
        // Positions stay the run's own.
        (
            &SENTENCE,
            subword,
            kept,
            stretch,
            &["un", "##believ"],
            "The first token is hidden; rows sum to less than 1.",
        ),
        (
            &plain,
            word,
            kept,
            None,
            &["##do", "it", ",", "[SEP]"],
            "The first token is hidden; rows sum to less than 1.",
        ),
    ] {
        let run = run(texts, [2, 2], &numbers);
        let shown = reshaped(&run, &without_first(granularity, special, crop)).unwrap();
        assert_eq!(labels(&shown), expected);
        assert_eq!(shown.rows, shown.columns);
        assert_eq!(shown.row_sums, RowSums::Less);
        assert_eq!(shown.notes[0], note);
        for (id, map) in shown.iter() {
            let MapId::Head(head) = id else {
                panic!("{id:?}")
            };
            for (place, &value) in map.iter().enumerate() {
                let (query, key) = (place / expected.len(), place % expected.len());
                let defined = by_definition(&run, &shown, head, query, key);
                assert!((f64::from(value) - defined).abs() < 1e-6);
            }
        }
    }
}

#[test]
fn without_the_first_token_rows_are_scaled_back_to_one_where_that_is_asked_for() {
    for (texts, note) in [
        (
            &SENTENCE[..],
            "The first token and special tokens are dropped, rows scaled back to 1.",
        ),
        (
            &SENTENCE[1..7],
            "The first token is dropped, rows scaled back to 1.",
        ),
    ] {
        let run = run(texts, [1, 2], &[1.0, 4.0, 2.0]);
        let scaled = without_first(Granularity::Subword, SpecialTokens::Renormalize, None);
        let shown = reshaped(&run, &scaled).unwrap();
        assert_eq!(shown.notes, [note]);
        assert_eq!(shown.row_sums, RowSums::One);
        for sum in row_sums(&shown) {
            assert!((sum - 1.0).abs() < 1e-6);
        }
    }
}

#[test]
fn what_only_a_hidden_first_token_leaves_is_an_error_that_says_how_to_see_it() {
    let (keep, hide) = (SpecialTokens::Keep, SpecialTokens::Hide);
    let crop = |first, last| Some(Crop { first, last });
    for (texts, special, crop, message, [first, special_too]) in [
        (
            &["a"][..],
            keep,
            None,
            "the only token is the first one, which is hidden",
            [true, false],
        ),
        (
            &["a"],
            hide,
            None,
            "the only token is the first one, which is hidden",
            [true, false],
        ),
        (
            &["[CLS]"],
            hide,
            None,
            "the only token is the first one, which is hidden",
            [true, true],
        ),
        (
            &["a", "[SEP]"],
            hide,
            None,
            "of 2 tokens nothing is left without the first and special ones",
            [true, false],
        ),
        (
            &["[CLS]", "[SEP]"],
            hide,
            None,
            "of 2 tokens nothing is left without the first and special ones",
            [false, true],
        ),
        (
            &SENTENCE,
            keep,
            crop(0, 0),
            "all tokens of the stretch 0-0 are hidden",
            [true, false],
        ),
        (
            &SENTENCE,
            hide,
            crop(0, 0),
            "all tokens of the stretch 0-0 are hidden",
            [true, true],
        ),
        (
            &SENTENCE,
            hide,
            crop(7, 7),
            "all tokens of the stretch 7-7 are special ones, which are hidden",
            [false, true],
        ),
    ] {
        let run = run(texts, [1, 1], &[1.0]);
        let asked = without_first(Granularity::Subword, special, crop);
        let error = reshaped(&run, &asked).unwrap_err();
        assert_eq!(error.to_string(), message);
        let hidden = HiddenUnits {
            first,
            special: special_too,
        };
        assert_eq!(error.remedy(), Some(Remedy::Keep(hidden)));
        // What it says helps.
        let kept = ReshapeOptions {
            sink: if first { Sink::Keep } else { Sink::Hide },
            special_tokens: if special_too { keep } else { special },
            ..asked
        };
        assert!(reshaped(&run, &kept).is_ok(), "{message}");
    }
}

#[test]
fn of_two_sequences_the_first_key_is_hidden_and_no_query() {
    let streams = [
        (StreamRole::Source, &["a", "b", "c"][..]),
        (StreamRole::Target, &["x", "y"]),
    ];
    let streams = streams.into_iter().flat_map(|(role, texts)| {
        let mut streams = source(units(texts));
        streams[0].role = role;
        streams
    });
    let run = run_of(
        ("translator", ModelSource::Elsewhere),
        Input::text("text"),
        streams.collect(),
        foreign(vec![0.5, 0.25, 0.25, 0.1, 0.2, 0.7], [1, 1, 2, 3]),
    );
    let asked = without_first(Granularity::Subword, SpecialTokens::Keep, None);
    let shown = reshaped(&run, &asked).unwrap();
    assert_eq!(shown.values.as_ref(), [0.25, 0.25, 0.2, 0.7]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn words_equal_their_definition_and_keep_their_rows(
        kinds in prop::collection::vec(0_usize..3, 1..14),
        numbers in prop::collection::vec(0.001_f32..1.0, 16..40),
    ) {
        let kinds: Vec<&str> = kinds.iter().map(|&kind| ["word", "##piece", "[SEP]"][kind]).collect();
        let run = run(&kinds, [2, 3], &numbers);
        let shown = reshaped(&run, &options(Granularity::Word, SpecialTokens::Keep, None)).unwrap();
        let pieces: usize = shown.columns.units.iter().map(|unit| unit.count).sum();
        prop_assert_eq!(pieces, kinds.len());
        for sum in row_sums(&shown) {
            prop_assert!((sum - 1.0).abs() < 1e-5, "{sum}");
        }
        let count = shown.columns.len();
        for id in head_maps(&run).selection().head_ids() {
            let map = shown.map(MapId::Head(id)).unwrap();
            for (index, &value) in map.iter().enumerate() {
                let expected = by_definition(&run, &shown, id, index / count, index % count);
                prop_assert!((f64::from(value) - expected).abs() < 1e-6);
            }
        }
    }

    #[test]
    fn without_special_tokens_the_others_keep_their_proportions(
        kinds in prop::collection::vec(0_usize..2, 1..14),
        numbers in prop::collection::vec(0.001_f32..1.0, 16..40),
    ) {
        let kinds: Vec<&str> = kinds.iter().map(|&kind| ["word", "[SEP]"][kind]).collect();
        prop_assume!(kinds.contains(&"word"));
        let run = run(&kinds, [1, 2], &numbers);
        let hidden = reshaped(&run, &options(Granularity::Subword, SpecialTokens::Hide, None)).unwrap();
        let scaled = reshaped(&run, &options(Granularity::Subword, SpecialTokens::Renormalize, None)).unwrap();
        for sum in row_sums(&scaled) {
            prop_assert!((sum - 1.0).abs() < 1e-5, "{sum}");
        }
        let count = hidden.columns.len();
        for id in head_maps(&run).selection().head_ids() {
            let (hidden_map, scaled_map) = (hidden.map(MapId::Head(id)).unwrap(), scaled.map(MapId::Head(id)).unwrap());
            for index in 0..count * count {
                let (query, key) = (index / count, index % count);
                let expected = by_definition(&run, &hidden, id, query, key);
                prop_assert_eq!(f64::from(hidden_map[index]), expected);
                let sum: f64 = (0..count).map(|key| by_definition(&run, &hidden, id, query, key)).sum();
                prop_assert!((f64::from(scaled_map[index]) - expected / sum).abs() < 1e-6);
            }
        }
    }

    #[test]
    fn a_stretch_is_a_window_of_the_whole(
        count in 1_usize..12, first in 0_usize..12, length in 1_usize..12,
        numbers in prop::collection::vec(0.001_f32..1.0, 16..40),
    ) {
        let kinds = vec!["word"; count];
        let run = run(&kinds, [1, 2], &numbers);
        let crop = Crop { first, last: first + length - 1 };
        let shown = reshaped(&run, &options(Granularity::Subword, SpecialTokens::Keep, Some(crop)));
        if crop.last >= count {
            prop_assert_eq!(shown, Err(ReshapeError::CropOutside { crop, count }));
            return Ok(());
        }
        let shown = shown.unwrap();
        for id in head_maps(&run).selection().head_ids() {
            for (index, &value) in shown.map(MapId::Head(id)).unwrap().iter().enumerate() {
                let held = row(&run, id, first + index / length);
                prop_assert_eq!(value, held[first + index % length]);
            }
        }
    }

    #[test]
    fn means_and_maxima_equal_their_definition(
        numbers in prop::collection::vec(0.001_f32..1.0, 16..40), layers in 1_usize..4, heads in 1_usize..4,
    ) {
        let run = run(&SENTENCE, [layers, heads], &numbers);
        let shown = reshaped(&run, &ReshapeOptions::default()).unwrap();
        let values = |layer: usize, index: usize| -> Vec<f64> {
            (0..heads).map(|head| f64::from(shown.map(MapId::Head(HeadId { layer, head })).unwrap()[index])).collect()
        };
        let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
        let maximum = |values: &[f64]| values.iter().copied().fold(0.0, f64::max);
        let (means, maxima) = (reduce(&shown, Reduction::Mean), reduce(&shown, Reduction::Max));
        let all_mean = means.map(MapId::All).unwrap();
        let all_max = maxima.map(MapId::All).unwrap();
        for index in 0..64 {
            let mut all = Vec::new();
            for layer in 0..layers {
                let values = values(layer, index);
                let layer_mean = means.map(MapId::Layer(layer)).unwrap()[index];
                let layer_max = maxima.map(MapId::Layer(layer)).unwrap()[index];
                prop_assert!((f64::from(layer_mean) - mean(&values)).abs() < 1e-6);
                prop_assert_eq!(f64::from(layer_max), maximum(&values));
                all.extend(values);
            }
            prop_assert!((f64::from(all_mean[index]) - mean(&all)).abs() < 1e-6);
            prop_assert_eq!(f64::from(all_max[index]), maximum(&all));
        }
        prop_assert!(means.map(MapId::Layer(layers)).is_none());
        for position in 0..8 {
            let from = profile(&shown, Direction::From, position).unwrap();
            let to = profile(&shown, Direction::To, position).unwrap();
            for other in 0..8 {
                prop_assert_eq!(from.mean[other], all_mean[position * 8 + other]);
                prop_assert_eq!(to.mean[other], all_mean[other * 8 + position]);
            }
            prop_assert_eq!((from.by_layer.len(), to.by_layer.len()), (layers, layers));
        }
        prop_assert!(profile(&shown, Direction::To, 8).is_none());
    }

    #[test]
    fn the_strongest_links_are_the_front_of_all_in_order(
        cells in prop::collection::vec(0.0_f32..1.0, 1..80), key_count in 1_usize..9, count in 0_usize..90,
    ) {
        let query_count = cells.len() / key_count;
        let values = &cells[..query_count * key_count];
        let axis = |length: usize| {
            let units: Vec<Unit> = (0..length).map(|index| unit("x", index == 0)).collect();
            Axis::new(StreamRole::Source, &units)
        };
        let (rows, columns) = (axis(query_count), axis(key_count));
        let links = |choice| strongest_links(values, [&rows, &columns], choice, count);
        let mut all: Vec<usize> = (0..values.len()).filter(|&cell| values[cell] > 0.0).collect();
        all.sort_by(|&left, &right| values[right].total_cmp(&values[left]));
        let found: Vec<usize> = links(LinkChoice::All)
            .iter()
            .map(|link| link.query * key_count + link.key)
            .collect();
        let front: Vec<usize> = all.iter().copied().take(count).collect();
        prop_assert_eq!(found, front);
        // Of each query the best, no special token unless there is nothing else.
        let is_text = |index: usize, length: usize| index > 0 || length == 1;
        let mut queries = BTreeSet::new();
        let best: Vec<usize> = all
            .into_iter()
            .filter(|cell| {
                let (query, key) = (cell / key_count, cell % key_count);
                is_text(query, query_count) && is_text(key, key_count) && queries.insert(query)
            })
            .take(count)
            .collect();
        let found: Vec<usize> = links(LinkChoice::Best)
            .iter()
            .map(|link| link.query * key_count + link.key)
            .collect();
        prop_assert_eq!(found, best);
    }
}
