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
}
