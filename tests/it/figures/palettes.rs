//! Palettes: what a byte a pixel can show, beside what is meant.

use attnviz::analysis::Direction;
use attnviz::figure::layout::{self, Ink, Item, Layout, Rect, Rotation, TextItem};
use attnviz::figure::{
    Body, Coloring, Colormap, Figure, FigureOptions, Palette, Progression, Scale, Theme,
    unit_profile,
};
use attnviz::render::TextShaper;
use attnviz::render::colormap::{Color, ColorTable};
use proptest::prelude::*;

use crate::runs::{foreign, head_maps};

use super::differences::map_difference;
use super::{Decoded, FIRST, encode, head_map, overview_of, run, whole, words};

/// So much a channel may differ at the edges of letters: half of an eighth of the
/// way from paper to ink.
const EDGE: u8 = 16;
/// The same on cells: half of a quarter of the way, and half of the steps of the
/// scale that share it, of up to three a channel.
const CELL_EDGE: u8 = 50;

/// A layout in all the colours there are.
struct Painting {
    pixels: Vec<Color>,
    /// How far each pixel may be from what is meant; nothing but a step of the
    /// scale where it is no edge of a letter.
    tolerances: Vec<u8>,
    width: i32,
    colors: ColorTable,
}

impl Painting {
    fn new(layout: &Layout<'_>, shaper: &mut TextShaper) -> Self {
        let colors = ColorTable::new(layout.palette);
        let count = usize::try_from(layout.width * layout.height).unwrap();
        let mut painting = Self {
            pixels: vec![colors.background(); count],
            tolerances: vec![0; count],
            width: layout.width,
            colors,
        };
        for item in &layout.items {
            painting.paint(item, shaper);
        }
        painting
    }

    fn paint(&mut self, item: &Item<'_>, shaper: &mut TextShaper) {
        match item {
            Item::Rectangle { rect, ink } => self.fill(*rect, self.colors.ink(*ink)),
            Item::Cells(cells) => {
                self.fill(cells.rect(), self.colors.background());
                for row in 0..cells.rows.count {
                    for column in 0..cells.columns.count {
                        let rect = Rect {
                            x: cells.origin.0 + cells.column_offset(column),
                            y: cells.origin.1 + cells.row_offset(row),
                            width: cells.columns.cell,
                            height: cells.rows.cell,
                        };
                        self.fill(rect, self.colors.color(cells.fraction(row, column)));
                    }
                }
            }
            Item::Lines(_) => panic!("no lines were asked for"),
            Item::ColorBar(bar, part) => {
                let last = (bar.height - 1).max(1) as f32;
                for row in 0..bar.height {
                    let y = bar.y + row;
                    let rect = Rect {
                        y,
                        height: 1,
                        ..*bar
                    };
                    self.fill(rect, self.colors.color(part.place(1.0 - row as f32 / last)));
                }
            }
            Item::Text(text) => self.write(text, shaper),
        }
    }

    fn fill(&mut self, rect: Rect, color: Color) {
        for y in rect.y..rect.bottom() {
            let line = y * self.width;
            let range = [line + rect.x, line + rect.right()].map(|at| usize::try_from(at).unwrap());
            self.pixels[range[0]..range[1]].fill(color);
            self.tolerances[range[0]..range[1]].fill(0);
        }
    }

    fn write(&mut self, text: &TextItem, shaper: &mut TextShaper) {
        let shaped = shaper.shape(&text.text, text.font);
        let ink = self.colors.ink(text.ink);
        let tolerance = match text.ink {
            Ink::OnColor(_) | Ink::FaintOnColor(_) => CELL_EDGE,
            _ => EDGE,
        };
        for (at, &coverage) in (0..).zip(&shaped.coverage) {
            let (along, down) = (at % shaped.width, at / shaped.width);
            let (x, y) = match text.rotation {
                Rotation::Level => (text.rect.x + along, text.rect.y + down),
                Rotation::Upward => (text.rect.x + down, text.rect.bottom() - 1 - along),
            };
            if coverage > 0 {
                let at = usize::try_from(y * self.width + x).unwrap();
                let coverage = f32::from(coverage) / 255.0;
                for (channel, ink) in self.pixels[at].iter_mut().zip(ink) {
                    let mixed = f32::from(*channel) * (1.0 - coverage) + f32::from(ink) * coverage;
                    *channel = mixed.round() as u8;
                }
                self.tolerances[at] = tolerance;
            }
        }
    }
}

/// The greatest difference that any channel has.
fn difference(left: Color, right: Color) -> u8 {
    let channels = left.iter().zip(right);
    channels
        .map(|(left, right)| left.abs_diff(right))
        .max()
        .unwrap()
}

