//! Mistakes in a rules file are told with their place and with what is right.

use attnviz::compare::rules::{RulesError, TEMPLATE, parse};

use super::Repository;

/// What is wrong with a file, where, and what is said besides.
const MISTAKES: [(&str, &str, &str); 42] = [
    (
        "[[head]]\nid = \"3.1\"\nscore = \"entropy\"\nbelow = 100",
        "always holds: no text is long enough",
        "such as below = 0.6",
    ),
    (
        "[[layer]]\nscore = \"entropy\"\nabove = 14",
        "never holds: no text is long enough",
        "such as above = 0.5",
    ),
    (
        "[difference]\njs_bits = 1",
        "always holds",
        "such as js_bits = 0.05",
    ),
    (
        "[difference]\nmax_abs = -1",
        "never holds",
        "such as max_abs = 1e-4",
    ),
    (
        "[[drift]]\nmeasure = \"js_bits\"\nmean_below = 2",
        "always holds",
        "such as mean_below = 0.05",
    ),
    (
        "[[head]]\nid = \"3.1\"\nscore = \"entropy\"\nbelow = 1e300",
        "always holds: no text is long enough",
        "name a bound",
    ),
    (
        "[[layer]]\nscore = \"distance\"\nabove = 1e300",
        "never holds: no text is long enough",
        "name a bound",
    ),
    (
        "[[link]]\ntext = \"a b\"\nfrom = \"a\"\nto = \"b\"\nhead = \"All\"\nbelow = 0.5",
        "expected \"any\", \"all\" or a head for head, found \"All\"",
        "write head = \"all\"",
    ),
    ("[drift", "line 1, column", ""),
    ("", "the file holds no rule", ""),
    (
        "modle = \"x\"",
        "line 1, column 1: unknown key \"modle\"",
        "did you mean model?",
    ),
    (
        "[tokens]\nunchnged = true",
        "line 2, column 1: unknown key \"unchnged\" in [tokens]",
        "did you mean unchanged?",
    ),
    (
        "[[drift]]\nmesure = \"js_bits\"",
        "line 2, column 1",
        "did you mean measure?",
    ),
    (
        "[[drift]]\nzzz = 1",
        "line 2, column 1",
        "write one of these",
    ),
    (
        "[[drfit]]\nmeasure = \"js_bits\"",
        "line 1, column 3: unknown key \"drfit\"",
        "did you mean drift?",
    ),
    (
        "[tokens]\nunchanged = 1",
        "line 2, column 13: expected true or false for unchanged, found a number",
        "write unchanged = true",
    ),
    ("[tokens]\nunchanged = false", "expected true", ""),
    (
        "[tokens]",
        "[tokens] lacks unchanged",
        "write unchanged = true",
    ),
    (
        "[[tokens]]\nunchanged = true",
        "expected a table of its own for tokens, found a list",
        "begin it with [tokens]",
    ),
    (
        "[drift]\nmeasure = \"js_bits\"\nbelow = 0.1",
        "expected a list of tables for drift, found a table",
        "begin it with [[drift]]",
    ),
    (
        "[difference]",
        "[difference] lacks a measure",
        "write max_abs = 1e-4",
    ),
    (
        "[difference]\nmax_abs = nan",
        "expected a number for max_abs, found NaN",
        "",
    ),
    (
        "[difference]\nmax_abs = inf",
        "expected a number for max_abs, found inf",
        "",
    ),
    ("[difference]\nmax_abs = -1e-4", "never holds", ""),
    (
        "[difference]\nmax_abs = 1",
        "always holds: no difference is greater than 1",
        "name a bound",
    ),
    (
        "[difference]\nmax_abs = \"1e-4\"",
        "expected a number for max_abs, found a text",
        "",
    ),
    (
        "[[drift]]\nmeasure = \"js\"\nbelow = 0.1",
        "expected one of js_bits",
        "write measure = \"js_bits\"",
    ),
    (
        "[[drift]]\nmeasure = \"js_bits\"",
        "[[drift]] lacks a bound",
        "write mean_below = 0.05",
    ),
    ("[[drift]]\nbelow = 0.1", "[[drift]] lacks measure", ""),
    (
        "[[drift]]\nmeasure = \"js_bits\"\nbelow = 0",
        "never holds: no value is less than 0",
        "",
    ),
    (
        "[[drift]]\nmeasure = \"js_bits\"\nbelow = 1.5",
        "always holds",
        "",
    ),
    (
        "[[drift]]\nmeasure = \"js_bits\"\nmean_below = 0.1\nlayers = \"5-2\"",
        "line 4, column 10: expected \"all\" or a list for layers",
        "",
    ),
    (
        "[[drift]]\nmeasure = \"js_bits\"\nbelow = 0.1\nhead = \"3.1\"\nlayers = \"2\"",
        "layers beside head",
        "leave layers out",
    ),
    (
        "[[drift]]\nmeasure = \"js_bits\"\nbelow = 0.1\nabove = 0.2",
        "nothing is above 0.2 and below 0.1",
        "leave above out",
    ),
    (
        "[[head]]\nid = 3.1\nscore = \"entropy\"\nbelow = 1",
        "expected a text in quotes for id, found a number",
        "write id = \"3.1\"",
    ),
    (
        "[[head]]\nid = \"3\"\nscore = \"entropy\"\nbelow = 1",
        "expected layer and head as \"3.1\" for id",
        "",
    ),
    (
        "[[head]]\nid = \"3.1\"\nscore = \"entropi\"\nbelow = 1",
        "for score, found \"entropi\"",
        "write score = \"entropy\"",
    ),
    (
        "[[head]]\nid = \"3.1\"\nscore = \"prev\"\nabove = 1",
        "never holds: no value is greater than 1",
        "",
    ),
    (
        "[[link]]\ntext = \"a b\"\nfrom = \"a\"\nto = \"b\"\nhead = \"any\"\nbelow = 0.5",
        "head = \"all\" asks every head",
        "",
    ),
    (
        "[[link]]\ntext = \"\"\nfrom = \"a\"\nto = \"b\"\nhead = \"any\"\nabove = 0.5",
        "expected a text for text, found nothing in it",
        "",
    ),
    (
        "[[invariant]]\ntext = \"The hen\"\nreplace = { he = \"she\" }\nmeasure = \"js_bits\"\nbelow = 0.5",
        "\"he\" is no word of the text",
        "name whole words",
    ),
    (
        "[[invariant]]\ntext = \"He is\"\nreplace = { He = \"He\" }\nmeasure = \"js_bits\"\nbelow = 0.5",
        "\"He\" is replaced by itself",
        "",
    ),
];

