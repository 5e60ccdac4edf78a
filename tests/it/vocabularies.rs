//! What users meet of tokenizers: those that are refused, that come from
//! elsewhere, that lack words, and what is shown of their tokens.

use std::fs;

use attnviz::checkpoint::{self, CheckpointSource, LoadOptions, TokenizerFiles};
use attnviz::tokenizer::{TokenLimit, Tokenizer, TokenizerError};
use serde_json::{Value, json};

use crate::bad_input::check_refused;
use crate::binary::{Workplace, copy_of_fixture};

/// A workplace with a copy of a fixture called `model`.
fn with_model(fixture: &str) -> Workplace {
    let workplace = Workplace::new();
    copy_of_fixture(fixture, &workplace.path().join("model"));
    workplace
}

/// What `encode --json` prints.
fn encode(workplace: &Workplace, arguments: &[&str]) -> Value {
    let outcome = workplace.run(&[&["encode"], arguments, &["--json", "-f", "json"]].concat());
    assert_eq!(outcome.code, Some(0), "{arguments:?}: {}", outcome.stderr);
    serde_json::from_str(&outcome.stdout).expect("it is JSON")
}

fn labels(units: &Value) -> Vec<&str> {
    let units = units.as_array().expect("they are a list").iter();
    units.filter_map(|unit| unit["label"].as_str()).collect()
}

/// The labels that an axis shows.
fn shown(workplace: &Workplace, arguments: &[&str]) -> Vec<String> {
    let report = encode(workplace, arguments);
    let folder = report["folder"].as_str().expect("it is a path");
    let manifest = fs::read(workplace.path().join(folder).join("manifest.json"));
    let manifest: Value = serde_json::from_slice(&manifest.unwrap()).unwrap();
    // Where nothing is changed, nothing is said of it.
    let shown = match &manifest["shown"]["columns"] {
        Value::Null => labels(&manifest["streams"][0]["units"]),
        columns => labels(columns),
    };
    shown.into_iter().map(str::to_owned).collect()
}

#[test]
fn a_tokenizer_that_is_a_program_is_refused_by_name() {
    const CASED: &str = "gelu-tanh-cased-vocabulary";
    for (fixture, config, words) in [
        (
            CASED,
            json!({"tokenizer_class": "BertJapaneseTokenizer", "word_tokenizer_type": "mecab"}),
            ["BertJapaneseTokenizer", "mecab"],
        ),
        (
            CASED,
            json!({"word_tokenizer_type": "sudachi"}),
            ["BertJapaneseTokenizer", "sudachi"],
        ),
        // A tokenizer.json beside it is of no use to that class.
        (
            "masked-lm-bin",
            json!({"tokenizer_class": "RoCBertTokenizer"}),
            ["RoCBertTokenizer", "code of its own"],
        ),
        (
            "masked-lm-bin",
            json!({"tokenizer_class": "RoFormerTokenizerFast"}),
            ["RoFormerTokenizerFast", "rjieba"],
        ),
        (
            CASED,
            json!({"tokenizer_class": "MyTokenizer", "auto_map": {"AutoTokenizer": ["a.My", null]}}),
            ["MyTokenizer", "the model's own code"],
        ),
        (
            CASED,
            json!({"tokenizer_class": "HerbertTokenizerFast"}),
            ["HerbertTokenizerFast", "tokenizer.json"],
        ),
    ] {
        let workplace = with_model(fixture);
        let path = workplace.path().join("model/tokenizer_config.json");
        fs::write(path, config.to_string()).unwrap();
        check_refused(&workplace, &["encode", "hello", "-m", "./model"], 1, &words);
    }
}

