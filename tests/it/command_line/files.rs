//! What `encode` leaves on disk.

use std::collections::BTreeSet;
use std::io::Cursor;
use std::path::Path;

use safetensors::{Dtype, SafeTensors};
use serde_json::{Value, json};

use crate::binary::{Workplace, fixture, manifest, sha256, tree};

const TEXT: &str = "Hello, how are you?";
const FOLDER: &str = "hello-how-are-you";

/// Width and height of a picture that the png crate reads to its end.
fn decoded_size(name: &str, bytes: &[u8]) -> (u32, u32) {
    assert!(bytes.starts_with(b"\x89PNG\r\n\x1a\n"), "{name}");
    let mut reader = png::Decoder::new(Cursor::new(bytes))
        .read_info()
        .unwrap_or_else(|error| panic!("{name}: {error}"));
    let size = reader.output_buffer_size().expect("the picture has a size");
    let mut pixels = vec![0; size];
    let info = reader
        .next_frame(&mut pixels)
        .unwrap_or_else(|error| panic!("{name}: {error}"));
    (info.width, info.height)
}

/// The manifest lists exactly the other files, with the SHA-256 of each, and
/// nothing in it says where this machine keeps anything.
fn check_manifest(folder: &Path, workplace: &Path) -> Value {
    let manifest = manifest(folder);
    let files = tree(folder);
    let listed: BTreeSet<String> = manifest["files"]
        .as_array()
        .expect("files are a list")
        .iter()
        .map(|file| {
            let name = file["name"].as_str().expect("a file has a name");
            let content = files
                .get(name)
                .unwrap_or_else(|| panic!("{name} is listed and not there"));
            assert_eq!(file["sha256"], sha256(content), "{name}");
            name.to_owned()
        })
        .collect();
    let mut there: BTreeSet<String> = files.keys().cloned().collect();
    assert!(there.remove("manifest.json"));
    assert_eq!(listed, there);
    for (name, bytes) in &files {
        let workplace = workplace.to_str().expect("the workplace is UTF-8");
        let found = bytes
            .windows(workplace.len())
            .any(|window| window == workplace.as_bytes());
        assert!(!found, "{name} holds a path of this machine");
    }
    check_no_absolute_path(&manifest);
    manifest
}

fn check_no_absolute_path(value: &Value) {
    match value {
        Value::String(text) => assert!(!Path::new(text).is_absolute(), "{text}"),
        Value::Array(values) => values.iter().for_each(check_no_absolute_path),
        Value::Object(fields) => fields.values().for_each(check_no_absolute_path),
        _ => {}
    }
}

#[test]
fn the_main_command_draws_every_head_and_an_overview() {
    let workplace = Workplace::new();
    let outcome = workplace.succeed(&["encode", TEXT, "--model", "builtin"]);
    let mut lines = outcome.stderr.lines();
    assert!(
        lines.all(|line| line.starts_with("hint: ")),
        "{}",
        outcome.stderr
    );
    let folder = workplace.default_output().join(FOLDER);
    let manifest = check_manifest(&folder, workplace.path());
    let files = tree(&folder);
    let mut expected: BTreeSet<String> = ["manifest.json", "overview.png"].map(String::from).into();
    for layer in 0..6 {
        for head in 0..12 {
            expected.insert(format!("heads/layer-{layer:02}-head-{head:02}.png"));
        }
    }
    assert_eq!(files.keys().cloned().collect::<BTreeSet<_>>(), expected);
    for (name, bytes) in files.iter().filter(|(name, _)| name.ends_with(".png")) {
        let (width, height) = decoded_size(name, bytes);
        assert!(width > 100 && height > 100, "{name}: {width} x {height}");
    }
    assert_eq!(manifest["schema_version"], 2);
    let input = json!({"kind": "text", "text": TEXT, "pair": null});
    assert_eq!(manifest["input"], input);
    let attention = &manifest["attention"][0];
    assert_eq!(attention["kind"], "self");
    assert_eq!(attention["layers"], json!([0, 1, 2, 3, 4, 5]));
    assert_eq!(manifest["model"]["source"], "builtin");
    assert_eq!(
        manifest["model"]["files"].as_array().map(Vec::len),
        Some(3),
        "config, tokenizer and weights"
    );
    let units = &manifest["streams"][0]["units"];
    let tokens: Vec<&str> = units
        .as_array()
        .expect("units are a list")
        .iter()
        .map(|unit| unit["text"].as_str().expect("a unit has a text"))
        .collect();
    let classification = json!({"id": 101, "text": "[CLS]", "label": "[CLS]",
        "special": "classification", "segment": 0, "word": null, "start": null, "end": null});
    assert_eq!(units[0], classification);
    let word = json!({"id": 7592, "text": "hello", "label": "hello",
        "special": null, "segment": 0, "word": 0, "start": 0, "end": 5});
    assert_eq!(units[1], word);
    let expected = ["[CLS]", "hello", ",", "how", "are", "you", "?", "[SEP]"];
    assert_eq!(tokens, expected);
    for (line, words) in [
        ("model   ", vec!["all-MiniLM-L6-v2", "built in"]),
        ("tokens  8: ", vec!["[CLS] hello , how are you ? [SEP]"]),
        ("wrote   ", vec![FOLDER, "73 pictures", "manifest.json"]),
        ("open    ", vec!["hello-how-are-you", "overview.png"]),
        ("time    ", vec!["load", "encode", "draw"]),
    ] {
        let found = outcome.stdout.lines().find(|found| found.starts_with(line));
        let found = found.unwrap_or_else(|| panic!("no {line:?} in {}", outcome.stdout));
        for word in words {
            assert!(found.contains(word), "{word} is not in {found}");
        }
    }
}

