//! What CI systems read of a check.

use std::collections::BTreeMap;
use std::fs;

use quick_xml::Reader;
use quick_xml::events::Event;

use super::{MODEL, Repository};
use crate::binary::{copy_of_fixture, tree};

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
    // What is broken is said in spite of it.
    assert_eq!(quiet.code, Some(4));
    assert!(quiet.stdout.starts_with("BROKEN"), "{}", quiet.stdout);
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

#[test]
fn rules_of_one_name_in_two_folders_have_a_folder_each() {
    let repository = Repository::new();
    let rule = |bound: &str| {
        let score = "score = \"entropy_normalized\"";
        format!(
            "model = \"../model\"\ninputs = [\"../sentences.txt\"]\n[[layer]]\n{score}\n{bound}\n"
        )
    };
    for (folder, bound) in [("one", "above = 0.0001"), ("two", "below = 0.0001")] {
        fs::create_dir(repository.path(folder)).unwrap();
        repository.write(&format!("{folder}/attention.toml"), &rule(bound));
    }
    // The same output again for the same rules, and after they were edited.
    let mut folders = Vec::new();
    for (file, code) in [
        ("one/attention.toml", 0),
        ("two/attention.toml", 4),
        ("one/attention.toml", 0),
        ("two/attention.toml", 4),
    ] {
        let outcome = repository.work.run(&["check", file, "--json"]);
        assert_eq!(outcome.code, Some(code), "{file}: {}", outcome.stderr);
        let report: serde_json::Value = serde_json::from_str(&outcome.stdout).unwrap();
        folders.push(report["folder"].as_str().unwrap().to_owned());
    }
    assert_eq!(folders[0], "attnviz-out/check-attention");
    assert!(
        folders[1].starts_with("attnviz-out/check-attention-"),
        "{folders:?}"
    );
    assert_eq!(folders[..2], folders[2..]);
    repository.write("one/attention.toml", &rule("above = 0.0002"));
    repository.work.succeed(&["check", "one/attention.toml"]);
    assert_eq!(
        fs::read_dir(repository.path("attnviz-out"))
            .unwrap()
            .count(),
        2
    );
    // A folder that was named is refused.
    let outcome = repository
        .work
        .run(&["check", "two/attention.toml", "-o", &folders[0]]);
    assert_eq!(outcome.code, Some(1), "{}", outcome.stdout);
    assert!(
        outcome.stderr.contains("is there already"),
        "{}",
        outcome.stderr
    );
}

#[test]
fn rules_of_one_content_in_two_folders_are_of_two_models_and_have_a_folder_each() {
    let repository = Repository::new();
    let rules = "model = \"./model\"\ninputs = [\"../sentences.txt\"]\n[[layer]]\n\
                 score = \"entropy_normalized\"\nabove = 0.0001\n";
    let mut folders = Vec::new();
    for folder in ["a", "b"] {
        fs::create_dir(repository.path(folder)).unwrap();
        copy_of_fixture(MODEL, &repository.path(folder).join("model"));
        repository.write(&format!("{folder}/r.toml"), rules);
        let outcome = (repository.work).run(&["check", &format!("{folder}/r.toml"), "--json"]);
        assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
        let report: serde_json::Value = serde_json::from_str(&outcome.stdout).unwrap();
        folders.push(report["folder"].as_str().unwrap().to_owned());
    }
    assert_eq!(folders[0], "attnviz-out/check-r");
    assert!(
        folders[1].starts_with("attnviz-out/check-r-"),
        "{folders:?}"
    );
    let named = ["check", "b/r.toml", "-o", &folders[0]];
    let outcome = repository.work.run(&named);
    assert_eq!(outcome.code, Some(1), "{}", outcome.stdout);
    assert!(outcome.stderr.contains("--overwrite"), "{}", outcome.stderr);
}

