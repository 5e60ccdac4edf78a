//! `--accept` and `--init`: what they write, and what they say before.

use std::fs;

use super::Repository;

#[test]
fn a_baseline_is_the_same_bytes_every_time_and_says_that_nothing_changes() {
    let repository = Repository::new();
    repository.rules("[difference]\nmax_abs = 1e-4");
    let first = repository.accept();
    assert!(
        first.stdout.contains("there was no baseline before"),
        "{}",
        first.stdout
    );
    let files = ["a.baseline", "a.baseline.zst"];
    let read = || files.map(|file| fs::read(repository.path(file)).unwrap());
    let before = read();
    for threads in ["1", "2", "3"] {
        let again = repository.check(&["--accept", "--threads", threads]);
        assert!(again.stdout.contains("change  nothing"), "{}", again.stdout);
        assert_eq!(read(), before, "at {threads} threads");
    }
    // Its text can be read: an input a line, with its tokens.
    let text = String::from_utf8(before[0].clone()).unwrap();
    let lines = text
        .lines()
        .filter(|line| line.contains("\"kind\":\"text\""));
    assert_eq!(lines.count(), 2);
    let value: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(value["inputs"][1]["units"][1]["text"], "hello");
    let path = repository.work.path().display().to_string();
    assert!(!text.contains(&path), "{text}");
}

#[test]
fn what_accept_changes_is_said_before_it_is_written() {
    let repository = Repository::new();
    repository.rules("[difference]\nmax_abs = 1e-4");
    repository.accept();
    repository.scale_head(1, 3, 8.0);
    repository.write(
        "sentences.txt",
        "The animal was tired, so it slept.\nit was late\n",
    );
    let outcome = repository.accept();
    let said = outcome.stdout;
    for part in [
        "the files of the model model are others",
        "new input \"it was late\"",
        "no more \"Hello, how are you?\"",
        "max_abs up to 0.",
        "in layer 1 · head 3, input \"000001\"",
    ] {
        assert!(said.contains(part), "{part}: {said}");
    }
    let (changes, written) = (said.find("change").unwrap(), said.find("wrote").unwrap());
    assert!(changes < written, "{said}");
    assert_eq!(repository.json(0)["baseline"]["is_same_model"], true);
}

#[test]
fn exact_baselines_tell_what_16_bits_cannot() {
    let repository = Repository::new();
    repository.rules("[difference]\nmax_abs = 1e-6");
    repository.accept();
    let outcome = repository.check(&[]);
    assert_eq!(outcome.code, Some(1), "{}", outcome.stdout);
    assert!(
        outcome.stderr.contains("line 5, column"),
        "{}",
        outcome.stderr
    );
    assert!(
        outcome.stderr.contains("--accept --exact"),
        "{}",
        outcome.stderr
    );

    let outcome = repository.check(&["--accept", "--exact"]);
    assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
    assert!(
        outcome.stdout.contains("numbers were u16 and are f32"),
        "{}",
        outcome.stdout
    );
    // They stay so until somebody says otherwise.
    let outcome = repository.accept();
    assert!(
        outcome.stdout.contains("numbers exact, as they were"),
        "{}",
        outcome.stdout
    );
    let report = repository.json(0);
    assert_eq!(report["rules"][0]["found"], 0.0, "{report}");
    let outcome = repository.check(&["--accept", "--overwrite"]);
    assert!(
        outcome.stdout.contains("numbers were f32 and are u16"),
        "{}",
        outcome.stdout
    );
    assert!(
        outcome.stderr.contains("asks for 1e-6"),
        "{}",
        outcome.stderr
    );
    assert_eq!(repository.check(&["--accept", "--exact"]).code, Some(0));
    // Exactly the same is a rule that can be kept.
    repository.rules("[difference]\nmax_abs = 0");
    repository.json(0);
    repository.scale_head(0, 0, 1.02);
    repository.json(4);
}

