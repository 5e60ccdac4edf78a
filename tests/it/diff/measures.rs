//! The measures of a difference, from given attention: against float64, and what
//! has to hold for any maps.

use std::collections::BTreeMap;

use attnviz::attention::HeadId;
use attnviz::checkpoint::ModelSource;
use attnviz::compare::{CompareError, DifferenceMeasure, Differences, Thresholds, differences};
use attnviz::input::Input;
use attnviz::run::Run;
use proptest::prelude::*;
use safetensors::SafeTensors;
use serde::Deserialize;

use crate::binary::fixture;
use crate::runs::{foreign, raw, run_of, source, unit};

/// What a measure may be off by.
const TOLERANCE: f64 = 1e-9;

#[derive(Deserialize)]
struct Document {
    cases: Vec<Case>,
    models: Vec<OfModels>,
}

/// Two maps, and each measure of their rows.
#[derive(Deserialize)]
struct Case {
    name: String,
    left: Vec<Vec<f64>>,
    right: Vec<Vec<f64>>,
    rows: BTreeMap<String, Vec<f64>>,
}

/// An input of the built-in checkpoint and of its original in F32, and each
/// measure of every head.
#[derive(Deserialize)]
struct OfModels {
    input: String,
    heads: BTreeMap<String, Vec<f64>>,
}

fn expected() -> Document {
    let path = fixture("expected/differences.json");
    let text = std::fs::read_to_string(path).expect("the expected values are there");
    serde_json::from_str(&text).expect("they are JSON")
}

/// A run of attention from elsewhere; queries are the keys where there are as many.
fn run(values: Vec<f32>, shape: [usize; 4]) -> Run {
    let [_, _, queries, keys] = shape;
    let units = (0..keys).map(|key| unit(&format!("k{key}"), false));
    let mut streams = source(units.collect());
    if queries != keys {
        let units = (0..queries).map(|query| unit(&format!("q{query}"), false));
        let mut target = source(units.collect());
        target[0].role = attnviz::input::StreamRole::Target;
        streams.extend(target);
    }
    run_of(
        ("elsewhere", ModelSource::Elsewhere),
        Input::text("given"),
        streams,
        foreign(values, shape),
    )
}

fn compared(left: &[f32], right: &[f32], shape: [usize; 4]) -> Differences {
    let (left, right) = (run(left.to_vec(), shape), run(right.to_vec(), shape));
    differences(&raw(&left), &raw(&right)).expect("both are of one shape")
}

fn assert_near(name: &str, found: &[f64], expected: &[f64]) {
    assert_eq!(found.len(), expected.len(), "{name}");
    for (place, (found, expected)) in found.iter().zip(expected).enumerate() {
        assert!(
            (found - expected).abs() <= TOLERANCE,
            "{name} at {place}: {found} instead of {expected}"
        );
    }
}

#[test]
fn measures_of_given_rows_are_those_of_float64() {
    let cases = expected().cases;
    assert_eq!(cases.len(), 12);
    for case in cases {
        let flat = |rows: &[Vec<f64>]| -> Vec<f32> {
            let values = rows.iter().flatten();
            values.map(|&value| value as f32).collect()
        };
        let shape = [1, 1, case.left.len(), case.left[0].len()];
        let found = compared(&flat(&case.left), &flat(&case.right), shape);
        for &measure in DifferenceMeasure::ALL {
            let name = format!("{} {measure}", case.name);
            let rows = &case.rows[measure.name()];
            assert_near(&name, found.rows(measure), rows);
            let joined = match measure {
                DifferenceMeasure::MaxAbs => rows.iter().copied().fold(0.0, f64::max),
                _ => rows.iter().sum::<f64>() / rows.len() as f64,
            };
            assert_near(&name, found.heads(measure), &[joined]);
            assert_eq!(found.layers(measure), [(0, found.heads(measure)[0])]);
        }
        let bits = found.rows(DifferenceMeasure::JsBits);
        assert!(
            bits.iter().all(|bits| *bits >= 0.0),
            "{}: {bits:?}",
            case.name
        );
        // What the plain formula loses to rounding is not lost here.
        if case.name == "one_ulp" {
            assert!(bits.iter().all(|bits| *bits > 0.0), "{bits:?}");
        }
        if case.name == "equal" {
            for &measure in DifferenceMeasure::ALL {
                assert!(found.rows(measure).iter().all(|value| *value == 0.0));
            }
        }
    }
}

