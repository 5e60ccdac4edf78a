//! What broken rules show: the map of the head where it was found, what the
//! baseline had, and the difference.

use super::CheckError;
use super::beside::what_differs;
use super::looks::Looks;
use super::own_texts::{invariant, texts, whole};
use super::walk::{run_of, texts as texts_of};
use crate::analysis::{Axis, Granularity, MapId, Maps, ReshapeOptions, reshape};
use crate::attention::HeadId;
use crate::compare::DifferenceMeasure;
use crate::compare::check::{Verdict, Where};
use crate::compare::rules::{Check, Rule};
use crate::figure::{Figure, FigureOptions, head_difference, single_map};
use crate::input::{Input, StreamRole, Unit};
use crate::pipeline::{LoadedModel, OutputError};
use crate::render::{self, TextShaper};
use crate::run::Run;
use crate::store::baseline::Baseline;
use crate::store::check_record::PictureRecord;

/// So many broken rules are drawn; the others are told in words.
const DRAWN_RULES: usize = 50;
/// So many tokens are listed.
const LISTED_TOKENS: usize = 400;

/// What a broken rule shows.
#[derive(Debug, Default)]
pub(super) struct Shown {
    /// Pictures with their bytes.
    pub(super) pictures: Vec<(PictureRecord, Vec<u8>)>,
    /// Tokens of the baseline, and those that there are.
    pub(super) tokens: Option<[Vec<String>; 2]>,
    /// What else is to be said.
    pub(super) notes: Vec<String>,
    /// The address within the page that opens the place where it was found.
    pub(super) look: Option<String>,
}

/// Who shows what broken rules found.
pub(super) struct Show<'a> {
    pub(super) rules: &'a [Rule],
    pub(super) loaded: &'a LoadedModel,
    pub(super) baseline: Option<&'a Baseline>,
    pub(super) truncate: Option<usize>,
}

/// Two sides of a head.
struct Sides<'m> {
    /// What they are called.
    names: [String; 2],
    maps: [&'m Maps<'m>; 2],
    /// Rows and columns that are not the same on both.
    differing: Vec<usize>,
    captions: Vec<String>,
    /// What the picture shows.
    title: &'static str,
}