/// A class of transformers is taken where the model's own code is not run.
#[test]
fn a_tokenizer_with_code_of_its_own_and_a_known_class_is_read_with_a_warning() {
    let plain = shown(
        &with_model("gelu-tanh-cased-vocabulary"),
        &["Hello you", "-m", "./model"],
    );
    let workplace = with_model("gelu-tanh-cased-vocabulary");
    let config = workplace.path().join("model/tokenizer_config.json");
    let mut settings: Value = serde_json::from_slice(&fs::read(&config).unwrap()).unwrap();
    settings["tokenizer_class"] = json!("BertTokenizer");
    settings["auto_map"] = json!({"AutoTokenizer": ["a.My", null]});
    fs::write(config, settings.to_string()).unwrap();
    assert_eq!(shown(&workplace, &["Hello you", "-m", "./model"]), plain);
    let outcome = workplace.run(&["tokens", "Hello you", "-m", "./model"]);
    let warning = "warning: tokenizer_config.json has auto_map";
    assert!(outcome.stderr.contains(warning), "{}", outcome.stderr);
}

/// As transformers' `convert_ids_to_tokens`, whatever a template calls them.
#[test]
fn tokens_that_a_template_adds_are_called_as_the_vocabulary_does() {
    let workplace = with_model("masked-lm-bin");
    let path = |name: &str| workplace.path().join("model").join(name);
    let read =
        |name: &str| -> Value { serde_json::from_slice(&fs::read(path(name)).unwrap()).unwrap() };
    let mut tokenizer = read("tokenizer.json");
    let vocabulary = tokenizer["model"]["vocab"].as_object().unwrap();
    let named = vocabulary.iter().find(|(_, id)| **id == json!(20));
    let name = named.expect("it has more tokens").0.clone();
    for post_processor in [
        json!({"type": "BertProcessing", "sep": ["[SEP]", 3], "cls": ["[CLS]", 20]}),
        json!({
            "type": "TemplateProcessing",
            "single": [
                {"SpecialToken": {"id": "[CLS]", "type_id": 0}},
                {"Sequence": {"id": "A", "type_id": 0}},
                {"SpecialToken": {"id": "[SEP]", "type_id": 0}},
            ],
            "pair": [
                {"Sequence": {"id": "A", "type_id": 0}},
                {"Sequence": {"id": "B", "type_id": 0}},
            ],
            "special_tokens": {
                "[CLS]": {"id": "[CLS]", "ids": [20], "tokens": ["[CLS]"]},
                "[SEP]": {"id": "[SEP]", "ids": [3], "tokens": ["[SEP]"]},
            },
        }),
    ] {
        tokenizer["post_processor"] = post_processor;
        fs::write(path("tokenizer.json"), tokenizer.to_string()).unwrap();
        let mut settings = read("tokenizer_config.json");
        settings["tokenizer_class"] = json!("PreTrainedTokenizerFast");
        fs::write(path("tokenizer_config.json"), settings.to_string()).unwrap();
        let shown = shown(&workplace, &["hello", "-m", "./model"]);
        assert_eq!(shown.first(), Some(&name), "{shown:?}");
        assert_eq!(shown.last().map(String::as_str), Some("[SEP]"));
    }
}

#[test]
fn a_class_that_transformers_builds_anew_is_read_with_a_warning() {
    for (class, is_warned) in [
        ("FunnelTokenizer", true),
        ("SplinterTokenizerFast", true),
        ("LayoutLMv3Tokenizer", true),
        ("FNetTokenizer", true),
        ("LayoutLMTokenizer", false),
        ("PreTrainedTokenizerFast", false),
        ("NoSuchTokenizer", false),
    ] {
        let workplace = with_model("masked-lm-bin");
        let path = workplace.path().join("model/tokenizer_config.json");
        fs::write(path, json!({"tokenizer_class": class}).to_string()).unwrap();
        for command in ["tokens", "encode"] {
            let arguments = [command, "hello", "-m", "./model", "--json"];
            let outcome = workplace.run(&[&arguments[..], &["-q"]].concat());
            assert_eq!(outcome.code, Some(0), "{class}: {}", outcome.stderr);
            let told = outcome.stderr.lines();
            let told = told.filter(|line| line.starts_with("warning: ") && line.contains(class));
            assert_eq!(told.count(), usize::from(is_warned), "{}", outcome.stderr);
            let outcome = workplace.run(&arguments);
            let report: Value = serde_json::from_str(&outcome.stdout).unwrap();
            let warnings = report["warnings"].as_array().unwrap().iter();
            let warnings = warnings.filter(|warning| warning.as_str().unwrap().contains(class));
            assert_eq!(
                warnings.count(),
                usize::from(is_warned),
                "{class}: {report}"
            );
        }
    }
}

