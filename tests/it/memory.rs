//! What a run takes is known before it is taken.
#![cfg(target_os = "linux")]

use std::fs;
use std::path::Path;
use std::process::Command;

use attnviz::memory::{self, Demand};
use attnviz::store::{Format, OutputOptions, with_output};
use safetensors::tensor::TensorView;
use safetensors::{Dtype, SafeTensors, serialize};

use crate::binary::{Outcome, Workplace, copy_of_fixture};

/// Positions of the model.
const POSITIONS: usize = 40_000;

/// A fixture with room for many more tokens, none of which tells its place: its
/// weights have more than five megabytes.
pub fn model(folder: &Path) {
    copy_of_fixture("relu-uncased-vocabulary", folder);
    let config = fs::read(folder.join("config.json")).expect("there is a config");
    let mut config: serde_json::Value = serde_json::from_slice(&config).expect("it is JSON");
    config["max_position_embeddings"] = POSITIONS.into();
    let hidden = config["hidden_size"].as_u64().expect("it has a size") as usize;
    fs::write(folder.join("config.json"), config.to_string()).expect("it can be written");
    let path = folder.join("model.safetensors");
    let bytes = fs::read(&path).expect("there are weights");
    let tensors = SafeTensors::deserialize(&bytes).expect("they are safetensors");
    let zeros = vec![0_u8; POSITIONS * hidden * 4];
    let tensors = tensors.tensors().into_iter().map(|(name, tensor)| {
        if !name.ends_with("position_embeddings.weight") {
            return (name, tensor);
        }
        let shape = vec![POSITIONS, hidden];
        let zeros = TensorView::new(Dtype::F32, shape, &zeros).expect("it is a tensor");
        (name, zeros)
    });
    let bytes = serialize(tensors, None).expect("it can be serialized");
    fs::write(path, bytes).expect("it can be written");
}

/// Runs the binary with so many kilobytes of memory at most.
fn run(workplace: &Workplace, kilobytes: u64, arguments: &[&str]) -> Outcome {
    let inner = workplace.command(arguments);
    let mut outer = Command::new("sh");
    let script = format!("ulimit -v {kilobytes}; exec \"$@\"");
    outer.args(["-c", &script, "sh"]).arg(inner.get_program());
    outer.args(inner.get_args()).current_dir(workplace.path());
    for (name, value) in inner.get_envs() {
        match value {
            Some(value) => outer.env(name, value),
            None => outer.env_remove(name),
        };
    }
    Outcome::of(outer.output())
}

#[test]
fn a_run_that_does_not_fit_says_how_much_it_takes_and_what_would_fit() {
    let workplace = Workplace::new();
    model(&workplace.path().join("model"));
    let text = "a ".repeat(38_000);
    let memory = 3_000_000;
    let encode = |more: &[&str]| {
        let all = ["encode", &text, "-m", "./model", "-o", "out"];
        run(&workplace, memory, &[&all[..], more].concat())
    };
    let refused = encode(&["--layers", "0", "--heads", "0"]);
    assert_eq!(refused.code, Some(1), "{}", refused.stderr);
    for word in [
        "of 38002 tokens take about 6.",
        " GB of memory, and ",
        " are free",
    ] {
        assert!(refused.stderr.contains(word), "{}", refused.stderr);
    }
    assert!(!workplace.path().join("out").exists());
    let hint = refused.stderr.lines().last().unwrap_or_default();
    let longest = hint.strip_prefix("hint: --truncate ");
    let longest: usize = longest.and_then(|it| it.parse().ok()).expect(hint);
    assert!((10_000..30_000).contains(&longest), "{longest}");
    // Everything of so many tokens is more than a single map of them.
    let fewer: usize = 18_000;
    let all = encode(&["--truncate", &fewer.to_string()]);
    assert_eq!(all.code, Some(1), "{}", all.stderr);
    let hint = all.stderr.lines().last().unwrap_or_default();
    assert!(hint.contains("--truncate "), "{hint}");
    assert!(hint.contains("; or --layers 0 --heads 0"), "{hint}");
    // What is written counts, too.
    let numbers = ["--layers", "0", "--heads", "0", "-f", "json", "--large"];
    let numbers = encode(&[&numbers[..], &["--truncate", &fewer.to_string()]].concat());
    assert_eq!(numbers.code, Some(1), "{}", numbers.stderr);
    assert!(numbers.stderr.contains("--truncate "), "{}", numbers.stderr);
    // And less fits.
    let fits = encode(&["--truncate", "1500", "--layers", "0", "--heads", "0"]);
    assert_eq!(fits.code, Some(0), "{}", fits.stderr);
}

