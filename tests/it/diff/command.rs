//! `attnviz diff` of one input as it is typed, and what it says.

use std::fs;

use serde_json::Value;

use crate::binary::{Workplace, fixture};

/// A fixture as it is typed.
fn typed(name: &str) -> String {
    fixture(name).to_str().expect("the path is text").to_owned()
}

const TEXT: &str = "The animal was tired.";

#[test]
fn two_texts_on_one_model_show_what_differs_and_where() {
    let workplace = Workplace::new();
    let bert = typed("families/bert");
    let arguments = [
        "diff",
        &bert,
        "--text",
        "so tired",
        "--against",
        "so wired",
        "--tokens",
        "word",
        "--top-k",
        "2",
    ];
    let outcome = workplace.succeed(&arguments);
    let lines: Vec<&str> = outcome.stdout.lines().collect();
    assert_eq!(lines[0], "left      so tired");
    assert_eq!(lines[1], "right     so wired");
    assert!(lines[2].starts_with("units     "), "{}", outcome.stdout);
    assert!(
        lines[2].contains("1 compared with what replaces them"),
        "{}",
        outcome.stdout
    );
    assert_eq!(
        lines[3].split_whitespace().collect::<Vec<_>>(),
        ["left", "right"]
    );
    assert_eq!(
        lines[4].split_whitespace().collect::<Vec<_>>(),
        ["@3", "tired", "@3", "wired"]
    );
    assert!(
        lines[5].starts_with("heads     8 of 8 differ, mean js_bits 0."),
        "{}",
        outcome.stdout
    );
    let names: Vec<&str> = lines[6].split_whitespace().take(5).collect();
    assert_eq!(
        names,
        ["layer", "head", "js_bits", "total_variation", "max_abs"]
    );
    let folder = workplace
        .path()
        .join("attnviz-out/diff-bert-so-tired-so-wired");
    for name in [
        "differences.png",
        "diff.csv",
        "diff-rows.csv",
        "manifest.json",
    ] {
        assert!(folder.join(name).is_file(), "{name}");
    }
    assert_eq!(
        fs::read_dir(folder.join("heads"))
            .expect("it is there")
            .count(),
        2
    );
    let open = "open      attnviz-out/diff-bert-so-tired-so-wired/";
    assert!(
        lines.iter().any(|line| line.starts_with(open)),
        "{}",
        outcome.stdout
    );
    assert!(
        outcome.stdout.contains("Scores of heads are not compared"),
        "{}",
        outcome.stdout
    );
}

#[test]
fn thresholds_that_are_exceeded_are_told_with_the_place_and_exit_code_4() {
    let workplace = Workplace::new();
    let bert = typed("families/bert");
    let base = [
        "diff",
        &bert,
        "--text",
        "so tired",
        "--against",
        "so wired",
        "--top-k",
        "0",
    ];
    let cases = [
        (
            vec!["--max-js-bits", "0.99"],
            0,
            vec!["within    js_bits 0."],
        ),
        (
            vec!["--max-js-bits", "1e-9"],
            4,
            vec!["exceeded  js_bits 0.", " > 1e-9: layer "],
        ),
        (
            vec!["--max-total-variation", "0.00001", "--max-abs", "0.99"],
            4,
            vec![
                "exceeded  total_variation 0.",
                "within    max_abs 0.",
                " → ",
            ],
        ),
        (
            vec!["--max-abs", "0"],
            4,
            vec!["exceeded  max_abs 0.", " > 0: layer "],
        ),
    ];
    for (limits, code, words) in cases {
        let outcome = workplace.run(&[&base[..], &limits].concat());
        assert_eq!(outcome.code, Some(code), "{limits:?} {}", outcome.stderr);
        for word in words {
            assert!(
                outcome.stdout.contains(word),
                "no {word:?} in {}",
                outcome.stdout
            );
        }
        // It is no error, and everything is there.
        assert_eq!(outcome.stderr, "");
        assert!(
            outcome.stdout.contains("\nwrote     "),
            "{}",
            outcome.stdout
        );
    }
    let same = ["diff", &bert, &bert, "--text", TEXT, "--max-abs", "0"];
    let outcome = workplace.succeed(&same);
    assert!(
        outcome.stdout.contains("all 8 are equal on both sides"),
        "{}",
        outcome.stdout
    );
    assert!(
        outcome.stdout.contains("within    max_abs 0 ≤ 0"),
        "{}",
        outcome.stdout
    );
    // The code is the same where nothing is printed, and as JSON.
    let quiet = workplace.run(&[&base[..], &["--max-abs", "0", "-q"]].concat());
    assert_eq!(quiet.code, Some(4));
    assert!(
        quiet.stdout.starts_with("exceeded  max_abs") && quiet.stdout.lines().count() == 1,
        "{}",
        quiet.stdout
    );
    let json = workplace.run(&[&base[..], &["--max-abs", "0", "--json"]].concat());
    assert_eq!(json.code, Some(4));
    let report: Value = serde_json::from_str(&json.stdout).expect("it is JSON");
    assert_eq!(report["thresholds"][0]["exceeded"], true);
}

