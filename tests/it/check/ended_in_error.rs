//! A check that ends in an error leaves no page and no report that says that all
//! is well.

use std::fs;

use super::Repository;

const RULES: &str = "[tokens]\nunchanged = true";

/// A repository whose check has said that all is well, everywhere.
fn green() -> Repository {
    let repository = Repository::new();
    repository.rules(RULES);
    repository.accept();
    let outcome = checked(&repository, &[]);
    assert_eq!(outcome, Some(0));
    repository
}

fn checked(repository: &Repository, more: &[&str]) -> Option<i32> {
    let reports = ["--junit", "j.xml", "--summary", "s.md"];
    repository.check(&[&reports, more].concat()).code
}

type Break = fn(&Repository);

/// What makes a check end in an error, and what is told of it.
const ERRORS: [(&str, Break); 9] = [
    ("is no file of rules", |repository| {
        repository.rules("[drift");
    }),
    ("is no file of rules", |repository| {
        repository.rules("[[drfit]]\nmeasure = 'js_bits'");
    }),
    ("is no file of rules", |repository| {
        fs::write(repository.path("rules.toml"), [0xff]).unwrap();
    }),
    ("rules.toml", |repository| {
        fs::remove_file(repository.path("rules.toml")).unwrap();
    }),
    ("config.json", |repository| {
        fs::remove_file(repository.path("model/config.json")).unwrap();
    }),
    ("a.baseline", |repository| {
        fs::remove_file(repository.path("a.baseline")).unwrap();
    }),
    ("is damaged", |repository| {
        fs::write(repository.path("a.baseline.zst"), "x").unwrap();
    }),
    ("sentences.txt", |repository| {
        fs::remove_file(repository.path("sentences.txt")).unwrap();
    }),
    ("names no model", |repository| {
        let rules = "inputs = 'sentences.txt'\nbaseline = 'a.baseline'\n";
        repository.write("rules.toml", &format!("{rules}{RULES}"));
    }),
];

#[test]
fn every_error_is_told_where_an_earlier_check_has_said_that_all_is_well() {
    for (says, breaks) in ERRORS {
        let repository = green();
        let read = |name: &str| fs::read_to_string(repository.path(name)).unwrap();
        let page = "attnviz-out/check-rules/index.html";
        assert!(
            read("j.xml").contains("failures=\"0\" errors=\"0\""),
            "{}",
            read("j.xml")
        );
        assert!(read(page).contains("1 rule holds"));
        breaks(&repository);
        assert_eq!(checked(&repository, &[]), Some(1), "{says}");
        let junit = read("j.xml");
        assert!(
            junit.contains("errors=\"1\"") && junit.contains(says),
            "{junit}"
        );
        let summary = read("s.md");
        assert!(summary.contains("did not come to its end"), "{summary}");
        for file in [page, "attnviz-out/check-rules/manifest.json"] {
            let told = read(file);
            assert!(told.contains(says), "{says}: {told}");
            assert!(!told.contains("rule holds"), "{told}");
        }
    }
}

#[test]
fn a_wrong_option_and_a_report_that_cannot_be_written_are_such_errors() {
    let page = "attnviz-out/check-rules/index.html";
    for (more, code) in [
        (&["--threads", "0"][..], 2),
        (&["--truncate", "1"], 2),
        (&["--model", "none"], 1),
    ] {
        let repository = green();
        assert_eq!(checked(&repository, more), Some(code), "{more:?}");
        let junit = fs::read_to_string(repository.path("j.xml")).unwrap();
        assert!(junit.contains("errors=\"1\""), "{more:?}: {junit}");
        let told = fs::read_to_string(repository.path(page)).unwrap();
        assert!(told.contains("did not come to its end"), "{more:?}");
    }
    let repository = green();
    for junit in ["none/j.xml", "rules.toml", "a.baseline"] {
        let before = fs::read(repository.path("rules.toml")).unwrap();
        let outcome = repository.check(&["--junit", junit]);
        assert_eq!(outcome.code, Some(1), "{}", outcome.stdout);
        assert!(!outcome.stderr.contains("warning"), "{}", outcome.stderr);
        let told = fs::read_to_string(repository.path(page)).unwrap();
        assert!(told.contains("did not come to its end"), "{junit}");
        assert_eq!(fs::read(repository.path("rules.toml")).unwrap(), before);
        assert_eq!(repository.check(&[]).code, Some(0));
    }
}

#[test]
fn a_report_that_can_be_written_is_in_spite_of_one_that_cannot() {
    let repository = green();
    repository.write(
        "rules.toml",
        "model = './model'\ninputs = 'sentences.txt'\n[[layer]]\nscore = 'entropy'\nbelow = 0.001\n",
    );
    fs::create_dir(repository.path("folder")).unwrap();
    let outcome = repository.check(&["--junit", "j.xml", "--summary", "folder"]);
    assert_eq!(outcome.code, Some(1), "{}", outcome.stdout);
    let junit = fs::read_to_string(repository.path("j.xml")).unwrap();
    assert!(!junit.contains("failures=\"0\" errors=\"0\""), "{junit}");
}

#[test]
fn rules_that_cannot_be_read_overwrite_nothing_but_a_report() {
    let repository = green();
    repository.rules("[drift");
    // Nobody can say any more that the check reads these.
    for file in [
        "sentences.txt",
        "a.baseline",
        "rules.toml",
        "a.baseline.zst",
    ] {
        let before = fs::read(repository.path(file)).unwrap();
        for option in ["--junit", "--summary"] {
            assert_eq!(repository.check(&[option, file]).code, Some(1));
            let after = fs::read(repository.path(file)).unwrap();
            assert_eq!(after, before, "{option} {file}");
        }
    }
    // The page of another one's folder stays, too.
    fs::create_dir(repository.path("mine")).unwrap();
    repository.write("mine/index.html", "mine");
    repository.check(&["-o", "mine"]);
    let mine = fs::read_to_string(repository.path("mine/index.html")).unwrap();
    assert_eq!(mine, "mine");
}
