//! The kernels against slow, obvious twins in f64, on every set of
//! instructions that this CPU has, over random shapes.

mod instructions;

use attnviz::model::kernels::{
    self, Activation, AttentionShape, Instructions, LinearParameters, NormParameters,
};
use proptest::prelude::*;

/// How far a value may be from its twin's, of numbers of about one.
const TOLERANCE: f64 = 2e-6;

/// Numbers between −1 and 1, the same for the same seed: SplitMix64 (Steele,
/// Lea & Flood 2014).
fn numbers(seed: u64, count: usize) -> Vec<f32> {
    let number = |index: usize| {
        let step = seed.wrapping_mul(1_000_003).wrapping_add(index as u64 + 1);
        let mut bits = step.wrapping_mul(0x9E37_79B9_7F4A_7C15);
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        bits ^= bits >> 31;
        (bits >> 40) as f32 / (1_u64 << 23) as f32 - 1.0
    };
    (0..count).map(number).collect()
}

fn assert_near(what: &str, found: &[f32], expected: &[f64]) {
    assert_eq!(found.len(), expected.len(), "{what}: number of values");
    for (index, (&found, &expected)) in found.iter().zip(expected).enumerate() {
        let difference = (f64::from(found) - expected).abs();
        assert!(
            difference <= TOLERANCE * expected.abs().max(1.0),
            "{what}: value {index} is {found}, expected {expected}"
        );
    }
}

fn bits(values: &[f32]) -> Vec<u32> {
    values.iter().map(|value| value.to_bits()).collect()
}

/// A product of rows, by way of panels.
fn product(
    instructions: Instructions,
    map: LinearParameters<'_>,
    rows: &[f32],
    row_count: usize,
) -> Vec<f32> {
    let output_count = map.bias.len();
    let input = kernels::to_panels(instructions, rows, rows.len() / row_count);
    let padded = kernels::padded_row_count(instructions, row_count);
    let mut output = vec![f32::NAN; padded * output_count];
    kernels::linear(instructions, map, input.values(), &mut output);
    kernels::from_panels(instructions, &output, output_count, 0, row_count)
}

/// erf by Simpson's rule on its definition.
fn erf(x: f64) -> f64 {
    let steps = 4_000;
    let width = x / f64::from(steps);
    let sum: f64 = (0..=steps)
        .map(|step| {
            let weight = match step {
                0 => 1.0,
                step if step == steps => 1.0,
                step if step % 2 == 1 => 4.0,
                _ => 2.0,
            };
            weight * (-(f64::from(step) * width).powi(2)).exp()
        })
        .sum();
    sum * width / 3.0 * std::f64::consts::FRAC_2_SQRT_PI
}

fn activation(activation: Activation, x: f64) -> f64 {
    let sigmoid = |x: f64| 1.0 / (1.0 + (-x).exp());
    match activation {
        Activation::Gelu => x * 0.5 * (1.0 + erf(x / std::f64::consts::SQRT_2)),
        Activation::GeluTanh => {
            let inner = (2.0 / std::f64::consts::PI).sqrt() * (x + 0.044_715 * x.powi(3));
            x * 0.5 * (1.0 + inner.tanh())
        }
        Activation::GeluQuick => x * sigmoid(1.702 * x),
        Activation::Relu => x.max(0.0),
        Activation::Silu => x * sigmoid(x),
        Activation::Tanh => x.tanh(),
    }
}

const ACTIVATIONS: [Activation; 6] = [
    Activation::Gelu,
    Activation::GeluTanh,
    Activation::GeluQuick,
    Activation::Relu,
    Activation::Silu,
    Activation::Tanh,
];

