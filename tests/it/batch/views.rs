//! Views and stretches that fit some inputs and not others: the others fail,
//! each with its place, and the batch goes on.

use crate::binary::{Workplace, manifest};

use super::{batch, field, results, write};

/// Runs a batch of three lines of which the second does not fit.
fn check(lines: &str, options: &[&str], reason: &str) {
    let workplace = Workplace::new();
    write(&workplace, "lines.txt", lines);
    let outcome = batch(&workplace, 3, &["lines.txt"], "out", options);
    let place = "lines.txt:2: ";
    assert!(
        outcome.stderr.contains(place) && outcome.stderr.contains(reason),
        "{}",
        outcome.stderr
    );
    let folder = workplace.path().join("out");
    let results = results(&folder);
    assert_eq!(field(&results, "status"), ["done", "failed", "done"]);
    assert!(folder.join("index.html").is_file());
    assert!(!folder.join("inputs/000002").exists());
    assert!(!folder.join(".attnviz-batch").exists());
}

#[test]
fn an_input_without_the_token_of_a_view_fails_alone() {
    let lines = "the cat sat\nno such word\na cat ran\n";
    check(lines, &["--views", "from:cat"], "there is no token \"cat\"");
}

#[test]
fn an_input_without_the_stretch_fails_alone() {
    let lines = "the cat sat down\nhi\nthe cat ran off\n";
    check(lines, &["--crop", "2-5"], "the stretch 2-5 does not exist");
}

#[test]
fn special_tokens_that_are_the_text_are_not_hidden() {
    let workplace = Workplace::new();
    write(&workplace, "in.txt", "the cat\n[SEP]\n");
    let hide = ["--special-tokens", "hide"];
    batch(&workplace, 0, &["in.txt"], "out", &hide);
    let manifest = manifest(&workplace.path().join("out/inputs/000002"));
    let columns = &manifest["shown"]["columns"];
    assert_eq!(columns.as_array().map(Vec::len), Some(1), "{columns}");
    assert_eq!(columns[0]["label"], "[SEP]");
}

#[test]
fn an_id_of_another_type_is_named_as_such() {
    let workplace = Workplace::new();
    write(
        &workplace,
        "ids.jsonl",
        "{\"id\": true, \"text\": \"a cat\"}\n",
    );
    batch(&workplace, 3, &["ids.jsonl"], "out", &[]);
    let errors = field(&results(&workplace.path().join("out")), "error");
    assert_eq!(
        errors,
        ["expected an id that is a text or a number in the field \"id\", found true or false"]
    );
}

#[test]
fn the_page_shows_what_an_unknown_token_stands_for() {
    let workplace = Workplace::new();
    write(&workplace, "in.txt", "the ☃ sat\n");
    batch(&workplace, 0, &["in.txt"], "out", &[]);
    let folder = workplace.path().join("out");
    let page = std::fs::read_to_string(folder.join("index.html")).expect("there is a page");
    assert!(page.contains("<bdi>[UNK] ☃</bdi>"), "{page}");
    assert!(page.contains("<i>[CLS]</i>"), "{page}");
    assert!(!page.contains("<i>[UNK]"), "{page}");
    let found = results(&folder);
    assert_eq!(found[0]["tokens"][2], "[UNK]");
    let unknown = serde_json::json!({"2": "[UNK] ☃"});
    assert_eq!(found[0]["unknown_tokens"], unknown);
}

#[test]
fn quotes_without_a_table_of_tabs_are_warned_of() {
    for (name, more, is_told) in [
        ("in.csv", &["--quotes"][..], true),
        ("in.txt", &["--quotes"], true),
        ("in.tsv", &["--quotes"], false),
        ("in.csv", &["--quotes", "--input-format", "tsv"], false),
        ("in.csv", &[], false),
    ] {
        let workplace = Workplace::new();
        write(&workplace, name, "text\none\n");
        let outcome = batch(
            &workplace,
            0,
            &[name],
            "out",
            &[more, &["-f", "json"]].concat(),
        );
        let is_found = outcome.stderr.contains("warning: --quotes does nothing");
        assert_eq!(is_found, is_told, "{name} {more:?}: {}", outcome.stderr);
    }
}

#[test]
fn a_quote_that_is_never_closed_is_suspected() {
    let workplace = Workplace::new();
    write(
        &workplace,
        "rows.csv",
        "text,id\na cat,one\n\"a cat,two\na dog,three\n",
    );
    batch(&workplace, 3, &["rows.csv"], "out", &[]);
    let errors = field(&results(&workplace.path().join("out")), "error");
    assert!(errors[1].contains("quotation mark"), "{errors:?}");
}

#[test]
fn a_number_is_a_text_and_a_position_has_a_mark() {
    let workplace = Workplace::new();
    let encode = |view: &str, code: i32| {
        let arguments = [
            "encode",
            "in 5 it was 1999",
            "-m",
            "builtin",
            "--views",
            view,
            "--layers",
            "0",
            "--heads",
            "0",
            "-f",
            "svg",
        ];
        let outcome = workplace.run(&arguments);
        assert_eq!(outcome.code, Some(code), "{}", outcome.stderr);
        outcome
    };
    let title = |file: &str| {
        let folder = workplace.default_output().join("in-5-it-was-1999");
        std::fs::read_to_string(folder.join(file)).expect("the picture is there")
    };
    encode("from:5", 0);
    assert!(title("from/5.svg").contains("“5” (token @2)"));
    encode("from:@1", 0);
    assert!(title("from/@1.svg").contains("“in” (token @1)"));
    let outcome = encode("from:99", 2);
    assert!(
        outcome
            .stderr
            .starts_with("error: there is no token \"99\""),
        "{}",
        outcome.stderr
    );
}
