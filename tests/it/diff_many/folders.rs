//! Batches and folders of scores that were saved, and whose a folder is.

use std::fs;

use super::{csv, diff, diff_models, model, workplace, write};
use crate::binary::{Workplace, tree};

/// Saves both models' batches and scores of two files of inputs.
pub(super) fn save(workplace: &Workplace, files: [&str; 2]) {
    let models = [model(), "changed".to_owned()];
    for (side, (file, model)) in ["left", "right"].iter().zip(files.iter().zip(&models)) {
        let batch = format!("{side}-batch");
        let all = ["batch", file, "-m", model, "-o", &batch, "-f", "npz", "-q"];
        assert!(matches!(workplace.run(&all).code, Some(0 | 3)));
        let scores = format!("{side}-scores");
        let all = ["scores", file, "-m", model, "-o", &scores, "-q"];
        assert!(matches!(workplace.run(&all).code, Some(0 | 3)));
    }
}

const BATCHES: [&str; 2] = ["left-batch", "right-batch"];
pub(super) const SCORES: [&str; 2] = ["left-scores", "right-scores"];

#[test]
fn saved_batches_and_scores_give_the_numbers_of_the_models() {
    let workplace = workplace();
    save(&workplace, ["in.txt", "in.txt"]);
    diff_models(&workplace, 0, "models", &[]);
    diff(&workplace, 0, BATCHES, "batches", &[]);
    diff(&workplace, 0, SCORES, "scores", &[]);
    let models = csv(&workplace, "models/diff.csv");
    assert_eq!(csv(&workplace, "batches/diff.csv"), models);
    let of_scores = models
        .iter()
        .filter(|row| row["measure"].ends_with("_difference"));
    assert!(csv(&workplace, "scores/diff.csv").iter().eq(of_scores));
    let table = |name: &str| fs::read(workplace.path().join(name)).expect("there is a table");
    assert_eq!(table("models/diff.parquet"), table("batches/diff.parquet"));
    for folder in ["models", "batches", "scores"] {
        let page = fs::read_to_string(workplace.path().join(folder).join("index.html"));
        let page = page.expect("there is a page");
        let (_, worst) = page
            .split_once("The inputs that differ most")
            .expect("they are there");
        assert!(
            worst.contains("The animal was tired, so it slept."),
            "{folder}"
        );
    }
}

#[test]
fn some_layers_and_heads_are_compared_where_only_they_are_asked_for() {
    let workplace = workplace();
    save(&workplace, ["in.txt", "in.txt"]);
    let some = ["--layers", "-1", "--heads", "2-3"];
    diff_models(&workplace, 0, "models", &some);
    diff(&workplace, 0, BATCHES, "batches", &some);
    diff(&workplace, 0, SCORES, "scores", &some);
    let models = csv(&workplace, "models/diff.csv");
    assert!(
        models
            .iter()
            .all(|row| row["layer"] == "1" && ["2", "3"].contains(&&*row["head"]))
    );
    assert_eq!(csv(&workplace, "batches/diff.csv"), models);
    let of_scores = models
        .iter()
        .filter(|row| row["measure"].ends_with("_difference"));
    assert!(csv(&workplace, "scores/diff.csv").iter().eq(of_scores));
}

/// The ids that were compared, and those that were not with the reason.
fn results(workplace: &Workplace, folder: &str) -> Vec<(String, Option<String>)> {
    let path = workplace.path().join(folder).join("results.jsonl");
    let lines = fs::read_to_string(path).expect("there are results");
    let records = lines.lines().map(|line| {
        let record: serde_json::Value = serde_json::from_str(line).expect("JSON");
        let id = record["id"].as_str().expect("an id").to_owned();
        (id, record["error"].as_str().map(str::to_owned))
    });
    records.collect()
}

