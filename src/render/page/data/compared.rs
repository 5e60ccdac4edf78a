//! What the page's script is told of a comparison: everything of its left side as
//! of a run, and how the right side differs.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::super::command::{folder_in_words, model_name};
use super::super::encoding::{Coding, Hideable};
use super::{Axis, Compared, Data, Difference, HeadScore, Options, colormaps, layers};
use crate::analysis::{Axis as UnitAxis, Granularity, Score};
use crate::attention::Mask;
use crate::checkpoint::ModelSource;
use crate::compare::{Comparison, DifferenceMeasure, Pairing, Quantity};
use crate::figure::FigureOptions;
use crate::input::Input;
use crate::render::colormap::{ColorPart, ColorTable, Coloring, Palette, STEPS, Theme};
use crate::run::Run;

/// A comparison of two runs of which a page is made.
#[derive(Debug, Clone, Copy)]
pub(in crate::render::page) struct Sides<'a> {
    pub(in crate::render::page) comparison: &'a Comparison<'a>,
    pub(in crate::render::page) runs: [&'a Run; 2],
    pub(in crate::render::page) names: [&'a str; 2],
    pub(in crate::render::page) pairing: Pairing,
    pub(in crate::render::page) ranked_by: Quantity,
    pub(in crate::render::page) is_diff: bool,
}

impl Data {
    /// `codings` are those of both sides and of their difference.
    pub(in crate::render::page) fn of_comparison(
        sides: &Sides<'_>,
        masks: &[Mask],
        codings: [Coding; 2],
        hideable: &Hideable,
    ) -> Self {
        let Sides { comparison, .. } = *sides;
        let (left, right) = (&comparison.left, &comparison.right);
        let run = sides.runs[0];
        let names = sides.names.map(str::to_owned);
        let mut captions: Vec<String> = Vec::new();
        for run in sides.runs {
            let own = run.input.captions().join(" / ");
            if !captions.contains(&own) {
                captions.push(own);
            }
        }
        let [replaced_rows, replaced_columns] = comparison.replaced();
        let differing = |count: usize, replaced: &[usize]| {
            let marks = (0..count).map(|unit| u8::from(replaced.contains(&unit)));
            marks.collect::<Vec<u8>>()
        };
        let labels = |axis: &UnitAxis| {
            let labels = axis.units.iter().map(|unit| unit.label.clone());
            labels.collect::<Vec<String>>()
        };
        let mut options = Options::new(left, &FigureOptions::default());
        options.theme = None;
        Self {
            attnviz: env!("CARGO_PKG_VERSION"),
            model: names.join(" \u{2192} "),
            source: run.model.source.in_words(),
            commit: None,
            captions,
            kind: run.attention.first().map_or("", |it| it.kind().name()),
            rows: sides.axis(&left.rows),
            columns: (!left.is_square()).then(|| sides.axis(&left.columns)),
            layers: layers(&left.selection, masks),
            bits: codings[0].bits,
            base: codings[0].base,
            apart: hideable.apart(),
            sets: hideable.set_count(),
            sums_to_one: false,
            notes: Vec::new(),
            scores: numbers(comparison),
            neurons: None,
            colormaps: colormaps(),
            options,
            command: command_of(sides),
            place: places(sides),
            compared: Some(Compared {
                names,
                rows: labels(&right.rows),
                columns: labels(&right.columns),
                differing_rows: differing(right.rows.len(), &replaced_rows),
                differing_columns: differing(right.columns.len(), &replaced_columns),
                measure: sides.ranked_by.name(),
                difference: Difference {
                    bits: codings[1].bits,
                    base: codings[1].base,
                },
                colors: [Theme::Light, Theme::Dark].map(colors),
            }),
        }
    }
}

impl Sides<'_> {
    /// Whether the maps have all tokens of one input, which both sides share: then
    /// pieces can become words in the page.
    pub(in crate::render::page) fn has_all_tokens(&self) -> bool {
        let Comparison {
            left,
            rows,
            columns,
            ..
        } = self.comparison;
        left.reshape.granularity == Granularity::Subword
            && self.pairing == Pairing::SameInput
            && rows.is_same()
            && columns.is_same()
    }

    pub(in crate::render::page) fn hideable(&self) -> Hideable {
        let keys = self.comparison.left.columns.units.iter();
        Hideable::new(keys.map(|unit| unit.special).collect())
    }

    fn axis(&self, axis: &UnitAxis) -> Axis {
        if self.has_all_tokens() {
            return Axis::new(self.runs[0], axis.role);
        }
        let units = axis.units.iter();
        Axis {
            role: axis.role.name(),
            labels: units.clone().map(|unit| unit.label.clone()).collect(),
            texts: units.clone().map(|unit| unit.text.clone()).collect(),
            special: units.clone().map(|unit| u8::from(unit.special)).collect(),
            aside: units
                .clone()
                .map(|unit| u8::from(!unit.stands_for_text()))
                .collect(),
            segments: units.clone().map(|unit| unit.segment).collect(),
            words: units
                .enumerate()
                .map(|(place, unit)| (place, 1, unit.label.clone()))
                .collect(),
            without_first: None,
        }
    }
}

