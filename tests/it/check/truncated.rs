//! Texts that are cut: said wherever the check says something, and never compared
//! with what is not cut in the same place.

use std::fs;

use super::Repository;

const RULES: &str = "[tokens]\nunchanged = true\n[difference]\nmax_abs = 1e-3\n\
     [[head]]\nid = '0.0'\nscore = 'entropy'\nbelow = 99\n";

#[test]
fn texts_are_cut_where_that_is_asked_for_and_it_is_said() {
    let repository = Repository::new();
    let long = "it was tired and ".repeat(300);
    repository.write("sentences.txt", &format!("{long}\nit was late\n"));
    repository.rules("[[head]]\nid = '0.0'\nscore = 'entropy'\nbelow = 99");
    let outcome = repository.check(&[]);
    assert_eq!(outcome.code, Some(3), "{}", outcome.stderr);
    // What the hint says is what works.
    let report = repository.json(3);
    assert_eq!(report["failures"][0]["hint"], "--truncate 512");
    assert!(report.get("truncate").is_none() && report["cut"] == 0);
    let summary = repository.path("summary.md").display().to_string();
    repository.check(&["--summary", &summary]);
    let failed = fs::read_to_string(&summary).unwrap();
    let hint = "hint&#58; &#45;&#45;truncate 512";
    assert!(failed.contains(hint), "{failed}");
    fs::remove_file(&summary).unwrap();
    let outcome = repository.check(&["--truncate", "512", "--summary", &summary]);
    assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
    let said = "1 text is cut to 512 tokens, by --truncate";
    assert!(outcome.stdout.contains(said), "{}", outcome.stdout);
    let page = repository.path("attnviz-out/check-rules/index.html");
    assert!(fs::read_to_string(page).unwrap().contains(said));
    assert!(fs::read_to_string(&summary).unwrap().contains(said));
    let outcome = repository.check(&["--truncate", "512", "--json"]);
    let report: serde_json::Value = serde_json::from_str(&outcome.stdout).unwrap();
    assert_eq!(
        (&report["truncate"], &report["cut"]),
        (&512.into(), &1.into())
    );
}

#[test]
fn an_input_that_was_cut_in_the_baseline_is_not_compared_with_one_that_is_not() {
    let cuts: [&[&str]; 3] = [&["--truncate", "6"], &["--truncate", "7"], &[]];
    for (index, baseline) in cuts.iter().enumerate() {
        let repository = Repository::new();
        repository.rules(RULES);
        let outcome = repository.check(&[&["--accept"], *baseline].concat());
        assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
        let is_said = outcome.stdout.contains("2 texts are cut");
        assert_eq!(is_said, !baseline.is_empty(), "{}", outcome.stdout);
        for (other, cut) in cuts.iter().enumerate() {
            let outcome = repository.check(cut);
            let expected = if index == other { 0 } else { 4 };
            assert_eq!(outcome.code, Some(expected), "{baseline:?}, {cut:?}");
            let says = outcome.stdout.contains("cut off in the baseline")
                || outcome.stdout.contains("cut off now");
            assert_eq!(says, expected == 4, "{}", outcome.stdout);
        }
    }
}

#[test]
fn a_text_whose_rest_alone_is_another_one_is_not_compared_in_silence() {
    let repository = Repository::new();
    repository.rules(RULES);
    let six = ["--truncate", "6"];
    assert_eq!(
        repository.check(&["--accept", "--truncate", "6"]).code,
        Some(0)
    );
    assert_eq!(repository.check(&six).code, Some(0));
    // Six tokens are as they were, and what is cut off is more: the vocabulary has
    // lost a word.
    let path = repository.path("model/vocab.txt");
    let vocabulary = fs::read_to_string(&path).unwrap();
    assert!(vocabulary.contains("\ntired\n"), "{vocabulary}");
    fs::write(&path, vocabulary.replace("\ntired\n", "\ntirex\n")).unwrap();
    let outcome = repository.check(&six);
    assert_eq!(outcome.code, Some(4), "{}", outcome.stdout);
    let said = "what is left of the tokens is the same; ";
    assert!(outcome.stdout.contains(said), "{}", outcome.stdout);
}

#[test]
fn a_word_behind_the_cut_breaks_the_rule_that_looks_for_it() {
    let repository = Repository::new();
    repository.rules(
        "[[link]]\ntext = 'The animal was tired, so it slept.'\nfrom = 'it'\nto = 'tired'\nhead = 'any'\nabove = 0.001\n\
         [[invariant]]\ntext = 'The animal was tired, so it slept.'\nreplace = { slept = 'was' }\nmeasure = 'js_bits'\nbelow = 0.9\n",
    );
    assert_eq!(repository.check(&[]).code, Some(0));
    let outcome = repository.check(&["--truncate", "6"]);
    assert_eq!(outcome.code, Some(4), "{}", outcome.stdout);
    let said = outcome
        .stdout
        .matches("tokens are cut off the text")
        .count();
    assert_eq!(said, 2, "{}", outcome.stdout);
}

#[test]
fn a_cut_that_leaves_nothing_is_an_error() {
    let repository = Repository::new();
    repository.rules(RULES);
    for more in [&["--truncate", "2"][..], &["--truncate", "2", "--accept"]] {
        let outcome = repository.check(more);
        assert_eq!(outcome.code, Some(2), "{}", outcome.stdout);
        assert!(
            outcome.stderr.contains("hint: --truncate 512"),
            "{}",
            outcome.stderr
        );
    }
    assert!(!repository.path("a.baseline").exists());
}
