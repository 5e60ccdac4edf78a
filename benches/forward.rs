//! The kernels one by one, and the whole forward pass.

use attnviz::model::kernels::{self, Instructions, Linear};
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};

fn numbers(count: usize) -> Vec<f32> {
    (0..count).map(|index| ((index * 7_919) % 1_000) as f32 / 1_000.0 - 0.5).collect()
}

fn products(criterion: &mut Criterion) {
    let instructions = Instructions::detect();
    let mut group = criterion.benchmark_group("linear");
    for (input_count, output_count) in [(768, 2_304), (768, 3_072), (3_072, 768)] {
        let weight = numbers(input_count * output_count);
        let bias = numbers(output_count);
        for row_count in [8, 128, 1_024] {
            let rows = kernels::padded_row_count(instructions, row_count);
            let input = numbers(rows * input_count);
            let mut output = vec![0.0; rows * output_count];
            let map = Linear {
                weight: &weight,
                bias: &bias,
                activation: None,
            };
            group.throughput(Throughput::Elements((2 * row_count * input_count * output_count) as u64));
            let name = BenchmarkId::new(format!("{input_count}x{output_count}"), row_count);
            group.bench_function(name, |bencher| {
                bencher.iter(|| kernels::linear(instructions, map, &input, &mut output));
            });
        }
    }
}

criterion_group! {
    name = benches;
    config = Criterion::default().sample_size(20).measurement_time(std::time::Duration::from_secs(1)).warm_up_time(std::time::Duration::from_millis(300));
    targets = products
}
criterion_main!(benches);
