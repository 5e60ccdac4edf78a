//! Weight files of every kind, and the folders around them: what loads has the
//! values of transformers, what does not says what it is and what to do.

mod containers;
mod encoders;
mod folders;
mod hostile;
mod kinds;
mod others;

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use safetensors::SafeTensors;
use serde_json::Value;

use crate::bad_input::{Described, check_refused, state_dict};
use crate::binary::{Outcome, Workplace, fixture};

const TEXT: &str = "the cat sat on the mat";

/// A tensor's shape and values.
type Tensor = (Vec<usize>, Vec<f32>);

/// A folder `model` with a config, a vocabulary, and whatever is added.
struct ModelFolder {
    workplace: Workplace,
}

impl ModelFolder {
    fn new() -> Self {
        let workplace = Workplace::new();
        fs::create_dir(workplace.path().join("model")).expect("the folder can be made");
        let folder = Self { workplace };
        for name in ["config.json", "vocab.txt"] {
            folder.write(name, container(name));
        }
        folder
    }

    fn path(&self, name: &str) -> PathBuf {
        self.workplace.path().join("model").join(name)
    }

    fn write(&self, name: &str, bytes: impl AsRef<[u8]>) -> &Self {
        let path = self.path(name);
        let folder = path.parent().expect("the file is in a folder");
        fs::create_dir_all(folder).expect("the folder can be made");
        fs::write(path, bytes).expect("the file can be written");
        self
    }

    fn remove(&self, name: &str) -> &Self {
        fs::remove_file(self.path(name)).expect("the file can be removed");
        self
    }

    /// Changes `config.json`.
    fn configure(&self, change: impl Fn(&mut Value)) -> &Self {
        let bytes = fs::read(self.path("config.json")).expect("the config can be read");
        let mut config = serde_json::from_slice(&bytes).expect("the config is JSON");
        change(&mut config);
        self.write("config.json", config.to_string())
    }

    fn encode(&self, options: &[&str]) -> Outcome {
        let arguments = ["encode", TEXT, "-m", "./model", "-f", "json", "--overwrite"];
        self.workplace.run(&[&arguments[..], options].concat())
    }

    /// The attention that `encode` saves, in the order of the file, and the
    /// manifest beside it.
    fn attention(&self, options: &[&str]) -> (Vec<f32>, Value) {
        let outcome = self.encode(options);
        assert_eq!(outcome.code, Some(0), "{options:?}: {}", outcome.stderr);
        let wrote = outcome
            .stdout
            .lines()
            .find(|line| line.starts_with("wrote"));
        let folder = wrote.and_then(|line| line.split_whitespace().nth(1));
        let folder = self
            .workplace
            .path()
            .join(folder.expect("a folder is named"));
        let bytes = fs::read(folder.join("attention.json")).expect("the attention is there");
        let document: Value = serde_json::from_slice(&bytes).expect("it is JSON");
        let mut values = Vec::new();
        flatten(&document["attention"], &mut values);
        (values, crate::binary::manifest(&folder))
    }

    fn check_refused(&self, words: &[&str]) -> String {
        check_refused(
            &self.workplace,
            &["encode", TEXT, "-m", "./model"],
            1,
            words,
        )
    }
}

fn flatten(value: &Value, values: &mut Vec<f32>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| flatten(item, values)),
        Value::Number(number) => values.push(number.as_f64().expect("a number") as f32),
        other => panic!("attention holds {other}"),
    }
}

fn container(name: &str) -> Vec<u8> {
    fs::read(fixture("containers").join(name)).expect("the fixture can be read")
}

/// What transformers computes for [`TEXT`] with the weights of the containers.
fn expected() -> Vec<f32> {
    let path = fixture("expected/containers.safetensors");
    let bytes = fs::read(path).expect("the expected values can be read");
    let tensors = SafeTensors::deserialize(&bytes).expect("they are a safetensors file");
    let attention = tensors.tensor("attention").expect("attention is there");
    let values = attention.data().as_chunks::<4>().0;
    values
        .iter()
        .map(|&bytes| f32::from_le_bytes(bytes))
        .collect()
}

fn check_expected(found: &[f32], what: &str) {
    let expected = expected();
    assert_eq!(found.len(), expected.len(), "{what}");
    for (found, expected) in found.iter().zip(&expected) {
        assert!(
            (found - expected).abs() <= 2e-5,
            "{what}: {found}, {expected}"
        );
    }
}

/// The tensors of the containers, rounded, under names without prefix.
fn tensors() -> BTreeMap<String, Tensor> {
    let bytes = container("double-safetensors/model.safetensors");
    let tensors = SafeTensors::deserialize(&bytes).expect("the fixture is whole");
    let tensors = tensors.iter().map(|(name, tensor)| {
        let values = tensor.data().as_chunks::<8>().0.iter();
        let values = values.map(|&bytes| f64::from_le_bytes(bytes) as f32);
        let name = name.strip_prefix("bert.").expect("the usual prefix");
        (name.to_owned(), (tensor.shape().to_vec(), values.collect()))
    });
    tensors.collect()
}

/// Every name with a prefix before it.
fn prefixed(prefix: &str, tensors: &BTreeMap<String, Tensor>) -> BTreeMap<String, Tensor> {
    let tensors = tensors.iter();
    tensors
        .map(|(name, tensor)| (format!("{prefix}{name}"), tensor.clone()))
        .collect()
}

fn safetensors_of(tensors: &BTreeMap<String, Tensor>) -> Vec<u8> {
    let bytes: Vec<Vec<u8>> = tensors
        .values()
        .map(|(_, values)| {
            values
                .iter()
                .flat_map(|value| value.to_le_bytes())
                .collect()
        })
        .collect();
    let views = tensors
        .iter()
        .zip(&bytes)
        .map(|((name, (shape, _)), bytes)| {
            let view =
                safetensors::tensor::TensorView::new(safetensors::Dtype::F32, shape.clone(), bytes);
            (name, view.expect("the sizes agree"))
        });
    safetensors::serialize(views, None).expect("the tensors can be serialized")
}

/// A state dict whose tensors lie in one storage, called `0`, one behind the
/// other; and the storage.
fn pickle_of(tensors: &BTreeMap<String, Tensor>) -> (Vec<u8>, Vec<f32>) {
    let mut storage = Vec::new();
    let mut described = Vec::new();
    for (name, (shape, values)) in tensors {
        let offset = i32::try_from(storage.len()).expect("a small model");
        storage.extend(values);
        described.push(at(name, offset, shape));
    }
    (state_dict(&described), storage)
}

/// A tensor of this shape that begins at an element of the storage `0`.
fn at<'a>(name: &'a str, offset: i32, shape: &[usize]) -> Described<'a> {
    let shape: Vec<i32> = shape.iter().map(|&size| size as i32).collect();
    let strides = (0..shape.len()).map(|axis| shape[axis + 1..].iter().product());
    Described {
        name,
        storage_type: "FloatStorage",
        storage: "0",
        offset,
        strides: strides.collect(),
        metadata: None,
        shape,
    }
}
