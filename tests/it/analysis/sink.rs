//! The first token hidden: what is left, and what is said about it.

use super::*;

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
