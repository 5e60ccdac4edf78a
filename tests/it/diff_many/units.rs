//! Two models whose tokens are not the same.

use std::fs;

use serde_json::{Value, json};

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

/// What of an input is not compared, as `results.jsonl` has it.
fn failed(workplace: &Workplace, output: &str) -> Vec<Value> {
    let path = workplace.path().join(output).join("results.jsonl");
    let results = fs::read_to_string(path).expect("there are results");
    let records = results
        .lines()
        .map(|line| serde_json::from_str(line).expect("JSON"));
    records
        .filter(|record: &Value| record["status"] == "failed")
        .collect()
}

/// Compares and expects that all but the second input are compared, and that its
/// units are shown first, on the page, in the results and as JSON.
fn check_units_of_second(workplace: &Workplace, sides: [&str; 2], more: &[&str], hint: &str) {
    let found = diff(workplace, 1, sides, "out", more);
    let mut lines = found.stdout.lines();
    let words = "units     1 input is not compared, whose units differ:";
    assert_eq!(lines.next(), Some(words), "{}", found.stdout);
    assert_eq!(lines.next(), Some("  000002"), "{}", found.stdout);
    let table: Vec<&str> = lines.take_while(|line| line.starts_with("   ")).collect();
    assert!(
        table.iter().any(|line| line.contains(WORD)),
        "{}",
        found.stdout
    );
    assert!(
        found.stdout.contains("2 compared, 1 not compared"),
        "{}",
        found.stdout
    );
    let reason = format!("the first: \"{WORD}\" at 5 on the left");
    assert!(
        found.stderr.contains(&reason) && found.stderr.contains(hint),
        "{}",
        found.stderr
    );
    let page = fs::read_to_string(workplace.path().join("out/index.html")).expect("a page");
    let units = page
        .split_once("Units that are not the same")
        .expect("a list")
        .1;
    assert!(units.contains("000002") && units.contains(WORD));
    assert!(page.contains("1 input is not compared: the units of both sides differ."));
    let records = failed(workplace, "out");
    assert_eq!(records.len(), 1);
    assert_eq!(records[0]["id"], "000002");
    let units = &records[0]["unlike_units"];
    assert_eq!(units[0][0], json!({"position": 5, "text": WORD}), "{units}");

    let json = [more, &["--json"]].concat();
    let report: Value =
        serde_json::from_str(&diff(workplace, 1, sides, "out", &json).stdout).expect("JSON");
    assert_eq!(report["unlike"][0]["id"], "000002");
    assert_eq!(report["unlike"][0]["compared"], false);
    assert_eq!(&report["unlike"][0]["units"], units);
    assert_eq!(report["inputs"]["done"], 2);
}

#[test]
fn an_input_of_other_tokens_is_one_that_is_not_compared_and_is_shown_first() {
    let workplace = workplace();
    with_other_tokens(&workplace);
    write(
        &workplace,
        "in.txt",
        "Short.\nShow the street.\nShort street.\n",
    );
    let inputs = ["--inputs", "in.txt"];
    let sides = [&model(), "other"];
    check_units_of_second(&workplace, sides, &inputs, "--tokens word");
    // It weighs more than a limit, which says nothing of it.
    let limit = [&inputs[..], &["--max-abs", "0"]].concat();
    diff(&workplace, 1, sides, "out", &limit);

    for (side, model) in [("left", model()), ("right", "other".to_owned())] {
        let more = ["--format", "npz", "-q", "--views", "overview"];
        let batch = ["batch", "in.txt", "-m", &model, "-o", side];
        workplace.succeed(&[&batch[..], &more].concat());
    }
    check_units_of_second(&workplace, ["left", "right"], &[], "--tokens word");

    // By words, what agrees is compared, and the rest is said.
    let words = ["--inputs", "in.txt", "--tokens", "word"];
    let found = diff(&workplace, 0, sides, "words", &words);
    assert!(
        found.stdout.contains("3 compared, 0 not compared"),
        "{}",
        found.stdout
    );
    assert!(found.stdout.contains("note"), "{}", found.stdout);
}

#[test]
fn scores_of_other_tokens_are_not_compared() {
    let workplace = workplace();
    with_other_tokens(&workplace);
    write(
        &workplace,
        "in.txt",
        "Short.\nShow the street.\nShort street.\n",
    );
    for (side, model) in [("left", model()), ("right", "other".to_owned())] {
        workplace.succeed(&["scores", "in.txt", "-m", &model, "-o", side, "-q"]);
    }
    check_units_of_second(&workplace, ["left", "right"], &[], "--tokens word");

    // The right side's inputs come in another order.
    let lines = "The street.\nShort.\nShow the street.\n";
    write(&workplace, "other.txt", lines);
    write(
        &workplace,
        "in.txt",
        "Show the street.\nThe street.\nShort.\n",
    );
    let more = ["-q", "--overwrite"];
    for (side, model, file) in [
        ("left", model(), "in.txt"),
        ("right", "other".into(), "other.txt"),
    ] {
        workplace.succeed(&[&["scores", file, "-m", &model, "-o", side][..], &more].concat());
    }
    diff(&workplace, 1, ["left", "right"], "turned", &[]);
    let records = failed(&workplace, "turned");
    let first = |record: &Value| record["unlike_units"][0][0]["position"].clone();
    let firsts: Vec<Value> = records.iter().map(first).collect();
    assert_eq!(firsts, [json!(5), json!(1)], "{records:?}");
}
