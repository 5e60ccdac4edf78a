//! Figures as half blocks: a character is two pixels above one another, and
//! about as high as two are wide.

use std::fmt::Write;

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use super::super::colormap::{Color, ColorTable};
use super::graphics::Depth;
use super::printable::{elide, one_line};
use crate::figure::{
    ColorRange, Figure, Join, LabelledMap, Matrix, PanelGrid, UnitLabel, parts, resample,
};

/// The longest labels, in columns and lines.
const LONGEST_LABEL: usize = 16;
/// The highest map of large cells, in lines.
const COMFORTABLE_LINES: usize = 40;
/// The largest map of an overview with its gap, in pixels.
const LARGEST_PITCH: usize = 32;
/// The steps of the colour bar, in columns.
const BAR_COLUMNS: usize = 24;

/// A character and its two colours, `None` for the terminal's own.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Cell {
    /// What is written; nothing behind a wide letter.
    text: String,
    ink: Option<Color>,
    paper: Option<Color>,
}

/// Lines of characters, to be written with few or many colours.
#[derive(Debug, Default)]
pub(super) struct Drawing {
    lines: Vec<Vec<Cell>>,
}

impl Drawing {
    /// The lines with their escape sequences, each without colour at its end.
    pub(super) fn to_text(&self, depth: Depth) -> String {
        let mut text = String::new();
        for line in &self.lines {
            let mut current = (None, None);
            for cell in line {
                let wanted = (cell.ink, cell.paper);
                if wanted != current {
                    text.push_str("\x1b[0m");
                    push_color(&mut text, 38, cell.ink, depth);
                    push_color(&mut text, 48, cell.paper, depth);
                    current = wanted;
                }
                text.push_str(&cell.text);
            }
            if current != (None, None) {
                text.push_str("\x1b[0m");
            }
            text.push('\n');
        }
        text
    }

    fn push_plain(&mut self, text: &str) {
        let text = text.trim_end();
        self.lines.push(plain(text).into_iter().collect());
    }
}

/// Uncoloured text, `None` for nothing.
fn plain(text: &str) -> Option<Cell> {
    (!text.is_empty()).then(|| Cell {
        text: text.to_owned(),
        ink: None,
        paper: None,
    })
}

fn push_color(text: &mut String, layer: u8, color: Option<Color>, depth: Depth) {
    let Some(color) = color else { return };
    let [red, green, blue] = color;
    let _ = match depth {
        Depth::True => write!(text, "\x1b[{layer};2;{red};{green};{blue}m"),
        Depth::Palette => write!(text, "\x1b[{layer};5;{}m", palette_index(color)),
    };
}

/// The nearest of xterm's colours: 6 × 6 × 6, or one of 24 greys.
fn palette_index(color: Color) -> u8 {
    const LEVELS: [u8; 6] = [0, 95, 135, 175, 215, 255];
    let distance = |other: Color| -> u32 {
        let channels = color.iter().zip(other);
        channels
            .map(|(&left, right)| u32::from(left.abs_diff(right)).pow(2))
            .sum()
    };
    let cube = (0..216_u8).map(|index| {
        let level = |place: u8| LEVELS[usize::from(index / place % 6)];
        (16 + index, [level(36), level(6), level(1)])
    });
    let greys = (0..24_u8).map(|index| (232 + index, [8 + 10 * index; 3]));
    let nearest = cube.chain(greys).min_by_key(|&(_, other)| distance(other));
    nearest.map_or(16, |(index, _)| index)
}

/// Pixels, `None` where the terminal shows through.
struct Raster {
    width: usize,
    pixels: Vec<Option<Color>>,
}

impl Raster {
    fn new(width: usize, height: usize) -> Self {
        Self {
            width,
            pixels: vec![None; width * height],
        }
    }

    fn set(&mut self, x: usize, y: usize, color: Color) {
        let pixel = self.pixels.get_mut(y * self.width + x);
        if let Some(pixel) = pixel.filter(|_| x < self.width) {
            *pixel = Some(color);
        }
    }

    fn at(&self, x: usize, y: usize) -> Option<Color> {
        self.pixels.get(y * self.width + x).copied().flatten()
    }

    fn line_count(&self) -> usize {
        (self.pixels.len() / self.width.max(1)).div_ceil(2)
    }

    /// Two rows of pixels as a line.
    fn line(&self, line: usize) -> impl Iterator<Item = Cell> + '_ {
        (0..self.width).map(move |x| {
            let (letter, ink, paper) = match (self.at(x, line * 2), self.at(x, line * 2 + 1)) {
                (None, None) => (" ", None, None),
                (Some(upper), Some(lower)) if upper == lower => (" ", None, Some(upper)),
                (Some(upper), lower) => ("▀", Some(upper), lower),
                (None, lower) => ("▄", lower, None),
            };
            Cell {
                text: letter.to_owned(),
                ink,
                paper,
            }
        })
    }
}

