//! Lettering: text into coverage masks, shaped by cosmic-text with the fonts of
//! `assets/fonts` alone.
//!
//! Every letter gets the first font that has it; a combining mark stays with
//! its base. A code point that no font has, and one that would be invisible or
//! change the direction of its surroundings, is drawn as a box with its
//! hexadecimal number.

use std::collections::BTreeMap;
use std::sync::Arc;

use cosmic_text::{
    Attrs, Buffer, CacheKeyFlags, Family, FontSystem, Metrics, Shaping, SwashCache, SwashContent,
    Wrap,
};

use rustc_hash::FxHashMap;

use super::fonts::{Coverage, TITLE_FAMILY, font_system};
use super::letters::{is_combining, is_invisible, modifies_neighbours};
use crate::figure::layout::{LINE_HEIGHT, MeasureText, TextFont, Weight};

/// What a box for a code point is shaped as: a letter of about its size.
pub(super) const BOX: char = '\u{25a1}';
/// The digits in a box, as a multiple of the font size.
const BOX_DIGITS: f32 = 0.44;
/// Shaped lines are kept up to so many bytes.
const SHAPED_LIMIT: usize = 1 << 22;
/// What a line takes beside its coverage and its text, in bytes.
const SHAPED_OVERHEAD: usize = 192;
/// Longer lines are measured without being drawn, in bytes.
const LONG_LINE: usize = 48;
/// So many glyph images are kept, a few hundred bytes each.
const GLYPH_LIMIT: usize = 4_096;

/// Whether lines are worth keeping: titles are large, and hardly any comes twice.
fn is_kept(font: TextFont) -> bool {
    font.weight != Weight::Bold
}

/// A line of text as coverage, one byte a pixel.
#[derive(Debug, Clone, PartialEq)]
pub struct ShapedText {
    /// In pixels.
    pub width: i32,
    /// In pixels: the font's line height.
    pub height: i32,
    /// In pixels per em: tall scripts are set smaller than was asked for.
    pub size: f32,
    /// Row after row, 0 for paper, 255 for ink.
    pub coverage: Vec<u8>,
    /// The pixels of the coverage that are not paper.
    pub(super) ink: Vec<InkedPixel>,
    /// Code points that no font has.
    pub missing: Vec<char>,
}

/// A pixel with ink on it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct InkedPixel {
    /// From the left edge of the line, in pixels.
    pub(super) x: u16,
    /// From the upper edge of the line, in pixels.
    pub(super) y: u16,
    /// 255 for nothing but ink.
    pub(super) coverage: u8,
}

/// The pixels of rows of coverage that are not paper. `memory` is for one call
/// after the other.
fn inked_pixels(coverage: &[u8], width: i32, memory: &mut Vec<InkedPixel>) -> Vec<InkedPixel> {
    let width = usize::try_from(width.max(1)).unwrap_or(1);
    if memory.len() < coverage.len() {
        memory.resize(coverage.len(), InkedPixel::default());
    }
    let mut count = 0;
    for (y, line) in (0..=u16::MAX).zip(coverage.chunks_exact(width)) {
        if line.iter().all(|&coverage| coverage == 0) {
            continue;
        }
        let pixels = memory.get_mut(count..count + width).unwrap_or_default();
        let mut line_count = 0;
        for (x, &coverage) in (0..=u16::MAX).zip(line) {
            // Where the next one goes, without asking whether this is one: edges
            // of letters come too irregularly to be foreseen.
            if let Some(pixel) = pixels.get_mut(line_count) {
                *pixel = InkedPixel { x, y, coverage };
            }
            line_count += usize::from(coverage > 0);
        }
        count += line_count;
    }
    memory.get(..count).unwrap_or_default().to_vec()
}

/// Shapes and rasterises lines of text, and remembers them: the maps of a run
/// share their labels. One thread each; it takes about a millisecond to make and reads no file.
pub struct TextShaper {
    font_system: FontSystem,
    glyphs: SwashCache,
    coverage: Coverage,
    shaped: FxHashMap<(u32, Weight), FxHashMap<String, Arc<ShapedText>>>,
    /// What `shaped` holds, in bytes.
    shaped_size: usize,
    /// Of lines that were only measured.
    widths: FxHashMap<(u32, Weight), FxHashMap<String, i32>>,
    /// What `widths` holds, in bytes.
    widths_size: usize,
    /// Where the pixels of a line are collected.
    memory: Vec<InkedPixel>,
}

impl std::fmt::Debug for TextShaper {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("TextShaper")
            .field("shaped_size", &self.shaped_size)
            .finish_non_exhaustive()
    }
}

