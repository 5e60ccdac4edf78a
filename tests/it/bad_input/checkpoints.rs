//! Checkpoints with one thing broken.

use std::fs;

use serde_json::{Value, json};

use super::{Damaged, check_refused};
use crate::binary::Workplace;

pub(super) const CASED: &str = "gelu-tanh-cased-vocabulary";

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
    type Change = fn(&mut Value);
    let changes: [(Change, &str); 4] = [
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