/// Whether two colours stand beside each other on the scale.
fn are_neighbours(left: Color, right: Color, colors: &ColorTable) -> bool {
    let steps: Vec<Color> = (0..256)
        .map(|step| colors.color(step as f32 / 255.0))
        .collect();
    let is_pair = |pair: &[Color]| pair == [left, right] || pair == [right, left];
    steps.windows(2).any(is_pair)
}

fn check(figure: &Figure<'_>) {
    let mut shaper = TextShaper::new();
    let picture = encode(figure, &mut shaper).unwrap();
    let reader = png::Decoder::new(std::io::Cursor::new(&picture.bytes));
    let reader = reader.read_info().unwrap();
    let info = reader.info();
    assert_eq!(info.color_type, png::ColorType::Indexed);
    assert!(info.palette.as_ref().unwrap().len() <= 256 * 3);

    let layout = layout::layout(figure, &mut shaper).unwrap();
    let painting = Painting::new(&layout, &mut shaper);
    let decoded = Decoded::new(&picture);
    let found = decoded.pixels.as_chunks::<3>().0;
    assert_eq!(found.len(), painting.pixels.len());
    let mut known = None;
    // The steps of two scales are as far apart as every other of one.
    let (step_tolerance, cell_edge) = match layout.palette.coloring {
        Coloring::Colormap => (2, CELL_EDGE),
        Coloring::Differences => (6, CELL_EDGE + 12),
    };
    let pixels = painting.pixels.iter().zip(&painting.tolerances).zip(found);
    for (index, ((&meant, &tolerance), &found)) in pixels.enumerate() {
        let tolerance = match tolerance {
            CELL_EDGE => cell_edge,
            tolerance => tolerance,
        };
        if difference(meant, found) <= tolerance || known == Some((meant, found)) {
            continue;
        }
        let place = (index % decoded.width, index / decoded.width);
        let channels = meant.into_iter().zip(found);
        let difference = channels.map(|(left, right)| left.abs_diff(right)).max();
        let is_step = tolerance == 0
            && difference <= Some(step_tolerance)
            && are_neighbours(meant, found, &painting.colors);
        assert!(is_step, "{found:?} instead of {meant:?} at {place:?}");
        known = Some((meant, found));
    }
}

#[test]
fn what_is_no_number_has_its_place_in_a_palette() {
    let run = run(&words(9), 1, 1, 1);
    let mut figure = head_map(&run, FIRST, &FigureOptions::default()).unwrap();
    if let Body::Map(map) = &mut figure.body {
        let values = map.matrix.values.to_mut();
        values
            .iter_mut()
            .step_by(5)
            .for_each(|value| *value = f32::NAN);
    }
    check(&figure);
}

#[test]
fn both_scales_of_differences_fit_a_palette() {
    for &theme in Theme::ALL {
        for count in [1, 3, 8, 12, 16, 22, 40, 70] {
            let options = FigureOptions {
                palette: Palette {
                    theme,
                    ..Palette::default()
                },
                ..FigureOptions::default()
            };
            check(&map_difference(count, &options));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn every_picture_fits_a_palette(
        count in prop_oneof![1_usize..40, 40_usize..200],
        segments in 1_usize..3,
        kind in 0..3,
        colormap in prop::sample::select(Colormap::ALL),
        [inverted, is_dark, is_logarithmic] in any::<[bool; 3]>(),
        maximum in prop::option::of(0.001_f32..1.0),
        exponent in 0_i32..6,
    ) {
        let (layers, heads) = if kind == 0 { (1, 1) } else { (2, 3) };
        let mut run = run(&words(count), segments.min(count), layers, heads);
        // All kinds of values: even ones, and such of which most are nothing.
        let values = head_maps(&run).values().iter().enumerate().map(|(index, value)| {
            (value * (1.0 + (index * 37 % 101) as f32 / 50.0)).powi(1 + exponent).min(1.0)
        });
        run.attention = foreign(values.collect(), [layers, heads, count, count]);
        let options = FigureOptions {
            palette: Palette {
                colormap,
                inverted,
                theme: if is_dark { Theme::Dark } else { Theme::Light },
                ..Palette::default()
            },
            progression: match is_logarithmic {
                true => Progression::Logarithmic,
                false => Progression::Linear,
            },
            scale: maximum.map(|_| Scale::Unit),
            maximum,
            ..FigureOptions::default()
        };
        let shown = whole(&run);
        let figure = match kind {
            0 => head_map(&run, FIRST, &options),
            1 => overview_of(&run, &options),
            _ => unit_profile(&run, shown, Direction::From, count / 2, &options),
        };
        check(&figure.unwrap());
    }
}