#[test]
fn inputs_are_matched_by_id_and_text_and_what_one_side_has_is_listed() {
    let workplace = workplace();
    let line = |id: &str, text: &str| format!("{{\"id\": \"{id}\", \"text\": \"{text}\"}}\n");
    let long = "word ".repeat(2_000);
    let left = [
        line("a", "The animal was tired."),
        line("b", "Hello, how are you?"),
        line("c", "He is a nurse."),
        line("long", &long),
        line("twice", "Hello."),
        line("other", "Hello."),
    ];
    // In another order, one under another id, one with another text, one missing.
    let right = [
        line("other", "Hello."),
        line("moved", "The animal was tired."),
        line("c", "She is a nurse."),
        line("b", "Hello, how are you?"),
        line("long", &long),
    ];
    write(&workplace, "left.jsonl", left.concat());
    write(&workplace, "right.jsonl", right.concat());
    save(&workplace, ["left.jsonl", "right.jsonl"]);
    for (sides, output) in [(BATCHES, "batches"), (SCORES, "scores")] {
        let found = diff(&workplace, 3, sides, output, &[]);
        assert!(
            found.stdout.contains("3 compared, 4 not compared"),
            "{}",
            found.stdout
        );
        let results = results(&workplace, output);
        let ids: Vec<&str> = results.iter().map(|(id, _)| id.as_str()).collect();
        assert_eq!(
            ids,
            ["a", "b", "c", "long", "twice", "other", "c"],
            "{output}"
        );
        let reasons: Vec<&str> = results
            .iter()
            .filter_map(|(_, error)| error.as_deref())
            .collect();
        let two_texts = "both sides have this id, with two texts; this is the";
        assert_eq!(reasons[0], format!("{two_texts} left one"), "{output}");
        assert!(reasons[1].starts_with("left: "), "{output}: {reasons:?}");
        assert_eq!(
            reasons[2..],
            [
                "only the left side has it".to_owned(),
                format!("{two_texts} right one")
            ]
        );
        let worst = csv(&workplace, &format!("{output}/diff.csv"));
        assert!(
            worst
                .iter()
                .all(|row| row["count"].parse::<u32>().is_ok_and(|count| count <= 3))
        );
    }
    // Folders of runs beside one another know each other by name and text.
    for (side, model) in [("left", model()), ("right", "changed".to_owned())] {
        for text in [
            "Hello, how are you?",
            if side == "left" { "One." } else { "Two." },
        ] {
            let all = ["encode", text, "-m", &model, "-o", side, "-f", "npz", "-q"];
            workplace.succeed(&all);
        }
    }
    let found = diff(&workplace, 3, ["left", "right"], "runs", &[]);
    assert!(
        found.stdout.contains("1 compared, 2 not compared"),
        "{}",
        found.stdout
    );
}

#[test]
fn nothing_in_common_is_an_error() {
    let workplace = workplace();
    write(&workplace, "other.txt", "Something else.\n");
    save(&workplace, ["in.txt", "other.txt"]);
    for sides in [BATCHES, SCORES] {
        let found = diff(&workplace, 1, sides, "out", &[]);
        assert!(
            found
                .stderr
                .contains("no input of one side is on the other"),
            "{}",
            found.stderr
        );
        assert!(!workplace.path().join("out").exists());
    }
}

#[test]
fn a_batch_without_numbers_is_said_to_have_none() {
    let workplace = workplace();
    for (side, model) in [("left", model()), ("right", "changed".to_owned())] {
        let all = [
            "batch", "in.txt", "-m", &model, "-o", side, "-q", "--layers", "0",
        ];
        workplace.succeed(&all);
    }
    let found = diff(&workplace, 1, ["left", "right"], "out", &[]);
    assert!(
        found.stderr.contains("attention.safetensors"),
        "{}",
        found.stderr
    );
    assert!(found.stderr.contains("hint: "), "{}", found.stderr);
}

#[test]
fn folders_of_scores_take_no_threshold_of_maps() {
    let workplace = workplace();
    save(&workplace, ["in.txt", "in.txt"]);
    for more in [
        ["--max-js-bits", "0.5"],
        ["--max-total-variation", "0.5"],
        ["--max-abs", "0.5"],
        ["--tokens", "word"],
    ] {
        let found = diff(&workplace, 2, SCORES, "out", &more);
        let hint = format!("hint: leave {}", more[0]);
        assert!(found.stderr.contains(&hint), "{more:?}: {}", found.stderr);
    }
}

#[test]
fn a_folder_belongs_to_its_sides_and_inputs() {
    let workplace = workplace();
    write(&workplace, "other.txt", "Something else.\n");
    diff_models(&workplace, 0, "out", &["--top-k", "2"]);
    let first = tree(&workplace.path().join("out"));
    assert!(first.keys().any(|name| name.starts_with("inputs/0000-")));
    // Other inputs, and one input, are other comparisons.
    let other = ["--inputs", "other.txt"];
    let one = ["--text", "Hello."];
    for more in [&other[..], &one] {
        diff(&workplace, 1, [&model(), "changed"], "out", more);
        assert!(tree(&workplace.path().join("out")) == first, "{more:?}");
    }
    // What an earlier comparison of the same shows goes, so that nothing is shown
    // that the numbers do not say.
    diff_models(&workplace, 0, "out", &[]);
    let second = tree(&workplace.path().join("out"));
    assert!(
        !second
            .keys()
            .any(|name| name.starts_with("inputs/") || name.starts_with("heads/"))
    );
    let overwrite = [&other[..], &["--overwrite"]].concat();
    diff(&workplace, 0, [&model(), "changed"], "out", &overwrite);
    let third = tree(&workplace.path().join("out"));
    assert_ne!(third["diff.csv"], second["diff.csv"]);
    // In the default place others get a folder of their own.
    let places = ["in.txt", "other.txt"].map(|file| {
        let all = [
            "diff",
            &model(),
            "changed",
            "--inputs",
            file,
            "--top-k",
            "0",
            "--json",
        ];
        let report: serde_json::Value =
            serde_json::from_str(&workplace.succeed(&all).stdout).expect("JSON");
        report["folder"].as_str().expect("a folder").to_owned()
    });
    assert_ne!(places[0], places[1]);
}
