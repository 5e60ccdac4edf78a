//! The course of a check.

use std::collections::{BTreeSet, HashSet};
use std::sync::atomic::AtomicBool;

use super::CheckError;
use super::beside::beside;
use super::options::{CheckOptions, CheckOutcome};
use super::own_texts::see_own_texts;
use super::pictures::Show;
use super::publish::{claim, publish};
use super::walk::{Failed, Visitor, check_sources, check_truncate, texts, walk};
use crate::analysis::{ReshapeOptions, head_scores, reshape};
use crate::batch::BatchModel;
use crate::checkpoint::{FileDigest, ModelProvenance};
use crate::compare::DifferenceMeasure;
use crate::compare::check::{InputName, Judge, Seen, Verdict, labelled};
use crate::compare::rules::{Check, Rule, RuleKind};
use crate::pipeline::OutputError;
use crate::run::Run;
use crate::store::baseline::{Baseline, BaselineManifest};
use crate::store::check_record::{
    BaselineSummary, CHECK_KIND, CHECK_SCHEMA_VERSION, CheckRecord, FailureRecord, RuleRecord,
    RuleStatus,
};

/// Checks every rule, and writes the check's folder and reports.
/// `interrupted` is looked at between inputs.
///
/// # Errors
/// When nobody can say whether the rules hold; a broken rule is no error.
pub fn check(
    options: &CheckOptions,
    model: BatchModel<'_>,
    interrupted: &AtomicBool,
) -> Result<CheckOutcome, CheckError> {
    check_sources(options)?;
    options.reports.check()?;
    check_truncate(options, model.loaded)?;
    let claim = claim(options)?;
    let baseline = open_baseline(options)?;
    let architecture = model.loaded.model.architecture();
    let rules = &options.rules.rules;
    let shape = [architecture.layer_count(), architecture.head_count()];
    let mut looking = Looking {
        baseline: baseline.as_ref(),
        judge: Judge::new(rules, shape),
        needs: Needs::of(rules),
        met: HashSet::new(),
        checked: 0,
        cut: 0,
        failures: Vec::new(),
    };
    let file_warnings = walk(options, model.loaded, interrupted, &mut looking)?;
    let Looking {
        mut judge,
        met,
        checked,
        cut,
        failures,
        ..
    } = looking;
    if let Some(baseline) = &baseline {
        judge.lacks(&unmet(baseline, &met));
    }
    let own_cut = see_own_texts(rules, model.loaded, options.truncate, &mut judge)?;
    let verdicts = judge.verdicts();
    let show = Show {
        rules,
        loaded: model.loaded,
        baseline: baseline.as_ref(),
        truncate: options.truncate,
    };
    let (shown, looks) = show.all(&verdicts)?;
    let mut record = CheckRecord {
        check_schema_version: CHECK_SCHEMA_VERSION,
        kind: CHECK_KIND.to_owned(),
        attnviz_version: env!("CARGO_PKG_VERSION").to_owned(),
        rules_file: options.rules_name(),
        rules_sha256: options.rules_sha256.clone(),
        rules_place_sha256: options.rules_place(),
        model: model.provenance.clone(),
        error: None,
        baseline: baseline.as_ref().map(|baseline| BaselineSummary {
            model: baseline.manifest.model.name(),
            is_same_model: baseline.manifest.model == *model.provenance,
            differing_files: differing_files(&baseline.manifest.model, model.provenance),
            precision: baseline.manifest.precision,
            inputs: baseline.manifest.inputs.len(),
        }),
        truncate: options.truncate,
        cut: cut + own_cut.iter().sum::<u64>(),
        checked,
        failed: failures.len() as u64,
        holding: verdicts.iter().filter(|verdict| verdict.holds).count(),
        broken: verdicts.iter().filter(|verdict| !verdict.holds).count(),
        rules: rules
            .iter()
            .zip(&verdicts)
            .map(|(rule, verdict)| record_of(rule, verdict))
            .collect(),
        failures,
        files: Vec::new(),
    };
    publish(options, claim, &mut record, shown, looks)?;
    Ok(CheckOutcome {
        record,
        file_warnings,
    })
}

/// The files of two states of a model that differ, or that only one of them has.
fn differing_files(before: &ModelProvenance, now: &ModelProvenance) -> Vec<String> {
    let all = before.files.iter().chain(&now.files);
    let is_shared = |name: &str| {
        let of = |files: &[FileDigest]| {
            let mut files = files.iter();
            files.find(|file| file.name == name).cloned()
        };
        of(&before.files) == of(&now.files)
    };
    let names: BTreeSet<&str> = all.map(|file| file.name.as_str()).collect();
    let differing = names.into_iter().filter(|name| !is_shared(name));
    differing.map(str::to_owned).collect()
}

