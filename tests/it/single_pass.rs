//! A model for a single forward pass, whose weights are read when their turn
//! comes, computes what a loaded one does.

use attnviz::checkpoint::{self, Checkpoint, CheckpointSource, LoadOptions};
use attnviz::input::Prepared;
use attnviz::model::kernels::{self, Activation, Instructions, LinearParameters};
use attnviz::model::{Backend, EncoderOutput, HiddenStates, Model};
use attnviz::tokenizer::{TokenLimit, Tokenizer};
use proptest::prelude::*;

use crate::binary::fixture;

fn numbers(seed: usize, count: usize) -> Vec<f32> {
    (0..count)
        .map(|index| ((index * 7_919 + seed * 104_729) % 2_003) as f32 / 1_001.5 - 1.0)
        .collect()
}

fn bits(values: &[f32]) -> Vec<u32> {
    values.iter().map(|value| value.to_bits()).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_product_with_weights_that_are_read_has_the_bits_of_one_with_weights_in_memory(
        seed in 0_usize..1_000,
        row_count in prop_oneof![1_usize..20, 1_usize..1_300],
        input_count in prop_oneof![1_usize..200, Just(64), Just(768)],
        output_count in 1_usize..150,
    ) {
        let weight = numbers(seed, output_count * input_count);
        let bias = numbers(seed + 1, output_count);
        let rows = numbers(seed + 2, row_count * input_count);
        let map = LinearParameters { weight: &weight, bias: &bias, activation: Some(Activation::Gelu) };
        for instructions in Instructions::available() {
            let input = kernels::to_panels(instructions, &rows, input_count);
            let length = kernels::padded_row_count(instructions, row_count) * output_count;
            let mut loaded = vec![f32::NAN; length];
            kernels::linear(instructions, map, input.values(), &mut loaded);
            let mut read = vec![f32::NAN; length];
            let read_weights = |memory: &mut [f32]| memory.copy_from_slice(&weight);
            let without = LinearParameters { weight: &[], ..map };
            kernels::linear_from(instructions, without, &read_weights, input_count, input.values(), &mut read);
            let same = bits(&loaded) == bits(&read);
            prop_assert!(same, "{instructions:?}");
        }
    }
}

fn outputs(model: &Model, inputs: &[&Prepared]) -> Vec<EncoderOutput> {
    model
        .forward(inputs, HiddenStates::Keep)
        .expect("the inputs fit the model")
}

fn check_same(name: &str, checkpoint: &Checkpoint) {
    let (loaded, opened) = (
        Model::load(checkpoint, Backend::Fused),
        Model::open(checkpoint, Backend::Fused),
    );
    let (loaded, opened) = (loaded.expect("it loads"), opened.expect("it opens"));
    let tokenizer = Tokenizer::from_checkpoint(checkpoint).expect("there is a tokenizer");
    let limit = TokenLimit {
        maximum: loaded.architecture().maximum_token_count,
        truncate: Some(loaded.architecture().maximum_token_count.min(40)),
    };
    let inputs: Vec<Prepared> = ["hi", &"how are you? ".repeat(20)]
        .iter()
        .map(|text| tokenizer.tokenize(text, None, limit).expect("it is text"))
        .collect();
    for inputs in [vec![&inputs[0]], vec![&inputs[1], &inputs[0]]] {
        let (loaded, opened) = (outputs(&loaded, &inputs), outputs(&opened, &inputs));
        assert!(loaded == opened, "{name}: {} inputs differ", inputs.len());
    }
}

#[test]
fn an_opened_model_computes_the_bits_of_a_loaded_one() {
    let directory = |name: &str| CheckpointSource::Directory(fixture(name));
    for (name, source) in [
        ("built in, of F16", CheckpointSource::Builtin),
        ("shards of F16", directory("gelu-new-shards")),
        ("a pickle", directory("masked-lm-bin")),
        ("weights by input", directory("families/gpt2")),
        ("queries of distances", directory("families/deberta-v2")),
    ] {
        let checkpoint = checkpoint::load(&source, &LoadOptions::default(), &mut |_| ());
        check_same(name, &checkpoint.expect("the checkpoint is whole"));
    }
}