#[test]
fn units_that_differ_are_shown_first_and_end_the_command() {
    let workplace = Workplace::new();
    let [byte_level, word_pieces] = [
        typed("gelu-tanh-cased-vocabulary"),
        typed("relu-uncased-vocabulary"),
    ];
    let (left, right) = (byte_level.as_str(), word_pieces.as_str());
    let arguments = ["diff", left, right, "--text", "Hello World"];
    let outcome = workplace.run(&arguments);
    // Other sizes are the first thing that differs.
    assert_eq!(outcome.code, Some(1), "{}", outcome.stderr);
    assert!(
        outcome.stderr.contains("the left model has"),
        "{}",
        outcome.stderr
    );

    let bert = typed("families/bert");
    let cased = workplace.path().join("other-vocabulary");
    copy_with_merged_letters(&bert, &cased);
    let arguments = ["diff", &bert, "other-vocabulary", "--text", "a the cat"];
    let outcome = workplace.run(&arguments);
    assert_eq!(outcome.code, Some(1), "{}", outcome.stdout);
    let lines: Vec<&str> = outcome.stdout.lines().collect();
    assert!(lines[0].ends_with("other-vocabulary"), "{}", outcome.stdout);
    assert_eq!(
        lines[1].split_whitespace().collect::<Vec<_>>(),
        ["@2", "Ġthe", "-"]
    );
    assert_eq!(
        lines[2].split_whitespace().collect::<Vec<_>>(),
        ["-", "@3", "th"]
    );
    let stderr = &outcome.stderr;
    assert!(
        stderr.starts_with("error: the two sides have other units, and "),
        "{stderr}"
    );
    assert!(
        stderr.ends_with("hint: --tokens word, which compares the words that both have\n"),
        "{stderr}"
    );
    assert!(!workplace.default_output().exists());
    // What the hint says, works.
    let outcome =
        workplace.succeed(&[&arguments[..], &["--tokens", "word", "--top-k", "1"]].concat());
    assert!(!outcome.stdout.contains("units "), "{}", outcome.stdout);
    // As JSON, standard output has the error and nothing else.
    let outcome = workplace.run(&[&arguments[..], &["--json"]].concat());
    let report: Value = serde_json::from_str(&outcome.stdout).expect("it is JSON");
    assert_eq!(report["error"]["exit_code"], 1);
}

