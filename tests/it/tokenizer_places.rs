//! Where tokens stand in their text, which text of a pair they are of, and what
//! the small files beside a vocabulary change about them, as transformers has it.

use attnviz::input::{Place, Prepared, Unit};
use attnviz::tokenizer::Tokenizer;
use attnviz::tokenizer::words;
use serde_json::{Value, json};

use crate::tokenizer_files::{LIMIT, MERGED, piece, sentence_piece, tokenizer};

/// A `tokenizer.json` of bytes, with this template.
fn of_bytes(template: &Value) -> Value {
    json!({
        "version": "1.0", "truncation": null, "padding": null, "normalizer": null,
        "added_tokens": [
            {"id": 0, "content": "<s>", "special": true, "normalized": false, "single_word": false, "lstrip": false, "rstrip": false},
            {"id": 1, "content": "</s>", "special": true, "normalized": false, "single_word": false, "lstrip": false, "rstrip": false},
        ],
        "pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": true},
        "post_processor": template,
        "decoder": {"type": "ByteLevel", "add_prefix_space": true, "trim_offsets": true, "use_regex": true},
        "model": {
            "type": "BPE", "unk_token": null, "merges": [["Ġ", "I"], ["Ġ", "a"]],
            "vocab": {"<s>": 0, "</s>": 1, "I": 2, "a": 3, "m": 4, "Ġ": 5, "Ċ": 6, "ĠI": 7, "Ġa": 8, ".": 9},
        },
    })
}

fn of_json(json: &Value, config: &Value) -> Tokenizer {
    let (json, config) = (json.to_string(), config.to_string());
    let files = [
        (
            "config.json",
            b"{\"model_type\": \"modernbert\"}".as_slice(),
        ),
        ("tokenizer.json", json.as_bytes()),
        ("tokenizer_config.json", config.as_bytes()),
    ];
    tokenizer(&files).expect("it is a tokenizer")
}

fn prepared(tokenizer: &Tokenizer, text: &str, pair: Option<&str>) -> Prepared {
    let prepared = tokenizer.tokenize(text, pair, LIMIT);
    prepared.unwrap_or_else(|error| panic!("{text:?}: {error}"))
}

fn place(unit: &Unit) -> Option<(usize, usize)> {
    match unit.place {
        Place::Bytes { start, end } => Some((start, end)),
        Place::Added | Place::Patch { .. } => None,
    }
}

#[test]
fn a_template_that_leaves_spaces_out_of_places_does_so_once() {
    const TEXT: &str = "I am.I a";
    // Values of transformers 5.23.
    let trimmed = [(0, 1), (2, 3), (3, 4), (4, 5), (5, 6), (7, 8)];
    let whole = [(0, 1), (1, 3), (3, 4), (4, 5), (5, 6), (6, 8)];
    let of_roberta = |trims: bool| json!({"type": "RobertaProcessing", "sep": ["</s>", 1], "cls": ["<s>", 0], "trim_offsets": trims, "add_prefix_space": false});
    let bytes = |trims: bool| json!({"type": "ByteLevel", "add_prefix_space": true, "trim_offsets": trims, "use_regex": true});
    let plain = json!({"tokenizer_class": "PreTrainedTokenizerFast"});
    for (template, config, expected) in [
        (bytes(true), &plain, trimmed),
        (bytes(false), &plain, whole),
        (of_roberta(true), &plain, trimmed),
        (of_roberta(false), &plain, whole),
        (Value::Null, &plain, whole),
    ] {
        let tokenizer = of_json(&of_bytes(&template), config);
        let prepared = prepared(&tokenizer, TEXT, None);
        let places: Vec<(usize, usize)> = prepared.source().iter().filter_map(place).collect();
        assert_eq!(places, expected, "{template}");
        let numbers = words::of_units(prepared.source(), &[TEXT]);
        let numbers: Vec<u32> = numbers.into_iter().flatten().collect();
        assert_eq!(numbers, [0, 1, 1, 1, 1, 2], "{template}");
    }
}

