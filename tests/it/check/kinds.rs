//! Every kind of rule holds where it should, breaks where it should, and says
//! where.

use serde_json::Value;

use super::Repository;

/// Rules of which each holds on the model as it is and breaks when the queries
/// of layer 1 · head 3 are eight times as large, with what it says then.
const AGAINST_THE_BASELINE: [(&str, &str); 5] = [
    ("[difference]\nmax_abs = 1e-4", "in layer 1 · head 3, input"),
    ("[difference]\njs_bits = 1e-3", "js_bits"),
    (
        "[[drift]]\nmeasure = \"total_variation\"\nlayers = \"1\"\nmean_below = 1e-3",
        "over 7 heads of 2 inputs",
    ),
    (
        "[[drift]]\nmeasure = \"hellinger\"\nbelow = 0.02\nhead = \"1.3\"",
        "in layer 1 · head 3, input",
    ),
    (
        "[[drift]]\nmeasure = \"js_bits\"\nbelow = 1e-3\nlayers = \"-1\"",
        "in layer 1 · head 3, input",
    ),
];

#[test]
fn rules_against_a_baseline_hold_until_a_weight_changes_and_say_where() {
    for (rules, says) in AGAINST_THE_BASELINE {
        let repository = Repository::new();
        repository.rules(rules);
        repository.accept();
        let held = repository.json(0);
        assert_eq!(held["rules"][0]["status"], "holds", "{rules}: {held}");

        repository.scale_head(1, 3, 8.0);
        let broken = repository.json(4);
        let rule = &broken["rules"][0];
        assert_eq!(rule["status"], "broken", "{rules}");
        let message = rule["message"].as_str().unwrap();
        assert!(message.contains(says), "{rules}: {message}");
        assert_eq!(
            (&rule["layer"], &rule["head"]),
            (&1.into(), &3.into()),
            "{rules}"
        );
        let found = rule["found"].as_f64().unwrap();
        assert!(found > 1e-4, "{rules}: {found}");
        assert_eq!(broken["baseline"]["is_same_model"], false);
    }
}

#[test]
fn rules_about_other_heads_hold_when_one_head_changes() {
    let repository = Repository::new();
    let drift = |heads: &str| {
        format!("[[drift]]\nmeasure = \"max_abs\"\nbelow = 1e-4\nname = \"{heads}\"\n{heads}\n")
    };
    let rules = [
        "layers = '0'",
        "heads = '0-2,4-6'",
        "heads = '3'",
        "head = '1.3'",
    ];
    let rules = rules.map(drift);
    repository.rules(&rules.join("\n"));
    repository.accept();
    repository.scale_head(1, 3, 8.0);
    let report = repository.json(4);
    assert_eq!(statuses(&report), ["holds", "holds", "broken", "broken"]);
}

fn statuses(report: &Value) -> Vec<&str> {
    let rules = report["rules"].as_array().unwrap().iter();
    rules.map(|rule| rule["status"].as_str().unwrap()).collect()
}

#[test]
fn a_difference_above_a_bound_can_be_asked_for() {
    let repository = Repository::new();
    repository.rules("[[drift]]\nmeasure = \"max_abs\"\nabove = 1e-3\nhead = \"1.3\"");
    repository.accept();
    assert_eq!(statuses(&repository.json(4)), ["broken"]);
    repository.scale_head(1, 3, 8.0);
    assert_eq!(statuses(&repository.json(0)), ["holds"]);
}