impl Default for TextShaper {
    fn default() -> Self {
        Self::new()
    }
}

impl MeasureText for TextShaper {
    fn width(&mut self, text: &str, font: TextFont) -> i32 {
        if text.len() <= LONG_LINE && is_kept(font) {
            return self.shape(text, font).width;
        }
        // Long texts are broken by measuring many lines that are never drawn.
        let key = (font.size.to_bits(), font.weight);
        let known = self.widths.get(&key).and_then(|lines| lines.get(text));
        if let Some(&width) = known {
            return width;
        }
        if self.widths_size >= SHAPED_LIMIT {
            self.widths = FxHashMap::default();
            self.widths_size = 0;
        }
        let width = self.set(text, font).width;
        self.widths_size += text.len() + SHAPED_OVERHEAD;
        let lines = self.widths.entry(key).or_default();
        lines.insert(text.to_owned(), width);
        width
    }
}

impl TextShaper {
    /// A shaper with the compiled-in fonts and nothing remembered.
    pub fn new() -> Self {
        Self {
            font_system: font_system(),
            glyphs: SwashCache::new(),
            coverage: Coverage::new(),
            shaped: FxHashMap::default(),
            shaped_size: 0,
            widths: FxHashMap::default(),
            widths_size: 0,
            memory: Vec::new(),
        }
    }

    /// A line of text, from memory where it was shaped before. All its ink is
    /// inside `width` × [`TextFont::line_height`].
    pub fn shape(&mut self, text: &str, font: TextFont) -> Arc<ShapedText> {
        let key = (font.size.to_bits(), font.weight);
        if let Some(shaped) = self.shaped.get(&key).and_then(|lines| lines.get(text)) {
            return Arc::clone(shaped);
        }
        if !is_kept(font) {
            return Arc::new(self.rasterize(text, font));
        }
        // What is drawn does not depend on what is remembered.
        if self.shaped_size >= SHAPED_LIMIT {
            self.shaped = FxHashMap::default();
            self.shaped_size = 0;
        }
        let shaped = Arc::new(self.rasterize(text, font));
        let size = shaped.coverage.len() + size_of_val(shaped.ink.as_slice()) + text.len();
        self.shaped_size += size + SHAPED_OVERHEAD;
        self.shaped
            .entry(key)
            .or_default()
            .insert(text.to_owned(), Arc::clone(&shaped));
        shaped
    }

    fn rasterize(&mut self, text: &str, font: TextFont) -> ShapedText {
        let (height, baseline) = (font.line_height(), font.baseline());
        let line = self.set(text, font);
        let mut shaped = ShapedText {
            width: line.width,
            height,
            size: line.size,
            coverage: vec![0; usize::try_from(line.width * height).unwrap_or(0)],
            ink: Vec::new(),
            missing: line.missing,
        };
        for mark in &line.marks {
            shaped.add(mark, mark.x - line.left, baseline + mark.y);
        }
        shaped.ink = inked_pixels(&shaped.coverage, shaped.width, &mut self.memory);
        shaped
    }

    /// Puts the letters of a line in their places.
    fn set(&mut self, text: &str, font: TextFont) -> Line {
        if self.glyphs.image_cache.len() >= GLYPH_LIMIT {
            self.glyphs.image_cache.clear();
        }
        let prepared = self.prepare(text, font.weight);
        let height = font.line_height();
        let mut size = font.size;
        let mut marks = self.marks(&prepared, size);
        let (top, bottom) = extent_y(&marks);
        let baseline = font.baseline();
        if top < -baseline || bottom > height - baseline {
            // Tall scripts are set smaller rather than cut off.
            let up = -top as f32 / baseline as f32;
            let down = bottom as f32 / (height - baseline).max(1) as f32;
            size = (font.size / up.max(down) * 0.98).max(font.size * 0.4);
            marks = self.marks(&prepared, size);
        }
        let left = marks.iter().map(|mark| mark.x).min().unwrap_or(0).min(0);
        let right = marks
            .iter()
            .map(|mark| mark.x + mark.advance.max(mark.width));
        let width = right.max().unwrap_or(0) - left;
        Line {
            marks,
            left,
            width,
            size,
            missing: prepared.missing,
        }
    }

