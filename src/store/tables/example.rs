//! `examples.jsonl`: the inputs that excite each head most and least, a line
//! each.

use serde::{Deserialize, Serialize};

/// A line of `examples.jsonl`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Example {
    /// The score, by its name.
    pub score: String,
    /// Zero-based layer.
    pub layer: usize,
    /// Zero-based head.
    pub head: usize,
    /// Whether the input excites the head most or least.
    pub end: End,
    /// From 1: the first is the input with the greatest value, or the smallest.
    pub rank: usize,
    /// The score's value.
    pub value: f32,
    /// The input's place among all inputs.
    pub index: u64,
    /// Its id.
    pub id: String,
    /// Its text, or the first 500 characters and `…`.
    pub text: Option<String>,
    /// The second text of a pair, likewise.
    pub pair: Option<String>,
    /// The head's strongest link there, without special units.
    pub link: Option<ExampleLink>,
}

/// Which end of a score's values an example is at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum End {
    /// The greatest values.
    Most,
    /// The smallest.
    Least,
}

/// How much a unit attends to another.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ExampleLink {
    /// What attends: its place, from 0.
    pub query: usize,
    /// As an axis shows it.
    pub query_label: String,
    /// What it attends to.
    pub key: usize,
    /// As an axis shows it.
    pub key_label: String,
    /// The attention.
    pub value: f32,
}
