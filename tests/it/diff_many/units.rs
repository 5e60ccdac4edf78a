//! Two models whose tokens are not the same.

use std::fs;

use super::{MODEL, diff, model, workplace, write};
use crate::binary::{Workplace, copy_of_fixture};

/// A copy of the small model whose vocabulary has another piece in the place of
/// one that the inputs need, so that a word is cut into other pieces.
pub(super) fn with_other_tokens(workplace: &Workplace) {
    let folder = workplace.path().join("other");
    copy_of_fixture(MODEL, &folder);
    let path = folder.join("vocab.txt");
    let vocabulary = fs::read_to_string(&path).expect("there is a vocabulary");
    assert!(
        vocabulary.lines().any(|piece| piece == WORD),
        "{vocabulary}"
    );
    let other: String = vocabulary
        .lines()
        .map(|piece| {
            if piece == WORD {
                "[unused-99]\n".to_owned()
            } else {
                format!("{piece}\n")
            }
        })
        .collect();
    fs::write(&path, other).expect("the vocabulary can be written");
}

/// A word that is one token of the small model.
pub(super) const WORD: &str = "the";

#[test]
fn other_tokens_are_shown_first_and_end_the_comparison() {
    let workplace = workplace();
    with_other_tokens(&workplace);
    write(&workplace, "in.txt", "Short.\nShow the street.\n");
    let found = diff(
        &workplace,
        1,
        [&model(), "other"],
        "out",
        &["--inputs", "in.txt"],
    );
    let first = found.stdout.lines().next().expect("the units come first");
    assert!(first.contains("000002"), "{}", found.stdout);
    assert!(found.stdout.contains(WORD), "{}", found.stdout);
    assert!(
        found.stderr.contains("input \"000002\""),
        "{}",
        found.stderr
    );
    assert!(found.stderr.contains("--tokens word"), "{}", found.stderr);
    assert!(!workplace.path().join("out").exists());

    // By words, what agrees is compared, and the rest is said.
    let words = ["--inputs", "in.txt", "--tokens", "word"];
    let found = diff(&workplace, 0, [&model(), "other"], "words", &words);
    assert!(
        found.stdout.contains("2 compared, 0 not compared"),
        "{}",
        found.stdout
    );
    assert!(found.stdout.contains("note"), "{}", found.stdout);
}

#[test]
fn scores_of_other_tokens_are_not_compared() {
    let workplace = workplace();
    with_other_tokens(&workplace);
    write(&workplace, "in.txt", "Short.\nShow the street.\n");
    for (side, model) in [("left", model()), ("right", "other".to_owned())] {
        workplace.succeed(&["scores", "in.txt", "-m", &model, "-o", side, "-q"]);
    }
    let found = diff(&workplace, 1, ["left", "right"], "out", &[]);
    assert!(
        found.stdout.contains("000002") && found.stdout.contains(WORD),
        "{}",
        found.stdout
    );
    assert!(found.stderr.contains("of other tokens"), "{}", found.stderr);
    assert!(!workplace.path().join("out").exists());
}
