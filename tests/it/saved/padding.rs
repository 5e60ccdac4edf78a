//! Padding of attention from elsewhere, and what else is NaN.

use std::fs;

use super::{npy_file, only_folder};
use crate::bad_input::check_refused;
use crate::binary::{Workplace, manifest};

/// Two heads over four tokens of which `is_pad` are padding: masked as keys,
/// and `row` as queries.
fn padded(is_pad: [bool; 4], row: f32) -> Vec<f32> {
    let count = is_pad.iter().filter(|&&pad| !pad).count() as f32;
    let map = (0..4).flat_map(|query: usize| {
        (0..4).map(move |key: usize| match (is_pad[query], is_pad[key]) {
            (true, _) => row,
            (false, true) => 0.0,
            (false, false) => 1.0 / count,
        })
    });
    let map: Vec<f32> = map.collect();
    [map.clone(), map].concat()
}

const LAST: [bool; 4] = [false, false, true, true];

#[test]
fn padding_at_the_end_is_cut_off_and_said() {
    for row in [f32::NAN, 0.0] {
        let workplace = Workplace::new();
        npy_file(&workplace, "it.npy", &[1, 2, 4, 4], &padded(LAST, row));
        fs::write(workplace.path().join("long"), "[CLS]\ncat\n[PAD]\n[PAD]")
            .expect("it is written");
        fs::write(workplace.path().join("short"), "[CLS]\ncat").expect("it is written");
        for labels in ["long", "short"] {
            let output = format!("out-{labels}");
            let arguments = ["render", "it.npy", "--labels", labels, "-o", &output];
            let outcome = workplace.succeed(&arguments);
            let note = "the last 2 of 4 tokens are NaN or 0 in every head and cut off as padding";
            assert_eq!(outcome.stderr, format!("warning: it.npy: {note}\n"));
            assert!(
                outcome.stdout.contains("tokens  2: [CLS] cat\n"),
                "{}",
                outcome.stdout
            );
            let manifest = manifest(&only_folder(&workplace, &output));
            let notes = manifest["attention"][0]["notes"].to_string();
            assert!(notes.contains("The last 2 of 4 tokens"), "{notes}");
            assert!(manifest["attention"][0]["row_sums"].is_null());
        }
        let arguments = ["render", "it.npy", "--labels", "three"];
        fs::write(workplace.path().join("three"), "a\nb\nc").expect("it is written");
        check_refused(&workplace, &arguments, 1, &["expected 2 labels", "found 3"]);
    }
}

#[test]
fn queries_and_keys_of_two_sequences_are_cut_apart() {
    let workplace = Workplace::new();
    let nan = f32::NAN;
    let values = [
        [0.5, 0.5, 0.0],
        [0.25, 0.75, 0.0],
        [nan, nan, nan],
        [nan, nan, nan],
    ]
    .concat();
    npy_file(&workplace, "it.npy", &[1, 1, 4, 3], &values);
    let outcome = workplace.succeed(&["render", "it.npy"]);
    for note in [
        "it.npy: the last 2 of 4 queries are NaN or 0",
        "it.npy: the last of 3 keys is NaN or 0",
    ] {
        assert!(outcome.stderr.contains(note), "{}", outcome.stderr);
    }
    assert!(outcome.stdout.contains("source  2: 0 1\ntarget  2: 0 1\n"));
}

#[test]
fn a_row_of_nothing_between_others_stays() {
    let workplace = Workplace::new();
    let middle = padded([false, true, false, false], 0.0);
    npy_file(&workplace, "it.npy", &[1, 2, 4, 4], &middle);
    let outcome = workplace.succeed(&["render", "it.npy"]);
    assert!(outcome.stdout.contains("tokens  4: "), "{}", outcome.stdout);
    assert!(!outcome.stderr.contains("padding"), "{}", outcome.stderr);
    // One that is blank as a query alone is no padding.
    let mut values = padded(LAST, 0.0);
    values[3] = 0.5;
    npy_file(&workplace, "it.npy", &[1, 2, 4, 4], &values);
    let outcome = workplace.succeed(&["render", "it.npy", "-o", "other"]);
    assert!(outcome.stdout.contains("tokens  4: "), "{}", outcome.stdout);
    // What is blank throughout has nothing that could be left.
    npy_file(&workplace, "it.npy", &[1, 1, 2, 2], &[0.0; 4]);
    workplace.succeed(&["render", "it.npy", "-o", "zeros"]);
}