    /// Gives every letter its font, and a box to those that cannot be shown.
    fn prepare(&mut self, text: &str, weight: Weight) -> Prepared {
        let mut bold = match weight {
            Weight::Bold => self.bold_letters(text),
            Weight::Regular => Vec::new(),
        }
        .into_iter();
        let mut prepared = Prepared::default();
        let mut previous: Option<&'static str> = None;
        for letter in text.chars() {
            let is_bold = bold.next().unwrap_or(false);
            if modifies_neighbours(letter) && previous.is_some() {
                // Where the font does not know it, it has nothing to modify.
                if let Some(family) = previous.filter(|family| self.coverage.covers(family, letter))
                {
                    prepared.push(letter, family);
                }
                continue;
            }
            let family = if is_bold && !is_invisible(letter) {
                Some(TITLE_FAMILY)
            } else {
                let kept = previous
                    .filter(|family| is_combining(letter) && self.coverage.covers(family, letter));
                kept.or_else(|| self.coverage.family(letter))
            };
            match family {
                Some(family) if !is_invisible(letter) => {
                    prepared.push(letter, family);
                    previous = Some(family);
                }
                _ => {
                    let start = prepared.text.len();
                    prepared.boxes.insert(start, letter);
                    if !is_invisible(letter) && !prepared.missing.contains(&letter) {
                        prepared.missing.push(letter);
                    }
                    prepared.push(BOX, "DejaVu Sans");
                    previous = None;
                }
            }
        }
        prepared
    }

    /// Of each letter whether the title's font writes it: a word whose letters it
    /// has, but for signs among them, which are no reason to write it otherwise.
    fn bold_letters(&self, text: &str) -> Vec<bool> {
        let words = text.split_inclusive(char::is_whitespace);
        let of_word = |word: &str| -> Vec<bool> {
            let is_sign = |letter: char| !letter.is_alphanumeric() && !is_combining(letter);
            let has = |letter: char| self.coverage.title_covers(letter);
            let is_bold = word.chars().all(|letter| has(letter) || is_sign(letter));
            word.chars().map(|letter| is_bold && has(letter)).collect()
        };
        words.flat_map(of_word).collect()
    }

    /// The glyphs and boxes of a line, relative to the start of its baseline.
    fn marks(&mut self, prepared: &Prepared, size: f32) -> Vec<Mark> {
        if prepared.text.is_empty() || size <= 0.0 {
            return Vec::new();
        }
        let mut buffer = Buffer::new_empty(Metrics::new(size, size * LINE_HEIGHT));
        buffer.set_wrap(Wrap::None);
        buffer.set_size(None, None);
        let spans = prepared
            .spans
            .iter()
            .map(|&(start, end, family)| (&prepared.text[start..end], attributes(family)));
        let default = attributes("Noto Sans");
        buffer.set_rich_text(spans, &default, Shaping::Advanced, None);
        buffer.shape_until_scroll(&mut self.font_system, false);
        let mut marks = Vec::new();
        for run in buffer.layout_runs() {
            for glyph in run.glyphs {
                let boxed = prepared.boxes.get(&glyph.start).copied().or_else(|| {
                    // Also a letter that has a glyph, but none where it stands.
                    (glyph.glyph_id == 0)
                        .then(|| prepared.text[glyph.start..].chars().next())
                        .flatten()
                });
                if let Some(letter) = boxed {
                    marks.push(self.boxed(letter, glyph.x.round() as i32, glyph.w, size));
                    continue;
                }
                let physical = glyph.physical((0.0, 0.0), 1.0);
                let advance_end = (glyph.x + glyph.w).ceil() as i32;
                let mut mark = Mark {
                    x: physical.x,
                    y: physical.y,
                    width: 0,
                    height: 0,
                    advance: (advance_end - physical.x).max(0),
                    coverage: Vec::new(),
                };
                let image = self
                    .glyphs
                    .get_image(&mut self.font_system, physical.cache_key);
                if let Some(image) = image.as_ref() {
                    mark.x += image.placement.left;
                    mark.y -= image.placement.top;
                    mark.advance = (advance_end - mark.x).max(0);
                    mark.width = image.placement.width.try_into().unwrap_or(0);
                    mark.height = image.placement.height.try_into().unwrap_or(0);
                    mark.coverage = match image.content {
                        SwashContent::Mask => image.data.clone(),
                        // Four bytes a pixel, the last of them its opacity.
                        SwashContent::Color | SwashContent::SubpixelMask => {
                            image.data.chunks_exact(4).map(|pixel| pixel[3]).collect()
                        }
                    };
                }
                marks.push(mark);
            }
        }
        marks
    }

