//! Baselines that are damaged, hostile, or of something else never let a rule
//! pass.

use std::fs;

use attnviz::store::baseline::BaselineManifest;
use serde_json::{Value, json};

use super::Repository;
use crate::binary::copy_of_fixture;

fn with_baseline() -> Repository {
    let repository = Repository::new();
    repository.rules("[difference]\nmax_abs = 0.9\n[tokens]\nunchanged = true");
    repository.accept();
    repository.json(0);
    repository
}

fn text(repository: &Repository) -> Value {
    let bytes = fs::read(repository.path("a.baseline")).unwrap();
    serde_json::from_slice(&bytes).unwrap()
}

/// What somebody makes of the text of a baseline.
type Change = fn(&mut Value);

#[test]
fn hostile_texts_of_baselines_end_in_errors() {
    let changes: [(&str, Change); 16] = [
        ("no layers", |text| text["layers"] = json!(0)),
        ("many layers", |text| text["layers"] = json!(u64::MAX)),
        ("more layers than a machine holds", |text| {
            text["layers"] = json!(65_000)
        }),
        ("more heads", |text| text["heads"] = json!(8)),
        ("fewer heads", |text| text["heads"] = json!(1)),
        ("other masks", |text| text["masks"] = json!(["causal"])),
        ("causal masks", |text| {
            text["masks"] = json!(["causal", "causal"])
        }),
        ("exact numbers", |text| text["precision"] = json!("f32")),
        ("another version", |text| {
            text["baseline_schema_version"] = json!(2)
        }),
        ("another hash", |text| {
            text["data"]["sha256"] = json!("0".repeat(64))
        }),
        ("another length", |text| text["data"]["length"] = json!(3)),
        ("an offset behind the end", |text| {
            text["inputs"][0]["offset"] = json!(u64::MAX)
        }),
        ("an input of no length", |text| {
            text["inputs"][0]["length"] = json!(0)
        }),
        ("no units", |text| text["inputs"][0]["units"] = json!([])),
        ("a negative rounding", |text| {
            text["rounding"]["max_abs"] = json!(-1.0)
        }),
        ("the other input's numbers", |text| {
            for field in ["offset", "length", "sha256"] {
                text["inputs"][0][field] = text["inputs"][1][field].clone();
            }
        }),
    ];
    let repository = with_baseline();
    let right = text(&repository);
    for (what, change) in changes {
        let mut changed = right.clone();
        change(&mut changed);
        assert_ne!(changed, right, "{what}");
        // Whoever changes it knows how to make it look whole.
        let sealed = serde_json::from_value::<BaselineManifest>(changed.clone());
        let sealed = sealed.ok().map(|mut manifest| {
            manifest.seal().unwrap();
            manifest.to_text().unwrap()
        });
        let written = sealed.unwrap_or_else(|| changed.to_string());
        repository.write("a.baseline", &written);
        let outcome = repository.check(&[]);
        // Another shape is told by the rule, what is damaged by an error.
        let is_told = matches!(outcome.code, Some(1 | 4));
        assert!(is_told, "{what}: {:?} {}", outcome.code, outcome.stdout);
        assert!(
            !outcome.stderr.contains("attnviz itself failed"),
            "{what}: {}",
            outcome.stderr
        );
    }
}

#[test]
fn a_baseline_cut_anywhere_or_with_a_byte_changed_is_no_baseline() {
    let repository = with_baseline();
    for file in ["a.baseline", "a.baseline.zst"] {
        let bytes = fs::read(repository.path(file)).unwrap();
        // Without its last line end, it says the same.
        for place in (0..bytes.len() - 1).step_by(bytes.len() / 7) {
            for damaged in [bytes[..place].to_vec(), {
                let mut bytes = bytes.clone();
                bytes[place] ^= 0x55;
                bytes
            }] {
                fs::write(repository.path(file), damaged).unwrap();
                let outcome = repository.check(&[]);
                let is_told = matches!(outcome.code, Some(1 | 4));
                assert!(is_told, "{file} at {place}: {}", outcome.stdout);
                assert!(
                    !outcome.stderr.contains("itself failed"),
                    "{}",
                    outcome.stderr
                );
            }
        }
        fs::write(repository.path(file), bytes).unwrap();
    }
    repository.json(0);
    fs::remove_file(repository.path("a.baseline.zst")).unwrap();
    let outcome = repository.check(&[]);
    assert_eq!(outcome.code, Some(1), "{}", outcome.stdout);
    // What was a baseline is renewed.
    repository.accept();
    repository.json(0);
}

