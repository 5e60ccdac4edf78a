//! What colours the values get, and which ink can be read on them.

use std::sync::OnceLock;

pub use crate::figure::{ColorPart, Coloring, Colormap, Palette, Theme};

use crate::figure::layout::Ink;

/// Red, green, blue.
pub type Color = [u8; 3];

/// The steps of a colour table.
pub(super) const STEPS: usize = 256;
/// Stands beside the steps for what is no number.
pub(super) const NO_STEP: usize = STEPS;

/// The colours of a picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ColorTable {
    steps: &'static Steps,
    inverted: bool,
    theme: Theme,
    coloring: Coloring,
    part: ColorPart,
}

/// The steps of a colour map, computed once for all pictures.
#[derive(Debug, PartialEq, Eq)]
struct Steps {
    colors: [Color; STEPS],
    /// The ink that can be read on each.
    inks: [Color; STEPS],
}

impl Steps {
    fn new(colors: [Color; STEPS]) -> Self {
        let inks = colors.map(readable_on);
        Self { colors, inks }
    }

    fn of_colormap(colormap: Colormap) -> Self {
        Self::new(std::array::from_fn(|step| match colormap {
            Colormap::Viridis => gradient(colorous::VIRIDIS, step),
            Colormap::Cividis => gradient(colorous::CIVIDIS, step),
            Colormap::Magma => gradient(colorous::MAGMA, step),
            Colormap::Inferno => gradient(colorous::INFERNO, step),
            Colormap::Plasma => gradient(colorous::PLASMA, step),
            Colormap::Mako => MAKO.color(step),
            Colormap::Greys => GREYS.color(step),
            Colormap::Blues => BLUES.color(step),
        }))
    }

    /// Magnitudes first, then differences, as [`ColorPart::place`] has them.
    fn of_differences(theme: Theme) -> Self {
        let [magnitudes, below, above] = match theme {
            Theme::Light => &ON_WHITE,
            Theme::Dark => &ON_BLACK,
        };
        Self::new(std::array::from_fn(|step| match step {
            0 | ZERO => paper(theme),
            1..SECOND_SCALE => magnitudes.at(step as f64 / (SECOND_SCALE - 1) as f64),
            SECOND_SCALE..ZERO => below.at((ZERO - step) as f64 / (ZERO - SECOND_SCALE) as f64),
            // No scale has the last steps.
            _ => above.at((step - ZERO) as f64 / (ZERO - SECOND_SCALE) as f64),
        }))
    }

    fn of(palette: Palette) -> &'static Self {
        static COLORMAPS: [OnceLock<Steps>; Colormap::ALL.len()] =
            [const { OnceLock::new() }; Colormap::ALL.len()];
        static DIFFERENCES: [OnceLock<Steps>; Theme::ALL.len()] =
            [const { OnceLock::new() }; Theme::ALL.len()];
        let (colormap, theme) = (palette.colormap, palette.theme);
        match palette.coloring {
            Coloring::Colormap => {
                COLORMAPS[colormap as usize].get_or_init(|| Self::of_colormap(colormap))
            }
            Coloring::Differences => {
                DIFFERENCES[theme as usize].get_or_init(|| Self::of_differences(theme))
            }
        }
    }
}

impl ColorTable {
    /// The table of a palette.
    pub fn new(palette: Palette) -> Self {
        Self {
            steps: Steps::of(palette),
            inverted: match palette.coloring {
                Coloring::Colormap => palette.inverted,
                // The paper is where nothing is.
                Coloring::Differences => false,
            },
            theme: palette.theme,
            coloring: palette.coloring,
            part: ColorPart::All,
        }
    }

    /// The same with fractions of one scale alone.
    #[must_use]
    pub fn of_part(self, part: ColorPart) -> Self {
        Self { part, ..self }
    }

    /// The paper.
    pub fn background(&self) -> Color {
        paper(self.theme)
    }

    /// Whether another scale than that of the step before begins at a step.
    pub(super) fn begins_scale(&self, step: usize) -> bool {
        match self.coloring {
            Coloring::Colormap => step == 0,
            Coloring::Differences => step == 0 || step == SECOND_SCALE,
        }
    }

    /// So much may be between a channel of a step and that of the step which is
    /// shown for it where a picture has too few colours for all.
    pub(super) fn tolerance(&self) -> u8 {
        match self.coloring {
            Coloring::Colormap => 2,
            // Its scales are of fewer steps, which are as many further apart.
            Coloring::Differences => 6,
        }
    }

    /// The colour of a fraction of the scale: the first colour for 0 and less,
    /// the last for 1 and more, that of the paper for what is no number: a cell
    /// that is not there.
    pub fn color(&self, fraction: f32) -> Color {
        self.step_color(self.step(fraction))
    }

    /// The step of a fraction of the scale, [`NO_STEP`] for what is no number.
    pub(super) fn step(&self, fraction: f32) -> usize {
        if fraction.is_nan() {
            return NO_STEP;
        }
        // The nearest; a sum in single precision would round before the cast
        // does.
        let place = self.part.place(fraction).clamp(0.0, 1.0) * (STEPS - 1) as f32;
        let step = ((f64::from(place) + 0.5) as usize).min(STEPS - 1);
        match self.inverted {
            true => STEPS - 1 - step,
            false => step,
        }
    }

