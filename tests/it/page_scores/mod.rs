//! The page of `attnviz scores`, in a real Chromium.

mod hands;
mod looks;
mod opening;
mod take_along;
mod values;

use std::fs;
use std::path::PathBuf;

use serde_json::{Value, json};

use crate::binary::{Workplace, copy_of_fixture};

/// A name that has broken pages.
const HOSTILE: &str = "</script><img src=x onerror=\"document.title='owned'\">\u{202e}";

/// A folder of scores with relations, a pair, hostile names and a failure.
struct Made {
    workplace: Workplace,
}

impl Made {
    fn folder(&self) -> PathBuf {
        self.workplace.path().join("out")
    }

    fn page(&self) -> PathBuf {
        self.folder().join("index.html")
    }

    /// The rows of a table without its header, each field a text; no field here
    /// has a comma.
    fn rows(&self, table: &str) -> Vec<Vec<String>> {
        let text = fs::read_to_string(self.folder().join(table)).unwrap();
        let rows = text.lines().skip(1);
        rows.map(|row| row.split(',').map(str::to_owned).collect())
            .collect()
    }

    fn examples(&self) -> Vec<Value> {
        let text = fs::read_to_string(self.folder().join("examples.jsonl")).unwrap();
        let lines = text.lines();
        lines
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }
}

/// Makes scores of a small model of 3 layers with 4 heads.
fn scored() -> Made {
    scored_inputs(
        &[
            json!({"id": "she", "text": "She slept.", "relations": [{"name": "nsubj", "from": [0, 3], "to": [4, 9]}]}),
            json!({"id": HOSTILE, "text": format!("Birds sing {HOSTILE}."), "relations": [
            {"name": "nsubj", "from": [0, 5], "to": [6, 10]}, {"name": HOSTILE, "from": [6, 10], "to": [0, 5]}]}),
            json!({"id": "pair", "text": "The cat sat, and the cat slept.", "pair": "It was tired."}),
            json!({"id": "dash", "text": "-- It's a \"cat\" & a $HOME `x`\\."}),
            json!({"id": "none", "txt": "nothing to read"}),
        ],
        3,
    )
}

fn scored_inputs(inputs: &[Value], code: i32) -> Made {
    let workplace = Workplace::new();
    copy_of_fixture("masked-lm-bin", &workplace.path().join("small model"));
    let lines: Vec<String> = inputs.iter().map(Value::to_string).collect();
    fs::write(workplace.path().join("in put.jsonl"), lines.join("\n")).unwrap();
    let arguments = [
        "scores",
        "in put.jsonl",
        "-m",
        "small model",
        "-o",
        "out",
        "-q",
    ];
    let outcome = workplace.run(&arguments);
    assert_eq!(outcome.code, Some(code), "{}", outcome.stderr);
    Made { workplace }
}