#[test]
fn nan_elsewhere_is_refused_with_what_it_means() {
    let workplace = Workplace::new();
    let arguments = ["render", "it.npy"];
    let mut before = padded([true, true, false, false], f32::NAN);
    // A later one attends to it.
    before[8] = 0.25;
    npy_file(&workplace, "it.npy", &[1, 2, 4, 4], &before);
    let words = ["the row of query 0", "padding", "attention[..., 2:, 2:]"];
    check_refused(&workplace, &arguments, 1, &words);
    let middle = padded([false, true, false, false], f32::NAN);
    npy_file(&workplace, "it.npy", &[1, 2, 4, 4], &middle);
    let words = ["the row of query 1", "padding", "padding=False"];
    check_refused(&workplace, &arguments, 1, &words);
    let mut single = padded([false; 4], 0.0);
    single[21] = f32::NAN;
    npy_file(&workplace, "it.npy", &[1, 2, 4, 4], &single);
    let words = [
        "layer 0, head 1, query 1, key 1 is NaN",
        "dtype=torch.float32",
    ];
    check_refused(&workplace, &arguments, 1, &words);
    npy_file(&workplace, "it.npy", &[1, 2, 4, 4], &[f32::NAN; 32]);
    check_refused(&workplace, &arguments, 1, &["the row of query 0", "NaN"]);
}

/// Two heads of a decoder over `is_pad`, as transformers gives them: padding is
/// masked as keys, and `row` of the queries before any that is not masked.
fn decoder(is_pad: &[bool], row: impl Fn(usize, usize) -> f32) -> Vec<f32> {
    let (count, row) = (is_pad.len(), &row);
    let map: Vec<f32> = (0..count)
        .flat_map(|query| {
            let seen = is_pad[..=query].iter().filter(|&&pad| !pad).count();
            (0..count).map(move |key| match (seen, is_pad[key] || key > query) {
                (0, _) => row(query, key),
                (_, true) => 0.0,
                (_, false) => 1.0 / seen as f32,
            })
        })
        .collect();
    [map.clone(), map].concat()
}

const LEFT: [bool; 7] = [true, true, true, false, false, false, false];
const RIGHT: [bool; 7] = [false, false, false, false, true, true, true];

