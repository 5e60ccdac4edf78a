//! The kernels against slow, obvious twins in f64, on every set of
//! instructions that this CPU has, over random shapes.

mod instructions;
mod same_bits;

use attnviz::attention::Mask;
use attnviz::model::kernels::{
    self, Activation, AttentionShape, Before, DistanceScores, HeadStart, Instructions,
    LinearParameters, NormParameters,
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
        let parameters = NormParameters { weight: &weight, bias: Some(&bias), epsilon };
        for instructions in Instructions::available() {
            let mut panels = kernels::to_panels(instructions, &values, column_count);
            let residual = kernels::to_panels(instructions, &residual, column_count);
            kernels::normalize(
            instructions,
            parameters,
            panels.values_mut(),
            Before::Added(residual.values()),
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
        heads in heads(),
    ) {
        let hidden = heads.head_count * heads.head_size;
        let row_count: usize = lengths.iter().sum();
        let rows = numbers(seed, row_count * 3 * hidden);
        let (maps, contexts) = attention(heads, &rows, &lengths);
        for instructions in Instructions::available() {
            let (found_maps, found_contexts) = attend(instructions, heads, &rows, &lengths);
            let what = format!("{instructions:?}");
            assert_near(&format!("{what}: maps"), &found_maps, &maps);
            assert_near(&format!("{what}: context"), &found_contexts, &contexts);
        }
    }
}

/// What the heads of a layer do.
#[derive(Debug, Clone, Copy)]
struct Heads {
    head_count: usize,
    head_size: usize,
    mask: Mask,
    score_cap: Option<f32>,
    has_distances: bool,
}

impl Heads {
    fn new(head_count: usize, head_size: usize) -> Self {
        Self {
            head_count,
            head_size,
            mask: Mask::Full,
            score_cap: None,
            has_distances: false,
        }
    }

    fn scale(self) -> f32 {
        1.0 / (self.head_size as f32).sqrt()
    }

    /// `[head, distance]`, the same for a distance whatever the longest is.
    fn distances(self, longest: usize) -> Vec<f32> {
        const FARTHEST: usize = 2_000;
        let of_head = |head| numbers(8 + head, 2 * FARTHEST + 1);
        let stretch = FARTHEST + 1 - longest..FARTHEST + longest;
        (0..self.head_count as u64)
            .flat_map(|head| of_head(head)[stretch.clone()].to_vec())
            .collect()
    }
}

fn longest(lengths: &[usize]) -> usize {
    lengths.iter().copied().max().unwrap_or(1)
}

/// Masks with short and long windows, capped and plain scores, with and without
/// numbers for distances.
fn heads() -> impl Strategy<Value = Heads> {
    let masks = prop_oneof![
        Just(Mask::Full),
        Just(Mask::Causal),
        (0_usize..40, 0_usize..40).prop_map(|(behind, ahead)| Mask::Window { behind, ahead }),
    ];
    let cap = prop_oneof![Just(None), Just(Some(3.0_f32))];
    (1_usize..4, 1_usize..20, masks, cap, any::<bool>()).prop_map(
        |(head_count, head_size, mask, score_cap, has_distances)| Heads {
            head_count,
            head_size,
            mask,
            score_cap,
            has_distances,
        },
    )
}

/// Attention by way of panels: the maps of one input after the other, and the
/// context as `[row, hidden]`.
fn attend(
    instructions: Instructions,
    heads: Heads,
    rows: &[f32],
    lengths: &[usize],
) -> (Vec<f32>, Vec<f32>) {
    let hidden = heads.head_count * heads.head_size;
    let row_count: usize = lengths.iter().sum();
    let panels = kernels::to_panels(instructions, rows, 3 * hidden);
    let mut spans = Vec::new();
    let mut maps: Vec<Vec<Vec<f32>>> = Vec::new();
    let mut start = 0;
    for &length in lengths {
        spans.push((start, length));
        maps.push(vec![vec![f32::NAN; length * length]; heads.head_count]);
        start += length;
    }
    let outputs = maps.iter_mut().map(|maps| {
        let maps = maps.iter_mut();
        maps.map(|map| Some(map.as_mut_slice())).collect()
    });
    let starts: Vec<HeadStart> = (0..heads.head_count)
        .map(|head| HeadStart {
            query: head * heads.head_size,
            key: hidden + head * heads.head_size,
            value: 2 * hidden + head * heads.head_size,
        })
        .collect();
    let longest = longest(lengths);
    let distances = heads.distances(longest);
    let shape = AttentionShape {
        head_size: heads.head_size,
        column_count: 3 * hidden,
        starts: &starts,
        scale: heads.scale(),
        score_cap: heads.score_cap,
        mask: heads.mask,
        distances: heads.has_distances.then_some(DistanceScores {
            values: &distances,
            longest,
        }),
        relative: None,
    };
    let padded = kernels::padded_row_count(instructions, row_count);
    let mut context = vec![f32::NAN; padded * hidden];
    let outputs = outputs.collect();
    kernels::attend(
        instructions,
        shape,
        panels.values(),
        &spans,
        outputs,
        &mut context,
    );
    let context = kernels::from_panels(instructions, &context, hidden, 0, row_count);
    (maps.concat().concat(), context)
}

/// The same by definition.
fn attention(heads: Heads, rows: &[f32], lengths: &[usize]) -> (Vec<f64>, Vec<f64>) {
    let hidden = heads.head_count * heads.head_size;
    let row_count: usize = lengths.iter().sum();
    let at = |row: usize, column: usize| f64::from(rows[row * 3 * hidden + column]);
    let mut maps = Vec::new();
    let mut context = vec![0.0; row_count * hidden];
    let mut start = 0;
    let longest = longest(lengths);
    let distances = heads.distances(longest);
    for &length in lengths {
        for head in 0..heads.head_count {
            let columns = head * heads.head_size..(head + 1) * heads.head_size;
            for query in start..start + length {
                let scores: Vec<f64> = (start..start + length)
                    .map(|key| {
                        let products = columns
                            .clone()
                            .map(|column| at(query, column) * at(key, hidden + column));
                        let mut score = products.sum::<f64>() * f64::from(heads.scale());
                        if heads.has_distances {
                            let at = head * (2 * longest - 1) + longest - 1 + query - key;
                            score += f64::from(distances[at]);
                        }
                        if let Some(cap) = heads.score_cap.map(f64::from) {
                            score = cap * (score / cap).tanh();
                        }
                        match heads
                            .mask
                            .allowed(query - start, length)
                            .contains(&(key - start))
                        {
                            true => score,
                            false => f64::NEG_INFINITY,
                        }
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