#[test]
fn nothing_is_accepted_where_inputs_fail_or_something_else_has_the_place() {
    let repository = Repository::new();
    repository.rules("[difference]\nmax_abs = 1e-4");
    repository.write(
        "sentences.txt",
        &format!("it slept\n{}\n", "it ".repeat(600)),
    );
    let outcome = repository.check(&["--accept"]);
    assert_eq!(outcome.code, Some(3), "{}", outcome.stdout);
    assert!(!repository.path("a.baseline").exists());
    assert!(!repository.path("a.baseline.zst").exists());

    repository.write("sentences.txt", "it slept\n");
    for file in ["a.baseline", "a.baseline.zst"] {
        repository.write(file, "somebody's own\n");
        let outcome = repository.check(&["--accept"]);
        assert_eq!(outcome.code, Some(1), "{file}: {}", outcome.stdout);
        let kept = fs::read_to_string(repository.path(file)).unwrap();
        assert_eq!(kept, "somebody's own\n");
        fs::remove_file(repository.path(file)).unwrap();
    }
    // Nothing is left beside them.
    let entries = fs::read_dir(repository.work.path()).unwrap();
    let names: Vec<_> = entries.map(|entry| entry.unwrap().file_name()).collect();
    let is_staged = |name: &&std::ffi::OsString| name.to_string_lossy().starts_with(".attnviz");
    assert_eq!(names.iter().find(is_staged), None);
}

#[test]
fn what_is_left_of_a_baseline_is_renewed_as_the_hints_say() {
    let repository = Repository::new();
    repository.rules("[difference]\nmax_abs = 1e-4");
    repository.accept();
    // A text of nothing is nobody's.
    repository.write("a.baseline", "");
    let outcome = repository.check(&[]);
    assert!(
        outcome.stderr.contains("check rules.toml --accept"),
        "{}",
        outcome.stderr
    );
    repository.accept();
    repository.json(0);

    // Numbers without a text may be somebody's: how to go on is said.
    fs::remove_file(repository.path("a.baseline")).unwrap();
    let outcome = repository.check(&["--accept"]);
    assert_eq!(outcome.code, Some(1), "{}", outcome.stdout);
    assert!(
        outcome.stderr.contains("--accept --overwrite"),
        "{}",
        outcome.stderr
    );
    assert_eq!(repository.check(&["--accept", "--overwrite"]).code, Some(0));
    repository.json(0);

    // A newer attnviz may need what it wrote.
    let text = fs::read_to_string(repository.path("a.baseline")).unwrap();
    let version = "\"baseline_schema_version\": 1";
    assert!(text.contains(version), "{text}");
    let newer = text.replace(version, "\"baseline_schema_version\": 7");
    repository.write("a.baseline", &newer);
    let outcome = repository.check(&["--accept"]);
    assert_eq!(outcome.code, Some(1), "{}", outcome.stdout);
    assert!(
        outcome.stderr.contains("is of version 7"),
        "{}",
        outcome.stderr
    );
    assert!(
        outcome.stderr.contains("--accept --overwrite"),
        "{}",
        outcome.stderr
    );
    assert_eq!(
        fs::read_to_string(repository.path("a.baseline")).unwrap(),
        newer
    );
    assert_eq!(repository.check(&["--accept", "--overwrite"]).code, Some(0));
    repository.json(0);
}

#[test]
fn a_rules_file_to_start_from_is_written_once_and_holds() {
    let repository = Repository::new();
    let outcome = repository.work.succeed(&["check", "new.toml", "--init"]);
    assert!(
        outcome.stdout.contains("attnviz check new.toml"),
        "{}",
        outcome.stdout
    );
    let written = fs::read_to_string(repository.path("new.toml")).unwrap();
    assert!(
        written.contains("attnviz check new.toml --accept"),
        "{written}"
    );
    repository.work.succeed(&["check", "new.toml"]);

    let outcome = repository.work.run(&["check", "new.toml", "--init"]);
    assert_eq!(outcome.code, Some(1), "{}", outcome.stdout);
    assert!(
        outcome.stderr.contains("new.toml is there already"),
        "{}",
        outcome.stderr
    );
    repository
        .work
        .succeed(&["check", "other.toml", "--init", "--model", "./model"]);
    repository.work.succeed(&["check", "other.toml"]);
}
