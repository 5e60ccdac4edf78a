//! The names of the colour maps and themes. What colours they are is for
//! [`crate::render`] to know.

use crate::names::closed_set;

/// From low to high values, in colours. All are perceptually uniform, and can be
/// told apart without seeing red or green.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Colormap {
    /// Dark violet over green to yellow.
    #[default]
    Viridis,
    /// Blue over grey to yellow, made for colour-blind eyes.
    Cividis,
    /// Black over red-violet to cream.
    Magma,
    /// Black over red to pale yellow.
    Inferno,
    /// Blue over magenta to yellow.
    Plasma,
    /// Black over blue to pale green, after seaborn's map of this name.
    Mako,
    /// White to black, for print.
    Greys,
    /// White to dark blue, for print.
    Blues,
}

closed_set!(
    Colormap,
    "colormap",
    Viridis => "viridis",
    Cividis => "cividis",
    Magma => "magma",
    Inferno => "inferno",
    Plasma => "plasma",
    Mako => "mako",
    Greys => "greys",
    Blues => "blues",
);

/// Paper and ink.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Theme {
    /// Dark ink on white paper.
    #[default]
    Light,
    /// Light ink on nearly black paper.
    Dark,
}

closed_set!(Theme, "theme", Light => "light", Dark => "dark");

/// All colours of a figure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Palette {
    /// The colours of the values.
    pub colormap: Colormap,
    /// Whether high values get the first colours.
    pub inverted: bool,
    /// Paper and ink.
    pub theme: Theme,
    /// What the colours are shared out to.
    pub coloring: Coloring,
}

/// What the colours of a figure are shared out to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Coloring {
    /// One scale has all of the colour map.
    #[default]
    Colormap,
    /// Two scales that begin at the paper, whatever the colour map: half of the
    /// colours are for magnitudes, half for differences to both sides of 0.
    Differences,
}

/// Which of a figure's colours a scale has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum ColorPart {
    /// All of them.
    #[default]
    All,
    /// Of [`Coloring::Differences`] those from the paper on.
    Magnitudes,
    /// Of [`Coloring::Differences`] those with the paper in their middle.
    Differences,
}

/// The last step of 256 that is for magnitudes, and the first and the last that
/// is for differences, of which as many are below 0 as above. Both ends and the
/// middle are even: a picture that has too few colours for all steps does without
/// odd ones.
const LAST_MAGNITUDE: f32 = 127.0;
const DIFFERENCES: (f32, f32) = (128.0, 252.0);
const LAST_STEP: f32 = 255.0;

impl ColorPart {
    /// A fraction of the scale as one of all colours; NaN for NaN.
    pub fn place(self, fraction: f32) -> f32 {
        let inside = fraction.clamp(0.0, 1.0);
        match self {
            Self::All => fraction,
            Self::Magnitudes => inside * LAST_MAGNITUDE / LAST_STEP,
            Self::Differences => {
                let (first, last) = DIFFERENCES;
                (first + inside * (last - first)) / LAST_STEP
            }
        }
    }
}
