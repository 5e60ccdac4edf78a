//! How alike heads are: the divergence itself is held against float64 in
//! `rollout/values.rs`; here are its order, its neighbours and its picture.

use attnviz::analysis::{similar_heads, similarity, similarity_within};
use attnviz::attention::{Attention, HeadId};
use proptest::prelude::*;

use crate::binary::Workplace;
use crate::runs::{foreign, own};

/// One head of each of some layers, all queries of a head attending alike.
fn heads(rows: &[[f32; 3]]) -> Attention {
    let values = rows.iter().flat_map(|row| row.repeat(3)).collect();
    own(values, [rows.len(), 1, 3, 3]).remove(0)
}

#[test]
fn alike_heads_are_beside_one_another() {
    let a = [1.0, 0.0, 0.0];
    let near_a = [0.9, 0.1, 0.0];
    let b = [0.0, 0.0, 1.0];
    let near_b = [0.0, 0.2, 0.8];
    let middle = [0.4, 0.3, 0.3];
    let cases = [
        (vec![a, b, near_a, near_b], vec![2, 0, 1, 3]),
        (vec![a, near_a, b, near_b], vec![0, 1, 3, 2]),
        // Of equal ones the lower number first.
        (vec![a; 4], vec![0, 1, 2, 3]),
        (vec![a, b, a, b], vec![0, 2, 1, 3]),
        (vec![middle], vec![0]),
        (vec![b, a], vec![0, 1]),
    ];
    for (rows, expected) in cases {
        let found = similarity(&heads(&rows));
        let apart = |order: &[usize]| -> f32 {
            let count = rows.len();
            let pairs = order.windows(2);
            pairs
                .map(|pair| found.values[pair[0] * count + pair[1]])
                .sum()
        };
        assert!(
            apart(&found.order) <= apart(&expected) + 1e-6,
            "{rows:?}: {:?} instead of {expected:?}",
            found.order
        );
        let mut sorted = found.order.clone();
        sorted.sort_unstable();
        assert_eq!(sorted, (0..rows.len()).collect::<Vec<_>>());
    }
    // Ties decided.
    assert_eq!(similarity(&heads(&[a; 4])).order, [0, 1, 2, 3]);
    assert_eq!(similarity(&heads(&[a, b, a, b])).order, [0, 2, 1, 3]);
}

#[test]
fn each_head_has_its_nearest_ones() {
    let rows = [
        [1.0, 0.0, 0.0],
        [0.0, 1.0, 0.0],
        [0.8, 0.2, 0.0],
        [0.5, 0.5, 0.0],
        [1.0, 0.0, 0.0],
    ];
    let found = similarity(&heads(&rows));
    let near = similar_heads(&found, 3);
    let layers = |head: usize| -> Vec<usize> {
        let near = near[head].iter();
        near.map(|(id, _)| id.layer).collect()
    };
    assert_eq!(layers(0), [4, 2, 3]);
    assert_eq!(layers(1), [3, 2, 0]);
    assert_eq!(near[0][0], (HeadId { layer: 4, head: 0 }, 0.0));
    assert_eq!(similar_heads(&found, 9)[2].len(), 4);
    let pairs = found.most_alike(2);
    assert_eq!(pairs[0].0.map(|id| id.layer), [0, 4]);
    assert_eq!(pairs[0].1, 0.0);
}

#[test]
fn a_lone_head_is_alike_to_none() {
    let found = similarity(&heads(&[[0.2, 0.3, 0.5]]));
    assert_eq!(
        (found.values.as_slice(), found.order.as_slice()),
        (&[0.0][..], &[0][..])
    );
    assert_eq!(similar_heads(&found, 3), [Vec::new()]);
    assert!(found.most_alike(3).is_empty());
}

#[test]
fn what_would_take_too_long_is_compared_by_every_few_queries() {
    // Two heads that differ in the first of six queries alone.
    let first = [[1.0, 0.0], [0.0, 1.0]];
    let mut values = Vec::new();
    for row in first {
        values.extend(row);
        values.extend([0.5; 10]);
    }
    let attention = foreign(values, [1, 2, 6, 2]).remove(0);
    let whole = similarity(&attention);
    assert_eq!((whole.stride, whole.values[1]), (1, 1.0 / 6.0));
    // Twelve logarithms of the one pair.
    let half = similarity_within(&attention, 6);
    assert_eq!((half.stride, half.values[1]), (2, 1.0 / 3.0));
    let least = similarity_within(&attention, 0);
    assert_eq!((least.stride, least.values[1]), (6, 1.0));
}

proptest! {
    /// The same as the definition, term by term, with the logarithm of the
    /// system: also where values are tiny, 0 or greater than 1.
    #[test]
    fn the_divergence_is_that_of_its_definition(
        numbers in proptest::collection::vec(prop_oneof![Just(0.0_f32), 0.0..1.0_f32, 0.0..1e-30_f32, 0.0..9.0_f32], 2 * 3 * 11)
    ) {
        let attention = foreign(numbers.clone(), [1, 2, 3, 11]).remove(0);
        let (left, right) = numbers.split_at(33);
        let mut sum = 0.0_f64;
        for (p, q) in left.iter().zip(right) {
            let (p, q) = (f64::from(*p), f64::from(*q));
            let middle = (p + q) / 2.0;
            for value in [p, q] {
                if value > 0.0 {
                    sum += value * (value / middle).log2() / 2.0;
                }
            }
        }
        let found = f64::from(similarity(&attention).values[1]);
        prop_assert!((found - sum / 3.0).abs() < 1e-6, "{found}, {}", sum / 3.0);
    }
}

#[test]
fn similarity_is_a_matrix_of_all_heads_with_the_most_alike_named() {
    let workplace = Workplace::new();
    let arguments = [
        "encode",
        "It was late.",
        "-m",
        "builtin",
        "--layers",
        "0-1",
        "--heads",
        "0-3",
        "--views",
        "similarity",
        "-f",
        "svg,json",
        "--show",
        "--tokens",
        "word",
    ];
    let outcome = workplace.succeed(&arguments);
    let folder = workplace.default_output().join("it-was-late");
    let picture = std::fs::read_to_string(folder.join("similarity.svg")).expect("a picture");
    for said in [
        "how alike 8 heads attend",
        "Jensen\u{2013}Shannon divergence",
        "most alike heads, in bits",
        "whatever else is merged",
        ">0.0<",
        ">1.3<",
    ] {
        assert!(picture.contains(said), "{said}");
    }
    let numbers = std::fs::read_to_string(folder.join("attention.json")).expect("numbers");
    let numbers: serde_json::Value = serde_json::from_str(&numbers).expect("JSON");
    let rows = numbers["similarity"].as_array().expect("rows");
    assert_eq!(rows.len(), 8);
    for (place, row) in rows.iter().enumerate() {
        let row = row.as_array().expect("values");
        assert_eq!((row.len(), &row[place]), (8, &serde_json::json!(0.0)));
        for (other, value) in row.iter().enumerate() {
            assert_eq!(value, &rows[other][place]);
        }
    }
    let table = outcome
        .stdout
        .split_once("most alike heads")
        .expect("a table")
        .1;
    assert_eq!(table.lines().skip(2).count(), 10, "{table}");
    assert!(
        !outcome.stdout.contains("strongest links"),
        "{}",
        outcome.stdout
    );
}
