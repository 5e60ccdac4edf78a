//! Vocabularies in other files than `tokenizer.json`: which are found, what is
//! refused by name, and what stands on an axis for their tokens.

use std::fs;
use std::time::{Duration, Instant};

use attnviz::checkpoint::{self, CheckpointError, CheckpointSource, LoadOptions, Parts};
use attnviz::tokenizer::{TokenLimit, Tokenizer, TokenizerError};

use crate::binary::Workplace;

/// A folder `model` with these files.
fn folder(files: &[(&str, &[u8])]) -> Workplace {
    let workplace = Workplace::new();
    let model = workplace.path().join("model");
    fs::create_dir(&model).unwrap();
    for (name, content) in files {
        fs::write(model.join(name), content).unwrap();
    }
    workplace
}

fn load(workplace: &Workplace) -> Result<checkpoint::Checkpoint, CheckpointError> {
    let options = LoadOptions {
        parts: Parts::WithoutWeights,
        ..LoadOptions::default()
    };
    let source = CheckpointSource::Directory(workplace.path().join("model"));
    checkpoint::load(&source, &options, &mut |_| ())
}

pub fn tokenizer(files: &[(&str, &[u8])]) -> Result<Tokenizer, TokenizerError> {
    let checkpoint = load(&folder(files)).expect("there is a vocabulary");
    Tokenizer::from_checkpoint(&checkpoint)
}

pub const LIMIT: TokenLimit = TokenLimit {
    maximum: 100_000,
    truncate: None,
};

/// A field of a protobuf that has a length.
fn field(number: u64, content: &[u8]) -> Vec<u8> {
    let varint = |mut number: u64| {
        let mut bytes = Vec::new();
        while number >= 0x80 {
            bytes.push(number as u8 | 0x80);
            number >>= 7;
        }
        bytes.push(number as u8);
        bytes
    };
    let key = varint(number << 3 | 2);
    [key, varint(content.len() as u64), content.to_vec()].concat()
}

/// A piece of a model of SentencePiece.
pub fn piece(text: &[u8], score: f32, kind: u8) -> Vec<u8> {
    let score = [&[0x15], score.to_le_bytes().as_slice()].concat();
    field(1, &[field(1, text), score, vec![0x18, kind]].concat())
}

/// The beginning that all of them have, then these pieces.
pub fn sentence_piece(pieces: &[Vec<u8>]) -> Vec<u8> {
    let beginning = [
        piece(b"<unk>", 0.0, 2),
        piece(b"<s>", 0.0, 3),
        piece(b"</s>", 0.0, 3),
    ];
    beginning.iter().chain(pieces).flatten().copied().collect()
}

/// Trainer: byte pair encoding with bytes for what no piece is like.
pub const MERGED: [u8; 7] = [0x12, 5, 0x18, 2, 0x98, 0x02, 1];

const LLAMA: &[u8] = br#"{"model_type": "llama", "tokenizer_class": "LlamaTokenizer"}"#;

fn with_bytes(more: &[&str]) -> Vec<u8> {
    let bytes = (0..=255).map(|byte| piece(format!("<0x{byte:02X}>").as_bytes(), 0.0, 6));
    let more = more.iter().map(|text| piece(text.as_bytes(), 0.0, 1));
    let pieces: Vec<Vec<u8>> = bytes.chain(more).collect();
    [sentence_piece(&pieces), MERGED.to_vec()].concat()
}

