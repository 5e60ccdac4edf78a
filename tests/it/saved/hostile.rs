//! Random damage to files of attention: Ok or Err, never a panic, and no
//! memory that the file does not account for.

use attnviz::store::saved::{ForeignNames, read};
use flate2::Compression;
use flate2::write::DeflateEncoder;
use proptest::prelude::*;
use safetensors::Dtype;
use std::io::Write;
use tempfile::TempDir;

use super::{attention, encoded, f32_bytes, npy, npz, safetensors_file};
use crate::binary::Workplace;
use crate::hostile_files::{check_outcome, damage, damaged, runner};

/// Damages a file within its first or last bytes.
fn check_damage(what: &str, whole: &[u8], cases: u32) {
    let folder = TempDir::new().expect("a temporary folder can be made");
    let path = folder.path().join("file");
    let check = |bytes: &[u8]| {
        std::fs::write(&path, bytes).expect("the file can be written");
        check_outcome(|| {
            read(&path, &ForeignNames::default())
                .map(drop)
                .map_err(|error| error.to_string())
        })
    };
    let outcome = check(whole).unwrap_or_else(|error| panic!("{what}: {error}"));
    assert_eq!(outcome, Ok(()), "{what}");
    let strategy = (prop::collection::vec(damage(), 1..4), any::<bool>());
    let outcome = runner(cases).run(&strategy, |(damages, at_end)| {
        // Headers are at the beginning, the directory of a zip file at the end.
        let bytes = match at_end {
            false => damaged(whole, &damages, 400),
            true => {
                let (start, end) = whole.split_at(whole.len().saturating_sub(200));
                [start, &damaged(end, &damages, usize::MAX)].concat()
            }
        };
        check(&bytes).map(drop)
    });
    if let Err(error) = outcome {
        panic!("{what}: {error}");
    }
}

/// A zip file of one deflated array.
fn deflated(array: &[u8]) -> Vec<u8> {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(array).expect("memory takes it");
    let packed = encoder.finish().expect("memory takes it");
    let mut crc = flate2::Crc::new();
    crc.update(array);
    let name = b"attention.npy";
    let mut common = vec![20, 0, 0, 0, 8, 0, 0, 0, 0x21, 0];
    common.extend(crc.sum().to_le_bytes());
    common.extend((packed.len() as u32).to_le_bytes());
    common.extend((array.len() as u32).to_le_bytes());
    common.extend((name.len() as u16).to_le_bytes());
    common.extend([0, 0]);
    let mut bytes = [b"PK\x03\x04", common.as_slice(), name, &packed].concat();
    let start = bytes.len() as u32;
    let directory = [b"PK\x01\x02\x14\0", common.as_slice(), &[0; 14], name].concat();
    bytes.extend(&directory);
    bytes.extend(b"PK\x05\x06\0\0\0\0\x01\0\x01\0");
    bytes.extend((directory.len() as u32).to_le_bytes());
    bytes.extend(start.to_le_bytes());
    bytes.extend([0, 0]);
    bytes
}

#[test]
fn damaged_safetensors_of_attention_is_refused_or_used() {
    let values = f32_bytes(&attention(2, 2, 3));
    let tensors = [("attention", Dtype::F32, [2, 2, 3, 3].as_slice(), values)];
    check_damage("from elsewhere", &safetensors_file(&tensors), 500);
    let workplace = Workplace::new();
    let folder = encoded(&workplace, "hi", &["-f", "safetensors,npz"], "out");
    for (file, cases) in [("attention.safetensors", 400), ("attention.npz", 400)] {
        let bytes = std::fs::read(folder.join(file)).expect("it is there");
        check_damage(file, &bytes, cases);
    }
}

#[test]
fn damaged_npz_is_refused_or_used() {
    let values = f32_bytes(&attention(2, 2, 3));
    let array = npy("<f4", true, &[2, 2, 3, 3], &values);
    check_damage("stored", &npz(&[("attention.npy", array.clone())]), 500);
    check_damage("deflated", &deflated(&array), 500);
}