/// One map: queries down the side, keys along the top.
pub(super) fn map(figure: &Figure<'_>, map: &LabelledMap<'_>, columns: usize) -> Drawing {
    let matrix = &map.matrix;
    let one_lines = |labels: &[UnitLabel]| -> Vec<String> {
        let longest = LONGEST_LABEL.min(columns / 4);
        let labels = labels.iter();
        labels.map(|label| one_line(&label.text, longest)).collect()
    };
    let (rows, keys) = (one_lines(&map.rows), one_lines(&map.columns));
    let margin = rows.iter().map(|label| label.width()).max().unwrap_or(0) + 1;
    let room = columns.saturating_sub(margin).max(1);
    let cell = [4, 2, 1]
        .into_iter()
        .find(|cell| {
            matrix.columns * cell <= room
                && (*cell <= 2 || matrix.rows * cell / 2 <= COMFORTABLE_LINES)
        })
        .unwrap_or(1);
    let [height, width] = match matrix.columns <= room {
        true => [matrix.rows, matrix.columns],
        false => [matrix.rows, matrix.columns].map(|count| count.min(room)),
    };
    let values = in_steps(matrix, [height, width], Join::Greatest);
    let colors = ColorTable::new(figure.palette);
    let range = match figure.color_scale.range {
        ColorRange::Shared(range) => Some(range),
        ColorRange::PerPanel => None,
    };
    let mut raster = Raster::new(width * cell, height * cell);
    for y in 0..height * cell {
        for x in 0..width * cell {
            let value = values.get(y / cell * width + x / cell).copied();
            let fraction =
                range.map_or(f32::NAN, |range| range.fraction(value.unwrap_or(f32::NAN)));
            // A cell that is not there shows the terminal.
            if !fraction.is_nan() {
                raster.set(x, y, colors.color(fraction));
            }
        }
    }
    let is_whole = [height, width] == [matrix.rows, matrix.columns];
    let mut drawing = heading(figure, columns);
    if cell > 1 {
        push_key_labels(&mut drawing, &keys, margin, cell);
    }
    for line in 0..raster.line_count() {
        // Where a line is more than one query, its first has the label, if
        // there is room for labels at all.
        let is_first = line * 2 % cell.max(2) == 0;
        let label = rows.get(line * 2 / cell).filter(|_| is_first && is_whole);
        let label = label.map_or("", String::as_str);
        let padding = " ".repeat(margin.saturating_sub(label.width()));
        let mut cells: Vec<Cell> = plain(&format!("{label}{padding}")).into_iter().collect();
        cells.extend(raster.line(line));
        drawing.lines.push(cells);
    }
    push_color_bar(&mut drawing, figure, &colors);
    if !is_whole {
        drawing.push_plain(&format!(
            "{} in {}, each with the greatest of its values",
            counted(matrix.rows, matrix.columns, "tokens"),
            counted(height, width, "steps")
        ));
    } else if cell == 1 {
        drawing.push_plain("every second query is labelled; keys run across in the same order");
    }
    drawing
}

/// `12 tokens`, or `12 × 8 tokens` where queries and keys are not as many.
fn counted(rows: usize, columns: usize, noun: &str) -> String {
    match rows == columns {
        true => format!("{rows} {noun}"),
        false => format!("{rows} × {columns} {noun}"),
    }
}

/// Labels from the top to the bottom above their columns, a letter a line.
fn push_key_labels(drawing: &mut Drawing, labels: &[String], margin: usize, cell: usize) {
    let letters: Vec<Vec<char>> = labels
        .iter()
        .map(|label| {
            let seen = |letter: &char| letter.width().is_some_and(|width| width > 0);
            label.chars().filter(seen).collect()
        })
        .collect();
    let height = letters.iter().map(Vec::len).max().unwrap_or(0);
    for line in 0..height {
        let mut text = " ".repeat(margin);
        for label in &letters {
            let letter = (line + label.len())
                .checked_sub(height)
                .and_then(|place| label.get(place));
            let letter = letter.copied().unwrap_or(' ');
            text.push(letter);
            let width = letter.width().unwrap_or(1);
            text.push_str(&" ".repeat(cell.saturating_sub(width)));
        }
        drawing.push_plain(&text);
    }
}