#[test]
fn mistakes_are_told_with_their_place_and_what_is_right() {
    let repository = Repository::new();
    for (rules, says, hint) in MISTAKES {
        let text = format!("{rules}\n");
        repository.write("rules.toml", &text);
        let outcome = repository.check(&[]);
        assert_eq!(outcome.code, Some(1), "{rules}: {}", outcome.stdout);
        assert_eq!(outcome.stdout, "", "{rules}");
        assert!(outcome.stderr.contains(says), "{rules}: {}", outcome.stderr);
        assert!(outcome.stderr.contains(hint), "{rules}: {}", outcome.stderr);
        assert!(
            outcome.stderr.contains("hint: "),
            "{rules}: {}",
            outcome.stderr
        );
    }
}

#[test]
fn what_rules_look_at_has_to_be_named() {
    let rule = "[[layer]]\nscore = \"entropy\"\nbelow = 9\n";
    let error = parse(rule.as_bytes()).unwrap_err();
    assert!(matches!(error, RulesError::NoInputs { .. }), "{error}");
    let rule = "inputs = \"a.txt\"\n[tokens]\nunchanged = true\n";
    let error = parse(rule.as_bytes()).unwrap_err();
    assert!(matches!(error, RulesError::NoBaseline { .. }), "{error}");
    // A link has a text of its own.
    let rule = "[[link]]\ntext = 'a b'\nfrom = 'a'\nto = 'b'\nhead = 'any'\nabove = 0.5\n";
    assert_eq!(parse(rule.as_bytes()).unwrap().rules.len(), 1);
}

