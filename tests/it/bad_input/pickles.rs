//! `pytorch_model.bin`: the one format that could run code, so nothing in it
//! is believed.

use std::fs;

use super::Damaged;

const FILE: &str = "pytorch_model.bin";
const NOT_ZIP: &str = "not a checkpoint in PyTorch's zip format";

/// The checksum that zip files carry.
fn crc32(bytes: &[u8]) -> u32 {
    let mut register = u32::MAX;
    for &byte in bytes {
        register ^= u32::from(byte);
        for _ in 0..8 {
            let mask = 0_u32.wrapping_sub(register & 1);
            register = (register >> 1) ^ (0xEDB8_8320 & mask);
        }
    }
    !register
}

/// A zip file of entries that are stored as they are.
pub fn zip(entries: &[(&str, &[u8])]) -> Vec<u8> {
    let (mut bytes, mut directory) = (Vec::new(), Vec::new());
    for (name, content) in entries {
        let start = bytes.len() as u32;
        let size = (content.len() as u32).to_le_bytes();
        let mut common = vec![20, 0, 0, 0, 0, 0, 0, 0, 0x21, 0];
        common.extend(crc32(content).to_le_bytes());
        common.extend(size);
        common.extend(size);
        common.extend((name.len() as u16).to_le_bytes());
        common.extend([0, 0]);
        bytes.extend(b"PK\x03\x04");
        bytes.extend(&common);
        bytes.extend(name.as_bytes());
        bytes.extend(*content);
        directory.extend(b"PK\x01\x02\x14\0");
        directory.extend(&common);
        directory.extend([0; 10]);
        directory.extend(start.to_le_bytes());
        directory.extend(name.as_bytes());
    }
    let count = (entries.len() as u16).to_le_bytes();
    let start = bytes.len() as u32;
    bytes.extend(&directory);
    bytes.extend(b"PK\x05\x06\0\0\0\0");
    bytes.extend(count);
    bytes.extend(count);
    bytes.extend((directory.len() as u32).to_le_bytes());
    bytes.extend(start.to_le_bytes());
    bytes.extend([0, 0]);
    bytes
}

fn with_pickle(pickle: &[u8]) -> Vec<u8> {
    zip(&[("archive/data.pkl", pickle), ("archive/version", b"3\n")])
}

/// A pickled text.
fn text(text: &str) -> Vec<u8> {
    let mut bytes = vec![b'X'];
    bytes.extend((text.len() as u32).to_le_bytes());
    bytes.extend(text.as_bytes());
    bytes
}

fn check(bytes: &[u8], words: &[&str]) {
    let damaged = Damaged::copy_of("masked-lm-bin");
    let stderr = damaged.write(FILE, bytes).check_refused(words);
    assert!(stderr.contains(FILE), "{stderr}");
}

#[test]
fn a_pickle_that_names_a_command_does_not_run_it() {
    let damaged = Damaged::copy_of("masked-lm-bin");
    let proof = damaged.workplace.path().join("proof");
    let call = [
        &b"cos\nsystem\n"[..],
        &text(&format!("touch '{}'", proof.display())),
        b"\x85R",
    ]
    .concat();
    let key = text("bert.embeddings.word_embeddings.weight");
    for pickle in [
        [b"\x80\x02", &call[..], b"."].concat(),
        [b"\x80\x02}", &key[..], &call, b"s."].concat(),
        [b"\x80\x02}", &call[..], &call, b"s."].concat(),
        [
            b"\x80\x02ccollections\nOrderedDict\n)R",
            &key[..],
            &call,
            b"s.",
        ]
        .concat(),
        [b"\x80\x02}", &call[..], b"b."].concat(),
        [b"\x80\x02", &call[..], b"0}."].concat(),
        b"(S'touch proof'\nios\nsystem\n.".to_vec(),
    ] {
        let stderr = damaged
            .write(FILE, with_pickle(&pickle))
            .check_refused(&[FILE]);
        assert!(!proof.exists(), "{stderr}");
        damaged.write(FILE, pickle).check_refused(&[FILE, NOT_ZIP]);
        assert!(!proof.exists(), "{stderr}");
    }
}