#[test]
fn what_a_class_cannot_read_is_refused_by_name() {
    let vocabulary = b"[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\n<unk>\n<cls>\n<eos>\nA\n".as_slice();
    let model = sentence_piece(&[piece("▁a".as_bytes(), -1.0, 1)]);
    let ids = br#"{"a": 0, "b": 1, "ab": 2}"#.as_slice();
    let config = |family: &str| format!(r#"{{"model_type": "{family}"}}"#);
    for (family, files, words) in [
        (
            "roberta",
            [("vocab.txt", vocabulary)].as_slice(),
            ["RobertaTokenizer", "merges.txt", "found vocab.txt"],
        ),
        (
            "deberta-v2",
            &[("spiece.model", &model)],
            ["DebertaV2Tokenizer", "spm.model", "found spiece.model"],
        ),
        (
            "albert",
            &[("vocab.json", ids), ("merges.txt", b"a b\n")],
            ["AlbertTokenizer", "spiece.model", "vocab.json"],
        ),
        (
            "bert",
            &[("spiece.model", &model)],
            ["BertTokenizer", "vocab.txt", "found spiece.model"],
        ),
        (
            "t5",
            &[("spiece.model", &model)],
            ["T5Tokenizer", "tokenizer.json", "found spiece.model"],
        ),
        (
            "mistral",
            &[("vocab.json", ids), ("merges.txt", b"a b\n")],
            ["PreTrainedTokenizerFast", "tokenizer.model", "vocab.json"],
        ),
        (
            "gpt2",
            &[("vocab.json", ids), ("merges.txt", b"a b c\n")],
            ["vocab.json", "merges.txt", "line 1"],
        ),
        (
            "gpt2",
            &[("vocab.json", ids), ("merges.txt", b"a x\n")],
            ["vocab.json", "merges.txt", "`x`"],
        ),
        (
            "gpt2",
            &[("vocab.json", b"[]"), ("merges.txt", b"")],
            ["vocab.json", "merges.txt", "expected"],
        ),
        (
            "gpt2",
            &[("vocab.json", br#"{"a": -1}"#), ("merges.txt", b"")],
            ["vocab.json", "id", "whole"],
        ),
        (
            "esm",
            &[("vocab.txt", b"A\nB\n")],
            ["vocab.txt", "<unk>", "no"],
        ),
    ] {
        let config = config(family);
        let mut all = vec![("config.json", config.as_bytes())];
        all.extend(files);
        let error = tokenizer(&all).expect_err(family);
        for word in words {
            assert!(
                error.to_string().contains(word),
                "{family}: no {word} in {error}"
            );
        }
        assert!(error.remedy().is_some(), "{family}");
    }
}

#[test]
fn other_kinds_of_vocabularies_are_told_by_name() {
    for (file, words) in [
        ("tekken.json", "tekken.json, a tokenizer of Mistral's"),
        (
            "tiktoken.model",
            "tiktoken.model, a vocabulary of tiktoken's",
        ),
        (
            "vocab.json",
            "vocab.json, a vocabulary without its merges.txt",
        ),
    ] {
        let workplace = folder(&[("config.json", b"{}"), (file, b"{\"a\": 1}")]);
        let error = load(&workplace).expect_err(file);
        assert!(error.to_string().contains(words), "{error}");
        assert!(error.remedy().is_some());
    }
    // What Llama 3 calls by the name of SentencePiece's.
    let files = [
        ("config.json", LLAMA),
        ("tokenizer.model", b"IQ== 0\nIg== 1\n".as_slice()),
    ];
    let error = tokenizer(&files).expect_err("it is tiktoken's").to_string();
    assert!(
        error.contains("tokenizer.model is no model of SentencePiece"),
        "{error}"
    );
}

#[test]
fn a_special_token_that_a_class_needs_is_not_null() {
    let vocabulary = b"<cls>\n<eos>\n<unk>\nA\n".as_slice();
    for key in ["unk_token", "cls_token", "eos_token"] {
        let settings = format!(r#"{{"tokenizer_class": "EsmTokenizer", "{key}": null}}"#);
        let files = [
            ("config.json", b"{}".as_slice()),
            ("vocab.txt", vocabulary),
            ("tokenizer_config.json", settings.as_bytes()),
        ];
        let error = tokenizer(&files).expect_err(key).to_string();
        assert!(
            error.contains("EsmTokenizer") && error.contains(key),
            "{error}"
        );
    }
}

#[test]
fn an_esm_reads_its_vocabulary_whatever_is_beside_it() {
    let json =
        br#"{"model": {"type": "WordLevel", "vocab": {"A": 0}, "unk_token": "A"}}"#.as_slice();
    let lines = b"<cls>\n<pad>\n<eos>\n<unk>\nA\nK\nM\n".as_slice();
    let config = ("config.json", br#"{"model_type": "esm"}"#.as_slice());
    for files in [
        [config, ("vocab.txt", lines)].as_slice(),
        &[config, ("vocab.txt", lines), ("tokenizer.json", json)],
    ] {
        let prepared = tokenizer(files)
            .unwrap()
            .tokenize("MKA", None, LIMIT)
            .unwrap();
        let ids: Vec<u32> = prepared.source().iter().map(|unit| unit.id).collect();
        assert_eq!(ids, [0, 6, 5, 4, 2]);
    }
    let error = tokenizer(&[config, ("tokenizer.json", json)]).unwrap_err();
    assert!(
        error
            .to_string()
            .contains("expected vocab.txt for it, found tokenizer.json"),
        "{error}"
    );
}

#[test]
fn a_model_of_sentence_piece_that_is_broken_or_asks_for_too_much_is_refused_in_time() {
    let whole = with_bytes(&["▁a"]);
    let long = "ab".repeat(40_000);
    let many: Vec<Vec<u8>> = (0..50_000)
        .map(|number| piece(format!("{number}").as_bytes(), 0.0, 4))
        .collect();
    let start = Instant::now();
    for (what, model) in [
        ("cut off", whole[..whole.len() - 1].to_vec()),
        ("text", b"hello world, hello world".to_vec()),
        ("no pieces", MERGED.to_vec()),
        ("an empty piece", sentence_piece(&[piece(b"", 0.0, 1)])),
        (
            "a piece that is no text",
            sentence_piece(&[piece(b"\xff", 0.0, 1)]),
        ),
        (
            "a score that is no number",
            sentence_piece(&[piece(b"a", f32::NAN, 1)]),
        ),
        (
            "a length beyond the end",
            vec![0x0A, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x01],
        ),
        ("a number without an end", vec![0xFF; 64]),
        ("a piece of all letters", with_bytes(&[&long])),
        (
            "pieces without an end",
            piece(b"a", 0.0, 1).repeat(2_100_000),
        ),
    ] {
        let error =
            tokenizer(&[("config.json", LLAMA), ("tokenizer.model", &model)]).expect_err(what);
        let error = error.to_string();
        let is_right = [
            "tokenizer.model is no model",
            "pieces so long",
            "the tokenizer has pieces",
        ]
        .iter()
        .any(|words| error.contains(words));
        assert!(is_right, "{what}: {error}");
    }
    let model = sentence_piece(&many);
    tokenizer(&[("config.json", LLAMA), ("tokenizer.model", &model)]).expect("it has many pieces");
    assert!(
        start.elapsed() < Duration::from_secs(60),
        "{:?}",
        start.elapsed()
    );
    // A map of letters that claims to be longer than it is.
    let map = field(3, &field(2, &[0xFF, 0xFF, 0xFF, 0x7F, 1, 2]));
    let model = [sentence_piece(&[piece("▁a".as_bytes(), -1.0, 1)]), map].concat();
    let config = br#"{"model_type": "xlm-roberta"}"#.as_slice();
    let files = [
        ("config.json", config),
        ("sentencepiece.bpe.model", model.as_slice()),
    ];
    let error = tokenizer(&files)
        .expect_err("the map is broken")
        .to_string();
    assert!(error.contains("precompiled_charsmap"), "{error}");
}

#[test]
fn tokens_of_sentence_piece_are_written_as_people_read_them() {
    let model = with_bytes(&["▁", "h", "i", "▁h", "▁hi"]);
    let files = [
        ("config.json", LLAMA),
        ("tokenizer.model", model.as_slice()),
    ];
    let prepared = tokenizer(&files)
        .unwrap()
        .tokenize("hi 😀\nhi", None, LIMIT)
        .unwrap();
    let labels: Vec<&str> = prepared
        .source()
        .iter()
        .map(|unit| unit.label.as_str())
        .collect();
    let bytes = ["<0xF0>", "<0x9F>", "<0x98>", "<0x80>"];
    assert_eq!(labels[..2], ["▁hi", "▁"]);
    assert_eq!(labels[2..6], bytes);
    assert_eq!(labels[6..], ["↵", "h", "i"]);
    let texts: Vec<&str> = prepared
        .source()
        .iter()
        .map(|unit| unit.text.as_str())
        .collect();
    assert_eq!(texts[6], "<0x0A>");
}

#[test]
fn a_text_that_is_one_word_to_its_tokenizer_has_words_to_people() {
    let model = with_bytes(&[
        "▁", "h", "i", "▁h", "▁hi", "!", "▁you", "y", "o", "u", "▁y", "▁yo",
    ]);
    let files = [
        ("config.json", LLAMA),
        ("tokenizer.model", model.as_slice()),
    ];
    let tokenizer = tokenizer(&files).unwrap();
    let text = "hi you hi! hiyou";
    let prepared = tokenizer.tokenize(text, None, LIMIT).unwrap();
    let words = attnviz::tokenizer::words::of_units(prepared.source(), &[text]);
    let tokens: Vec<&str> = prepared
        .source()
        .iter()
        .map(|unit| unit.text.as_str())
        .collect();
    assert_eq!(tokens, ["▁hi", "▁you", "▁hi", "!", "▁hi", "y", "o", "u"]);
    let expected = [0, 1, 2, 3, 4, 4, 4, 4].map(Some);
    assert_eq!(words, expected);
    let told: Vec<Option<u32>> = prepared.source().iter().map(|unit| unit.word).collect();
    assert_eq!(told, expected);
}

#[test]
fn what_a_unigram_model_lacks_is_called_by_its_unknown_token() {
    let pieces = ["▁a", "▁", "a"].map(|text| piece(text.as_bytes(), -1.0, 1));
    let model = sentence_piece(&pieces);
    let config = br#"{"model_type": "xlm-roberta"}"#.as_slice();
    let files = [
        ("config.json", config),
        ("sentencepiece.bpe.model", model.as_slice()),
    ];
    let prepared = tokenizer(&files)
        .unwrap()
        .tokenize("a 日", None, LIMIT)
        .unwrap();
    let units = prepared.source();
    let texts: Vec<&str> = units.iter().map(|unit| unit.text.as_str()).collect();
    assert_eq!(texts, ["<s>", "▁a", "▁", "<unk>", "</s>"]);
    assert_eq!(units[3].label, "<unk> 日");
    assert!(units[3].special.is_none());
}

#[test]
fn a_pair_is_refused_where_nothing_would_tell_the_texts_apart() {
    let files = [
        ("config.json", br#"{"model_type": "gpt2"}"#.as_slice()),
        ("vocab.json", br#"{"a": 0, "b": 1, "ab": 2}"#),
        ("merges.txt", b"#version: 0.2\na b\n"),
    ];
    let tokenizer = tokenizer(&files).unwrap();
    tokenizer.tokenize("ab", None, LIMIT).expect("one text");
    let error = tokenizer.tokenize("ab", Some("a"), LIMIT).unwrap_err();
    assert!(matches!(error, TokenizerError::NoPairTemplate), "{error}");
    assert!(error.remedy().is_some());
}

#[test]
fn code_that_is_to_be_filled_in_is_refused() {
    let model = with_bytes(&["▁", "a"]);
    let config = br#"{"model_type": "llama", "tokenizer_class": "CodeLlamaTokenizer"}"#.as_slice();
    let files = [
        ("config.json", config),
        ("tokenizer.model", model.as_slice()),
    ];
    let error = tokenizer(&files)
        .unwrap()
        .tokenize("a <FILL_ME> a", None, LIMIT)
        .unwrap_err();
    assert!(error.to_string().contains("<FILL_ME>"), "{error}");
    assert!(error.remedy().is_some());
}

#[test]
fn names_beside_those_of_code_llama_are_refused() {
    let model = with_bytes(&["▁", "a"]);
    let config = br#"{"model_type": "llama", "tokenizer_class": "CodeLlamaTokenizer"}"#.as_slice();
    let build = |settings: &[u8]| {
        let files = [
            ("config.json", config),
            ("tokenizer.model", model.as_slice()),
            ("tokenizer_config.json", settings),
        ];
        tokenizer(&files).map(|_| ())
    };
    build(br#"{"extra_special_tokens": ["<x>"]}"#).expect("a list, as transformers writes it");
    build(br#"{"extra_special_tokens": {}}"#).expect("no name");
    let error = build(br#"{"extra_special_tokens": {"image_token": "<x>"}}"#).unwrap_err();
    assert!(
        error.to_string().contains("extra_special_tokens"),
        "{error}"
    );
    assert!(error.remedy().is_some());
}

#[test]
fn the_files_of_a_vocabulary_count_in_what_is_said_of_a_model() {
    let model = with_bytes(&["▁a"]);
    for (files, expected) in [
        (
            [("tokenizer.model", model.as_slice())].as_slice(),
            ["tokenizer.model"].as_slice(),
        ),
        (
            &[("vocab.json", br#"{"a": 0}"#), ("merges.txt", b"")],
            &["vocab.json", "merges.txt"],
        ),
    ] {
        let mut all = vec![("config.json", b"{}".as_slice())];
        all.extend(files);
        let provenance = load(&folder(&all)).unwrap().provenance().wait().unwrap();
        let names: Vec<&str> = provenance
            .files
            .iter()
            .map(|file| file.name.as_str())
            .collect();
        for name in expected {
            assert!(names.contains(name), "{names:?}");
        }
    }
}
