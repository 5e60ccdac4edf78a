//! 0, 1, 2, 3 and 4, and what is said with them.

use serde_json::Value;

use super::{diff, diff_models, model, workplace, write};

/// A JSON report on standard output.
fn json(stdout: &str) -> Value {
    serde_json::from_str(stdout).expect("it is JSON")
}

#[test]
fn a_threshold_that_is_exceeded_is_named_with_its_head_and_input() {
    let workplace = workplace();
    let found = diff_models(&workplace, 4, "out", &["--max-js-bits", "0.05"]);
    let line = found
        .stdout
        .lines()
        .find(|line| line.starts_with("exceeded"));
    let line = line.expect("it says so");
    for part in [
        "js_bits 0.",
        "> 0.05",
        "layer 1 · head ",
        "input \"00000",
        "5 inputs",
    ] {
        assert!(line.contains(part), "no {part:?} in {line}");
    }
    // What is written is the same as without.
    assert!(workplace.path().join("out/index.html").is_file());

    let cases: [(&[&str], i32, &str); 5] = [
        (&["--max-js-bits", "0.9999999"], 0, "within"),
        (&["--max-total-variation", "0.01"], 4, "exceeded"),
        (&["--max-abs", "1e-6"], 4, "exceeded"),
        (&["--max-abs", "0.9999999"], 0, "within"),
        (
            &["--max-js-bits", "0.9999999", "--max-abs", "0"],
            4,
            "exceeded",
        ),
    ];
    for (limits, code, word) in cases {
        let found = diff_models(&workplace, code, "out", limits);
        assert!(
            found.stdout.lines().any(|line| line.starts_with(word)),
            "{limits:?}"
        );
        let found = diff_models(&workplace, code, "out", &[limits, &["--json"]].concat());
        let thresholds = json(&found.stdout)["thresholds"].clone();
        let thresholds = thresholds.as_array().expect("a list");
        assert_eq!(thresholds.len(), limits.len() / 2, "{limits:?}");
        let exceeded = thresholds.iter().any(|limit| limit["exceeded"] == true);
        assert_eq!(exceeded, code == 4, "{limits:?}");
    }
    // A cell has a query and a key.
    let limit = ["--max-abs", "0", "--json"];
    let found = diff_models(&workplace, 4, "out", &limit);
    let limit = json(&found.stdout)["thresholds"][0].clone();
    let part = |name: &str| limit[name].as_str().expect(name).to_owned();
    let (id, query, key) = (part("id"), part("query"), part("key"));
    let place = format!(
        "layer 1 · head {}, input \"{id}\", {query} → {key}; 5 ",
        limit["head"]
    );
    for (most, code) in [("0", 4), ("0.9999999", 0)] {
        let limit = ["--max-abs", most];
        let found = diff_models(&workplace, code, "out", &limit);
        let place = if code == 4 {
            place.as_str()
        } else {
            place.trim_end_matches("; 5 ")
        };
        assert!(
            found.stdout.contains(place),
            "no {place:?} in {}",
            found.stdout
        );
        let page = std::fs::read_to_string(workplace.path().join("out/index.html"));
        let cell = format!(", {query} → {key}");
        let verdict = page.expect("a page");
        let verdict = verdict.split_once("class=\"sides\"").expect("a header").0;
        assert!(verdict.contains(&cell), "no {cell:?} in {verdict}");
    }
    // It is the cell of the maps themselves.
    let text = std::fs::read_to_string(workplace.path().join("in.txt")).expect("inputs");
    let line: usize = id.parse().expect("the number of a line");
    let text = text.lines().nth(line - 1).expect("a line");
    let one = ["--text", text, "--max-abs", "0", "--json"];
    let found = diff(&workplace, 4, [&model(), "changed"], "one", &one);
    let of_one = json(&found.stdout)["thresholds"][0].clone();
    for name in ["value", "layer", "head", "query", "key"] {
        assert_eq!(of_one[name], limit[name], "{name}");
    }
    // Both sides are the same.
    let inputs = ["--inputs", "in.txt", "--max-abs", "0"];
    let found = diff(&workplace, 0, [&model(), &model()], "same", &inputs);
    assert!(
        found.stdout.contains("all 14 are equal on both sides") && !found.stdout.contains("worst"),
        "{}",
        found.stdout
    );
}

