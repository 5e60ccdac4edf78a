//! `pytorch_model.bin`: the one format that could run code, so nothing in it
//! is believed.

use std::fs;

use super::Damaged;

const FILE: &str = "pytorch_model.bin";
const NOT_TORCH: &str = "not a checkpoint of PyTorch";

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
pub fn text(text: &str) -> Vec<u8> {
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
        damaged.write(FILE, pickle).check_refused(&[FILE]);
        assert!(!proof.exists(), "{stderr}");
    }
}

#[test]
fn a_bin_file_that_is_not_whole_is_refused() {
    let whole = Damaged::copy_of("masked-lm-bin").read(FILE);
    for (bytes, words) in [
        (&b""[..], "is empty"),
        (b"PK\x03\x04", "is incomplete"),
        (b"not a zip file at all", NOT_TORCH),
        (&whole[..100], "is incomplete"),
        (&whole[..whole.len() / 2], "is incomplete"),
        (&whole[..whole.len() - 1], "is incomplete"),
        (&whole[1_000..], NOT_TORCH),
        (&vec![0; 100_000], "is nothing but zeros"),
        (&b"PK\x05\x06".repeat(1_000), NOT_TORCH),
    ] {
        check(bytes, &[words]);
    }
    check(&zip(&[]), &[NOT_TORCH, "no data.pkl"]);
    check(&zip(&[("archive/data.pkl", b"")]), &[NOT_TORCH]);
    check(&zip(&[("archive/other", b"")]), &[NOT_TORCH, "no data.pkl"]);
    check(&with_pickle(b"\x80\x02}."), &["found no tensor"]);
    check(
        &with_pickle(b"\x80\x02N."),
        &["holds something else", "state dict"],
    );
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

/// A tensor as PyTorch describes it.
pub struct Described<'a> {
    pub name: &'a str,
    pub storage_type: &'a str,
    pub storage: &'a str,
    pub offset: i32,
    pub shape: Vec<i32>,
    pub strides: Vec<i32>,
    /// A view that it is, and whether it is one.
    pub metadata: Option<(&'a str, bool)>,
}

/// A state dict as PyTorch pickles it.
pub fn state_dict(tensors: &[Described<'_>]) -> Vec<u8> {
    let number = |value: i32| [&b"J"[..], &value.to_le_bytes()].concat();
    let tuple = |values: &[i32]| {
        let values: Vec<u8> = values.iter().flat_map(|&value| number(value)).collect();
        [b"(", &values[..], b"t"].concat()
    };
    let mut pickle = b"\x80\x02}q\0(".to_vec();
    for tensor in tensors {
        pickle.extend(text(tensor.name));
        pickle.extend(b"ctorch._utils\n_rebuild_tensor_v2\n((");
        pickle.extend(text("storage"));
        pickle.extend(format!("ctorch\n{}\n", tensor.storage_type).bytes());
        pickle.extend(text(tensor.storage));
        pickle.extend(text("cpu"));
        pickle.extend([&number(16)[..], b"tQ"].concat());
        pickle.extend(number(tensor.offset));
        pickle.extend(tuple(&tensor.shape));
        pickle.extend(tuple(&tensor.strides));
        pickle.extend(b"\x89ccollections\nOrderedDict\n)R");
        if let Some((key, is_set)) = tensor.metadata {
            pickle.extend(b"}");
            pickle.extend(text(key));
            pickle.extend([if is_set { 0x88 } else { 0x89 }, b's']);
        }
        pickle.extend(b"tR");
    }
    pickle.extend(b"u.");
    pickle
}

#[test]
fn a_tensor_of_a_bin_file_that_is_not_there_is_refused() {
    const POSITIONS: &str = "bert.embeddings.position_embeddings.weight";
    const HUGE: i32 = i32::MAX;
    let float = "FloatStorage";
    // Half precision, so that one tensor too many still is smaller than the
    // file.
    for (storage_type, storage, offset, shape, strides, word) in [
        (
            "HalfStorage",
            "0",
            0,
            [512, 48],
            [48, 1],
            "token_type_embeddings.weight of shape [2, 48] is missing",
        ),
        (
            "HalfStorage",
            "0",
            512 * 48,
            [512, 48],
            [48, 1],
            "token_type_embeddings.weight of shape [2, 48] is missing",
        ),
        (
            "HalfStorage",
            "0",
            512 * 48 + 1,
            [512, 48],
            [48, 1],
            "reaches beyond its data",
        ),
        (
            "HalfStorage",
            "0",
            HUGE,
            [512, 48],
            [48, 1],
            "reaches beyond its data",
        ),
        (
            "HalfStorage",
            "0",
            0,
            [512, 48],
            [HUGE, HUGE],
            "reaches beyond its data",
        ),
        (
            "HalfStorage",
            "0",
            0,
            [512, 48],
            [1, 1_040],
            "reaches beyond its data",
        ),
        (
            "HalfStorage",
            "0",
            0,
            [512, 48],
            [1, 512],
            "token_type_embeddings.weight of shape [2, 48] is missing",
        ),
        (
            "HalfStorage",
            "0",
            -1,
            [512, 48],
            [48, 1],
            "is not described right",
        ),
        (
            "HalfStorage",
            "0",
            0,
            [512, -48],
            [48, 1],
            "is not described right",
        ),
        (
            "HalfStorage",
            "0",
            0,
            [512, 48],
            [-48, 1],
            "is not described right",
        ),
        (
            "HalfStorage",
            "7",
            0,
            [512, 48],
            [48, 1],
            "no data of tensor",
        ),
        (
            "HalfStorage",
            "../data.pkl",
            0,
            [512, 48],
            [48, 1],
            "no data of tensor",
        ),
        (
            float,
            "small",
            0,
            [512, 48],
            [48, 1],
            "reaches beyond its data",
        ),
        (
            float,
            "0",
            0,
            [4, 4],
            [4, 1],
            "expected shape [512, 48], found [4, 4]",
        ),
        (
            float,
            "0",
            0,
            [HUGE, HUGE],
            [HUGE, 1],
            "expected shape [512, 48]",
        ),
        (
            "LongStorage",
            "0",
            0,
            [512, 48],
            [48, 1],
            "found LongStorage",
        ),
        (
            "BoolStorage",
            "0",
            0,
            [512, 48],
            [48, 1],
            "found BoolStorage",
        ),
        (
            "QuantumStorage",
            "0",
            0,
            [512, 48],
            [48, 1],
            "found QuantumStorage",
        ),
    ] {
        let described =
            |name, storage_type, storage, offset, shape: &[i32], strides: &[i32]| Described {
                name,
                storage_type,
                storage,
                offset,
                shape: shape.to_vec(),
                strides: strides.to_vec(),
                metadata: None,
            };
        let words = "bert.embeddings.word_embeddings.weight";
        let pickle = state_dict(&[
            described(words, float, "0", 0, &[308, 48], &[48, 1]),
            described(POSITIONS, storage_type, storage, offset, &shape, &strides),
        ]);
        let bytes = zip(&[
            ("archive/data.pkl", &pickle),
            ("archive/data/0", &[0; 2 * 2 * 512 * 48]),
            ("archive/data/small", &[0; 64]),
        ]);
        let damaged = Damaged::copy_of("masked-lm-bin");
        damaged.write(FILE, bytes).check_refused(&[word]);
    }
    let alone = |shape: [i32; 2]| {
        let tensor = Described {
            name: POSITIONS,
            storage_type: float,
            storage: "0",
            offset: 0,
            shape: shape.to_vec(),
            strides: vec![shape[1], 1],
            metadata: None,
        };
        zip(&[("archive/data.pkl", &state_dict(&[tensor])[..])])
    };
    check(&alone([512, 48]), &["1 tensor, bert.embeddings.position"]);
}

/// The attention that `encode` saves as JSON.
fn attention(damaged: &Damaged) -> serde_json::Value {
    let arguments = ["encode", "hello there", "-m", "./model", "-f", "json"];
    damaged.workplace.succeed(&arguments);
    let file = damaged
        .workplace
        .default_output()
        .join("hello-there/attention.json");
    let bytes = fs::read(file).expect("the attention is there");
    let mut document: serde_json::Value = serde_json::from_slice(&bytes).expect("it is JSON");
    document["attention"].take()
}

#[test]
fn a_tensor_may_lie_in_its_storage_in_any_order() {
    let damaged = Damaged::copy_of("gelu-tanh-cased-vocabulary");
    let expected = attention(&damaged);
    let weights = damaged.read("model.safetensors");
    fs::remove_file(damaged.file("model.safetensors")).expect("the weights can be removed");
    let tensors = safetensors::SafeTensors::deserialize(&weights).expect("the fixture is whole");
    for in_columns in [false, true] {
        // One storage for all, every tensor behind the one before it.
        let (mut storage, mut described) = (Vec::new(), Vec::new());
        let names = tensors.names();
        for name in &names {
            let tensor = tensors.tensor(name).expect("the tensor is there");
            let values = tensor.data().as_chunks::<4>().0;
            let shape: Vec<i32> = tensor.shape().iter().map(|&size| size as i32).collect();
            let (mut values, mut strides) = (values.to_vec(), vec![1]);
            let offset = storage.len() as i32 / 4;
            if let [rows, columns] = *tensor.shape() {
                strides = vec![columns as i32, 1];
                if in_columns {
                    let of_column = |column| (0..rows).map(move |row| row * columns + column);
                    let order = (0..columns).flat_map(of_column);
                    values = order.map(|index| values[index]).collect();
                    strides = vec![1, rows as i32];
                }
            }
            storage.extend(values.into_iter().flatten());
            described.push(Described {
                name,
                storage_type: "FloatStorage",
                storage: "0",
                offset,
                shape,
                strides,
                metadata: None,
            });
        }
        let pickle = state_dict(&described);
        let bytes = zip(&[("model/data.pkl", &pickle), ("model/data/0", &storage)]);
        damaged.write(FILE, bytes);
        assert!(attention(&damaged) == expected, "in columns: {in_columns}");
    }
}