#[test]
fn a_bomb_is_refused() {
    // A quarter of a gigabyte of zeros in 260 kB.
    let side = 8_192;
    let array = npy("<f4", false, &[1, 1, side, side], &vec![0; 4 * side * side]);
    let bomb = deflated(&array);
    assert!(bomb.len() < 400_000);
    let folder = TempDir::new().expect("a temporary folder can be made");
    let path = folder.path().join("file");
    std::fs::write(&path, bomb).expect("the file can be written");
    let error = read(&path, &ForeignNames::default()).expect_err("it is a bomb");
    assert!(error.to_string().contains("no attention"), "{error}");
}

#[test]
fn damaged_files_of_every_other_format_are_refused_or_used() {
    let values = attention(2, 2, 3);
    let array = npy("<f8", true, &[2, 2, 3, 3], &[0; 8 * 36]);
    check_damage("npy", &array, 300);
    let objects = npy("|O", false, &[2], b"\x80\x04](NNe.");
    let folder = TempDir::new().expect("a temporary folder can be made");
    let path = folder.path().join("file");
    std::fs::write(&path, objects).expect("the file can be written");
    let error = read(&path, &ForeignNames::default()).expect_err("there are no numbers");
    assert!(error.to_string().contains("is None"), "{error}");
    let json = serde_json::json!({ "attention": [[&values[..3], &values[3..6], &values[6..9]]] });
    check_damage("JSON", json.to_string().as_bytes(), 300);
    for name in ["tuple.pt", "legacy.pt", "output.pt"] {
        let path = crate::binary::fixture("attention-from-elsewhere").join(name);
        let bytes = std::fs::read(path).expect("the fixture is there");
        check_damage(name, &bytes, 300);
    }
}

/// A zip file whose directory has the same entry ten times, under ten names.
fn overlapping(array: &[u8]) -> Vec<u8> {
    let whole = npz(&[("layer_0.npy", array.to_vec())]);
    let place = |signature: &[u8]| whole.windows(4).rposition(|bytes| bytes == signature);
    let start = place(b"PK\x01\x02").expect("there is a directory");
    let end = place(b"PK\x05\x06").expect("there is an end");
    let mut bytes = whole[..start].to_vec();
    for digit in b'0'..=b'9' {
        let mut record = whole[start..end].to_vec();
        let name = record.windows(6).position(|bytes| bytes == b"layer_");
        record[name.expect("it is named") + 6] = digit;
        bytes.extend(record);
    }
    let length = (bytes.len() - start) as u32;
    let mut last = whole[end..].to_vec();
    last[8..10].copy_from_slice(&10_u16.to_le_bytes());
    last[10..12].copy_from_slice(&10_u16.to_le_bytes());
    last[12..16].copy_from_slice(&length.to_le_bytes());
    bytes.extend(last);
    bytes
}

#[test]
fn arrays_that_share_their_bytes_are_refused() {
    let array = npy("<f4", false, &[1, 64, 64], &vec![0; 4 * 64 * 64]);
    let folder = TempDir::new().expect("a temporary folder can be made");
    let path = folder.path().join("file");
    std::fs::write(&path, overlapping(&array)).expect("the file can be written");
    let error = read(&path, &ForeignNames::default()).expect_err("it says too much");
    assert!(error.to_string().contains("shares its bytes"), "{error}");
}

#[test]
fn lists_within_lists_end() {
    let folder = TempDir::new().expect("a temporary folder can be made");
    let path = folder.path().join("file");
    // As deep as the file is long.
    std::fs::write(&path, "[".repeat(100_000)).expect("the file can be written");
    read(&path, &ForeignNames::default()).expect_err("it never ends");
    let empty = format!("[{}[]]", "[],".repeat(100_000));
    std::fs::write(&path, empty).expect("the file can be written");
    read(&path, &ForeignNames::default()).expect_err("there are no numbers");
}