#[test]
fn a_hub_that_cannot_be_reached_gives_the_built_in_model_with_a_warning() {
    let workplace = Workplace::new();
    let outcome = workplace.succeed(&["encode", TEXT, "--offline", "--views", "overview"]);
    assert!(
        outcome
            .stderr
            .starts_with("warning: bert-base-uncased is not available"),
        "{}",
        outcome.stderr
    );
    let folder = workplace.default_output().join(FOLDER);
    assert_eq!(
        check_manifest(&folder, workplace.path())["model"]["source"],
        "builtin"
    );
}

#[test]
fn the_json_result_says_what_was_written() {
    let workplace = Workplace::new();
    let arguments = ["encode", TEXT, "-m", "builtin", "--json", "--layers", "0"];
    let outcome = workplace.succeed(&arguments);
    let report: Value = serde_json::from_str(&outcome.stdout).expect("the result is JSON");
    let folder = workplace
        .path()
        .join(report["folder"].as_str().expect("a folder is named"));
    let mut listed: Vec<&str> = report["files"]
        .as_array()
        .expect("files are a list")
        .iter()
        .filter_map(Value::as_str)
        .collect();
    listed.sort_unstable();
    // Paths from where the command ran.
    let named = report["folder"].as_str().expect("a folder is named");
    let files = tree(&folder);
    let expected: Vec<_> = files.keys().map(|name| format!("{named}/{name}")).collect();
    assert_eq!(listed, expected);
    assert_eq!(report["open"], format!("{named}/overview.png"));
    assert_eq!(report["pictures"], 13);
    assert_eq!(report["attention"][0]["layers"], json!([0]));
    let units = report["streams"][0]["units"].as_array();
    assert_eq!(units.map(Vec::len), Some(8));
    for stage in ["load", "encode", "draw"] {
        assert!(report["seconds"][stage].is_f64(), "{stage}");
    }
}

#[test]
fn the_file_to_open_first_is_named() {
    let workplace = Workplace::new();
    let open = |arguments: &[&str]| -> String {
        let outcome = workplace.succeed(arguments);
        let line = outcome
            .stdout
            .lines()
            .find_map(|line| line.strip_prefix("open    "));
        let path = line.unwrap_or_else(|| panic!("{}", outcome.stdout));
        assert!(workplace.path().join(path).is_file(), "{path}");
        path.replace('\\', "/")
    };
    let base = [
        "encode", "Hi", "-m", "builtin", "--layers", "0", "--heads", "0-1",
    ];
    for (more, expected) in [
        (
            &["-f", "png,safetensors"][..],
            "attnviz-out/hi/overview.png",
        ),
        (&["-f", "svg"], "attnviz-out/hi/overview.svg"),
        (
            &["--views", "heads"],
            "attnviz-out/hi/heads/layer-00-head-00.png",
        ),
        (&["-f", "npz"], "attnviz-out/hi/attention.npz"),
        // Whatever is in the folder already, and in whichever order.
        (&["--views", "mean"], "attnviz-out/hi/mean/all.png"),
        (&["--views", "heads,max"], "attnviz-out/hi/max/all.png"),
    ] {
        assert_eq!(open(&[&base, more].concat()), expected);
    }
    let render = ["render", "attnviz-out/hi", "--views", "overview"];
    assert_eq!(open(&render), "attnviz-out/hi/overview.png");
    std::fs::write(workplace.path().join("in.txt"), "one\ntwo\n").expect("a file is written");
    for (index, folder) in ["1/2", "2/2"].into_iter().zip(["first", "second"]) {
        let page = format!("{folder}/index.html");
        let shard = [
            "batch", "in.txt", "-m", "builtin", "--shard", index, "-o", folder,
        ];
        assert_eq!(open(&shard), page);
    }
    assert_eq!(
        open(&["merge", "first", "second", "-o", "whole"]),
        "whole/index.html"
    );
}