/// The checkpoint with another rule for merging letters: "th" is one token.
fn copy_with_merged_letters(from: &str, to: &std::path::Path) {
    fs::create_dir(to).expect("the folder can be made");
    for entry in fs::read_dir(from).expect("the folder can be read") {
        let path = entry.expect("the entry can be read").path();
        fs::copy(&path, to.join(path.file_name().expect("it has a name"))).expect("it is copied");
    }
    let path = to.join("tokenizer.json");
    let text = fs::read_to_string(&path).expect("the tokenizer is there");
    let mut tokenizer: Value = serde_json::from_str(&text).expect("it is JSON");
    let vocabulary = tokenizer["model"]["vocab"]
        .as_object_mut()
        .expect("it has a vocabulary");
    // In the place of a token that the text does not have.
    let (name, id) = vocabulary
        .iter()
        .find(|(name, _)| name.as_str() == "Z")
        .map(|(name, id)| (name.clone(), id.clone()))
        .expect("the vocabulary has letters");
    vocabulary.remove(&name);
    vocabulary.insert("th".to_owned(), id);
    let merges = tokenizer["model"]["merges"]
        .as_array_mut()
        .expect("it has merges");
    let is_pair = merges.first().is_some_and(Value::is_array);
    merges.insert(
        0,
        match is_pair {
            true => serde_json::json!(["t", "h"]),
            false => serde_json::json!("t h"),
        },
    );
    fs::write(&path, tokenizer.to_string()).expect("it can be written");
}

#[test]
fn saved_runs_are_compared_like_the_models_that_made_them() {
    let workplace = Workplace::new();
    let [bert, roberta] = [typed("families/bert"), typed("families/roberta")];
    for (model, output, format) in [(&bert, "a", "npz"), (&roberta, "b", "safetensors")] {
        workplace.succeed(&[
            "encode", TEXT, "--model", model, "--format", format, "--views", "mean", "--output",
            output,
        ]);
    }
    let folder = |side: &str| format!("{side}/the-animal-was-tired");
    let of_runs = [folder("a"), folder("b")];
    let arguments = [
        "diff",
        &of_runs[0],
        &of_runs[1],
        "--format",
        "npz",
        "--json",
    ];
    let of_runs: Value =
        serde_json::from_str(&workplace.succeed(&arguments).stdout).expect("it is JSON");
    assert_eq!(of_runs["folder"], "attnviz-out/diff-a-b");
    let arguments = [
        "diff", &bert, &roberta, "--text", TEXT, "--format", "npz", "--json",
    ];
    let of_models: Value =
        serde_json::from_str(&workplace.succeed(&arguments).stdout).expect("it is JSON");
    assert_eq!(of_runs["heads"], of_models["heads"]);
    assert_eq!(of_runs["left"], of_models["left"]);
    let tables = |report: &Value| {
        let folder = report["folder"].as_str().expect("it has a folder");
        ["diff.csv", "diff-rows.csv", "diff.npz"].map(|name| {
            fs::read(workplace.path().join(folder).join(name)).expect("the file is there")
        })
    };
    let ([heads, rows, _], [same_heads, same_rows, _]) = (tables(&of_runs), tables(&of_models));
    assert_eq!((heads, rows), (same_heads, same_rows));
}

#[test]
fn runs_of_two_texts_are_refused_with_what_differs() {
    let workplace = Workplace::new();
    let [bert, roberta] = [typed("families/bert"), typed("families/roberta")];
    for (text, model, output) in [
        ("so tired", &bert, "one"),
        ("so wired", &bert, "one"),
        ("so wired", &roberta, "other"),
    ] {
        let all = [
            "encode", text, "-m", model, "-f", "npz", "--views", "mean", "-o", output,
        ];
        workplace.succeed(&all);
    }
    for right in ["one/so-wired", "other/so-wired"] {
        for more in [&["--max-js-bits", "0.5"][..], &["--tokens", "word"]] {
            let sides = ["diff", "one/so-tired", right];
            let outcome = workplace.run(&[&sides[..], more].concat());
            assert_eq!(
                outcome.code,
                Some(1),
                "{right} {more:?}: {}",
                outcome.stdout
            );
            for part in ["\"so tired\"", "\"so wired\"", "--text", "--against"] {
                assert!(
                    outcome.stderr.contains(part),
                    "no {part} in {}",
                    outcome.stderr
                );
            }
            assert!(!outcome.stdout.contains("within"), "{}", outcome.stdout);
            // The units that differ.
            assert!(outcome.stdout.contains('@'), "{}", outcome.stdout);
            assert!(!workplace.default_output().exists());
        }
    }
    workplace.succeed(&["diff", "one/so-wired", "other/so-wired"]);
}

