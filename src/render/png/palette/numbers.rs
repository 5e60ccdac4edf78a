//! Which cells share the edges of the numbers in them, and how fine those are.

use super::needs::StepSet;
use crate::render::colormap::{Color, ColorTable, NO_STEP, STEPS};

/// How finely numbers in cells are drawn, the best first: steps from the cell
/// to the ink, and of the colour scale that share them.
const NUMBER_QUALITIES: [(u8, usize); 13] = [
    (8, 1),
    (8, 2),
    (8, 4),
    (8, 8),
    (7, 10),
    (6, 12),
    (6, 16),
    (5, 16),
    (4, 16),
    (4, 24),
    (4, 32),
    (4, 64),
    (4, STEPS),
];

/// The number of steps from cells to the ink, and the finest groups for which
/// there is room for so many colours.
pub(super) fn best_groups(
    needs: &[StepSet; 2],
    room: usize,
    table: &ColorTable,
) -> (u8, Vec<Group>) {
    let [plain, faint] = needs;
    let all = |width| {
        [
            groups(plain, width, table, false),
            groups(faint, width, table, true),
        ]
    };
    // Numbers have one of two inks, or one of their own where they are faint.
    let cost = |levels: u8, [plain, faint]: &[Vec<Group>; 2]| {
        plain.len() * usize::from(levels - 1) + faint.len() * usize::from(levels) + 2
    };
    let mut qualities = NUMBER_QUALITIES
        .iter()
        .map(|&(levels, width)| (levels, all(width)));
    let found = qualities.find(|(levels, groups)| cost(*levels, groups) <= room);
    found.map_or_else(Default::default, |(levels, groups)| {
        (levels, groups.concat())
    })
}

/// Steps of the scale whose numbers share the steps of their edges.
#[derive(Debug, Clone, Copy)]
pub(super) struct Group {
    pub(super) first: usize,
    pub(super) last: usize,
    pub(super) is_faint: bool,
}

impl Group {
    /// The middle one.
    pub(super) fn color(&self, table: &ColorTable) -> Color {
        table.step_color((self.first + self.last) / 2)
    }

    pub(super) fn ink(&self, table: &ColorTable) -> Color {
        table.step_ink((self.first + self.last) / 2, self.is_faint)
    }
}

/// The steps that are needed, in groups of at most `width` neighbours on which
/// the same ink can be read.
fn groups(needed: &StepSet, width: usize, table: &ColorTable, is_faint: bool) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    for step in (0..=NO_STEP).filter(|&step| needed[step]) {
        let is_like = |group: &Group| {
            let ink = |step| table.step_ink(step, false);
            step < NO_STEP
                && step - group.first < width
                && !(group.first + 1..=step).any(|step| table.begins_scale(step))
                && ink(step) == ink(group.first)
        };
        match groups.last_mut().filter(|group| is_like(group)) {
            Some(group) => group.last = step,
            None => groups.push(Group {
                first: step,
                last: step,
                is_faint,
            }),
        }
    }
    groups
}
