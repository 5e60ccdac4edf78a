//! What scores are made of: queries, keys and lengths of values, against what
//! transformers hands to its attention (`tests/fixtures/make_neurons.py`), in the
//! files, and read again.

use std::collections::BTreeMap;
use std::fs;

use attnviz::attention::{MapMemory, Mask, Neurons, Selection};
use attnviz::model::{Backend, EncoderOutput, Extras, HiddenStates, Model};
use attnviz::store::saved::{self, ForeignNames};
use safetensors::SafeTensors;
use serde_json::Value;

use crate::binary::Workplace;
use crate::families::{INPUTS, fixtures, floats, load, names};
use crate::saved::only_folder;

use attnviz::tokenizer::{TokenLimit, Tokenizer};

/// How far a number of about one may be from what transformers computes.
const TOLERANCE: f32 = 2e-5;

fn output(name: &str, backend: Backend, selection: &Selection) -> EncoderOutput {
    let checkpoint = load(name);
    let (_, text, pair) = INPUTS[0];
    let limit = TokenLimit {
        maximum: 90,
        truncate: None,
    };
    let tokenizer = Tokenizer::from_checkpoint(&checkpoint).expect("the tokenizer loads");
    let prepared = tokenizer.tokenize(text, pair, limit).expect("a text");
    let model = Model::load(&checkpoint, backend).expect("the model loads");
    let extras = Extras {
        hidden_states: HiddenStates::Drop,
        neurons: true,
    };
    let outputs = model.forward_heads(&[&prepared], extras, selection, &MapMemory::default());
    outputs.expect("it runs").remove(0)
}

fn neurons(output: &EncoderOutput) -> &Neurons {
    output.neurons.as_ref().expect("they were asked for")
}

fn check_near(what: &str, found: &[f32], expected: &[f32]) {
    assert_eq!(found.len(), expected.len(), "{what}: number of values");
    for (place, (found, expected)) in found.iter().zip(expected).enumerate() {
        let difference = (found - expected).abs();
        let tolerance = TOLERANCE * expected.abs().max(1.0);
        assert!(
            difference <= tolerance,
            "{what}: value {place} is {found}, expected {expected}"
        );
    }
}

#[test]
fn queries_keys_and_lengths_of_values_are_those_of_transformers() {
    let bytes = fs::read(fixtures("expected/neurons.safetensors")).expect("it is there");
    let expected = SafeTensors::deserialize(&bytes).expect("it is safetensors");
    let mut families: Vec<&str> = expected
        .names()
        .into_iter()
        .filter_map(|name| name.strip_suffix(".query"))
        .collect();
    families.sort_unstable();
    assert_eq!(families.len(), 7);
    for name in families {
        for backend in [Backend::Fused, Backend::Plain] {
            let output = output(name, backend, &Selection::all(9, 9));
            let found = neurons(&output);
            for (part, values) in [
                ("query", &found.query),
                ("key", &found.key),
                ("value_norm", &found.value_norm),
                ("score_scale", &found.scales),
            ] {
                let part = format!("{name}.{part}");
                let expected = floats(&expected, &part).expect("it was made");
                check_near(&format!("{part}, {backend}"), values, &expected);
            }
        }
    }
}

/// Families whose scores have something beside the scaled product.
const WITH_MORE: [&str; 4] = ["bloom", "deberta-v2", "gemma2", "mpnet"];

#[test]
fn their_scaled_products_give_the_attention() {
    for name in names() {
        let has_more = WITH_MORE.iter().any(|more| name.starts_with(more));
        if has_more {
            continue;
        }
        let output = output(&name, Backend::Fused, &Selection::all(9, 9));
        let masks = output.attention.masks();
        let found = neurons(&output);
        let (units, size) = (found.unit_count, found.head_size);
        let layers: Vec<usize> = found.selection.layer_indices();
        for (place, (id, map)) in output.attention.maps().iter().enumerate() {
            let layer = layers.iter().position(|&layer| layer == id.layer).unwrap();
            let vector = |values: &[f32], unit: usize| {
                let start = (place * units + unit) * size;
                values[start..start + size].to_vec()
            };
            for query in 0..units {
                let allowed = masks.get(layer).copied().unwrap_or(Mask::Full);
                let allowed = allowed.allowed(query, units);
                let scores: Vec<f64> = (0..units)
                    .map(|key| {
                        let left = vector(&found.query, query).into_iter();
                        let products = left.zip(vector(&found.key, key));
                        let sum: f64 = products.map(|(q, k)| f64::from(q) * f64::from(k)).sum();
                        match allowed.contains(&key) {
                            true => (sum * f64::from(found.scales[layer])).exp(),
                            false => 0.0,
                        }
                    })
                    .collect();
                let total: f64 = scores.iter().sum();
                let row: Vec<f32> = scores.iter().map(|score| (score / total) as f32).collect();
                let expected = &map[query * units..(query + 1) * units];
                check_near(&format!("{name}, {id}, query {query}"), &row, expected);
            }
        }
    }
}