#[test]
fn a_baseline_of_other_inputs_breaks_every_rule_on_it_by_name() {
    let repository = with_baseline();
    repository.write(
        "sentences.txt",
        "The animal was tired, so it slept.\nit was late\n",
    );
    let report = repository.json(4);
    assert_eq!(report["broken"], 2, "{report}");
    let message = report["rules"][0]["message"].as_str().unwrap();
    assert!(
        message.contains("input \"000002\": the baseline does not have this input"),
        "{message}"
    );
    repository.write("sentences.txt", "The animal was tired, so it slept.\n");
    let report = repository.json(4);
    let message = report["rules"][0]["message"].as_str().unwrap();
    let says = "the baseline has the input \"Hello, how are you?\", which is not checked";
    assert!(message.contains(says), "{message}");
    // The order of inputs, and what stands twice, changes nothing.
    let twice = "Hello, how are you?\nThe animal was tired, so it slept.\nHello, how are you?\n";
    repository.write("sentences.txt", twice);
    repository.json(0);
}

#[test]
fn a_model_of_another_shape_is_compared_and_the_rule_says_what_differs() {
    let repository = with_baseline();
    fs::remove_dir_all(repository.path("model")).unwrap();
    copy_of_fixture("silu-classifier", &repository.path("model"));
    let report = repository.json(4);
    assert_eq!(report["baseline"]["is_same_model"], false);
    let messages: Vec<&str> = report["rules"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|rule| rule["kind"] == "[difference]")
        .map(|rule| rule["message"].as_str().unwrap())
        .collect();
    assert!(messages[0].contains("baseline"), "{messages:?}");
}

#[test]
fn the_maps_of_a_baseline_are_right_to_half_a_step() {
    use attnviz::compare::DifferenceMeasure;
    use attnviz::store::baseline::{Baseline, STEP};
    let repository = with_baseline();
    let path = repository.path("a.baseline");
    let baseline = Baseline::open(&path, &repository.path("rules.toml")).unwrap();
    repository.work.succeed(&[
        "encode",
        "Hello, how are you?",
        "--model",
        "model",
        "-f",
        "json",
        "--views",
        "overview",
    ]);
    let file = repository.path("attnviz-out/hello-how-are-you/attention.json");
    let saved: Value = serde_json::from_slice(&fs::read(file).unwrap()).unwrap();
    let expected: Vec<f64> = flat(&saved["attention"]);
    let input = &baseline.manifest.inputs[1];
    let found = baseline.maps(input).unwrap();
    assert_eq!(found.values.len(), expected.len());
    let greatest = found
        .values
        .iter()
        .zip(&expected)
        .map(|(found, expected)| (f64::from(*found) - expected).abs())
        .fold(0.0, f64::max);
    assert!(greatest > 0.0 && greatest <= STEP / 2.0, "{greatest}");
    assert!(baseline.manifest.least(DifferenceMeasure::MaxAbs) >= STEP);
}

/// Every number of nested arrays.
fn flat(value: &Value) -> Vec<f64> {
    match value {
        Value::Array(values) => values.iter().flat_map(flat).collect(),
        Value::Object(fields) => fields.get("values").map(flat).unwrap_or_default(),
        value => value.as_f64().into_iter().collect(),
    }
}

#[test]
fn masked_and_windowed_models_keep_what_their_masks_allow() {
    for family in ["gpt2", "gemma3_text", "modernbert"] {
        let repository = Repository::new();
        fs::remove_dir_all(repository.path("model")).unwrap();
        copy_of_fixture(&format!("families/{family}"), &repository.path("model"));
        repository.rules("[difference]\nmax_abs = 0");
        let outcome = repository.check(&["--accept", "--exact"]);
        assert_eq!(outcome.code, Some(0), "{family}: {}", outcome.stderr);
        let report = repository.json(0);
        assert_eq!(report["rules"][0]["found"], 0.0, "{family}");
        repository.rules("[difference]\nmax_abs = 1.6e-5");
        repository.accept();
        repository.json(0);
    }
}
