//! `attnviz bench` measures whatever model it is given.

use serde_json::Value;

use crate::binary::{Workplace, fixture};

/// A decoder of at most 96 tokens, whose tokenizer adds none.
fn decoder() -> String {
    fixture("families/gpt2").display().to_string()
}

fn assert_timed(timing: &Value) {
    for name in ["median", "least", "greatest"] {
        let seconds = timing[name].as_f64().expect("it is a number");
        assert!(seconds > 0.0, "{name} of {timing}");
    }
    assert!(timing["repeats"].as_u64() >= Some(5), "{timing}");
}

#[test]
fn a_decoder_is_measured_in_the_sizes_that_it_takes() {
    let outcome = Workplace::new().succeed(&["bench", "--json", "-m", &decoder()]);
    let report: Value = serde_json::from_str(&outcome.stdout).expect("it is JSON");
    assert_timed(&report["load"]);
    let sizes = report["encode"].as_array().expect("sizes are listed");
    assert_eq!(sizes.len(), 1, "{report}");
    assert_eq!(sizes[0]["inputs"], 1);
    assert_eq!(sizes[0]["tokens"], 8);
    assert_timed(&sizes[0]["timing"]);
    let pictures = report["render"].as_array().expect("pictures are listed");
    assert!(!pictures.is_empty(), "{report}");
    for picture in pictures {
        assert_timed(&picture["timing"]);
        assert!(picture["bytes"].as_u64() > Some(0), "{picture}");
    }
    assert!(report["head_maps_per_second"].as_f64() > Some(0.0));
}

#[test]
fn what_was_measured_of_a_decoder_is_printed_line_by_line() {
    let outcome = Workplace::new().succeed(&["bench", "-m", &decoder()]);
    let mut words: Vec<&str> = outcome
        .stdout
        .lines()
        .filter_map(|line| line.split_whitespace().next())
        .collect();
    words.dedup();
    assert_eq!(words, ["model", "machine", "load", "encode", "render"]);
    for unit in ["GFLOP/s", "GB/s", " ms ", " kB", "head maps/s"] {
        assert!(outcome.stdout.contains(unit), "{}", outcome.stdout);
    }
}