/// Every measure of every head, and how much more the right side has of each
/// score.
fn numbers(comparison: &Comparison<'_>) -> Vec<HeadScore> {
    let differences = &comparison.differences;
    let finite = |value: f64| value.is_finite().then_some(value as f32);
    let measures = DifferenceMeasure::ALL.iter().map(|&measure| HeadScore {
        name: measure.name().to_owned(),
        unit: measure.unit(),
        paper: None,
        signed: false,
        values: differences
            .heads(measure)
            .iter()
            .copied()
            .map(finite)
            .collect(),
    });
    let scores = comparison.scores.iter().flat_map(|scores| {
        Score::ALL.iter().map(move |&score| HeadScore {
            name: Quantity::Score(score).name(),
            unit: score.unit(),
            paper: score.source(),
            signed: true,
            values: scores.get(score).into_iter().map(finite).collect(),
        })
    });
    let all = measures.chain(scores);
    all.filter(|score| score.values.iter().any(Option::is_some))
        .collect()
}

/// What is blue is less on the right, what is orange is more.
pub(in crate::render::page) fn colors(theme: Theme) -> String {
    let table = ColorTable::new(Palette {
        theme,
        coloring: Coloring::Differences,
        ..Palette::default()
    });
    let table = table.of_part(ColorPart::Differences);
    let middle = STEPS as f32 / 2.0;
    let bytes: Vec<u8> = (0..STEPS)
        .flat_map(|step| table.color(0.5 + (step as f32 - middle) / (2.0 * (middle - 1.0))))
        .collect();
    STANDARD.encode(bytes)
}

/// Where that is to be run; empty where it does not matter.
fn places(sides: &Sides<'_>) -> String {
    let models = sides.runs.iter().map(|run| &run.model);
    let mut folders: Vec<String> = models
        .filter(|model| model.source == ModelSource::Directory)
        .map(|model| folder_in_words(&model.id))
        .collect();
    folders.dedup();
    match folders.as_slice() {
        [] => String::new(),
        [one] => format!("where {one} is"),
        all => format!("where {} are", all.join(" and ")),
    }
}

/// What is typed to compare once more; nothing where models came from elsewhere.
fn command_of(sides: &Sides<'_>) -> Vec<String> {
    let is_known = |run: &Run| match (&run.model.source, &run.input) {
        (ModelSource::Elsewhere, _) | (_, Input::Image { .. }) => false,
        (ModelSource::Hub | ModelSource::Directory | ModelSource::Builtin, _) => true,
    };
    if !sides.is_diff || !sides.runs.iter().all(|run| is_known(run)) {
        return Vec::new();
    }
    let model = |run: &Run| model_name(&run.model.id, run.model.source);
    let texts = |run: &Run, names: [&str; 2]| -> Vec<String> {
        let (text, pair) = match &run.input {
            Input::Text { text, pair } => (text, pair.as_ref()),
            Input::Translation { source, target } => (source, Some(target)),
            Input::Image { name, .. } => (name, None),
        };
        let given = [Some(text), pair];
        let words = names.into_iter().zip(given);
        words
            .filter_map(|(name, text)| Some(format!("--{name}={}", text?)))
            .collect()
    };
    let [left, right] = sides.runs;
    let mut words = vec!["diff".to_owned(), model(left)];
    match sides.pairing {
        Pairing::SameInput => {
            words.push(model(right));
            words.extend(texts(left, ["text", "pair"]));
        }
        Pairing::OtherInput => {
            words.extend(texts(left, ["text", "pair"]));
            words.extend(texts(right, ["against", "against-pair"]));
        }
    }
    if sides.comparison.left.reshape.granularity == Granularity::Word {
        words.push("--tokens=word".to_owned());
    }
    words
}