#[test]
fn the_built_in_weights_differ_from_their_original_as_float64_says() {
    let [left, right] = ["minilm-l6-v2", "minilm-l6-v2-f32"].map(|name| {
        std::fs::read(fixture(&format!("expected/{name}.safetensors"))).expect("it is there")
    });
    let left = SafeTensors::deserialize(&left).expect("it is safetensors");
    let right = SafeTensors::deserialize(&right).expect("it is safetensors");
    let models = expected().models;
    assert_eq!(models.len(), 4);
    for OfModels { input, heads } in models {
        let name = format!("{input}.attention");
        let read = |file: &SafeTensors<'_>| -> (Vec<f32>, [usize; 4]) {
            let tensor = file.tensor(&name).expect("the input is there");
            let values = tensor.data().chunks_exact(4);
            let shape = tensor.shape().try_into().expect("it has four dimensions");
            (
                values
                    .map(|bytes| f32::from_le_bytes(bytes.try_into().expect("four bytes")))
                    .collect(),
                shape,
            )
        };
        let ((left, shape), (right, _)) = (read(&left), read(&right));
        let found = compared(&left, &right, shape);
        for &measure in DifferenceMeasure::ALL {
            let name = format!("{input} {measure}");
            assert_near(&name, found.heads(measure), &heads[measure.name()]);
        }
        // They are nearly equal, and not equal.
        let bits = found.heads(DifferenceMeasure::JsBits);
        assert!(
            bits.iter().all(|bits| (0.0..1e-4).contains(bits)),
            "{bits:?}"
        );
        assert!(bits.iter().any(|bits| *bits > 0.0));
    }
}

#[test]
fn heads_are_ranked_with_the_cell_that_differs_most() {
    // Three heads of two rows: equal, a little apart, far apart twice alike.
    let left = [0.5, 0.5, 1.0, 0.0, 0.5, 0.5, 0.5, 0.5, 1.0, 0.0, 1.0, 0.0];
    let right = [0.5, 0.5, 1.0, 0.0, 0.25, 0.75, 0.5, 0.5, 0.0, 1.0, 0.0, 1.0];
    let found = compared(&left, &right, [3, 1, 2, 2]);
    let heads = |measure| -> Vec<usize> {
        let ranked = found.ranked(measure);
        ranked.iter().map(|(id, _)| id.layer).collect()
    };
    for &measure in DifferenceMeasure::ALL {
        assert_eq!(heads(measure), [2, 1, 0], "{measure}");
    }
    assert_eq!(found.greatest_cells, [[0, 0], [0, 0], [0, 0]]);
    let exceeded = |thresholds: Thresholds| thresholds.exceeded(&found);
    let limits = Thresholds {
        js_bits: Some(0.5),
        total_variation: Some(1.0),
        max_abs: Some(0.999),
    };
    let found = exceeded(limits);
    let measures: Vec<_> = found.iter().map(|one| (one.measure, one.head)).collect();
    let head = HeadId { layer: 2, head: 0 };
    // What is as much as its threshold is within it.
    assert_eq!(
        measures,
        [
            (DifferenceMeasure::JsBits, head),
            (DifferenceMeasure::MaxAbs, head)
        ]
    );
    assert_eq!((found[0].value, found[0].limit), (1.0, 0.5));
    assert!(exceeded(Thresholds::default()).is_empty());
}

#[test]
fn maps_of_other_heads_or_units_are_refused() {
    let left = run(vec![1.0; 2 * 3], [2, 3, 1, 1]);
    let other_heads = run(vec![1.0; 2], [2, 1, 1, 1]);
    let other_units = run(vec![0.5; 2 * 3 * 4], [2, 3, 2, 2]);
    let found = differences(&raw(&left), &raw(&other_heads));
    assert_eq!(
        found.map_err(|error| error.to_string()),
        Err("the left side has 2 × 3 heads (layers × heads), the right one 2 × 1 heads (layers × heads)".to_owned())
    );
    let found = differences(&raw(&left), &raw(&other_units));
    assert!(matches!(
        found,
        Err(CompareError::OtherUnits {
            left: [1, 1],
            right: [2, 2]
        })
    ));
}

