//! `attnviz tokens`: the units of a text, from the tokenizer alone.

use std::io::Write;
use std::process::Stdio;

use serde_json::Value;
use unicode_width::UnicodeWidthStr;

use crate::binary::{Outcome, Workplace, copy_of_fixture, fixture};
use crate::loopback_hub::{LoopbackHub, ServedRepository};

fn tokens(workplace: &Workplace, arguments: &[&str]) -> String {
    let arguments = [&["tokens"], arguments].concat();
    let outcome = workplace.succeed(&arguments);
    assert_eq!(outcome.stderr, "");
    outcome.stdout
}

#[test]
fn units_are_listed_with_what_is_known_of_them() {
    let arguments = ["It's 世, well.", "--pair", "Fine", "-m", "builtin"];
    let expected = "\
model   sentence-transformers/all-MiniLM-L6-v2
tokens  11

unit  text   label    id  segment   bytes  word  role
@0    [CLS]  [CLS]   101        0       -     -  classification
@1    it     it     2009        0    0..2     0
@2    '      '      1005        0    2..3     1
@3    s      s      1055        0    3..4     2
@4    世     世     1745        0    5..8     3
@5    ,      ,      1010        0    8..9     4
@6    well   well   2092        0  10..14     5
@7    .      .      1012        0  14..15     6
@8    [SEP]  [SEP]   102        0       -     -  separator
@9    fine   fine   2986        1    0..4     0
@10   [SEP]  [SEP]   102        1       -     -  separator
";
    let workplace = Workplace::new();
    assert_eq!(tokens(&workplace, &arguments), expected);
    assert!(!workplace.default_output().exists(), "nothing is written");
    let unknown = tokens(&workplace, &["well, ☃ [UNK]", "-m", "builtin"]);
    assert!(
        unknown.contains("\ntokens  6, 1 unknown to the vocabulary\n"),
        "{unknown}"
    );
    let line = unknown.lines().find(|line| line.starts_with("@3 "));
    assert!(
        line.is_some_and(|line| line.ends_with("unknown")),
        "{unknown}"
    );
}

#[test]
fn the_table_is_aligned_in_every_script_and_no_wider_than_a_screen() {
    let workplace = Workplace::new();
    let endless = "w".repeat(200);
    for text in [
        "नमस्ते दुनिया",
        "שלום עולם",
        "日本語のテキスト",
        "a\u{301} 👩‍👩‍👧",
        &endless,
    ] {
        let listed = tokens(&workplace, &[text, "-m", "builtin"]);
        let table: Vec<&str> = listed.lines().skip(3).collect();
        let names = table[0];
        // Numbers end where their name does, whatever stands before them.
        let end = names.find("segment").expect("it is a column") + "segment".len();
        for line in &table {
            assert!(line.width() <= 80, "{line}");
            let mut letters = line.char_indices();
            let cut = letters
                .find(|&(at, letter)| line[..at].width() + letter.to_string().width() == end);
            let (at, digit) = cut.unwrap_or_else(|| panic!("{line}"));
            assert!(digit == '0' || *line == names, "{line}");
            assert!(line[at + digit.len_utf8()..].starts_with(' '), "{line}");
        }
    }
}

#[test]
fn positions_of_the_listing_name_the_units_in_views() {
    let workplace = Workplace::new();
    let text = "the cat, the dog: it";
    let json = tokens(&workplace, &[text, "-m", "builtin", "--json"]);
    let json: Value = serde_json::from_str(&json).expect("it is JSON");
    assert_eq!(json["input"]["text"], text);
    let units = json["streams"][0]["units"]
        .as_array()
        .expect("there are units");
    assert_eq!(units.len(), 9);
    for (position, unit) in units.iter().enumerate() {
        assert_eq!(unit["position"], position);
        assert_eq!(unit["unknown"], false);
        for field in [
            "id", "text", "label", "special", "segment", "word", "start", "end",
        ] {
            assert!(unit.get(field).is_some(), "{field}");
        }
        let view = format!("from:@{position}");
        let options = ["--views", &view, "-o", "out", "-f", "svg"];
        workplace.succeed(&super::encode(text, &options));
        let file = format!("out/the-cat-the-dog-it/from/@{position}.svg");
        let picture = std::fs::read_to_string(workplace.path().join(file)).expect("it is drawn");
        let label = unit["label"].as_str().expect("it is a text");
        assert!(
            picture.contains(&format!("“{label}” (token @{position})")),
            "{label}"
        );
    }
    // Every label that stands once names its unit as well, `,` and `:` too.
    for view in ["from:,", "to::", "from:cat"] {
        workplace.succeed(&super::encode(text, &["--views", view]));
    }
}

