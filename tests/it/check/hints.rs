//! What a hint of `check` says is done in the rules file or typed as it stands.

use std::fs;

use super::Repository;

const RULE: &str = "[[head]]\nid = '0.0'\nscore = 'entropy'\nbelow = 99\n";

/// The hint of a check of rules that name these inputs.
fn hint(repository: &Repository, inputs: &str) -> String {
    repository.write(
        "rules.toml",
        &format!("model = './model'\n{inputs}\n{RULE}"),
    );
    let outcome = repository.check(&[]);
    assert_eq!(outcome.code, Some(1), "{inputs}: {}", outcome.stdout);
    let hint = outcome.stderr.split("hint: ").nth(1);
    hint.unwrap_or_else(|| panic!("{}", outcome.stderr))
        .trim()
        .to_owned()
}

#[test]
fn inputs_that_cannot_be_read_are_mended_in_the_rules_file_or_in_themselves() {
    let repository = Repository::new();
    repository.write("empty.txt", "\n\n");
    repository.write("blank.txt", "");
    repository.write("table.csv", "foo,bar\n1,2\n");
    repository.write("table.tsv", "\"text\"\t\"x\"\n1\t2\n");
    repository.write("semicolons.tsv", "id;text\n1;it was\n");
    repository.write("array.json", "{\"x\": [1]}");
    repository.write("other.foo", "it was late\n");
    fs::write(repository.path("packed.gz"), [0x1f, 0x8b, 8, 0]).unwrap();
    fs::write(repository.path("columns.parquet"), b"PAR1").unwrap();
    fs::write(repository.path("wide.txt"), [0xff, 0xfe, 0x41, 0x00, 0x80]).unwrap();
    fs::create_dir(repository.path("data")).unwrap();
    repository.write("data/a.txt", "it was late\n");
    let cases = [
        ("inputs = ['none.txt']", "inputs in the rules file"),
        ("inputs = ['-']", "inputs in the rules file"),
        ("inputs = ['empty.txt']", "[[input]]"),
        ("inputs = ['blank.txt']", "[[input]]"),
        (
            "inputs = ['He is a nurse']",
            "below [[input]]: text = \"He is a nurse\"",
        ),
        ("inputs = ['data']", "inputs = [\"data/a.txt\"]"),
        ("inputs = ['table.csv']", "call the column \"foo\" text"),
        ("inputs = ['semicolons.tsv']", "call the file .csv"),
        ("inputs = ['other.foo']", "call the file .txt"),
        (
            "inputs = ['packed.gz']",
            "gzip -d packed.gz; then name packed in inputs",
        ),
        ("[[input]]\npair = 'x'", "write text = "),
        ("[[input]]\ntext = ''", "write text = "),
        ("", "inputs = [\"sentences.txt\"]"),
    ];
    for (inputs, says) in cases {
        let said = hint(&repository, inputs);
        assert!(said.contains(says), "{inputs}: {said}");
    }
    let others = ["table.tsv", "array.json", "columns.parquet", "wide.txt"];
    let others = others.map(|file| format!("inputs = ['{file}']"));
    let cases = cases.iter().map(|(inputs, _)| (*inputs).to_owned());
    for inputs in cases.chain(others) {
        repository.write(
            "rules.toml",
            &format!("model = './model'\n{inputs}\n{RULE}"),
        );
        let outcome = repository.check(&["--json"]);
        assert_ne!(outcome.code, Some(0), "{inputs}");
        // Options and commands that check does not have.
        for foreign in [
            "attnviz batch",
            "attnviz encode",
            "--input-format",
            "-column",
            "--quotes",
            "--pair",
            "standard input",
            "--layers",
        ] {
            let said = format!("{}{}", outcome.stdout, outcome.stderr);
            assert!(!said.contains(foreign), "{inputs}, {foreign}: {said}");
        }
    }
}

