//! What files of inputs may look like.

use std::fs;

use super::{arguments, batch, field, pipe, results, write};
use crate::binary::{Outcome, Workplace, tree};

/// Runs a batch over a file of this name and content, and expects these texts
/// with the lines they begin on; an empty text is an input that failed.
fn check(name: &str, content: &[u8], expected: &[(u64, &str)]) {
    check_texts(name, content, expected, &[]);
}

/// The same with more options.
fn check_texts(name: &str, content: &[u8], expected: &[(u64, &str)], more: &[&str]) {
    let workplace = Workplace::new();
    write(&workplace, name, content);
    let has_failures = expected.iter().any(|(_, text)| text.is_empty());
    let code = if has_failures { 3 } else { 0 };
    let more = [&["-f", "json"], more].concat();
    batch(&workplace, code, &[name], "out", &more);
    let results = results(&workplace.path().join("out"));
    let found: Vec<(u64, String)> = results
        .iter()
        .map(|result| {
            let text = match result["status"].as_str() {
                Some("done") => result["text"].as_str().unwrap_or_default(),
                _ => "",
            };
            (result["line"].as_u64().unwrap_or(0), text.to_owned())
        })
        .collect();
    let expected: Vec<(u64, String)> = expected
        .iter()
        .map(|&(line, text)| (line, text.to_owned()))
        .collect();
    let content = String::from_utf8_lossy(&content[..content.len().min(200)]);
    assert_eq!(found, expected, "{name}: {content:?}");
}

#[test]
fn lines_of_text_are_read_whatever_ends_them() {
    check("a.txt", b"one\ntwo", &[(1, "one"), (2, "two")]);
    check(
        "a.txt",
        b"\xef\xbb\xbfone\r\n\r\n \t\r\ntwo\r\n",
        &[(1, "one"), (4, "two")],
    );
    check(
        "A.TXT",
        b"one\rtwo\r\rfour",
        &[(1, "one"), (2, "two"), (4, "four")],
    );
    check("a.text", b"one\n", &[(1, "one")]);
    check("a", b"one\n", &[(1, "one")]);
    check(
        "a.txt",
        b"one\n\xff\xfe\nthree\n",
        &[(1, "one"), (2, ""), (3, "three")],
    );
    check("a.txt", b"nul\0byte\n", &[(1, "nul\0byte")]);
}

#[test]
fn a_line_beyond_the_limit_fails_alone() {
    let mut content = b"one\n".to_vec();
    content.resize(content.len() + (17 << 20), b'x');
    content.extend(b"\nthree\n");
    check("a.txt", &content, &[(1, "one"), (2, ""), (3, "three")]);
}

#[test]
fn a_line_of_nothing_but_fields_fails_alone() {
    let commas = ",".repeat(15 << 20);
    let table = format!("id,text\n1,one\n{commas}\n2,two\n");
    check(
        "a.csv",
        table.as_bytes(),
        &[(2, "one"), (3, ""), (4, "two")],
    );
    let members = "\"\":1,".repeat(3 << 20);
    let lines = format!("{{{members} \"text\": \"x\"}}\n\"two\"\n");
    check("a.jsonl", lines.as_bytes(), &[(1, ""), (2, "two")]);
    let workplace = Workplace::new();
    write(&workplace, "a.csv", commas + "text\n");
    let outcome = batch(&workplace, 1, &["a.csv"], "out", &[]);
    assert!(
        outcome.stderr.contains("at most 16384 fields"),
        "{}",
        outcome.stderr
    );
}

