//! Files of tokenizers that are larger than any in use are refused by their
//! size, before anything that is many times as large is made of them.

use std::time::{Duration, Instant};

use attnviz::checkpoint::{self, CheckpointSource, LoadOptions, TokenizerFiles, VocabularyFile};
use attnviz::tokenizer::{TokenLimit, Tokenizer};
use proptest::prelude::*;
use proptest::sample::Index;
use serde_json::{Value, json};

use crate::hostile_files::{check_outcome, runner};

/// A file is refused or read within this time, on a slow and busy machine.
const LONGEST: Duration = Duration::from_secs(30);

/// Makes a tokenizer of files; the error in words.
fn made(files: TokenizerFiles) -> Result<Tokenizer, String> {
    let options = LoadOptions::default();
    let builtin = checkpoint::load(&CheckpointSource::Builtin, &options, &mut |_| ());
    let mut builtin = builtin.expect("the built-in checkpoint loads");
    builtin.tokenizer = files;
    Tokenizer::from_checkpoint(&builtin).map_err(|error| error.to_string())
}

/// The same, soon.
fn outcome(files: TokenizerFiles) -> Result<(), String> {
    let start = Instant::now();
    let outcome = made(files);
    assert!(start.elapsed() < LONGEST, "{:?}", start.elapsed());
    outcome.map(drop)
}

/// A list of so many of the same.
fn list(item: &str, count: usize) -> String {
    format!("[{}]", vec![item; count].join(","))
}

