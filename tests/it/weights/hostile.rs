//! Small files that would take much memory or time.

use std::time::{Duration, Instant};

use serde_json::json;

use super::{ModelFolder, at, check_expected, tensors};
use crate::bad_input::{Described, pickled_text, state_dict, zip};

/// Runs the binary with little address space and expects an error soon.
fn check_modest(folder: &ModelFolder, words: &[&str]) {
    let start = Instant::now();
    folder.check_refused(words);
    let elapsed = start.elapsed();
    assert!(
        elapsed < Duration::from_secs(20),
        "{words:?} took {elapsed:?}"
    );
}

/// A config of many wide layers.
fn large(layers: u64) -> ModelFolder {
    let folder = ModelFolder::new();
    folder.configure(|config| {
        config["hidden_size"] = json!(256);
        config["intermediate_size"] = json!(256);
        config["num_hidden_layers"] = json!(layers);
    });
    folder
}

/// What a BERT of the config of [`large`] has, name and shape.
fn names_and_shapes(layers: u64) -> Vec<(String, Vec<usize>)> {
    let widened = |size: usize| if size == 8 || size == 16 { 256 } else { size };
    let small = tensors();
    let mut all = Vec::new();
    for (name, (shape, _)) in &small {
        // Rows of embeddings are no widths.
        let is_table = name.ends_with("_embeddings.weight");
        let mut shape: Vec<usize> = shape.clone();
        let first = usize::from(is_table);
        shape[first..]
            .iter_mut()
            .for_each(|size| *size = widened(*size));
        match name.strip_prefix("encoder.layer.0.") {
            Some(part) => all.extend(
                (0..layers).map(|layer| (format!("encoder.layer.{layer}.{part}"), shape.clone())),
            ),
            None if name.starts_with("encoder.layer.") => {}
            None => all.push((name.clone(), shape)),
        }
    }
    all
}

/// All tensors at the start of one storage; with strides of zero, all values
/// are its first.
fn sharing(layers: u64, with_strides: bool) -> Vec<u8> {
    let names = names_and_shapes(layers);
    let described: Vec<Described<'_>> = names
        .iter()
        .map(|(name, shape)| {
            let mut tensor = at(name, 0, shape);
            if !with_strides {
                tensor.strides.iter_mut().for_each(|stride| *stride = 0);
            }
            tensor
        })
        .collect();
    let data = vec![0; 4 * 256 * 256];
    zip(&[("m/data.pkl", &state_dict(&described)), ("m/data/0", &data)])
}

#[test]
fn layers_that_share_one_storage_take_no_more_than_the_file_accounts_for() {
    for with_strides in [true, false] {
        let folder = large(1_000);
        folder.write("pytorch_model.bin", sharing(1_000, with_strides));
        check_modest(&folder, &["its tensors share their data"]);
        // Twelve layers that are one are a model that people have.
        let folder = large(12);
        folder.write("pytorch_model.bin", sharing(12, with_strides));
        let outcome = folder.encode(&["--layers", "0"]);
        assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
    }
}

#[test]
fn what_a_pickle_repeats_costs_nothing() {
    let long = pickled_text(&"a".repeat(1 << 20));
    let repeat = |bytes: &[u8], count: usize| bytes.repeat(count);
    let storage = {
        let class = b"ctorch\nFloatStorage\n";
        [b"(", &pickled_text("storage")[..], class, b"h\0h\0K\x01tQ"].concat()
    };
    let wide = [b"(", &repeat(b"K\x01", 1 << 20)[..], b"tq\x01"].concat();
    for (pickle, words) in [
        // One name, set a million times.
        (
            [
                b"\x80\x02",
                &long[..],
                b"q\x000}",
                &repeat(b"h\0K\x01s", 400_000),
            ]
            .concat(),
            "",
        ),
        // A million dicts with it.
        (
            [
                b"\x80\x02",
                &long[..],
                b"q\x000](",
                &repeat(b"}h\0K\x01s", 250_000),
                b"e",
            ]
            .concat(),
            "",
        ),
        // As the name of a storage.
        (
            [
                b"\x80\x02",
                &long[..],
                b"q\x000](",
                &repeat(&storage, 20_000),
                b"e",
            ]
            .concat(),
            "",
        ),
        // A shape of a million dimensions.
        (
            [
                b"\x80\x02",
                &wide[..],
                b"0}",
                &pickled_text("bert.embeddings.word_embeddings.weight"),
                b"ctorch._utils\n_rebuild_tensor_v2\n((",
                &pickled_text("storage"),
                b"ctorch\nFloatStorage\n",
                &pickled_text("0"),
                &pickled_text("cpu"),
                b"K\x01tQK\0h\x01h\x01tRs",
            ]
            .concat(),
            "not described right",
        ),
        // A dict of the same pairs, over and over.
        (
            [
                b"\x80\x02](",
                &repeat(b"(K\x01K\x01t", 100_000)[..],
                b"e\x85q\x000](",
                &repeat(b"ccollections\nOrderedDict\nh\0R", 1_000),
                b"e",
            ]
            .concat(),
            "makes more than",
        ),
    ] {
        let pickle = [&pickle[..], b"."].concat();
        let folder = ModelFolder::new();
        let file = zip(&[("m/data.pkl", &pickle)]);
        folder.write("pytorch_model.bin", file);
        check_modest(&folder, &["pytorch_model.bin", words]);
        // The same in the older format.
        let machine = b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19.\x80\x02M\xe9\x03.\x80\x02}.";
        let file = [&machine[..], &pickle, b"\x80\x02]."].concat();
        folder.write("pytorch_model.bin", file);
        check_modest(&folder, &["pytorch_model.bin", words]);
    }
}

