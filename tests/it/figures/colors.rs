//! Colours: even steps of lightness, ink that can be read, honest ticks.

use attnviz::figure::layout::{self, Ink, Item, Layout, Rect, Role};
use attnviz::figure::{Colormap, FigureOptions, Palette, Progression, Scale, Theme, ValueRange};
use attnviz::render::TextShaper;
use attnviz::render::colormap::{Color, ColorTable};
use proptest::prelude::*;

use super::{FIRST, check, head_map, run, words};

pub(super) fn linear(channel: u8) -> f64 {
    let value = f64::from(channel) / 255.0;
    if value <= 0.040_45 {
        value / 12.92
    } else {
        ((value + 0.055) / 1.055).powf(2.4)
    }
}

/// Lightness in OKLab (Ottosson 2020).
pub(super) fn lightness(color: Color) -> f64 {
    let [red, green, blue] = color.map(linear);
    let long = 0.412_221_470_8 * red + 0.536_332_536_3 * green + 0.051_445_992_9 * blue;
    let medium = 0.211_903_498_2 * red + 0.680_699_545_1 * green + 0.107_396_956_6 * blue;
    let short = 0.088_302_461_9 * red + 0.281_718_837_6 * green + 0.629_978_700_5 * blue;
    0.210_454_255_3 * long.cbrt() + 0.793_617_785_0 * medium.cbrt() - 0.004_072_046_8 * short.cbrt()
}

/// The contrast of WCAG 2.
fn contrast(left: Color, right: Color) -> f64 {
    let luminance = |color: Color| {
        let [red, green, blue] = color.map(linear);
        0.2126 * red + 0.7152 * green + 0.0722 * blue + 0.05
    };
    let (left, right) = (luminance(left), luminance(right));
    left.max(right) / left.min(right)
}

#[test]
fn lightness_follows_values_in_even_steps() {
    const STEPS: u8 = 16;
    // The maps of matplotlib are even by another measure than this one, and
    // begin steeply where they begin at black.
    for (colormap, least, most) in [
        (Colormap::Viridis, 0.8, 1.3),
        (Colormap::Cividis, 0.8, 1.4),
        (Colormap::Plasma, 0.8, 1.3),
        (Colormap::Magma, 0.75, 2.0),
        (Colormap::Inferno, 0.75, 2.0),
        (Colormap::Mako, 0.85, 1.15),
        (Colormap::Greys, 0.85, 1.15),
        (Colormap::Blues, 0.85, 1.15),
    ] {
        let is_pale_first = matches!(colormap, Colormap::Greys | Colormap::Blues);
        for inverted in [false, true] {
            let colors = ColorTable::new(Palette {
                colormap,
                inverted,
                ..Palette::default()
            });
            let light = |step: u8| lightness(colors.color(f32::from(step) / f32::from(STEPS)));
            let mean = (light(STEPS) - light(0)) / f64::from(STEPS);
            assert_eq!(mean > 0.0, is_pale_first == inverted, "{colormap}");
            for step in 0..STEPS {
                let ratio = (light(step + 1) - light(step)) / mean;
                assert!(
                    (least..=most).contains(&ratio),
                    "{colormap}: {ratio} of the mean step at {step}"
                );
            }
        }
    }
}

#[test]
fn every_step_of_a_colormap_is_a_color_of_its_own() {
    for &colormap in Colormap::ALL {
        let colors = ColorTable::new(Palette {
            colormap,
            ..Palette::default()
        });
        let steps = 64_u8;
        for step in 1..=steps {
            let color = |step: u8| colors.color(f32::from(step) / f32::from(steps));
            assert_ne!(color(step), color(step - 1), "{colormap} at {step}");
        }
    }
}

#[test]
fn ink_can_be_read_on_both_papers() {
    for &theme in Theme::ALL {
        let colors = ColorTable::new(Palette {
            theme,
            ..Palette::default()
        });
        for paper in [colors.background(), colors.ink(Ink::Band)] {
            for (ink, least) in [
                (Ink::Strong, 7.0),
                (Ink::Medium, 4.5),
                (Ink::Light, 3.0),
                (Ink::Bar, 3.0),
            ] {
                let found = contrast(colors.ink(ink), paper);
                assert!(found >= least, "{theme} {ink:?}: {found}");
            }
        }
        for ink in [Ink::Hairline, Ink::FaintBar, Ink::Grid, Ink::Band] {
            let found = contrast(colors.ink(ink), colors.background());
            assert!(found > 1.1, "{theme} {ink:?}: {found}");
        }
    }
}

#[test]
fn values_can_be_read_on_every_color() {
    for &colormap in Colormap::ALL {
        let colors = ColorTable::new(Palette {
            colormap,
            ..Palette::default()
        });
        for step in 0..=100_u8 {
            let fraction = f32::from(step) / 100.0;
            let found = contrast(colors.ink(Ink::OnColor(fraction)), colors.color(fraction));
            assert!(found >= 4.0, "{colormap} at {fraction}: {found}");
        }
    }
}

