//! The names of the colour maps. What colours they are is for
//! [`crate::render`] to know.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

/// From low to high values, in colours. All but the last two are perceptually
/// uniform, and all can be told apart without seeing red or green.
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
    /// White to black, for print.
    Greys,
    /// White to dark blue, for print.
    Blues,
}

impl Colormap {
    /// Every colour map, the default first.
    pub fn all() -> [Self; 7] {
        [
            Self::Viridis,
            Self::Cividis,
            Self::Magma,
            Self::Inferno,
            Self::Plasma,
            Self::Greys,
            Self::Blues,
        ]
    }

    /// The name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Viridis => "viridis",
            Self::Cividis => "cividis",
            Self::Magma => "magma",
            Self::Inferno => "inferno",
            Self::Plasma => "plasma",
            Self::Greys => "greys",
            Self::Blues => "blues",
        }
    }
}

impl fmt::Display for Colormap {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

/// A name that no [`Colormap`] has.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("no colormap is called {name:?}; there are {known}", known = known_names())]
pub struct UnknownColormap {
    /// What was asked for.
    pub name: String,
}

fn known_names() -> String {
    Colormap::all().map(Colormap::name).join(", ")
}

impl FromStr for Colormap {
    type Err = UnknownColormap;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        Self::all()
            .into_iter()
            .find(|colormap| colormap.name() == name)
            .ok_or_else(|| UnknownColormap { name: name.into() })
    }
}
