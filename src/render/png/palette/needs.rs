//! What colours a layout asks for.

use crate::figure::layout::{Ink, Item};
use crate::render::colormap::STEPS;
use crate::render::draw::Drawing;

/// Whether something occurs on each step of the scale, and on what is no number.
pub(super) type StepSet = [bool; STEPS + 1];

/// What a picture is made of.
pub(super) struct Needs {
    /// Steps of the scale that cells have.
    pub(super) steps: StepSet,
    /// Steps on which numbers are written, and such that step back.
    pub(super) numbers: [StepSet; 2],
    /// Of rectangles.
    pub(super) inks: Vec<Ink>,
    pub(super) texts: Vec<Ink>,
    pub(super) has_bar: bool,
}

impl Needs {
    pub(super) fn new(drawing: &Drawing<'_>) -> Self {
        let table = &drawing.colors;
        let mut needs = Self {
            steps: [false; STEPS + 1],
            numbers: [[false; STEPS + 1]; 2],
            inks: Vec::new(),
            texts: Vec::new(),
            has_bar: false,
        };
        let mut steps = drawing.steps.iter();
        for item in &drawing.layout.items {
            match item {
                Item::Cells(_) => needs.add_steps(steps.next()),
                // It shows what there is.
                Item::ColorBar(..) => {
                    steps.next();
                    needs.has_bar = true;
                }
                // Edges have every step between the paper and their line.
                Item::Lines(_) => {
                    let darkest = steps.next().into_iter().flatten().max();
                    let darkest = darkest.map_or(0, |&step| usize::from(step) + 1);
                    needs
                        .steps
                        .iter_mut()
                        .take(darkest)
                        .for_each(|is| *is = true);
                }
                Item::Rectangle { ink, .. } => match *ink {
                    Ink::OnScale(fraction) => needs.steps[table.step(fraction)] = true,
                    ink => add(ink, &mut needs.inks),
                },
                Item::Text(text) => match text.ink {
                    Ink::OnColor(fraction) => needs.numbers[0][table.step(fraction)] = true,
                    Ink::FaintOnColor(fraction) => needs.numbers[1][table.step(fraction)] = true,
                    ink => add(ink, &mut needs.texts),
                },
            }
        }
        needs
    }

    fn add_steps(&mut self, steps: Option<&Vec<u16>>) {
        for &step in steps.into_iter().flatten() {
            if let Some(step) = self.steps.get_mut(usize::from(step)) {
                *step = true;
            }
        }
    }
}

fn add(ink: Ink, inks: &mut Vec<Ink>) {
    if !inks.contains(&ink) {
        inks.push(ink);
    }
}
