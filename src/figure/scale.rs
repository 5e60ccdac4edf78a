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
const DECADES: f64 = 4.0;

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
                libm::exp10(decade - DECADES) as f32
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
            Progression::Linear => (value - minimum) / (maximum - minimum),
            Progression::Logarithmic if value > 0.0 => {
                logarithm(value / minimum) / logarithm(maximum / minimum)
            }
            Progression::Logarithmic if value.is_nan() => value,
            Progression::Logarithmic => f32::NEG_INFINITY,
        }
    }

    /// The value at a fraction of the scale.
    pub fn value(&self, fraction: f32) -> f32 {
        let Self {
            minimum,
            maximum,
            progression,
        } = *self;
        match progression {
            Progression::Linear => minimum + fraction * (maximum - minimum),
            Progression::Logarithmic => {
                let power = libm::pow(f64::from(maximum / minimum), f64::from(fraction));
                minimum * power as f32
            }
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
    /// Each panel's own, so that the bar can name no numbers.
    PerPanel,
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
