//! Checkpoints with one thing broken.

use std::fs;

use serde_json::{Value, json};

use super::{Damaged, check_refused};
use crate::binary::Workplace;

const CASED: &str = "gelu-tanh-cased-vocabulary";

#[test]
fn a_place_without_a_checkpoint_is_named() {
    let workplace = Workplace::new();
    fs::create_dir(workplace.path().join("empty")).expect("a folder can be made");
    fs::write(workplace.path().join("file"), "x").expect("a file can be written");
    for (model, words) in [
        (
            "./nowhere",
            ["./nowhere", "found nothing", "--model builtin"],
        ),
        ("./file", ["./file", "found a file", "--model builtin"]),
        ("./empty", ["./empty", "config.json", "save_pretrained"]),
        ("./", ["./", "config.json", "save_pretrained"]),
    ] {
        check_refused(&workplace, &["encode", "hello", "-m", model], 1, &words);
    }
}

#[test]
fn a_model_that_was_named_is_never_replaced() {
    let workplace = Workplace::new();
    for model in [
        "bert-base-uncased",
        "google-bert/bert-base-uncased",
        "nowhere",
    ] {
        for arguments in [
            &["encode", "hello", "-m", model, "--offline"][..],
            &["pull", model, "--offline"],
        ] {
            check_refused(&workplace, arguments, 1, &[model]);
        }
    }
    for model in [
        "../x/y z",
        "a//b",
        "owner/na me",
        "..",
        "owner/..",
        "🤗/bert",
    ] {
        check_refused(
            &workplace,
            &["encode", "hello", "-m", model, "--offline"],
            1,
            &[model],
        );
    }
}

#[test]
fn a_file_that_is_missing_is_named() {
    for (fixture, file, word) in [
        (CASED, "config.json", "config.json"),
        (CASED, "vocab.txt", "vocab.txt"),
        (CASED, "model.safetensors", "model.safetensors"),
        ("masked-lm-bin", "tokenizer.json", "tokenizer.json"),
        ("masked-lm-bin", "pytorch_model.bin", "pytorch_model.bin"),
        (
            "gelu-new-shards",
            "model-00002-of-00002.safetensors",
            "model-00002-of-00002",
        ),
    ] {
        let damaged = Damaged::copy_of(fixture);
        fs::remove_file(damaged.file(file)).expect("the file can be removed");
        damaged.check_refused(&[word]);
        // A folder of that name is no file either.
        fs::create_dir(damaged.file(file)).expect("a folder can be made");
        damaged.check_refused(&[word]);
    }
}

#[test]
fn a_config_that_cannot_be_right_is_refused() {
    for (field, value, words) in [
        (
            "num_hidden_layers",
            json!(1_000_000_000),
            ["num_hidden_layers", "1000000000"],
        ),
        (
            "num_hidden_layers",
            json!(0),
            ["num_hidden_layers", "found 0"],
        ),
        ("num_hidden_layers", json!(-1), ["config.json", "-1"]),
        ("num_hidden_layers", json!(1.5), ["config.json", "1.5"]),
        (
            "num_attention_heads",
            json!(5),
            ["multiple of num_attention_heads", "24 and 5"],
        ),
        (
            "num_attention_heads",
            json!(0),
            ["num_attention_heads", "found 0"],
        ),
        ("hidden_size", json!("wide"), ["config.json", "wide"]),
        (
            "hidden_size",
            json!(u64::MAX),
            ["hidden_size", "18446744073709551615"],
        ),
        (
            "intermediate_size",
            json!(1_u64 << 40),
            ["intermediate_size", "1099511627776"],
        ),
        ("model_type", json!("t5"), ["t5", "attnviz render"]),
        ("model_type", json!("xlnet"), ["xlnet", "bert"]),
        ("model_type", Value::Null, ["model_type", "bert"]),
        (
            "position_embedding_type",
            json!("relative_key"),
            ["relative_key", "absolute"],
        ),
        (
            "position_embedding_type",
            json!("relative_key_query"),
            ["relative_key_query", "absolute"],
        ),
        ("hidden_act", json!("mish"), ["mish", "gelu"]),
        (
            "is_decoder",
            json!(true),
            ["is_decoder \"true\"", "attnviz render"],
        ),
        ("layer_norm_eps", json!(-1.0), ["layer_norm_eps", "-1"]),
        ("vocab_size", json!(7), ["config", "7"]),
        (
            "max_position_embeddings",
            json!(100),
            ["position_embeddings", "100"],
        ),
        ("type_vocab_size", json!(3), ["token_type_embeddings", "3"]),
        (
            "num_hidden_layers",
            json!(1_000),
            ["encoder.layer.", "missing"],
        ),
        (
            "intermediate_size",
            json!(1 << 18),
            ["intermediate.dense", "262144"],
        ),
    ] {
        let damaged = Damaged::copy_of(CASED);
        let mut config: Value =
            serde_json::from_slice(&damaged.read("config.json")).expect("the config is JSON");
        config[field] = value;
        let words = match words {
            ["config", found] => ["word_embeddings", found],
            words => words,
        };
        damaged
            .write("config.json", config.to_string())
            .check_refused(&words);
    }
}

