//! What colours the values get, and which ink can be read on them.

pub use crate::figure::Colormap;

use crate::figure::layout::Ink;

/// Red, green, blue.
pub type Color = [u8; 3];

/// The paper.
pub const BACKGROUND: Color = [255, 255, 255];
/// What stands for a value that is no number.
pub const NOT_A_NUMBER: Color = [190, 190, 190];

/// The steps of a colour table.
const STEPS: usize = 256;

/// The colours of a colour map, computed once per picture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ColorTable {
    colors: Vec<Color>,
}

impl ColorTable {
    /// The table of a colour map.
    pub fn new(colormap: Colormap) -> Self {
        let gradient = match colormap {
            Colormap::Viridis => colorous::VIRIDIS,
            Colormap::Cividis => colorous::CIVIDIS,
            Colormap::Magma => colorous::MAGMA,
            Colormap::Inferno => colorous::INFERNO,
            Colormap::Plasma => colorous::PLASMA,
            Colormap::Greys => colorous::GREYS,
            Colormap::Blues => colorous::BLUES,
        };
        let colors = (0..STEPS)
            .map(|step| gradient.eval_rational(step, STEPS).as_array())
            .collect();
        Self { colors }
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
        match ink {
            Ink::Strong => [26, 26, 30],
            Ink::Medium => [74, 74, 82],
            Ink::Light => [122, 122, 132],
            Ink::Hairline => [176, 176, 184],
            Ink::OnColor(fraction) => readable_on(self.color(fraction)),
            Ink::FaintOnColor(fraction) => {
                let color = self.color(fraction);
                mix(color, readable_on(color))
            }
        }
    }
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
