//! `attnviz check`: rules on attention, their baseline, and what a broken one
//! shows.

mod accept;
mod baselines;
mod ended_in_error;
mod hints;
mod hostile_rules;
mod kinds;
mod mistakes;
mod new_user;
mod page;
mod reports;
mod told;
mod truncated;

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::binary::{Outcome, Workplace, copy_of_fixture};

/// A small model of 2 layers with 7 heads of 9 numbers each.
pub const MODEL: &str = "relu-uncased-vocabulary";
const HEAD_SIZE: usize = 9;

/// A folder with a model, inputs and room for rules.
pub struct Repository {
    pub work: Workplace,
}

impl Repository {
    pub fn new() -> Self {
        let work = Workplace::new();
        copy_of_fixture(MODEL, &work.path().join("model"));
        let inputs = "The animal was tired, so it slept.\nHello, how are you?\n";
        fs::write(work.path().join("sentences.txt"), inputs).unwrap();
        Self { work }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.work.path().join(name)
    }

    /// Writes `rules.toml`: what all rules share, and these.
    pub fn rules(&self, rules: &str) {
        let head = "model = \"./model\"\ninputs = [\"sentences.txt\"]\nbaseline = \"a.baseline\"\n";
        self.write("rules.toml", &format!("{head}\n{rules}\n"));
    }

    pub fn write(&self, name: &str, content: &str) {
        fs::write(self.path(name), content).unwrap();
    }

    pub fn check(&self, more: &[&str]) -> Outcome {
        let arguments = [&["check", "rules.toml"], more].concat();
        self.work.run(&arguments)
    }

    /// The baseline of the model as it is.
    pub fn accept(&self) -> Outcome {
        let outcome = self.check(&["--accept"]);
        assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
        outcome
    }

    /// What the check says as JSON, which ended with this code.
    pub fn json(&self, code: i32) -> Value {
        let outcome = self.check(&["--json"]);
        let said = format!("{}\n{}", outcome.stdout, outcome.stderr);
        assert_eq!(outcome.code, Some(code), "{said}");
        serde_json::from_str(&outcome.stdout).unwrap_or_else(|error| panic!("{error}: {said}"))
    }

    /// Makes the queries of one head this many times what they were.
    pub fn scale_head(&self, layer: usize, head: usize, factor: f32) {
        let name = format!("bert.encoder.layer.{layer}.attention.self.query.weight");
        let path = self.path("model/model.safetensors");
        let width = 63;
        let start = head * HEAD_SIZE * width;
        change_tensor(&path, &name, |values| {
            for value in &mut values[start..start + HEAD_SIZE * width] {
                *value *= factor;
            }
        });
    }
}

/// Changes the numbers of a tensor of a file.
pub fn change_tensor(path: &Path, name: &str, change: impl FnOnce(&mut [f32])) {
    let mut bytes = fs::read(path).unwrap();
    let length = u64::from_le_bytes(bytes[..8].try_into().unwrap()) as usize;
    let header: Value = serde_json::from_slice(&bytes[8..8 + length]).unwrap();
    let tensor = header
        .get(name)
        .or_else(|| header.get(name.trim_start_matches("bert.")))
        .unwrap_or_else(|| panic!("no {name} in {header}"));
    assert_eq!(tensor["dtype"], "BF16");
    let at = |index: usize| 8 + length + tensor["data_offsets"][index].as_u64().unwrap() as usize;
    let data = &mut bytes[at(0)..at(1)];
    // The upper half of a float32.
    let mut values: Vec<f32> = data
        .chunks_exact(2)
        .map(|bytes| f32::from_le_bytes([0, 0, bytes[0], bytes[1]]))
        .collect();
    change(&mut values);
    let changed: Vec<u8> = values
        .iter()
        .flat_map(|value| value.to_le_bytes()[2..].to_vec())
        .collect();
    data.copy_from_slice(&changed);
    fs::write(path, bytes).unwrap();
}
