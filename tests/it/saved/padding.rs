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
    let before = padded([true, true, false, false], f32::NAN);
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
