//! The pages of many inputs: one each, or all in one, and the program that opens
//! them.

mod in_place;
mod joined;
mod large;
mod linked;
mod opened;

use std::fs;
use std::path::PathBuf;

use serde_json::{Value, json};

use crate::binary::{Outcome, Workplace, fixture};

/// Ids and texts that have broken pages, an ordinary input, and one that fails.
const HOSTILE: [(&str, &str); 7] = [
    ("plain", "hello world"),
    (
        "</article></script><script>document.title='owned'</script>",
        "</script><script>document.title='owned'</script>",
    ),
    (
        "a&b=c+d%20e#f'\"",
        "<!--attnviz input ends--><!--attnviz input-->",
    ),
    (
        "\u{0}\u{7f} \r\n\t",
        "<img src=x onerror=\"document.title='owned'\"> <!-- <script>",
    ),
    (
        "مرحبا \u{202e}abc",
        "مرحبا بالعالم \u{202e}abc\u{202c} שלום",
    ),
    ("🏳️‍🌈", "]]> {{7*7}} ${1} \u{2028} e\u{301} 日本"),
    ("empty <b>", ""),
];

fn write_inputs<'a>(workplace: &Workplace, inputs: impl IntoIterator<Item = (&'a str, &'a str)>) {
    let lines = inputs
        .into_iter()
        .map(|(id, text)| format!("{}\n", json!({ "id": id, "text": text })));
    let path = workplace.path().join("in.jsonl");
    fs::write(path, lines.collect::<String>()).unwrap();
}

/// A batch of `in.jsonl` with the small model, with this exit code.
fn batch(workplace: &Workplace, code: i32, output: &str, more: &[&str]) -> Outcome {
    let model = fixture("relu-uncased-vocabulary");
    let model = model.to_str().unwrap();
    let mut all = vec!["batch", "in.jsonl", "-m", model, "-o", output];
    all.extend(more);
    let outcome = workplace.run(&all);
    assert_eq!(outcome.code, Some(code), "{more:?}: {}", outcome.stderr);
    outcome
}

fn page(workplace: &Workplace, output: &str) -> PathBuf {
    workplace.path().join(output).join("index.html")
}

fn read(path: &std::path::Path) -> String {
    fs::read_to_string(path).unwrap()
}

/// The records of a batch.
fn results(workplace: &Workplace, output: &str) -> Vec<Value> {
    let text = read(&workplace.path().join(output).join("results.jsonl"));
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}