proptest! {
    /// Whatever the maps are: nothing below 0, equal maps differ by nothing,
    /// neither side is the first, and rows that sum to 1 stay within 1.
    #[test]
    fn measures_are_symmetric_bounded_and_zero_for_equal_maps(
        numbers in proptest::collection::vec(
            prop_oneof![Just(0.0_f32), 0.0..1.0_f32, 1e-30..1e-20_f32], 2 * 4 * 7)
    ) {
        let normalized = |values: &[f32]| -> Vec<f32> {
            values
                .chunks_exact(7)
                .flat_map(|row| {
                    let sum: f64 = row.iter().map(|&value| f64::from(value)).sum();
                    row.iter().map(move |&value| match sum > 0.0 {
                        true => (f64::from(value) / sum) as f32,
                        false => 1.0 / 7.0,
                    })
                })
                .collect()
        };
        let (left, right) = numbers.split_at(28);
        let (left, right) = (normalized(left), normalized(right));
        let shape = [1, 1, 4, 7];
        let there = compared(&left, &right, shape);
        let back = compared(&right, &left, shape);
        let same = compared(&left, &left, shape);
        for &measure in DifferenceMeasure::ALL {
            let (there, back) = (there.rows(measure), back.rows(measure));
            for (one, other) in there.iter().zip(back) {
                prop_assert!((one - other).abs() <= 1e-15, "{measure}: {one} {other}");
                prop_assert!((0.0..=1.0 + 1e-6).contains(one), "{measure}: {one}");
            }
            prop_assert!(same.rows(measure).iter().all(|value| *value == 0.0));
            // All measures are 0 together.
            let zeros = |measure| -> Vec<bool> {
                compared(&left, &right, shape).rows(measure).iter().map(|value| *value == 0.0).collect()
            };
            prop_assert_eq!(zeros(measure), zeros(DifferenceMeasure::MaxAbs));
        }
    }
}

#[test]
fn numbers_of_64_bits_are_said_to_be_compared_as_ones_of_32() {
    let workplace = crate::binary::Workplace::new();
    let file = |kind: &str, first: f64| {
        let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
        let header =
            format!("{{'descr': '<{kind}', 'fortran_order': False, 'shape': (1, 1, 2, 2), }}");
        let header = format!("{header:<117}\n");
        bytes.extend((header.len() as u16).to_le_bytes());
        bytes.extend(header.as_bytes());
        for value in [first, 1.0 - first, 0.5, 0.5] {
            match kind {
                "f8" => bytes.extend(value.to_le_bytes()),
                _ => bytes.extend((value as f32).to_le_bytes()),
            }
        }
        bytes
    };
    let files = [
        ("a.npy", file("f8", 0.25)),
        ("b.npy", file("f8", 0.25 + 1e-12)),
        ("c.npy", file("f4", 0.25)),
    ];
    for (name, bytes) in files {
        std::fs::write(workplace.path().join(name), bytes).expect("it is written");
    }
    let said = |left: &str, right: &str, folder: &str| {
        let sides = ["diff", left, right, "--max-abs", "1e-13", "-o", folder];
        workplace.succeed(&sides).stderr
    };
    let of = |side: &str| format!("the numbers of {side} are of 64 bits");
    let both = said("a.npy", "b.npy", "both");
    assert!(
        both.contains(&of("LEFT")) && both.contains(&of("RIGHT")),
        "{both}"
    );
    let one = said("c.npy", "a.npy", "one");
    assert!(
        !one.contains(&of("LEFT")) && one.contains(&of("RIGHT")),
        "{one}"
    );
    // Nothing differs that could be seen, and the table has no row of it.
    let page = std::fs::read_to_string(workplace.path().join("both/index.html"));
    let page = page.expect("there is a page");
    assert!(page.contains("No head differs: both sides are equal."));
    assert!(!page.contains("There is nothing to compare"));
}