#[test]
fn files_that_are_not_what_their_name_says_are_refused() {
    let deep = "[".repeat(100_000);
    for (fixture, file, bytes, words) in [
        (CASED, "config.json", &b"{"[..], &["config.json"][..]),
        (CASED, "config.json", b"", &["config.json"]),
        (CASED, "config.json", b"[]", &["config.json"]),
        (CASED, "config.json", b"\xff\xfe{\0}\0", &["config.json"]),
        (CASED, "config.json", deep.as_bytes(), &["config.json"]),
        (
            CASED,
            "config.json",
            b"<html>Not found</html>",
            &["config.json"],
        ),
        (CASED, "vocab.txt", b"", &["vocab.txt", "empty"]),
        (CASED, "vocab.txt", b"\xff\xff\xff", &["vocab.txt"]),
        (
            CASED,
            "vocab.txt",
            b"[UNK]\n[CLS]\nhello\n[SEP]\xff",
            &["vocab.txt"],
        ),
        (
            CASED,
            "tokenizer_config.json",
            b"{\"do_lower_case\": 3}",
            &["tokenizer_config.json"],
        ),
        (
            "masked-lm-bin",
            "tokenizer.json",
            b"{}",
            &["tokenizer.json"],
        ),
        (
            "masked-lm-bin",
            "tokenizer.json",
            b"null",
            &["tokenizer.json"],
        ),
        ("masked-lm-bin", "tokenizer.json", b"{", &["tokenizer.json"]),
        (
            "masked-lm-bin",
            "tokenizer.json",
            deep.as_bytes(),
            &["tokenizer.json"],
        ),
        (
            "gelu-new-shards",
            "model.safetensors.index.json",
            b"{}",
            &["model.safetensors.index.json"],
        ),
        (
            "gelu-new-shards",
            "model.safetensors.index.json",
            b"{\"weight_map\": {}}",
            &["model.safetensors.index.json", "found 0"],
        ),
        (
            "gelu-new-shards",
            "model.safetensors.index.json",
            b"{\"weight_map\": {\"a\": \"../../other.safetensors\"}}",
            &["model.safetensors.index.json", "../../other.safetensors"],
        ),
    ] {
        Damaged::copy_of(fixture)
            .write(file, bytes)
            .check_refused(words);
    }
}

#[test]
fn a_token_of_the_text_that_has_no_embedding_is_refused_and_named() {
    let damaged = Damaged::copy_of(CASED);
    let config: Value = serde_json::from_slice(&damaged.read("config.json")).unwrap();
    let rows = config["vocab_size"].to_string();
    let mut vocabulary = damaged.read("vocab.txt");
    vocabulary.extend_from_slice(b"\xE2\x98\x83\n");
    damaged.write("vocab.txt", &vocabulary).check_refused(&[
        "\"\u{2603}\"",
        &format!("id {rows}"),
        &format!("below {rows}"),
    ]);
    // The model's own [SEP] is one token too many.
    let text = String::from_utf8(vocabulary).expect("the vocabulary is UTF-8");
    let without: Vec<&str> = text.lines().filter(|token| *token != "[SEP]").collect();
    let words = ["\"[SEP]\"", &format!("id {rows}"), &format!("below {rows}")];
    damaged
        .write("vocab.txt", without.join("\n"))
        .check_refused(&words);
}

#[test]
fn a_vocabulary_of_another_size_than_the_embedding_is_used() {
    let damaged = Damaged::copy_of(CASED);
    let vocabulary = damaged.read("vocab.txt");
    let text = String::from_utf8(vocabulary.clone()).expect("the vocabulary is UTF-8");
    let fewer: Vec<&str> = text.lines().take(100).collect();
    let with = |end: &str| [text.as_str(), end].concat();
    for vocabulary in [fewer.join("\n"), with("onemore\nanother\n"), with("\n\n")] {
        damaged.write("vocab.txt", vocabulary);
        let arguments = [
            "encode", "a", "--model", "./model", "--format", "json", "-q",
        ];
        let outcome = damaged.workplace.run(&arguments);
        assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
        std::fs::remove_dir_all(damaged.workplace.default_output()).unwrap();
    }
}