#[test]
fn tokens_are_told_from_those_of_the_baseline_and_the_first_that_differs_is_named() {
    let repository = Repository::new();
    repository.rules("[tokens]\nunchanged = true");
    repository.accept();
    assert_eq!(statuses(&repository.json(0)), ["holds"]);
    // A word of the vocabulary less, and it is made of pieces.
    let vocabulary = std::fs::read_to_string(repository.path("model/vocab.txt")).unwrap();
    assert!(vocabulary.lines().any(|word| word == "was"), "{vocabulary}");
    let changed: Vec<&str> = vocabulary
        .lines()
        .map(|word| if word == "was" { "[unused900]" } else { word })
        .collect();
    repository.write("model/vocab.txt", &changed.join("\n"));
    let report = repository.json(4);
    let rule = &report["rules"][0];
    let message = rule["message"].as_str().unwrap();
    assert!(
        message.starts_with("input \"000001\": token @") && message.contains("was \"was\""),
        "{message}"
    );
    let before = rule["tokens"][0].as_array().unwrap();
    assert!(before.contains(&"was".into()), "{rule}");
    assert!(
        !rule["tokens"][1]
            .as_array()
            .unwrap()
            .contains(&"was".into())
    );
}

#[test]
fn tokens_that_read_the_same_and_have_other_ids_are_told_with_both() {
    let repository = Repository::new();
    repository.rules("[tokens]\nunchanged = true");
    repository.accept();
    let path = "model/vocab.txt";
    let vocabulary = std::fs::read_to_string(repository.path(path)).unwrap();
    let mut words: Vec<&str> = vocabulary.lines().collect();
    let place = |words: &[&str], wanted| words.iter().position(|word| *word == wanted).unwrap();
    let (was, tired) = (place(&words, "was"), place(&words, "tired"));
    words.swap(was, tired);
    repository.write(path, &words.join("\n"));
    let outcome = repository.check(&["--junit", "j.xml"]);
    assert_eq!(outcome.code, Some(4), "{}", outcome.stderr);
    let page = repository.path("attnviz-out/check-rules/index.html");
    let page = std::fs::read_to_string(page).unwrap();
    let junit = std::fs::read_to_string(repository.path("j.xml")).unwrap();
    let change = format!("id {was} → {tired}");
    for (what, said) in [
        ("text", &outcome.stdout),
        ("JUnit", &junit),
        ("page", &page),
    ] {
        assert!(said.contains(&change), "{what}: {said}");
    }
    for token in [format!("was (id {was})"), format!("was (id {tired})")] {
        assert!(page.contains(&token), "{token}: {page}");
    }
    assert!(page.contains("<tr class=\"differs\">"), "{page}");
}

#[test]
fn a_rule_on_maps_breaks_where_the_tokens_differ() {
    let repository = Repository::new();
    repository.rules("[[drift]]\nmeasure = \"js_bits\"\nmean_below = 0.9");
    repository.accept();
    let vocabulary = std::fs::read_to_string(repository.path("model/vocab.txt")).unwrap();
    let changed = vocabulary.replace("\nwas\n", "\n[unused900]\n");
    repository.write("model/vocab.txt", &changed);
    let report = repository.json(4);
    let message = report["rules"][0]["message"].as_str().unwrap();
    assert!(message.contains("in the baseline and is"), "{message}");
}

/// Rules without a baseline: one that holds, one that breaks, what it says then.
const WITHOUT: [(&str, &str, &str); 7] = [
    (
        "[[head]]\nid = \"0.0\"\nscore = \"entropy_normalized\"\nabove = 0.01",
        "[[head]]\nid = \"0.0\"\nscore = \"entropy_normalized\"\nbelow = 0.01",
        "a mean over 2 inputs; furthest off",
    ),
    (
        "[[head]]\nid = \"1.6\"\nscore = \"distance\"\nabove = 0.01\nbelow = 50",
        "[[head]]\nid = \"1.6\"\nscore = \"distance\"\nabove = 50",
        "distance",
    ),
    (
        "[[layer]]\nscore = \"entropy_normalized\"\nabove = 0.001",
        "[[layer]]\nlayers = \"0\"\nscore = \"entropy_normalized\"\nbelow = 0.001",
        "in layer 0, a mean over its heads and 2 inputs",
    ),
    (
        "[[link]]\ntext = \"it slept\"\nfrom = \"@0\"\nto = \"@1\"\nhead = \"any\"\nabove = 0.001",
        "[[link]]\ntext = \"it slept\"\nfrom = \"@0\"\nto = \"@1\"\nhead = \"any\"\nabove = 0.999",
        "the strongest head",
    ),
    (
        "[[link]]\ntext = \"it slept\"\nfrom = \"@0\"\nto = \"@1\"\nhead = \"0.3\"\nbelow = 0.999",
        "[[link]]\ntext = \"it slept\"\nfrom = \"@0\"\nto = \"@1\"\nhead = \"0.3\"\nabove = 0.999",
        "in layer 0 · head 3",
    ),
    (
        "[[link]]\ntext = \"it slept\"\nfrom = \"@0\"\nto = \"@1\"\nhead = \"all\"\nbelow = 0.999",
        "[[link]]\ntext = \"it slept\"\nfrom = \"@0\"\nto = \"@1\"\nhead = \"all\"\nabove = 0.999",
        "from \"[CLS]\" (@0)",
    ),
    (
        "[[invariant]]\ntext = \"it was tired\"\nreplace = { it = \"the\" }\nmeasure = \"js_bits\"\nbelow = 0.999",
        "[[invariant]]\ntext = \"it was tired\"\nreplace = { it = \"the\" }\nmeasure = \"js_bits\"\nbelow = 1e-9",
        "js_bits",
    ),
];

