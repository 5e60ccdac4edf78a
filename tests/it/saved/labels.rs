//! Labels of attention from elsewhere: every form, and as people read them.

use std::fs;

use super::{attention, npy_file, only_folder};
use crate::binary::{Workplace, manifest};

/// The texts and the labels of the units, the caption, and the folder's name.
fn check(file: &str, [texts, labels]: [&[&str]; 2], caption: &str, folder: &str) {
    let workplace = Workplace::new();
    let count = texts.len();
    npy_file(
        &workplace,
        "it.npy",
        &[count, count],
        &attention(1, 1, count),
    );
    fs::write(workplace.path().join("labels"), file).expect("it can be written");
    workplace.succeed(&["render", "it.npy", "--labels", "labels"]);
    let path = only_folder(&workplace, "attnviz-out");
    let name = path.file_name().and_then(|name| name.to_str());
    assert_eq!(name, Some(folder), "{file}");
    let manifest = manifest(&path);
    let field = |name: &str| -> Vec<String> {
        let units = manifest["streams"][0]["units"]
            .as_array()
            .expect("there are units");
        let texts = units.iter().filter_map(|unit| unit[name].as_str());
        texts.map(str::to_owned).collect()
    };
    assert_eq!(field("text"), texts, "{file}");
    assert_eq!(field("label"), labels, "{file}");
    assert_eq!(manifest["input"]["text"], caption, "{file}");
}

#[test]
fn labels_are_read_in_every_form() {
    let texts: [&[&str]; 2] = [&["a", ",", "c"]; 2];
    for file in [
        "a\n,\nc\n",
        r#"["a", ",", "c"]"#,
        r#"[["a", ",", "c"]]"#,
        r#"{"tokens": ["a", ",", "c"]}"#,
        r#"{"ids": [1, 2, 3], "tokens": [["a", ",", "c"]]}"#,
    ] {
        check(file, texts, "a , c", "a-c");
    }
}

#[test]
fn tokens_are_shown_as_people_read_them() {
    check(
        r#"["Hello", "\u0120world", "\u010a", "caf", "\u00c3\u00a9"]"#,
        [
            &["Hello", "\u{120}world", "\u{10a}", "caf", "\u{c3}\u{a9}"],
            &["Hello", "\u{120}world", "↵", "caf", "é"],
        ],
        "Hello world\ncafé",
        "hello-world-café",
    );
    check(
        r#"["<s>", "▁Hello", "▁w", "orld", "<0x0A>", "</s>"]"#,
        [
            &["<s>", "▁Hello", "▁w", "orld", "<0x0A>", "</s>"],
            &["<s>", "▁Hello", "▁w", "orld", "↵", "</s>"],
        ],
        "<s> Hello world\n</s>",
        "s-hello-world-s",
    );
    check(
        "[CLS]\nun\n##believ\n##able\n[SEP]",
        [&["[CLS]", "un", "##believ", "##able", "[SEP]"]; 2],
        "[CLS] unbelievable [SEP]",
        "cls-unbelievable-sep",
    );
}

#[test]
fn special_tokens_of_any_tokenizer_are_hidden() {
    let workplace = Workplace::new();
    npy_file(&workplace, "it.npy", &[5, 5], &attention(1, 1, 5));
    let labels = "<|begin_of_text|>\n<start_of_turn>\nHello\n<0x0A>\n<|eot_id|>";
    fs::write(workplace.path().join("labels"), labels).expect("it can be written");
    let mut arguments = vec!["render", "it.npy", "--labels", "labels"];
    arguments.extend(["--special-tokens", "hide", "-f", "json"]);
    workplace.succeed(&arguments);
    let manifest = manifest(&only_folder(&workplace, "attnviz-out"));
    let shown = manifest["shown"]["columns"]
        .as_array()
        .expect("some are hidden");
    let shown: Vec<&str> = shown
        .iter()
        .filter_map(|unit| unit["text"].as_str())
        .collect();
    assert_eq!(shown, ["Hello", "<0x0A>"]);
}