#[test]
fn padding_at_the_beginning_of_a_decoder_is_cut_off_and_said() {
    // Even over all keys; over those up to its own and the real ones, which
    // have another mask; and nothing.
    let rows: [fn(usize, usize) -> f32; 4] = [
        |_, _| 1.0 / 7.0,
        |query, key| match key <= query || key > 2 {
            true => 1.0 / (query as f32 + 5.0),
            false => 0.0,
        },
        |_, _| f32::NAN,
        |_, _| 0.0,
    ];
    for (index, row) in rows.into_iter().enumerate() {
        let workplace = Workplace::new();
        npy_file(&workplace, "it.npy", &[1, 2, 7, 7], &decoder(&LEFT, row));
        fs::write(workplace.path().join("long"), "P\nP\nP\na\nb\nc\nd").expect("it is written");
        fs::write(workplace.path().join("short"), "a\nb\nc\nd").expect("it is written");
        for labels in ["long", "short"] {
            let output = format!("out-{labels}");
            let arguments = ["render", "it.npy", "--labels", labels, "-o", &output];
            let outcome = workplace.succeed(&arguments);
            assert!(
                outcome
                    .stderr
                    .contains("positions are counted from 0 after the padding")
            );
            let start = "warning: it.npy: the first 3 of 7 tokens are cut off as padding: ";
            assert!(
                outcome.stderr.starts_with(start),
                "{index}: {}",
                outcome.stderr
            );
            assert_eq!(outcome.stderr.lines().count(), 1, "{}", outcome.stderr);
            let tokens = "tokens  4: a b c d\n";
            assert!(
                outcome.stdout.contains(tokens),
                "{index}: {}",
                outcome.stdout
            );
            let manifest = manifest(&only_folder(&workplace, &output));
            let attention = &manifest["attention"][0];
            assert_eq!(attention["masks"].to_string(), r#"["causal"]"#, "{index}");
            let notes = attention["notes"].to_string();
            assert!(notes.contains("The first 3 of 7 tokens"), "{notes}");
        }
    }
}

#[test]
fn what_may_be_padding_is_told_with_what_to_type() {
    let left_of_encoder: Vec<f32> = (0..98)
        .map(|place| match place % 7 < 3 {
            true => 0.0,
            false => 0.25,
        })
        .collect();
    let right_of_encoder: Vec<f32> = left_of_encoder.iter().rev().copied().collect();
    // Padding that attends to itself.
    let own = decoder(&LEFT, |query, key| f32::from(u8::from(query == key)));
    let right_of_decoder = decoder(&RIGHT, |_, _| 0.0);
    for (values, which, crop, slice) in [
        (left_of_encoder, "the first 3", "3-6", "3:7, 3:7"),
        (right_of_encoder, "the last 3", "0-3", "0:4, 0:4"),
        (own, "the first 3", "3-6", "3:7, 3:7"),
        (right_of_decoder, "the last 3", "0-3", "0:4, 0:4"),
    ] {
        let workplace = Workplace::new();
        npy_file(&workplace, "it.npy", &[1, 2, 7, 7], &values);
        let labels = ["a", "b", "c", "d", "e", "f", "g"].join("\n");
        fs::write(workplace.path().join("labels"), labels).expect("it is written");
        let arguments = ["render", "it.npy", "--labels", "labels", "-o", "all"];
        let outcome = workplace.succeed(&arguments);
        let warning = format!(
            "warning: it.npy: no other token attends to {which} of 7 tokens in any head: if that is padding, attnviz render --crop {crop} leaves it out, or save attention[..., {slice}]\n"
        );
        assert_eq!(outcome.stderr, warning);
        assert!(outcome.stdout.contains("tokens  7: "), "{}", outcome.stdout);
        // The rows of the others lose nothing by it.
        workplace.succeed(&["render", "it.npy", "--crop", crop, "-o", "cropped"]);
        let manifest = manifest(&only_folder(&workplace, "cropped"));
        let notes = manifest["shown"]["notes"].to_string();
        assert!(notes.contains("of 7, counted from 0"), "{notes}");
        assert!(!notes.contains("less than 1"), "{notes}");
    }
}

#[test]
fn what_is_attended_to_or_attends_to_itself_is_no_padding() {
    let identity = [[1.0_f32, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]].concat();
    let plain = super::causal(1, 1, 3);
    let mut seen = decoder(&LEFT, |_, _| 1.0 / 7.0);
    // In the last head alone.
    seen[49 + 6 * 7] = 1e-20;
    for (shape, values) in [
        ([1, 1, 3, 3], identity),
        ([1, 1, 3, 3], plain),
        ([1, 2, 7, 7], seen),
    ] {
        let workplace = Workplace::new();
        npy_file(&workplace, "it.npy", &shape, &values);
        let outcome = workplace.succeed(&["render", "it.npy"]);
        let tokens = format!("tokens  {}: ", shape[3]);
        assert!(outcome.stdout.contains(&tokens), "{}", outcome.stdout);
        assert!(!outcome.stderr.contains("cut off"), "{}", outcome.stderr);
    }
}