    /// The colour of a step.
    pub(super) fn step_color(&self, step: usize) -> Color {
        let color = self.steps.colors.get(step);
        color.copied().unwrap_or_else(|| self.background())
    }

    /// What can be read on the colour of a step, faint or not.
    pub(super) fn step_ink(&self, step: usize, is_faint: bool) -> Color {
        let ink = self.steps.inks.get(step).copied();
        let ink = ink.unwrap_or_else(|| readable_on(self.background()));
        match is_faint {
            true => mix(self.step_color(step), ink),
            false => ink,
        }
    }

    /// The colour of an ink.
    pub fn ink(&self, ink: Ink) -> Color {
        match (ink, self.theme) {
            (Ink::Strong, Theme::Light) => [26, 26, 30],
            (Ink::Medium, Theme::Light) => [74, 74, 82],
            (Ink::Light, Theme::Light) => [122, 122, 132],
            (Ink::Hairline, Theme::Light) => [176, 176, 184],
            (Ink::Strong, Theme::Dark) => [236, 236, 240],
            (Ink::Medium, Theme::Dark) => [190, 190, 198],
            (Ink::Light, Theme::Dark) => [140, 140, 150],
            (Ink::Hairline, Theme::Dark) => [90, 90, 98],
            (Ink::Paper, _) => self.background(),
            (Ink::Grid, Theme::Light) => [230, 230, 234],
            (Ink::Grid, Theme::Dark) => [46, 47, 54],
            (Ink::Band, Theme::Light) => [252, 240, 214],
            (Ink::Band, Theme::Dark) => [62, 52, 30],
            (Ink::Bar, Theme::Light) => [58, 104, 156],
            (Ink::Bar, Theme::Dark) => [108, 164, 220],
            (Ink::FaintBar, Theme::Light) => [170, 188, 208],
            (Ink::FaintBar, Theme::Dark) => [66, 86, 110],
            (Ink::OnScale(fraction), _) => self.color(fraction),
            (Ink::OnColor(fraction), _) => self.step_ink(self.step(fraction), false),
            (Ink::FaintOnColor(fraction), _) => self.step_ink(self.step(fraction), true),
        }
    }
}

fn paper(theme: Theme) -> Color {
    match theme {
        Theme::Light => [255, 255, 255],
        Theme::Dark => [22, 23, 28],
    }
}

/// The first step of the second of two scales, and the step of its 0.
const SECOND_SCALE: usize = 128;
const ZERO: usize = 190;

fn gradient(gradient: colorous::Gradient, step: usize) -> Color {
    gradient.eval_rational(step, STEPS).as_array()
}

/// A path through OKLCH (Ottosson 2020, <https://bottosson.github.io/posts/oklab/>)
/// in equal steps of lightness, so that equal differences of value look alike.
struct Path {
    /// Of the first and of the last colour.
    lightness: [f64; 2],
    /// At equal distances along the path, in degrees.
    hues: [f64; 9],
    /// At the same places.
    chromas: [f64; 9],
}

/// From nearly black over indigo, blue and teal to a pale green, as seaborn's
/// map of this name goes.
const MAKO: Path = Path {
    lightness: [0.13, 0.955],
    hues: [
        345.0, 311.0, 289.0, 266.0, 237.0, 207.0, 180.0, 161.0, 155.0,
    ],
    chromas: [0.02, 0.05, 0.09, 0.112, 0.095, 0.095, 0.11, 0.085, 0.03],
};

/// From white to black without any hue.
const GREYS: Path = Path {
    lightness: [1.0, 0.16],
    hues: [0.0; 9],
    chromas: [0.0; 9],
};

/// From a white that is hardly blue to a dark blue.
const BLUES: Path = Path {
    lightness: [0.985, 0.3],
    hues: [
        240.0, 243.0, 246.0, 249.0, 252.0, 255.0, 258.0, 261.0, 264.0,
    ],
    chromas: [0.008, 0.03, 0.055, 0.085, 0.112, 0.135, 0.145, 0.14, 0.12],
};

/// From the paper on: magnitudes, differences below 0 and differences above. At
/// the same distance from 0 both sides are as light as one another, so that
/// neither seems to be more; blue and orange are told apart by all eyes but those
/// that see no colours, for which there are signs and numbers.
const ON_WHITE: [Path; 3] = [
    Path {
        lightness: [1.0, 0.2],
        hues: [
            150.0, 158.0, 168.0, 180.0, 200.0, 225.0, 255.0, 285.0, 305.0,
        ],
        chromas: [0.0, 0.05, 0.085, 0.1, 0.095, 0.095, 0.11, 0.09, 0.05],
    },
    Path {
        lightness: [1.0, 0.36],
        hues: [
            245.0, 246.0, 248.0, 250.0, 252.0, 254.0, 256.0, 258.0, 260.0,
        ],
        chromas: [0.0, 0.035, 0.07, 0.1, 0.125, 0.14, 0.145, 0.14, 0.13],
    },
    Path {
        lightness: [1.0, 0.36],
        hues: [75.0, 70.0, 64.0, 58.0, 53.0, 48.0, 44.0, 41.0, 39.0],
        chromas: [0.0, 0.045, 0.085, 0.12, 0.14, 0.145, 0.14, 0.125, 0.11],
    },
];

