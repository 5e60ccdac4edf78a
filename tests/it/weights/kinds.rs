//! Files that are something else than their name says, and halves of files.

use super::{ModelFolder, check_expected, container};

const POINTER: &str =
    "version https://git-lfs.github.com/spec/v1\noid sha256:0000\nsize 438007537\n";
const TOKENIZER: &str = "{\"model\": {}}";

fn whole(weights: &str) -> ModelFolder {
    let folder = ModelFolder::new();
    folder.write("tokenizer_config.json", "{\"do_lower_case\": true}");
    for name in [
        "model.safetensors",
        "pytorch_model.bin",
        "pytorch_model.bin.index.json",
        "pytorch_model-00001-of-00002.bin",
        "pytorch_model-00002-of-00002.bin",
    ] {
        let kind = match name {
            "model.safetensors" => "double-safetensors",
            "pytorch_model.bin" => "legacy-bin",
            _ => "sharded-bin",
        };
        if name.starts_with(weights) {
            folder.write(name, container(&format!("{kind}/{name}")));
        }
    }
    folder
}

#[test]
fn a_pointer_of_git_lfs_is_called_one_whatever_file_it_is() {
    for (weights, file) in [
        ("model", "config.json"),
        ("model", "vocab.txt"),
        ("model", "tokenizer_config.json"),
        ("model", "tokenizer.json"),
        ("model", "model.safetensors"),
        ("model", "model.safetensors.index.json"),
        ("pytorch_model.bin", "pytorch_model.bin"),
        ("pytorch_model", "pytorch_model.bin.index.json"),
        ("pytorch_model", "pytorch_model-00001-of-00002.bin"),
        ("pytorch_model", "pytorch_model-00002-of-00002.bin"),
    ] {
        let folder = whole(weights);
        if file == "model.safetensors.index.json" {
            folder.remove("model.safetensors");
        }
        if file.starts_with("pytorch_model-") || file.ends_with(".bin.index.json") {
            folder.remove("pytorch_model.bin");
        }
        let stderr = folder
            .write(file, POINTER)
            .check_refused(&[&format!("{file} is a Git LFS pointer, not the file")]);
        assert!(
            stderr.ends_with("hint: cd ./model && git lfs pull\n"),
            "{stderr}"
        );
    }
}

fn starts() -> Vec<(&'static str, Vec<u8>)> {
    let zip = container("double-bin/pytorch_model.bin");
    let tar = [&[b'a'; 257][..], b"ustar\x0000", &[0; 300]].concat();
    vec![
        (
            "a safetensors file",
            container("double-safetensors/model.safetensors"),
        ),
        ("a PyTorch (zip) file", zip),
        (
            "a file of PyTorch before 1.6",
            container("legacy-bin/pytorch_model.bin"),
        ),
        ("a tar file", tar),
        (
            "a page of a web server",
            b"\n <!DOCTYPE html><html>404</html>".to_vec(),
        ),
        (
            "a page of a web server",
            b"<?xml version='1.0'?><Error/>".to_vec(),
        ),
        ("a JSON document", TOKENIZER.into()),
        ("a GGUF file", b"GGUF\x03\0\0\0\0\0\0\0".to_vec()),
        ("an ONNX graph", b"\x08\x07\x12\x07pytorch\x1a\x05".to_vec()),
        (
            "an HDF5 file",
            b"\x89HDF\r\n\x1a\n\0\0\0\0\0\0\0\0\0".to_vec(),
        ),
        ("a msgpack file", b"\x82\xa6params\x81\xa4bert".to_vec()),
        ("a file of numpy", b"\x93NUMPY\x01\0v\0{'descr'".to_vec()),
        (
            "a file of numpy",
            crate::bad_input::zip(&[("arr_0.npy", b"\x93NUMPY")]),
        ),
        ("a compressed file", b"\x1f\x8b\x08\0\0\0\0\0\0\0".to_vec()),
        (
            "a pickle that PyTorch did not write",
            b"\x80\x04\x95\x02\0\0\0\0\0\0\0}.".to_vec(),
        ),
        ("nothing but zeros", vec![0; 1_000]),
        ("empty", Vec::new()),
    ]
}

#[test]
fn a_file_of_another_kind_says_what_it_is() {
    for (kind, bytes) in starts() {
        for (name, own) in [
            ("model.safetensors", &["a safetensors file"][..]),
            (
                "pytorch_model.bin",
                &["a PyTorch (zip) file", "a file of PyTorch before 1.6"],
            ),
            ("config.json", &["a JSON document"]),
            ("tokenizer.json", &["a JSON document"]),
            // An empty vocabulary lacks what it needs.
            ("vocab.txt", &["empty"]),
        ] {
            if own.contains(&kind) {
                continue;
            }
            let folder = whole("model");
            if name == "pytorch_model.bin" {
                folder.remove("model.safetensors");
            }
            folder
                .write(name, &bytes)
                .check_refused(&[&format!("{name} is {kind}")]);
        }
    }
}