#[test]
fn names_with_line_ends_forge_no_line_of_standard_output() {
    let repository = Repository::new();
    let forged = "x\\n::error::forged\\rholds   all\\u0085y";
    repository.rules(&format!(
        "[difference]\nmax_abs = 1e-4\nname = \"a{forged}\"\n\n\
         [[link]]\ntext = \"it slept\"\nfrom = \"b{forged}\"\nto = \"c{forged}\"\n\
         head = \"any\"\nabove = 0.5\n"
    ));
    repository.accept();
    repository.scale_head(1, 3, 8.0);
    let outcome = repository.check(&[]);
    assert_eq!(outcome.code, Some(4), "{}", outcome.stderr);
    for line in outcome.stdout.lines() {
        assert!(
            !line.starts_with("::") && !line.starts_with("holds   all"),
            "{line}"
        );
    }
    assert!(
        outcome.stdout.contains("\\n::error::forged"),
        "{}",
        outcome.stdout
    );
}

#[test]
fn a_check_that_ends_in_an_error_leaves_no_green_report_of_an_earlier_one() {
    type Damage = fn(&Repository);
    let ends: [(&str, Damage, &str); 3] = [
        (
            "a damaged baseline",
            |repository| repository.write("a.baseline.zst", "x"),
            "is damaged",
        ),
        (
            "no model",
            |repository| fs::remove_dir_all(repository.path("model")).unwrap(),
            "model",
        ),
        (
            "no inputs",
            |repository| fs::remove_file(repository.path("sentences.txt")).unwrap(),
            "sentences.txt",
        ),
    ];
    for (what, end, says) in ends {
        let repository = Repository::new();
        repository.rules("[difference]\nmax_abs = 1e-4");
        repository.accept();
        let arguments = ["--junit", "j.xml", "--summary", "s.md"];
        assert_eq!(repository.check(&arguments).code, Some(0), "{what}");
        end(&repository);
        let outcome = repository.check(&arguments);
        assert_eq!(outcome.code, Some(1), "{what}: {}", outcome.stderr);

        let read = |name: &str| fs::read_to_string(repository.path(name)).unwrap();
        let xml = read("j.xml");
        let errors = elements(&xml, "error");
        assert_eq!(errors.len(), 1, "{what}: {xml}");
        assert!(errors[0]["message"].contains(says), "{what}: {xml}");
        assert_eq!(
            elements(&xml, "testsuite")[0]["errors"],
            "1",
            "{what}: {xml}"
        );
        let summary = read("s.md");
        assert!(
            summary.contains("❌ attnviz check did not come to its end"),
            "{what}: {summary}"
        );
        let page = read("attnviz-out/check-rules/index.html");
        assert!(
            page.contains("it did not come to its end") && !page.contains("difference max_abs"),
            "{what}: {page}"
        );
        let record = read("attnviz-out/check-rules/manifest.json");
        let record: serde_json::Value = serde_json::from_str(&record).unwrap();
        assert!(
            record["error"].as_str().unwrap().contains(says),
            "{what}: {record}"
        );
        assert_eq!(record["rules"], serde_json::json!([]), "{what}");
    }
}

#[test]
fn a_model_that_is_exported_again_in_place_is_an_earlier_state_of_itself() {
    let repository = Repository::new();
    repository.rules("[difference]\nmax_abs = 1e-4");
    repository.accept();
    repository.scale_head(1, 3, 8.0);
    let said = "an earlier state of model: model.safetensors differs";
    let outcome = repository.check(&[]);
    assert!(outcome.stdout.contains(said), "{}", outcome.stdout);
    let page = fs::read_to_string(repository.path("attnviz-out/check-rules/index.html")).unwrap();
    assert!(page.contains(said), "{page}");
}

#[test]
fn what_is_broken_is_said_when_quiet_too() {
    let repository = broken();
    let outcome = repository.check(&["-q"]);
    assert_eq!(outcome.code, Some(4), "{}", outcome.stderr);
    let lines: Vec<&str> = outcome.stdout.lines().collect();
    assert_eq!(lines.len(), 2, "{lines:?}");
    assert!(
        lines.iter().all(|line| line.starts_with("BROKEN")),
        "{lines:?}"
    );

    // Texts of rules are no inputs of the file.
    let rule = "[[link]]\ntext = 'it slept'\nfrom = '@0'\nto = '@1'\nhead = 'any'\nabove = 0.001\n";
    repository.write("rules.toml", &format!("model = './model'\n{rule}"));
    let outcome = repository.check(&[]);
    assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
    assert!(!outcome.stdout.contains("0 checked"), "{}", outcome.stdout);
    assert_eq!(repository.check(&["-q"]).stdout, "");
}
