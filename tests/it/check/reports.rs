//! What CI systems read of a check.

use std::collections::BTreeMap;
use std::fs;

use quick_xml::Reader;
use quick_xml::events::Event;

use super::Repository;
use crate::binary::tree;

const RULES: &str = "\
[difference]
max_abs = 1e-4

[[head]]
id = \"0.0\"
score = \"entropy_normalized\"
above = 0.001
name = \"<b>bold</b> | \\u0007 & \\\"quoted\\\"\"

[[layer]]
score = \"entropy_normalized\"
below = 0.001
";

fn broken() -> Repository {
    let repository = Repository::new();
    repository.rules(RULES);
    repository.accept();
    repository.scale_head(1, 3, 8.0);
    repository
}

/// The attributes of every element of a name.
fn elements(xml: &str, wanted: &str) -> Vec<BTreeMap<String, String>> {
    let mut reader = Reader::from_str(xml);
    let mut found = Vec::new();
    loop {
        let element = match reader.read_event().unwrap() {
            Event::Start(element) | Event::Empty(element) => element,
            Event::Eof => return found,
            _ => continue,
        };
        if element.name().as_ref() == wanted {
            let attributes = element.attributes().map(|attribute| {
                let attribute = attribute.unwrap();
                let name = attribute.key.as_ref().to_owned();
                let value = quick_xml::escape::unescape(&attribute.value)
                    .unwrap()
                    .into_owned();
                (name, value)
            });
            found.push(attributes.collect());
        }
    }
}

#[test]
fn the_junit_report_has_a_test_case_for_every_rule_and_every_input_that_failed() {
    let repository = broken();
    let long = "it ".repeat(600);
    let inputs = format!("The animal was tired, so it slept.\nHello, how are you?\n{long}\n");
    repository.write("sentences.txt", &inputs);
    let outcome = repository.check(&["--junit", "j.xml"]);
    assert_eq!(outcome.code, Some(4), "{}", outcome.stderr);
    let xml = fs::read_to_string(repository.path("j.xml")).unwrap();
    let suites = elements(&xml, "testsuite");
    let counts = ["tests", "failures", "errors"].map(|name| suites[0][name].as_str());
    assert_eq!(counts, ["4", "2", "1"], "{xml}");
    let cases = elements(&xml, "testcase");
    assert_eq!(cases.len(), 4);
    assert_eq!(cases[0]["classname"], "rules.toml");
    assert_eq!(cases[0]["line"], "5");
    assert_eq!(cases[1]["name"], "<b>bold</b> | \u{2407} & \"quoted\"");
    assert_eq!(cases[3]["classname"], "inputs");
    let failures = elements(&xml, "failure");
    assert_eq!(failures.len(), 2);
    assert!(
        failures[0]["message"].contains("in layer 1 · head 3"),
        "{xml}"
    );
    assert_eq!(elements(&xml, "error").len(), 1);
}

#[test]
fn the_summary_names_broken_rules_first_and_nothing_in_it_is_markdown() {
    let repository = broken();
    repository.write("s.md", "before\n");
    let mut command = repository.work.command(&["check", "rules.toml"]);
    command.env("GITHUB_STEP_SUMMARY", repository.path("s.md"));
    assert_eq!(command.output().unwrap().status.code(), Some(4));
    let text = fs::read_to_string(repository.path("s.md")).unwrap();
    assert!(
        text.starts_with("before\n## ❌ attnviz check: 2 of 3 rules broken"),
        "{text}"
    );
    let rows: Vec<&str> = text.lines().filter(|line| line.starts_with("| ")).collect();
    let signs: Vec<&str> = rows[2..].iter().map(|row| &row[2..5]).collect();
    assert_eq!(signs, ["❌", "❌", "✅"], "{text}");
    assert!(!text.contains("<b>"), "{text}");
}

#[test]
fn a_broken_rule_is_told_in_one_line_of_standard_output() {
    let repository = broken();
    let outcome = repository.check(&[]);
    let line = outcome
        .stdout
        .lines()
        .find(|line| line.starts_with("BROKEN"));
    let line = line.unwrap();
    for part in [
        "difference max_abs at most 0.0001 (rules.toml:5): max_abs 0.",
        "in layer 1 · head 3, input \"",
        "expected max_abs at most 0.0001",
    ] {
        assert!(line.contains(part), "{line}");
    }
    assert!(
        outcome.stdout.contains("rules   1 hold, 2 broken"),
        "{}",
        outcome.stdout
    );
    assert!(
        outcome
            .stdout
            .contains("open    attnviz-out/check-rules/index.html")
    );
    let quiet = repository.check(&["-q"]);
    assert_eq!((quiet.code, quiet.stdout.as_str()), (Some(4), ""));
}

#[test]
fn a_check_is_the_same_bytes_at_every_thread_count_and_every_time() {
    let repository = broken();
    let mut first = None;
    for threads in ["1", "2", "5", "2"] {
        let outcome = repository.check(&["--threads", threads]);
        assert_eq!(outcome.code, Some(4), "{}", outcome.stderr);
        let files = tree(&repository.path("attnviz-out/check-rules"));
        assert!(files.contains_key("rules/000.png"), "{:?}", files.keys());
        let first = first.get_or_insert_with(|| files.clone());
        assert_eq!(
            files.keys().collect::<Vec<_>>(),
            first.keys().collect::<Vec<_>>()
        );
        assert!(files == *first, "other bytes at {threads} threads");
    }
    let manifest = String::from_utf8(first.unwrap()["manifest.json"].clone()).unwrap();
    let path = repository.work.path().display().to_string();
    assert!(!manifest.contains(&path), "{manifest}");
}

#[test]
fn the_folder_is_the_rules_own_and_old_pictures_go() {
    let repository = broken();
    let folder = repository.path("attnviz-out/check-rules");
    repository.check(&[]);
    assert!(folder.join("rules/000.png").exists());
    fs::write(folder.join("mine.txt"), "mine").unwrap();
    // Broken before, holding now: its picture goes, what is somebody's stays.
    repository.accept();
    repository.json(4);
    assert!(!folder.join("rules/000.png").exists());
    assert!(folder.join("rules/002.png").exists());
    assert!(folder.join("mine.txt").exists());

    fs::create_dir(repository.path("full")).unwrap();
    repository.write("full/own.txt", "somebody's");
    let outcome = repository.check(&["-o", "full"]);
    assert_eq!(outcome.code, Some(1), "{}", outcome.stdout);
    assert!(outcome.stderr.contains("--overwrite"), "{}", outcome.stderr);
    let outcome = repository.check(&["-o", "full", "--overwrite"]);
    assert_eq!(outcome.code, Some(4), "{}", outcome.stderr);
    assert!(repository.path("full/own.txt").exists());
}
