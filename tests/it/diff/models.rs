//! Comparisons that people make: a checkpoint in another precision, fine-tuned,
//! quantised, exported with a fault, or another model altogether.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};

use candle_core::{DType, Device, Tensor};
use serde_json::Value;

use crate::binary::{Workplace, copy_of_fixture, fixture, skipped};
use crate::reference::builtin_weights_in_f32;

/// What both models are given.
const TEXT: &str = "The animal was tired, so it slept.";

type Weights = HashMap<String, Tensor>;

/// A checkpoint of a fixture with every weight changed.
fn changed(
    workplace: &Workplace,
    name: &str,
    original: &str,
    change: impl Fn(&str, Tensor) -> candle_core::Result<Tensor>,
) -> String {
    let folder = workplace.path().join(name);
    copy_of_fixture(original, &folder);
    let file = folder.join("model.safetensors");
    write_changed(&file, &file, change);
    format!("./{name}")
}

fn write_changed(
    from: &Path,
    to: &Path,
    change: impl Fn(&str, Tensor) -> candle_core::Result<Tensor>,
) {
    let weights = candle_core::safetensors::load(from, &Device::Cpu).expect("they are weights");
    let weights: Weights = weights
        .into_iter()
        .map(|(name, tensor)| {
            let tensor = change(&name, tensor).expect("the weight can be changed");
            (name, tensor)
        })
        .collect();
    candle_core::safetensors::save(&weights, to).expect("the weights can be written");
}

/// Noise of so many shares of the weight's own spread, the same on every run.
fn with_noise(tensor: Tensor, share: f64) -> candle_core::Result<Tensor> {
    let values = tensor.flatten_all()?.to_vec1::<f32>()?;
    let count = values.len() as f64;
    let spread = (values
        .iter()
        .map(|&value| f64::from(value).powi(2))
        .sum::<f64>()
        / count)
        .sqrt();
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let noisy = values.iter().map(|&value| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        let uniform = (state >> 11) as f64 / (1_u64 << 53) as f64 - 0.5;
        (f64::from(value) + uniform * spread * share) as f32
    });
    Tensor::from_vec(noisy.collect::<Vec<f32>>(), tensor.shape(), &Device::Cpu)
}

/// As 8 bits a weight, a scale a row, and back.
fn quantised(tensor: Tensor) -> candle_core::Result<Tensor> {
    if tensor.dims().len() != 2 {
        return Ok(tensor);
    }
    let rows = tensor.to_vec2::<f32>()?.into_iter().map(|row| {
        let scale = row
            .iter()
            .fold(0.0_f32, |most, value| most.max(value.abs()))
            / 127.0;
        let back = row.iter().map(|value| (value / scale).round() * scale);
        back.collect::<Vec<f32>>()
    });
    Tensor::from_vec(
        rows.flatten().collect::<Vec<f32>>(),
        tensor.shape(),
        &Device::Cpu,
    )
}

/// What the command printed as JSON, and how it ended.
fn diff(workplace: &Workplace, arguments: &[&str]) -> (Value, Option<i32>) {
    let always = ["diff", "--json", "--overwrite", "--format", "npz"];
    let outcome = workplace.run(&[&always, arguments].concat());
    let report = serde_json::from_str(&outcome.stdout)
        .unwrap_or_else(|error| panic!("{arguments:?}: {error} {}", outcome.stderr));
    (report, outcome.code)
}

/// A measure of every head, by layer and head.
fn heads(report: &Value, measure: &str) -> HashMap<(u64, u64), f64> {
    let heads = report["heads"].as_array().expect("it has heads");
    let head = |head: &Value| {
        let id = (head["layer"].as_u64()?, head["head"].as_u64()?);
        Some((id, head[measure].as_f64()?))
    };
    heads
        .iter()
        .map(|one| head(one).expect("it has the measure"))
        .collect()
}

fn greatest(report: &Value, measure: &str) -> f64 {
    heads(report, measure).into_values().fold(0.0, f64::max)
}

fn caution(report: &Value) -> Option<&str> {
    let notes = report["notes"].as_array().expect("it has notes");
    let mut notes = notes.iter().filter_map(Value::as_str);
    notes.find(|note| note.starts_with("Head h here"))
}