#[test]
fn objects_are_read_and_other_lines_fail_alone() {
    let lines = "\u{feff}{\"text\": \"one\", \"extra\": {\"a\": [1, 2]}}\r
\r
{\"text\": \"two\", \"id\": 5, \"pair\": null}
[\"id\", \"array\", null]
{\"text\": 5}
{\"id\": \"x\"}
{\"text\": \"cut
\"string\"
{\"text\": \"pair\", \"pair\": \"second\"}
{\"text\": \"\"}
{\"text\": \"twice\", \"text\": \"twice\"}
{\"text\": \"id\", \"id\": {}}
{\"text\": \"last\"}";
    let expected = [
        (1, "one"),
        (3, "two"),
        (4, ""),
        (5, ""),
        (6, ""),
        (7, ""),
        (8, "string"),
        (9, "pair"),
        (10, ""),
        (11, ""),
        (12, ""),
        (13, "last"),
    ];
    check("a.jsonl", lines.as_bytes(), &expected);
    check("a.ndjson", b"{\"text\": \"one\"}\n", &[(1, "one")]);
    check(
        "a.jsonl",
        b"\"one\"\n[\"two\", \"pair\"]\n",
        &[(1, "one"), (2, "two")],
    );
}

#[test]
fn tables_are_read_with_their_quotes() {
    check(
        "a.csv",
        b"text\none\n\"two, three\"\n",
        &[(2, "one"), (3, "two, three")],
    );
    check(
        "a.csv",
        b"\xef\xbb\xbfid,text,pair\r\na,one,\r\nb,\"two\r\nlines\",second\r\nc,three,\r\n",
        &[(2, "one"), (3, "two\r\nlines"), (5, "three")],
    );
    check(
        "a.tsv",
        b"note\ttext\n-\tone \"two\"\n",
        &[(2, "one \"two\"")],
    );
    check(
        "a.csv",
        b"id,text\n1,one\n2\n3,three,more\n4,\xff\n5,\n6,six\n",
        &[(2, "one"), (3, ""), (4, ""), (5, ""), (6, ""), (7, "six")],
    );
    check(
        "a.csv",
        b"text,id\n\none,a\n\n\ntwo,b\n",
        &[(3, "one"), (6, "two")],
    );
}

#[test]
fn a_quote_that_is_never_closed_fails_alone() {
    for (content, expected) in [
        // To the end of the file, by case 06.
        (
            "id,text\n1,\"the cat\n2,the mat\n3,hello\n",
            &[(2, ""), (3, "the mat"), (4, "hello")][..],
        ),
        // To a mark that begins another field, or one in the midst of a text.
        (
            "id,text\n1,\"one\n2,\"two\"\n3,\"three, too\"\n4,four\n",
            &[(2, ""), (3, "two"), (4, "three, too"), (5, "four")],
        ),
        (
            "text,id\n\"one,1\ntwo,2\n5\" disks,3\nfour,4\n",
            &[(2, ""), (3, "two"), (4, "5\" disks"), (5, "four")],
        ),
        // What it would enclose has too many fields.
        (
            "id,text\n1,\"one\n2,two\"\"\"\"\",x\n3,three\n",
            &[(2, ""), (3, ""), (4, "three")],
        ),
        ("id,text\n1,one\n2,\"", &[(2, "one"), (3, "")]),
        // Not in doubt: it spans lines.
        (
            "id,text\n1,\"one\n\n\"\"two\"\"\"\n2,\"\"\n3,three\n",
            &[(2, "one\n\n\"two\""), (5, ""), (6, "three")],
        ),
        // Behind a closing mark the field ends.
        (
            "id,text\n1,\"one\" more\n2,\"two\"\n",
            &[(2, ""), (3, "two")],
        ),
    ] {
        check("a.csv", content.as_bytes(), expected);
    }
    // Two texts with marks in them, and a file of tabs that has quotes.
    check(
        "a.csv",
        b"text;n\n\"one\"\" \"\"; two\";1\n",
        &[(2, "one\" \"; two")],
    );
}

#[test]
fn a_quote_is_looked_for_in_so_many_lines_and_no_more() {
    for (lines, is_found) in [(999, true), (1_000, false)] {
        let mut content = "id,text\na,\"begins\n".to_owned();
        content.push_str(&"b,\n".repeat(lines));
        content.push_str("ends\"\nc,three\n");
        let mut expected = vec![];
        let whole = format!("begins\n{}ends", "b,\n".repeat(lines));
        match is_found {
            true => expected.push((2, whole.as_str())),
            false => {
                expected.push((2, ""));
                expected.extend((0..lines as u64).map(|line| (line + 3, "")));
                // A row of one field.
                expected.push((lines as u64 + 3, ""));
            }
        }
        expected.push((lines as u64 + 4, "three"));
        check_texts("a.csv", content.as_bytes(), &expected, &["--truncate", "8"]);
    }
}

#[test]
fn a_quote_in_a_table_between_tabs_is_a_letter_unless_it_is_said_to_enclose() {
    let content = b"id\ttext\n1\t\"the cat\n2\ta mat on the \"world\"\n3\thello\n4\t\"two\"\n";
    let as_letters = [
        (2, "\"the cat"),
        (3, "a mat on the \"world\""),
        (4, "hello"),
        (5, "\"two\""),
    ];
    check("in.tsv", content, &as_letters);
    check("in.tab", content, &as_letters);
    let enclosing = [
        (2, ""),
        (3, "a mat on the \"world\""),
        (4, "hello"),
        (5, "two"),
    ];
    check_texts("in.tsv", content, &enclosing, &["--quotes"]);
    check_texts(
        "in.tsv",
        b"id\ttext\n1\t\"the\tcat\nsat\"\n",
        &[(2, "the\tcat\nsat")],
        &["--quotes"],
    );
}

#[test]
fn a_table_without_texts_is_refused() {
    for (name, content, found) in [
        ("a.csv", "id,body\n1,one\n", "found id, body"),
        ("a.tsv", "id,text\n1,one\n", "id,text"),
        ("a.csv", "\n,\n1,2\n", "found none"),
    ] {
        let workplace = Workplace::new();
        write(&workplace, name, content);
        let outcome = batch(&workplace, 1, &[name], "out", &[]);
        for word in [name, "text", found, "hint: "] {
            assert!(outcome.stderr.contains(word), "{word}: {}", outcome.stderr);
        }
        assert!(!workplace.path().join("out").exists());
        // An earlier batch stays as it is, whichever file is wrong.
        write(&workplace, "good.txt", "one\n");
        batch(&workplace, 0, &["good.txt"], "out", &[]);
        let before = tree(&workplace.path().join("out"));
        batch(&workplace, 1, &["good.txt", name], "out", &[]);
        assert_eq!(tree(&workplace.path().join("out")), before);
        // What only turns out while it is read leaves nothing either.
        let format = if name.ends_with("csv") { "csv" } else { "tsv" };
        let more = ["--input-format", format];
        let mut command = workplace.command(&arguments(&["-"], "piped", &more));
        let table = fs::File::open(workplace.path().join(name)).expect("it is there");
        let outcome = Outcome::of(command.stdin(table).output());
        assert_eq!(outcome.code, Some(1), "{}", outcome.stderr);
        assert!(!workplace.path().join("piped").exists());
    }
}

#[test]
fn files_that_cannot_be_read_are_refused_before_any_work() {
    let workplace = Workplace::new();
    write(&workplace, "a.txt", "one\n");
    for (files, word) in [
        (["a.txt", "lost.txt"], "lost.txt"),
        (["a.txt", "home"], "home"),
    ] {
        let outcome = batch(&workplace, 1, &files, "out", &[]);
        assert!(outcome.stderr.contains(word), "{}", outcome.stderr);
        assert!(!workplace.path().join("out").exists());
    }
    batch(&workplace, 2, &["-", "-"], "out", &[]);
    batch(&workplace, 2, &["a.txt"], "out", &["--input-format", "xml"]);
    batch(&workplace, 2, &["a.txt"], "out", &["--batch-tokens", "0"]);
    batch(&workplace, 2, &["a.txt"], "out", &["--shard", "4/3"]);
    batch(&workplace, 2, &["a.txt"], "out", &["--truncate", "2"]);
    batch(
        &workplace,
        2,
        &["a.txt"],
        "out",
        &["--fail-fast", "--max-failures", "2"],
    );
    assert!(!workplace.path().join("out").exists());
}

#[test]
fn standard_input_is_read_in_any_format() {
    for (format, content) in [
        (None, "one\ntwo\n"),
        (Some("jsonl"), "{\"text\": \"one\"}\n{\"text\": \"two\"}\n"),
        (Some("json"), "[{\"text\": \"one\"}, {\"text\": \"two\"}]"),
        (Some("csv"), "text\none\ntwo\n"),
        (Some("tsv"), "a\ttext\n\tone\n\ttwo\n"),
    ] {
        let workplace = Workplace::new();
        let more: Vec<&str> = format
            .iter()
            .flat_map(|&format| ["--input-format", format])
            .collect();
        let outcome = pipe(&workplace, content.as_bytes(), &more);
        assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
        let results = results(&workplace.path().join("out"));
        assert_eq!(field(&results, "text"), ["one", "two"]);
        assert_eq!(field(&results, "file"), ["-", "-"]);
    }
    let workplace = Workplace::new();
    let content = b"id,text\n1,\"the cat\n2,the mat\n3,hello\n";
    let outcome = pipe(&workplace, content, &["--input-format", "csv"]);
    assert_eq!(outcome.code, Some(3), "{}", outcome.stderr);
    let results = results(&workplace.path().join("out"));
    assert_eq!(field(&results, "text"), ["", "the mat", "hello"]);
}