/// RoBERTa's class builds its template anew, whatever the file's is.
#[test]
fn the_class_of_roberta_leaves_spaces_out_of_places_unless_it_is_told_not_to() {
    for (config, expected) in [
        (json!({}), [(0, 1), (2, 3), (4, 5)]),
        (json!({"trim_offsets": true}), [(0, 1), (2, 3), (4, 5)]),
        (json!({"trim_offsets": false}), [(0, 1), (1, 3), (3, 5)]),
    ] {
        let json = of_bytes(&Value::Null).to_string();
        let config = config.to_string();
        let files = [
            ("config.json", b"{\"model_type\": \"roberta\"}".as_slice()),
            ("tokenizer.json", json.as_bytes()),
            ("tokenizer_config.json", config.as_bytes()),
        ];
        let tokenizer = tokenizer(&files).expect("it is a tokenizer");
        let prepared = prepared(&tokenizer, "I I a", None);
        let ids: Vec<u32> = prepared.source().iter().map(|unit| unit.id).collect();
        assert_eq!(ids, [0, 2, 7, 8, 1]);
        let places: Vec<(usize, usize)> = prepared.source().iter().filter_map(place).collect();
        assert_eq!(places, expected, "{config}");
    }
}

/// A template that leaves spaces out counts a byte for each, also where a letter
/// has several.
#[test]
fn places_begin_and_end_between_letters() {
    let template = json!({"type": "RobertaProcessing", "sep": ["</s>", 1], "cls": ["<s>", 0], "trim_offsets": true, "add_prefix_space": true});
    let mut json = of_bytes(&template);
    json["pre_tokenizer"]["add_prefix_space"] = json!(true);
    let tokenizer = of_json(
        &json,
        &json!({"tokenizer_class": "PreTrainedTokenizerFast"}),
    );
    let prepared = prepared(&tokenizer, "\u{e9} a", None);
    let ids: Vec<u32> = prepared.source().iter().map(|unit| unit.id).collect();
    assert_eq!(ids, [0, 5, 8, 1]);
    let places: Vec<(usize, usize)> = prepared.source().iter().filter_map(place).collect();
    assert_eq!(places, [(0, 0), (3, 4)]);
}