/// The tensor of a saved run: its shape, its values and the manifest in it.
fn saved_attention(bytes: &[u8]) -> (Vec<usize>, Vec<f32>, Value) {
    let (_, metadata) = SafeTensors::read_metadata(bytes).expect("the header can be read");
    let metadata = metadata.metadata().clone().expect("there is metadata");
    let manifest = serde_json::from_str(&metadata["attnviz"]).expect("the manifest is JSON");
    let tensors = SafeTensors::deserialize(bytes).expect("the file is safetensors");
    assert_eq!(tensors.names(), ["attention"]);
    let tensor = tensors.tensor("attention").expect("attention is there");
    assert_eq!(tensor.dtype(), Dtype::F32);
    let values = tensor.data().as_chunks::<4>().0;
    let values = values.iter().map(|&bytes| f32::from_le_bytes(bytes));
    (tensor.shape().to_vec(), values.collect(), manifest)
}

fn numbers(value: &Value, flat: &mut Vec<f32>, shape: &mut Vec<usize>, depth: usize) {
    let Some(values) = value.as_array() else {
        // The shortest digits of an f32, so reading them as one is exact.
        let text = value.to_string();
        flat.push(text.parse().expect("a number"));
        return;
    };
    match shape.get(depth) {
        None => shape.push(values.len()),
        Some(&length) => assert_eq!(length, values.len(), "rows of one length"),
    }
    for value in values {
        numbers(value, flat, shape, depth + 1);
    }
}

#[test]
fn numbers_are_the_same_bits_in_every_format() {
    let workplace = Workplace::new();
    let model = fixture("silu-classifier");
    let model = model.to_str().expect("the fixture's path is UTF-8");
    workplace.succeed(&[
        "encode",
        TEXT,
        "-m",
        model,
        "--pair",
        "I am fine.",
        "--format",
        "png,safetensors,json",
        "--layers",
        "-1",
        "--heads",
        "1-2,4",
    ]);
    let folder = workplace
        .default_output()
        .join("hello-how-are-you-i-am-fine");
    let outer = check_manifest(&folder, workplace.path());
    let files = tree(&folder);
    let (shape, values, inner) = saved_attention(&files["attention.safetensors"]);
    let document: Value =
        serde_json::from_slice(&files["attention.json"]).expect("the file is JSON");
    let (mut json_values, mut json_shape) = (Vec::new(), Vec::new());
    numbers(&document["attention"], &mut json_values, &mut json_shape, 0);
    assert_eq!(json_shape, shape);
    let bits = |values: &[f32]| {
        values
            .iter()
            .map(|value| value.to_bits())
            .collect::<Vec<_>>()
    };
    assert_eq!(bits(&json_values), bits(&values));
    assert_eq!(document["manifest"], inner);
    let units = outer["streams"][0]["units"].as_array();
    let token_count = units.expect("units are a list").len();
    assert_eq!(shape, [1, 3, token_count, token_count]);
    // Where the manifest is carried inside a file, it lists none.
    assert_eq!(inner["files"], json!([]));
    for field in ["model", "input", "streams", "attention"] {
        assert_eq!(inner[field], outer[field], "{field}");
    }
    assert_eq!(outer["attention"][0]["heads"], json!([1, 2, 4]));
    for row in values.chunks(token_count) {
        let sum: f64 = row.iter().copied().map(f64::from).sum();
        assert!((sum - 1.0).abs() < 1e-5, "{sum}");
    }
}

