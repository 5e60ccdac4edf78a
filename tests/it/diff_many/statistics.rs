//! Means, 95 % and the worst, in the library and in the tables.

use std::collections::BTreeMap;

use attnviz::analysis::Score;
use attnviz::attention::HeadId;
use attnviz::compare::{DifferenceMeasure, InputDifferences, ManyDifferences, Quantity};

use super::{csv, diff_models, parquet_rows, workplace};
use crate::binary::tree;

const HEADS: [HeadId; 2] = [HeadId { layer: 0, head: 0 }, HeadId { layer: 0, head: 1 }];

/// Inputs with one measure and one score; the others are empty.
fn input(bits: [f64; 2], entropy: [f64; 2]) -> InputDifferences {
    let measures = DifferenceMeasure::ALL
        .iter()
        .flat_map(|measure| match measure {
            DifferenceMeasure::JsBits => bits,
            _ => [0.0, 0.0],
        });
    let scores = Score::ALL.iter().flat_map(|score| match score {
        Score::Entropy => entropy,
        _ => [f64::NAN, f64::NAN],
    });
    InputDifferences {
        measures: measures.collect(),
        scores: scores.collect(),
    }
}

/// Twenty inputs: of the first head 0.05, 0.10 … 1.00 in another order, of the
/// second the same twice as small; of the score both signs.
fn inputs() -> Vec<(u64, InputDifferences)> {
    let values = (0..20_u64).map(|place| {
        // 7 and 20 have no divisor in common.
        let value = ((place * 7) % 20 + 1) as f64 / 20.0;
        let sign = if place % 2 == 0 { 1.0 } else { -1.0 };
        (place, input([value, value / 2.0], [sign * value, f64::NAN]))
    });
    values.collect()
}

#[test]
fn statistics_are_numpys_in_any_order_of_inputs() {
    let inputs = inputs();
    let count = |order: &[usize]| {
        let mut many = ManyDifferences::new(HEADS.to_vec());
        for &place in order {
            let (index, input) = &inputs[place];
            many.add(*index, input);
        }
        many
    };
    let forwards: Vec<usize> = (0..inputs.len()).collect();
    let many = count(&forwards);
    // numpy: mean, percentile(95, method="inverted_cdf"), max of 0.05 … 1.00.
    let bits = many.of(Quantity::Measure(DifferenceMeasure::JsBits));
    let expected = [(0.525, 0.95, 1.0), (0.2625, 0.475, 0.5)];
    for (found, (mean, p95, worst)) in bits.iter().zip(expected) {
        assert!((found.mean - mean).abs() < 1e-9, "{found:?}");
        assert!(
            found.p95 >= p95 - 1e-6 && found.p95 <= p95 * (1.0 + 1.0 / 128.0),
            "{found:?}"
        );
        assert!((found.worst - worst).abs() < 1e-7, "{found:?}");
        // (17 · 7) mod 20 is 19.
        assert_eq!((found.worst_index, found.count), (17, 20));
    }
    // Of scores the mean has a sign: numpy's of the same twenty.
    let entropy = many.of(Quantity::Score(Score::Entropy));
    assert_eq!(entropy.len(), 1, "the other head has none");
    let signed: f64 = inputs.iter().map(|(_, input)| input.scores[0]).sum();
    assert!((entropy[0].mean - signed / 20.0).abs() < 1e-9);
    assert!((entropy[0].worst - 1.0).abs() < 1e-7);
    assert!(many.of(Quantity::Score(Score::Distance)).is_empty());
    let ranked = many.ranked(Quantity::Measure(DifferenceMeasure::JsBits));
    assert_eq!(ranked[0].head, HEADS[0]);

    let backwards: Vec<usize> = forwards.iter().rev().copied().collect();
    let mixed: Vec<usize> = forwards.iter().map(|place| (place * 13 + 5) % 20).collect();
    for order in [backwards, mixed] {
        assert_eq!(count(&order), many, "{order:?}");
    }
}

