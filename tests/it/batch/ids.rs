//! Ids that would like to be something else than a folder's name.

use std::collections::BTreeSet;
use std::fs;

use super::{batch, field, results, write};
use crate::binary::{Workplace, tree};

#[test]
fn hostile_ids_stay_in_the_folder_and_apart() {
    let workplace = Workplace::new();
    let long = "x".repeat(300);
    let long_other = format!("{}y", "x".repeat(299));
    let ids = [
        "..",
        "../",
        "../../escape",
        "/etc/passwd",
        "C:\\Windows",
        "CON",
        "con",
        "nul.txt",
        "a/b",
        "a\\b",
        "a:b",
        "a b",
        "a-b",
        "Case",
        "case",
        "CASE",
        ".",
        ".hidden",
        "trailing.",
        "nul\u{0}byte",
        "line\nbreak",
        "<script>",
        "é",
        "e\u{301}",
        "日本",
        &long,
        &long_other,
        "-",
        "--output",
        "%2e%2e",
        "\u{202e}rtl",
        "COM1",
        "aux",
        "~",
        "$HOME",
        "*",
    ];
    let lines: String = ids
        .iter()
        .map(|id| serde_json::json!({"id": id, "text": "The cat sat."}).to_string() + "\n")
        .collect();
    write(&workplace, "in.jsonl", lines);
    batch(&workplace, 0, &["in.jsonl"], "out", &[]);
    let results = results(&workplace.path().join("out"));
    assert_eq!(field(&results, "id"), ids);
    let folders = field(&results, "folder");
    let unlike: BTreeSet<String> = folders.iter().map(|name| name.to_lowercase()).collect();
    assert_eq!(
        unlike.len(),
        ids.len(),
        "two ids share a folder: {folders:?}"
    );
    for folder in &folders {
        let name = folder.strip_prefix("inputs/").expect("it is below inputs");
        let good = |letter: char| letter.is_alphanumeric() || letter == '-';
        assert!(!name.is_empty() && name.chars().all(good), "{name}");
        assert!(name.len() < 255, "{name}");
        assert!(!["con", "nul", "aux", "com1"].contains(&name), "{name}");
        assert!(
            workplace
                .path()
                .join("out")
                .join(folder)
                .join("manifest.json")
                .is_file()
        );
    }
    let places: BTreeSet<String> = tree(workplace.path())
        .into_keys()
        .map(|name| name.split('/').next().unwrap_or_default().to_owned())
        .collect();
    assert_eq!(places, ["in.jsonl", "out"].map(str::to_owned).into());
}

#[test]
fn a_second_input_of_an_id_fails_and_the_first_stays() {
    let workplace = Workplace::new();
    let lines = r#"{"id": "a", "text": "first"}
{"id": "b", "text": "between"}
{"id": "a", "text": "second"}
{"id": 7, "text": "number"}
{"id": "7", "text": "string"}
"#;
    write(&workplace, "in.jsonl", lines);
    batch(&workplace, 3, &["in.jsonl"], "out", &[]);
    let results = results(&workplace.path().join("out"));
    let status = ["done", "done", "failed", "done", "failed"];
    assert_eq!(field(&results, "status"), status);
    let errors = field(&results, "error");
    assert_eq!(errors[2], "duplicate id \"a\": in.jsonl:1 has the same");
    assert_eq!(errors[4], "duplicate id \"7\": in.jsonl:4 has the same");
    let kept = fs::read_to_string(workplace.path().join("out/inputs/a/manifest.json"));
    assert!(kept.expect("the first is there").contains("\"first\""));
}

#[test]
fn inputs_without_an_id_have_that_of_their_line() {
    let workplace = Workplace::new();
    for folder in ["x", "y"] {
        fs::create_dir(workplace.path().join(folder)).expect("a folder can be made");
    }
    write(&workplace, "x/a.txt", "one\n\ntwo\n");
    write(&workplace, "y/a.txt", "three\n");
    write(
        &workplace,
        "b.jsonl",
        "{\"text\": \"four\", \"id\": \"\"}\n{\"text\": \"five\", \"id\": null}\n",
    );
    for (files, ids) in [
        (&["x/a.txt"][..], &["000001", "000003"][..]),
        (
            &["x/a.txt", "b.jsonl"],
            &["a-000001", "a-000003", "b-000001", "b-000002"],
        ),
        (
            &["x/a.txt", "y/a.txt"],
            &["a-1-000001", "a-1-000003", "a-2-000001"],
        ),
    ] {
        batch(&workplace, 0, files, "out", &["--overwrite"]);
        let results = results(&workplace.path().join("out"));
        assert_eq!(field(&results, "id"), ids);
        let folders: Vec<String> = ids.iter().map(|id| format!("inputs/{id}")).collect();
        assert_eq!(field(&results, "folder"), folders);
        // What an earlier batch had and this one has not is gone.
        let left = fs::read_dir(workplace.path().join("out/inputs")).expect("a folder");
        assert_eq!(left.count(), ids.len());
    }
}

#[test]
fn a_line_whose_number_is_the_id_of_another_says_so() {
    let workplace = Workplace::new();
    let lines = "{\"id\": \"000002\", \"text\": \"mine\"}\n{\"text\": \"of line 2\"}\n";
    write(&workplace, "in.jsonl", lines);
    batch(&workplace, 3, &["in.jsonl"], "out", &[]);
    let results = results(&workplace.path().join("out"));
    assert_eq!(field(&results, "status"), ["done", "failed"]);
    let error = &field(&results, "error")[1];
    assert!(error.contains("in.jsonl:1 has the same"), "{error}");
    assert!(error.contains("none of its own"), "{error}");
}

#[test]
fn a_line_that_is_no_input_takes_no_id() {
    let workplace = Workplace::new();
    let lines = "{\"id\": \n{\"id\": \"000001\", \"text\": \"mine\"}\n";
    write(&workplace, "in.jsonl", lines);
    batch(&workplace, 3, &["in.jsonl"], "out", &[]);
    let results = results(&workplace.path().join("out"));
    assert_eq!(field(&results, "status"), ["failed", "done"]);
}
