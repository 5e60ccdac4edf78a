//! The SHA-256 of a model's files, which are read beside everything else.

use std::fs;
use std::path::Path;

use attnviz::attention::Attention;
use attnviz::checkpoint::{self, Checkpoint, CheckpointSource, LoadOptions};
use attnviz::model::{Backend, HiddenStates, Model};
use attnviz::pipeline::{OutputError, write_run};
use attnviz::run::Run;
use attnviz::store::OutputOptions;
use attnviz::tokenizer::{TokenLimit, Tokenizer};
use tempfile::TempDir;

use crate::binary::{copy_of_fixture, fixture, sha256};

fn load(folder: &Path) -> Checkpoint {
    let source = CheckpointSource::Directory(folder.to_owned());
    let load = checkpoint::load(&source, &LoadOptions::default(), &mut |_| ());
    load.expect("the checkpoint is whole")
}

#[test]
fn every_file_of_a_directory_is_listed_in_its_order_whichever_is_read_first() {
    for (name, expected) in [
        (
            "gelu-new-shards",
            &[
                "config.json",
                "tokenizer.json",
                "tokenizer_config.json",
                "model.safetensors.index.json",
                "model-00001-of-00002.safetensors",
                "model-00002-of-00002.safetensors",
            ][..],
        ),
        (
            "masked-lm-bin",
            &[
                "config.json",
                "tokenizer.json",
                "tokenizer_config.json",
                "pytorch_model.bin",
            ],
        ),
    ] {
        let pending = load(&fixture(name)).provenance();
        let first = pending.clone().wait().expect("the files are there");
        let names: Vec<&str> = first.files.iter().map(|file| file.name.as_str()).collect();
        assert_eq!(names, expected);
        for file in &first.files {
            let bytes = fs::read(fixture(name).join(&file.name)).expect("it is there");
            assert_eq!(file.sha256, sha256(&bytes), "{}", file.name);
        }
        assert_eq!(pending.wait().expect("it is known"), first);
    }
}

#[test]
fn a_weight_file_that_goes_away_is_named_and_leaves_no_folder() {
    let workplace = TempDir::new().expect("a temporary folder can be made");
    let folder = workplace.path().join("model");
    copy_of_fixture("masked-lm-bin", &folder);
    let checkpoint = load(&folder);
    let model = Model::load(&checkpoint, Backend::Fused).expect("the model is whole");
    let tokenizer = Tokenizer::from_checkpoint(&checkpoint).expect("so is the tokenizer");
    let limit = TokenLimit {
        maximum: model.architecture().maximum_token_count,
        truncate: None,
    };
    let input = tokenizer.tokenize("Hi", None, limit).expect("it is text");
    let mut outputs = model
        .forward(&[&input], HiddenStates::Drop)
        .expect("it fits the model");
    let attention = outputs.remove(0).attention;
    fs::remove_file(folder.join("pytorch_model.bin")).expect("it is there");
    let run = Run {
        model: checkpoint.provenance(),
        input: input.input,
        streams: input.streams,
        attention: vec![Attention::Own(attention)],
        neurons: None,
    };
    let output = workplace.path().join("out");
    // The second time, too: nothing is left half done by the first.
    for _ in 0..2 {
        let error = write_run(&run, &OutputOptions::default(), &output, &|| ());
        let error = error.expect_err("a file is gone");
        assert!(matches!(error, OutputError::Digest(_)), "{error}");
        assert!(error.to_string().contains("pytorch_model.bin"), "{error}");
        assert!(!output.exists());
    }
}
