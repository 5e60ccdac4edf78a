//! Small tokenizers in every shape in which files of them come, against the
//! tokens that transformers makes with each. `tests/fixtures/make_tokenizers.py`
//! says what the cases are.

use std::collections::BTreeMap;

use std::fs;

use attnviz::checkpoint::{self, Checkpoint, CheckpointSource, LoadOptions, Parts};
use attnviz::tokenizer::{TokenLimit, Tokenizer, TokenizerError};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
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
    /// Whether there is no template for a pair, or nothing left of the text.
    #[serde(default)]
    refused: bool,
    #[serde(default)]
    ids: Vec<u32>,
    #[serde(default)]
    tokens: Vec<String>,
    #[serde(default)]
    segments: Vec<u32>,
}

/// The files in a folder, and what is found there. Files of SentencePiece are
/// in Base64.
fn checkpoint(case: &Case, contents: &[String]) -> Checkpoint {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let write = |name: &str, content: &[u8]| {
        fs::write(folder.path().join(name), content).expect("a file can be written");
    };
    write("config.json", b"{\"model_type\": \"bert\"}");
    for (name, &index) in &case.files {
        match name.ends_with(".model") {
            true => write(
                name,
                &STANDARD.decode(&contents[index]).expect("it is Base64"),
            ),
            false => write(name, contents[index].as_bytes()),
        }
    }
    let options = LoadOptions {
        parts: Parts::WithoutWeights,
        ..LoadOptions::default()
    };
    let source = CheckpointSource::Directory(folder.path().to_owned());
    let checkpoint = checkpoint::load(&source, &options, &mut |_| ());
    checkpoint.expect("the files of a tokenizer are found")
}

#[test]
fn every_shape_of_tokenizer_files_gives_the_tokens_of_transformers() {
    check(include_str!("../fixtures/tokenizer-cases.json"), 140);
}

#[test]
fn the_tokenizers_of_all_families_give_the_tokens_of_transformers() {
    check(include_str!("../fixtures/tokenizer-families.json"), 90);
}

fn check(cases: &str, expected_count: usize) {
    let cases: Cases = serde_json::from_str(cases).unwrap();
    assert!(cases.cases.len() > expected_count, "{}", cases.cases.len());
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
                Err(TokenizerError::NoPairTemplate | TokenizerError::NoToken { .. })
                    if expected.refused =>
                {
                    continue;
                }
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