#[test]
fn a_tokenizer_beside_the_config_of_another_family_is_of_that_family() {
    for (family, class) in [
        ("roberta", "RobertaTokenizer"),
        ("albert", "AlbertTokenizer"),
        ("splinter", "SplinterTokenizer"),
        ("canine", "CanineTokenizer"),
        ("roformer", "RoFormerTokenizer"),
    ] {
        let workplace = with_model("gelu-tanh-cased-vocabulary");
        let folder = workplace.path().join("other");
        fs::create_dir(&folder).unwrap();
        let vocabulary = workplace.path().join("model/vocab.txt");
        fs::copy(vocabulary, folder.join("vocab.txt")).unwrap();
        let config = json!({"model_type": family}).to_string();
        fs::write(folder.join("config.json"), config).unwrap();
        let arguments = ["encode", "hello", "-m", "./model", "--tokenizer", "./other"];
        check_refused(&workplace, &arguments, 1, &[class]);
    }
}

#[test]
fn a_checkpoint_without_a_tokenizer_takes_that_of_another_place() {
    let workplace = with_model("masked-lm-bin");
    let own = encode(&workplace, &["hello", "-m", "./model", "-o", "own"]);
    fs::create_dir(workplace.path().join("tokenizer")).unwrap();
    for name in ["tokenizer.json", "tokenizer_config.json"] {
        let place = |folder: &str| workplace.path().join(folder).join(name);
        fs::rename(place("model"), place("tokenizer")).unwrap();
    }
    let hint = check_refused(
        &workplace,
        &["encode", "hello", "-m", "./model"],
        1,
        &["tokenizer.json"],
    );
    assert!(hint.contains("--tokenizer google-bert/"), "{hint}");
    // A file of another kind is named.
    fs::write(workplace.path().join("model/spiece.model"), "").unwrap();
    check_refused(
        &workplace,
        &["encode", "hello", "-m", "./model"],
        1,
        &["spiece.model"],
    );

    let from = [
        "hello",
        "-m",
        "./model",
        "--tokenizer",
        "./tokenizer",
        "-o",
        "other",
    ];
    let other = encode(&workplace, &from);
    assert_eq!(other["streams"], own["streams"]);
    let files = |report: &Value| {
        let mut files = report["model"]["files"].as_array().unwrap().clone();
        files.sort_by_key(Value::to_string);
        files
    };
    assert_eq!(files(&other), files(&own));
    // Another tokenizer is another model.
    let builtin = ["hello", "-m", "./tokenizer", "--tokenizer", "builtin"];
    let arguments = [&["encode"], &builtin[..]].concat();
    check_refused(&workplace, &arguments, 1, &["config.json"]);
    let builtin = ["hello", "-m", "builtin", "--tokenizer", "./tokenizer"];
    let files = encode(&workplace, &builtin)["model"]["files"].clone();
    let of_tokenizer = |file: &&Value| file["name"] == "tokenizer.json";
    let found: Vec<Value> = files
        .as_array()
        .unwrap()
        .iter()
        .filter(of_tokenizer)
        .cloned()
        .collect();
    let expected = own["model"]["files"]
        .as_array()
        .unwrap()
        .iter()
        .find(of_tokenizer);
    assert_eq!(found.iter().collect::<Vec<_>>(), [expected.unwrap()]);
}