/// A safetensors file taken apart: its header as JSON, and the data.
fn parts(bytes: &[u8]) -> (serde_json::Map<String, Value>, Vec<u8>) {
    let length = bytes[..8]
        .try_into()
        .map(u64::from_le_bytes)
        .expect("eight bytes");
    let (header, data) = bytes[8..].split_at(usize::try_from(length).expect("a small header"));
    let header = serde_json::from_slice(header).expect("the header is JSON");
    (header, data.to_vec())
}

fn put_together(header: &serde_json::Map<String, Value>, data: &[u8]) -> Vec<u8> {
    let header = serde_json::to_vec(header).expect("the header can be written");
    let mut bytes = (header.len() as u64).to_le_bytes().to_vec();
    bytes.extend(header);
    bytes.extend(data);
    bytes
}

#[test]
fn a_safetensors_file_that_is_not_whole_is_refused() {
    let whole = Damaged::copy_of(CASED).read("model.safetensors");
    let with_length = |length: u64| {
        let mut bytes = whole.clone();
        bytes[..8].copy_from_slice(&length.to_le_bytes());
        bytes
    };
    let not_valid = "model.safetensors: not a valid safetensors file";
    let incomplete = "model.safetensors is incomplete";
    for (bytes, words) in [
        (Vec::new(), "model.safetensors is empty"),
        (b"1234567".to_vec(), not_valid),
        (whole[..100].to_vec(), incomplete),
        (whole[..whole.len() / 2].to_vec(), incomplete),
        (whole[..whole.len() - 1].to_vec(), incomplete),
        ([whole.clone(), vec![0]].concat(), not_valid),
        (with_length(0), not_valid),
        (with_length(whole.len() as u64), incomplete),
        (with_length(u64::MAX), not_valid),
        (with_length(1 << 62), not_valid),
    ] {
        Damaged::copy_of(CASED)
            .write("model.safetensors", bytes)
            .check_refused(&[words]);
    }
}

type Header = serde_json::Map<String, Value>;
type Change = fn(&mut Header);
type JsonChange = fn(&mut Value);

#[test]
fn a_safetensors_file_whose_header_lies_is_refused() {
    const NAME: &str = "bert.encoder.layer.0.attention.self.query.weight";
    let (header, data) = parts(&Damaged::copy_of(CASED).read("model.safetensors"));
    assert_eq!(
        header[NAME]["shape"],
        json!([24, 24]),
        "the fixture is as expected"
    );
    let cases: [(Change, &str); 8] = [
        // Two tensors at the same place.
        (
            |header| {
                let other = "bert.encoder.layer.0.attention.self.key.weight";
                header[NAME]["data_offsets"] = header[other]["data_offsets"].clone();
            },
            "not a valid safetensors file",
        ),
        (
            |header| header[NAME]["data_offsets"] = json!([100, 50]),
            "not a valid safetensors file",
        ),
        (
            |header| header[NAME]["shape"] = json!([u64::MAX, u64::MAX]),
            "not a valid safetensors file",
        ),
        (
            |header| header[NAME]["shape"] = json!([24, 25]),
            "not a valid safetensors file",
        ),
        (
            |header| header[NAME]["dtype"] = json!("Q3"),
            "not a valid safetensors file",
        ),
        // As large as what it stands for, so the file itself is in order.
        (|header| header[NAME]["dtype"] = json!("I32"), "found I32"),
        (
            |header| header[NAME]["shape"] = json!([12, 48]),
            "expected shape [24, 24], found [12, 48]",
        ),
        (
            |header| {
                let info = header.remove(NAME).expect("the tensor is there");
                header.insert("other".to_owned(), info);
            },
            "of shape [24, 24] is missing",
        ),
    ];
    for (damage, word) in cases {
        let mut header = header.clone();
        damage(&mut header);
        Damaged::copy_of(CASED)
            .write("model.safetensors", put_together(&header, &data))
            .check_refused(&[word]);
    }
}