impl Show<'_> {
    /// What every rule shows, in their order; nothing of those that hold.
    pub(super) fn all(&self, verdicts: &[Verdict]) -> Result<(Vec<Shown>, Looks), CheckError> {
        let mut looks = Looks::default();
        let mut shaper = TextShaper::default();
        let mut drawn = 0;
        let rules = self.rules.iter().zip(verdicts).enumerate();
        let shown: Result<Vec<Shown>, CheckError> = rules
            .map(|(index, (rule, verdict))| {
                if verdict.holds || drawn == DRAWN_RULES {
                    return Ok(Shown::default());
                }
                drawn += 1;
                self.one(index, rule, verdict, &mut shaper, &mut looks)
            })
            .collect();
        Ok((shown?, looks))
    }

    fn one(
        &self,
        index: usize,
        rule: &Rule,
        verdict: &Verdict,
        shaper: &mut TextShaper,
        looks: &mut Looks,
    ) -> Result<Shown, CheckError> {
        let place = &verdict.place;
        let mut shown = Shown::default();
        let Some(input) = &verdict.place.input else {
            return Ok(shown);
        };
        // It was encoded before; where it cannot be again, the words stay.
        let Ok(run) = run_of(self.loaded, &input.input, self.truncate) else {
            return Ok(shown);
        };
        let Ok(maps) = self.maps_of(rule, &run) else {
            return Ok(shown);
        };
        let file = format!("rules/{index:03}.png");
        let options = FigureOptions::default();
        let mut two = |sides: &Sides<'_>, head: HeadId| {
            let names = [sides.names[0].as_str(), sides.names[1].as_str()];
            let [left, right] = sides.maps;
            let captions = sides.captions.clone();
            let figure = head_difference(
                names,
                left,
                right,
                head,
                &sides.differing,
                captions,
                &options,
            );
            let mut figure = figure.map_err(OutputError::from)?;
            point_out(&mut figure, left, place);
            let title = format!("{head}: {}", sides.title);
            png(&figure, file.clone(), title, shaper)
        };
        match (&rule.check, verdict.place.head) {
            (Check::Tokens, _) => shown.tokens = self.tokens(&input.input, &run),
            (_, None) => {}
            (Check::Invariant { input, changed, .. }, Some(head)) => {
                let Ok(both) = texts(self.loaded, [input, changed], self.truncate) else {
                    return Ok(shown);
                };
                if let Ok(seen) = invariant(&both) {
                    let [differing, _] = seen.replaced();
                    let texts = [input, changed].map(|input| input.captions().join(" ‖ "));
                    let sides = Sides {
                        names: ["as it is".to_owned(), "with words replaced".to_owned()],
                        maps: [&seen.left, &seen.right],
                        differing,
                        captions: texts.to_vec(),
                        title: "the text, the same with words replaced, and the difference",
                    };
                    shown.pictures.push(two(&sides, head)?);
                    let names = [sides.names[0].as_str(), sides.names[1].as_str()];
                    let [left, right] = &both;
                    shown.look = looks.replaced(&seen, [left, right], names, place)?;
                    shown.notes = seen.notes;
                }
            }
            (
                Check::Difference { .. }
                | Check::Drift { .. }
                | Check::Head { .. }
                | Check::Layer { .. }
                | Check::Link { .. },
                Some(head),
            ) => match self.before(&run, &maps, head)? {
                Some((model, before)) => {
                    let sides = Sides {
                        names: names(&model, &run.model.name()),
                        maps: [&before, &maps],
                        differing: Vec::new(),
                        captions: texts_of(&run.input),
                        title: "the baseline, the model under check, and the difference",
                    };
                    shown.pictures.push(two(&sides, head)?);
                    let names = [sides.names[0].as_str(), sides.names[1].as_str()];
                    shown.look = looks.beside(&run, sides.maps, names, place)?;
                }
                None => {
                    let figure = single_map(&run, &maps, MapId::Head(head), &options);
                    let mut figure = figure.map_err(OutputError::from)?;
                    point_out(&mut figure, &maps, place);
                    let title = format!("{head}: the model under check");
                    shown.pictures.push(png(&figure, file, title, shaper)?);
                    let more = match maps.reshape.granularity {
                        Granularity::Word => "&tokens=word",
                        Granularity::Subword => "",
                    };
                    if let Ok(tokens) = whole(&run) {
                        shown.look = looks.run(&run, &tokens, place, more)?;
                    }
                }
            },
        }
        Ok(shown)
    }

    /// The maps that a rule looks at: words where its link is one of words.
    fn maps_of<'run>(&self, rule: &Rule, run: &'run Run) -> Result<Maps<'run>, String> {
        let Check::Link { from, to, .. } = &rule.check else {
            return whole(run);
        };
        match super::own_texts::link(run, from, to) {
            Ok(seen) if seen.of_words => {
                let Some(attention) = run.attention.first() else {
                    return whole(run);
                };
                let options = ReshapeOptions {
                    granularity: Granularity::Word,
                    ..ReshapeOptions::default()
                };
                reshape(run, attention, &options).map_err(|error| error.to_string())
            }
            Ok(_) | Err(_) => whole(run),
        }
    }

    /// What the baseline has of a run, and of which model, where it is of the same
    /// units and heads and something else than its rounding differs in this head.
    fn before(
        &self,
        run: &Run,
        maps: &Maps<'_>,
        head: HeadId,
    ) -> Result<Option<(String, Maps<'static>)>, CheckError> {
        let Some(baseline) = self.baseline else {
            return Ok(None);
        };
        let Some(held) = baseline.find(&run.input) else {
            return Ok(None);
        };
        let is_alike = super::beside::other_tokens(held, run).is_none();
        let before = match is_alike {
            true => baseline.maps(held)?,
            false => return Ok(None),
        };
        if before.selection != maps.selection || before.rows != maps.rows {
            return Ok(None);
        }
        let id = MapId::Head(head);
        let sides = before.map(id).zip(maps.map(id));
        let least = baseline.manifest.least(DifferenceMeasure::MaxAbs);
        let is_moved = sides.is_some_and(|(before, now)| {
            let mut cells = before.iter().zip(now);
            cells.any(|(before, now)| f64::from((before - now).abs()) > least)
        });
        if !is_moved {
            return Ok(None);
        }
        Ok(Some((baseline.manifest.model.name(), before)))
    }

    /// Tokens of the baseline and those that there are, by the vocabulary.
    fn tokens(&self, input: &Input, run: &Run) -> Option<[Vec<String>; 2]> {
        let held = self.baseline?.find(input)?;
        let (before, now) = (held.units(), run.units(StreamRole::Source));
        // Of tokens that read the same, what tells them apart stands behind.
        let named = |unit: &Unit, other: Option<&Unit>, side: usize| {
            let differs = match (other, side) {
                (None, _) => None,
                (Some(other), 0) => what_differs(unit, other),
                (Some(other), _) => what_differs(other, unit),
            };
            match differs {
                Some((what, values)) if other.is_some_and(|other| other.text == unit.text) => {
                    format!("{} ({what} {})", unit.text, values[side])
                }
                Some(_) | None => unit.text.clone(),
            }
        };
        let all = |side: usize, units: &[Unit], others: &[Unit]| -> Vec<String> {
            let units = units.iter().take(LISTED_TOKENS).enumerate();
            units
                .map(|(index, unit)| named(unit, others.get(index), side))
                .collect()
        };
        Some([all(0, &before, now), all(1, now, &before)])
    }
}

/// Marks the cell that a rule is about, where it is about one.
fn point_out(figure: &mut Figure<'_>, maps: &Maps<'_>, place: &Where) {
    let find = |axis: &Axis, unit: &Option<(String, usize)>| {
        let (_, position) = unit.as_ref()?;
        axis.units.iter().position(|unit| unit.first == *position)
    };
    let (row, column) = (
        find(&maps.rows, &place.query),
        find(&maps.columns, &place.key),
    );
    if let Some((row, column)) = row.zip(column) {
        figure.point_out([row, column]);
    }
}

/// What the two sides are called: the model's name stands once where it is the
/// same.
fn names(before: &str, now: &str) -> [String; 2] {
    let baseline = match before == now {
        true => "baseline".to_owned(),
        false => format!("baseline, {before}"),
    };
    [baseline, now.to_owned()]
}

fn png(
    figure: &Figure<'_>,
    file: String,
    title: String,
    shaper: &mut TextShaper,
) -> Result<(PictureRecord, Vec<u8>), CheckError> {
    let failed = |source| OutputError::Render {
        file: file.clone(),
        source,
    };
    let drawing = render::prepare(figure, shaper).map_err(failed)?;
    let picture = render::png::encode(&drawing).map_err(failed)?;
    let record = PictureRecord {
        title,
        width: picture.width,
        height: picture.height,
        file,
    };
    Ok((record, picture.bytes))
}