#[test]
fn every_activation_is_its_definition_from_far_below_zero_to_far_above() {
    let values: Vec<f32> = (-4_000..=4_000).map(|step| step as f32 / 400.0).collect();
    for instructions in Instructions::available() {
        for function in ACTIVATIONS {
            let mut found = values.clone();
            kernels::activate(instructions, function, &mut found);
            let expected: Vec<f64> = values
                .iter()
                .map(|&x| activation(function, f64::from(x)))
                .collect();
            let what = format!("{function:?} with {instructions:?}");
            assert_near(&what, &found, &expected);
        }
    }
}

#[test]
fn activations_keep_what_is_not_a_number_and_do_not_overflow() {
    for instructions in Instructions::available() {
        for function in ACTIVATIONS {
            let what = format!("{function:?} with {instructions:?}");
            let mut values = [f32::NAN, 200.0, -200.0, 1e30, -1e30];
            kernels::activate(instructions, function, &mut values);
            assert!(values[0].is_nan(), "{what}");
            assert!(
                values[1..].iter().all(|value| value.is_finite()),
                "{what}: {values:?}"
            );
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_product_is_the_sum_of_its_definition(
        seed in any::<u64>(),
        row_count in 1_usize..80,
        input_count in 1_usize..1_200,
        output_count in 1_usize..70,
        has_activation in any::<bool>(),
    ) {
        let scale = 1.0 / (input_count as f32).sqrt();
        let rows = numbers(seed, row_count * input_count);
        let weight: Vec<f32> = numbers(seed ^ 1, output_count * input_count)
            .into_iter()
            .map(|value| value * scale)
            .collect();
        let bias = numbers(seed ^ 2, output_count);
        let mut expected = Vec::new();
        for row in rows.chunks_exact(input_count) {
            for (weight, &bias) in weight.chunks_exact(input_count).zip(&bias) {
                let products = row.iter().zip(weight);
                let sum: f64 = products.map(|(&a, &b)| f64::from(a) * f64::from(b)).sum();
                let sum = sum + f64::from(bias);
                expected.push(if has_activation { sum.max(0.0) } else { sum });
            }
        }
        let map = LinearParameters {
            weight: &weight,
            bias: &bias,
            activation: has_activation.then_some(Activation::Relu),
        };
        for instructions in Instructions::available() {
            let found = product(instructions, map, &rows, row_count);
            assert_near(&format!("{instructions:?}"), &found, &expected);
        }
    }

    #[test]
    fn layer_norm_of_a_sum_is_its_definition(
        seed in any::<u64>(),
        row_count in 1_usize..40,
        column_count in 2_usize..300,
        offset in prop_oneof![Just(0.0_f32), Just(30.0)],
    ) {
        let values: Vec<f32> = numbers(seed, row_count * column_count)
            .into_iter()
            .map(|value| value + offset)
            .collect();
        let residual = numbers(seed ^ 1, row_count * column_count);
        let (weight, bias) = (numbers(seed ^ 2, column_count), numbers(seed ^ 3, column_count));
        let epsilon = 1e-2_f32;
        let mut expected = Vec::new();
        for (row, other) in values.chunks_exact(column_count).zip(residual.chunks_exact(column_count)) {
            // The sum is one of f32; what follows is not.
            let row: Vec<f64> = row.iter().zip(other).map(|(&a, &b)| f64::from(a + b)).collect();
            let mean = row.iter().sum::<f64>() / column_count as f64;
            let variance = row.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / column_count as f64;
            let scale = 1.0 / (variance + f64::from(epsilon)).sqrt();
            for ((x, &weight), &bias) in row.iter().zip(&weight).zip(&bias) {
                expected.push((x - mean) * scale * f64::from(weight) + f64::from(bias));
            }
        }
        let parameters = NormParameters { weight: &weight, bias: &bias, epsilon };
        for instructions in Instructions::available() {
            let mut panels = kernels::to_panels(instructions, &values, column_count);
            let residual = kernels::to_panels(instructions, &residual, column_count);
            kernels::add_and_normalize(
            instructions,
            parameters,
            panels.values_mut(),
            Some(residual.values()),
        );
            let found = kernels::from_panels(instructions, panels.values(), column_count, 0, row_count);
            // A mean of 30 costs the differences five bits.
            let tolerance = if offset == 0.0 { 1.0 } else { 8.0 };
            for (index, (&found, &expected)) in found.iter().zip(&expected).enumerate() {
                let difference = (f64::from(found) - expected).abs();
                prop_assert!(
                    difference <= TOLERANCE * tolerance,
                    "{instructions:?}: value {index} is {found}, expected {expected}"
                );
            }
        }
    }

    #[test]
    fn attention_of_stacked_inputs_is_its_definition(
        seed in any::<u64>(),
        lengths in prop::collection::vec(1_usize..60, 1..4),
        head_count in 1_usize..4,
        head_size in 1_usize..20,
    ) {
        let shape = AttentionShape { head_count, head_size };
        let hidden = head_count * head_size;
        let row_count: usize = lengths.iter().sum();
        let rows = numbers(seed, row_count * 3 * hidden);
        let (maps, contexts) = attention(shape, &rows, &lengths);
        for instructions in Instructions::available() {
            let (found_maps, found_contexts) = attend(instructions, shape, &rows, &lengths);
            let what = format!("{instructions:?}");
            assert_near(&format!("{what}: maps"), &found_maps, &maps);
            assert_near(&format!("{what}: context"), &found_contexts, &contexts);
        }
    }
}

/// Attention by way of panels: the maps of one input after the other, and the
/// context as `[row, hidden]`.
fn attend(
    instructions: Instructions,
    shape: AttentionShape,
    rows: &[f32],
    lengths: &[usize],
) -> (Vec<f32>, Vec<f32>) {
    let hidden = shape.head_count * shape.head_size;
    let row_count: usize = lengths.iter().sum();
    let panels = kernels::to_panels(instructions, rows, 3 * hidden);
    let mut spans = Vec::new();
    let mut maps: Vec<Vec<f32>> = Vec::new();
    let mut start = 0;
    for &length in lengths {
        spans.push((start, length));
        maps.push(vec![f32::NAN; shape.head_count * length * length]);
        start += length;
    }
    let mut outputs: Vec<&mut [f32]> = maps.iter_mut().map(Vec::as_mut_slice).collect();
    let context = kernels::attend(instructions, shape, panels.values(), &spans, &mut outputs);
    let context = kernels::from_panels(instructions, context.values(), hidden, 0, row_count);
    (maps.concat(), context)
}

/// The same by definition.
fn attention(shape: AttentionShape, rows: &[f32], lengths: &[usize]) -> (Vec<f64>, Vec<f64>) {
    let hidden = shape.head_count * shape.head_size;
    let row_count: usize = lengths.iter().sum();
    let at = |row: usize, column: usize| f64::from(rows[row * 3 * hidden + column]);
    let mut maps = Vec::new();
    let mut context = vec![0.0; row_count * hidden];
    let mut start = 0;
    for &length in lengths {
        for head in 0..shape.head_count {
            let columns = head * shape.head_size..(head + 1) * shape.head_size;
            for query in start..start + length {
                let scores: Vec<f64> = (start..start + length)
                    .map(|key| {
                        let products = columns
                            .clone()
                            .map(|column| at(query, column) * at(key, hidden + column));
                        products.sum::<f64>() / (shape.head_size as f64).sqrt()
                    })
                    .collect();
                let powers: Vec<f64> = scores.iter().map(|score| score.exp()).collect();
                let sum: f64 = powers.iter().sum();
                for (key, power) in (start..).zip(&powers) {
                    maps.push(power / sum);
                    for column in columns.clone() {
                        context[query * hidden + column] +=
                            power / sum * at(key, 2 * hidden + column);
                    }
                }
            }
        }
        start += length;
    }
    (maps, context)
}

/// The row counts at which a row is compared with itself alone: around every
/// number of panels that is treated differently.
fn row_counts() -> impl Iterator<Item = usize> {
    (1..=64).chain([128, 257, 1_025])
}

#[test]
fn a_row_of_a_product_has_the_same_bits_whatever_the_number_of_rows_beside_it() {
    for (input_count, output_count) in [(1, 1), (7, 5), (48, 64), (700, 37), (64, 37), (800, 33)] {
        let weight = numbers(1, input_count * output_count);
        let bias = numbers(2, output_count);
        let map = LinearParameters {
            weight: &weight,
            bias: &bias,
            activation: Some(Activation::Gelu),
        };
        let rows = numbers(3, 1_025 * input_count);
        for instructions in Instructions::available() {
            let alone: Vec<f32> = rows
                .chunks_exact(input_count)
                .flat_map(|row| product(instructions, map, row, 1))
                .collect();
            for row_count in row_counts() {
                let together = product(
                    instructions,
                    map,
                    &rows[..row_count * input_count],
                    row_count,
                );
                let what =
                    format!("{input_count} to {output_count}, {row_count} rows, {instructions:?}");
                assert_eq!(bits(&together), bits(&alone[..together.len()]), "{what}");
            }
        }
    }
}

#[test]
fn an_input_has_the_same_attention_wherever_it_stands_in_the_stack() {
    let shape = AttentionShape {
        head_count: 2,
        head_size: 9,
    };
    let width = 3 * shape.head_count * shape.head_size;
    for instructions in Instructions::available() {
        for before in row_counts() {
            for length in [1, 5, 16, 33] {
                let rows = numbers(4, (before + length) * width);
                let own = &rows[before * width..];
                let (maps, contexts) = attend(instructions, shape, own, &[length]);
                let (all_maps, all_contexts) =
                    attend(instructions, shape, &rows, &[before, length]);
                let what = format!("{length} rows after {before}, {instructions:?}");
                let last_maps = &all_maps[all_maps.len() - maps.len()..];
                let last_contexts = &all_contexts[all_contexts.len() - contexts.len()..];
                assert_eq!(bits(last_maps), bits(&maps), "{what}: maps");
                assert_eq!(bits(last_contexts), bits(&contexts), "{what}: context");
            }
        }
    }
}

/// Everything that a layer does, on one number of threads.
fn layer(thread_count: usize, row_count: usize) -> Vec<u32> {
    let instructions = Instructions::fastest();
    let shape = AttentionShape {
        head_count: 4,
        head_size: 32,
    };
    let hidden = shape.head_count * shape.head_size;
    let rows = numbers(5, row_count * hidden);
    let weight = numbers(6, 3 * hidden * hidden);
    let bias = numbers(7, 3 * hidden);
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(thread_count)
        .build();
    let pool = pool.expect("threads can be started");
    pool.install(|| {
        let map = LinearParameters {
            weight: &weight,
            bias: &bias,
            activation: None,
        };
        let projected = product(instructions, map, &rows, row_count);
        let lengths = [row_count / 3, row_count - row_count / 3];
        let (maps, context) = attend(instructions, shape, &projected, &lengths);
        let mut panels = kernels::to_panels(instructions, &context, hidden);
        let residual = kernels::to_panels(instructions, &rows, hidden);
        let parameters = NormParameters {
            weight: &weight[..hidden],
            bias: &bias[..hidden],
            epsilon: 1e-12,
        };
        kernels::add_and_normalize(
            instructions,
            parameters,
            panels.values_mut(),
            Some(residual.values()),
        );
        let normal = kernels::from_panels(instructions, panels.values(), hidden, 0, row_count);
        bits(&[projected, maps, normal].concat())
    })
}

#[test]
fn the_kernels_give_the_same_bits_at_every_number_of_threads() {
    for row_count in [3, 16, 50, 300] {
        let one = layer(1, row_count);
        for thread_count in [2, 7] {
            assert!(
                one == layer(thread_count, row_count),
                "{row_count} rows, {thread_count} threads"
            );
        }
    }
}
