//! The small JSON files of a checkpoint as Python writes and reads them, and
//! what they say that is no token, or that is left to chance. The tokens are
//! those of transformers 5.23.

use std::fs;

use attnviz::checkpoint::{self, CheckpointError, CheckpointSource, LoadOptions, Parts};
use attnviz::model::Architecture;
use attnviz::tokenizer::{TokenLimit, Tokenizer, TokenizerError};

use crate::bad_input::check_refused;
use crate::binary::Workplace;

const VOCABULARY: &str = "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\nhello\nHello\ncat\n<\nent\n>\n";

/// A folder `model` with these files beside a config and a vocabulary.
fn folder(files: &[(&str, &str)]) -> Workplace {
    let workplace = Workplace::new();
    let model = workplace.path().join("model");
    fs::create_dir(&model).unwrap();
    let others = [
        ("config.json", r#"{"model_type": "bert"}"#),
        ("vocab.txt", VOCABULARY),
    ];
    for (name, content) in others.iter().chain(files) {
        fs::write(model.join(name), content).unwrap();
    }
    workplace
}

/// Without the weights, which no test here needs.
fn load(workplace: &Workplace) -> Result<checkpoint::Checkpoint, CheckpointError> {
    let options = LoadOptions {
        parts: Parts::WithoutWeights,
        ..LoadOptions::default()
    };
    let source = CheckpointSource::Directory(workplace.path().join("model"));
    checkpoint::load(&source, &options, &mut |_| ())
}

fn tokenize(tokenizer: &Tokenizer, text: &str) -> Result<Vec<String>, TokenizerError> {
    let limit = TokenLimit {
        maximum: 512,
        truncate: None,
    };
    let prepared = tokenizer.tokenize(text, None, limit)?;
    let units = prepared.source().iter();
    Ok(units.map(|unit| unit.text.clone()).collect())
}

#[test]
fn json_is_read_as_python_reads_it() {
    for (name, content, expected) in [
        (
            "config.json",
            r#"{"model_type": "bert", "a": NaN, "b": [-Infinity, Infinity], "c": "\ud83d"}"#,
            "[CLS] hello < ent > cat [SEP]",
        ),
        (
            "config.json",
            r#"{"model_type": "gpt2", "vocab_size": 7, "model_type": "bert", "vocab_size": 11}"#,
            "[CLS] hello < ent > cat [SEP]",
        ),
        (
            "tokenizer_config.json",
            r#"{"model_max_length": NaN, "do_lower_case": false}"#,
            "[CLS] Hello < ent > cat [SEP]",
        ),
        (
            "tokenizer_config.json",
            r#"{"do_lower_case": true, "do_lower_case": false}"#,
            "[CLS] Hello < ent > cat [SEP]",
        ),
        (
            "tokenizer_config.json",
            r#"{"a": "\udc00 \ud83d\ude00 \\ud83d NaN \ud83d\u0041", "do_lower_case": false}"#,
            "[CLS] Hello < ent > cat [SEP]",
        ),
        (
            "tokenizer_config.json",
            r#"{"added_tokens_decoder": {"11": {"content": "cat", "content": "<ent>"}}}"#,
            "[CLS] hello <ent> cat [SEP]",
        ),
        (
            "special_tokens_map.json",
            r#"{"a": NaN, "b": "\udc00", "cls_token": "cat"}"#,
            "cat hello < ent > cat [SEP]",
        ),
        (
            "special_tokens_map.json",
            r#"{"cls_token": "hello", "sep_token": "hello", "cls_token": "cat"}"#,
            "cat hello < ent > cat hello",
        ),
        (
            "added_tokens.json",
            r#"{"<ent>": 30, "<ent>": 11}"#,
            "[CLS] hello <ent> cat [SEP]",
        ),
    ] {
        let workplace = folder(&[(name, content)]);
        let checkpoint = load(&workplace).unwrap_or_else(|error| panic!("{content}: {error}"));
        Architecture::from_json(&checkpoint.config)
            .unwrap_or_else(|error| panic!("{content}: {error}"));
        let tokenizer = Tokenizer::from_checkpoint(&checkpoint);
        let tokenizer = tokenizer.unwrap_or_else(|error| panic!("{content}: {error}"));
        let found = tokenize(&tokenizer, "Hello <ent> cat").unwrap().join(" ");
        assert_eq!(found, expected, "{content}");
    }
}

#[test]
fn json_with_the_marks_of_windows_is_read() {
    let utf_16 = |text: &str, bytes: fn(u16) -> [u8; 2]| -> Vec<u8> {
        let units = std::iter::once(0xFEFF).chain(text.encode_utf16());
        units.flat_map(bytes).collect()
    };
    let config = "{\"do_lower_case\": false, \"a\": \"日本\"}";
    for bytes in [
        ["\u{feff}", config].concat().into_bytes(),
        utf_16(config, u16::to_le_bytes),
        utf_16(config, u16::to_be_bytes),
    ] {
        let workplace = folder(&[]);
        fs::write(workplace.path().join("model/tokenizer_config.json"), &bytes).unwrap();
        let tokenizer = Tokenizer::from_checkpoint(&load(&workplace).unwrap()).unwrap();
        let found = tokenize(&tokenizer, "Hello").unwrap();
        assert_eq!(found.join(" "), "[CLS] Hello [SEP]", "{bytes:?}");
    }
}

#[test]
fn a_number_that_is_none_where_one_is_used_is_refused() {
    for (name, content, words) in [
        (
            "config.json",
            r#"{"model_type": "bert", "layer_norm_eps": NaN}"#,
            ["config.json", "null", "layer_norm_eps"],
        ),
        (
            "added_tokens.json",
            r#"{"<ent>": Infinity}"#,
            ["added_tokens.json", "null", "line 1"],
        ),
    ] {
        let workplace = folder(&[(name, content)]);
        check_refused(&workplace, &["tokens", "hello", "-m", "./model"], 1, &words);
    }
}

#[test]
fn what_is_no_special_token_is_refused_by_its_name() {
    for (name, content, words) in [
        (
            "tokenizer_config.json",
            r#"{"cls_token": 5}"#,
            ["cls_token", "a number"],
        ),
        (
            "tokenizer_config.json",
            r#"{"mask_token": ["[MASK]"]}"#,
            ["mask_token", "a list"],
        ),
        (
            "tokenizer_config.json",
            r#"{"pad_token": {"__type": "AddedToken"}}"#,
            ["pad_token", "an object"],
        ),
        (
            "tokenizer_config.json",
            r#"{"extra_special_tokens": "<ent>"}"#,
            ["extra_special_tokens", "a text"],
        ),
        (
            "tokenizer_config.json",
            r#"{"extra_special_tokens": ["<ent>", 5]}"#,
            ["extra_special_tokens", "a number"],
        ),
        (
            "tokenizer_config.json",
            r#"{"additional_special_tokens": {"a": null}}"#,
            ["expected a to be", "null"],
        ),
        (
            "tokenizer_config.json",
            r#"{"model_specific_special_tokens": ["<ent>"]}"#,
            ["model_specific_special_tokens", "a list"],
        ),
        (
            "special_tokens_map.json",
            r#"{"unk_token": true}"#,
            ["unk_token", "true or false"],
        ),
        (
            "tokenizer_config.json",
            r#"{"vocab": "other.txt"}"#,
            ["vocab", "a text"],
        ),
        (
            "tokenizer_config.json",
            r#"{"vocab": {"cat": -1}}"#,
            ["vocab", "-1 for \"cat\""],
        ),
        (
            "tokenizer_config.json",
            r#"{"truncation_side": "up"}"#,
            ["up", "`left` or `right`"],
        ),
    ] {
        let workplace = folder(&[(name, content)]);
        check_refused(&workplace, &["tokens", "hello", "-m", "./model"], 1, &words);
    }
}

/// The tokenizers crate finds one or the other, another one in every run.
#[test]
fn a_text_with_a_token_that_is_one_of_two_by_chance_is_refused() {
    for tokens in [r#"{"COVID": 11, "Covid": 12}"#, r#"{"été": 12, "ete": 11}"#] {
        let workplace = folder(&[("added_tokens.json", tokens)]);
        let tokenizer = Tokenizer::from_checkpoint(&load(&workplace).unwrap()).unwrap();
        assert_eq!(
            tokenize(&tokenizer, "Hello cat").unwrap().join(" "),
            "[CLS] hello cat [SEP]"
        );
        assert!(matches!(
            tokenize(&tokenizer, "covid été"),
            Err(TokenizerError::AmbiguousToken { .. })
        ));
        let arguments = ["tokens", "covid été", "-m", "./model"];
        check_refused(&workplace, &arguments, 1, &["by chance", "--tokenizer"]);
    }
    // Letters that differ where nothing is put into lower case.
    let cased = r#"{"do_lower_case": false}"#;
    let workplace = folder(&[
        ("added_tokens.json", r#"{"COVID": 11, "Covid": 12}"#),
        ("tokenizer_config.json", cased),
    ]);
    let tokenizer = Tokenizer::from_checkpoint(&load(&workplace).unwrap()).unwrap();
    let found = tokenize(&tokenizer, "Covid COVID").unwrap();
    assert_eq!(found.join(" "), "[CLS] Covid COVID [SEP]");
}

#[test]
fn the_tokenizer_file_of_the_version_is_taken() {
    let with_id = |id: u32| {
        format!(
            r#"{{"version": "1.0", "added_tokens": [], "normalizer": null, "pre_tokenizer": null,
            "post_processor": null, "decoder": null, "truncation": null, "padding": null,
            "model": {{"type": "WordLevel", "vocab": {{"[UNK]": 0, "cat": {id}}}, "unk_token": "[UNK]"}}}}"#
        )
    };
    let [plain, four, five, six, ten] = [1, 4, 5, 6, 10].map(with_id);
    for (names, expected) in [
        ("[]", 1),
        (r#"["tokenizer.json"]"#, 1),
        (r#"["tokenizer.json", "tokenizer.4.0.0.json"]"#, 4),
        (
            r#"["tokenizer.6.0.json", "tokenizer.5.23.json", "tokenizer.4.0.0.json"]"#,
            5,
        ),
        (r#"["tokenizer.6.0.json"]"#, 1),
        // Versions are in the order of texts, up to the first that is too new.
        (r#"["tokenizer.4.0.0.json", "tokenizer.10.0.json"]"#, 1),
    ] {
        let config = format!(
            r#"{{"tokenizer_class": "PreTrainedTokenizerFast", "fast_tokenizer_files": {names}}}"#
        );
        let workplace = folder(&[
            ("tokenizer_config.json", &config),
            ("tokenizer.json", &plain),
            ("tokenizer.4.0.0.json", &four),
            ("tokenizer.5.23.json", &five),
            ("tokenizer.6.0.json", &six),
            ("tokenizer.10.0.json", &ten),
        ]);
        let tokenizer = Tokenizer::from_checkpoint(&load(&workplace).unwrap()).unwrap();
        let limit = TokenLimit {
            maximum: 512,
            truncate: None,
        };
        let prepared = tokenizer.tokenize("cat", None, limit).unwrap();
        let ids: Vec<u32> = prepared.source().iter().map(|unit| unit.id).collect();
        assert_eq!(ids, [expected], "{names}");
    }
    let config = r#"{"fast_tokenizer_files": ["tokenizer.4.1.0.json"]}"#;
    let workplace = folder(&[
        ("tokenizer_config.json", config),
        ("tokenizer.json", &plain),
    ]);
    fs::remove_file(workplace.path().join("model/vocab.txt")).unwrap();
    let words = ["tokenizer.4.1.0.json", "fast_tokenizer_files"];
    check_refused(&workplace, &["tokens", "cat", "-m", "./model"], 1, &words);
}

/// Those that transformers' classes of these names tell their models.
#[test]
fn classes_that_are_built_anew_tell_segments_as_theirs_do() {
    let tokenizer = r#"{"version": "1.0", "added_tokens": [], "normalizer": null,
        "pre_tokenizer": {"type": "Whitespace"}, "decoder": null, "truncation": null, "padding": null,
        "post_processor": {"type": "BertProcessing", "sep": ["[SEP]", 1], "cls": ["[CLS]", 2]},
        "model": {"type": "WordLevel", "vocab": {"[UNK]": 0, "[SEP]": 1, "[CLS]": 2, "cat": 3}, "unk_token": "[UNK]"}}"#;
    for (class, expected) in [
        ("DebertaTokenizer", [0, 0, 0, 1, 1]),
        ("FNetTokenizer", [0, 0, 0, 1, 1]),
        ("LayoutLMv2Tokenizer", [0, 0, 0, 1, 1]),
        ("MarkupLMTokenizerFast", [0, 0, 0, 1, 1]),
        ("PreTrainedTokenizerFast", [0; 5]),
    ] {
        let config = format!(r#"{{"tokenizer_class": "{class}"}}"#);
        let files = [
            ("tokenizer_config.json", config.as_str()),
            ("tokenizer.json", tokenizer),
        ];
        let workplace = folder(&files);
        let tokenizer = Tokenizer::from_checkpoint(&load(&workplace).unwrap()).unwrap();
        let limit = TokenLimit {
            maximum: 512,
            truncate: None,
        };
        let prepared = tokenizer.tokenize("cat", Some("cat"), limit).unwrap();
        let found: Vec<u32> = prepared.told_segments().collect();
        assert_eq!(found, expected, "{class}");
    }
}
