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
    let cases: [(&[&str], i32, &[&str]); 15] = [
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
                "hint: in the place of RIGHT: builtin",
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
