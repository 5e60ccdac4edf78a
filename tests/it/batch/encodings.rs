//! Files in UTF-8 and UTF-16, as Windows programs and PowerShell write them.

use super::{batch, field, pipe, results, write};
use crate::binary::Workplace;

/// A text in UTF-16 with a byte order mark; halves of surrogate pairs can be
/// given as private letters from U+E000 (`\u{e000}` is 0xD83D).
fn utf16(text: &str, is_little_endian: bool) -> Vec<u8> {
    let units = format!("\u{feff}{text}");
    let units = units.encode_utf16().map(|unit| match unit {
        0xe000 => 0xd83d,
        0xe001 => 0xde00,
        unit => unit,
    });
    let bytes = units.map(|unit| match is_little_endian {
        true => unit.to_le_bytes(),
        false => unit.to_be_bytes(),
    });
    bytes.flatten().collect()
}

#[test]
fn utf_16_is_decoded_in_every_format() {
    let expected = ["the cat", "größer 日本 😀", "hello"];
    let [one, two, three] = expected;
    for (name, content) in [
        ("in.txt", format!("{one}\r\n\r\n{two}\r\n{three}")),
        (
            "in.csv",
            format!("id,text\r\na,\"{one}\"\r\nb,{two}\r\nc,{three}\r\n"),
        ),
        (
            "in.csv",
            format!("sep=;\r\nid;text\r\na;{one}\r\nb;{two}\r\nc;{three}\r\n"),
        ),
        (
            "in.tsv",
            format!("text\tid\n{one}\ta\n{two}\tb\n{three}\tc\n"),
        ),
        (
            "in.jsonl",
            format!("{{\"text\": \"{one}\"}}\n{{\"text\": \"{two}\"}}\n\"{three}\"\n"),
        ),
        ("in.json", format!("[\"{one}\", \"{two}\", \"{three}\"]")),
    ] {
        let encoded = [true, false].map(|is_little_endian| utf16(&content, is_little_endian));
        let marked = format!("\u{feff}{content}").into_bytes();
        for (bytes, what) in encoded
            .into_iter()
            .zip(["low", "high"])
            .chain([(marked, "8")])
        {
            let workplace = Workplace::new();
            write(&workplace, name, &bytes);
            batch(&workplace, 0, &[name], "out", &["-f", "json"]);
            let found = results(&workplace.path().join("out"));
            assert_eq!(field(&found, "text"), expected, "{name} {what}");
            // As a stream, too.
            let workplace = Workplace::new();
            let format = name.split_once('.').map_or("", |(_, format)| format);
            let outcome = pipe(
                &workplace,
                &bytes,
                &["-f", "json", "--input-format", format],
            );
            assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
            let found = results(&workplace.path().join("out"));
            assert_eq!(field(&found, "text"), expected, "- {name} {what}");
        }
    }
}

#[test]
fn the_hint_for_another_encoding_names_the_file() {
    for (name, content, converted) in [
        ("my.txt", &b"one\nGr\xfc\xdfe\n"[..], "my.txt > utf-8.txt"),
        ("my.jsonl", b"\"Gr\xfc\xdfe\"\n", "my.jsonl > utf-8.jsonl"),
        (
            "my data.csv",
            b"text\nGr\xfc\xdfe\n",
            "\"my data.csv\" > utf-8.csv",
        ),
        ("my.json", b"[\"Gr\xfc\xdfe\"]", "my.json > utf-8.json"),
    ] {
        let workplace = Workplace::new();
        write(&workplace, name, content);
        batch(&workplace, 3, &[name], "out", &["-f", "json"]);
        let hints = field(&results(&workplace.path().join("out")), "hint");
        let hint = hints.last().expect("there is a line");
        let expected = format!("iconv -f WINDOWS-1252 -t UTF-8 {converted}, with ");
        assert!(hint.contains(&expected), "{hint}");
    }
}

#[test]
fn half_a_letter_of_utf_16_fails_alone() {
    // One alone, two in the wrong order, a whole one, and half a unit at the end.
    let content = "one\nbroken \u{e000} here\n\u{e001}\u{e000}\n\u{e000}\u{e001}\nlast";
    for is_little_endian in [true, false] {
        let workplace = Workplace::new();
        let mut bytes = utf16(content, is_little_endian);
        bytes.push(b'x');
        write(&workplace, "in.txt", &bytes);
        batch(&workplace, 3, &["in.txt"], "out", &["-f", "json"]);
        let found = results(&workplace.path().join("out"));
        let status = ["done", "failed", "failed", "done", "failed"];
        assert_eq!(field(&found, "status"), status);
        assert_eq!(field(&found, "text")[3], "😀");
        let errors = field(&found, "error");
        for error in &errors[1..3] {
            assert!(error.contains("half of a surrogate pair"), "{error}");
        }
    }
}

#[test]
fn letters_at_the_ends_of_blocks_stay_whole() {
    // Blocks have 8 KiB: letters of one to four bytes stand across their ends.
    let line = "a é 日 😀 ".repeat(40);
    let content: String = (0..40).map(|number| format!("{number} {line}\n")).collect();
    for bytes in [
        content.clone().into_bytes(),
        utf16(&content, true),
        utf16(&content, false),
    ] {
        let workplace = Workplace::new();
        write(&workplace, "in.txt", &bytes);
        let more = ["-f", "json", "--truncate", "4"];
        batch(&workplace, 0, &["in.txt"], "out", &more);
        let found = field(&results(&workplace.path().join("out")), "text");
        assert_eq!(found.join("\n") + "\n", content);
    }
}