#[test]
fn whole_numbers_are_no_weights() {
    const EMBEDDINGS: &str = "bert.embeddings.word_embeddings.weight";
    for name in [EMBEDDINGS, "bert.encoder.layer.0.output.dense.bias"] {
        let (mut header, data) = parts(&Damaged::copy_of(CASED).read("model.safetensors"));
        // Twice the bytes of F32, so everything behind the tensor moves.
        let offsets = header[name]["data_offsets"].clone();
        let [start, end] = [0, 1].map(|at| offsets[at].as_u64().expect("an offset"));
        let size = end - start;
        for (other, info) in header.iter_mut().filter(|(key, _)| *key != "__metadata__") {
            let moved = |at: usize| info["data_offsets"][at].as_u64().expect("an offset");
            let (first, last) = (moved(0), moved(1));
            if other == name {
                *info = json!({"dtype": "I64", "shape": info["shape"], "data_offsets": [first, last + size]});
            } else if first >= end {
                info["data_offsets"] = json!([first + size, last + size]);
            }
        }
        let (before, behind) = data.split_at(usize::try_from(end).expect("a small file"));
        let filler = vec![0; usize::try_from(size).expect("a small tensor")];
        let data = [before, &filler, behind].concat();
        Damaged::copy_of(CASED)
            .write("model.safetensors", put_together(&header, &data))
            .check_refused(&[name, "expected F64, F32, F16 or BF16, found I64"]);
    }
}

#[test]
fn weights_that_are_not_finite_are_refused() {
    for name in [
        "bert.encoder.layer.1.intermediate.dense.weight",
        "bert.embeddings.LayerNorm.bias",
        "bert.embeddings.word_embeddings.weight",
    ] {
        for value in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
            let (header, mut data) = parts(&Damaged::copy_of(CASED).read("model.safetensors"));
            let offset = |at: usize| {
                let offset = header[name]["data_offsets"][at].as_u64();
                usize::try_from(offset.expect("an offset")).expect("a small file")
            };
            // Every value, because only the embeddings of the text are read.
            for bytes in data[offset(0)..offset(1)].chunks_exact_mut(4) {
                bytes.copy_from_slice(&value.to_le_bytes());
            }
            Damaged::copy_of(CASED)
                .write("model.safetensors", put_together(&header, &data))
                .check_refused(&[name, "expected finite numbers"]);
        }
    }
}

#[test]
fn weights_that_overflow_are_reported_as_such() {
    let (header, mut data) = parts(&Damaged::copy_of(CASED).read("model.safetensors"));
    for bytes in data.chunks_exact_mut(4) {
        bytes.copy_from_slice(&3e38_f32.to_le_bytes());
    }
    Damaged::copy_of(CASED)
        .write("model.safetensors", put_together(&header, &data))
        .check_refused(&["attention is not valid", "NaN"]);
}

#[test]
fn a_tokenizer_that_breaks_its_own_reader_is_refused() {
    let damaged = Damaged::copy_of("masked-lm-bin");
    let whole = damaged.read("tokenizer.json");
    for part in 1..20 {
        let length = whole.len() * part / 20;
        let stderr = damaged
            .write("tokenizer.json", &whole[..length])
            .check_refused(&["tokenizer.json is "]);
        let is_told = ["is not a tokenizer", "is incomplete"]
            .iter()
            .any(|words| stderr.contains(words));
        assert!(is_told, "{stderr}");
    }
    // BERT's own class takes the vocabulary alone; this one takes all.
    let class = json!({"tokenizer_class": "PreTrainedTokenizerFast"});
    damaged.write("tokenizer_config.json", class.to_string());
    let changes: [(JsonChange, &str); 4] = [
        // A special token of two ids and one name.
        (
            |json| json["post_processor"]["special_tokens"]["[SEP]"]["ids"] = json!([3, 3]),
            "does not add up",
        ),
        // A template without the text.
        (
            |json| {
                json["post_processor"]["single"] =
                    json!([{"SpecialToken": {"id": "[CLS]", "type_id": 0}}]);
            },
            "expected text A once in the template for a single text, found it 0 times",
        ),
        (
            |json| json["model"]["unk_token"] = json!("[NONE]"),
            "the text could not be tokenized",
        ),
        (
            |json| json["decoder"] = json!({"type": "Nothing"}),
            "tokenizer.json is not a tokenizer",
        ),
    ];
    for (change, word) in changes {
        let mut json = serde_json::from_slice(&whole).expect("the fixture is JSON");
        change(&mut json);
        damaged
            .write("tokenizer.json", json.to_string())
            .check_refused(&[word]);
    }
}

/// Each family has a name of its own for the table of words.
#[test]
fn weights_of_another_family_are_told_which_table_is_missing() {
    let bert = Damaged::copy_of(CASED).read("model.safetensors");
    for (family, table) in [
        ("families/llama", "named embed_tokens.weight"),
        ("families/gpt2", "named wte.weight"),
        ("families/gpt_neox", "named embed_in.weight"),
        (
            "families/modernbert",
            "named embeddings.tok_embeddings.weight",
        ),
    ] {
        let damaged = Damaged::copy_of(family);
        damaged
            .write("model.safetensors", &bert)
            .check_refused(&["model.safetensors", table]);
    }
}
