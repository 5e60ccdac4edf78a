//! Parquet tables as other programs write them, in files and in folders;
//! `tests/fixtures/make_parquet.py` makes them.

use std::fs;
use std::path::Path;

use serde_json::Value;

use super::{arguments, assert_same_tree, batch, field, pipe, results, write};
use crate::binary::{Workplace, fixture, manifest, sha256, tree};

/// What every table of `WRITERS` holds: id, text, and what of the pair is left.
const ROWS: [[&str; 3]; 5] = [
    ["7", "the cat sat", "on the mat"],
    ["8", "größer, \"quoted\", 日本", ""],
    ["9", "two\nlines", "on the mat"],
    ["-10", "the cat sat", ""],
    ["11", "last", "on the mat"],
];

/// Files, and folders of several, with the same rows.
const WRITERS: [&str; 15] = [
    "pandas.parquet",
    "pandas-gzip.parquet",
    "pandas-none.parquet",
    "arrow-v2-zstd.parquet",
    "arrow-groups.parquet",
    "arrow-pages.parquet",
    "arrow-large.parquet",
    "arrow-delta-length-byte-array.parquet",
    "arrow-delta-byte-array.parquet",
    "polars.parquet",
    "duckdb.parquet",
    "duckdb-v2.parquet",
    "spark.parquet",
    "spark-v2",
    "partitioned",
];

fn table(name: &str) -> String {
    fixture("parquet").join(name).display().to_string()
}

/// Copies a table of one file or of several to where the test works.
fn copy_of_table(workplace: &Workplace, name: &str, copy: &str) {
    let (from, to) = (fixture("parquet").join(name), workplace.path().join(copy));
    if from.is_file() {
        fs::copy(&from, &to).expect("the table can be copied");
        return;
    }
    for (file, bytes) in tree(&from) {
        let path = to.join(file);
        fs::create_dir_all(path.parent().expect("it is in a folder")).expect("it can be made");
        fs::write(path, bytes).expect("the part can be copied");
    }
}

fn rows(folder: &Path) -> Vec<[String; 3]> {
    let results = results(folder);
    let fields = ["id", "text", "pair"].map(|name| field(&results, name));
    (0..results.len())
        .map(|row| [0, 1, 2].map(|column| fields[column][row].clone()))
        .collect()
}

#[test]
fn the_same_rows_are_read_whoever_wrote_them() {
    for name in WRITERS {
        let workplace = Workplace::new();
        batch(&workplace, 0, &[&table(name)], "out", &["-f", "json"]);
        let out = workplace.path().join("out");
        assert_eq!(rows(&out), ROWS, "{name}");
        let lines = field(&results(&out), "line");
        assert_eq!(lines, ["1", "2", "3", "4", "5"], "{name}");
    }
}

#[test]
fn numbers_and_the_like_are_ids_and_nulls_are_none() {
    for (name, ids) in [
        ("ids-unsigned.parquet", ["1", "2", "18446744073709551615"]),
        ("ids-small.parquet", ["1", "-2", "000003"]),
        ("ids-float.parquet", ["1.0", "2.5", "000003"]),
        ("ids-nothing.parquet", ["000001", "000002", "000003"]),
        ("ids-boolean.parquet", ["true", "false", "000003"]),
        (
            "ids-uuid.parquet",
            [
                "00000010-0000-0000-0000-000000000000",
                "00000010-0000-0000-0000-000000000001",
                "00000010-0000-0000-0000-000000000002",
            ],
        ),
    ] {
        let workplace = Workplace::new();
        batch(&workplace, 0, &[&table(name)], "out", &["-f", "json"]);
        let found = results(&workplace.path().join("out"));
        assert_eq!(field(&found, "id"), ids, "{name}");
    }
}

#[test]
fn a_row_that_is_no_text_fails_alone() {
    for (name, error, hint) in [
        (
            "texts-null.parquet",
            "the text is empty",
            "take the line out",
        ),
        (
            "texts-binary.parquet",
            "expected UTF-8 in the column \"text\", found another byte at 2",
            "table[\"text\"].str.decode(\"latin-1\")",
        ),
    ] {
        let workplace = Workplace::new();
        batch(&workplace, 3, &[&table(name)], "out", &["-f", "json"]);
        let found = results(&workplace.path().join("out"));
        assert_eq!(
            field(&found, "status"),
            ["done", "failed", "done"],
            "{name}"
        );
        assert_eq!(found[1]["error"], error, "{name}");
        let said = found[1]["hint"].as_str().expect("there is a hint");
        assert!(said.contains(hint), "{name}: {said}");
    }
}

