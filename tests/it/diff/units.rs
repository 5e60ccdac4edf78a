//! Which units of two runs stand beside one another.

use attnviz::analysis::{Granularity, MapId};
use attnviz::attention::HeadId;
use attnviz::checkpoint::ModelSource;
use attnviz::compare::{
    CompareError, Comparison, DifferenceMeasure, ModelFacts, Pairing, caution, compare_runs,
};
use attnviz::input::{Input, Place, SpecialRole, Unit};
use attnviz::run::Run;

use crate::runs::{own, run_of, source, unit};

/// A token at a place of the text; an added one where the place is nothing.
fn token(text: &str, word: u32, place: Option<[usize; 2]>) -> Unit {
    Unit {
        text: text.to_owned(),
        label: text.to_owned(),
        word: place.map(|_| word),
        special: place.is_none().then(|| SpecialRole::of(text)),
        place: place.map_or(Place::Added, |[start, end]| Place::Bytes { start, end }),
        ..unit(text, false)
    }
}

/// A head whose every query attends to all keys alike but for the first, which
/// gets a share of its own.
fn run(text: &str, units: Vec<Unit>, first: f32) -> Run {
    let count = units.len();
    let row = (0..count).map(|key| match key {
        0 => first,
        _ => (1.0 - first) / (count - 1) as f32,
    });
    let values: Vec<f32> = row.collect::<Vec<_>>().repeat(count);
    run_of(
        ("model", ModelSource::Directory),
        Input::text(text),
        source(units),
        own(values, [1, 1, count, count]),
    )
}

/// "The unhappy cat." in two vocabularies, one with the special units of BERT
/// and another with those of RoBERTa.
const TEXT: &str = "The unhappy cat.";

fn pieces() -> Vec<Unit> {
    vec![
        token("[CLS]", 0, None),
        token("the", 0, Some([0, 3])),
        token("un", 1, Some([4, 6])),
        token("##happy", 1, Some([6, 11])),
        token("cat", 2, Some([12, 15])),
        token(".", 3, Some([15, 16])),
        token("[SEP]", 0, None),
    ]
}

fn other_pieces() -> Vec<Unit> {
    vec![
        token("<s>", 0, None),
        token("The", 0, Some([0, 3])),
        token("Ġunhapp", 1, Some([3, 10])),
        token("y", 1, Some([10, 11])),
        token("Ġcat", 2, Some([11, 15])),
        token(".", 3, Some([15, 16])),
        token("</s>", 0, None),
    ]
}

fn compare<'run>(
    left: &'run Run,
    right: &'run Run,
    granularity: Granularity,
    pairing: Pairing,
) -> Result<Comparison<'run>, CompareError> {
    compare_runs(left, right, granularity, pairing)
}

fn names(comparison: &Comparison<'_>) -> Vec<[String; 2]> {
    let rows = comparison.unlike.iter();
    rows.map(|row| {
        row.clone()
            .map(|unit| unit.map_or(String::new(), |unit| unit.text))
    })
    .collect()
}

fn labels(comparison: &Comparison<'_>) -> [Vec<String>; 2] {
    [&comparison.left, &comparison.right].map(|maps| {
        let units = maps.columns.units.iter();
        units.map(|unit| unit.label.clone()).collect()
    })
}

#[test]
fn the_same_input_in_other_tokens_is_refused_with_those_that_differ() {
    let left = run(TEXT, pieces(), 0.5);
    let right = run(TEXT, other_pieces(), 0.5);
    let error = compare(&left, &right, Granularity::Subword, Pairing::SameInput).unwrap_err();
    let unlike = error.unlike().expect("units are the reason");
    let texts: Vec<[&str; 2]> = unlike
        .iter()
        .map(|row| [0, 1].map(|side| row[side].as_ref().map_or("", |unit| unit.text.as_str())))
        .collect();
    assert_eq!(
        texts,
        [
            ["[CLS]", "<s>"],
            ["the", "The"],
            ["un", "Ġunhapp"],
            ["##happy", "y"],
            ["cat", "Ġcat"],
            ["[SEP]", "</s>"]
        ]
    );
    assert_eq!(unlike[5][1].as_ref().map(|unit| unit.position), Some(6));
    assert_eq!(
        error.to_string(),
        "the two sides have other units, and 6 of them differ; the first: \"[CLS]\" at 0 on the left, \"<s>\" at 0 on the right"
    );
}

