//! Files that hold no inputs: refused by what they are, or for being empty.

use std::fs;

use super::{batch, field, pipe, results, write};
use crate::binary::{Workplace, tree};

const PARQUET: &[u8] = b"PAR1\x15\x04\x15\x10";
const ZIP: &[u8] = b"PK\x03\x04\x14\0\0\0";
const GZIP: &[u8] = b"\x1f\x8b\x08\0\0\0\0\0";
const LFS_POINTER: &[u8] =
    b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a2146\nsize 12345\n";

#[test]
fn a_file_of_another_kind_is_refused_by_what_it_is() {
    let binary: Vec<u8> = (0..=255).cycle().take(3_000).collect();
    let utf16 =
        |text: &str| -> Vec<u8> { text.encode_utf16().flat_map(u16::to_le_bytes).collect() };
    let utf16_big: Vec<u8> = "one two"
        .encode_utf16()
        .flat_map(u16::to_be_bytes)
        .collect();
    for (name, content, words, hint) in [
        (
            "a.txt",
            PARQUET,
            "a Parquet table",
            "--input-format parquet",
        ),
        ("a.csv", ZIP, "an archive", "unpack"),
        ("a.xlsx", ZIP, "a spreadsheet", "CSV UTF-8"),
        (
            "a.xls",
            b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
            "a spreadsheet",
            "CSV UTF-8",
        ),
        ("a.docx", ZIP, "a document", "plain text"),
        ("a.pdf", b"%PDF-1.7\n", "a document", "plain text"),
        ("a.txt", b"%PDF-1.7\n", "a document", "plain text"),
        (
            "a.csv.gz",
            GZIP,
            "a compressed file",
            "gzip -dc < a.csv.gz | attnviz batch - --input-format csv",
        ),
        (
            "a.txt.gz",
            GZIP,
            "a compressed file",
            "gzip -dc < a.txt.gz | attnviz batch - --input-format txt",
        ),
        (
            "a.ndjson.bz2",
            b"BZh91AY&SY",
            "a compressed file",
            "bzip2 -dc < a.ndjson.bz2 | attnviz batch - --input-format jsonl",
        ),
        (
            "a.tar.gz",
            GZIP,
            "a compressed file",
            "unpack it first: tar -xf a.tar.gz",
        ),
        ("a.txt", LFS_POINTER, "a Git LFS pointer", "git lfs pull"),
        ("a.csv", LFS_POINTER, "a Git LFS pointer", "git lfs pull"),
        ("a.jsonl", LFS_POINTER, "a Git LFS pointer", "git lfs pull"),
        ("a.json", GZIP, "a compressed file", "gzip -dc"),
        (
            "a.jsonl.zst",
            b"\x28\xb5\x2f\xfd",
            "a compressed file",
            "zstd -dc",
        ),
        ("a.feather", b"ARROW1\0\0", "an Arrow table", "read_feather"),
        ("a.png", b"\x89PNG\r\n\x1a\n", "a picture", "file of texts"),
        ("a.txt", b"\x89PNG\r\n\x1a\n", "a picture", "file of texts"),
        ("a.npz", ZIP, "a file of arrays", "file of texts"),
        ("a.sqlite", b"SQLite format 3\0", "a database", "CSV"),
        (
            "a.conll",
            b"the O\ncat O\n",
            "one token a line",
            "--input-format txt",
        ),
        (
            "a.conllx",
            b"1\tthe\n",
            "one token a line",
            "--input-format txt",
        ),
        (
            "a.xml",
            b"<a>one</a>\n",
            "another extension",
            "--input-format txt",
        ),
        (
            "a.html",
            b"<p>one</p>\n",
            "another extension",
            "--input-format txt",
        ),
        (
            "a.py",
            b"print()\n",
            "another extension",
            "--input-format txt",
        ),
        (
            "a.md",
            b"# one\n",
            "another extension",
            "--input-format txt",
        ),
        ("a.txt", &binary, "a binary file", "file of texts"),
        ("a", &binary, "a binary file", "file of texts"),
        (
            "a.txt",
            &utf16("one two"),
            "UTF-16 without",
            "iconv -f UTF-16LE -t UTF-8 a.txt",
        ),
        (
            "a.csv",
            &utf16_big,
            "UTF-16 without",
            "iconv -f UTF-16BE -t UTF-8 a.csv > utf-8.csv",
        ),
        ("a.txt", b"\xff\xfe\0\0o\0\0\0", "UTF-32", "iconv -f UTF-32"),
        ("a.txt", b"\0\0\xfe\xff\0\0\0o", "UTF-32", "iconv -f UTF-32"),
        (
            "my file.bin.gz",
            GZIP,
            "a compressed file",
            "< \"my file.bin.gz\" |",
        ),
    ] {
        let workplace = Workplace::new();
        write(&workplace, name, content);
        let outcome = batch(&workplace, 1, &[name], "out", &[]);
        let stderr = &outcome.stderr;
        let (error, said) = stderr.split_once("\nhint: ").unwrap_or((stderr, ""));
        assert!(error.contains(words), "{name}: {stderr}");
        assert!(
            error.starts_with(&format!("error: {name}: ")),
            "{name}: {stderr}"
        );
        assert!(said.contains(hint), "{name}: {stderr}");
        assert!(!workplace.path().join("out").exists(), "{name}");
    }
    // A stream shows what it is by its first bytes.
    for content in [
        PARQUET,
        ZIP,
        GZIP,
        LFS_POINTER,
        &binary,
        &utf16("one two\n"),
    ] {
        let workplace = Workplace::new();
        let outcome = pipe(&workplace, content, &[]);
        assert_eq!(outcome.code, Some(1), "{}", outcome.stderr);
        assert!(
            outcome.stderr.contains("expected .txt, "),
            "{}",
            outcome.stderr
        );
        assert!(!workplace.path().join("out").exists());
    }
}

