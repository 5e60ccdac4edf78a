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
/// A side of a map of an overview at the least, if there are as many units: few
/// queries of many keys are not to become one, in pixels.
const LEAST_SIDE: usize = 6;
/// The steps of the colour bar, in columns.
const BAR_COLUMNS: usize = 24;

/// A character and its two colours, `None` for the terminal's own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Cell {
    /// What is written; nothing behind a wide letter.
    pub(super) text: String,
    pub(super) ink: Option<Color>,
    pub(super) paper: Option<Color>,
    /// What is written where there are no colours.
    pub(super) without_colors: String,
}

/// Lines of characters, to be written with many colours, few or none.
#[derive(Debug, Default)]
pub(super) struct Drawing {
    pub(super) lines: Vec<Vec<Cell>>,
}

impl Drawing {
    /// The lines with their escape sequences, each without colour at its end;
    /// without any where there are no colours.
    pub(super) fn to_text(&self, depth: Option<Depth>) -> String {
        let mut text = String::new();
        for line in &self.lines {
            match depth {
                Some(depth) => push_colored(&mut text, line, depth),
                None => {
                    let letters: String = line
                        .iter()
                        .map(|cell| cell.without_colors.as_str())
                        .collect();
                    text.push_str(letters.trim_end());
                }
            }
            text.push('\n');
        }
        text
    }

    pub(super) fn push_plain(&mut self, text: &str) {
        let text = text.trim_end();
        self.lines.push(plain(text).into_iter().collect());
    }
}

/// A line whose colours change only where they have to.
fn push_colored(text: &mut String, line: &[Cell], depth: Depth) {
    let mut current = (None, None);
    for cell in line {
        let wanted = (cell.ink, cell.paper);
        if wanted != current {
            text.push_str("\x1b[0m");
            push_color(text, 38, cell.ink, depth);
            push_color(text, 48, cell.paper, depth);
            current = wanted;
        }
        text.push_str(&cell.text);
    }
    if current != (None, None) {
        text.push_str("\x1b[0m");
    }
}

/// Uncoloured text, `None` for nothing.
pub(super) fn plain(text: &str) -> Option<Cell> {
    (!text.is_empty()).then(|| Cell {
        text: text.to_owned(),
        ink: None,
        paper: None,
        without_colors: text.to_owned(),
    })
}

/// A fraction of the colour scale where there are no colours: its tenth, and a
/// point for less than one.
pub(super) fn tenth(fraction: f32) -> char {
    match (fraction.clamp(0.0, 1.0) * 10.0) as u32 {
        _ if fraction.is_nan() => ' ',
        0 => '.',
        tenths => char::from_digit(tenths.min(9), 10).unwrap_or('9'),
    }
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

/// Pixels as fractions of the colour scale, `None` where the terminal shows
/// through.
struct Raster {
    width: usize,
    /// The width of a value, in pixels.
    cell: usize,
    pixels: Vec<Option<f32>>,
}

impl Raster {
    fn new(width: usize, height: usize, cell: usize) -> Self {
        Self {
            width,
            cell,
            pixels: vec![None; width * height],
        }
    }

    fn set(&mut self, x: usize, y: usize, fraction: f32) {
        let pixel = self.pixels.get_mut(y * self.width + x);
        if let Some(pixel) = pixel.filter(|_| x < self.width) {
            *pixel = Some(fraction);
        }
    }

    fn at(&self, x: usize, y: usize) -> Option<f32> {
        self.pixels.get(y * self.width + x).copied().flatten()
    }

    fn line_count(&self) -> usize {
        (self.pixels.len() / self.width.max(1)).div_ceil(2)
    }

    /// Two rows of pixels as a line.
    fn line<'raster>(
        &'raster self,
        line: usize,
        colors: &'raster ColorTable,
    ) -> impl Iterator<Item = Cell> + 'raster {
        (0..self.width).map(move |x| {
            let pixels = [self.at(x, line * 2), self.at(x, line * 2 + 1)];
            let [upper, lower] = pixels.map(|pixel| pixel.map(|fraction| colors.color(fraction)));
            let (letter, ink, paper) = match (upper, lower) {
                (None, None) => (" ", None, None),
                (Some(upper), Some(lower)) if upper == lower => (" ", None, Some(upper)),
                (Some(upper), lower) => ("▀", Some(upper), lower),
                (None, lower) => ("▄", lower, None),
            };
            // The first column of a value has its digit, of two values that of
            // the greater.
            let greater = pixels.into_iter().flatten().reduce(f32::max);
            let digit = greater.filter(|_| x % self.cell == 0).map_or(' ', tenth);
            Cell {
                text: letter.to_owned(),
                ink,
                paper,
                without_colors: digit.to_string(),
            }
        })
    }
}

