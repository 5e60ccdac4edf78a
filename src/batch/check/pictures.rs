//! What broken rules show: the map of the head where it was found, what the
//! baseline had, and the difference.

use super::CheckError;
use super::own_texts::{invariant, texts, whole};
use super::walk::run_of;
use crate::analysis::{Granularity, MapId, Maps, ReshapeOptions, reshape};
use crate::attention::HeadId;
use crate::compare::check::Verdict;
use crate::compare::rules::{Check, Rule};
use crate::figure::{Figure, FigureOptions, single_map};
use crate::input::{Input, StreamRole};
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
}

/// Who shows what broken rules found.
pub(super) struct Show<'a> {
    pub(super) rules: &'a [Rule],
    pub(super) loaded: &'a LoadedModel,
    pub(super) baseline: Option<&'a Baseline>,
}

/// Which side a picture is of.
#[derive(Debug, Clone, Copy)]
enum Side {
    Now,
    Before,
    Changed,
}

impl Side {
    /// The end of its file's name, and what it shows.
    fn words(self) -> [&'static str; 2] {
        match self {
            Self::Now => ["now", "the model under check"],
            Self::Before => ["baseline", "the baseline"],
            Self::Changed => ["replaced", "with the words replaced"],
        }
    }
}

impl Show<'_> {
    /// What every rule shows, in their order; nothing of those that hold.
    pub(super) fn all(&self, verdicts: &[Verdict]) -> Result<Vec<Shown>, CheckError> {
        let mut shaper = TextShaper::default();
        let mut drawn = 0;
        let rules = self.rules.iter().zip(verdicts).enumerate();
        rules
            .map(|(index, (rule, verdict))| {
                if verdict.holds || drawn == DRAWN_RULES {
                    return Ok(Shown::default());
                }
                drawn += 1;
                self.one(index, rule, verdict, &mut shaper)
            })
            .collect()
    }

    fn one(
        &self,
        index: usize,
        rule: &Rule,
        verdict: &Verdict,
        shaper: &mut TextShaper,
    ) -> Result<Shown, CheckError> {
        let mut shown = Shown::default();
        let Some(input) = &verdict.place.input else {
            return Ok(shown);
        };
        // It was encoded before; where it cannot be again, the words stay.
        let Ok(run) = run_of(self.loaded, &input.input) else {
            return Ok(shown);
        };
        let Ok(maps) = self.maps_of(rule, &run) else {
            return Ok(shown);
        };
        let mut add = |side: Side, run: &Run, maps: &Maps<'_>, head: HeadId| {
            let figure = single_map(run, maps, MapId::Head(head), &FigureOptions::default());
            let figure = figure.map_err(OutputError::from)?;
            let [end, title] = side.words();
            let file = format!("rules/{index:03}-{end}.png");
            let title = format!("{head}: {title}");
            let picture = png(&figure, file, title, shaper)?;
            shown.pictures.push(picture);
            Ok::<_, CheckError>(())
        };
        match (&rule.check, verdict.place.head) {
            (Check::Tokens, _) => shown.tokens = self.tokens(&input.input, &run),
            (_, None) => {}
            (Check::Invariant { input, changed, .. }, Some(head)) => {
                let Ok(texts) = texts(self.loaded, input, changed) else {
                    return Ok(shown);
                };
                if let Ok(seen) = invariant(&texts) {
                    add(Side::Now, &texts[0], &seen.left, head)?;
                    add(Side::Changed, &texts[1], &seen.right, head)?;
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
            ) => {
                add(Side::Now, &run, &maps, head)?;
                if let Some((earlier, before)) = self.before(&run, &maps)? {
                    add(Side::Before, &earlier, &before, head)?;
                }
            }
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

    /// What the baseline has of a run, where it is of the same units and heads.
    fn before(
        &self,
        run: &Run,
        maps: &Maps<'_>,
    ) -> Result<Option<(Run, Maps<'static>)>, CheckError> {
        let Some(baseline) = self.baseline else {
            return Ok(None);
        };
        let Some(held) = baseline.find(&run.input) else {
            return Ok(None);
        };
        let units = run.units(StreamRole::Source);
        let is_alike = super::beside::other_tokens(held, units).is_none();
        let before = match is_alike {
            true => baseline.maps(held)?,
            false => return Ok(None),
        };
        if before.selection != maps.selection || before.rows != maps.rows {
            return Ok(None);
        }
        let earlier = Run {
            model: baseline.manifest.model.clone().into(),
            ..run.clone()
        };
        Ok(Some((earlier, before)))
    }

    /// Tokens of the baseline and those that there are, by the vocabulary.
    fn tokens(&self, input: &Input, run: &Run) -> Option<[Vec<String>; 2]> {
        let held = self.baseline?.find(input)?;
        let before = held.units.iter().map(|unit| &unit.text);
        let now = run.units(StreamRole::Source).iter();
        let now = now.map(|unit| &unit.text);
        Some([
            before.take(LISTED_TOKENS).cloned().collect(),
            now.take(LISTED_TOKENS).cloned().collect(),
        ])
    }
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