#[test]
fn every_line_of_the_file_to_start_from_is_right_when_it_is_uncommented() {
    let lines = TEMPLATE.lines().map(|line| {
        let bare = line.strip_prefix("# ").unwrap_or(line);
        let is_toml = bare.contains(" = ") && !bare.contains(": ") || bare.starts_with('[');
        if is_toml && line.starts_with("# ") {
            bare
        } else {
            line
        }
    });
    let text: Vec<&str> = lines.collect();
    let rules = parse(text.join("\n").as_bytes());
    let rules = rules.unwrap_or_else(|error| panic!("{error}\n{}", text.join("\n")));
    let kinds: Vec<_> = rules
        .rules
        .iter()
        .map(|rule| rule.check.kind().name())
        .collect();
    let expected = [
        "tokens",
        "difference",
        "drift",
        "head",
        "layer",
        "link",
        "invariant",
    ];
    assert_eq!(kinds, expected);
    assert!(rules.baseline.is_some() && !rules.inputs.is_empty());
}

#[test]
fn a_missing_rules_file_model_and_baseline_are_told_with_what_to_type() {
    let repository = Repository::new();
    let outcome = repository.check(&[]);
    assert_eq!(outcome.code, Some(1));
    assert!(
        outcome
            .stderr
            .contains("hint: attnviz check rules.toml --init"),
        "{}",
        outcome.stderr
    );

    repository.write(
        "rules.toml",
        "[[link]]\ntext = 'a b'\nfrom = 'a'\nto = 'b'\nhead = 'any'\nabove = 0.5\n",
    );
    let outcome = repository.check(&[]);
    assert_eq!(outcome.code, Some(1));
    assert!(
        outcome.stderr.contains("rules.toml names no model"),
        "{}",
        outcome.stderr
    );
    assert!(outcome.stderr.contains("--model"), "{}", outcome.stderr);
    // An option goes before the file, as does one of the model.
    let outcome = repository.check(&["--model", "model"]);
    assert_eq!(outcome.code, Some(4), "{}", outcome.stderr);

    repository.rules("[tokens]\nunchanged = true");
    let outcome = repository.check(&[]);
    assert_eq!(outcome.code, Some(1));
    let hint = "attnviz check rules.toml --accept";
    assert!(outcome.stderr.contains(hint), "{}", outcome.stderr);
}

#[test]
fn reports_are_never_written_over_what_is_read() {
    let repository = Repository::new();
    repository.rules("[tokens]\nunchanged = true");
    repository.accept();
    for file in [
        "rules.toml",
        "sentences.txt",
        "a.baseline",
        "a.baseline.zst",
    ] {
        let before = std::fs::read(repository.path(file)).unwrap();
        let outcome = repository.check(&["--junit", file]);
        assert_eq!(outcome.code, Some(1), "{file}: {}", outcome.stdout);
        assert!(
            outcome.stderr.contains("a file that the check reads"),
            "{}",
            outcome.stderr
        );
        assert_eq!(std::fs::read(repository.path(file)).unwrap(), before);
    }
}

#[test]
fn a_file_that_is_no_rules_by_its_length_is_told_with_all_of_it() {
    let repository = Repository::new();
    repository.write("rules.toml", &" ".repeat(5_000_000));
    let outcome = repository.check(&[]);
    assert_eq!(outcome.code, Some(1), "{}", outcome.stdout);
    let says = "found a file of 5000000 bytes";
    assert!(outcome.stderr.contains(says), "{}", outcome.stderr);
}
