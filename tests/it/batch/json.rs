//! JSON as Python and others write it.

use serde_json::Value;

use super::{batch, field, results, write};
use crate::binary::Workplace;

/// Runs a batch over a file of this name and content, and returns its results.
fn read(name: &str, content: &str, code: i32) -> Vec<Value> {
    let workplace = Workplace::new();
    write(&workplace, name, content);
    batch(&workplace, code, &[name], "out", &["-f", "json"]);
    results(&workplace.path().join("out"))
}

#[test]
fn arrays_of_objects_texts_and_pairs_are_read() {
    for (content, texts, pairs) in [
        (
            r#"[{"text": "the cat"}, {"text": "hello", "pair": "you"}]"#,
            ["the cat", "hello"],
            ["", "you"],
        ),
        (
            r#" [ "the cat" ,"hello" ] "#,
            ["the cat", "hello"],
            ["", ""],
        ),
        (
            "[[\"the cat\", \"sat\"],\r\n[\"hello\", \"you\"]\r\n]",
            ["the cat", "hello"],
            ["sat", "you"],
        ),
        // Brackets, marks and backslashes within texts.
        (
            r#"[{"x": "]}\"[\\", "text": "the cat"}, {"x": [[], {"y": "}"}], "text": "hello"}]"#,
            ["the cat", "hello"],
            ["", ""],
        ),
        // One object after the other.
        (
            "{\"text\": \"the cat\"}\n{\"text\": \"hello\"}\n",
            ["the cat", "hello"],
            ["", ""],
        ),
        (
            "{\n  \"text\": \"the cat\"\n}\n{\n  \"text\": \"hello\"\n}",
            ["the cat", "hello"],
            ["", ""],
        ),
    ] {
        let found = read("data.json", content, 0);
        assert_eq!(field(&found, "text"), texts, "{content}");
        assert_eq!(field(&found, "pair"), pairs, "{content}");
        assert_eq!(field(&found, "line"), ["1", "2"], "{content}");
        assert_eq!(field(&found, "id"), ["000001", "000002"], "{content}");
    }
}

#[test]
fn elements_that_are_no_inputs_fail_with_their_position() {
    let content = "[\n  \"one\",\n  {\"text\": 5},\n\n  {\"label\": 1}, 7, null,\n  [\"a\", \"b\", \"c\"],\n  {\"text\": \"a\" \"b\"},\n  {\"text\": \"last\"}\n]\n";
    let found = read("data.json", content, 3);
    assert_eq!(found.len(), 8);
    let errors = field(&found, "error");
    for (position, words) in [
        (
            2,
            "element 2, which begins on line 3: expected a text in the field \"text\", found a number",
        ),
        (
            3,
            "element 3, which begins on line 5: expected a column of texts",
        ),
        (4, "found a number"),
        (5, "found null"),
        (6, "element 6, which begins on line 6: "),
        (
            7,
            "element 7, which begins on line 7: expected a comma or } at column 14, found '\"'",
        ),
    ] {
        let error = &errors[position - 1];
        assert!(error.contains(words), "{error} has no {words}");
    }
    assert_eq!(field(&found, "text")[7], "last");
}