/// One map: queries down the side, keys along the top.
pub(super) fn map(
    figure: &Figure<'_>,
    map: &LabelledMap<'_>,
    columns: usize,
    depth: Option<Depth>,
) -> Drawing {
    let matrix = &map.matrix;
    let one_lines = |labels: &[UnitLabel]| -> Vec<String> {
        let longest = LONGEST_LABEL.min(columns / 4);
        let labels = labels.iter();
        let position = |label: &UnitLabel| match map.shows_positions {
            true => format!(" @{}", label.position),
            false => String::new(),
        };
        labels
            .map(|label| one_line(&label.text, longest) + &position(label))
            .collect()
    };
    let (rows, keys) = (one_lines(&map.rows), one_lines(&map.columns));
    let margin = rows.iter().map(|label| label.width()).max().unwrap_or(0) + 1;
    let room = columns.saturating_sub(margin).max(1);
    // A digit needs no more than a line.
    let cells: &[usize] = match depth {
        Some(_) => &[4, 2, 1],
        None => &[2, 1],
    };
    let cell = cells
        .iter()
        .copied()
        .find(|cell| {
            matrix.columns * cell <= room
                && (*cell <= 2 || matrix.rows * cell / 2 <= COMFORTABLE_LINES)
        })
        .unwrap_or(1);
    let [height, width] = match matrix.columns <= room {
        true => [matrix.rows, matrix.columns],
        false => [matrix.rows, matrix.columns].map(|count| count.min(room)),
    };
    let values = in_steps(matrix, [height, width], Join::Furthest);
    let colors = ColorTable::new(figure.palette).of_part(figure.color_scale.part);
    let range = match figure.color_scale.range {
        ColorRange::Shared(range) => Some(range),
        ColorRange::PerPanel { .. } => None,
    };
    let mut raster = Raster::new(width * cell, height * cell, cell);
    for y in 0..height * cell {
        for x in 0..width * cell {
            let value = values.get(y / cell * width + x / cell).copied();
            let fraction =
                range.map_or(f32::NAN, |range| range.fraction(value.unwrap_or(f32::NAN)));
            // A cell that is not there shows the terminal.
            if !fraction.is_nan() {
                raster.set(x, y, fraction);
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
        cells.extend(raster.line(line, &colors));
        drawing.lines.push(cells);
    }
    push_color_bar(&mut drawing, figure, &colors);
    if !is_whole {
        drawing.push_plain(&format!(
            "{} in {}, each with the greatest of its values",
            counted(matrix.rows, matrix.columns, map.noun),
            counted(height, width, "steps")
        ));
    } else if cell == 1 {
        drawing.push_plain("every second row is labelled; columns run across in their order");
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

/// How large the small maps of an overview are, in pixels.
pub(super) struct Panels {
    /// Room for the numbers of layers, in columns.
    margin: usize,
    height: usize,
    width: usize,
    /// From one map to the next.
    pitch: usize,
    /// So many heads have room.
    fitting: usize,
}

impl Panels {
    /// Of so many heads with maps of so many queries and keys; the number of
    /// the last layer has so many digits.
    pub(super) fn new(
        digits: usize,
        head_count: usize,
        counts: [usize; 2],
        columns: usize,
    ) -> Self {
        let margin = digits + 1;
        let room = columns.saturating_sub(margin).max(2);
        // Even, so that every layer begins a line.
        let pitch = ((room + 1) / head_count.max(1) / 2 * 2).clamp(2, LARGEST_PITCH);
        let longest = counts.into_iter().max().unwrap_or(1);
        let side = panel_side(pitch - 1, longest);
        // A shorter side is in proportion, so that cells stay square.
        let [height, width] = counts.map(|count| {
            let in_proportion = (count * side).div_ceil(longest.max(1));
            in_proportion.max(count.min(LEAST_SIDE)).min(side.max(1))
        });
        let pitch = (side + 1).div_ceil(2) * 2;
        Self {
            margin,
            height,
            width,
            pitch,
            fitting: head_count.min((room + pitch - width) / pitch).max(1),
        }
    }

    /// The most rows and columns that a map shows: pixels, or characters where
    /// there are no colours.
    pub(super) fn steps(&self, depth: Option<Depth>) -> [usize; 2] {
        match depth {
            Some(_) => [self.height, self.width],
            None => [self.height.div_ceil(2), self.width],
        }
    }
}

/// Small maps: layers down the side, heads along the top.
pub(super) fn overview(figure: &Figure<'_>, grid: &PanelGrid<'_>, columns: usize) -> Drawing {
    let head_count = grid.column_labels.len();
    let digits = grid.row_labels.iter().map(String::len).max().unwrap_or(0);
    let counts = [grid.queries.count, grid.keys.count];
    let Panels {
        margin,
        height,
        width,
        pitch,
        fitting,
    } = Panels::new(digits, head_count, counts, columns);
    let colors = ColorTable::new(figure.palette);
    let extent = (fitting * pitch + width).saturating_sub(pitch);
    let mut raster = Raster::new(extent, grid.row_labels.len() * pitch, 1);
    let mut drawn = counts;
    for (index, small) in grid.panels.iter().enumerate() {
        let Some(small) = small else { continue };
        let (row, column) = (index / head_count.max(1), index % head_count.max(1));
        if column >= fitting {
            continue;
        }
        let matrix = &small.matrix;
        drawn = [matrix.rows, matrix.columns];
        for y in 0..height {
            for x in 0..width {
                let line = y * matrix.rows / height.max(1);
                let place = line * matrix.columns + x * matrix.columns / width.max(1);
                let value = matrix.values.get(place).copied().unwrap_or(f32::NAN);
                let fraction = small.range.fraction(value);
                if !fraction.is_nan() {
                    raster.set(column * pitch + x, row * pitch + y, fraction);
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
        cells.extend(raster.line(line, &colors));
        drawing.lines.push(cells);
    }
    push_color_bar(&mut drawing, figure, &colors);
    if drawn != counts {
        drawing.push_plain(&format!(
            "{} in {}, each with the mean of its values",
            counted(counts[0], counts[1], "tokens"),
            counted(drawn[0], drawn[1], "steps")
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
pub(super) fn heading(figure: &Figure<'_>, columns: usize) -> Drawing {
    let mut drawing = Drawing::default();
    drawing.push_plain(&one_line(&figure.title, columns));
    for caption in &figure.captions {
        drawing.push_plain(&one_line(caption, columns));
    }
    drawing.push_plain("");
    drawing
}

/// The colours between the ends of the scale, what they stand for, and what else
/// is to be known.
pub(super) fn push_color_bar(drawing: &mut Drawing, figure: &Figure<'_>, colors: &ColorTable) {
    let scale = &figure.color_scale;
    let [first, last] = scale.ends();
    let bar = (0..BAR_COLUMNS).map(|step| {
        let fraction = step as f32 / (BAR_COLUMNS - 1) as f32;
        // Two columns a tenth, the last of them with its digit.
        let is_digit = step % 2 == 0 && step < 20;
        let digit = is_digit.then(|| tenth(step as f32 / 20.0 + 0.01));
        Cell {
            text: " ".to_owned(),
            ink: None,
            paper: Some(colors.color(fraction)),
            without_colors: digit.map(String::from).unwrap_or_else(|| match step < 20 {
                true => " ".to_owned(),
                false => String::new(),
            }),
        }
    });
    let mut cells: Vec<Cell> = plain(&format!("{first} ")).into_iter().collect();
    cells.extend(bar);
    cells.extend(plain(&elide(&format!(" {last}  {}", scale.label), 48)));
    drawing.push_plain("");
    drawing.lines.push(cells);
    for note in &figure.notes {
        drawing.push_plain(note);
    }
}

/// One value for each of so many steps of rows and of columns.
fn in_steps(matrix: &Matrix<'_>, [height, width]: [usize; 2], join: Join) -> Vec<f32> {
    let (rows, columns) = (parts(matrix.rows, height), parts(matrix.columns, width));
    resample(&matrix.values, matrix.columns, &rows, &columns, join)
}
