//! The kernels one by one, the whole forward pass, and loading.
//!
//! `ATTNVIZ_BENCH_CHECKPOINT` names a directory with a checkpoint to measure
//! beside the built-in one.

use std::hint::black_box;
use std::path::PathBuf;
use std::time::Duration;

use attnviz::attention::Mask;
use attnviz::checkpoint::{self, Checkpoint, CheckpointSource, LoadOptions};
use attnviz::input::Prepared;
use attnviz::model::kernels::{
    self, Activation, Aligned, AttentionShape, Before, HeadStart, Instructions, LinearParameters,
    NormParameters,
};
use attnviz::model::{Backend, HiddenStates, Model};
use attnviz::tokenizer::{TokenLimit, Tokenizer};
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};

const CHECKPOINT_VARIABLE: &str = "ATTNVIZ_BENCH_CHECKPOINT";

/// How many inputs go together, and how many tokens each has.
const BATCHES: [(usize, usize); 4] = [(1, 8), (1, 128), (8, 128), (1, 512)];

fn numbers(count: usize) -> Vec<f32> {
    (0..count)
        .map(|index| ((index * 7_919) % 1_000) as f32 / 1_000.0 - 0.5)
        .collect()
}

fn products(criterion: &mut Criterion) {
    let instructions = Instructions::fastest();
    let mut group = criterion.benchmark_group("linear");
    for (input_count, output_count) in [(768, 2_304), (768, 3_072), (3_072, 768), (384, 1_536)] {
        let weight = numbers(input_count * output_count);
        let bias = numbers(output_count);
        for row_count in [8, 128, 1_024] {
            let rows = kernels::padded_row_count(instructions, row_count);
            let mut input = Aligned::zeros(rows * input_count);
            input
                .values_mut()
                .copy_from_slice(&numbers(rows * input_count));
            let mut output = vec![0.0; rows * output_count];
            let map = LinearParameters {
                weight: &weight,
                bias: &bias,
                activation: None,
            };
            let operations = 2 * row_count * input_count * output_count;
            group.throughput(Throughput::Elements(operations as u64));
            let shape = format!("{input_count}x{output_count}");
            group.bench_function(BenchmarkId::new(shape, row_count), |bencher| {
                bencher.iter(|| kernels::linear(instructions, map, input.values(), &mut output));
            });
        }
    }
}

fn other_kernels(criterion: &mut Criterion) {
    let instructions = Instructions::fastest();
    let (head_count, head_size) = (12, 64);
    let hidden = head_count * head_size;
    let start = |head: usize| HeadStart {
        query: head * head_size,
        key: hidden + head * head_size,
        value: 2 * hidden + head * head_size,
    };
    let starts: Vec<HeadStart> = (0..head_count).map(start).collect();
    let shape = AttentionShape {
        head_size,
        column_count: 3 * hidden,
        starts: &starts,
        scale: 0.125,
        score_cap: None,
        mask: Mask::Full,
        distances: None,
        relative: None,
    };
    for row_count in [8, 128, 512] {
        let rows = kernels::padded_row_count(instructions, row_count);
        let query_key_value = numbers(rows * 3 * hidden);
        let mut maps = vec![0.0; head_count * row_count * row_count];
        let mut context = vec![0.0; rows * hidden];
        criterion.bench_function(&format!("attend/{row_count}"), |bencher| {
            bencher.iter(|| {
                let spans = [(0, row_count)];
                let maps = maps.chunks_exact_mut(row_count * row_count);
                let maps = vec![maps.map(Some).collect()];
                kernels::attend(
                    instructions,
                    shape,
                    &query_key_value,
                    &spans,
                    maps,
                    &mut context,
                );
            });
        });
        let parameters = NormParameters {
            weight: &numbers(hidden),
            bias: Some(&numbers(hidden)),
            epsilon: 1e-12,
        };
        let residual = numbers(rows * hidden);
        let mut values = residual.clone();
        criterion.bench_function(&format!("layer norm/{row_count}"), |bencher| {
            bencher.iter(|| {
                let before = Before::Added(&residual);
                kernels::normalize(instructions, parameters, &mut values, before);
            });
        });
        let values = numbers(rows * 4 * hidden);
        criterion.bench_function(&format!("gelu/{row_count}"), |bencher| {
            bencher.iter_batched_ref(
                || values.clone(),
                |values| kernels::activate(instructions, Activation::Gelu, values),
                criterion::BatchSize::LargeInput,
            );
        });
    }
}

fn checkpoints() -> Vec<(&'static str, Checkpoint)> {
    let directory = std::env::var_os(CHECKPOINT_VARIABLE).map(PathBuf::from);
    let sources = [
        ("built-in", Some(CheckpointSource::Builtin)),
        ("directory", directory.map(CheckpointSource::Directory)),
    ];
    sources
        .into_iter()
        .filter_map(|(name, source)| {
            let options = LoadOptions::default();
            let checkpoint = checkpoint::load(&source?, &options, &mut |_| ());
            Some((name, checkpoint.expect("the checkpoint loads")))
        })
        .collect()
}

fn loading(criterion: &mut Criterion) {
    for (name, checkpoint) in checkpoints() {
        criterion.bench_function(&format!("load/{name}"), |bencher| {
            bencher.iter_with_large_drop(|| Model::load(black_box(&checkpoint), Backend::Fused));
        });
    }
}

fn input(tokenizer: &Tokenizer, token_count: usize) -> Prepared {
    let text = "a ".repeat(token_count - 2);
    let limit = TokenLimit {
        maximum: token_count,
        truncate: None,
    };
    let input = tokenizer.tokenize(&text, None, limit);
    input.expect("the text tokenizes")
}

fn forward_passes(criterion: &mut Criterion) {
    for (name, checkpoint) in checkpoints() {
        let model = Model::load(&checkpoint, Backend::Fused).expect("the model loads");
        let tokenizer = Tokenizer::from_checkpoint(&checkpoint).expect("the tokenizer loads");
        for (input_count, token_count) in BATCHES {
            let input = input(&tokenizer, token_count);
            let inputs = vec![&input; input_count];
            let name = format!("forward/{name}/{input_count}x{token_count}");
            criterion.bench_function(&name, |bencher| {
                bencher.iter_with_large_drop(|| model.forward(&inputs, HiddenStates::Drop));
            });
        }
    }
}

criterion_group! {
    name = benches;
    config = Criterion::default()
        .sample_size(10)
        .warm_up_time(Duration::from_millis(300))
        .measurement_time(Duration::from_secs(2));
    targets = products, other_kernels, loading, forward_passes
}
criterion_main!(benches);
