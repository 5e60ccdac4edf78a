//! Scales from the smallest to the greatest float.

use attnviz::figure::layout::{self, ticks};
use attnviz::figure::{
    Clipped, ColorPart, ColorRange, ColorScale, FigureOptions, Progression, Scale, ValueRange,
};
use attnviz::render::TextShaper;
use proptest::prelude::*;

use super::{FIRST, check, encode, grid, head_map, overview_of, run, words};
use crate::runs::foreign;

const ENDS: [f32; 12] = [
    0.0,
    1e-45,
    3e-45,
    1e-43,
    1.1e-38,
    1e-20,
    0.3,
    1.0,
    1.000_000_1,
    7.5,
    3e38,
    f32::MAX,
];

fn number(text: &str) -> f64 {
    let text = text.trim_start_matches(['≤', '≥', ' ']);
    text.parse()
        .unwrap_or_else(|_| panic!("{text:?} is no number"))
}

fn check_ticks(range: ValueRange, room: i32) -> Result<(), TestCaseError> {
    let scale = ColorScale {
        part: ColorPart::All,
        range: ColorRange::Shared(range),
        label: String::new(),
        clipped: Clipped::default(),
    };
    let ticks = ticks(&scale, room);
    let told = format!("{range:?} in {room}: {ticks:?}");
    prop_assert!((2..=12).contains(&ticks.len()), "{}", told);
    prop_assert_eq!(
        (ticks[0].0, ticks[ticks.len() - 1].0),
        (0.0, 1.0),
        "{}",
        told
    );
    for pair in ticks.windows(2) {
        prop_assert!(pair[0].0 < pair[1].0, "{}", told);
        prop_assert!(number(&pair[0].1) < number(&pair[1].1), "{}", told);
    }
    let (start, end) = (f64::from(range.minimum), f64::from(range.maximum));
    for (fraction, text) in &ticks {
        prop_assert!((0.0..=1.0).contains(fraction), "{}", told);
        prop_assert!(text.chars().count() <= 16, "{}", told);
        // Ends are told in three digits.
        let slack = (end.abs() + start.abs()) * 0.006;
        let value = number(text);
        prop_assert!(value >= start - slack && value <= end + slack, "{}", told);
    }
    Ok(())
}

#[test]
fn ticks_of_the_ends_of_floats_are_few_and_differ() {
    for minimum in ENDS {
        for maximum in ENDS {
            for progression in [Progression::Linear, Progression::Logarithmic] {
                let range = ValueRange {
                    minimum,
                    maximum,
                    progression,
                };
                let is_range =
                    minimum < maximum && (progression == Progression::Linear || minimum > 0.0);
                if is_range {
                    for room in [0, 1, 2, 6, 40] {
                        check_ticks(range, room).unwrap();
                    }
                }
            }
        }
    }
}

#[test]
fn maps_of_any_size_are_drawn() {
    let mut shaper = TextShaper::new();
    for value in [
        1e-45_f32,
        1e-43,
        1e-38,
        1e-10,
        0.5,
        7.0,
        1e10,
        3e38,
        f32::MAX,
    ] {
        let mut run = run(&words(3), 1, 2, 2);
        let values = (0..36).map(|cell| if cell % 5 == 0 { 0.0 } else { value });
        run.attention = foreign(values.collect(), [2, 2, 3, 3]);
        for progression in [Progression::Linear, Progression::Logarithmic] {
            for scale in [None, Some(Scale::Head), Some(Scale::Unit), Some(Scale::Run)] {
                let options = FigureOptions {
                    progression,
                    scale,
                    ..FigureOptions::default()
                };
                let figures = [
                    head_map(&run, FIRST, &options).unwrap(),
                    overview_of(&run, &options).unwrap(),
                ];
                for figure in figures {
                    check(&layout::layout(&figure, &mut shaper).unwrap());
                    encode(&figure, &mut shaper).unwrap();
                    let texts = figure.notes.join(" ");
                    assert!(!texts.contains("NaN") && !texts.contains("inf"), "{texts}");
                }
            }
        }
    }
}

#[test]
fn ends_that_make_no_scale_are_refused() {
    for (minimum, maximum, progression) in [
        (Some(0.5), Some(0.5), Progression::Linear),
        (Some(0.6), Some(0.5), Progression::Linear),
        (None, Some(0.0), Progression::Linear),
        (None, Some(-1.0), Progression::Linear),
        (Some(f32::NAN), None, Progression::Linear),
        (None, Some(f32::NAN), Progression::Linear),
        (None, Some(f32::INFINITY), Progression::Linear),
        (Some(f32::NEG_INFINITY), None, Progression::Linear),
        (Some(f32::INFINITY), None, Progression::Linear),
        (Some(0.0), None, Progression::Logarithmic),
        (Some(-0.5), None, Progression::Logarithmic),
        // There is no float between the two.
        (None, Some(1e-45), Progression::Logarithmic),
    ] {
        let options = FigureOptions {
            minimum,
            maximum,
            progression,
            ..FigureOptions::default()
        };
        let error = options.check().expect_err("no scale");
        assert!(error.remedy().is_some());
        assert!(error.to_string().len() < 120, "{error}");
    }
}

#[test]
fn the_overview_of_a_plain_run_still_ends_at_1() {
    let figure = grid(&run(&words(5), 1, 2, 2));
    let ColorRange::Shared(range) = figure.color_scale.range else {
        panic!("all panels share a scale");
    };
    assert_eq!((range.minimum, range.maximum), (0.0, 1.0));
}

#[test]
fn ends_that_differ_by_a_zero_alone_are_written_in_full() {
    let range = ValueRange {
        minimum: 19.999_93,
        maximum: 19.999_98,
        progression: Progression::Linear,
    };
    check_ticks(range, 0).unwrap();
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn ticks_of_any_range_are_few_and_differ(
        first in 0_u32..0x7f80_0000,
        second in 0_u32..0x7f80_0000,
        is_near: bool,
        is_logarithmic: bool,
        room in 0_i32..40,
    ) {
        // Bits of positive floats are in the order of the floats.
        let second = if is_near { (first + second % 64).min(0x7f7f_ffff) } else { second };
        let [minimum, maximum] = [first.min(second), first.max(second)].map(f32::from_bits);
        let progression = match is_logarithmic {
            true => Progression::Logarithmic,
            false => Progression::Linear,
        };
        let is_range = minimum < maximum && (!is_logarithmic || minimum > 0.0);
        prop_assume!(is_range);
        check_ticks(ValueRange { minimum, maximum, progression }, room)?;
    }
}