#[test]
fn columns_are_chosen_by_name_as_in_other_tables() {
    let workplace = Workplace::new();
    let more = [
        "--text-column",
        "TITLE",
        "--pair-column",
        "body",
        "--id-column",
        "n",
        "-f",
        "json",
    ];
    batch(&workplace, 0, &[&table("titled.parquet")], "out", &more);
    let expected = [
        ["1", "one", "one long text"],
        ["2", "two", "two long texts"],
        ["3", "three", "three"],
    ];
    assert_eq!(rows(&workplace.path().join("out")), expected);
}

#[test]
fn a_table_that_holds_no_inputs_is_refused_by_what_is_wrong_with_it() {
    for (name, more, error, hint) in [
        (
            "titled.parquet",
            &[][..],
            "expected a column of texts, such as \"text\" or \"sentence\", found n, title, body",
            // Its texts are longer than titles are.
            "hint: --text-column body\n",
        ),
        (
            "titled.parquet",
            &["--text-column", "bodi"],
            "expected a column \"bodi\", as --text-column says, found n, title, body",
            "hint: --text-column body\n",
        ),
        (
            "texts-numbers.parquet",
            &[],
            "expected texts in the column \"text\", found numbers",
            "table[\"text\"].astype(str)",
        ),
        (
            "texts-lists.parquet",
            &[],
            "expected texts in the column \"text\", found lists",
            "table[\"text\"].str.join(\" \")",
        ),
        (
            "texts-records.parquet",
            &[],
            "expected texts in the column \"text\", found records of several fields",
            "table[\"text\"].str[\"content\"]",
        ),
        (
            "texts-turns.parquet",
            &[],
            "expected texts in the column \"text\", found lists of records",
            "\" \".join(row[\"content\"] for row in rows)",
        ),
        (
            "texts-maps.parquet",
            &[],
            "expected texts in the column \"text\", found maps",
            "name another column",
        ),
        (
            "texts-nothing.parquet",
            &[],
            "expected texts in the column \"text\", found nothing in any row",
            "name another column",
        ),
        (
            "ids-date.parquet",
            &[],
            "expected ids that are texts or numbers in the column \"id\", found dates or times",
            "table[\"id\"].astype(str)",
        ),
        (
            "ids-decimal.parquet",
            &[],
            "expected ids that are texts or numbers in the column \"id\", found decimal numbers",
            "table[\"id\"].astype(str)",
        ),
        (
            "lz4.parquet",
            &[],
            "without compression or with Snappy, gzip or Zstandard, found LZ4",
            ".to_parquet(\"inputs.parquet\")",
        ),
        (
            "brotli.parquet",
            &[],
            "without compression or with Snappy, gzip or Zstandard, found Brotli",
            ".to_parquet(\"inputs.parquet\")",
        ),
        (
            "empty.parquet",
            &[],
            "there is no input in empty.parquet",
            "attnviz batch -",
        ),
        (
            "bomb.parquet",
            &[],
            "a page has more than 256 MiB",
            "write the file again",
        ),
    ] {
        let workplace = Workplace::new();
        let outcome = batch(&workplace, 1, &[&table(name)], "out", more);
        assert!(outcome.stderr.contains(error), "{name}: {}", outcome.stderr);
        assert!(outcome.stderr.contains(hint), "{name}: {}", outcome.stderr);
    }
}

#[test]
fn a_file_that_is_no_table_is_refused_by_what_it_is() {
    let whole = fs::read(table("pandas.parquet")).expect("the fixture is there");
    let cut = &whole[..whole.len() - 20];
    let mut encrypted = whole.clone();
    let end = encrypted.len();
    encrypted[end - 4..].copy_from_slice(b"PARE");
    for (name, content, error, hint) in [
        (
            "a.parquet",
            cut,
            "the file is not whole",
            "write the file again",
        ),
        ("a.parquet", &whole[..4], "the file is not whole", "again"),
        ("a.parquet", b"", "the file is not whole", "again"),
        (
            "a.parquet",
            &encrypted,
            "an encrypted one",
            "without encryption",
        ),
        (
            "a.parquet",
            b"id,text\n1,one\n",
            "a file that begins otherwise",
            "--input-format csv",
        ),
        (
            "a.parquet",
            b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a2146\nsize 12345\n",
            "a Git LFS pointer",
            "git lfs pull",
        ),
        ("a.parquet", b"PK\x03\x04\x14\0\0\0", "an archive", "unpack"),
        ("a.txt", &whole, "a Parquet table", "--input-format parquet"),
    ] {
        let workplace = Workplace::new();
        write(&workplace, name, content);
        let outcome = batch(&workplace, 1, &[name], "out", &[]);
        assert!(outcome.stderr.contains(error), "{}", outcome.stderr);
        assert!(outcome.stderr.contains(hint), "{}", outcome.stderr);
        assert!(!workplace.path().join("out").exists(), "{error}");
    }
    // Its directory is at its end, which a pipe has not.
    for more in [&[][..], &["--input-format", "parquet"]] {
        let workplace = Workplace::new();
        let outcome = pipe(&workplace, &whole, more);
        assert_eq!(outcome.code, Some(1), "{}", outcome.stderr);
        let said = "attnviz batch texts.parquet";
        assert!(outcome.stderr.contains(said), "{}", outcome.stderr);
    }
}