#[test]
fn the_built_in_checkpoint_and_its_weights_in_f32_do_not_differ_at_all() {
    let workplace = Workplace::new();
    let folder = workplace.path().join("my-minilm");
    fs::create_dir(&folder).expect("the folder can be made");
    let assets = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/minilm-l6-v2");
    for name in ["config.json", "tokenizer.json"] {
        fs::copy(assets.join(name), folder.join(name)).expect("the file can be copied");
    }
    let weights = builtin_weights_in_f32();
    candle_core::safetensors::save(&weights, folder.join("model.safetensors"))
        .expect("the weights can be written");
    let limits = ["--max-abs", "0", "--max-js-bits", "0"];
    let arguments = ["builtin", "my-minilm", "--text", TEXT];
    let (report, code) = diff(&workplace, &[&arguments[..], &limits].concat());
    assert_eq!(code, Some(0));
    for measure in [
        "js_bits",
        "js_distance_bits",
        "total_variation",
        "max_abs",
        "hellinger",
    ] {
        let heads = heads(&report, measure);
        assert_eq!(heads.len(), 72);
        assert!(heads.values().all(|value| *value == 0.0), "{measure}");
    }
    assert_eq!(report["heads"][0]["greatest"], Value::Null);
    assert_eq!(report["folder"], "attnviz-out/diff-builtin-my-minilm");
    assert_eq!(caution(&report), None);
}

#[test]
fn the_built_in_checkpoint_and_its_original_are_nearly_equal_where_its_directory_is_named() {
    let Some(original) = std::env::var_os("ATTNVIZ_F32_CHECKPOINT") else {
        skipped(
            "the F32 original was not compared; set ATTNVIZ_F32_CHECKPOINT to a directory of all-MiniLM-L6-v2",
        );
        return;
    };
    let workplace = Workplace::new();
    let original = PathBuf::from(original);
    let original = original.to_str().expect("the path is text");
    let (report, code) = diff(
        &workplace,
        &["builtin", original, "--text", TEXT, "--max-js-bits", "1e-5"],
    );
    assert_eq!(code, Some(0));
    let greatest = greatest(&report, "js_bits");
    assert!((1e-12..1e-5).contains(&greatest), "{greatest}");
    assert_eq!(caution(&report), None);
}

#[test]
fn a_checkpoint_in_half_precision_fine_tuned_or_quantised_differs_by_little_and_not_by_nothing() {
    let workplace = Workplace::new();
    let bert = fixture("families/bert");
    let bert = bert.to_str().expect("the path is text");
    let half = changed(&workplace, "half", "families/bert", |_, tensor| {
        tensor.to_dtype(DType::F16)
    });
    let tuned = changed(
        &workplace,
        "tuned",
        "families/bert",
        |name, tensor| match name.contains("encoder") {
            true => with_noise(tensor, 0.02),
            false => Ok(tensor),
        },
    );
    let quantised = changed(&workplace, "int8", "families/bert", |_, tensor| {
        quantised(tensor)
    });
    // How far the most changed head is, in bits: no less and no more.
    let cases = [
        (&half, 1e-12, 1e-3),
        (&tuned, 1e-6, 0.05),
        (&quantised, 1e-6, 0.05),
    ];
    for (right, least, most) in cases {
        let limit = most.to_string();
        let arguments = [bert, right, "--text", TEXT, "--max-js-bits", &limit];
        let (report, code) = diff(&workplace, &arguments);
        let found = greatest(&report, "js_bits");
        assert!((least..most).contains(&found), "{right}: {found}");
        assert_eq!(code, Some(0), "{right}");
        assert_eq!(report["thresholds"][0]["exceeded"], false);
        assert_eq!(report["thresholds"][0]["value"], found);
        // A fine-tuned model is nobody else.
        assert_eq!(caution(&report), None, "{right}");
        // The same, seen from the other side.
        let (back, _) = diff(&workplace, &[right, bert, "--text", TEXT]);
        assert_eq!(
            heads(&report, "total_variation"),
            heads(&back, "total_variation")
        );
        let score = |report: &Value| report["heads"][0]["scores"]["entropy"].as_f64();
        let (there, back) = (score(&report), score(&back));
        assert_eq!(there.map(|value| -value), back, "{right}");
    }
}

#[test]
fn one_changed_weight_shows_in_its_head_and_in_the_layers_above() {
    let workplace = Workplace::new();
    let bert = fixture("families/bert");
    let bert = bert.to_str().expect("the path is text");
    // Row 7 of the queries of layer 0 is of head 1: each has six numbers.
    let broken = changed(&workplace, "broken", "families/bert", |name, tensor| {
        if !name.ends_with("layer.0.attention.self.query.weight") {
            return Ok(tensor);
        }
        let mut values = tensor.to_vec2::<f32>()?;
        values[7][3] += 2.0;
        Tensor::from_vec(values.concat(), tensor.shape(), &Device::Cpu)
    });
    let arguments = [bert, &broken, "--text", TEXT, "--max-abs", "1e-4"];
    let (report, code) = diff(
        &workplace,
        &[&arguments[..], &["--measure", "max_abs"]].concat(),
    );
    assert_eq!(code, Some(4));
    let found = heads(&report, "max_abs");
    for head in [0, 2, 3] {
        assert_eq!(found[&(0, head)], 0.0, "layer 0 · head {head}");
    }
    assert!(found[&(0, 1)] > 1e-3);
    for head in 0..4 {
        assert!(found[&(1, head)] > 0.0, "layer 1 · head {head}");
    }
    let limit = &report["thresholds"][0];
    assert_eq!(limit["measure"], "max_abs");
    assert_eq!(limit["exceeded"], true);
    let first = &report["heads"][0];
    assert_eq!(
        (&limit["layer"], &limit["head"]),
        (&first["layer"], &first["head"])
    );
    assert_eq!(limit["value"], first["max_abs"]);
    let cell = &first["greatest"];
    let apart = cell["right"].as_f64().unwrap() - cell["left"].as_f64().unwrap();
    assert!((apart.abs() - limit["value"].as_f64().unwrap()).abs() < 1e-7);
    assert_eq!(
        (&limit["query"], &limit["key"]),
        (&cell["query"], &cell["key"])
    );
    // In the layer alone that is as it was, nothing is above.
    let (_, code) = diff(
        &workplace,
        &[&arguments[..], &["--heads", "0", "--layers", "0"]].concat(),
    );
    assert_eq!(code, Some(0));
}

