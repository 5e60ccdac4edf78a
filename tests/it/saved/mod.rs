//! Saved runs and attention from elsewhere: read, drawn again, refused.

mod advice;
mod counted;
mod decoders;
mod elsewhere;
mod formats;
mod forms;
mod hostile;
mod labels;
mod names;
mod own;
mod padding;
mod precision;
mod refused;
mod schemas;
mod several;
mod size;
mod torch;

use std::path::PathBuf;

use attnviz::attention::Attention;
use attnviz::checkpoint::ModelSource;
use attnviz::input::Input;
use attnviz::run::Run;
use safetensors::Dtype;
use safetensors::tensor::TensorView;

use crate::bad_input::zip;
use crate::binary::{Workplace, fixture};
use crate::runs::{run_of, source, unit};

const TEXT: &str = "Hello, how are you?";
const FOLDER: &str = "hello-how-are-you";

/// A run that no model made: `attention` of units of these texts.
fn bare_run(source_of_it: ModelSource, texts: &[String], attention: Vec<Attention>) -> Run {
    let units = texts.iter().map(|text| unit(text, false)).collect();
    run_of(
        ("model", source_of_it),
        Input::text("text"),
        source(units),
        attention,
    )
}

/// The small model of the fixtures, so that runs are fast.
fn model() -> String {
    let folder = fixture("gelu-tanh-cased-vocabulary");
    folder
        .to_str()
        .expect("the fixture's path is UTF-8")
        .to_owned()
}

/// Runs `encode` into a folder and gives the run's folder.
fn encoded(workplace: &Workplace, text: &str, options: &[&str], output: &str) -> PathBuf {
    let model = model();
    let mut arguments = vec!["encode", text, "--model", &model, "-o", output];
    arguments.extend(options);
    workplace.succeed(&arguments);
    only_folder(workplace, output)
}

pub(crate) fn only_folder(workplace: &Workplace, output: &str) -> PathBuf {
    let mut entries = std::fs::read_dir(workplace.path().join(output)).expect("there is output");
    let entry = entries
        .next()
        .expect("there is a run")
        .expect("it can be read");
    entry.path()
}

/// A safetensors file of some tensors, each with its bytes.
fn safetensors_file(tensors: &[(&str, Dtype, &[usize], Vec<u8>)]) -> Vec<u8> {
    let views = tensors.iter().map(|(name, dtype, shape, bytes)| {
        let view = TensorView::new(*dtype, shape.to_vec(), bytes).expect("the sizes agree");
        (*name, view)
    });
    safetensors::serialize(views, None).expect("the tensors can be serialized")
}

/// An npy array, its header by hand.
fn npy(descr: &str, fortran_order: bool, shape: &[usize], data: &[u8]) -> Vec<u8> {
    let order = if fortran_order { "True" } else { "False" };
    let sizes: String = shape.iter().map(|size| format!("{size}, ")).collect();
    let header =
        format!("{{'descr': '{descr}', 'fortran_order': {order}, 'shape': ({sizes}), }}\n");
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend((header.len() as u16).to_le_bytes());
    bytes.extend(header.as_bytes());
    bytes.extend(data);
    bytes
}

fn npz(arrays: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let entries: Vec<(&str, &[u8])> = arrays
        .iter()
        .map(|(name, bytes)| (*name, bytes.as_slice()))
        .collect();
    zip(&entries)
}

fn f32_bytes(values: &[f32]) -> Vec<u8> {
    values
        .iter()
        .flat_map(|value| value.to_le_bytes())
        .collect()
}

/// Rows that each sum to one exactly, every one of them different.
fn attention(layers: usize, heads: usize, tokens: usize) -> Vec<f32> {
    (0..layers * heads * tokens)
        .flat_map(|row| {
            let first = row % tokens;
            let second = (row / tokens + row + 1) % tokens;
            (0..tokens).map(move |key| {
                let mut value = 0.0;
                if key == first {
                    value += 0.75;
                }
                if key == second {
                    value += 0.25;
                }
                value
            })
        })
        .collect()
}

/// A file of one array in the format of `numpy.save`.
fn npy_file(workplace: &Workplace, name: &str, shape: &[usize], values: &[f32]) {
    let bytes = npy("<f4", false, shape, &f32_bytes(values));
    std::fs::write(workplace.path().join(name), bytes).expect("the file can be written");
}

/// Attention of a decoder: each query shares itself evenly among the keys up to
/// its own.
fn causal(layers: usize, heads: usize, tokens: usize) -> Vec<f32> {
    (0..layers * heads * tokens)
        .flat_map(|row| {
            let query = row % tokens;
            let share = 1.0 / (query + 1) as f32;
            (0..tokens).map(move |key| if key <= query { share } else { 0.0 })
        })
        .collect()
}