/// The same on dark paper.
const ON_BLACK: [Path; 3] = [
    Path {
        lightness: [0.206, 0.955],
        hues: [
            285.0, 283.0, 278.0, 262.0, 237.0, 207.0, 180.0, 161.0, 155.0,
        ],
        chromas: [0.01, 0.06, 0.095, 0.11, 0.095, 0.095, 0.11, 0.085, 0.03],
    },
    Path {
        lightness: [0.206, 0.86],
        hues: [
            262.0, 261.0, 259.0, 257.0, 254.0, 250.0, 245.0, 239.0, 232.0,
        ],
        chromas: [0.01, 0.05, 0.085, 0.115, 0.135, 0.14, 0.13, 0.11, 0.085],
    },
    Path {
        lightness: [0.206, 0.86],
        hues: [35.0, 37.0, 40.0, 44.0, 49.0, 55.0, 61.0, 68.0, 75.0],
        chromas: [0.01, 0.045, 0.08, 0.11, 0.135, 0.145, 0.145, 0.135, 0.12],
    },
];

impl Path {
    fn color(&self, step: usize) -> Color {
        self.at(step as f64 / (STEPS - 1) as f64)
    }

    fn at(&self, fraction: f64) -> Color {
        let [first, last] = self.lightness;
        let lightness = first + (last - first) * fraction;
        let hue = smooth(&self.hues, fraction).to_radians();
        oklch(lightness, smooth(&self.chromas, fraction).max(0.0), hue)
    }
}

/// The Catmull-Rom spline through values at equal distances.
fn smooth(values: &[f64; 9], fraction: f64) -> f64 {
    let last = values.len() - 1;
    let place = fraction.clamp(0.0, 1.0) * last as f64;
    let start = (place.floor() as usize).min(last - 1);
    let along = place - start as f64;
    let at = |index: usize| values[index.min(last)];
    let (before, from, to, after) = (
        at(start.saturating_sub(1)),
        at(start),
        at(start + 1),
        at(start + 2),
    );
    let linear = to - before;
    let square = 2.0 * before - 5.0 * from + 4.0 * to - after;
    let cube = 3.0 * (from - to) + after - before;
    from + 0.5 * along * (linear + along * (square + along * cube))
}

/// OKLCH as sRGB, clipped to its gamut.
fn oklch(lightness: f64, chroma: f64, hue: f64) -> Color {
    let (a, b) = (chroma * libm::cos(hue), chroma * libm::sin(hue));
    let cube = |value: f64| value * value * value;
    let long = cube(lightness + 0.396_337_777_4 * a + 0.215_803_757_3 * b);
    let medium = cube(lightness - 0.105_561_345_8 * a - 0.063_854_172_8 * b);
    let short = cube(lightness - 0.089_484_177_5 * a - 1.291_485_548_0 * b);
    [
        4.076_741_662_1 * long - 3.307_711_591_3 * medium + 0.230_969_929_2 * short,
        -1.268_438_004_6 * long + 2.609_757_401_1 * medium - 0.341_319_396_5 * short,
        -0.004_196_086_3 * long - 0.703_418_614_7 * medium + 1.707_614_701_0 * short,
    ]
    .map(|linear| {
        let linear = linear.clamp(0.0, 1.0);
        let value = match linear <= 0.003_130_8 {
            true => 12.92 * linear,
            false => 1.055 * libm::pow(linear, 1.0 / 2.4) - 0.055,
        };
        (value * 255.0).round() as u8
    })
}

/// Near black or white, whichever has the greater contrast by WCAG's relative
/// luminance.
fn readable_on(color: Color) -> Color {
    let dark = [20, 20, 24];
    let light = [255, 255, 255];
    let luminance = relative_luminance(color);
    let contrast_to_light = 1.05 / (luminance + 0.05);
    let contrast_to_dark = (luminance + 0.05) / (relative_luminance(dark) + 0.05);
    if contrast_to_light >= contrast_to_dark {
        light
    } else {
        dark
    }
}

/// Two fifths of the way from a colour to an ink.
fn mix(color: Color, ink: Color) -> Color {
    std::array::from_fn(|channel| {
        let (from, to) = (u16::from(color[channel]), u16::from(ink[channel]));
        // A mean of two bytes is a byte.
        ((from * 3 + to * 2) / 5) as u8
    })
}

fn relative_luminance(color: Color) -> f32 {
    let [red, green, blue] = color.map(|channel| {
        let value = f32::from(channel) / 255.0;
        if value <= 0.040_45 {
            value / 12.92
        } else {
            libm::pow(f64::from((value + 0.055) / 1.055), 2.4) as f32
        }
    });
    0.2126 * red + 0.7152 * green + 0.0722 * blue
}
