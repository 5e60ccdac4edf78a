//! Makes or renews a baseline: what would change is known before anything is
//! written.

use std::collections::{BTreeMap, HashSet};
use std::io::Write;
use std::path::Path;
use std::sync::atomic::AtomicBool;

use super::CheckError;
use super::beside::beside;
use super::options::CheckOptions;
use super::run::too_tight;
use super::walk::{Failed, Visitor, check_sources, check_truncate, texts, walk};
use crate::analysis::{ReshapeOptions, reshape};
use crate::attention::HeadId;
use crate::batch::BatchModel;
use crate::compare::DifferenceMeasure;
use crate::compare::check::{Beside, InputName};
use crate::pipeline::OutputError;
use crate::run::Run;
use crate::store::baseline::{
    Baseline, BaselineError, BaselineManifest, BaselineWriter, Precision, data_path, is_baseline,
};
use crate::store::check_record::FailureRecord;
use crate::store::write::{StagedFile, report};

/// What a new baseline changes.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Accepted {
    /// Its inputs.
    pub inputs: usize,
    /// Inputs that were cut, and to how many tokens.
    pub cut: u64,
    /// Longer texts were cut to so many tokens.
    pub truncate: Option<usize>,
    /// What is said of the earlier one where it cannot be read.
    pub earlier_error: Option<String>,
    /// Whether there was an earlier one that could be read.
    pub has_earlier: bool,
    /// The model of the earlier one and the new one, where they differ.
    pub models: Option<[String; 2]>,
    /// Layers and heads of the earlier one and the new one, where they differ.
    pub shapes: Option<[[usize; 2]; 2]>,
    /// Precision of the earlier one and the new one, where they differ.
    pub precisions: Option<[Precision; 2]>,
    /// Whether the numbers are exact for no other reason than that they were.
    pub stays_exact: bool,
    /// What is to be said where a rule asks for more than the new one can tell.
    pub too_tight: Option<String>,
    /// Texts that are new.
    pub added: Vec<String>,
    /// Texts that go.
    pub removed: Vec<String>,
    /// Ids of inputs that have other tokens.
    pub other_tokens: Vec<String>,
    /// By measure, the head of an input that moved most, where one did.
    pub moved: BTreeMap<DifferenceMeasure, (f64, HeadId, String)>,
    /// Inputs that failed: with any, nothing can be written.
    pub failures: Vec<FailureRecord>,
}

impl Accepted {
    /// Whether anything is other than before.
    pub fn is_change(&self) -> bool {
        !self.has_earlier
            || self.models.is_some()
            || self.shapes.is_some()
            || self.precisions.is_some()
            || !self.added.is_empty()
            || !self.removed.is_empty()
            || !self.other_tokens.is_empty()
            || !self.moved.is_empty()
    }
}

/// A baseline that is complete and not in its place yet.
#[derive(Debug)]
pub struct Proposal {
    /// What it changes.
    pub accepted: Accepted,
    manifest: BaselineManifest,
    text: StagedFile,
    data: StagedFile,
}

impl Proposal {
    /// Puts both files into place, the numbers first: the text says whether they
    /// are the right ones.
    ///
    /// # Errors
    /// When inputs failed, or something cannot be written.
    pub fn write(self) -> Result<Accepted, CheckError> {
        let failed = self.accepted.failures.len() as u64;
        if failed > 0 {
            return Err(CheckError::InputsFailed { failed });
        }
        let mut text = self.text;
        let bytes = self.manifest.to_text()?;
        if let Err(error) = text.write_all(bytes.as_bytes()) {
            return Err(BaselineError::from(text.error(error)).into());
        }
        self.data.publish().map_err(BaselineError::from)?;
        text.publish().map_err(BaselineError::from)?;
        Ok(self.accepted)
    }
}

