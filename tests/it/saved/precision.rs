//! How far a row's sum may be from one: by precision and by length.

use attnviz::attention::{
    Attention, AttentionKind, AttentionTensor, ForeignAttention, HeadMaps, RowSums, Selection,
    foreign_row_sum_tolerance, row_sum_tolerance,
};
use attnviz::checkpoint::ModelSource;
use attnviz::pipeline::write_run;
use attnviz::store::{Format, OutputOptions};
use half::{bf16, f16};
use tempfile::TempDir;

use super::bare_run;

/// A map of one row.
fn row(values: &[f32]) -> HeadMaps {
    let selection = Selection::all(1, 1);
    HeadMaps::new(selection, [1, values.len()], values.to_vec()).expect("the shape fits")
}

/// Weights that are all different and sum to one as well as float32 can.
fn uneven(count: usize) -> Vec<f32> {
    let weights: Vec<f64> = (0..count)
        .map(|key| 1.0 + (key * 7_919 % 97) as f64 / 97.0)
        .collect();
    let sum: f64 = weights.iter().sum();
    weights.iter().map(|weight| (weight / sum) as f32).collect()
}

fn check(what: &str, values: &[f32], expected: RowSums) {
    let foreign = ForeignAttention::new(AttentionKind::Cross, row(values), Vec::new());
    let found = foreign.expect("the values are weights").row_sums();
    assert_eq!(found, expected, "{what}");
}

#[test]
fn rounding_to_half_precision_leaves_rows_normalized_at_any_length() {
    for count in [2, 3, 100, 384, 500, 512, 2_048, 4_096] {
        for values in [uneven(count), vec![1.0 / count as f32; count]] {
            let as_bfloat = |&value: &f32| bf16::from_f32(value).to_f32();
            let as_half = |&value: &f32| f16::from_f32(value).to_f32();
            let bfloats: Vec<f32> = values.iter().map(as_bfloat).collect();
            let halves: Vec<f32> = values.iter().map(as_half).collect();
            check("bfloat16", &bfloats, RowSums::One);
            check("float16", &halves, RowSums::One);
        }
    }
}

#[test]
fn what_precision_does_not_explain_is_not_normalized() {
    // In bfloat16 throughout, a hundredth too much is no rounding.
    check(
        "bfloat16",
        &[0.5, 0.507_812_5, 0.007_812_5],
        RowSums::Unnormalized,
    );
    let far: Vec<f32> = uneven(512).iter().map(|value| value * 1.004).collect();
    check("float32", &far, RowSums::Unnormalized);
    let halves: Vec<f32> = far
        .iter()
        .map(|&value| f16::from_f32(value).to_f32())
        .collect();
    check("float16", &halves, RowSums::Unnormalized);
    let tolerance = foreign_row_sum_tolerance(&row(&uneven(512)));
    assert!((0.001..0.0011).contains(&tolerance), "{tolerance}");
}

#[test]
fn the_tolerance_of_a_models_own_rows_grows_with_their_length() {
    assert_eq!(row_sum_tolerance(1), 1e-5);
    assert_eq!(row_sum_tolerance(167), 1e-5);
    let own = |key_count: usize, error: f32| {
        let values = vec![(1.0 - error) / key_count as f32; key_count];
        AttentionTensor::unmasked(values, [1, 1, 1, key_count])
    };
    // What a softmax of 14,000 equal keys gives, and still less than sums of
    // so many numbers may be off.
    assert!(own(14_000, 1.496e-5).is_ok());
    assert!(own(14_000, 8e-4).is_ok());
    assert!(own(14_000, 9e-4).is_err());
    assert!(own(64, 2e-5).is_err());
    assert!(own(512, 5e-5).is_err());
}

/// Every number that is written of attention from elsewhere is one.
#[test]
fn the_greatest_and_the_smallest_numbers_stay_numbers() {
    for value in [3e38_f32, f32::MAX, 1e-45, f32::MIN_POSITIVE] {
        let texts: Vec<String> = ["a", "b", "##c"].map(str::to_owned).to_vec();
        let values = vec![value; 2 * 2 * 9];
        let maps = HeadMaps::new(Selection::all(2, 2), [3, 3], values).expect("the shape fits");
        let foreign = ForeignAttention::new(AttentionKind::SelfAttention, maps, Vec::new());
        let attention = vec![Attention::Foreign(foreign.expect("the values are weights"))];
        let run = bare_run(ModelSource::Elsewhere, &texts, attention);
        let folder = TempDir::new().expect("a temporary folder can be made");
        let views = ["heads", "overview", "mean", "max", "from:a", "to:b"];
        let options = OutputOptions {
            views: views
                .iter()
                .map(|view| view.parse().expect("it is a view"))
                .collect(),
            formats: [Format::Png, Format::Svg, Format::Json].into(),
            ..OutputOptions::default()
        };
        let written = write_run(&run, &options, folder.path(), &|| ());
        let written = written.unwrap_or_else(|error| panic!("{value}: {error}"));
        let json = std::fs::read_to_string(written.folder.join("attention.json"));
        let json: serde_json::Value =
            serde_json::from_str(&json.expect("it is there")).expect("it is JSON");
        for view in ["attention", "mean", "mean_all", "max", "from:a", "to:b"] {
            let text = json[view].to_string();
            assert!(
                !text.contains("null") && text.len() > 9,
                "{value} {view}: {text}"
            );
        }
        for file in &written.manifest.files {
            if file.name.ends_with(".svg") {
                let svg = std::fs::read_to_string(written.folder.join(&file.name));
                let svg = svg.expect("it is there");
                for word in ["NaN", "inf"] {
                    assert!(!svg.contains(&format!(">{word}")), "{value} {}", file.name);
                }
            }
        }
    }
}

#[test]
fn a_sum_beyond_float32_is_refused() {
    use attnviz::analysis::{Granularity, ReshapeError, ReshapeOptions, reshape};
    let texts: Vec<String> = ["a", "b", "##c"].map(str::to_owned).to_vec();
    let maps = HeadMaps::new(Selection::all(1, 1), [3, 3], vec![3e38; 9]).expect("it fits");
    let foreign = ForeignAttention::new(AttentionKind::SelfAttention, maps, Vec::new());
    let attention = vec![Attention::Foreign(foreign.expect("the values are weights"))];
    let run = bare_run(ModelSource::Elsewhere, &texts, attention);
    let options = ReshapeOptions {
        granularity: Granularity::Word,
        ..ReshapeOptions::default()
    };
    let error = reshape(&run, &run.attention[0], &options).expect_err("3e38 + 3e38");
    assert_eq!(error, ReshapeError::SumTooLarge);
}