#[test]
fn rules_without_a_baseline_hold_and_break() {
    let repository = Repository::new();
    for (holds, breaks, says) in WITHOUT {
        repository.rules(holds);
        let report = repository.json(0);
        assert_eq!(statuses(&report), ["holds"], "{holds}");
        repository.rules(breaks);
        let report = repository.json(4);
        assert_eq!(statuses(&report), ["broken"], "{breaks}");
        let message = report["rules"][0]["message"].as_str().unwrap();
        assert!(message.contains(says), "{breaks}: {message}");
    }
}

/// Rules that look at nothing: they break, whatever their bounds are.
const NOTHING: [(&str, &str); 12] = [
    (
        "[[invariant]]\ntext = \"it was 🜁\"\nreplace = { \"🜁\" = \"🝪\" }\nmeasure = \"total_variation\"\nbelow = 0.1",
        "both texts are the same tokens: nothing was compared",
    ),
    (
        "[[invariant]]\ntext = \"It was tired\"\nreplace = { It = \"it\" }\nmeasure = \"js_bits\"\nmean_below = 0.1",
        "both texts are the same tokens: nothing was compared",
    ),
    (
        "[[invariant]]\ntext = \"it was tired\"\npair = \"it slept\"\nreplace = { slept = \"  slept\" }\nmeasure = \"max_abs\"\nbelow = 0.1",
        "both texts are the same tokens: nothing was compared",
    ),
    (
        "[[head]]\nid = \"2.0\"\nscore = \"entropy\"\nbelow = 9",
        "layer 2 does not exist: the model has 2, numbered 0 to 1",
    ),
    (
        "[[head]]\nid = \"0.7\"\nscore = \"entropy\"\nbelow = 9",
        "head 7 does not exist",
    ),
    (
        "[[layer]]\nlayers = \"0-5\"\nscore = \"entropy\"\nbelow = 9",
        "layer 5 does not exist",
    ),
    (
        // Single texts have no segments, and a score without a value is no 0.
        "[[head]]\nid = \"0.0\"\nscore = \"segment\"\nbelow = 0.9",
        "none of 2 inputs has a value of it: it is empty there",
    ),
    (
        "[[layer]]\nscore = \"segment\"\nbelow = 0.9",
        "none of 2 inputs has a value of it",
    ),
    (
        "[[link]]\ntext = \"it slept\"\nfrom = \"zebra\"\nto = \"it\"\nhead = \"any\"\nabove = 0.001",
        "there is no token \"zebra\"",
    ),
    (
        "[[link]]\ntext = \"it and it\"\nfrom = \"it\"\nto = \"and\"\nhead = \"any\"\nabove = 0.001",
        "it",
    ),
    (
        "[[link]]\ntext = \"it slept\"\nfrom = \"@99\"\nto = \"it\"\nhead = \"any\"\nabove = 0.001",
        "99",
    ),
    (
        "[[link]]\ntext = \"it slept\"\nfrom = \"@0\"\nto = \"@1\"\nhead = \"5.0\"\nbelow = 0.999",
        "layer 5 does not exist",
    ),
];