#[test]
fn a_folder_is_one_table_where_it_holds_nothing_else() {
    let workplace = Workplace::new();
    copy_of_table(&workplace, "spark.parquet", "plain");
    for name in ["plain", "plain/"] {
        batch(
            &workplace,
            0,
            &[name],
            "out",
            &["-f", "json", "--overwrite"],
        );
        let out = workplace.path().join("out");
        assert_eq!(rows(&out), ROWS, "{name}");
        assert_eq!(field(&results(&out), "file"), ["plain"; 5], "{name}");
    }
    // With other texts beside them, nobody knows what is meant.
    write(&workplace, "plain/notes.txt", "one\n");
    let outcome = batch(&workplace, 1, &["plain"], "other", &[]);
    assert!(
        outcome.stderr.contains("found a folder"),
        "{}",
        outcome.stderr
    );
    assert!(
        outcome.stderr.contains("plain/notes.txt"),
        "{}",
        outcome.stderr
    );
    batch(
        &workplace,
        0,
        &["plain"],
        "said",
        &["-f", "json", "--input-format", "parquet"],
    );
    assert_eq!(rows(&workplace.path().join("said")), ROWS);
    // A part that is damaged is named before any work.
    write(&workplace, "plain/part-00002.parquet", "PAR1");
    let more = ["--input-format", "parquet"];
    let outcome = batch(&workplace, 1, &["plain"], "damaged", &more);
    let named = "plain/part-00002.parquet: the Parquet table cannot be read";
    assert!(outcome.stderr.contains(named), "{}", outcome.stderr);
    assert!(!workplace.path().join("damaged").exists());
    let damaged = workplace.path().join("plain/part-00002.parquet");
    fs::remove_file(damaged).expect("the part can be removed");
    // What is written would be read the next time.
    let outcome = batch(&workplace, 1, &["plain"], "plain/out", &more);
    assert!(
        outcome.stderr.contains("lies in the input plain"),
        "{}",
        outcome.stderr
    );
}

#[test]
fn shards_digests_and_resumption_are_as_of_other_files() {
    let workplace = Workplace::new();
    copy_of_table(&workplace, "spark.parquet", "texts.parquet");
    copy_of_table(&workplace, "pandas.parquet", "pandas.parquet");
    let files = ["texts.parquet"];
    batch(&workplace, 0, &files, "whole", &[]);
    for part in ["1/2", "2/2"] {
        batch(&workplace, 0, &files, &part[..1], &["--shard", part]);
    }
    workplace.succeed(&["merge", "2", "1", "-o", "merged"]);
    let at = |name: &str| workplace.path().join(name);
    assert_same_tree(&at("merged"), &at("whole"), "merged");
    // As `sha256sum` lists the parts, what is the engine's own left out.
    let listing: String = tree(&at("texts.parquet"))
        .iter()
        .filter(|(name, _)| name.starts_with("part-"))
        .map(|(name, bytes)| format!("{}  {name}\n", sha256(bytes)))
        .collect();
    let digest = |name: &str| manifest(&at(name))["input_files"][0]["sha256"].clone();
    assert_eq!(digest("whole"), sha256(listing.as_bytes()));
    assert_eq!(
        manifest(&at("whole"))["input_files"][0]["name"],
        "texts.parquet"
    );
    batch(&workplace, 0, &["pandas.parquet"], "file", &["-f", "json"]);
    let bytes = fs::read(at("pandas.parquet")).expect("the copy is there");
    assert_eq!(digest("file"), sha256(&bytes));
    let resumed = batch(&workplace, 0, &files, "whole", &["--resume", "--json"]);
    let report: Value = serde_json::from_str(&resumed.stdout).expect("it is JSON");
    assert_eq!(report["kept"], 5);
}

#[test]
fn a_named_pipe_is_no_table() {
    #[cfg(unix)]
    {
        let workplace = Workplace::new();
        let pipe = workplace.path().join("pipe.parquet");
        let made = std::process::Command::new("mkfifo").arg(&pipe).status();
        assert!(made.expect("mkfifo is there").success());
        let outcome = workplace.run(&arguments(&["pipe.parquet"], "out", &[]));
        assert_eq!(outcome.code, Some(1), "{}", outcome.stderr);
        assert!(
            outcome.stderr.contains("found a pipe"),
            "{}",
            outcome.stderr
        );
    }
}