#[test]
fn a_file_of_another_kind_gets_its_right_name_or_a_way_to_convert_it() {
    let safetensors = container("double-safetensors/model.safetensors");
    let legacy = container("legacy-bin/pytorch_model.bin");
    let zip = container("double-bin/pytorch_model.bin");
    let to_bin = "hint: mv ./model/model.safetensors ./model/pytorch_model.bin";
    for (name, bytes, hint) in [
        ("model.safetensors", &legacy[..], to_bin),
        ("model.safetensors", &zip, to_bin),
        (
            "pytorch_model.bin",
            &safetensors,
            "hint: mv ./model/pytorch_model.bin ./model/model.safetensors",
        ),
        (
            "model.safetensors",
            b"\x89HDF\r\n\x1a\n\0\0",
            "transformers.AutoModel.from_pretrained(\"./model\", from_tf=True)",
        ),
        ("pytorch_model.bin", b"\x82\xa6params\x81", "from_flax=True"),
        (
            "pytorch_model.bin",
            b"GGUF\x03\0\0\0",
            "that it was converted from",
        ),
        (
            "pytorch_model.bin",
            b"<html>",
            "hint: download ./model/pytorch_model.bin again",
        ),
    ] {
        let folder = ModelFolder::new();
        folder.write(name, bytes).check_refused(&[name, hint]);
    }
    // Renamed as the hint says, it loads.
    let folder = ModelFolder::new();
    folder.write("pytorch_model.bin", &legacy);
    super::check_expected(&folder.attention(&[]).0, "renamed");
}

#[test]
fn half_a_file_is_incomplete() {
    for (name, kind) in [
        ("model.safetensors", "double-safetensors"),
        ("pytorch_model.bin", "double-bin"),
        ("pytorch_model.bin", "legacy-bin"),
        ("pytorch_model.bin", "training-checkpoint"),
    ] {
        let bytes = container(&format!("{kind}/{name}"));
        for part in 1..16 {
            let length = bytes.len() * part / 16;
            let folder = ModelFolder::new();
            folder.write(name, &bytes[..length]).check_refused(&[
                &format!("{name} is incomplete"),
                &format!("hint: download ./model/{name} again"),
            ]);
        }
        let folder = ModelFolder::new();
        let almost = &bytes[..bytes.len() - 1];
        folder
            .write(name, almost)
            .check_refused(&[&format!("{name} is incomplete")]);
    }
    for name in ["config.json", "tokenizer_config.json"] {
        let folder = whole("model");
        let bytes = std::fs::read(folder.path(name)).expect("the file can be read");
        for part in 1..10 {
            let length = (bytes.len() * part / 10).max(1);
            folder
                .write(name, &bytes[..length])
                .check_refused(&[name, "again; this copy is not the file"]);
        }
    }
}

#[test]
fn what_stands_behind_json_is_not_called_an_end_in_the_middle() {
    let folder = whole("model");
    let mut bytes = std::fs::read(folder.path("config.json")).expect("the file can be read");
    bytes.extend(b" // x");
    let stderr = folder
        .write("config.json", bytes)
        .check_refused(&["trailing characters"]);
    assert!(!stderr.contains("incomplete"), "{stderr}");
}

#[test]
fn a_tokenizer_that_ends_in_the_middle_is_incomplete() {
    let folder = whole("model");
    let bytes = std::fs::read(crate::binary::fixture("masked-lm-bin/tokenizer.json"));
    let bytes = bytes.expect("the fixture can be read");
    let mut cut = 0;
    for part in 1..40 {
        let part = &bytes[..bytes.len() * part / 40];
        if part.trim_ascii().ends_with(b"}") {
            continue;
        }
        cut += 1;
        folder.write("tokenizer.json", part).check_refused(&[
            "tokenizer.json is incomplete",
            "download ./model/tokenizer.json",
        ]);
    }
    assert!(cut > 20, "only {cut} places");
}

/// The length of a header stands first, and may be the first bytes of a pickle,
/// an ONNX graph, a compressed file or a msgpack map.
#[test]
fn safetensors_are_read_whatever_the_length_of_their_header_looks_like() {
    let whole = container("double-safetensors/model.safetensors");
    let (length, rest) = whole.split_first_chunk().expect("a length");
    let (header, data) = rest.split_at(u64::from_le_bytes(*length) as usize);
    for length in [0x1_0280_u64, 0x1_0580, 0x8b1f, 0x12_0108, 0x41_a188] {
        let padding = vec![b' '; length as usize - header.len()];
        let padded = [&length.to_le_bytes()[..], header, &padding, data].concat();
        let folder = ModelFolder::new();
        folder.write("model.safetensors", padded);
        let (found, _) = folder.attention(&[]);
        check_expected(&found, &format!("a header of {length:#x} bytes"));
    }
}