/// A `tokenizer.json` in which one part is replaced.
fn tokenizer(part: &str, value: &str) -> TokenizerFiles {
    let vocabulary: serde_json::Map<String, Value> = ["[UNK]", "[CLS]", "[SEP]", "a"]
        .into_iter()
        .zip(0..)
        .map(|(token, id)| (token.to_owned(), json!(id)))
        .collect();
    let mut whole = json!({
        "version": "1.0", "added_tokens": [], "normalizer": null, "pre_tokenizer": null,
        "post_processor": null, "decoder": null,
        "model": {"type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##",
            "max_input_chars_per_word": 100, "vocab": vocabulary},
    });
    whole[part] = json!("@here@");
    let json = whole.to_string().replace("\"@here@\"", value);
    let mut files = TokenizerFiles::json(json.into_bytes());
    files.config = Some(br#"{"tokenizer_class": "PreTrainedTokenizerFast"}"#.to_vec());
    files
}

/// A `vocab.txt`, and one of the files beside it.
fn vocabulary(lines: &str, change: impl FnOnce(&mut TokenizerFiles)) -> TokenizerFiles {
    let mut files = TokenizerFiles::json(Vec::new());
    let lines = format!("[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\n{lines}");
    files.vocabulary = VocabularyFile::Text(lines.into_bytes());
    change(&mut files);
    files
}

/// Something like `k0`, `k1` … between other letters.
fn numbered(count: usize, one: impl Fn(usize) -> String) -> String {
    (0..count).map(one).collect::<Vec<String>>().join(",")
}

#[test]
fn a_part_that_is_larger_than_any_is_refused_while_it_is_read() {
    let nothing = r#"{"type":"NFC"}"#;
    let sequence =
        |kind: &str, list: &str, items: String| format!(r#"{{"type":"{kind}","{list}":{items}}}"#);
    let mut deep = format!(
        r#"{{"type":"Replace","pattern":{{"String":"a"}},"content":"{}"}}"#,
        "b".repeat(2 << 20)
    );
    for _ in 0..50 {
        deep = sequence("Sequence", "normalizers", format!("[{deep}]"));
    }
    let special = |ids: usize| {
        format!(
            r#"{{"type":"TemplateProcessing","single":[{{"Sequence":{{"id":"A","type_id":0}}}}],
                "pair":[{{"Sequence":{{"id":"A","type_id":0}}}},
                    {{"Sequence":{{"id":"B","type_id":1}}}}],
                "special_tokens":{{"x":{{"id":"x","ids":{},"tokens":{}}}}}}}"#,
            list("0", ids),
            list("\"x\"", ids)
        )
    };
    for (part, value, words) in [
        (
            "normalizer",
            sequence("Sequence", "normalizers", list(nothing, 20_000)),
            "at most 10000 values in a part",
        ),
        (
            "pre_tokenizer",
            sequence(
                "Sequence",
                "pretokenizers",
                list(r#"{"type":"Whitespace"}"#, 20_000),
            ),
            "at most 10000 values in a part",
        ),
        (
            "decoder",
            sequence("Sequence", "decoders", list(r#"{"type":"Fuse"}"#, 20_000)),
            "at most 10000 values in a part",
        ),
        (
            "normalizer",
            format!(r#"{{"type":"NFC","more":{}}}"#, list("0", 20_000)),
            "at most 10000 values in a part",
        ),
        (
            "post_processor",
            special(20_000),
            "at most 10000 values in a part",
        ),
        (
            "normalizer",
            deep,
            "at most 1048576 bytes of texts in a part",
        ),
        (
            "normalizer",
            format!(
                r#"{{"type":"Replace","pattern":{{"String":"{}"}},"content":"b"}}"#,
                "q".repeat(500_000)
            ),
            "at most 4096 bytes, found 500000",
        ),
        (
            "added_tokens",
            format!(
                "[{}]",
                numbered(20, |id| format!(
                    r#"{{"id":{id},"content":"{id}{}","single_word":false,"lstrip":false,
                    "rstrip":false,"normalized":false,"special":false}}"#,
                    "x".repeat(100_000)
                ))
            ),
            "added tokens of at most 1048576 bytes together",
        ),
        (
            "version",
            format!("\"1.0\",\"more\":{}", list("0", 5_000_000)),
            "tokenizer.json: expected at most 4194304 values, found 5000",
        ),
    ] {
        let error = outcome(tokenizer(part, &value)).expect_err(words);
        assert!(error.contains(words), "{part}: {error}");
    }
    // What is as large as those in use is read.
    for (part, value) in [
        (
            "normalizer",
            sequence("Sequence", "normalizers", list(nothing, 100)),
        ),
        ("post_processor", special(1_000)),
        (
            "decoder",
            sequence("Sequence", "decoders", list(r#"{"type":"Fuse"}"#, 100)),
        ),
    ] {
        assert_eq!(outcome(tokenizer(part, &value)), Ok(()), "{part}");
    }
}

#[test]
fn a_token_that_normalizers_lengthen_counts_as_long_as_it_becomes() {
    let mut files = tokenizer(
        "normalizer",
        &format!(
            r#"{{"type":"Replace","pattern":{{"String":"a"}},"content":"{}"}}"#,
            "b".repeat(1_000)
        ),
    );
    let added = |length: usize| {
        let content = "a".repeat(length);
        json!({"added_tokens_decoder": {"4": {"content": content, "normalized": true}},
            "tokenizer_class": "PreTrainedTokenizerFast"})
    };
    files.config = Some(added(100_000).to_string().into_bytes());
    let error = outcome(files.clone()).expect_err("it becomes 100 MB");
    assert!(error.contains("normalized, found 100000000"), "{error}");
    files.config = Some(added(1_000).to_string().into_bytes());
    assert_eq!(outcome(files), Ok(()));
}

#[test]
fn a_vocabulary_of_millions_of_lines_is_refused_by_its_size() {
    let lines = "a\n".repeat(3 << 20);
    let error = outcome(vocabulary(&lines, |_| ())).expect_err("it is too large");
    let words = "vocab.txt: expected at most 2097152 lines, found 31457";
    assert!(error.contains(words), "{error}");
}

#[test]
fn many_tokens_and_settings_take_a_time_that_grows_with_their_number() {
    // With every one compared with every other they would take minutes.
    let many = 100_000;
    let names = numbered(many, |id| format!("\"{id}\""));
    type Change<'a> = &'a dyn Fn(&mut TokenizerFiles);
    let config: Change<'_> = &|files| {
        let keys = numbered(many, |id| format!("\"k{id}\":0"));
        files.config = Some(format!("{{{keys}}}").into_bytes());
    };
    let extra: Change<'_> = &|files| {
        files.config = Some(format!(r#"{{"extra_special_tokens":[{names}]}}"#).into_bytes());
    };
    let named: Change<'_> = &|files| {
        let tokens = numbered(many, |id| format!("\"k{id}_token\":\"{id}\""));
        let decoder = numbered(many, |id| format!("\"{id}\":{{\"content\":\"{id}\"}}"));
        let json = format!(r#"{{{tokens},"added_tokens_decoder":{{{decoder}}}}}"#);
        files.config = Some(json.into_bytes());
    };
    let map: Change<'_> = &|files| {
        files.config = Some(br#"{"extra_special_tokens":["a"]}"#.to_vec());
        let json = format!(r#"{{"extra_special_tokens":[{names}]}}"#);
        files.special_tokens_map = Some(json.into_bytes());
        let added = numbered(many, |id| format!("\"{id}\":{id}"));
        files.added_tokens = Some(format!("{{{added}}}").into_bytes());
    };
    let named_extra: Change<'_> = &|files| {
        let tokens = numbered(many, |id| format!("\"k{id}\":\"{id}\""));
        let json = format!(r#"{{"extra_special_tokens":{{{tokens}}}}}"#);
        files.config = Some(json.clone().into_bytes());
        files.special_tokens_map = Some(json.into_bytes());
    };
    let keys_of_map: Change<'_> = &|files| {
        let tokens = numbered(many, |id| {
            format!("\"k{id}_token\":{{\"content\":\"{id}\"}}")
        });
        files.special_tokens_map = Some(format!("{{{tokens}}}").into_bytes());
    };
    let own_vocabulary: Change<'_> = &|files| {
        let ids = numbered(many, |id| format!("\"{id}\":{id}"));
        let json = format!(r#"{{"vocab":{{"[UNK]":{many},{ids}}}}}"#);
        files.config = Some(json.into_bytes());
    };
    for change in [
        config,
        extra,
        named,
        map,
        named_extra,
        keys_of_map,
        own_vocabulary,
    ] {
        assert_eq!(outcome(vocabulary("a\n", change)), Ok(()));
    }
}

/// Goes down from a value as the indices say, and repeats what is there.
fn repeat(value: &mut Value, way: &[Index], count: usize) {
    if let Some((first, rest)) = way.split_first() {
        match value {
            Value::Array(items) if !items.is_empty() => {
                let at = first.index(items.len());
                return repeat(&mut items[at], rest, count);
            }
            Value::Object(fields) if !fields.is_empty() => {
                let at = first.index(fields.len());
                let inner = fields.values_mut().nth(at).expect("it is there");
                return repeat(inner, rest, count);
            }
            _ => {}
        }
    }
    match value {
        Value::Array(items) if !items.is_empty() => {
            *items = items.iter().cycle().take(count).cloned().collect();
        }
        Value::Object(fields) => {
            let more = (0..count).map(|index| (format!("more{index}"), json!(index)));
            fields.extend(more);
        }
        Value::String(text) => *text = text.repeat(count),
        Value::Number(_) => *value = json!(count),
        Value::Null | Value::Bool(_) | Value::Array(_) => *value = json!(vec![0; count]),
    }
}

#[test]
fn whatever_a_tokenizer_repeats_is_refused_or_read_soon() {
    let step = json!({"type": "Replace", "pattern": {"String": "a"}, "content": "bc"});
    let sequence = |list: &str, items: Value| json!({"type": "Sequence", list: items});
    let of = |id: &str, of: usize| json!({"Sequence": {"id": id, "type_id": of}});
    let special = json!({"SpecialToken": {"id": "x", "type_id": 0}});
    let whole = json!({
        "version": "1.0",
        "added_tokens": [{"id": 4, "content": "x", "single_word": false, "lstrip": false,
            "rstrip": false, "normalized": true, "special": false}],
        "normalizer": sequence("normalizers", json!([step, {"type": "Prepend", "prepend": "_"}])),
        "pre_tokenizer": sequence("pretokenizers", json!([{"type": "Metaspace",
            "replacement": "_", "prepend_scheme": "always", "split": true}])),
        "post_processor": {"type": "TemplateProcessing",
            "single": [special, of("A", 0)], "pair": [of("A", 0), special, of("B", 1)],
            "special_tokens": {"x": {"id": "x", "ids": [4], "tokens": ["x"]}}},
        "decoder": sequence("decoders", json!([{"type": "Fuse"}])),
        "model": {"type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##",
            "max_input_chars_per_word": 100, "vocab": {"[UNK]": 0, "b": 1, "##c": 2}},
    });
    let way = prop::collection::vec(any::<Index>(), 1..8);
    let count = prop::sample::select(vec![2_usize, 40, 1_000, 30_000]);
    let outcome = runner(250).run(&prop::collection::vec((way, count), 1..3), |changes| {
        let mut value = whole.clone();
        for (way, count) in &changes {
            repeat(&mut value, way, *count);
        }
        let mut files = TokenizerFiles::json(value.to_string().into_bytes());
        files.config = Some(br#"{"tokenizer_class": "PreTrainedTokenizerFast"}"#.to_vec());
        let start = Instant::now();
        check_outcome(|| {
            let tokenizer = made(files)?;
            let limit = TokenLimit {
                maximum: 512,
                truncate: Some(64),
            };
            let input = tokenizer.tokenize("a b, aaa x", None, limit);
            input.map(drop).map_err(|error| error.to_string())
        })
        .map(drop)?;
        prop_assert!(start.elapsed() < LONGEST, "{:?}", start.elapsed());
        Ok(())
    });
    outcome.unwrap_or_else(|error| panic!("{error}"));
}