#[test]
fn files_of_attention_from_elsewhere_are_compared_with_labels_for_both() {
    let workplace = Workplace::new();
    let maps =
        |first: f64| serde_json::json!({ "attention": [[[first, 1.0 - first], [0.5, 0.5]]] });
    for (name, first) in [("a.json", 0.75), ("b.json", 0.25)] {
        fs::write(workplace.path().join(name), maps(first).to_string()).expect("it is written");
    }
    fs::write(workplace.path().join("tokens.txt"), "Hello\nyou\n").expect("it is written");
    let outcome = workplace.succeed(&["diff", "a.json", "b.json", "--labels", "tokens.txt"]);
    assert_eq!(outcome.stderr, "");
    let row = outcome.stdout.lines().nth(4).unwrap_or_default();
    let cells: Vec<&str> = row.split_whitespace().collect();
    // One row of two differs: by 0.19 bits, and by half of its attention.
    assert_eq!(
        cells,
        [
            "0", "0", "0.0944", "0.2500", "0.5000", "Hello", "→", "Hello:", "0.7500", "→", "0.2500"
        ]
    );
    assert!(
        outcome.stdout.contains("attnviz-out/diff-a-b"),
        "{}",
        outcome.stdout
    );
    // Without labels, positions stand for tokens.
    let outcome = workplace.succeed(&["diff", "a.json", "b.json", "-o", "numbered"]);
    assert!(
        outcome.stderr.contains("--labels FILE names them"),
        "{}",
        outcome.stderr
    );
    assert!(workplace.path().join("numbered/diff.csv").is_file());
}

#[test]
fn the_table_of_heads_has_the_numbers_of_its_rows() {
    let workplace = Workplace::new();
    let bert = typed("families/bert");
    let other = typed("families/roberta");
    workplace.succeed(&[
        "diff", &bert, &other, "--text", TEXT, "-f", "svg", "-o", "out", "--top-k", "1",
    ]);
    let read =
        |name: &str| fs::read_to_string(workplace.path().join("out").join(name)).expect(name);
    let (heads, rows) = (read("diff.csv"), read("diff-rows.csv"));
    let table = |text: &str| -> Vec<Vec<String>> {
        let lines = text.lines();
        lines
            .map(|line| line.split(',').map(str::to_owned).collect())
            .collect()
    };
    let (heads, rows) = (table(&heads), table(&rows.replace("\",\"", "comma")));
    assert_eq!(
        heads[0][..9].join(","),
        "layer,head,js_bits,js_distance_bits,total_variation,max_abs,hellinger,query,query_token"
    );
    assert_eq!(
        rows[0].join(","),
        "layer,head,query,query_token,js_bits,js_distance_bits,total_variation,max_abs,hellinger"
    );
    assert!(heads[0].contains(&"entropy_difference".to_owned()));
    for head in &heads[1..] {
        let of_head: Vec<&Vec<String>> = rows.iter().filter(|row| row[..2] == head[..2]).collect();
        let number = |text: &str| text.parse::<f64>().expect("it is a number");
        for measure in 0..5 {
            let values: Vec<f64> = of_head
                .iter()
                .map(|row| number(&row[4 + measure]))
                .collect();
            let expected = match measure {
                3 => values.iter().copied().fold(0.0, f64::max),
                _ => values.iter().sum::<f64>() / values.len() as f64,
            };
            assert!(
                (number(&head[2 + measure]) - expected).abs() < 1e-6,
                "{head:?}"
            );
        }
    }
    let svg = read("differences.svg");
    assert!(svg.contains("js_bits"), "the grid says what it is of");
}