fn bar(layout: &Layout<'_>) -> Rect {
    let mut bars = layout.items.iter().filter_map(|item| match item {
        Item::ColorBar(rect, _) => Some(*rect),
        _ => None,
    });
    bars.next().unwrap()
}

/// The ticks of the colour bar from below: the fraction where they stand, and
/// what they say.
fn ticks(layout: &Layout<'_>) -> Vec<(f32, String)> {
    let bar = bar(layout);
    let mut ticks: Vec<(f32, String)> = layout
        .texts()
        .filter(|text| text.role == Role::Tick)
        .map(|text| {
            let middle = text.rect.y + text.rect.height / 2;
            let fraction = (bar.bottom() - middle) as f32 / bar.height as f32;
            (fraction, text.text.clone())
        })
        .collect();
    ticks.sort_by(|left, right| left.0.total_cmp(&right.0));
    ticks
}

fn bar_of(count: usize, options: &FigureOptions) -> (Vec<(f32, String)>, ValueRange) {
    let run = run(&words(count), 1, 1, 1);
    let figure = head_map(&run, FIRST, options).unwrap();
    let layout = layout::layout(&figure, &mut TextShaper::new()).unwrap();
    check(&layout);
    let cells = super::matrices(&layout).next().unwrap();
    (ticks(&layout), cells.range)
}

fn number(text: &str) -> f32 {
    text.trim_start_matches(['≤', '≥', ' ']).parse().unwrap()
}

#[test]
fn ticks_are_round_and_few() {
    let logarithmic = |minimum, maximum| FigureOptions {
        progression: Progression::Logarithmic,
        scale: Some(Scale::Unit),
        minimum,
        maximum,
        ..FigureOptions::default()
    };
    let linear = |minimum, maximum| FigureOptions {
        progression: Progression::Linear,
        ..logarithmic(minimum, maximum)
    };
    for (options, expected) in [
        (
            linear(None, None),
            &["0", "0.2", "0.4", "0.6", "0.8", "1"][..],
        ),
        (
            linear(Some(0.05), Some(0.3)),
            &["0.05", "0.10", "0.15", "0.20", "0.25", "0.30"],
        ),
        (
            logarithmic(None, None),
            &["0.0001", "0.001", "0.01", "0.1", "1"],
        ),
        (
            logarithmic(Some(0.02), Some(0.9)),
            &["0.02", "0.05", "0.1", "0.2", "0.5", "0.9"],
        ),
        (
            logarithmic(Some(0.1), Some(0.2)),
            &["0.1", "0.12", "0.14", "0.16", "0.18", "0.2"],
        ),
    ] {
        let (ticks, _) = bar_of(20, &options);
        let found: Vec<&str> = ticks
            .iter()
            .map(|(_, text)| text.trim_start_matches(['≤', '≥', ' ']))
            .collect();
        assert_eq!(found, expected);
    }
}

#[test]
fn an_end_that_clips_says_so() {
    let options = FigureOptions {
        minimum: Some(0.03),
        maximum: Some(0.06),
        ..FigureOptions::default()
    };
    for progression in [Progression::Linear, Progression::Logarithmic] {
        let options = FigureOptions {
            progression,
            ..options
        };
        let (ticks, _) = bar_of(20, &options);
        assert_eq!(ticks.first().unwrap().1, "≤ 0.03");
        assert_eq!(ticks.last().unwrap().1, "≥ 0.06");
        let wide = FigureOptions {
            minimum: Some(0.000_1),
            maximum: Some(1.0),
            ..options
        };
        let (ticks, _) = bar_of(20, &wide);
        assert_eq!(ticks.first().unwrap().1, "0.0001");
        assert_eq!(ticks.last().unwrap().1, "1");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn ticks_stand_where_their_value_is(
        start in 1e-6_f32..0.5,
        ratio in 1.05_f32..1e5,
        is_logarithmic: bool,
        count in 1_usize..40,
    ) {
        let options = FigureOptions {
            minimum: Some(start),
            maximum: Some((start * ratio).min(2.0)),
            progression: match is_logarithmic {
                true => Progression::Logarithmic,
                false => Progression::Linear,
            },
            ..FigureOptions::default()
        };
        let (ticks, range) = bar_of(count, &options);
        prop_assert!(ticks.len() >= 2 && ticks.len() <= 12);
        for (fraction, text) in ticks {
            let expected = range.fraction(number(&text));
            // Ends are told in three digits, and positions in whole pixels.
            let digits = (range.fraction(range.maximum * 1.005) - 1.0).abs().max(0.01);
            prop_assert!((fraction - expected).abs() <= 0.02 + digits, "{} at {}", text, fraction);
        }
    }
}