#[test]
fn an_array_that_is_broken_is_read_up_to_there() {
    for (content, expected) in [
        (
            r#"["one", "two""#,
            "expected a comma or ], found the end of the file",
        ),
        (
            r#"["one", "two" {"text": "three"}]"#,
            "expected a comma or ], found '{'",
        ),
        (r#"["one", "two",]"#, "expected an element, found ']'"),
        (
            r#"["one", "two"] ["three"]"#,
            "expected the end of the file, found '['",
        ),
        (
            r#"["one", "two", {"text": "three"#,
            "found the end of the file",
        ),
    ] {
        let found = read("data.json", content, 3);
        assert_eq!(
            field(&found, "status"),
            ["done", "done", "failed"],
            "{content}"
        );
        let error = &field(&found, "error")[2];
        assert!(error.contains(expected), "{content}: {error}");
        assert!(error.contains("element 3"), "{content}: {error}");
    }
}

#[test]
fn what_python_writes_and_json_has_not_matters_in_fields_that_are_used_alone() {
    let lines = r#"{"text": "the cat", "score": NaN}
{"text": "broken \ud83d emoji"}
{"text": "hello"}
{"text": "whole \ud83d\ude00", "x": [-Infinity, Infinity, {"y": NaN}], "z": "\ud83d \udE00"}
{"text": "deep", "x": DEEP, "big": 1e999, "long": 123456789012345678901234567890}
{"text": NaN}
{"text": "low \ude00"}
{"text": "a \\ud83d b"}
{"text": "id", "id": 123456789012345678901234567890}
{"text": "pair", "pair": "\uD83D"}
{"text": "key", "\ud83d": 1}
{"text": "word", "x": nan}
{"text": "minus", "x": -}
{"text": "more"} {"text": "than one"}
"#;
    let deep = format!("{}{}", "[".repeat(300), "]".repeat(300));
    let found = read("in.jsonl", &lines.replace("DEEP", &deep), 3);
    let texts = [
        "the cat",
        "",
        "hello",
        "whole 😀",
        "deep",
        "",
        "",
        "a \\ud83d b",
        "id",
        "",
        "key",
        "",
        "",
        "",
    ];
    assert_eq!(field(&found, "text"), texts);
    assert_eq!(field(&found, "id")[8], "123456789012345678901234567890");
    let errors = field(&found, "error");
    for line in [2, 7, 10] {
        let error = &errors[line - 1];
        assert!(error.contains("half of a surrogate pair"), "{error}");
    }
    assert!(errors[5].contains("found NaN or Infinity"), "{}", errors[5]);
    assert!(
        errors[11].contains("at column 23, found 'n'"),
        "{}",
        errors[11]
    );
}

#[test]
fn a_file_of_json_that_is_no_array_says_so() {
    for (content, words) in [
        ("42", "found '4' at its beginning"),
        ("\"text\"", "found '\"' at its beginning"),
        ("id,text\n1,one\n", "found 'i' at its beginning"),
    ] {
        let workplace = Workplace::new();
        write(&workplace, "data.json", content);
        let outcome = batch(&workplace, 1, &["data.json"], "out", &[]);
        assert!(outcome.stderr.contains(words), "{}", outcome.stderr);
        assert!(outcome.stderr.contains("hint: "), "{}", outcome.stderr);
        assert!(!workplace.path().join("out").exists());
    }
    // An object around the array, as SQuAD has it.
    let found = read("data.json", r#"{"data": [{"text": "one"}], "n": 1}"#, 3);
    assert!(field(&found, "error")[0].contains("an array in its field \"data\""));
    for (content, array) in [
        (r#"{"data": [{"text": "one"}], "n": 1}"#, "data"),
        (r#"{"version": "1.1", "data": [{"title": "one"}]}"#, "data"),
        (
            r#"{"version": "1.1", "notes": [1], "texts": ["one"]}"#,
            "texts",
        ),
        (r#"{"rows": [["one", "two"]], "version": "2"}"#, "rows"),
    ] {
        let found = read("my data.json", content, 3);
        let expected = format!(
            "write the array into a file of its own: jq -c '.[\"{array}\"][]' \"my data.json\" > inputs.jsonl"
        );
        assert_eq!(field(&found, "hint"), [expected], "{content}");
    }
    // One of several objects is an input.
    for content in [
        r#"{"body": "one", "tags": ["a"]} {"body": "two", "tags": []}"#,
        r#"[{"body": "one", "tags": ["a"]}]"#,
        r#"{"body": "one", "tags": []}"#,
    ] {
        let found = read("data.json", content, 3);
        assert_eq!(field(&found, "hint")[0], "--text-column body", "{content}");
    }
    // Arrays of an object each, and those that are the tokens of one text.
    for (name, content, filter) in [
        (
            "in.jsonl",
            r#"{"messages": [{"content": "one"}]}"#,
            r#"'.["messages"][]'"#,
        ),
        (
            "in.json",
            r#"[{"messages": [{"content": "one"}]}]"#,
            r#"'.[] | .["messages"][]'"#,
        ),
        (
            "in.jsonl",
            r#"{"tokens": ["one", "two"]}"#,
            r#"'{text: (.["tokens"] | join(" "))}'"#,
        ),
        (
            "in.json",
            r#"[{"tokens": ["one", "two"]}]"#,
            r#"'.[] | {text: (.["tokens"] | join(" "))}'"#,
        ),
    ] {
        let found = read(name, content, 3);
        let expected =
            format!("write the array into a file of its own: jq -c {filter} {name} > inputs.jsonl");
        assert_eq!(field(&found, "hint"), [expected], "{content}");
    }
    // A shell would empty the file before it is read.
    let found = read("inputs.jsonl", r#"{"messages": [{"content": "one"}]}"#, 3);
    assert!(field(&found, "hint")[0].ends_with("inputs.jsonl > new-inputs.jsonl"));
}

#[test]
fn a_whole_table_in_one_object_is_told_how_to_turn_it() {
    for (content, orient) in [
        (r#"{"text": {"0": "one", "1": "two"}}"#, "columns"),
        (r#"{"text": ["one", "two"], "label": [0, 1]}"#, "columns"),
        (r#"{"id": {"0": 1}, "text": {"0": "one"}}"#, "columns"),
        (r#"{"nr": {"0": 1}, "review": {"0": "one"}}"#, "columns"),
        (
            r#"{"columns": ["text"], "index": [0], "data": [["one"]]}"#,
            "split",
        ),
        (r#"{"0": {"text": "one"}, "1": {"text": "two"}}"#, "index"),
        (r#"{"a": {"text": "one"}, "b": {"text": "two"}}"#, "index"),
    ] {
        let found = read("data.json", content, 3);
        let expected = format!(
            "write one object a row, in Python: pandas.read_json(\"data.json\", orient=\"{orient}\")\
             .to_json(\"inputs.jsonl\", orient=\"records\", lines=True)"
        );
        assert_eq!(field(&found, "hint"), [expected], "{content}");
    }
}

#[test]
fn a_file_of_lines_that_is_a_file_of_json_is_told_so() {
    for content in [
        "{\n  \"text\": \"one\"\n}\n",
        "[\n{\"text\": \"one\"}\n]\n",
        "[{\"text\": \"one\"}, {\"text\": \"two\"}]\n",
    ] {
        let found = read("in.jsonl", content, 3);
        assert_eq!(field(&found, "hint")[0], "--input-format json", "{content}");
    }
}

#[test]
fn what_is_read_as_text_and_looks_like_something_else_is_warned_of() {
    for (content, told) in [
        ("{\"text\": \"one\"}\n", Some("JSON jsonl")),
        ("{\n\"text\": \"one\"}\n", Some("JSON json")),
        ("{\"text\": \"one\",\n\"id\": 1}\n", Some("JSON json")),
        ("[\n{\"text\": \"one\"}\n]\n", Some("JSON json")),
        ("[{\"text\": \"one\"}]\n", Some("JSON json")),
        (
            "[{\"text\": \"one\"},\n{\"text\": \"two\"}]\n",
            Some("JSON json"),
        ),
        ("[\n\"one\",\n\"two\"\n]\n", Some("JSON json")),
        ("[\"one\",\n\"two\"]\n", Some("JSON json")),
        ("[\"one\", \"two\", \"three\"]\n", Some("JSON json")),
        ("[\"one\",\"two\"]\n", Some("JSON jsonl")),
        (
            "[\"one\", \"two\"]\n[\"three\", \"four\"]\n",
            Some("JSON jsonl"),
        ),
        ("\"one\"\n\n\"two \\\"2\\\"\"\n", Some("JSON jsonl")),
        ("\"One\" is a word.\n\"two\"\n", None),
        ("\"One is said.\"\nThis is not said.\n", None),
        ("{one} two\n", None),
        ("[1] one two\n", None),
        ("[1]\n", None),
        ("[\"one\"] two\n", None),
        ("id\ttext\n1\tone\n", Some("a table tsv")),
        ("gold label\tSentence1\n1\tone\n", Some("a table tsv")),
        ("\"id\",\"text\"\n1,one\n", Some("a table csv")),
        ("text;label\none;1\n", Some("a table csv")),
        // Names of the user's own, and rows to the end that fit them.
        (
            "review,sentiment\nGood,1\n\"Bad, so bad\",0\n",
            Some("a table csv"),
        ),
        (
            "review\tlabel\nIt is good.\t1\nBad\t0\n",
            Some("a table tsv"),
        ),
        ("review;label\nIt is good;1\nBad;0\n", Some("a table csv")),
        ("Hello,you\nThis is no table.\nSo it is.\n", None),
        ("Well, yes\nSo, no\nThen, both\n", None),
        ("Text, as we know it\n", None),
        ("text\none\n", None),
        ("one\ttwo\n", None),
    ] {
        let workplace = Workplace::new();
        write(&workplace, "in.txt", content);
        let outcome = batch(&workplace, 0, &["in.txt"], "out", &["-f", "json"]);
        let words = "in.txt: it looks like ";
        let found = outcome.stderr.split_once(words).map(|(_, rest)| rest);
        let found = found
            .and_then(|rest| rest.lines().next())
            .map(|rest| rest.replace(" and was read as text; see --input-format", ""));
        assert_eq!(found.as_deref(), told, "{content}: {}", outcome.stderr);
    }
}