#[test]
fn unknown_tokens_show_what_they_stand_for_and_are_counted() {
    let workplace = Workplace::new();
    let arguments = [
        "encode",
        "a \u{1f99c} b \u{1f9a2}\u{1f9a3}",
        "-m",
        "builtin",
        "--json",
        "-q",
    ];
    let outcome = workplace.run(&[&arguments[..], &["-f", "json"]].concat());
    let warning = "2 of 6 tokens are unknown to this vocabulary";
    assert!(outcome.stderr.contains(warning), "{}", outcome.stderr);
    let report: Value = serde_json::from_str(&outcome.stdout).unwrap();
    assert_eq!(report["warnings"][0], warning);
    let units = &report["streams"][0]["units"];
    let expected = [
        "[CLS]",
        "a",
        "[UNK] \u{1f99c}",
        "b",
        "[UNK] \u{1f9a2}\u{1f9a3}",
        "[SEP]",
    ];
    assert_eq!(labels(units), expected);
    assert_eq!(units[2]["text"], "[UNK]");
    // A batch counts them all.
    fs::write(workplace.path().join("a.txt"), "a \u{1f99c}\nb\n").unwrap();
    let arguments = ["batch", "a.txt", "-m", "builtin", "-q", "-o", "batch"];
    let outcome = workplace.run(&arguments);
    let warning = "warning: 1 of 7 tokens is unknown to this vocabulary";
    assert!(outcome.stderr.contains(warning), "{}", outcome.stderr);
}

#[test]
fn hiding_special_tokens_leaves_those_of_the_text() {
    let workplace = Workplace::new();
    let arguments = [
        "so [MASK] is [UNK] \u{1f99c}",
        "--pair",
        "[MASK] too",
        "-m",
        "builtin",
    ];
    for way in ["hide", "renormalize"] {
        let way = [&arguments[..], &["--special-tokens", way]].concat();
        let expected = [
            "so",
            "[MASK]",
            "is",
            "[UNK]",
            "[UNK] \u{1f99c}",
            "[MASK]",
            "too",
        ];
        assert_eq!(shown(&workplace, &way), expected);
    }
}

#[test]
fn words_are_those_of_the_text_as_it_was_written() {
    let workplace = Workplace::new();
    for (text, expected) in [
        (
            "I didn't see the well-known CAFÉ, at 3.14 (or so)!",
            &[
                "[CLS]",
                "I",
                "didn't",
                "see",
                "the",
                "well-known",
                "CAFÉ",
                ",",
                "at",
                "3.14",
                "(",
                "or",
                "so",
                ")",
                "!",
                "[SEP]",
            ][..],
        ),
        (
            "Unbelievably [MASK]ing",
            &["[CLS]", "Unbelievably", "[MASK]", "ing", "[SEP]"],
        ),
        ("The CAFÉ's", &["[CLS]", "The", "CAFÉ's", "[SEP]"]),
        ("日本。", &["[CLS]", "日", "本", "。", "[SEP]"]),
    ] {
        let arguments = [text, "-m", "builtin", "--tokens", "word", "-o", "words"];
        assert_eq!(shown(&workplace, &arguments), expected, "{text}");
    }
}

fn builtin_with(files: Option<TokenizerFiles>) -> Result<Tokenizer, TokenizerError> {
    let options = LoadOptions::default();
    let builtin = checkpoint::load(&CheckpointSource::Builtin, &options, &mut |_| ());
    let mut builtin = builtin.expect("the built-in checkpoint loads");
    builtin.tokenizer = files.unwrap_or(builtin.tokenizer);
    Tokenizer::from_checkpoint(&builtin)
}

