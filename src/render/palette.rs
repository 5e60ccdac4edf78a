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

use super::colormap::{Color, ColorTable, NO_STEP, STEPS};
use crate::figure::layout::{Ink, Layout};
use needs::{Needs, StepSet};
use numbers::best_groups;

/// What a palette of a PNG holds at most.
const MOST_COLORS: usize = 256;
/// Letters on paper have edges of so many steps, the last of them the ink.
const TEXT_LEVELS: u8 = 8;
/// Every other step of the scale and the last.
const EVERY_OTHER: usize = STEPS / 2 + 1;
/// So much may be between what a channel shows and what the scale says.
const TOLERANCE: u8 = 2;

/// The colours of a picture, and which is where.
pub(super) struct IndexedColors {
    colors: Vec<Color>,
    /// The index of each step of the scale, and of what is no number.
    steps: [u8; STEPS + 1],
    inks: Vec<(Ink, u8)>,
    texts: Vec<(Ink, Shades)>,
    /// By step: numbers in cells, and those that step back.
    numbers: [Vec<Shades>; 2],
    table: ColorTable,
}

/// What letters are drawn with: an index for every step of their edges.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Shades {
    /// The number of steps; the last is the ink itself.
    pub(super) levels: u8,
    /// The index of a step is this and the step, except for the last.
    pub(super) base: u8,
    /// The index of the ink.
    pub(super) ink: u8,
    /// What else can be below the letters.
    pub(super) band: u8,
    /// The `base` there.
    pub(super) band_base: u8,
}

impl IndexedColors {
    /// The colours of a layout on some paper, which has the index 0. `cells`
    /// are the steps of the cells of all maps.
    pub(super) fn new(layout: &Layout<'_>, cells: &[Vec<u16>], paper: Color) -> Self {
        let table = ColorTable::new(layout.palette);
        let needs = Needs::new(layout, cells, &table);
        let mut colors = Self {
            colors: Vec::with_capacity(MOST_COLORS),
            steps: [0; STEPS + 1],
            inks: Vec::new(),
            texts: Vec::new(),
            numbers: [Vec::new(), Vec::new()],
            table,
        };
        colors.push(paper);
        colors.inks.push((Ink::Paper, 0));
        for &ink in needs.inks.iter().chain(&needs.texts) {
            colors.push_ink(ink);
        }
        for &ink in &needs.texts {
            colors.push_text(ink, paper);
        }
        if needs.steps[NO_STEP] {
            colors.steps[NO_STEP] = colors.push(table.step_color(NO_STEP));
        }
        colors.push_numbers(&needs.numbers);
        colors.push_scale(&needs);
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

    /// The index of a fraction of the scale.
    pub(super) fn fraction(&self, fraction: f32) -> u8 {
        self.steps[self.table.step(fraction)]
    }

    /// The index of an ink of the layout's rectangles.
    pub(super) fn ink(&self, ink: Ink) -> u8 {
        match ink {
            Ink::OnScale(fraction) => self.fraction(fraction),
            ink => self.known_ink(ink).unwrap_or_default(),
        }
    }

    /// What the layout's texts of an ink are drawn with.
    pub(super) fn shades(&self, ink: Ink) -> Shades {
        let number = |group: usize, fraction| {
            let shades = self.numbers.get(group);
            shades.and_then(|shades| shades.get(self.table.step(fraction)))
        };
        let shades = match ink {
            Ink::OnColor(fraction) => number(0, fraction),
            Ink::FaintOnColor(fraction) => number(1, fraction),
            ink => {
                let mut texts = self.texts.iter();
                texts
                    .find(|(other, _)| *other == ink)
                    .map(|(_, shades)| shades)
            }
        };
        shades.copied().unwrap_or_default()
    }

    /// The index of the colour that is nearest to one.
    pub(super) fn nearest(&self, color: Color) -> u8 {
        let distance = |other: &Color| -> u32 {
            let channels = other.iter().zip(color);
            channels
                .map(|(&left, right)| u32::from(left.abs_diff(right)).pow(2))
                .sum()
        };
        let colors = (0..=u8::MAX).zip(&self.colors);
        let nearest = colors.min_by_key(|(_, other)| distance(other));
        nearest.map_or(0, |(index, _)| index)
    }

    fn push(&mut self, color: Color) -> u8 {
        let index = self.colors.len();
        debug_assert!(index < MOST_COLORS);
        self.colors.push(color);
        u8::try_from(index).unwrap_or(u8::MAX)
    }

    fn known_ink(&self, ink: Ink) -> Option<u8> {
        let mut inks = self.inks.iter();
        inks.find(|(other, _)| *other == ink)
            .map(|&(_, index)| index)
    }

    fn push_ink(&mut self, ink: Ink) -> u8 {
        self.known_ink(ink).unwrap_or_else(|| {
            let index = self.push(self.table.ink(ink));
            self.inks.push((ink, index));
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

    fn push_text(&mut self, ink: Ink, paper: Color) {
        let color = self.table.ink(ink);
        let base = self.push_between(paper, color, TEXT_LEVELS);
        let (band, band_base) = match self.known_ink(Ink::Band) {
            Some(index) => {
                let below = self.table.ink(Ink::Band);
                (index, self.push_between(below, color, TEXT_LEVELS))
            }
            None => (0, base),
        };
        let shades = Shades {
            levels: TEXT_LEVELS,
            base,
            ink: self.push_ink(ink),
            band,
            band_base,
        };
        self.texts.push((ink, shades));
    }

    /// Adds what numbers in cells need, as finely as there is room.
    fn push_numbers(&mut self, needs: &[StepSet; 2]) {
        let scale_count = indispensable(&self.table).count();
        let room = MOST_COLORS.saturating_sub(scale_count + self.colors.len());
        let (levels, groups) = best_groups(needs, room, &self.table);
        if groups.is_empty() {
            return;
        }
        self.numbers = [(); 2].map(|()| vec![Shades::default(); STEPS + 1]);
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
            let shades = Shades {
                levels,
                base,
                ink,
                band: 0,
                band_base: base,
            };
            let steps = self.numbers[usize::from(group.is_faint)].get_mut(group.first..=group.last);
            steps.unwrap_or_default().fill(shades);
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
            .any(|(one, other)| one.abs_diff(other) > TOLERANCE)
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