/// The baseline that the rules ask for, where they do, and whether it can tell
/// what they ask for.
fn open_baseline(options: &CheckOptions) -> Result<Option<Baseline>, CheckError> {
    let asked = options.rules.need_baseline();
    let Some(path) = options.baseline.as_deref().filter(|_| asked) else {
        return Ok(None);
    };
    let baseline = Baseline::open(path, &options.rules_path)?;
    match too_tight(options, &baseline.manifest) {
        Some(error) => Err(error),
        None => Ok(Some(baseline)),
    }
}

/// What is to be said where a rule asks for more than a baseline can tell.
pub(super) fn too_tight(options: &CheckOptions, manifest: &BaselineManifest) -> Option<CheckError> {
    options.rules.rules.iter().find_map(|rule| {
        let (measure, bounds): (DifferenceMeasure, Vec<f64>) = match &rule.check {
            Check::Difference {
                measure, at_most, ..
            } => (*measure, vec![*at_most]),
            Check::Drift {
                measure, limits, ..
            } => (*measure, limits.numbers().collect()),
            Check::Tokens
            | Check::Head { .. }
            | Check::Layer { .. }
            | Check::Link { .. }
            | Check::Invariant { .. } => return None,
        };
        let least = manifest.least(measure);
        let bound = bounds.into_iter().find(|bound| *bound < least)?;
        Some(CheckError::TooTight {
            place: rule.place,
            name: rule.name.clone(),
            measure: measure.name(),
            bound,
            least,
            rules: options.rules_path.clone(),
        })
    })
}

/// The texts of the baseline that no input has.
fn unmet(baseline: &Baseline, met: &HashSet<Vec<String>>) -> Vec<String> {
    let inputs = baseline.manifest.inputs.iter();
    let unmet = inputs.filter(|held| !met.contains(&texts(&held.input)));
    unmet.map(|held| texts(&held.input).join(" ‖ ")).collect()
}

/// What the rules need of an input.
#[derive(Clone, Copy)]
struct Needs {
    scores: bool,
    maps: bool,
}

impl Needs {
    fn of(rules: &[Rule]) -> Self {
        let any = |needs: fn(RuleKind) -> bool| {
            let mut kinds = rules.iter().map(|rule| rule.check.kind());
            kinds.any(needs)
        };
        Self {
            scores: any(RuleKind::needs_scores),
            maps: any(RuleKind::compares_maps),
        }
    }
}

/// Looks at inputs for the rules.
struct Looking<'a> {
    baseline: Option<&'a Baseline>,
    judge: Judge<'a>,
    needs: Needs,
    /// The texts of every input that could be read.
    met: HashSet<Vec<String>>,
    checked: u64,
    /// Inputs that were cut.
    cut: u64,
    failures: Vec<FailureRecord>,
}

impl Visitor for Looking<'_> {
    fn see(&mut self, name: &InputName, run: &Run) -> Result<(), CheckError> {
        let attention = run.attention.first().ok_or(OutputError::NoAttention)?;
        let maps = reshape(run, attention, &ReshapeOptions::default());
        let maps = maps.map_err(OutputError::from)?;
        let beside = beside(self.baseline, run, &maps, self.needs.maps)?;
        let scores = self.needs.scores.then(|| head_scores(run, attention));
        let labels = labelled(&maps.rows);
        self.judge.see(&Seen {
            name,
            labels: &labels,
            scores: scores.as_ref(),
            beside: &beside,
        });
        self.met.insert(texts(&name.input));
        self.checked += 1;
        self.cut += u64::from(run.dropped() > 0);
        Ok(())
    }

    fn fail(&mut self, failed: Failed) {
        self.met.extend(failed.input.as_ref().map(texts));
        self.failures.push(failed.record);
    }
}

fn record_of(rule: &Rule, verdict: &Verdict) -> RuleRecord {
    let place = &verdict.place;
    RuleRecord {
        name: rule.name.clone(),
        kind: rule.check.kind().header().to_owned(),
        line: rule.place.line,
        status: match verdict.holds {
            true => RuleStatus::Holds,
            false => RuleStatus::Broken,
        },
        found: verdict.found,
        expected: verdict.expected.clone(),
        message: verdict.message.clone(),
        input: place.input.as_ref().map(|input| input.id.clone()),
        texts: place
            .input
            .as_ref()
            .map(|input| texts(&input.input))
            .unwrap_or_default(),
        layer: place.head.map(|head| head.layer),
        head: place.head.map(|head| head.head),
        query: place.query.as_ref().map(|(label, _)| label.clone()),
        query_position: place.query.as_ref().map(|(_, position)| *position),
        key: place.key.as_ref().map(|(label, _)| label.clone()),
        key_position: place.key.as_ref().map(|(_, position)| *position),
        pictures: Vec::new(),
        tokens: None,
        notes: Vec::new(),
    }
}