#[test]
fn pairs_of_long_texts_are_cut_before_they_are_joined() {
    let tokenizer = builtin_with(None).unwrap();
    let limit = |truncate| TokenLimit {
        maximum: 512,
        truncate: Some(truncate),
    };
    // A second of work; put together first they would be 19 GB.
    let (long, longer) = ("a ".repeat(50_000), "b ".repeat(200_000));
    for (text, pair, truncate, expected) in [
        (long.as_str(), longer.as_str(), 64, (30, 31)),
        (&longer, &long, 64, (30, 31)),
        ("a a a", &longer, 64, (3, 58)),
        (&long, "b", 11, (7, 1)),
    ] {
        let found = tokenizer
            .tokenize(text, Some(pair), limit(truncate))
            .unwrap();
        let count = |letter| {
            found
                .source()
                .iter()
                .filter(|unit| unit.text == letter)
                .count()
        };
        assert_eq!((count("a"), count("b")), expected);
        let dropped = text.split(' ').count() + pair.split(' ').count();
        assert!(found.streams[0].dropped + 64 > dropped - 2);
    }
    // Sixteen megabytes are too long as soon as they begin to be counted, and
    // what has no space is not split for megabytes.
    let text = "hello ".repeat(3_000_000);
    let whole = TokenLimit {
        maximum: 512,
        truncate: None,
    };
    let error = tokenizer.tokenize(&text, None, whole).unwrap_err();
    assert!(
        matches!(error, TokenizerError::MuchTooLong { maximum: 512, .. }),
        "{error}"
    );
    let text = "a".repeat(5 << 20);
    let error = tokenizer.tokenize(&text, None, limit(64)).unwrap_err();
    assert!(
        matches!(error, TokenizerError::NoSpace { found, .. } if found == 5 << 20),
        "{error}"
    );
}

#[test]
fn a_tokenizer_json_that_asks_for_too_much_is_refused_before_a_text_is_touched() {
    let replace = json!({"type": "Replace", "pattern": {"String": "a"}, "content": "aa"});
    let sequence = |step: &Value, count: usize, kind: &str| {
        let list = if kind == "normalizer" {
            "normalizers"
        } else {
            "pretokenizers"
        };
        json!({"type": "Sequence", list: vec![step.clone(); count]})
    };
    let byte_level = json!({"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": true});
    // An index of four gigabytes in eight bytes.
    let map = json!({"type": "Precompiled", "precompiled_charsmap": "/////wAAAAA="});
    let regex = json!({"type": "Replace", "pattern": {"Regex": "a|".repeat(4_000)}, "content": ""});
    let text = |id| json!({"Sequence": {"id": id, "type_id": 0}});
    let template = |pieces: Vec<Value>| json!({"type": "TemplateProcessing", "single": pieces, "pair": [text("A"), text("B")], "special_tokens": {}});
    for (part, value, word) in [
        (
            "normalizer",
            sequence(&replace, 40, "normalizer"),
            "at most 1024 times",
        ),
        (
            "normalizer",
            sequence(&json!({"type": "NFC"}), 1_000, "normalizer"),
            "steps",
        ),
        (
            "normalizer",
            json!({"type": "Prepend", "prepend": "a".repeat(2_000)}),
            "1024 times",
        ),
        ("normalizer", map, "precompiled_charsmap"),
        ("normalizer", regex, "a pattern"),
        (
            "pre_tokenizer",
            sequence(&byte_level, 40, "pre_tokenizer"),
            "1024 times",
        ),
        (
            "post_processor",
            template(vec![text("A"); 100]),
            "found it 100 times",
        ),
        (
            "post_processor",
            template(vec![text("A"); 1_000]),
            "at most 128 pieces",
        ),
    ] {
        let mut tokenizer = json!({
            "version": "1.0", "added_tokens": [], "normalizer": null, "pre_tokenizer": null,
            "post_processor": null, "decoder": null,
            "model": {"type": "WordPiece", "unk_token": "a", "continuing_subword_prefix": "##",
                "max_input_chars_per_word": 100, "vocab": {"a": 0}},
        });
        tokenizer[part] = value;
        for class in ["BertTokenizer", "PreTrainedTokenizerFast"] {
            let mut files = TokenizerFiles::json(tokenizer.to_string().into_bytes());
            files.config = Some(json!({"tokenizer_class": class}).to_string().into_bytes());
            let error = builtin_with(Some(files)).expect_err(word).to_string();
            assert!(error.contains(word), "{part}: {error}");
        }
        if part == "normalizer" {
            tokenizer[part] = Value::Null;
            tokenizer["model"]["max_input_chars_per_word"] = json!(1_000_000);
            let files = TokenizerFiles::json(tokenizer.to_string().into_bytes());
            let error = builtin_with(Some(files)).expect_err("words").to_string();
            assert!(error.contains("max_input_chars_per_word"), "{error}");
        }
    }
}
