//! Weights that are not what a checkpoint has.

use serde_json::{Value, json};

use super::Damaged;
use super::checkpoints::CASED;

/// A safetensors file taken apart: its header as JSON, and the data.
fn parts(bytes: &[u8]) -> (serde_json::Map<String, Value>, Vec<u8>) {
    let length = bytes[..8]
        .try_into()
        .map(u64::from_le_bytes)
        .expect("eight bytes");
    let (header, data) = bytes[8..].split_at(usize::try_from(length).expect("a small header"));
    let header = serde_json::from_slice(header).expect("the header is JSON");
    (header, data.to_vec())
}

fn put_together(header: &serde_json::Map<String, Value>, data: &[u8]) -> Vec<u8> {
    let header = serde_json::to_vec(header).expect("the header can be written");
    let mut bytes = (header.len() as u64).to_le_bytes().to_vec();
    bytes.extend(header);
    bytes.extend(data);
    bytes
}

#[test]
fn a_safetensors_file_that_is_not_whole_is_refused() {
    let whole = Damaged::copy_of(CASED).read("model.safetensors");
    let with_length = |length: u64| {
        let mut bytes = whole.clone();
        bytes[..8].copy_from_slice(&length.to_le_bytes());
        bytes
    };
    let not_valid = "model.safetensors: not a valid safetensors file";
    let incomplete = "model.safetensors is incomplete";
    for (bytes, words) in [
        (Vec::new(), "model.safetensors is empty"),
        (b"1234567".to_vec(), not_valid),
        (whole[..100].to_vec(), incomplete),
        (whole[..whole.len() / 2].to_vec(), incomplete),
        (whole[..whole.len() - 1].to_vec(), incomplete),
        ([whole.clone(), vec![0]].concat(), not_valid),
        (with_length(0), not_valid),
        (with_length(whole.len() as u64), incomplete),
        (with_length(u64::MAX), not_valid),
        (with_length(1 << 62), not_valid),
    ] {
        Damaged::copy_of(CASED)
            .write("model.safetensors", bytes)
            .check_refused(&[words]);
    }
}

type Header = serde_json::Map<String, Value>;
type Change = fn(&mut Header);

#[test]
fn a_safetensors_file_whose_header_lies_is_refused() {
    const NAME: &str = "bert.encoder.layer.0.attention.self.query.weight";
    let (header, data) = parts(&Damaged::copy_of(CASED).read("model.safetensors"));
    assert_eq!(
        header[NAME]["shape"],
        json!([24, 24]),
        "the fixture is as expected"
    );
    let cases: [(Change, &str); 8] = [
        // Two tensors at the same place.
        (
            |header| {
                let other = "bert.encoder.layer.0.attention.self.key.weight";
                header[NAME]["data_offsets"] = header[other]["data_offsets"].clone();
            },
            "not a valid safetensors file",
        ),
        (
            |header| header[NAME]["data_offsets"] = json!([100, 50]),
            "not a valid safetensors file",
        ),
        (
            |header| header[NAME]["shape"] = json!([u64::MAX, u64::MAX]),
            "not a valid safetensors file",
        ),
        (
            |header| header[NAME]["shape"] = json!([24, 25]),
            "not a valid safetensors file",
        ),
        (
            |header| header[NAME]["dtype"] = json!("Q3"),
            "not a valid safetensors file",
        ),
        // As large as what it stands for, so the file itself is in order.
        (|header| header[NAME]["dtype"] = json!("I32"), "found I32"),
        (
            |header| header[NAME]["shape"] = json!([12, 48]),
            "expected shape [24, 24], found [12, 48]",
        ),
        (
            |header| {
                let info = header.remove(NAME).expect("the tensor is there");
                header.insert("other".to_owned(), info);
            },
            "of shape [24, 24] is missing",
        ),
    ];
    for (damage, word) in cases {
        let mut header = header.clone();
        damage(&mut header);
        Damaged::copy_of(CASED)
            .write("model.safetensors", put_together(&header, &data))
            .check_refused(&[word]);
    }
}

#[test]
fn whole_numbers_are_no_weights() {
    const EMBEDDINGS: &str = "bert.embeddings.word_embeddings.weight";
    for name in [EMBEDDINGS, "bert.encoder.layer.0.output.dense.bias"] {
        let (mut header, data) = parts(&Damaged::copy_of(CASED).read("model.safetensors"));
        // Twice the bytes of F32, so everything behind the tensor moves.
        let offsets = header[name]["data_offsets"].clone();
        let [start, end] = [0, 1].map(|at| offsets[at].as_u64().expect("an offset"));
        let size = end - start;
        for (other, info) in header.iter_mut().filter(|(key, _)| *key != "__metadata__") {
            let moved = |at: usize| info["data_offsets"][at].as_u64().expect("an offset");
            let (first, last) = (moved(0), moved(1));
            if other == name {
                *info = json!({"dtype": "I64", "shape": info["shape"], "data_offsets": [first, last + size]});
            } else if first >= end {
                info["data_offsets"] = json!([first + size, last + size]);
            }
        }
        let (before, behind) = data.split_at(usize::try_from(end).expect("a small file"));
        let filler = vec![0; usize::try_from(size).expect("a small tensor")];
        let data = [before, &filler, behind].concat();
        Damaged::copy_of(CASED)
            .write("model.safetensors", put_together(&header, &data))
            .check_refused(&[name, "expected F64, F32, F16 or BF16, found I64"]);
    }
}

#[test]
fn weights_that_are_not_finite_are_refused() {
    for name in [
        "bert.encoder.layer.1.intermediate.dense.weight",
        "bert.embeddings.LayerNorm.bias",
        "bert.embeddings.word_embeddings.weight",
    ] {
        for value in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
            let (header, mut data) = parts(&Damaged::copy_of(CASED).read("model.safetensors"));
            let offset = |at: usize| {
                let offset = header[name]["data_offsets"][at].as_u64();
                usize::try_from(offset.expect("an offset")).expect("a small file")
            };
            // Every value, because only the embeddings of the text are read.
            for bytes in data[offset(0)..offset(1)].chunks_exact_mut(4) {
                bytes.copy_from_slice(&value.to_le_bytes());
            }
            Damaged::copy_of(CASED)
                .write("model.safetensors", put_together(&header, &data))
                .check_refused(&[name, "expected finite numbers"]);
        }
    }
}

#[test]
fn weights_that_overflow_are_reported_as_such() {
    let (header, mut data) = parts(&Damaged::copy_of(CASED).read("model.safetensors"));
    for bytes in data.chunks_exact_mut(4) {
        bytes.copy_from_slice(&3e38_f32.to_le_bytes());
    }
    Damaged::copy_of(CASED)
        .write("model.safetensors", put_together(&header, &data))
        .check_refused(&["attention is not valid", "NaN"]);
}
