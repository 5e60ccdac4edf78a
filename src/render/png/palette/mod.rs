//! The palette of a picture: at most 256 colours, chosen before anything is
//! drawn, so that a pixel is a byte from the start.
//!
//! The colours of the scale are exact while they fit; where they do not, a step
//! of the scale may show the colour of the next. The edges of letters get a few
//! steps between what is below and the ink. Numbers in cells share theirs
//! between cells of nearly the same colour, for which nobody can see the
//! difference: an edge is a mixture anyway.

mod needs;
mod numbers;

use std::hint::select_unpredictable;

use plotters_backend::BackendCoord;
use rustc_hash::FxHashMap;

use crate::figure::layout::Ink;
use crate::render::colormap::{Color, ColorTable, NO_STEP, STEPS};
use crate::render::draw::Drawing;
use needs::{Needs, StepSet};
use numbers::best_groups;

/// What a palette of a PNG holds at most.
const MOST_COLORS: usize = 256;
/// Letters on paper have edges of so many steps, the last of them the ink.
const TEXT_LEVELS: u8 = 8;
/// More than there are levels, and a power of two.
const LEVEL_COUNT: usize = 16;
/// Of numbers from here on, neighbours differ by one.
const NO_FRACTIONS: f64 = (1_u64 << (f64::MANTISSA_DIGITS - 1)) as f64;
/// Every other step of the scale and the last.
const EVERY_OTHER: usize = STEPS / 2 + 1;

/// The colours of a picture, and which is where.
pub(super) struct IndexedColors {
    colors: Vec<Color>,
    /// The index of each step of the scale, and of what is no number.
    steps: [u8; STEPS + 1],
    /// The index of whatever rectangles are filled with.
    indices: FxHashMap<Color, u8>,
    /// What letters on paper are drawn with, by their ink.
    pens: FxHashMap<Color, Pen>,
    /// What numbers in cells are drawn with, by where they begin: their ink does
    /// not tell on which step of the scale they stand, nor does the index below
    /// them, which several steps may share.
    numbers: FxHashMap<BackendCoord, Pen>,
    table: ColorTable,
}

/// What letters are drawn with.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Pen {
    shades: Shades,
    /// What else can be below the letters.
    band: u8,
    /// The shades there.
    band_shades: Shades,
}

impl Pen {
    /// The index of a pixel when a fraction of it is covered with ink.
    #[inline]
    pub(super) fn cover(&self, below: u8, coverage: f64) -> u8 {
        let shades = match below == self.band {
            true => &self.band_shades,
            false => &self.shades,
        };
        // No fraction of a byte is half a step away from two levels. The last bits
        // of a number that has no bits for fractions are the nearest level.
        let level = (coverage * shades.levels + NO_FRACTIONS).to_bits() as usize % LEVEL_COUNT;
        let index = shades.indices.get(level).copied().unwrap_or(below);
        // Edges of letters come too irregularly to be foreseen.
        select_unpredictable(level == 0, below, index)
    }
}

/// The index of every step between what is below letters and their ink.
#[derive(Debug, Clone, Copy, Default)]
struct Shades {
    /// The number of steps; the last is the ink itself.
    levels: f64,
    /// By step; 0 is what is below, whatever its index.
    indices: [u8; LEVEL_COUNT],
}

impl Shades {
    /// `base` and a step make the index of what is between.
    fn new(levels: u8, base: u8, ink: u8) -> Self {
        let mut indices = [ink; LEVEL_COUNT];
        for (level, index) in (0..levels).zip(&mut indices) {
            *index = base.wrapping_add(level);
        }
        let levels = f64::from(levels);
        Self { levels, indices }
    }
}

impl IndexedColors {
    /// The index of the paper.
    pub(super) const PAPER: u8 = 0;

