//! The same bits, whatever is computed beside a row and on however many threads.

use super::*;

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
    for mask in [
        Mask::Full,
        Mask::Causal,
        Mask::Window {
            behind: 7,
            ahead: 3,
        },
    ] {
        check_place_in_the_stack(Heads {
            mask,
            has_distances: mask != Mask::Full,
            ..Heads::new(2, 9)
        });
    }
}

fn check_place_in_the_stack(heads: Heads) {
    let width = 3 * heads.head_count * heads.head_size;
    for instructions in Instructions::available() {
        for before in row_counts() {
            for length in [1, 5, 16, 33] {
                let rows = numbers(4, (before + length) * width);
                let own = &rows[before * width..];
                let (maps, contexts) = attend(instructions, heads, own, &[length]);
                let (all_maps, all_contexts) =
                    attend(instructions, heads, &rows, &[before, length]);
                let what = format!("{length} rows after {before}, {heads:?}, {instructions:?}");
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
    let heads = Heads::new(4, 32);
    let hidden = heads.head_count * heads.head_size;
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
        let (maps, context) = attend(instructions, heads, &projected, &lengths);
        let mut panels = kernels::to_panels(instructions, &context, hidden);
        let residual = kernels::to_panels(instructions, &rows, hidden);
        let parameters = NormParameters {
            weight: &weight[..hidden],
            bias: Some(&bias[..hidden]),
            epsilon: 1e-12,
        };
        kernels::normalize(
            instructions,
            parameters,
            panels.values_mut(),
            Before::Added(residual.values()),
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