/// Small maps: layers down the side, heads along the top.
pub(super) fn overview(figure: &Figure<'_>, grid: &PanelGrid<'_>, columns: usize) -> Drawing {
    let head_count = grid.column_labels.len();
    let margin = grid.row_labels.iter().map(String::len).max().unwrap_or(0) + 1;
    let room = columns.saturating_sub(margin).max(2);
    // Even, so that every layer begins a line.
    let pitch = ((room + 1) / head_count.max(1) / 2 * 2).clamp(2, LARGEST_PITCH);
    let counts = [grid.queries.count, grid.keys.count];
    let longest = counts.into_iter().max().unwrap_or(1);
    let side = panel_side(pitch - 1, longest);
    // A shorter side is in proportion, so that cells stay square.
    let [panel_height, panel] = counts.map(|count| (count * side).div_ceil(longest.max(1)));
    let pitch = (side + 1).div_ceil(2) * 2;
    let fitting = head_count.min((room + pitch - panel) / pitch).max(1);
    let colors = ColorTable::new(figure.palette);
    let width = (fitting * pitch + panel).saturating_sub(pitch);
    let mut raster = Raster::new(width, grid.row_labels.len() * pitch);
    for (index, small) in grid.panels.iter().enumerate() {
        let Some(small) = small else { continue };
        let (row, column) = (index / head_count.max(1), index % head_count.max(1));
        if column >= fitting {
            continue;
        }
        let [height, width] = [panel_height.min(counts[0]), panel.min(counts[1])];
        let values = in_steps(&small.matrix, [height, width], Join::Mean);
        for y in 0..panel_height {
            for x in 0..panel {
                let place = y * height / panel_height.max(1) * width + x * width / panel.max(1);
                let value = values.get(place).copied();
                let fraction = small.range.fraction(value.unwrap_or(f32::NAN));
                if !fraction.is_nan() {
                    raster.set(column * pitch + x, row * pitch + y, colors.color(fraction));
                }
            }
        }
    }
    let mut drawing = heading(figure, columns);
    drawing.push_plain(&format!("{}head", " ".repeat(margin)));
    drawing.push_plain(&head_numbers(&grid.column_labels, fitting, margin, pitch));
    for line in 0..raster.line_count() {
        let label = grid.row_labels.get(line * 2 / pitch);
        let label = label.filter(|_| line * 2 % pitch == 0);
        let label = label.map_or("", String::as_str);
        let mut cells: Vec<Cell> = plain(&format!("{label:<margin$}")).into_iter().collect();
        cells.extend(raster.line(line));
        drawing.lines.push(cells);
    }
    push_color_bar(&mut drawing, figure, &colors);
    if side < longest {
        drawing.push_plain(&format!(
            "{} in {}, each with the mean of its values",
            counted(counts[0], counts[1], "tokens"),
            counted(panel_height, panel, "steps")
        ));
    }
    if fitting < head_count {
        drawing.push_plain(&format!(
            "{} heads do not fit the terminal",
            head_count - fitting
        ));
    }
    drawing
}

/// The side of a small map: all tokens in whole pixels where they fit.
fn panel_side(room: usize, token_count: usize) -> usize {
    match room / token_count.max(1) {
        0 => room,
        pixels => token_count * pixels,
    }
}

fn head_numbers(labels: &[String], fitting: usize, margin: usize, pitch: usize) -> String {
    let widest = labels.iter().map(String::len).max().unwrap_or(1);
    let every = (widest + 1).div_ceil(pitch);
    let mut text = " ".repeat(margin);
    for label in labels.iter().take(fitting).step_by(every) {
        let width = pitch * every;
        let _ = write!(text, "{label:<width$}");
    }
    text
}

/// Title and input.
fn heading(figure: &Figure<'_>, columns: usize) -> Drawing {
    let mut drawing = Drawing::default();
    drawing.push_plain(&one_line(&figure.title, columns));
    for caption in &figure.captions {
        drawing.push_plain(&one_line(caption, columns));
    }
    drawing.push_plain("");
    drawing
}

/// The colours between the ends of the scale, and what they stand for.
fn push_color_bar(drawing: &mut Drawing, figure: &Figure<'_>, colors: &ColorTable) {
    let (first, last) = match figure.color_scale.range {
        ColorRange::Shared(range) => (short(range.minimum), short(range.maximum)),
        ColorRange::PerPanel => ("0".to_owned(), "max".to_owned()),
    };
    let bar = (0..BAR_COLUMNS).map(|step| {
        let fraction = step as f32 / (BAR_COLUMNS - 1) as f32;
        Cell {
            text: " ".to_owned(),
            ink: None,
            paper: Some(colors.color(fraction)),
        }
    });
    let mut cells: Vec<Cell> = plain(&format!("{first} ")).into_iter().collect();
    cells.extend(bar);
    cells.extend(plain(&elide(
        &format!(" {last}  {}", figure.color_scale.label),
        48,
    )));
    drawing.push_plain("");
    drawing.lines.push(cells);
}

/// A number in as few digits as tell it apart.
fn short(value: f32) -> String {
    let text = format!("{value:.3}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    match text {
        "0" if value != 0.0 => format!("{value:.1e}"),
        _ => text.to_owned(),
    }
}

/// One value for each of so many steps of rows and of columns.
fn in_steps(matrix: &Matrix<'_>, [height, width]: [usize; 2], join: Join) -> Vec<f32> {
    let (rows, columns) = (parts(matrix.rows, height), parts(matrix.columns, width));
    resample(&matrix.values, matrix.columns, &rows, &columns, join)
}
