//! Small tokenizers in every shape in which files of them come, against the
//! tokens that transformers makes with each. `tests/fixtures/make_tokenizers.py`
//! says what the cases are.

use std::collections::BTreeMap;

use attnviz::checkpoint::{
    self, Checkpoint, CheckpointSource, LoadOptions, TokenizerFiles, VocabularyFile,
};
use attnviz::tokenizer::{TokenLimit, Tokenizer};
use serde::Deserialize;

#[derive(Deserialize)]
struct Cases {
    contents: Vec<String>,
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    name: String,
    /// The number of the content, by the file's name.
    files: BTreeMap<String, usize>,
    inputs: Vec<Expected>,
}

#[derive(Deserialize)]
struct Expected {
    text: String,
    pair: Option<String>,
    truncate: Option<usize>,
    ids: Vec<u32>,
    tokens: Vec<String>,
    segments: Vec<u32>,
}

fn checkpoint(case: &Case, contents: &[String]) -> Checkpoint {
    let file = |name: &str| {
        let content = &contents[*case.files.get(name)?];
        Some(content.clone().into_bytes())
    };
    let builtin = checkpoint::load(
        &CheckpointSource::Builtin,
        &LoadOptions::default(),
        &mut |_| (),
    );
    let mut checkpoint = builtin.expect("the built-in checkpoint loads");
    checkpoint.config = file("config.json").unwrap_or(b"{\"model_type\": \"bert\"}".to_vec());
    checkpoint.tokenizer = TokenizerFiles {
        vocabulary: match file("tokenizer.json") {
            Some(json) => VocabularyFile::Json(json),
            None => VocabularyFile::Text(file("vocab.txt").expect("it has a vocabulary")),
        },
        config: file("tokenizer_config.json"),
        special_tokens_map: file("special_tokens_map.json"),
        added_tokens: file("added_tokens.json"),
        model_config: None,
    };
    checkpoint
}

#[test]
fn every_shape_of_tokenizer_files_gives_the_tokens_of_transformers() {
    let cases: Cases =
        serde_json::from_str(include_str!("../fixtures/tokenizer-cases.json")).unwrap();
    assert!(cases.cases.len() > 80);
    let mut wrong = Vec::new();
    for case in &cases.cases {
        let tokenizer = match Tokenizer::from_checkpoint(&checkpoint(case, &cases.contents)) {
            Ok(tokenizer) => tokenizer,
            Err(error) => {
                wrong.push(format!("{}: {error}", case.name));
                continue;
            }
        };
        for expected in &case.inputs {
            let limit = TokenLimit {
                maximum: 512,
                truncate: expected.truncate,
            };
            let pair = expected.pair.as_deref();
            let found = match tokenizer.tokenize(&expected.text, pair, limit) {
                Ok(found) => found,
                Err(error) => {
                    wrong.push(format!("{}: {:?}: {error}", case.name, expected.text));
                    continue;
                }
            };
            let units = found.source();
            let ids: Vec<u32> = units.iter().map(|unit| unit.id).collect();
            let tokens: Vec<&str> = units.iter().map(|unit| unit.text.as_str()).collect();
            let segments: Vec<u32> = found.told_segments().collect();
            if (&ids, &segments) != (&expected.ids, &expected.segments) || tokens != expected.tokens
            {
                let name = &case.name;
                wrong.push(format!(
                    "{name}: {:?}\n  {tokens:?} {ids:?}\n  {:?} {:?}",
                    expected.text, expected.tokens, expected.ids
                ));
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "{} wrong:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}