#[test]
fn a_bin_file_that_is_not_whole_is_refused() {
    let whole = Damaged::copy_of("masked-lm-bin").read(FILE);
    for bytes in [
        &b""[..],
        b"PK\x03\x04",
        b"not a zip file at all",
        b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 438\n",
        &whole[..100],
        &whole[..whole.len() / 2],
        &whole[..whole.len() - 1],
        &whole[1_000..],
        &vec![0; 100_000],
        &b"PK\x05\x06".repeat(1_000),
    ] {
        check(bytes, &[NOT_ZIP, "hint: save the weights as safetensors"]);
    }
    check(&zip(&[]), &["found no tensor"]);
    check(&zip(&[("archive/data.pkl", b"")]), &[NOT_ZIP]);
    check(&zip(&[("archive/other", b"")]), &["found no tensor"]);
    check(&with_pickle(b"\x80\x02}."), &["found no tensor"]);
    check(&with_pickle(b"\x80\x02N."), &["found no tensor"]);
}

#[test]
fn a_pickle_that_wants_the_whole_memory_does_not_get_it() {
    // Each step doubles the value before it: 2⁶⁰ in the end.
    let doubling = b"q\0h\0\x86".repeat(60);
    // A value within a value, a million deep.
    let deep = vec![0x85; 1_000_000];
    let deep_lists = [b"]q\0".to_vec(), b"h\0aq\0".repeat(200)].concat();
    for pickle in [
        [b"\x80\x02)", &doubling[..], b"."].concat(),
        [b"\x80\x02)", &deep[..], b"."].concat(),
        [b"\x80\x02", &deep_lists[..], b"."].concat(),
        [b"\x80\x02)", &b"Q".repeat(1_000_000)[..], b"."].concat(),
        [b"\x80\x02)", &b")R".repeat(1_000_000)[..], b"."].concat(),
        b"\x80\x02X\xff\xff\xff\xffabc.".to_vec(),
        [b"\x80\x02", &b"(".repeat(1_000_000)[..], b"."].concat(),
    ] {
        check(&with_pickle(&pickle), &[FILE]);
    }
}

/// The pickle of one tensor as PyTorch writes it.
fn tensor_pickle(name: &str, storage: &str, offset: i32, shape: [i32; 2]) -> Vec<u8> {
    let number = |value: i32| [&b"J"[..], &value.to_le_bytes()].concat();
    let [rows, columns] = shape.map(number);
    let mut pickle = b"\x80\x02}".to_vec();
    pickle.extend(text(name));
    pickle.extend(b"ctorch._utils\n_rebuild_tensor_v2\n((");
    pickle.extend(text("storage"));
    pickle.extend(format!("ctorch\n{storage}\n").bytes());
    pickle.extend(text("0"));
    pickle.extend(text("cpu"));
    pickle.extend([&number(16)[..], b"tQ"].concat());
    pickle.extend(number(offset));
    pickle.extend([&rows[..], &columns, b"\x86", &columns, &number(1), b"\x86"].concat());
    pickle.extend(b"\x89ccollections\nOrderedDict\n)RtRs.");
    pickle
}

#[test]
fn a_tensor_of_a_bin_file_that_is_not_there_is_refused() {
    const NAME: &str = "bert.embeddings.word_embeddings.weight";
    for (pickle, word) in [
        (
            tensor_pickle(NAME, "FloatStorage", 0, [4, 4]),
            "expected shape [308, 48]",
        ),
        (tensor_pickle(NAME, "FloatStorage", 0, [308, 48]), FILE),
        (
            tensor_pickle(NAME, "FloatStorage", i32::MAX, [308, 48]),
            FILE,
        ),
        (tensor_pickle(NAME, "FloatStorage", -1, [308, 48]), FILE),
        (
            tensor_pickle(NAME, "FloatStorage", 0, [i32::MAX, i32::MAX]),
            "expected shape",
        ),
        (tensor_pickle(NAME, "FloatStorage", 0, [-1, 4]), FILE),
        (tensor_pickle(NAME, "LongStorage", 0, [308, 48]), FILE),
        (tensor_pickle(NAME, "BoolStorage", 0, [308, 48]), FILE),
        (tensor_pickle(NAME, "QuantumStorage", 0, [308, 48]), FILE),
        (
            tensor_pickle("other", "FloatStorage", 0, [308, 48]),
            "tensors such as other",
        ),
    ] {
        let bytes = zip(&[("archive/data.pkl", &pickle), ("archive/data/0", &[0; 64])]);
        let damaged = Damaged::copy_of("masked-lm-bin");
        damaged.write(FILE, bytes).check_refused(&[word]);
    }
}

#[test]
fn the_fixture_loads_before_it_is_damaged() {
    let damaged = Damaged::copy_of("masked-lm-bin");
    let arguments = ["encode", "hello", "-m", "./model", "--views", "overview"];
    damaged.workplace.succeed(&arguments);
    fs::remove_dir_all(damaged.workplace.default_output()).expect("the result is there");
}