#[test]
fn words_of_the_same_text_stand_beside_one_another_in_any_vocabulary() {
    let left = run(TEXT, pieces(), 0.4);
    let right = run(TEXT, other_pieces(), 0.1);
    let comparison = compare(&left, &right, Granularity::Word, Pairing::SameInput).unwrap();
    assert!(comparison.unlike.is_empty(), "{:?}", comparison.unlike);
    let words = ["The", "unhappy", "cat", "."].map(str::to_owned);
    let of_side = |start: &str, end: &str| -> Vec<String> {
        let ends = [vec![start.to_owned()], words.to_vec(), vec![end.to_owned()]];
        ends.concat()
    };
    assert_eq!(
        labels(&comparison),
        [of_side("[CLS]", "[SEP]"), of_side("<s>", "</s>")]
    );
    assert!(comparison.scores.is_none(), "scores are of tokens");
    // 0.4 and 0.1 for the first unit of every query, alike for all others.
    let variation = comparison
        .differences
        .heads(DifferenceMeasure::TotalVariation);
    assert!((variation[0] - 0.3).abs() < 1e-6, "{variation:?}");
}

#[test]
fn words_that_only_one_side_has_are_left_out_and_told() {
    let left = run(TEXT, pieces(), 0.4);
    let mut units = other_pieces();
    // A tokenizer that leaves the full stop at the word.
    units[4] = token("Ġcat.", 2, Some([11, 16]));
    units.remove(5);
    let right = run(TEXT, units, 0.4);
    let comparison = compare(&left, &right, Granularity::Word, Pairing::SameInput).unwrap();
    assert_eq!(
        names(&comparison),
        [
            ["cat".to_owned(), "Ġcat.".to_owned()],
            [".".to_owned(), String::new()]
        ]
    );
    assert_eq!(labels(&comparison)[0], ["[CLS]", "The", "unhappy", "[SEP]"]);
    assert!(
        comparison.notes.iter().any(|note| note
            .starts_with("2 units of the left side and 1 of the right have nothing beside them")),
        "{:?}",
        comparison.notes
    );
    // Without what is left out, rows sum to less on either side.
    let map = comparison
        .left
        .map(MapId::Head(HeadId { layer: 0, head: 0 }));
    let first: f32 = map.unwrap()[..4].iter().sum();
    assert!((first - 0.8).abs() < 1e-6, "{first}");
}

#[test]
fn two_texts_on_one_model_are_compared_where_they_agree_or_replace_one_another() {
    let text = |words: &[&str]| -> Run {
        let mut units = vec![token("[CLS]", 0, None)];
        let mut start = 0;
        for (number, word) in words.iter().enumerate() {
            units.push(token(
                word,
                number as u32,
                Some([start, start + word.len()]),
            ));
            start += word.len() + 1;
        }
        units.push(token("[SEP]", 0, None));
        run(&words.join(" "), units, 0.3)
    };
    let left = text(&["it", "was", "tired", "today"]);
    type Case<'case> = (
        &'case [&'case str],
        &'case [usize],
        &'case [[&'case str; 2]],
    );
    let cases: [Case<'_>; 4] = [
        (&["it", "was", "wide", "today"], &[3], &[["tired", "wide"]]),
        (
            &["it", "was", "very", "wide", "today"],
            &[],
            &[["tired", "very"], ["", "wide"]],
        ),
        (&["it", "was", "tired"], &[], &[["today", ""]]),
        (&["it", "was", "tired", "today"], &[], &[]),
    ];
    for granularity in [Granularity::Subword, Granularity::Word] {
        for (words, replaced, unlike) in cases {
            let right = text(words);
            let comparison = compare(&left, &right, granularity, Pairing::OtherInput).unwrap();
            let [rows, columns] = comparison.replaced();
            assert_eq!((rows.as_slice(), columns.as_slice()), (replaced, replaced));
            let expected: Vec<_> = unlike.iter().map(|row| row.map(str::to_owned)).collect();
            assert_eq!(names(&comparison), expected, "{words:?}");
            assert_eq!(comparison.scores.is_some(), unlike.is_empty(), "{words:?}");
        }
    }
    let other = text(&["completely", "else"]);
    let error = compare(&left, &other, Granularity::Subword, Pairing::OtherInput).unwrap_err();
    assert!(
        matches!(error, CompareError::NothingInCommon { .. }),
        "{error}"
    );
}