#[test]
fn paths_in_a_hint_are_relative_to_the_rules_file() {
    let repository = Repository::new();
    fs::create_dir_all(repository.path("ci/data")).unwrap();
    repository.write("ci/data/a.txt", "it was late\n");
    repository.write(
        "ci/rules.toml",
        &format!("model = '../model'\ninputs = 'data'\n{RULE}"),
    );
    let outcome = repository.work.run(&["check", "ci/rules.toml"]);
    let said = "name its files in ci/rules.toml: inputs = [\"data/a.txt\"]";
    assert!(outcome.stderr.contains(said), "{}", outcome.stderr);
}

#[test]
fn an_input_that_failed_tells_what_a_rules_file_can_do_about_it() {
    let repository = Repository::new();
    repository.write("a.jsonl", "{\"foo\": \"it was\"}\n{\"text\": [\"a\"]}\n");
    repository.write("b.csv", "id,text\n1,a,b\n1,it\n1,was\n");
    repository.write("c.tsv", "id\ttext\n1\t\"a\tb\"\n");
    repository.write(
        "rules.toml",
        &format!("model = './model'\ninputs = ['a.jsonl', 'b.csv', 'c.tsv']\n{RULE}"),
    );
    let report = repository.json(3);
    let failures = report["failures"].as_array().unwrap();
    assert!(failures.len() >= 4, "{report:#}");
    for failure in failures {
        let hint = failure["hint"].as_str().unwrap();
        assert!(!hint.contains("--") && !hint.contains("attnviz"), "{hint}");
    }
    // And it is told without --json, once each.
    let outcome = repository.check(&[]);
    let hint = "hint: call the column \"foo\" text";
    assert_eq!(
        outcome.stdout.matches(hint).count(),
        1,
        "{}",
        outcome.stdout
    );
}

#[test]
fn the_command_of_a_hint_has_what_was_typed_besides() {
    let repository = Repository::new();
    repository.rules("[tokens]\nunchanged = true");
    let more = [
        "--model",
        "model",
        "--tokenizer",
        "model",
        "--weights-prefix",
        "-bert",
        "--offline",
        "--threads",
        "2",
        "--backend",
        "plain",
        "--truncate",
        "9",
    ];
    // What is not of the same kind of command stays away.
    let outcome = repository.check(&[&more[..4], &more[6..], &["--junit", "j.xml", "-q"]].concat());
    let command = "attnviz check rules.toml --model model --tokenizer model --offline --backend plain --threads 2 --truncate 9 --accept";
    let said = &outcome.stderr;
    assert!(said.contains(&format!(": {command}\n")), "{said}");
    // Typed as it stands, it does what it says.
    let words: Vec<&str> = command.split(' ').skip(1).collect();
    assert_eq!(repository.work.run(&words).code, Some(0));
    let outcome = repository.check(&["--model", "model", "--truncate", "9"]);
    assert_eq!(outcome.code, Some(0), "{}", outcome.stdout);

    let outcome = repository
        .work
        .run(&[&["check", "new one.toml"], &more[..]].concat());
    let hint = "hint: attnviz check \"new one.toml\" --model model --weights-prefix=-bert --tokenizer model --offline --backend plain --threads 2 --init";
    assert!(outcome.stderr.contains(hint), "{}", outcome.stderr);

    repository.rules("[difference]\nmax_abs = 1e-6");
    let outcome = repository.check(&["--model", "model", "--truncate", "9"]);
    let hint = "exact ones: attnviz check rules.toml --model model --truncate 9 --accept --exact";
    assert!(outcome.stderr.contains(hint), "{}", outcome.stderr);
}

