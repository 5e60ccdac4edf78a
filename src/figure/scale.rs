//! From values to fractions of the colour scale, and what its bar says.

use crate::names::closed_set;

/// Which value gets the last colour where `--vmax` does not say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Scale {
    /// Each map's own maximum.
    Head,
    /// One.
    Unit,
    /// The maximum of all maps of the run.
    Run,
}

closed_set!(Scale, "scale", Head => "head", Unit => "unit", Run => "run");

/// How colours follow values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Progression {
    /// Equal steps of colour are equal differences.
    #[default]
    Linear,
    /// Equal steps of colour are equal ratios.
    Logarithmic,
}

closed_set!(
    Progression,
    "progression",
    Linear => "linear",
    Logarithmic => "logarithmic",
);

/// So many powers of ten are told apart below the maximum of a logarithmic
/// scale, unless a minimum is given.
pub(super) const DECADES: f64 = 4.0;

/// The smallest number above 0.
const SMALLEST: f32 = f32::from_bits(1);

/// The values of the first and the last colour.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ValueRange {
    /// The value of the first colour; greater than 0 on a logarithmic scale.
    pub minimum: f32,
    /// The value of the last colour; greater than the minimum.
    pub maximum: f32,
    /// How colours follow values between them.
    pub progression: Progression,
}

impl ValueRange {
    /// From 0, or from four powers of ten below the maximum on a logarithmic
    /// scale, to a maximum that is greater than 0.
    pub fn up_to(maximum: f32, progression: Progression) -> Self {
        let minimum = match progression {
            Progression::Linear => 0.0,
            Progression::Logarithmic => {
                let decade = (libm::log10(f64::from(maximum)) - 1e-6).ceil();
                (libm::exp10(decade - DECADES) as f32).max(SMALLEST)
            }
        };
        Self {
            minimum,
            maximum,
            progression,
        }
    }

    /// As [`Self::up_to`], but a logarithmic scale is exactly four powers of ten
    /// long, so that scales with different maxima begin at the same part.
    pub fn of_panel(maximum: f32, progression: Progression) -> Self {
        let minimum = match progression {
            Progression::Linear => 0.0,
            Progression::Logarithmic => {
                ((f64::from(maximum) / libm::exp10(DECADES)) as f32).max(SMALLEST)
            }
        };
        Self {
            minimum,
            maximum,
            progression,
        }
    }

    /// Where a value is between the first (0) and the last colour (1); outside
    /// of both where the scale clips it, NaN for NaN.
    pub fn fraction(&self, value: f32) -> f32 {
        let Self {
            minimum,
            maximum,
            progression,
        } = *self;
        match progression {
            Progression::Linear => match (maximum - minimum).is_finite() {
                true => (value - minimum) / (maximum - minimum),
                false => {
                    let [value, minimum, maximum] = [value, minimum, maximum].map(f64::from);
                    ((value - minimum) / (maximum - minimum)) as f32
                }
            },
            Progression::Logarithmic if value > 0.0 => match (maximum / minimum).is_finite() {
                true => logarithm(value / minimum) / logarithm(maximum / minimum),
                false => {
                    let [value, minimum, maximum] =
                        [value, minimum, maximum].map(|end| libm::log(f64::from(end)));
                    ((value - minimum) / (maximum - minimum)) as f32
                }
            },
            Progression::Logarithmic if value.is_nan() => value,
            Progression::Logarithmic => f32::NEG_INFINITY,
        }
    }
}

/// Rounded from `f64`: libm's own for `f32` is further from the truth.
fn logarithm(value: f32) -> f32 {
    libm::log(f64::from(value)) as f32
}

/// The value of the first and last colours.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum ColorRange {
    /// The same in the whole figure.
    Shared(ValueRange),
    /// Each panel's own: the bar cannot name the value of the last colour.
    PerPanel {
        /// The value of the first colour, where it is the same in all panels
        /// and not 0; of a logarithmic scale without it the first colour is a
        /// ten-thousandth of the last.
        minimum: Option<f32>,
        /// How colours follow values.
        progression: Progression,
    },
}

/// How many values of a figure are outside the scale.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Clipped {
    /// Drawn in the first colour, though they are less.
    pub below: usize,
    /// Drawn in the last colour, though they are more.
    pub above: usize,
    /// All values.
    pub of: usize,
}

/// The smallest of 1, 2 and 5 times a power of ten that is not below a step
/// above 0.
pub(super) fn round_up(least: f64) -> f64 {
    let power = libm::exp10(libm::log10(least).floor());
    [1.0, 2.0, 5.0]
        .into_iter()
        .map(|factor| factor * power)
        .find(|&step| step >= least * (1.0 - 1e-6))
        .unwrap_or(10.0 * power)
}

/// A number as short as it can be told, whatever its size: `0.05`, `1`,
/// `3e38`; in three significant digits where it is no round number.
pub(super) fn number(value: f64) -> String {
    if value == 0.0 || !value.is_finite() {
        return format!("{value}");
    }
    let exponent = libm::log10(value.abs()).floor();
    if !PLAIN_EXPONENTS.contains(&exponent) {
        // Two digits behind the point, and no zeros at its end.
        let text = format!("{value:.2e}");
        let (digits, power) = text.split_once('e').unwrap_or((&text, "0"));
        let digits = digits.trim_end_matches('0').trim_end_matches('.');
        return format!("{digits}e{power}");
    }
    let digits = usize::try_from(2 - exponent as i64).unwrap_or(0);
    let is_exact = |text: &String| {
        text.parse::<f64>()
            .is_ok_and(|found| (found - value).abs() <= value.abs() * 1e-6)
    };
    (0..=digits)
        .map(|decimals| format!("{value:.decimals$}"))
        .find(is_exact)
        .unwrap_or_else(|| format!("{value:.digits$}"))
}

/// Numbers of these powers of ten are written without them.
pub(super) const PLAIN_EXPONENTS: std::ops::RangeInclusive<f64> = -6.0..=5.0;

impl Clipped {
    /// Counts values that are drawn with a range: all but NaN, which is none.
    pub fn count(&mut self, values: &[f32], range: &ValueRange) {
        self.of += values.iter().filter(|value| !value.is_nan()).count();
        self.below += values
            .iter()
            .filter(|&&value| value < range.minimum)
            .count();
        self.above += values
            .iter()
            .filter(|&&value| value > range.maximum)
            .count();
    }
}
