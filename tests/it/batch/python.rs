//! Random files are read as Python's `csv` and `json` read them. Both the files
//! and what Python reads are committed; `tests/fixtures/make_tables.py` makes
//! them.

use std::fs;

use serde_json::{Value, json};

use super::{arguments, results};
use crate::binary::{Workplace, fixture};

#[test]
fn tables_and_json_are_read_as_python_reads_them() {
    for name in [
        "minimal.csv",
        "all.csv",
        "none.tsv",
        "ascii.jsonl",
        "letters.jsonl",
    ] {
        let workplace = Workplace::new();
        let file = fixture("tables").join(name);
        let expected = fs::read(format!("{}.expected.json", file.display()));
        let expected: Vec<Value> =
            serde_json::from_slice(&expected.expect("the fixture is there")).expect("it is JSON");
        assert!(expected.len() > 50);
        let file = file.display().to_string();
        let more = ["-f", "json", "--truncate", "8"];
        let outcome = workplace.run(&arguments(&[&file], "out", &more));
        assert_eq!(outcome.code, Some(0), "{name}: {}", outcome.stderr);
        let results = results(&workplace.path().join("out"));
        let found: Vec<Value> = results
            .iter()
            .map(|result| json!([result["line"], result["text"], result["pair"]]))
            .collect();
        for (found, expected) in found.iter().zip(&expected) {
            assert_eq!(found, expected, "{name}");
        }
        assert_eq!(found.len(), expected.len(), "{name}");
    }
}