/// The model is told what the template says; that a token is of the second text
/// is known all the same, since its place is in that.
#[test]
fn a_template_that_says_nothing_of_segments_tells_the_model_none() {
    const NAMES: [&str; 3] = ["input_ids", "token_type_ids", "attention_mask"];
    let template = |segment: u32| {
        json!({
            "type": "TemplateProcessing",
            "single": [{"SpecialToken": {"id": "<s>", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}],
            "pair": [{"SpecialToken": {"id": "<s>", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}, {"Sequence": {"id": "B", "type_id": segment}}],
            "special_tokens": {"<s>": {"id": "<s>", "ids": [0], "tokens": ["<s>"]}},
        })
    };
    let config = json!({"tokenizer_class": "PreTrainedTokenizerFast", "model_input_names": NAMES});
    for (segment, told) in [(0, [0, 0, 0, 0]), (1, [0, 0, 1, 1])] {
        let tokenizer = of_json(&of_bytes(&template(segment)), &config);
        let prepared = prepared(&tokenizer, "I", Some("a a"));
        assert_eq!(prepared.told_segments().collect::<Vec<_>>(), told);
        let segments: Vec<u32> = prepared.source().iter().map(|unit| unit.segment).collect();
        assert_eq!(segments, [0, 0, 1, 1]);
    }
    // XLM-RoBERTa's class says nothing of them, as a BERT with its tokenizer
    // (paraphrase-multilingual-MiniLM) has it.
    let vocabulary = [
        ["<s>", "<pad>", "</s>", "<unk>"],
        ["▁", "a", "▁a", "<mask>"],
    ];
    let vocabulary: Vec<Value> = vocabulary
        .as_flattened()
        .iter()
        .map(|token| json!([token, -1.0]))
        .collect();
    let mut json = of_bytes(&Value::Null);
    json["model"] = json!({"type": "Unigram", "unk_id": 3, "vocab": vocabulary});
    json["added_tokens"] = json!([]);
    let json = json.to_string();
    let config = json!({"tokenizer_class": "XLMRobertaTokenizer", "model_input_names": NAMES});
    let config = config.to_string();
    let files = [
        ("config.json", b"{\"model_type\": \"bert\"}".as_slice()),
        ("tokenizer.json", json.as_bytes()),
        ("tokenizer_config.json", config.as_bytes()),
    ];
    let tokenizer = tokenizer(&files).expect("it is a tokenizer");
    let prepared = prepared(&tokenizer, "a", Some("a"));
    let ids: Vec<u32> = prepared.source().iter().map(|unit| unit.id).collect();
    assert_eq!(ids, [0, 6, 2, 2, 6, 2]);
    assert_eq!(prepared.told_segments().collect::<Vec<_>>(), [0; 6]);
    assert_eq!(prepared.source()[4].segment, 1);
}

#[test]
fn a_text_of_spaces_has_the_tokens_that_its_tokenizer_makes_of_it() {
    let tokenizer = of_json(&of_bytes(&Value::Null), &json!({}));
    for (text, expected) in [(" ", vec![5]), ("\n", vec![6]), ("  \n", vec![5, 5, 6])] {
        let prepared = prepared(&tokenizer, text, None);
        let ids: Vec<u32> = prepared.source().iter().map(|unit| unit.id).collect();
        assert_eq!(ids, expected, "{text:?}");
    }
    let error = tokenizer.tokenize("", None, LIMIT).expect_err("it is none");
    assert_eq!(error.to_string(), "the text is empty");
}

/// Mistral's vocabularies keep pieces free for tokens that are named later.
#[test]
fn an_added_token_takes_the_place_of_the_piece_that_has_its_id() {
    let pieces = [
        piece("[control_8]".as_bytes(), 0.0, 3),
        piece("▁".as_bytes(), 0.0, 1),
        piece("a".as_bytes(), 0.0, 1),
    ];
    let model = [sentence_piece(&pieces), MERGED.to_vec()].concat();
    let token = |content: &str| json!({"content": content, "lstrip": false, "rstrip": false, "normalized": false, "single_word": false, "special": true});
    let config = json!({"tokenizer_class": "LlamaTokenizer", "added_tokens_decoder": {
        "1": token("<s>"), "3": token("<|im_start|>"), "9": token("<|im_end|>"),
    }});
    let config = config.to_string();
    let files = [
        ("config.json", b"{\"model_type\": \"mistral\"}".as_slice()),
        ("tokenizer.model", model.as_slice()),
        ("tokenizer_config.json", config.as_bytes()),
    ];
    let tokenizer = tokenizer(&files).expect("it is a tokenizer");
    let text = "<|im_start|>a<|im_end|>[control_8]";
    let prepared = prepared(&tokenizer, text, None);
    let ids: Vec<u32> = prepared.source().iter().map(|unit| unit.id).collect();
    assert_eq!(ids, [3, 5, 6, 7]);
}

/// As transformers does not recognise it there: then it is looked for like any
/// other word, here after letters are made small.
#[test]
fn a_token_that_the_settings_describe_is_not_special_in_a_list_of_added_tokens() {
    let mut json = of_bytes(&Value::Null);
    json["normalizer"] = json!({"type": "Lowercase"});
    json["added_tokens"] = json!([]);
    json["model"]["vocab"]["t"] = json!(10);
    json["model"]["vocab"]["o"] = json!(11);
    let json = json.to_string();
    let described = json!({"__type": "AddedToken", "content": "Tom", "lstrip": false, "rstrip": false, "normalized": false, "single_word": false});
    for (token, expected) in [(described, vec![12]), (json!("Tom"), vec![10, 11, 4])] {
        let config = json!({"tokenizer_class": "PreTrainedTokenizerFast", "additional_special_tokens": [token]}).to_string();
        let files = [
            (
                "config.json",
                b"{\"model_type\": \"modernbert\"}".as_slice(),
            ),
            ("tokenizer.json", json.as_bytes()),
            ("tokenizer_config.json", config.as_bytes()),
            ("added_tokens.json", b"{\"Tom\": 12}".as_slice()),
        ];
        let tokenizer = tokenizer(&files).expect("it is a tokenizer");
        let prepared = prepared(&tokenizer, "tom", None);
        let ids: Vec<u32> = prepared.source().iter().map(|unit| unit.id).collect();
        assert_eq!(ids, expected, "{config}");
    }
}