    /// The colours of a drawing on some paper.
    pub(super) fn new(drawing: &Drawing<'_>, paper: Color) -> Self {
        let table = drawing.colors;
        let needs = Needs::new(drawing);
        let mut colors = Self {
            colors: Vec::with_capacity(MOST_COLORS),
            steps: [0; STEPS + 1],
            indices: FxHashMap::with_capacity_and_hasher(2 * STEPS, Default::default()),
            pens: FxHashMap::default(),
            numbers: FxHashMap::default(),
            table,
        };
        colors.push(paper);
        colors.indices.insert(paper, Self::PAPER);
        for &ink in needs.inks.iter().chain(&needs.texts) {
            colors.push_ink(table.ink(ink));
        }
        for &ink in &needs.texts {
            colors.push_text(table.ink(ink), paper);
        }
        // A cell that is not there.
        colors.steps[NO_STEP] = Self::PAPER;
        let numbers = colors.push_numbers(&needs.numbers);
        colors.push_scale(&needs);
        colors.place_numbers(drawing, &numbers);
        colors
    }

    /// Red, green and blue of every index.
    pub(super) fn to_bytes(&self) -> Vec<u8> {
        self.colors.as_flattened().to_vec()
    }

    /// The index of a step of the scale.
    pub(super) fn step(&self, step: u16) -> u8 {
        self.steps
            .get(usize::from(step))
            .copied()
            .unwrap_or_default()
    }

    /// The index of a colour of the drawing's rectangles, of its paper and of
    /// the scale.
    pub(super) fn index(&self, color: Color) -> u8 {
        self.indices.get(&color).copied().unwrap_or(Self::PAPER)
    }

    /// What the letters are drawn with that begin somewhere and have some ink.
    pub(super) fn pen(&self, corner: BackendCoord, ink: Color) -> Pen {
        let pen = self.numbers.get(&corner).or_else(|| self.pens.get(&ink));
        pen.copied().unwrap_or_default()
    }

    fn push(&mut self, color: Color) -> u8 {
        let index = self.colors.len();
        debug_assert!(index < MOST_COLORS);
        self.colors.push(color);
        u8::try_from(index).unwrap_or(u8::MAX)
    }

    fn push_ink(&mut self, color: Color) -> u8 {
        self.indices.get(&color).copied().unwrap_or_else(|| {
            let index = self.push(color);
            self.indices.insert(color, index);
            index
        })
    }

    /// What lies between two colours, without them; returns the `base` of it.
    fn push_between(&mut self, below: Color, ink: Color, levels: u8) -> u8 {
        let base = u8::try_from(self.colors.len()).unwrap_or(u8::MAX);
        for level in 1..levels {
            self.push(between(below, ink, level, levels));
        }
        base.wrapping_sub(1)
    }

    fn push_text(&mut self, color: Color, paper: Color) {
        let ink = self.push_ink(color);
        let base = self.push_between(paper, color, TEXT_LEVELS);
        let shades = Shades::new(TEXT_LEVELS, base, ink);
        let band = self.table.ink(Ink::Band);
        let (band, band_shades) = match self.indices.get(&band).copied() {
            Some(index) => {
                let base = self.push_between(band, color, TEXT_LEVELS);
                (index, Shades::new(TEXT_LEVELS, base, ink))
            }
            None => (Self::PAPER, shades),
        };
        let pen = Pen {
            shades,
            band,
            band_shades,
        };
        self.pens.insert(color, pen);
    }

    /// Adds what numbers in cells need, as finely as there is room. Returns what
    /// they are drawn with, by step: plain ones, and those that step back.
    fn push_numbers(&mut self, needs: &[StepSet; 2]) -> [Vec<Shades>; 2] {
        let scale_count = indispensable(&self.table).count();
        let room = MOST_COLORS.saturating_sub(scale_count + self.colors.len());
        let (levels, groups) = best_groups(needs, room, &self.table);
        let mut numbers = [(); 2].map(|()| vec![Shades::default(); STEPS + 1]);
        let mut inks: Vec<(Color, u8)> = Vec::new();
        for group in groups {
            let color = group.ink(&self.table);
            let base = self.push_between(group.color(&self.table), color, levels);
            let known = inks.iter().find(|(other, _)| *other == color);
            let ink = known.map(|&(_, index)| index).unwrap_or_else(|| {
                let index = self.push(color);
                inks.push((color, index));
                index
            });
            let steps = numbers[usize::from(group.is_faint)].get_mut(group.first..=group.last);
            steps
                .unwrap_or_default()
                .fill(Shades::new(levels, base, ink));
        }
        numbers
    }