#[test]
fn equal_inputs_name_the_first_of_them() {
    let mut many = ManyDifferences::new(HEADS.to_vec());
    for index in [3, 1, 2] {
        many.add(index, &input([0.25, 0.0], [0.0, 0.0]));
    }
    let bits = many.of(Quantity::Measure(DifferenceMeasure::JsBits));
    assert_eq!([bits[0].worst_index, bits[1].worst_index], [1, 1]);
    assert_eq!((bits[1].mean, bits[1].p95, bits[1].worst), (0.0, 0.0, 0.0));
}

#[test]
fn the_table_of_heads_is_that_of_all_inputs_summed_up() {
    let workplace = workplace();
    diff_models(&workplace, 0, "out", &[]);
    let rows = parquet_rows(&workplace, "out/diff.parquet");
    assert_eq!(rows.len(), 5 * 14, "a row an input and head");
    let indices: Vec<f64> = rows
        .iter()
        .step_by(14)
        .map(|(_, row)| row["index"])
        .collect();
    assert_eq!(indices, [0.0, 1.0, 2.0, 3.0, 4.0]);
    let mut checked = 0;
    for line in csv(&workplace, "out/diff.csv") {
        let place = |row: &BTreeMap<String, f64>| {
            let is = |name: &str| line[name].parse() == Ok(row[name]);
            is("layer") && is("head")
        };
        let column = &line["measure"];
        let of_head: Vec<(&String, f64)> = rows
            .iter()
            .filter(|(_, row)| place(row))
            .map(|(id, row)| (id, row[column]))
            .filter(|(_, value)| !value.is_nan())
            .collect();
        let number = |name: &str| -> f64 { line[name].parse().expect("a number") };
        assert_eq!(number("count") as usize, of_head.len(), "{line:?}");
        let mean = of_head.iter().map(|(_, value)| value).sum::<f64>() / number("count");
        assert!((number("mean") - mean).abs() < 1e-6, "{line:?}: {mean}");
        let worst = of_head
            .iter()
            .map(|(_, value)| value.abs())
            .fold(0.0, f64::max);
        // Tables have as many digits as single precision needs.
        assert_eq!(number("worst") as f32, worst as f32, "{line:?}");
        let first = of_head.iter().find(|(_, value)| value.abs() == worst);
        assert_eq!(
            first.map(|(id, _)| *id),
            Some(&line["worst_id"]),
            "{line:?}"
        );
        assert!(number("p95") <= number("worst"), "{line:?}");
        checked += 1;
    }
    // Five measures and nineteen scores: a single text of an encoder has no
    // segments and nothing of a decoder.
    assert_eq!(checked, 14 * (5 + 19));
}

#[test]
fn rows_that_are_empty_say_so_and_layers_before_the_change_are_equal() {
    let workplace = workplace();
    diff_models(&workplace, 0, "out", &[]);
    for (id, row) in parquet_rows(&workplace, "out/diff.parquet") {
        assert!(row["induction_difference"].is_nan(), "{id}: {row:?}");
        let is_changed = row["layer"] == 1.0;
        assert_eq!(row["js_bits"] > 0.0, is_changed, "{id}: {row:?}");
        assert_eq!(row["max_abs"] > 0.0, is_changed, "{id}: {row:?}");
    }
}

#[test]
fn bytes_do_not_depend_on_threads_or_on_what_was_there() {
    let workplace = workplace();
    let formats = ["-f", "png,npz,safetensors", "--threads"];
    diff_models(&workplace, 0, "one", &[&formats[..], &["1"]].concat());
    diff_models(&workplace, 0, "four", &[&formats[..], &["4"]].concat());
    let one = tree(&workplace.path().join("one"));
    assert!(one.contains_key("differences.png") && one.contains_key("diff.npz"));
    assert!(
        one == tree(&workplace.path().join("four")),
        "other bytes at other threads"
    );
    diff_models(&workplace, 0, "one", &[&formats[..], &["2"]].concat());
    assert!(
        one == tree(&workplace.path().join("one")),
        "other bytes the second time"
    );
}