    /// A box with the hexadecimal number of a code point in two rows.
    fn boxed(&mut self, letter: char, x: i32, advance: f32, size: f32) -> Mark {
        let digits = format!("{:04X}", u32::from(letter));
        let (upper, lower) = digits.split_at(digits.len() / 2);
        let advance = (advance.round() as i32).max(3);
        let (width, height) = ((advance - 1).max(2), (size * 0.98).round() as i32);
        let mut mark = Mark {
            x,
            y: -(size * 0.82).round() as i32,
            width,
            height,
            advance,
            coverage: vec![0; usize::try_from(width * height).unwrap_or(0)],
        };
        for row in 0..height {
            for column in 0..width {
                if row == 0 || column == 0 || row == height - 1 || column == width - 1 {
                    mark.set(column, row, 255);
                }
            }
        }
        let font = TextFont::regular(size * BOX_DIGITS);
        for (row, text) in [(0, upper), (1, lower)] {
            let shaped = self.shape(text, font);
            // The baselines of the two rows, in the box.
            let baseline = (size * (0.45 + 0.43 * row as f32)).round() as i32;
            let top = baseline - font.baseline();
            let left = (width - shaped.width) / 2;
            for y in 0..shaped.height {
                for x in 0..shaped.width {
                    let index = usize::try_from(y * shaped.width + x).unwrap_or(usize::MAX);
                    let ink = shaped.coverage.get(index).copied().unwrap_or(0);
                    mark.set(left + x, top + y, ink);
                }
            }
        }
        mark
    }
}

/// The letters of a line in their places.
struct Line {
    marks: Vec<Mark>,
    /// Where the first ink is, at most 0.
    left: i32,
    width: i32,
    /// In pixels per em.
    size: f32,
    missing: Vec<char>,
}

/// A text with a font for every letter.
#[derive(Debug, Default)]
struct Prepared {
    text: String,
    /// Start, end and family of each stretch.
    spans: Vec<(usize, usize, &'static str)>,
    /// Code points that are boxed, by where their box stands.
    boxes: BTreeMap<usize, char>,
    missing: Vec<char>,
}

impl Prepared {
    fn push(&mut self, letter: char, family: &'static str) {
        let start = self.text.len();
        self.text.push(letter);
        let end = self.text.len();
        match self.spans.last_mut() {
            Some((_, last_end, last_family)) if *last_family == family => *last_end = end,
            _ => self.spans.push((start, end, family)),
        }
    }
}

/// A glyph or box as coverage.
struct Mark {
    x: i32,
    /// Of its upper edge, from the baseline downwards.
    y: i32,
    width: i32,
    height: i32,
    advance: i32,
    coverage: Vec<u8>,
}

impl Mark {
    fn set(&mut self, x: i32, y: i32, ink: u8) {
        if x < 0 || y < 0 || x >= self.width || y >= self.height {
            return;
        }
        let index = usize::try_from(y * self.width + x).unwrap_or(usize::MAX);
        if let Some(pixel) = self.coverage.get_mut(index) {
            *pixel = (*pixel).max(ink);
        }
    }
}

impl ShapedText {
    fn add(&mut self, mark: &Mark, left: i32, top: i32) {
        let [line_width, mark_width] = [self.width, mark.width].map(|width| length(width).max(1));
        // What is outside is cut off.
        let (skipped, left) = (length(-left), length(left));
        for (row, ink) in (top..).zip(mark.coverage.chunks_exact(mark_width)) {
            let mut lines = self.coverage.chunks_exact_mut(line_width);
            let line = usize::try_from(row).ok().and_then(|row| lines.nth(row));
            let pixels = line.and_then(|line| line.get_mut(left..));
            let ink = ink.get(skipped..).unwrap_or_default();
            for (pixel, &ink) in pixels.unwrap_or_default().iter_mut().zip(ink) {
                *pixel = (*pixel).max(ink);
            }
        }
    }
}

/// What is negative counts as zero.
fn length(pixels: i32) -> usize {
    usize::try_from(pixels).unwrap_or(0)
}

/// The highest and the lowest row with ink, from the baseline.
fn extent_y(marks: &[Mark]) -> (i32, i32) {
    marks
        .iter()
        .filter(|mark| mark.height > 0)
        .fold((0, 0), |(top, bottom), mark| {
            (top.min(mark.y), bottom.max(mark.y + mark.height))
        })
}

fn attributes(family: &'static str) -> Attrs<'static> {
    let weight = if family == TITLE_FAMILY {
        cosmic_text::Weight::BOLD
    } else {
        cosmic_text::Weight::NORMAL
    };
    // Rotated text must look like level text: hinting knows one direction.
    Attrs::new()
        .family(Family::Name(family))
        .weight(weight)
        .cache_key_flags(CacheKeyFlags::DISABLE_HINTING)
}
