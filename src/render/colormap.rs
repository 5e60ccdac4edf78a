//! What colours the values get, and which ink can be read on them.

pub use crate::figure::{Colormap, Palette, Theme};

use crate::figure::layout::Ink;

/// Red, green, blue.
pub type Color = [u8; 3];

/// What stands for a value that is no number.
pub const NOT_A_NUMBER: Color = [190, 190, 190];

/// The steps of a colour table.
const STEPS: usize = 256;

/// The colours of a picture, computed once for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ColorTable {
    colors: Vec<Color>,
    theme: Theme,
}

impl ColorTable {
    /// The table of a palette.
    pub fn new(palette: Palette) -> Self {
        let mut colors: Vec<Color> = (0..STEPS)
            .map(|step| match palette.colormap {
                Colormap::Viridis => gradient(colorous::VIRIDIS, step),
                Colormap::Cividis => gradient(colorous::CIVIDIS, step),
                Colormap::Magma => gradient(colorous::MAGMA, step),
                Colormap::Inferno => gradient(colorous::INFERNO, step),
                Colormap::Plasma => gradient(colorous::PLASMA, step),
                Colormap::Mako => mako(step as f64 / (STEPS - 1) as f64),
                Colormap::Greys => gradient(colorous::GREYS, step),
                Colormap::Blues => gradient(colorous::BLUES, step),
            })
            .collect();
        if palette.inverted {
            colors.reverse();
        }
        Self {
            colors,
            theme: palette.theme,
        }
    }

    /// The paper.
    pub fn background(&self) -> Color {
        match self.theme {
            Theme::Light => [255, 255, 255],
            Theme::Dark => [22, 23, 28],
        }
    }

    /// The colour of a fraction of the scale: the first colour for 0 and less,
    /// the last for 1 and more, grey for what is no number.
    pub fn color(&self, fraction: f32) -> Color {
        if fraction.is_nan() {
            return NOT_A_NUMBER;
        }
        // The cast saturates, so that no fraction leaves the table.
        let step = (fraction.clamp(0.0, 1.0) * (STEPS - 1) as f32).round() as usize;
        self.colors.get(step).copied().unwrap_or(NOT_A_NUMBER)
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
            (Ink::Grid, Theme::Light) => [230, 230, 234],
            (Ink::Grid, Theme::Dark) => [46, 47, 54],
            (Ink::Band, Theme::Light) => [252, 240, 214],
            (Ink::Band, Theme::Dark) => [62, 52, 30],
            (Ink::Bar, Theme::Light) => [58, 104, 156],
            (Ink::Bar, Theme::Dark) => [108, 164, 220],
            (Ink::FaintBar, Theme::Light) => [170, 188, 208],
            (Ink::FaintBar, Theme::Dark) => [66, 86, 110],
            (Ink::OnScale(fraction), _) => self.color(fraction),
            (Ink::OnColor(fraction), _) => readable_on(self.color(fraction)),
            (Ink::FaintOnColor(fraction), _) => {
                let color = self.color(fraction);
                mix(color, readable_on(color))
            }
        }
    }
}

fn gradient(gradient: colorous::Gradient, step: usize) -> Color {
    gradient.eval_rational(step, STEPS).as_array()
}

/// From nearly black over blue and teal to a pale green, in equal steps of
/// lightness: a path through OKLCH (Ottosson 2020,
/// <https://bottosson.github.io/posts/oklab/>) along the colours of seaborn's
/// map of this name.
fn mako(fraction: f64) -> Color {
    let lightness = 0.14 + 0.81 * fraction;
    let hue = (305.0 - 145.0 * fraction.powf(0.85)).to_radians();
    let chroma = 0.022 + 0.098 * (std::f64::consts::PI * fraction.powf(0.95)).sin().max(0.0);
    oklch(lightness, chroma, hue)
}

/// OKLCH as sRGB, clipped to its gamut.
fn oklch(lightness: f64, chroma: f64, hue: f64) -> Color {
    let (a, b) = (chroma * hue.cos(), chroma * hue.sin());
    let long = (lightness + 0.396_337_777_4 * a + 0.215_803_757_3 * b).powi(3);
    let medium = (lightness - 0.105_561_345_8 * a - 0.063_854_172_8 * b).powi(3);
    let short = (lightness - 0.089_484_177_5 * a - 1.291_485_548_0 * b).powi(3);
    [
        4.076_741_662_1 * long - 3.307_711_591_3 * medium + 0.230_969_929_2 * short,
        -1.268_438_004_6 * long + 2.609_757_401_1 * medium - 0.341_319_396_5 * short,
        -0.004_196_086_3 * long - 0.703_418_614_7 * medium + 1.707_614_701_0 * short,
    ]
    .map(|linear| {
        let linear = linear.clamp(0.0, 1.0);
        let value = match linear <= 0.003_130_8 {
            true => 12.92 * linear,
            false => 1.055 * linear.powf(1.0 / 2.4) - 0.055,
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
            ((value + 0.055) / 1.055).powf(2.4)
        }
    });
    0.2126 * red + 0.7152 * green + 0.0722 * blue
}