#[test]
fn an_older_file_that_claims_much_gets_no_memory() {
    let machine = b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19.\x80\x02M\xe9\x03.\x80\x02}.";
    let pickle = state_dict(&[at("embeddings.word_embeddings.weight", 0, &[10, 8])]);
    let keys = |keys: &[&str]| {
        let keys: Vec<u8> = keys.iter().flat_map(|key| pickled_text(key)).collect();
        [b"\x80\x02](", &keys[..], b"e."].concat()
    };
    let count = |count: u64| count.to_le_bytes().to_vec();
    for (rest, word) in [
        ([keys(&["0"]), count(u64::MAX)].concat(), "is incomplete"),
        (
            [keys(&["0"]), count(u64::MAX / 4)].concat(),
            "is incomplete",
        ),
        (
            [keys(&["0"]), count(1 << 40), vec![0; 320]].concat(),
            "is incomplete",
        ),
        ([keys(&["0"]), count(80)].concat(), "is incomplete"),
        (keys(&["0"]), "is incomplete"),
        (
            [keys(&["0", "0"]), count(80), vec![0; 320]].concat(),
            "lists no storages",
        ),
        (
            [keys(&["7"]), count(80), vec![0; 320]].concat(),
            "lists no storages",
        ),
        (
            [b"\x80\x02K\x01.".to_vec(), count(80)].concat(),
            "lists no storages",
        ),
        // The storage is there, and smaller than the tensor.
        (
            [keys(&["0"]), count(8), vec![0; 32]].concat(),
            "cannot be in a file",
        ),
    ] {
        let folder = ModelFolder::new();
        let file = [&machine[..], &pickle, &rest].concat();
        folder.write("pytorch_model.bin", file);
        check_modest(&folder, &[word]);
    }
}

#[test]
fn a_config_that_goes_on_for_ever_is_refused_or_passed_over() {
    let folder = ModelFolder::new();
    let weights = super::container("double-safetensors/model.safetensors");
    folder.write("model.safetensors", weights);
    let zeros = vec!["0"; 1_000_000].join(",");
    let config = String::from_utf8(super::container("config.json")).expect("the config is text");
    let with =
        |field: &str, value: &str| config.replacen('{', &format!("{{\"{field}\": {value},"), 1);
    folder.write("config.json", with("id2label", &format!("[{zeros}]")));
    check_expected(&folder.attention(&[]).0, "a long config");
    folder.write("config.json", with("auto_map", &format!("[{zeros}]")));
    assert!(folder.encode(&[]).stderr.contains("own code (unnamed)"));
    let folder = ModelFolder::new();
    folder.write("config.json", with("pruned_heads", &format!("[{zeros}]")));
    folder.check_refused(&["pruned_heads"]);
    folder.write("config.json", with("id2label", &"[".repeat(1_000_000)));
    check_modest(&folder, &["config.json"]);
    folder.write(
        "config.json",
        with("x", &format!("\"{}\"", "x".repeat(17 << 20))),
    );
    check_modest(&folder, &["config.json", "at most 16777216 bytes"]);
}

#[test]
fn a_name_of_a_megabyte_is_not_repeated_in_a_message() {
    let long = "x".repeat(1 << 20);
    for name in [
        format!("bert.encoder.layer.0.lora_{long}"),
        format!("bert.encoder.{long}.qweight"),
        format!("{long}.embeddings.word_embeddings.weight"),
        format!("bert.encoder.{long}"),
        long,
    ] {
        let folder = ModelFolder::new();
        let mut weights = super::prefixed("bert.", &tensors());
        weights.insert(name, (vec![1], vec![0.0]));
        folder.write("model.safetensors", super::safetensors_of(&weights));
        let stderr = folder.encode(&[]).stderr;
        assert!(stderr.len() < 2_000, "{} bytes", stderr.len());
    }
}

#[test]
fn a_file_of_very_many_tensors_is_refused_by_their_number() {
    let entry = |index: usize| {
        format!("\"a{index}\":{{\"dtype\":\"F32\",\"shape\":[0],\"data_offsets\":[0,0]}}")
    };
    let folder = ModelFolder::new();
    for (count, words) in [
        (400_000, "it has 400000 tensors, at most 100000 are read"),
        (50_000, "expected a tensor named"),
    ] {
        let entries: Vec<String> = (0..count).map(entry).collect();
        let header = format!("{{{}}}", entries.join(","));
        let length = (header.len() as u64).to_le_bytes();
        let bytes = [length.as_slice(), header.as_bytes()].concat();
        folder.write("model.safetensors", bytes);
        check_modest(&folder, &[words]);
    }
}