    /// Puts what numbers are drawn with where they begin.
    fn place_numbers(&mut self, drawing: &Drawing<'_>, numbers: &[Vec<Shades>; 2]) {
        for text in drawing.layout.texts() {
            let (numbers, fraction) = match text.ink {
                Ink::OnColor(fraction) => (&numbers[0], fraction),
                Ink::FaintOnColor(fraction) => (&numbers[1], fraction),
                Ink::Strong
                | Ink::Medium
                | Ink::Light
                | Ink::Hairline
                | Ink::Paper
                | Ink::Grid
                | Ink::Band
                | Ink::Bar
                | Ink::FaintBar
                | Ink::OnScale(_) => continue,
            };
            let shades = numbers.get(self.table.step(fraction));
            let shades = shades.copied().unwrap_or_default();
            let pen = Pen {
                shades,
                band: Self::PAPER,
                band_shades: shades,
            };
            self.numbers.insert((text.rect.x, text.rect.y), pen);
        }
    }

    /// Adds colours of the scale: the indispensable ones, then those of the
    /// cells, and for a colour bar as many more as there is room.
    fn push_scale(&mut self, needs: &Needs) {
        let room = MOST_COLORS - self.colors.len().min(MOST_COLORS);
        let is_used = |step: &usize| needs.steps[*step];
        let used_count = (0..STEPS).filter(is_used).count();
        let (always, most) = match needs.has_bar || used_count > room {
            true => (STEPS, room),
            false => (0, used_count),
        };
        let mut kept = [false; STEPS];
        let mut left = most;
        let order = indispensable(&self.table).take(always);
        let order: Vec<usize> = order.chain(spread().filter(is_used)).collect();
        for step in order.into_iter().chain(spread()) {
            if left > 0 && !kept[step] {
                kept[step] = true;
                left -= 1;
            }
        }
        let table = self.table;
        let mut indices: Vec<(usize, u8)> = Vec::with_capacity(STEPS);
        for step in (0..STEPS).filter(|&step| kept[step]) {
            indices.push((step, self.push(table.step_color(step))));
        }
        let kept_steps = indices.clone();
        let mut indices = indices.into_iter().peekable();
        let mut current = indices.next();
        for (step, index) in self.steps.iter_mut().take(STEPS).enumerate() {
            // The nearest, the lower of two that are as near.
            while let (Some((now, _)), Some(&(next, _))) = (current, indices.peek()) {
                if next.abs_diff(step) >= now.abs_diff(step) {
                    break;
                }
                current = indices.next();
            }
            *index = current.map_or(0, |(_, index)| index);
        }
        // A colour that is there is shown by itself, another by its step's.
        for (step, index) in kept_steps {
            self.indices.entry(table.step_color(step)).or_insert(index);
        }
        for step in 0..=NO_STEP {
            let color = table.step_color(step);
            self.indices.entry(color).or_insert(self.steps[step]);
        }
    }
}

/// The steps without which some step would be shown by one that differs by more
/// than the tolerance: every other, and those that differ so much from the one
/// below.
fn indispensable(table: &ColorTable) -> impl Iterator<Item = usize> {
    let is_coarse = |&step: &usize| {
        let channels = table.step_color(step).into_iter();
        let below = table.step_color(step - 1);
        channels
            .zip(below)
            .any(|(one, other)| one.abs_diff(other) > table.tolerance())
    };
    let odd = (1..STEPS - 1).step_by(2);
    spread().take(EVERY_OTHER).chain(odd.filter(is_coarse))
}

/// All steps, the last and then the others so that any number of them is spread
/// evenly: 0, 128, 64, 192, 32 and so on.
fn spread() -> impl Iterator<Item = usize> {
    let others = (0..=u8::MAX).map(|index| usize::from(index.reverse_bits()));
    [STEPS - 1].into_iter().chain(others)
}

/// So many steps of all from one colour to another.
fn between(from: Color, to: Color, level: u8, levels: u8) -> Color {
    let (level, levels) = (u32::from(level), u32::from(levels.max(1)));
    std::array::from_fn(|channel| {
        let (from, to) = (u32::from(from[channel]), u32::from(to[channel]));
        // A mean of two bytes is a byte.
        ((from * (levels - level) + to * level + levels / 2) / levels) as u8
    })
}