#[test]
fn no_weights_are_needed() {
    let workplace = Workplace::new();
    for name in [
        "relu-uncased-vocabulary",
        "gelu-new-shards",
        "masked-lm-bin",
    ] {
        let folder = workplace.path().join(name);
        copy_of_fixture(name, &folder);
        let model = folder.to_str().expect("the path is UTF-8");
        let whole = tokens(&workplace, &["hello there", "-m", model, "--json"]);
        for entry in std::fs::read_dir(&folder).expect("the folder is there") {
            let path = entry.expect("the entry can be read").path();
            let name = path.to_string_lossy().into_owned();
            if name.contains("safetensors") || name.ends_with(".bin") {
                std::fs::remove_file(path).expect("it can be removed");
            }
        }
        let bare = tokens(&workplace, &["hello there", "-m", model, "--json"]);
        assert_eq!(bare, whole, "{name}");
        let refused = workplace.run(&["encode", "hello there", "-m", model]);
        assert_eq!(refused.code, Some(1), "the weights are gone: {name}");
    }
}

#[test]
fn from_the_hub_config_and_tokenizer_alone_are_fetched() {
    let repository = ServedRepository::new("owner/name").directory(&fixture("gelu-new-shards"));
    let hub = LoopbackHub::serve([repository]);
    let workplace = Workplace::new();
    let mut command = workplace.command(&["tokens", "hello there", "-m", "owner/name"]);
    let outcome = Outcome::of(command.env("HF_ENDPOINT", hub.endpoint()).output());
    assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
    assert!(
        outcome.stdout.contains("\n@0    [CLS]"),
        "{}",
        outcome.stdout
    );
    assert!(hub.count("GET", "config.json") > 0);
    let asked = hub.requests();
    let weights = asked
        .iter()
        .find(|request| request.path.contains("safetensors"));
    assert!(weights.is_none(), "a file of weights was asked for");
    let offline = ["tokens", "hello there", "-m", "owner/name", "--offline"];
    assert_eq!(workplace.succeed(&offline).stdout, outcome.stdout);
}

#[test]
fn a_dash_is_the_text_of_standard_input() {
    let workplace = Workplace::new();
    let mut command = workplace.command(&["tokens", "-", "-m", "builtin", "--json"]);
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary starts");
    let mut input = child.stdin.take().expect("standard input is a pipe");
    input
        .write_all("Hello,\r\nhow\nare you?\n".as_bytes())
        .expect("it is read");
    drop(input);
    let outcome = Outcome::of(child.wait_with_output());
    assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
    let json: Value = serde_json::from_str(&outcome.stdout).expect("it is JSON");
    assert_eq!(json["input"]["text"], "Hello, how are you?");
}

#[test]
fn what_is_cut_off_and_what_is_too_long_is_said() {
    let workplace = Workplace::new();
    let listed = tokens(
        &workplace,
        &["a b c d e", "-m", "builtin", "--truncate", "4"],
    );
    assert!(listed.contains("\ntokens  4, 3 more cut off\n"), "{listed}");
    let long = "a ".repeat(600);
    let outcome = workplace.run(&["tokens", &long, "-m", "builtin"]);
    assert_eq!(outcome.code, Some(1));
    assert!(
        outcome.stderr.contains("hint: --truncate 512"),
        "{}",
        outcome.stderr
    );
}