#[test]
fn texts_that_begin_like_other_files_are_texts() {
    for text in [
        "BZh is how such a file begins",
        "BZh9 and more",
        "PAR1 is a gene",
        "PAR1",
        "ARROW1 was first",
    ] {
        let workplace = Workplace::new();
        write(&workplace, "a.txt", format!("{text}\n"));
        batch(&workplace, 0, &["a.txt"], "out", &["-f", "json"]);
        let found = results(&workplace.path().join("out"));
        assert_eq!(field(&found, "text"), [text]);
        let workplace = Workplace::new();
        let outcome = pipe(&workplace, text.as_bytes(), &["-f", "json"]);
        assert_eq!(outcome.code, Some(0), "{text}: {}", outcome.stderr);
    }
}

#[test]
fn a_file_of_any_name_is_read_as_it_is_said_to_be() {
    for (name, format, content) in [
        ("a.conll", "txt", "one\ntwo\n"),
        ("a.md", "txt", "one\ntwo\n"),
        ("a.data", "csv", "text\none\ntwo\n"),
        ("a.txt", "jsonl", "\"one\"\n\"two\"\n"),
        ("a.parquet", "json", "[\"one\", \"two\"]"),
    ] {
        let workplace = Workplace::new();
        write(&workplace, name, content);
        let more = ["--input-format", format, "-f", "json"];
        batch(&workplace, 0, &[name], "out", &more);
        let found = results(&workplace.path().join("out"));
        assert_eq!(field(&found, "text"), ["one", "two"], "{name}");
    }
}

#[test]
fn no_input_at_all_is_a_failure_that_leaves_nothing() {
    for (name, content) in [
        ("a.txt", ""),
        ("a.txt", "\n \n\t\r\n"),
        ("a.txt", "\u{feff}"),
        ("a.csv", ""),
        ("a.csv", "\n\n"),
        ("a.csv", "sep=;\n"),
        ("a.csv", "id,text\n"),
        ("a.tsv", "id\ttext\n\n"),
        ("a.jsonl", "\n"),
        ("a.json", ""),
        ("a.json", " [ ] "),
    ] {
        let workplace = Workplace::new();
        write(&workplace, name, content);
        for more in [&[][..], &["--shard", "1/2"], &["--resume"]] {
            let outcome = batch(&workplace, 1, &[name], "out", more);
            let stderr = &outcome.stderr;
            assert!(
                stderr.contains("there is no input in a."),
                "{content:?}: {stderr}"
            );
            assert!(stderr.contains("hint: "), "{stderr}");
            assert!(!workplace.path().join("out").exists(), "{content:?}");
        }
        let format = name.split_once('.').map_or("", |(_, format)| format);
        let outcome = pipe(&workplace, content.as_bytes(), &["--input-format", format]);
        assert_eq!(outcome.code, Some(1), "{}", outcome.stderr);
        let words = "there is no input in standard input";
        assert!(outcome.stderr.contains(words), "{}", outcome.stderr);
        assert!(!workplace.path().join("out").exists(), "{content:?}");
        // An earlier batch stays as it is.
        let one = "{\"text\": \"one\"}\n";
        let more = ["--input-format", "jsonl", "-f", "json"];
        assert_eq!(pipe(&workplace, one.as_bytes(), &more).code, Some(0));
        let before = tree(&workplace.path().join("out"));
        assert_eq!(pipe(&workplace, b"", &more).code, Some(1));
        assert_eq!(tree(&workplace.path().join("out")), before);
    }
    let workplace = Workplace::new();
    let outcome = batch(&workplace, 1, &["/dev/null"], "out", &[]);
    assert!(
        outcome.stderr.contains("there is no input in null"),
        "{}",
        outcome.stderr
    );
}

#[test]
fn an_empty_file_among_others_is_warned_of() {
    let workplace = Workplace::new();
    write(&workplace, "a.txt", "");
    write(&workplace, "b.txt", "one\ntwo\n");
    write(&workplace, "c.csv", "text\n");
    let files = ["a.txt", "b.txt", "c.csv"];
    let outcome = batch(&workplace, 0, &files, "out", &["-f", "json", "--json"]);
    let report: serde_json::Value = serde_json::from_str(&outcome.stdout).expect("JSON");
    let warnings = [
        "a.txt: there is no input in it",
        "c.csv: there is no input in it",
    ];
    assert_eq!(report["warnings"], serde_json::json!(warnings));
    for warning in warnings {
        assert!(outcome.stderr.contains(warning), "{}", outcome.stderr);
    }
    // A shard may have none of the inputs that there are.
    for part in ["1/3", "2/3", "3/3"] {
        let output = format!("shard-{}", &part[..1]);
        batch(
            &workplace,
            0,
            &["b.txt"],
            &output,
            &["--shard", part, "-f", "json"],
        );
    }
    workplace.succeed(&["merge", "shard-1", "shard-2", "shard-3", "-o", "merged"]);
    let merged = results(&workplace.path().join("merged"));
    assert_eq!(field(&merged, "text"), ["one", "two"]);
    assert!(fs::metadata(workplace.path().join("merged/manifest.json")).is_ok());
}
