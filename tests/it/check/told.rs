//! What is told of a check says something: no number of what nobody looked at, and
//! of what is long its beginning.

use std::fs;

use super::Repository;

fn page(repository: &Repository) -> String {
    fs::read_to_string(repository.path("attnviz-out/check-rules/index.html")).unwrap()
}

#[test]
fn inputs_are_counted_where_there_are_inputs() {
    let repository = Repository::new();
    let invariant = "[[invariant]]\ntext = 'it was tired'\nreplace = { it = 'the' }\nmeasure = 'js_bits'\nbelow = 0.99";
    repository.write("rules.toml", &format!("model = './model'\n{invariant}"));
    let outcome = repository.check(&[]);
    assert_eq!(outcome.code, Some(0), "{}", outcome.stdout);
    assert!(!outcome.stdout.contains("checked"), "{}", outcome.stdout);
    assert!(!page(&repository).contains("inputs checked"));
    repository.rules("[[head]]\nid = '0.0'\nscore = 'entropy'\nbelow = 9");
    let outcome = repository.check(&[]);
    assert!(outcome.stdout.contains("inputs  2 checked, 0 failed"));
    assert!(page(&repository).contains("inputs checked"));
    // Nor is there a number on the page of an error.
    repository.write("sentences.txt", "");
    assert_eq!(repository.check(&[]).code, Some(1));
    assert!(!page(&repository).contains("inputs checked"));
}

/// Rules with something long in them, and what is said all the same.
fn long_rules() -> Vec<(String, &'static str)> {
    let long = "x".repeat(3_000);
    let noughts = "0".repeat(299);
    let head = "[[head]]\nid = '0.0'\nscore = 'entropy'";
    let invariant = "[[invariant]]\ntext = 'it was'\nmeasure = 'js_bits'\nbelow = 0.5";
    vec![
        (
            format!("{head}\nbelow = 10{noughts}.0"),
            "below = 1e300 always holds",
        ),
        (
            format!("{head}\nbelow = 1e300"),
            "below = 1e300 always holds",
        ),
        (
            format!("{head}\nbelow = 1{noughts}0"),
            "below = 1e300 always holds",
        ),
        (
            format!("{head}\nbelow = -1e-300"),
            "below = -1e-300 never holds",
        ),
        (
            format!("{head}\nabove = 2e300"),
            "above = 2e300 never holds",
        ),
        (
            format!("{head}\nabove = 0.{noughts}2\nbelow = 0.{noughts}1"),
            "nothing is above 2e-300 and below 1e-300",
        ),
        (
            format!("[difference]\nmax_abs = 10{noughts}.0"),
            "max_abs = 1e300 always",
        ),
        (format!("{long} = 1"), "unknown key"),
        (format!("[{long}]\nx = 1"), "unknown key"),
        (
            format!("[[head]]\nid = '{long}'\nscore = 'entropy'\nbelow = 1"),
            "for id",
        ),
        (
            format!("[[head]]\nid = '0.0'\nscore = '{long}'\nbelow = 1"),
            "for score",
        ),
        (
            format!("[[drift]]\nmeasure = '{long}'\nbelow = 1"),
            "for measure",
        ),
        (
            format!("[[layer]]\nlayers = '{long}'\nscore = 'entropy'\nbelow = 1"),
            "for layers",
        ),
        (
            format!("{invariant}\nreplace = {{ {long} = 'a' }}"),
            "is no word of the text",
        ),
        (
            format!("{invariant}\nreplace = {{ {long} = '{long}' }}"),
            "is replaced by itself",
        ),
        (long.to_string(), "line 5"),
        (format!("a = '{long}"), "line 5"),
    ]
}

#[test]
fn errors_of_a_rules_file_tell_the_beginning_of_what_is_long() {
    let repository = Repository::new();
    for (rules, says) in long_rules() {
        repository.rules(&rules);
        let outcome = repository.check(&[]);
        let start: String = rules.chars().take(80).collect();
        assert_eq!(outcome.code, Some(1), "{start}: {}", outcome.stdout);
        assert!(outcome.stderr.contains(says), "{start}: {}", outcome.stderr);
        assert!(outcome.stderr.len() < 900, "{start}: {}", outcome.stderr);
    }
}

#[test]
fn what_a_check_prints_tells_the_beginning_of_what_is_long() {
    let repository = Repository::new();
    let long = "slept ".repeat(400);
    let rules = format!(
        "model = './model'\nbaseline = 'a.baseline'\n\
         [[input]]\nid = 'i{long}'\ntext = 'it was tired'\n\
         [[head]]\nid = '0.0'\nscore = 'entropy'\nabove = 9\nname = 'n{long}'\n\
         [[link]]\ntext = 'it was tired'\nfrom = '{long}'\nto = 'it'\nhead = 'any'\nabove = 0.5\n\
         [tokens]\nunchanged = true\n[difference]\nmax_abs = 1e-3\n"
    );
    repository.write("rules.toml", &rules);
    let outcome = repository.check(&["--truncate", "100", "--accept"]);
    assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
    assert!(outcome.stdout.len() < 800, "{}", outcome.stdout);
    repository.write("rules.toml", &rules.replace("it was tired", &long));
    for more in [
        &["--truncate", "100"][..],
        &["--truncate", "100", "--accept"],
        &[],
    ] {
        let outcome = repository.check(more);
        let said = format!("{}{}", outcome.stdout, outcome.stderr);
        assert!(outcome.code.is_some_and(|code| code != 101), "{said}");
        let longest = said.lines().map(str::len).max().unwrap();
        assert!(longest < 1_200, "{more:?}: {said}");
    }
}