#[test]
fn an_input_of_a_batch_that_does_not_fit_fails_alone() {
    let workplace = Workplace::new();
    model(&workplace.path().join("model"));
    let lines = format!("one\n{}\ntwo\n", "the ".repeat(30_000));
    fs::write(workplace.path().join("in.txt"), lines).expect("it can be written");
    let arguments = ["batch", "in.txt", "-m", "./model", "-o", "out"];
    let outcome = run(&workplace, 3_000_000, &arguments);
    assert_eq!(outcome.code, Some(3), "{}", outcome.stderr);
    let words = "attention and pictures of 30002 tokens take about";
    assert!(outcome.stderr.contains(words), "{}", outcome.stderr);
}

#[test]
fn demands_grow_with_maps_and_tokens_and_never_wrap() {
    let demand = Demand {
        map_count: 144,
        each_pair: 4,
        each_pair_once: 0,
        each_token: 0,
    };
    assert_eq!(demand.of(512), 144 * 512 * 512 * 4);
    assert_eq!(demand.of(usize::MAX), u64::MAX);
    let error = demand
        .check([usize::MAX, 5].into_iter())
        .expect_err("it is too much");
    assert_eq!(error.needed, u64::MAX);
    assert!(
        error
            .longest
            .is_some_and(|longest| demand.check([longest].into_iter()).is_ok())
    );
    assert!(memory::available().is_some_and(|bytes| bytes > 0));
    assert!(memory::check(u64::MAX).is_err());
    assert!(memory::check(1 << 20).is_ok());
}

#[test]
fn canvases_are_counted_with_what_a_run_takes() {
    let model = Demand {
        map_count: 72,
        each_pair: 4,
        each_pair_once: 0,
        each_token: 0,
    };
    let numbers = OutputOptions {
        formats: [Format::Npz].into_iter().collect(),
        ..OutputOptions::default()
    };
    let pictures = OutputOptions::default();
    for count in [1, 8, 128, 2_000] {
        let of = |options: &OutputOptions| with_output(model, [6, count], options).of(count);
        // An overview and at least one map, of a byte a pixel.
        assert!(of(&pictures) > model.of(count) + 10_000_000, "{count}");
        assert!(of(&numbers) <= 3 * model.of(count), "{count}");
    }
}

#[test]
fn units_of_attention_from_elsewhere_are_counted_before_they_are_made() {
    let workplace = Workplace::new();
    let count = 130_000;
    let header = format!("{{'descr': '<f4', 'fortran_order': False, 'shape': (1, {count}), }}\n");
    let mut file = b"\x93NUMPY\x01\x00".to_vec();
    file.extend((header.len() as u16).to_le_bytes());
    file.extend(header.as_bytes());
    file.extend((0..count).flat_map(|_| (1.0 / count as f32).to_le_bytes()));
    fs::write(workplace.path().join("it.npy"), file).expect("it can be written");
    // Threads alone take most of this.
    let outcome = run(&workplace, 800_000, &["render", "it.npy", "--threads", "1"]);
    assert_eq!(outcome.code, Some(1), "{}", outcome.stderr);
    let words = "it.npy: the numbers take about 132 MB of memory";
    assert!(outcome.stderr.contains(words), "{}", outcome.stderr);
    workplace.succeed(&["render", "it.npy"]);
}

#[test]
fn a_long_token_that_thousands_are_mistaken_for_is_kept_once() {
    let workplace = Workplace::new();
    let model = workplace.path().join("model");
    copy_of_fixture("relu-uncased-vocabulary", &model);
    // Of what follows the letter nothing is left in lower case; with a copy of
    // the long token for each of the others they would take three gigabytes.
    let long = format!("a{}", "\u{1}".repeat(400_000));
    let others = (0..8_192).map(|number| {
        let digits = format!("{number:013b}");
        format!("a{}", digits.replace('0', "\u{1}").replace('1', "\u{2}"))
    });
    let tokens = std::iter::once(long).chain(others).zip(1_000..);
    let tokens: serde_json::Map<String, serde_json::Value> = tokens
        .map(|(content, id)| {
            let token = serde_json::json!({"content": content, "normalized": true});
            (format!("{id}"), token)
        })
        .collect();
    let config = serde_json::json!({"added_tokens_decoder": tokens});
    let path = model.join("tokenizer_config.json");
    fs::write(path, config.to_string()).expect("it can be written");
    let arguments = ["encode", "the", "-m", "./model", "--threads", "1"];
    let outcome = run(&workplace, 2_000_000, &arguments);
    assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
}