#[test]
fn of_some_heads_only_theirs_are_handed_out() {
    let all = output("llama", Backend::Fused, &Selection::all(2, 4));
    let some = Selection::of(&[1], &[0, 3]);
    let chosen = output("llama", Backend::Fused, &some);
    let selected = neurons(&all).select(&some);
    assert!(selected == *neurons(&chosen));
    assert_eq!(selected.scales.len(), 1);
}

fn arrays(folder: &std::path::Path) -> BTreeMap<String, Value> {
    let json = fs::read(folder.join("attention.json")).expect("it was written");
    serde_json::from_slice(&json).expect("it is JSON")
}

#[test]
fn neurons_lie_in_the_numeric_file_and_stay_there() {
    let workplace = Workplace::new();
    let run = |options: &[&str]| {
        let common = [
            "encode",
            "Hello, how are you?",
            "-m",
            "builtin",
            "-o",
            "out",
        ];
        workplace.succeed(&[&common[..], options].concat());
        only_folder(&workplace, "out")
    };
    let formats = "json,npz,safetensors";
    let folder = run(&["-f", formats, "--neurons", "--layers", "0,3"]);
    let before = arrays(&folder);
    for (name, size) in [("query", 8 * 32), ("key", 8 * 32), ("value_norm", 8)] {
        let heads = before[name].as_array().expect("an array of layers");
        assert_eq!(heads.len(), 2, "{name}");
        assert_eq!(heads[0].as_array().expect("heads").len(), 12, "{name}");
        let numbers = heads[1][5].to_string().matches('.').count();
        assert_eq!(numbers, size, "{name}");
    }
    // Another view of the same heads keeps them, whatever it shows.
    run(&[
        "-f", formats, "--layers", "0,3", "--views", "mean", "--tokens", "word",
    ]);
    let after = arrays(&folder);
    for name in ["query", "key", "value_norm", "score_scale"] {
        assert!(before[name] == after[name], "{name}");
    }
    for file in ["attention.json", "attention.npz", "attention.safetensors"] {
        let read = saved::read(&folder.join(file), &ForeignNames::default());
        let read = read.expect("it is a run").run;
        let neurons = read.neurons.expect("they are in the file");
        assert_eq!((neurons.unit_count, neurons.head_size), (8, 32), "{file}");
        let first = before["key"][0][0][0][0].as_f64().unwrap() as f32;
        assert_eq!(neurons.key[0], first, "{file}");
    }
}

#[test]
fn a_file_with_a_part_of_the_neurons_is_refused() {
    let workplace = Workplace::new();
    let common = [
        "encode", "Hello", "-m", "builtin", "-o", "out", "-f", "json",
    ];
    workplace.succeed(&[&common[..], &["--neurons"]].concat());
    let folder = only_folder(&workplace, "out");
    let path = folder.join("attention.json");
    let whole = arrays(&folder);
    let refused = |change: &dyn Fn(&mut BTreeMap<String, Value>), word: &str| {
        let mut changed = whole.clone();
        change(&mut changed);
        fs::write(&path, serde_json::to_vec(&changed).unwrap()).unwrap();
        let error = saved::read(&path, &ForeignNames::default()).expect_err("it is wrong");
        assert!(error.to_string().contains(word), "{error}");
        assert!(error.remedy().is_some(), "{error}");
    };
    refused(&|arrays| drop(arrays.remove("key")), "together");
    refused(
        &|arrays| {
            let all = arrays["value_norm"].as_array().expect("layers").clone();
            arrays.insert("value_norm".to_owned(), Value::Array(all[1..].to_vec()));
        },
        "value_norm",
    );
}

#[test]
fn neurons_without_a_numeric_file_are_warned_of() {
    let workplace = Workplace::new();
    let common = [
        "encode",
        "Hello",
        "-m",
        "builtin",
        "--views",
        "overview",
        "--neurons",
    ];
    let outcome = workplace.succeed(&common);
    assert!(outcome.stderr.contains("--neurons"), "{}", outcome.stderr);
}