#[test]
fn inputs_that_fail_are_listed_and_a_threshold_weighs_more() {
    let workplace = workplace();
    let long = "word ".repeat(2_000);
    let lines = format!(
        "{{\"id\": \"good\", \"text\": \"Hello.\"}}\n{{\"id\": \"long\", \"text\": \"{long}\"}}\n\
         {{\"id\": \"good\", \"text\": \"Hello again.\"}}\nnonsense\n"
    );
    write(&workplace, "some.jsonl", lines);
    let sides = [&model(), "changed"];
    let inputs = ["--inputs", "some.jsonl"];
    let found = diff(&workplace, 3, sides, "out", &inputs);
    assert!(
        found.stdout.contains("1 compared, 3 not compared"),
        "{}",
        found.stdout
    );
    for part in [
        "some.jsonl:2: ",
        "some.jsonl:3: duplicate id",
        "some.jsonl:4: ",
    ] {
        assert!(
            found.stderr.contains(part),
            "no {part:?} in {}",
            found.stderr
        );
    }
    let limit = [&inputs[..], &["--max-js-bits", "0"]].concat();
    diff(&workplace, 4, sides, "out", &limit);
    let limit = [&inputs[..], &["--max-js-bits", "0.9999999"]].concat();
    diff(&workplace, 3, sides, "out", &limit);
    let found = diff(
        &workplace,
        3,
        sides,
        "out",
        &[&inputs[..], &["--json"]].concat(),
    );
    let report = json(&found.stdout);
    assert_eq!(report["inputs"]["failed"], 3);
    assert_eq!(report["failed"][0]["id"], "long");
    assert_eq!(report["failed"][0]["line"], 2);
    let page = std::fs::read_to_string(workplace.path().join("out/index.html")).expect("a page");
    assert!(page.contains("Not compared") && page.contains("some.jsonl:2"));

    // Not one input could be compared: that is no pass either.
    write(&workplace, "bad.jsonl", "nonsense\n");
    let inputs = ["--inputs", "bad.jsonl", "--max-js-bits", "0.9999999"];
    let found = diff(&workplace, 3, sides, "none", &inputs);
    assert!(!found.stdout.contains("within"), "{}", found.stdout);
}

#[test]
fn what_cannot_be_compared_at_all_is_an_error_that_leaves_nothing() {
    let workplace = workplace();
    write(&workplace, "empty.txt", "\n\n");
    let other = crate::binary::fixture("masked-lm-bin")
        .display()
        .to_string();
    let cases: [([&str; 2], &[&str], &str); 4] = [
        (
            [&model(), "changed"],
            &["--inputs", "missing.txt"],
            "missing.txt",
        ),
        (
            [&model(), "changed"],
            &["--inputs", "empty.txt"],
            "empty.txt",
        ),
        ([&model(), &other], &["--inputs", "in.txt"], "2 × 7"),
        (
            [&model(), "changed"],
            &["--inputs", "in.txt", "--truncate", "1"],
            "cut",
        ),
    ];
    for (sides, more, word) in cases {
        let found = workplace.run(&super::arguments(sides, "out", more));
        assert!(
            matches!(found.code, Some(1 | 2)),
            "{sides:?} {more:?}: {:?}",
            found.code
        );
        assert!(
            found.stderr.contains(word),
            "no {word:?} in {}",
            found.stderr
        );
        assert!(!workplace.path().join("out").exists(), "{sides:?} {more:?}");
    }
}

#[test]
fn the_report_names_every_head_and_the_worst_inputs_first() {
    let workplace = workplace();
    let found = diff_models(
        &workplace,
        0,
        "out",
        &["--json", "--measure", "total_variation"],
    );
    let report = json(&found.stdout);
    assert_eq!(report["measure"], "total_variation");
    let heads = report["heads"].as_array().expect("a list");
    assert_eq!(heads.len(), 14);
    let mean = |head: &Value| head["total_variation"]["mean"].as_f64().expect("a number");
    assert!(
        heads
            .windows(2)
            .all(|pair| mean(&pair[0]) >= mean(&pair[1]))
    );
    assert!(heads[0]["entropy_difference"]["worst_id"].is_string());
    let worst = report["worst"].as_array().expect("a list");
    let value = |input: &Value| input["value"].as_f64().expect("a number");
    assert!(!worst.is_empty());
    assert!(
        worst
            .windows(2)
            .all(|pair| value(&pair[0]) >= value(&pair[1]))
    );
    for file in report["files"].as_array().expect("a list") {
        let file = file.as_str().expect("a text");
        assert!(workplace.path().join(file).is_file(), "{file}");
    }
}
