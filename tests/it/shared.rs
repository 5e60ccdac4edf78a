//! What several places of the crate need and one has: digests, percent
//! encoding, ranges of indices, guesses at special tokens.

use std::io::{Read, Write};

use attnviz::digest::{HashingWriter, hexadecimal, sha256, sha256_of};
use attnviz::input::looks_special;
use attnviz::percent::{percent_encoded, percent_encoded_path};
use attnviz::ranges::{joined, ranges};

/// Gives at most so many bytes at a time.
struct Slow<R>(R, usize);

impl<R: Read> Read for Slow<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let length = buffer.len().min(self.1);
        self.0.read(&mut buffer[..length])
    }
}

#[test]
fn a_digest_is_the_same_in_memory_behind_a_reader_and_before_a_writer() {
    // FIPS 180-2, appendix B.
    let of_abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    assert_eq!(sha256("abc"), of_abc);
    assert_eq!(hexadecimal(&[0x00, 0x0f, 0xa0, 0xff]), "000fa0ff");
    let long = vec![7; (1 << 20) + 5];
    for bytes in [&b""[..], b"abc", &long] {
        for step in [1 << 10, usize::MAX] {
            assert_eq!(sha256_of(Slow(bytes, step)).unwrap(), sha256(bytes));
        }
        let mut writer = HashingWriter::new(Vec::new());
        for part in bytes.chunks(1_000) {
            writer.write_all(part).unwrap();
        }
        assert_eq!(writer.finish(), (bytes.to_vec(), sha256(bytes)));
    }
}

#[test]
fn nothing_in_a_part_of_an_address_means_anything_else() {
    for (text, part, path) in [
        ("aZ09-._~", "aZ09-._~", "aZ09-._~"),
        ("refs/pr/1", "refs%2Fpr%2F1", "refs/pr/1"),
        ("a b?c#d%41", "a%20b%3Fc%23d%2541", "a%20b%3Fc%23d%2541"),
        ("javascript:é", "javascript%3A%C3%A9", "javascript%3A%C3%A9"),
        (
            "\\\"'<&>\n",
            "%5C%22%27%3C%26%3E%0A",
            "%5C%22%27%3C%26%3E%0A",
        ),
    ] {
        assert_eq!(percent_encoded(text), part);
        assert_eq!(percent_encoded_path(text), path);
    }
}

#[test]
fn neighbours_make_ranges() {
    for (indices, expected) in [
        (&[][..], ""),
        (&[3], "3"),
        (&[0, 1], "0-1"),
        (&[0, 1, 2, 3, 11], "0-3,11"),
        (&[0, 2, 4, 5], "0,2,4-5"),
    ] {
        assert_eq!(joined(&ranges(indices), "-", ","), expected);
    }
    assert_eq!(ranges(&[usize::MAX, 0]), [(usize::MAX, usize::MAX), (0, 0)]);
    assert_eq!(joined(&[(0, 3), (-1, -1)], "–", ", "), "0–3, -1");
}

#[test]
fn special_tokens_are_known_by_their_names() {
    for token in [
        "[CLS]",
        "[UNK]",
        "</s>",
        "<pad>",
        "<|endoftext|>",
        "<|im_start|>",
        "<|eot_id|>",
        "<start_of_turn>",
        "<extra_id_0>",
        "<｜begin▁of▁sentence｜>",
        "[/INST]",
        "<s>",
    ] {
        assert!(looks_special(token), "{token}");
    }
    for token in [
        "", "CLS", "[1]", "[]", "<html>", "<0x0A>", "<||>", "<|", "cls]", "<_>", "<a_B>", "<| |>",
    ] {
        assert!(!looks_special(token), "{token}");
    }
}