/// The words that labels are merged to: how they are called.
fn words(tokens: &[&str]) -> Vec<String> {
    let workplace = Workplace::new();
    let count = tokens.len();
    let json = serde_json::json!(tokens).to_string();
    fs::write(workplace.path().join("labels"), json).expect("it can be written");
    let values = attention(1, 1, count);
    npy_file(&workplace, "it.npy", &[1, 1, count, count], &values);
    let arguments = ["render", "it.npy", "--labels", "labels", "--tokens", "word"];
    workplace.succeed(&arguments);
    let manifest = manifest(&only_folder(&workplace, "attnviz-out"));
    let columns = manifest["shown"]["columns"].as_array();
    let columns = columns.expect("words are shown").iter();
    let labels = columns.filter_map(|word| word["label"].as_str());
    labels.map(str::to_owned).collect()
}

#[test]
fn words_of_rare_characters_are_whole() {
    let cases: [(&[&str], &[&str]); 4] = [
        // A space by itself belongs to what comes next.
        (&["▁", "ü", "▁ber", "all"], &["▁ü", "▁berall"]),
        (&["▁Ca", "f", "<0xC3>", "<0xA9>", "▁x"], &["▁Café", "▁x"]),
        // 日本 in bytes: two characters, which are two words in Chinese.
        (
            &["Ġis", "Ġæ", "Ĺ", "¥", "æľ", "¬", "Ġit"],
            &["Ġis", "Ġ日", "本", "Ġit"],
        ),
        // One that is cut off stays as it is.
        (&["Ġis", "Ġæ", "Ĺ"], &["Ġis", "Ġ<0xE6><0x97>"]),
    ];
    for (tokens, expected) in cases {
        assert_eq!(words(tokens), expected, "{tokens:?}");
    }
}

#[test]
fn json_of_attention_may_say_its_tokens() {
    let rows = [[1.0, 0.0], [0.5, 0.5]];
    let cross = [[0.5, 0.25, 0.25], [0.125, 0.5, 0.375]];
    for (json, tokens, warning) in [
        (
            serde_json::json!({"attention": rows, "tokens": ["a", "Ġb"]}),
            "tokens  2: a Ġb\n",
            None,
        ),
        (
            serde_json::json!({"tokens": [["a", "b"]], "attention": rows}),
            "tokens  2: a b\n",
            None,
        ),
        (
            serde_json::json!({"attention": rows, "tokens": ["a", "b"], "key_tokens": ["a", "b"]}),
            "tokens  2: a b\n",
            None,
        ),
        (
            serde_json::json!({"attention": cross, "tokens": ["a", "b"], "key_tokens": ["c", "d", "e"]}),
            "source  3: c d e\ntarget  2: a b\n",
            None,
        ),
        (
            serde_json::json!({"attention": rows, "tokens": ["a", "b", "c"]}),
            "tokens  2: 0 1\n",
            Some("its tokens are not read: there are 3, and the attention is of 2"),
        ),
    ] {
        let workplace = Workplace::new();
        fs::write(workplace.path().join("it"), json.to_string()).expect("it can be written");
        let outcome = workplace.succeed(&["render", "it", "-o", "out"]);
        assert!(
            outcome.stdout.contains(tokens),
            "{json}: {}",
            outcome.stdout
        );
        match warning {
            None => assert_eq!(outcome.stderr, "", "{json}"),
            Some(warning) => {
                let line = format!("warning: it: {warning}\n");
                assert!(outcome.stderr.starts_with(&line), "{}", outcome.stderr);
                assert!(outcome.stderr.contains("--labels FILE names them"));
            }
        }
        // What is given on the command line comes first.
        if tokens.starts_with("tokens") {
            fs::write(workplace.path().join("labels"), "x\ny").expect("it can be written");
            let outcome = workplace.succeed(&["render", "it", "--labels", "labels", "-o", "other"]);
            let named = "tokens  2: x y\n";
            assert!(outcome.stdout.contains(named), "{}", outcome.stdout);
        }
    }
}

#[test]
fn line_ends_and_tabs_that_are_tokens_have_their_signs() {
    check(
        r#"["<bos>", "\n", "\u2581a", "\t\t", "\r"]"#,
        [
            &["<bos>", "\n", "\u{2581}a", "\t\t", "\r"],
            &["<bos>", "↵", "\u{2581}a", "⇥⇥", "<0x0D>"],
        ],
        "<bos> \n a\t\t\r".trim(),
        "bos-a",
    );
    check(
        r#"["Hi", " you", "\n"]"#,
        [&["Hi", " you", "\n"], &["Hi", " you", "↵"]],
        "Hi you",
        "hi-you",
    );
}