#[test]
fn a_rule_that_matches_nothing_breaks_and_says_so() {
    let repository = Repository::new();
    for (rules, says) in NOTHING {
        repository.rules(rules);
        let report = repository.json(4);
        assert_eq!(statuses(&report), ["broken"], "{rules}");
        let message = report["rules"][0]["message"].as_str().unwrap();
        assert!(message.contains(says), "{rules}: {message}");
    }
}

#[test]
fn a_link_is_between_words_where_its_ends_are_no_tokens() {
    let repository = Repository::new();
    repository.rules(
        "[[link]]\ntext = \"the zebra slept\"\nfrom = \"zebra\"\nto = \"the\"\nhead = \"any\"\nabove = 1e-9",
    );
    let report = repository.json(0);
    assert_eq!(report["rules"][0]["query"], "zebra", "{report}");
}

#[test]
fn inputs_that_fail_end_in_3_and_broken_rules_go_before() {
    let repository = Repository::new();
    let long = "it ".repeat(600);
    repository.write("sentences.txt", &format!("it slept\n{long}\n"));
    let rule = "[[layer]]\nscore = \"entropy_normalized\"\n";
    repository.rules(&format!("{rule}above = 0.001"));
    let report = repository.json(3);
    assert_eq!(
        (&report["checked"], &report["failed"]),
        (&1.into(), &1.into())
    );
    let failure = &report["failures"][0];
    assert_eq!(failure["line"], 2);
    assert!(failure["hint"].is_string(), "{failure}");
    repository.rules(&format!("{rule}below = 0.001"));
    assert_eq!(repository.json(4)["failed"], 1);
    // Nothing is left to look at: that is no pass.
    repository.write("sentences.txt", &format!("{long}\n"));
    repository.rules(&format!("{rule}above = 0.001"));
    let report = repository.json(4);
    assert_eq!(report["rules"][0]["message"], "no input was looked at");
}

#[test]
fn the_picture_of_a_link_points_its_cell_out() {
    let repository = Repository::new();
    let link = |to: &str| {
        format!(
            "[[link]]\ntext = 'it was tired'\nfrom = 'it'\nto = '{to}'\nhead = '0.0'\nabove = 0.999\n"
        )
    };
    repository.rules(&format!("{}{}", link("was"), link("tired")));
    let outcome = repository.check(&[]);
    assert_eq!(outcome.code, Some(4), "{}", outcome.stderr);
    let picture = |name: &str| {
        let folder = repository.path("attnviz-out/check-rules/rules");
        std::fs::read(folder.join(name)).unwrap()
    };
    // Of one text and head, they differ in what they point out.
    assert_ne!(picture("000.png"), picture("001.png"));
    let page = repository.path("attnviz-out/check-rules/index.html");
    let page = std::fs::read_to_string(page).unwrap();
    for place in ["cell=1,2", "cell=1,3"] {
        assert!(page.contains(&format!("layer=0&amp;heads=0&amp;{place}\"")));
    }
}

#[test]
fn a_unit_behind_what_has_nothing_beside_it_keeps_its_position() {
    let repository = Repository::new();
    repository.rules(
        "[[invariant]]\ntext = 'it was tired'\nreplace = { it = 'the animal' }\nmeasure = 'max_abs'\nbelow = 1e-9\nhead = '0.1'\n",
    );
    let report = repository.json(4);
    let rule = &report["rules"][0];
    // Of [CLS] it was tired [SEP] alone: "it" is left out.
    let tokens = ["[CLS]", "it", "was", "tired", "[SEP]"];
    for unit in ["query", "key"] {
        let position = rule[format!("{unit}_position")].as_u64().unwrap();
        let label = tokens[usize::try_from(position).unwrap()];
        assert_eq!(rule[unit], label, "{rule:#}");
    }
    assert!(rule["query_position"].as_u64().unwrap() > 1, "{rule:#}");
}
