//! Memory of maps that is used again: nothing of what was in it before is left.

use std::path::PathBuf;

use attnviz::attention::{MapMemory, Selection};
use attnviz::checkpoint::{self, Checkpoint, CheckpointSource, LoadOptions};
use attnviz::input::Prepared;
use attnviz::model::{Backend, EncoderOutput, HiddenStates, Model};
use attnviz::pipeline::{self, Use};
use attnviz::tokenizer::{TokenLimit, Tokenizer};

use crate::binary::fixture;

fn checkpoint(folder: PathBuf) -> Checkpoint {
    let source = CheckpointSource::Directory(folder);
    let checkpoint = checkpoint::load(&source, &LoadOptions::default(), &mut |_| ());
    checkpoint.expect("the checkpoint is whole")
}

fn prepared(checkpoint: &Checkpoint, text: &str) -> Prepared {
    let tokenizer = Tokenizer::from_checkpoint(checkpoint).expect("there is a tokenizer");
    let limit = TokenLimit {
        maximum: 60,
        truncate: Some(60),
    };
    tokenizer.tokenize(text, None, limit).expect("it is text")
}

fn bits(output: &EncoderOutput) -> Vec<u32> {
    let values = output.attention.maps().values().iter();
    values.map(|value| value.to_bits()).collect()
}

/// Runs a model in memory full of what is no attention, for some of its heads.
fn check_written_over(name: &str, backend: Backend) {
    let checkpoint = checkpoint(fixture(name));
    let model = Model::load(&checkpoint, backend).expect("the model loads");
    let long = "The quick brown fox jumps over the lazy dog, and the dog sleeps. ";
    let inputs = [long, "Hello", &long.repeat(2)].map(|text| prepared(&checkpoint, text));
    let inputs: Vec<&Prepared> = inputs.iter().collect();
    let mut selection = Selection::all(
        model.architecture().layer_count(),
        model.architecture().head_count(),
    );
    for is_all in [true, false] {
        if !is_all {
            selection.layers[0].heads.remove(0);
        }
        let forward = |memory: &MapMemory| {
            let outputs =
                model.forward_heads(&inputs, HiddenStates::Drop.into(), &selection, memory);
            outputs.unwrap_or_else(|error| panic!("{name}, {backend:?}: {error}"))
        };
        let expected: Vec<_> = forward(&MapMemory::default()).iter().map(bits).collect();
        let memory = MapMemory::default();
        let mut given = Vec::new();
        for input in &inputs {
            let length = selection.head_count() * input.source().len().pow(2);
            let stale = vec![f32::NAN; length];
            given.push(stale.as_ptr());
            memory.give_back(stale);
        }
        let outputs = forward(&memory);
        for ((output, expected), input) in outputs.iter().zip(&expected).zip(&inputs) {
            let length = input.source().len();
            let what = format!("{name}, {backend:?}, {length} tokens, all heads: {is_all}");
            let values = output.attention.maps().values();
            assert!(given.contains(&values.as_ptr()), "{what}: other memory");
            assert!(bits(output) == *expected, "{what}: other bits");
        }
    }
}

#[test]
fn maps_in_memory_that_was_used_before_have_the_bits_of_maps_in_new_memory() {
    for name in [
        "families/bert",
        "families/gpt2",
        "families/mistral",
        "families/modernbert",
        "families/deberta-v2",
        "families/bloom",
        "families/gemma2",
    ] {
        for backend in [Backend::Fused, Backend::Plain] {
            check_written_over(name, backend);
        }
    }
}

#[test]
fn a_causal_run_in_the_memory_of_one_that_saw_everything_forbids_what_it_forbids() {
    let load = |name: &str| {
        let loaded = pipeline::load(&checkpoint(fixture(name)), Use::Often, Backend::Fused);
        loaded.unwrap_or_else(|error| panic!("{name}: {error}"))
    };
    let memory = MapMemory::default();
    let mut memory_of_runs = Vec::new();
    for name in ["families/bert", "families/gpt2", "families/bert"] {
        let loaded = load(name);
        let architecture = loaded.model.architecture();
        let selection = Selection::all(architecture.layer_count(), architecture.head_count());
        let limit = TokenLimit {
            truncate: Some(8),
            ..loaded.limit(None)
        };
        let text = "The quick brown fox jumps over the lazy dog, and the dog sleeps.";
        let input = attnviz::input::Input::text(text);
        let input = pipeline::prepare(&loaded.tokenizer, &input, limit).expect("it is text");
        let new = pipeline::runs(&loaded, &[&input], &selection).expect("it runs");
        let runs = pipeline::runs_in(&loaded, &[&input], &selection, &memory).expect("it runs");
        for (run, new) in runs.into_iter().zip(new) {
            let maps = run.attention[0].maps();
            assert!(run.attention == new.attention, "{name}");
            memory_of_runs.push((maps.values().as_ptr(), maps.values().len()));
            run.give_back(&memory);
        }
    }
    let first = memory_of_runs[0];
    assert!(
        memory_of_runs.iter().all(|&one| one == first),
        "{memory_of_runs:?}"
    );
}

#[test]
fn memory_is_taken_for_maps_of_about_its_size_alone() {
    let memory = MapMemory::default();
    let lengths = |memory: &MapMemory, length| {
        let taken = memory.take(length);
        taken.map(|taken| (taken.len(), taken.capacity()))
    };
    assert_eq!(lengths(&memory, 100), None, "nothing is there");
    for length in [1_000, 125, 110] {
        memory.give_back(vec![1.0; length]);
    }
    assert_eq!(lengths(&memory, 100), Some((100, 110)), "the smallest fits");
    assert_eq!(lengths(&memory, 100), Some((100, 125)), "the next one fits");
    assert_eq!(lengths(&memory, 100), None, "the last is much too large");
    memory.give_back(vec![1.0; 1_000]);
    memory.clear();
    assert_eq!(lengths(&memory, 1_000), None, "it was given to the system");
}

#[test]
fn no_more_than_32_mebibytes_are_kept_the_latest_ones() {
    const MEBI: usize = 1 << 20;
    let memory = MapMemory::default();
    for length in [9 * MEBI, 4 * MEBI, 3 * MEBI, 2 * MEBI] {
        memory.give_back(vec![1.0; length]);
    }
    assert!(memory.take(9 * MEBI).is_none(), "it is too much by itself");
    assert!(
        memory.take(4 * MEBI).is_none(),
        "it made way for the others"
    );
    assert!(memory.take(3 * MEBI).is_some());
    assert!(memory.take(2 * MEBI).is_some());
}
