//! The page of `--format html`, in a real Chromium.

pub mod browser;
mod commands;
mod drawings;
pub mod exact;
mod filtered;
pub mod firefox;
mod hands;
mod in_firefox;
mod kept;
mod keyboard;
pub mod looks;
mod neurons;
mod opening;
mod script;
mod settings;
mod speed;
mod take_along;
pub mod values;

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::binary::Workplace;

/// A sentence with a word of several pieces.
const SENTENCE: &str = "The tokenizers sat on the mat because it was tired.";

/// The page of a command's folder, with its numbers beside it.
struct Made {
    _workplace: Workplace,
    folder: PathBuf,
}

impl Made {
    fn page(&self) -> PathBuf {
        self.folder.join("index.html")
    }

    fn numbers(&self) -> Value {
        read_json(&self.folder.join("attention.json"))
    }

    /// An array of numbers: `[layer, head, query, key]`.
    fn array(&self, name: &str) -> Vec<Vec<Vec<Vec<f64>>>> {
        serde_json::from_value(self.numbers()[name].take()).unwrap()
    }
}

fn read_json(path: &Path) -> Value {
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

/// What `encode` makes of a text with these options.
fn encoded(text: &str, options: &[&str]) -> Made {
    let workplace = Workplace::new();
    let mut arguments = vec!["encode", text, "-m", "builtin", "-f", "html,json", "--json"];
    arguments.extend(options);
    let outcome = workplace.succeed(&arguments);
    let report: Value = serde_json::from_str(&outcome.stdout).unwrap();
    let folder = workplace.path().join(report["folder"].as_str().unwrap());
    Made {
        _workplace: workplace,
        folder,
    }
}

/// What `render` makes of attention from elsewhere.
fn rendered(foreign: &Value, options: &[&str]) -> Made {
    let workplace = Workplace::new();
    let file = workplace.path().join("foreign.json");
    std::fs::write(&file, foreign.to_string()).unwrap();
    let mut arguments = vec!["render", "foreign.json", "-f", "html,json", "--json"];
    arguments.extend(options);
    let outcome = workplace.succeed(&arguments);
    let report: Value = serde_json::from_str(&outcome.stdout).unwrap();
    let folder = workplace.path().join(report["folder"].as_str().unwrap());
    Made {
        _workplace: workplace,
        folder,
    }
}