/// Makes a baseline of every input, beside the place that it is going to have,
/// and says what it changes.
///
/// # Errors
/// When something else than a baseline has the place, or nobody can say what
/// the new one holds.
pub fn propose(
    options: &CheckOptions,
    path: &Path,
    precision: Precision,
    model: BatchModel<'_>,
    interrupted: &AtomicBool,
) -> Result<Proposal, CheckError> {
    check_sources(options)?;
    check_truncate(options, model.loaded)?;
    let (earlier, earlier_error) = match Baseline::open(path, &options.rules_path) {
        Ok(earlier) => (Some(earlier), None),
        Err(BaselineError::NotThere { .. }) => (None, None),
        // A newer attnviz may still need it.
        Err(error @ BaselineError::OtherVersion { .. }) if !options.overwrite => {
            return Err(error.into());
        }
        // What was a baseline once is replaced.
        Err(error) if is_baseline(path) => (None, Some(error.to_string())),
        Err(error) => return Err(error.into()),
    };
    let data = data_path(path);
    if !path.exists() && data.exists() && !options.overwrite {
        let text = path.to_owned();
        return Err(BaselineError::DataWithoutText { data, text }.into());
    }
    // Exact numbers were asked for once, and do not become others in passing.
    let was_exact = earlier
        .as_ref()
        .is_some_and(|earlier| earlier.manifest.precision == Precision::F32);
    let stays_exact = was_exact && precision == Precision::U16 && !options.overwrite;
    let precision = match stays_exact {
        true => Precision::F32,
        false => precision,
    };
    // As an output's folder is made.
    report::make_folder(path).map_err(BaselineError::from)?;
    let text = StagedFile::create(path).map_err(BaselineError::from)?;
    let data = StagedFile::create(&data).map_err(BaselineError::from)?;
    let architecture = model.loaded.model.architecture();
    let shape = [architecture.layer_count(), architecture.head_count()];
    let mut accepted = Accepted {
        has_earlier: earlier.is_some(),
        earlier_error,
        stays_exact,
        truncate: options.truncate,
        ..Accepted::default()
    };
    if let Some(earlier) = &earlier {
        let before = &earlier.manifest;
        let other_model = before.model != *model.provenance;
        accepted.models = other_model.then(|| [before.model.name(), model.provenance.name()]);
        accepted.shapes = (before.shape() != shape).then(|| [before.shape(), shape]);
        let other_precision = before.precision != precision;
        accepted.precisions = other_precision.then_some([before.precision, precision]);
    }
    let provenance = model.provenance.clone();
    let mut keeping = Keeping {
        earlier: earlier.as_ref(),
        writer: BaselineWriter::new(data, provenance, shape, precision),
        accepted,
        met: HashSet::new(),
    };
    walk(options, model.loaded, interrupted, &mut keeping)?;
    let Keeping {
        writer,
        mut accepted,
        met,
        ..
    } = keeping;
    let (manifest, data) = writer.finish()?;
    accepted.too_tight = too_tight(options, &manifest).map(|error| error.to_string());
    accepted.inputs = manifest.inputs.len();
    let before = earlier.iter().flat_map(|earlier| &earlier.manifest.inputs);
    let removed = before.filter(|held| !met.contains(&texts(&held.input)));
    accepted.removed = removed.map(|held| texts(&held.input).join(" ‖ ")).collect();
    Ok(Proposal {
        accepted,
        manifest,
        text,
        data,
    })
}

/// Keeps inputs for a baseline.
struct Keeping<'a> {
    earlier: Option<&'a Baseline>,
    writer: BaselineWriter<StagedFile>,
    accepted: Accepted,
    /// The texts of every input.
    met: HashSet<Vec<String>>,
}

impl Keeping<'_> {
    /// What is new about an input.
    fn compare(&mut self, name: &InputName, beside: &Beside) {
        let accepted = &mut self.accepted;
        match beside {
            Beside::Nothing | Beside::Unknown => {
                accepted.added.push(texts(&name.input).join(" ‖ "));
            }
            Beside::OtherTokens { .. } => accepted.other_tokens.push(name.id.clone()),
            Beside::OtherHeads { .. } | Beside::Same(None) => {}
            Beside::Same(Some(found)) => {
                let least = |measure| {
                    let earlier = self.earlier.map(|earlier| &earlier.manifest);
                    earlier.map_or(0.0, |manifest| manifest.least(measure))
                };
                for &measure in DifferenceMeasure::ALL {
                    let Some(&(head, value)) = found.ranked(measure).first() else {
                        continue;
                    };
                    let before = accepted.moved.get(&measure).map_or(0.0, |moved| moved.0);
                    // What rounding does is no move.
                    if value > before && value > least(measure) {
                        let moved = (value, head, name.id.clone());
                        accepted.moved.insert(measure, moved);
                    }
                }
            }
        }
    }
}

impl Visitor for Keeping<'_> {
    fn see(&mut self, name: &InputName, run: &Run) -> Result<(), CheckError> {
        // A text that stands twice is kept once: it is found by what it says.
        if !self.met.insert(texts(&name.input)) {
            return Ok(());
        }
        let attention = run.attention.first().ok_or(OutputError::NoAttention)?;
        let maps = reshape(run, attention, &ReshapeOptions::default());
        let maps = maps.map_err(OutputError::from)?;
        let beside = beside(self.earlier, run, &maps, true)?;
        self.accepted.cut += u64::from(run.dropped() > 0);
        self.compare(name, &beside);
        let added = self.writer.add(run, attention, &maps);
        let written = added.map_err(|source| self.writer.sink().error(source));
        Ok(written.map_err(BaselineError::from)?)
    }

    fn fail(&mut self, failed: Failed) {
        self.accepted.failures.push(failed.record);
    }
}