#[test]
fn folders_of_what_is_written_are_made() {
    let repository = Repository::new();
    repository.write(
        "rules.toml",
        "model = './model'\ninputs = 'sentences.txt'\nbaseline = 'kept/for/ci.baseline'\n[tokens]\nunchanged = true\n",
    );
    let outcome = repository.accept();
    assert!(outcome.stdout.contains("kept/for/ci.baseline"));
    assert_eq!(repository.check(&[]).code, Some(0));
    let outcome = repository.work.run(&[
        "check",
        "ci/attention.toml",
        "--init",
        "--model",
        "builtin",
        "--offline",
    ]);
    assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
    let next = "next    attnviz check ci/attention.toml --offline\n";
    assert!(outcome.stdout.contains(next), "{}", outcome.stdout);
    assert!(repository.path("ci/attention.toml").exists());
}

#[test]
fn what_cannot_be_written_names_the_file_and_nothing_temporary() {
    let repository = Repository::new();
    repository.write("file", "");
    repository.write(
        "rules.toml",
        "model = './model'\ninputs = 'sentences.txt'\nbaseline = 'a.baseline'\n[tokens]\nunchanged = true\n",
    );
    fs::create_dir(repository.path("a.baseline.zst")).unwrap();
    let cases: [&[&str]; 3] = [
        &["check", "file/rules.toml", "--init"],
        &["check", "rules.toml", "--accept", "--overwrite"],
        &["check", "rules.toml", "--junit", "none/j.xml"],
    ];
    for arguments in cases {
        let outcome = repository.work.run(arguments);
        assert_eq!(outcome.code, Some(1), "{arguments:?}: {}", outcome.stdout);
        let said = outcome.stderr;
        assert!(said.contains("hint: "), "{said}");
        for wrong in ["--output", ".attnviz-", "at path"] {
            assert!(!said.contains(wrong), "{arguments:?}: {said}");
        }
    }
}

#[test]
fn what_a_broken_rule_on_the_baseline_is_accepted_with_is_told() {
    let repository = Repository::new();
    repository.rules("[difference]\nmax_abs = 1e-4\n[[layer]]\nscore = 'entropy'\nbelow = 0.001");
    repository.accept();
    let said = |more: &[&str]| repository.check(more).stdout;
    // The rule that is broken looks at no baseline.
    assert!(!said(&[]).contains("accept  "));
    repository.scale_head(1, 3, 8.0);
    let line = "accept  if what is found is as it should be: attnviz check rules.toml --model ./model --accept\n";
    assert!(said(&["--model", "./model"]).ends_with(line));
    assert!(!said(&["-q"]).contains("accept  "));
}

#[test]
fn a_file_that_is_there_is_written_over_when_that_is_typed() {
    let repository = Repository::new();
    repository.write("rules.toml", "mine");
    let outcome = repository.check(&["--init"]);
    assert_eq!(outcome.code, Some(1), "{}", outcome.stdout);
    let hint = "--init --overwrite";
    assert!(outcome.stderr.contains(hint), "{}", outcome.stderr);
    let outcome = repository.check(&["--init", "--overwrite"]);
    assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
}

#[test]
fn the_help_names_the_model_of_the_rules_as_the_default() {
    let repository = Repository::new();
    for option in ["-h", "--help"] {
        let help = repository.work.run(&["check", option]).stdout;
        assert!(help.contains("[default: that of the rules]"), "{help}");
        assert!(!help.contains("bert-base-uncased"), "{help}");
        assert!(help.contains("--truncate"), "{help}");
    }
}

#[test]
fn a_model_that_is_not_there_is_changed_in_the_rules_where_they_name_it() {
    let repository = Repository::new();
    repository.write(
        "rules.toml",
        &format!("model = './modle'\ninputs = 'sentences.txt'\n{RULE}"),
    );
    let outcome = repository.check(&[]);
    let hint = "--model ./model; or change model in rules.toml\n";
    assert!(outcome.stderr.contains(hint), "{}", outcome.stderr);
    let outcome = repository.check(&["--model", "./modle"]);
    assert!(
        outcome.stderr.contains("--model ./model\n"),
        "{}",
        outcome.stderr
    );
}
