//! A batch with models of other families than BERT.

use std::fs;

use serde_json::{Value, json};

use super::{assert_same_tree, field, results, write};
use crate::binary::{Workplace, fixture, tree};

const INPUTS: [(&str, &str); 4] = [
    ("one", "Hello, how are you?"),
    ("two", "a"),
    ("three", "The quick brown fox jumps over the lazy dog."),
    ("four", "привет, 日本 🎉 naïve"),
];

fn lines(inputs: &[(&str, &str)]) -> String {
    let lines = inputs
        .iter()
        .map(|(id, text)| json!({"id": id, "text": text}));
    lines.map(|line| format!("{line}\n")).collect()
}

fn check_family(family: &str) {
    let workplace = Workplace::new();
    let model = fixture("families").join(family).display().to_string();
    let options = [
        "-m",
        &model,
        "--views",
        "overview,heads",
        "-f",
        "png,safetensors,json",
    ];
    let batch = |output: &str, more: &[&str]| -> Value {
        let first = ["batch", "in.jsonl", "-o", output, "--json"];
        let all = [&first, &options[..], more].concat();
        serde_json::from_str(&workplace.succeed(&all).stdout).expect("the report is JSON")
    };
    // Half of it first, as if it was broken off.
    write(&workplace, "in.jsonl", lines(&INPUTS[..2]));
    batch("out", &[]);
    write(&workplace, "in.jsonl", lines(&INPUTS));
    let resumed = batch("out", &["--resume"]);
    assert_eq!(resumed["kept"], 2, "{family}");
    assert_eq!(batch("out", &["--resume"])["kept"], 4, "{family}");
    batch("whole", &["--batch-tokens", "1"]);
    let [out, whole] = ["out", "whole"].map(|folder| workplace.path().join(folder));
    assert_same_tree(&out, &whole, family);

    let results = results(&out);
    assert_eq!(field(&results, "id"), INPUTS.map(|(id, _)| id), "{family}");
    let page = fs::read_to_string(out.join("index.html")).expect("there is a page");
    for (id, text) in INPUTS {
        assert!(page.contains(text), "{family}: {id} is not on the page");
        let all = [&["encode", text, "-o", id], &options[..]].concat();
        workplace.succeed(&all);
        let mut runs = fs::read_dir(workplace.path().join(id)).expect("encode has a folder");
        let run = runs.next().expect("encode wrote a run").expect("an entry");
        let done = out.join("inputs").join(id);
        assert_same_tree(&done, &run.path(), &format!("{family}, {id}"));
        assert!(tree(&done).len() > 3, "{family}, {id}");
        assert!(out.join(format!("thumbnails/{id}.png")).is_file());
    }
}

#[test]
fn every_kind_of_family_resumes_and_gets_the_files_that_encode_gives() {
    for family in ["gpt2", "llama", "gemma3_text", "bloom", "modernbert"] {
        check_family(family);
    }
}
