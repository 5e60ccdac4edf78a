//! How tokenizer files are read.

use attnviz::checkpoint::{
    self, Checkpoint, CheckpointSource, LoadOptions, TokenizerFiles, VocabularyFile,
};
use attnviz::input::Place;
use attnviz::tokenizer::{TokenLimit, Tokenizer, TokenizerError};

fn builtin() -> Checkpoint {
    let load = checkpoint::load(
        &CheckpointSource::Builtin,
        &LoadOptions::default(),
        &mut |_| (),
    );
    load.expect("the built-in checkpoint loads")
}

fn with_json(json: &str) -> Result<Tokenizer, TokenizerError> {
    let mut checkpoint = builtin();
    checkpoint.tokenizer = TokenizerFiles::json(json.as_bytes().to_vec());
    Tokenizer::from_checkpoint(&checkpoint)
}

#[test]
fn a_vocabulary_that_is_read_in_one_go_gives_the_tokens_of_one_that_is_not() {
    let checkpoint = builtin();
    let VocabularyFile::Json(json) = &checkpoint.tokenizer.vocabulary else {
        panic!("the built-in tokenizer is a tokenizer.json");
    };
    let json = std::str::from_utf8(json).expect("it is UTF-8");
    let at_once = with_json(json).expect("it is a tokenizer");
    let kind = "\"model\":{\"type\":\"WordPiece\",";
    assert_eq!(json.matches(kind).count(), 1, "the model says its kind");
    // A kind that is written with an escape takes the way of all other
    // tokenizers; old files have none.
    for other in ["\"model\":{\"type\":\"Word\\u0050iece\",", "\"model\":{"] {
        let other = with_json(&json.replace(kind, other)).expect("it is a tokenizer");
        let limit = TokenLimit {
            maximum: 512,
            truncate: None,
        };
        for (text, pair) in [
            ("Hello, how are you?", None),
            ("unaffable naïve 日本 [MASK] \u{e000}", Some("[SEP] Straße")),
        ] {
            let tokens = |tokenizer: &Tokenizer| tokenizer.tokenize(text, pair, limit).unwrap();
            assert_eq!(tokens(&at_once), tokens(&other), "{text}");
        }
    }
}

#[test]
fn a_special_token_that_is_written_in_a_pair_is_special_every_time() {
    let tokenizer = Tokenizer::from_checkpoint(&builtin()).expect("it is a tokenizer");
    let limit = TokenLimit {
        maximum: 512,
        truncate: None,
    };
    for _ in 0..32 {
        let pair = Some("a [MASK] b [SEP]");
        let input = tokenizer.tokenize("so [MASK] is", pair, limit).unwrap();
        let special = input.source().iter().filter(|unit| unit.special.is_some());
        let texts: Vec<&str> = special.map(|token| token.text.as_str()).collect();
        let expected = ["[CLS]", "[MASK]", "[SEP]", "[MASK]", "[SEP]", "[SEP]"];
        assert_eq!(texts, expected);
        for unit in input.source() {
            let text = input.input.captions()[unit.segment as usize];
            if let Place::Bytes { start, end } = unit.place {
                assert_eq!(text[start..end].to_lowercase(), unit.text.to_lowercase());
            }
        }
    }
}

#[test]
fn a_vocabulary_that_is_broken_is_named_with_its_place() {
    let error = with_json(
        "{\"version\": \"1.0\",\n \"model\": {\"type\": \"WordPiece\", \"vocab\": {\"a\": 0,}}}",
    );
    let error = error.expect_err("a comma is too many").to_string();
    assert!(error.contains("line 2 column"), "{error}");
}

#[test]
fn a_tokenizer_without_a_token_for_the_unknown_is_refused_by_name() {
    let map = Some(b"{\"unk_token\": null}".to_vec());
    for (config, special_tokens_map) in [(map.clone(), None), (None, map)] {
        let mut checkpoint = builtin();
        checkpoint.tokenizer = TokenizerFiles {
            vocabulary: VocabularyFile::Text(b"[PAD]\n[UNK]\n[CLS]\n[SEP]\nhello\n".to_vec()),
            others: Vec::new(),
            config,
            special_tokens_map,
            added_tokens: None,
            model_config: None,
        };
        let error = Tokenizer::from_checkpoint(&checkpoint).unwrap_err();
        assert!(matches!(error, TokenizerError::NoUnknownToken), "{error}");
        assert!(error.to_string().contains("unk_token"), "{error}");
        assert!(error.remedy().is_some());
    }
}