#[test]
fn models_that_did_not_grow_from_one_initialisation_are_compared_with_a_caution() {
    let workplace = Workplace::new();
    let [bert, roberta] = ["families/bert", "families/roberta"].map(fixture);
    let [bert, roberta] = [&bert, &roberta].map(|path| path.to_str().expect("the path is text"));
    let arguments = [bert, roberta, "--text", TEXT, "--tokens", "word"];
    let (report, code) = diff(&workplace, &arguments);
    assert_eq!(code, Some(0));
    let caution = caution(&report).expect("it is said");
    assert!(
        caution.contains("one model is bert, the other roberta"),
        "{caution}"
    );
}

#[test]
fn models_with_other_numbers_of_layers_or_heads_are_refused_by_name() {
    let workplace = Workplace::new();
    let bert = fixture("families/bert");
    let bert = bert.to_str().expect("the path is text");
    let outcome = workplace.run(&["diff", bert, "builtin", "--text", TEXT]);
    assert_eq!((outcome.code, outcome.stdout.as_str()), (Some(1), ""));
    let expected = "error: the left model has 2 × 4 heads (layers × heads), the right one 6 × 12\nhint: --layers 0-1 --heads 0-3, which both sides hold\n";
    assert!(outcome.stderr.starts_with(expected), "{}", outcome.stderr);
    assert!(!workplace.default_output().exists());
    // What the hint says, works; by words, since the two have other tokens.
    let both = ["--layers", "0-1", "--heads", "0-3", "--tokens", "word"];
    let outcome =
        workplace.succeed(&[&["diff", bert, "builtin", "--text", TEXT][..], &both].concat());
    assert!(
        outcome.stdout.contains("8 of 8 differ"),
        "{}",
        outcome.stdout
    );
    // Counted from the end, the two are no longer the same.
    let last = ["diff", bert, "builtin", "--text", TEXT, "--layers", "-1"];
    assert_eq!(workplace.run(&last).code, Some(1));
}

#[test]
fn real_checkpoints_in_half_precision_are_nearly_equal_where_their_folder_is_named() {
    let Some(folder) = std::env::var_os("ATTNVIZ_REAL_CHECKPOINTS") else {
        skipped(
            "all-mpnet-base-v2 was not compared with itself in F16; set ATTNVIZ_REAL_CHECKPOINTS to a folder that has it",
        );
        return;
    };
    let workplace = Workplace::new();
    let original = PathBuf::from(folder).join("all-mpnet-base-v2");
    let half = workplace.path().join("half");
    fs::create_dir(&half).expect("the folder can be made");
    for entry in fs::read_dir(&original).expect("the folder can be read") {
        let path = entry.expect("the entry can be read").path();
        let is_text = path
            .extension()
            .is_some_and(|extension| extension == "json" || extension == "txt");
        if is_text {
            let name = path.file_name().expect("a file has a name");
            fs::copy(&path, half.join(name)).expect("the file can be copied");
        }
    }
    let name = "model.safetensors";
    write_changed(
        &original.join(name),
        &half.join(name),
        |_, tensor| match tensor.dtype() {
            DType::F32 => tensor.to_dtype(DType::F16),
            _ => Ok(tensor),
        },
    );
    let original = original.to_str().expect("the path is text");
    let (report, code) = diff(
        &workplace,
        &[
            original,
            "half",
            "--text",
            TEXT,
            "--max-js-bits",
            "1e-4",
            "--max-abs",
            "0.02",
        ],
    );
    assert_eq!(code, Some(0), "{}", report["thresholds"]);
    assert_eq!(heads(&report, "js_bits").len(), 144);
    assert!(greatest(&report, "js_bits") > 1e-12);
    assert_eq!(caution(&report), None);
}