#[test]
fn unknown_tokens_of_two_texts_are_the_same_only_where_they_stand_for_the_same() {
    let unknown = |label: &str| Unit {
        label: label.to_owned(),
        ..token("[UNK]", 0, Some([0, 3]))
    };
    let units = |label: &str| {
        vec![
            unknown(label),
            token("a", 1, Some([4, 5])),
            token("b", 2, Some([6, 7])),
        ]
    };
    let left = run("☃ a b", units("[UNK] ☃"), 0.2);
    for (text, label, expected) in [("☃ a b", "[UNK] ☃", 0), ("☄ a b", "[UNK] ☄", 1)] {
        let right = run(text, units(label), 0.2);
        let comparison = compare(&left, &right, Granularity::Subword, Pairing::OtherInput).unwrap();
        assert_eq!(comparison.unlike.len(), expected, "{label}");
    }
}

#[test]
fn scores_differ_by_right_minus_left() {
    use attnviz::analysis::Score;
    let left = run(TEXT, pieces(), 0.2);
    let right = run(TEXT, pieces(), 0.6);
    let comparison = compare(&left, &right, Granularity::Subword, Pairing::SameInput).unwrap();
    let scores = comparison.scores.expect("the tokens are the same");
    let attention_to_start = scores.get(Score::Classification);
    assert!(
        (attention_to_start[0] - 0.4).abs() < 1e-6,
        "{attention_to_start:?}"
    );
    let entropy = scores.get(Score::Entropy);
    assert!(entropy[0] < -0.3, "{entropy:?}");
    // Empty on both sides, and so no number.
    assert!(scores.get(Score::Segment)[0].is_nan());
}

#[test]
fn the_reader_is_told_where_heads_are_hardly_the_same_ones() {
    let facts = |model_type: &str, hidden_size, vocabulary_size| ModelFacts {
        model_type: model_type.to_owned(),
        hidden_size,
        vocabulary_size,
    };
    let bert = facts("bert", 384, 100);
    let near = [0.1, 0.0, 0.19];
    let cases = [
        (Some(bert.clone()), &near[..], None),
        (None, &near[..], None),
        (
            Some(facts("roberta", 384, 100)),
            &near[..],
            Some("one model is bert, the other roberta"),
        ),
        (
            Some(facts("bert", 768, 100)),
            &near[..],
            Some("the hidden states have 384 and 768 entries"),
        ),
        (
            Some(facts("bert", 384, 101)),
            &near[..],
            Some("the vocabularies have 100 and 101 entries"),
        ),
        (
            Some(bert.clone()),
            &[0.5, 0.3, 0.0][..],
            Some("half of the heads differ by 0.30 bits or more"),
        ),
        (None, &[][..], None),
    ];
    for (right, js_bits, expected) in cases {
        let facts = right.as_ref().map(|right| [&bert, right]);
        let found = caution(facts, js_bits);
        match expected {
            None => assert_eq!(found, None),
            Some(reason) => {
                let found = found.expect("it is said");
                assert!(
                    found.starts_with("Head h here is head h there only"),
                    "{found}"
                );
                assert!(found.contains(reason), "{found}");
            }
        }
    }
}
