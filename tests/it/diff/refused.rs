//! What `attnviz diff` refuses, and what it says to type instead.

use std::fs;

use crate::bad_input::check_refused;
use crate::binary::{Workplace, fixture};

/// A fixture as it is typed.
fn typed(name: &str) -> String {
    fixture(name).to_str().expect("the path is text").to_owned()
}

#[test]
fn what_cannot_be_compared_says_what_to_type() {
    let workplace = Workplace::new();
    let bert = typed("families/bert");
    fs::write(workplace.path().join("a.json"), "{\"attention\": [[1.0]]}").expect("it is written");
    fs::write(
        workplace.path().join("b.json"),
        "{\"attention\": [[[1.0]], [[1.0]]]}",
    )
    .expect("it is written");
    let cases: [(&[&str], i32, &[&str]); 19] = [
        (
            &["a.json"],
            2,
            &["expected two sides", "hint: two models, two saved runs"],
        ),
        (
            &["a.json", "c.json"],
            2,
            &["and neither a file nor a folder that is there (c.json)"],
        ),
        (
            &["builtni", &bert, "--text", "x", "--offline"],
            1,
            &["LEFT cannot be compared", "hint: for LEFT: "],
        ),
        (
            &["builtin", "nowhere/at", "--text", "x", "--offline"],
            1,
            &["RIGHT cannot be compared", "hint: for RIGHT: ", "`builtin`"],
        ),
        (
            &["builtin", &bert, "--text", "x", "--max-js-bits", "1"],
            2,
            &["can never be exceeded", "--max-js-bits 0.05"],
        ),
        (
            &[
                "builtin",
                &bert,
                "--text",
                "x",
                "--max-total-variation",
                "1.5",
            ],
            2,
            &["can never be exceeded", "--max-total-variation 0.05"],
        ),
        (
            &["builtin", "--text", "x", "--against", "y", "--max-abs", "1"],
            2,
            &["can never be exceeded", "--max-abs 0.05"],
        ),
        (&["builtin"], 2, &["expected two sides", "--against"]),
        (
            &["builtin", "--text", "It's late"],
            2,
            &["expected two sides", "--text \"It's late\" --against"],
        ),
        (
            &["builtin", &bert],
            2,
            &["neither --text nor --inputs", "hint: --text \"Hello"],
        ),
        (
            &["builtin", "a.json", "--text", "Hello"],
            2,
            &["a model (builtin) and a run (a.json)", "hint: two models"],
        ),
        (
            &["a.json", "b.json", "--text", "Hello"],
            2,
            &["are no models", "hint: leave --text out"],
        ),
        (
            &["a.json", "--text", "Hello", "--against", "you"],
            2,
            &["a.json is a run", "hint: leave --against out"],
        ),
        (
            &["a.json", "b.json"],
            1,
            &[
                "has 1 × 1 heads (layers × heads), the right one 1 × 2",
                "hint: --layers 0 --heads 0",
            ],
        ),
        (
            &["builtin", "nowhere/at/all", "--text", "Hello"],
            1,
            &[
                "RIGHT cannot be compared",
                "nowhere/at/all",
                "hint: for RIGHT: builtin",
            ],
        ),
        (
            &["builtin", &bert, "--text", "x", "--max-abs", "-1"],
            2,
            &["from 0 up", "--max-abs 0.05"],
        ),
        (
            &["builtin", &bert, "--text", "x", "--max-js-bits", "nan"],
            2,
            &["from 0 up"],
        ),
        (
            &["builtin", &bert, "--text", "x", "--max-js-bits", "0,07"],
            2,
            &["--max-js-bits 0.07"],
        ),
        (
            &["builtin", "--text", "-", "--against", "-"],
            2,
            &["standard input is one text", "name - once"],
        ),
    ];
    for (arguments, code, words) in cases {
        check_refused(&workplace, &[&["diff"], arguments].concat(), code, words);
    }
    // What clap says itself has its usage below.
    for (arguments, word) in [
        (
            &["builtin", &bert, "--text", "x", "--against", "y"][..],
            "--against",
        ),
        (&["builtin", &bert, "--pair", "x"][..], "--text"),
        (
            &["builtin", &bert, "--text", "x", "--format", "csv"][..],
            "csv",
        ),
        (
            &["builtin", &bert, "--text", "x", "--measure", "kl"][..],
            "js_bits",
        ),
    ] {
        let outcome = workplace.run(&[&["diff"], arguments].concat());
        assert_eq!(outcome.code, Some(2), "{arguments:?}");
        assert!(outcome.stderr.contains(word), "{}", outcome.stderr);
    }
}

#[test]
fn options_that_do_nothing_where_they_stand_are_told() {
    let workplace = Workplace::new();
    let bert = typed("families/bert");
    fs::write(workplace.path().join("tokens.txt"), "Hello\n").expect("it is written");
    for name in ["a.json", "b.json"] {
        let content = "{\"attention\": [[[1.0]]]}";
        fs::write(workplace.path().join(name), content).expect("it is written");
    }
    let models: &[&str] = &[&bert, &bert, "--text", "Hello"];
    let files: &[&str] = &["a.json", "b.json"];
    let cases: [(&[&str], &[&str], &str); 10] = [
        (
            models,
            &["--labels", "tokens.txt"],
            "--labels does nothing without files",
        ),
        (
            models,
            &["--quotes"],
            "--quotes does nothing without --inputs",
        ),
        (
            models,
            &["--id-column", "id"],
            "--id-column does nothing without --inputs",
        ),
        (
            files,
            &["--truncate", "5"],
            "--truncate does nothing without models",
        ),
        (
            files,
            &["--backend", "plain"],
            "--backend does nothing without models",
        ),
        (
            files,
            &["--offline"],
            "--offline does nothing without models",
        ),
        (
            models,
            &["--pair-column", "b", "--input-format", "csv"],
            "--pair-column does nothing without --inputs",
        ),
        (
            models,
            &["--top-k", "2", "-f", "npz"],
            "--top-k does nothing without --format png or svg",
        ),
        (
            files,
            &["--top-k", "0", "-f", "safetensors"],
            "--top-k does nothing without --format png or svg",
        ),
        (
            files,
            &["--theme", "dark", "-f", "npz"],
            "--theme does nothing without --format png",
        ),
    ];
    // So many heads are in the printed table.
    for more in [
        &["--top-k", "9", "-f", "npz"],
        &["--top-k", "2", "-f", "png"],
    ] {
        let outcome = workplace.succeed(&[&["diff"], models, more].concat());
        assert!(!outcome.stderr.contains("--top-k"), "{}", outcome.stderr);
    }
    for (sides, more, warning) in cases {
        let outcome = workplace.succeed(&[&["diff"], sides, more, &["--overwrite"]].concat());
        assert!(
            outcome.stderr.contains(warning),
            "{more:?}: {}",
            outcome.stderr
        );
    }
}