#[test]
fn only_the_layers_and_heads_that_were_asked_for_are_written() {
    let workplace = Workplace::new();
    let all = [
        "encode",
        TEXT,
        "-m",
        "builtin",
        "-f",
        "safetensors",
        "-o",
        "all",
    ];
    workplace.succeed(&all);
    let some = [
        "encode",
        TEXT,
        "-m",
        "builtin",
        "-f",
        "png,safetensors",
        "--layers",
        "0-1,-1",
        "--heads",
        "0,3",
    ];
    workplace.succeed(&some);
    let folder = workplace.default_output().join(FOLDER);
    let manifest = check_manifest(&folder, workplace.path());
    assert_eq!(manifest["attention"][0]["layers"], json!([0, 1, 5]));
    assert_eq!(manifest["attention"][0]["heads"], json!([0, 3]));
    let files = tree(&folder);
    let heads: Vec<&str> = files
        .keys()
        .filter_map(|name| name.strip_prefix("heads/"))
        .collect();
    let expected: Vec<String> = [0, 1, 5]
        .into_iter()
        .flat_map(|layer| [0, 3].map(|head| format!("layer-{layer:02}-head-{head:02}.png")))
        .collect();
    assert_eq!(heads, expected);
    let whole = tree(&workplace.path().join("all").join(FOLDER));
    let (_, whole, _) = saved_attention(&whole["attention.safetensors"]);
    let (shape, values, _) = saved_attention(&files["attention.safetensors"]);
    assert_eq!(shape, [3, 2, 8, 8]);
    for (position, layer) in [0, 1, 5].into_iter().enumerate() {
        for (head_position, head) in [0, 3].into_iter().enumerate() {
            let part = (position * 2 + head_position) * 64;
            let start = (layer * 12 + head) * 64;
            assert_eq!(values[part..part + 64], whole[start..start + 64]);
        }
    }
}

/// Token texts and segments of a run with the built-in model.
fn tokens_of(arguments: &[&str]) -> (Vec<String>, Vec<u64>, Value) {
    let workplace = Workplace::new();
    let mut all = vec!["encode", "-m", "builtin", "--views", "overview", "--json"];
    all.extend(arguments);
    let outcome = workplace.succeed(&all);
    let report: Value = serde_json::from_str(&outcome.stdout).expect("the result is JSON");
    let tokens = report["streams"][0]["units"].as_array();
    let tokens = tokens.expect("units are a list");
    let texts = tokens
        .iter()
        .map(|token| token["text"].as_str().expect("a text").to_owned());
    let segments = tokens
        .iter()
        .map(|token| token["segment"].as_u64().expect("a segment"));
    (texts.collect(), segments.collect(), report)
}

#[test]
fn a_pair_is_encoded_as_two_segments() {
    let (tokens, segments, report) = tokens_of(&["It was late.", "--pair", "She went."]);
    let expected = [
        "[CLS]", "it", "was", "late", ".", "[SEP]", "she", "went", ".", "[SEP]",
    ];
    assert_eq!(tokens, expected);
    assert_eq!(segments, [0, 0, 0, 0, 0, 0, 1, 1, 1, 1]);
    assert_eq!(report["input"]["pair"], "She went.");
}

#[test]
fn a_mask_in_the_text_is_the_mask_token() {
    let (tokens, _, report) = tokens_of(&["The sky is [MASK]."]);
    assert_eq!(
        tokens,
        ["[CLS]", "the", "sky", "is", "[MASK]", ".", "[SEP]"]
    );
    let units = &report["streams"][0]["units"];
    assert_eq!(units[4]["special"], "mask");
    assert_eq!(units[3]["special"], Value::Null);
}

#[test]
fn truncation_keeps_as_many_tokens_as_it_says() {
    let (tokens, _, report) = tokens_of(&[TEXT, "--truncate", "5"]);
    assert_eq!(tokens, ["[CLS]", "hello", ",", "how", "[SEP]"]);
    assert_eq!(report["streams"][0]["dropped"], 3);
    let (tokens, _, report) = tokens_of(&[TEXT, "--truncate", "8"]);
    assert_eq!(tokens.len(), 8);
    assert_eq!(report["streams"][0]["dropped"], 0);
}
