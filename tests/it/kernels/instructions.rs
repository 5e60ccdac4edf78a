//! Every set of instructions gives the same bits.

use attnviz::model::kernels::{
    self, Aligned, Before, Instructions, LinearParameters, NormParameters,
};
use proptest::prelude::*;

use super::{ACTIVATIONS, attend, heads, numbers, product};

/// What the kernels compute on every set of instructions that this machine has,
/// against the first.
fn check_same_bits(what: &str, compute: impl Fn(Instructions) -> Vec<f32>) {
    let all = Instructions::available();
    let (first, others) = all.split_first().expect("every machine has one");
    let expected = compute(*first);
    for other in others {
        let found = compute(*other);
        assert_eq!(found.len(), expected.len(), "{what} with {other:?}");
        let values = found.iter().zip(&expected).enumerate();
        for (index, (found, expected)) in values {
            let same = found.to_bits() == expected.to_bits() || found.is_nan() && expected.is_nan();
            assert!(
                same,
                "{what}: value {index} is {found:e} with {other:?}, {expected:e} with {first:?}"
            );
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_set_of_instructions_gives_the_same_product(
        seed in any::<u64>(),
        row_count in 1_usize..80,
        input_count in 1_usize..1_200,
        output_count in 1_usize..70,
        activation in prop::option::of(prop::sample::select(&ACTIVATIONS[..])),
    ) {
        let rows = numbers(seed, row_count * input_count);
        let weight = numbers(seed ^ 1, output_count * input_count);
        let bias = numbers(seed ^ 2, output_count);
        let map = LinearParameters { weight: &weight, bias: &bias, activation };
        check_same_bits("product", |instructions| product(instructions, map, &rows, row_count));
    }

    #[test]
    fn every_set_of_instructions_gives_the_same_norm(
        seed in any::<u64>(),
        row_count in 1_usize..40,
        column_count in 1_usize..300,
    ) {
        let values = numbers(seed, row_count * column_count);
        let residual = numbers(seed ^ 1, row_count * column_count);
        let (weight, bias) = (numbers(seed ^ 2, column_count), numbers(seed ^ 3, column_count));
        for bias in [Some(bias.as_slice()), None] {
        let parameters = NormParameters { weight: &weight, bias, epsilon: 1e-12 };
        for residual in [Some(&residual), None] {
            check_same_bits("layer norm", |instructions| {
                let mut panels = kernels::to_panels(instructions, &values, column_count);
                let residual = residual.map(|rows| kernels::to_panels(instructions, rows, column_count));
                let before = residual.as_ref().map(Aligned::values).map_or(Before::Nothing, Before::Added);
                kernels::normalize(instructions, parameters, panels.values_mut(), before);
                kernels::from_panels(instructions, panels.values(), column_count, 0, row_count)
            });
        }
        }
    }

    #[test]
    fn every_set_of_instructions_gives_the_same_attention(
        seed in any::<u64>(),
        lengths in prop_oneof![
            prop::collection::vec(1_usize..60, 1..4),
            // More keys than are summed at a time.
            Just(vec![600]),
        ],
        heads in heads(),
    ) {
        let row_count: usize = lengths.iter().sum();
        let rows = numbers(seed, row_count * 3 * heads.head_count * heads.head_size);
        check_same_bits("attention", |instructions| {
            let (maps, context) = attend(instructions, heads, &rows, &lengths);
            [maps, context].concat()
        });
    }
}

/// Of every magnitude, subnormal ones too.
#[test]
fn every_set_of_instructions_gives_the_same_activations_of_all_kinds_of_numbers() {
    let values: Vec<f32> = (0..=u32::MAX)
        .step_by(16_411)
        .map(f32::from_bits)
        .filter(|value| value.is_finite())
        .chain((-4_000..=4_000).map(|step| step as f32 / 40.0))
        .collect();
    for function in ACTIVATIONS {
        check_same_bits(&format!("{function:?}"), |instructions| {
            let mut found = values.clone();
            kernels::activate(instructions, function, &mut found);
            found
        });
    }
}
