//! The end of a comparison over many inputs: tables, numbers, pictures and the
//! page, out of what all inputs came to.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::PathBuf;

use super::models::FilesRead;
use super::options::ManyOptions;
use super::outcome::ManyOutcome;
use super::page::write_page;
use super::pictures::{self, Pictures};
use super::tally::Tally;
use super::{DiffError, ManySides, Source};
use crate::analysis::Score;
use crate::compare::{DifferenceMeasure, ManyDifferences, Quantity};
use crate::digest::{HashingWriter, sha256_of};
use crate::pipeline::OutputError;
use crate::store::batch_records::{RESULTS, ResultReader};
use crate::store::diff::{
    DiffManifest, HEADS_TABLE, InputsRecord, NUMBERS, PAGE, ROWS_OF_MANY, SideRecord, many_arrays,
};
use crate::store::numbers::encode_comparison;
use crate::store::tables::write_differences;
use crate::store::write::{StagedFolder, WriteError};
use crate::store::{FileRecord, OptionsRecord};

impl ManyOptions {
    /// The options that shape a file of the comparison.
    pub(super) fn record(&self) -> OptionsRecord {
        OptionsRecord {
            tokens: self.diff.granularity.to_string(),
            theme: self.diff.theme.to_string(),
            measure: Some(self.diff.ranked_by.typed().to_owned()),
            layers: self.selection.layer_indices(),
            heads: Some((&self.selection).into()),
            ..OptionsRecord::default()
        }
    }
}

/// Writes everything that speaks of all inputs into the staged folder, and says
/// what they came to.
pub(super) fn finish(
    mut tally: Tally<'_>,
    sides: &ManySides<'_>,
    source: &Source,
    read: FilesRead,
    records: [&SideRecord; 2],
) -> Result<(ManyOutcome, DiffManifest), DiffError> {
    check_ranked(&tally, sides)?;
    tally.close()?;
    let (options, staged) = (tally.options, tally.staged);
    let ids = ids_of_worst(&tally.many, staged)?;
    let id_of = |index: u64| ids.get(&index).cloned().unwrap_or_default();
    let mut csv = Vec::new();
    let written = write_differences(&tally.many, &id_of, &mut csv);
    written.map_err(at(HEADS_TABLE))?;
    let mut files = vec![written_file(options, staged, HEADS_TABLE, &csv)?];
    for name in [ROWS_OF_MANY, RESULTS] {
        let sha256 = File::open(staged.path().join(name)).and_then(sha256_of);
        files.push(FileRecord {
            name: name.to_owned(),
            sha256: sha256.map_err(at(name))?,
            options: options.record(),
        });
    }
    let [left, right] = records.map(SideRecord::clone);
    let mut manifest = DiffManifest::new(left, right);
    manifest.inputs = Some(InputsRecord {
        sha256: tally.sha256(),
        counts: tally.counts,
        files: read.input_files.clone(),
    });
    let arrays = many_arrays(&tally.many, &options.selection);
    for &format in &options.diff.formats {
        let bytes = encode_comparison(format, &arrays, &[], &options.selection, &manifest);
        if let Some(bytes) = bytes.map_err(OutputError::from)? {
            let name = format!("{NUMBERS}.{format}");
            files.push(written_file(options, staged, &name, &bytes)?);
        }
    }
    let names = records.map(|record| record.model.name());
    let names = names.each_ref().map(String::as_str);
    let pictures = pictures::draw(&tally, sides, source, names)?;
    files.extend(pictures.files.iter().cloned());
    let mut outcome = outcome(tally, read, &pictures, files, ids);
    manifest.notes = outcome.notes(options);
    let page = streamed(staged, |out| {
        write_page(&outcome, &pictures, options, records, staged, out)
    });
    let page = FileRecord {
        name: PAGE.to_owned(),
        sha256: page.map_err(at(PAGE))?,
        options: options.record(),
    };
    outcome.files.insert(0, page);
    Ok((outcome, manifest))
}

/// Whether heads can be ranked at all, where inputs are compared: of encoders, no
/// input has a score that decoders have, and without a number nothing differs.
fn check_ranked(tally: &Tally<'_>, sides: &ManySides<'_>) -> Result<(), DiffError> {
    let quantity = tally.ranked_by;
    if tally.counts.done == 0 || !tally.many.of(quantity).is_empty() {
        return Ok(());
    }
    let instead = match sides {
        ManySides::Scores(_) => Quantity::Score(Score::EntropyNormalized),
        ManySides::Models(_) | ManySides::Runs(_) => {
            Quantity::Measure(DifferenceMeasure::default())
        }
    };
    Err(DiffError::NoValue { quantity, instead })
}

fn outcome(
    tally: Tally<'_>,
    read: FilesRead,
    pictures: &Pictures,
    files: Vec<FileRecord>,
    ids: BTreeMap<u64, String>,
) -> ManyOutcome {
    ManyOutcome {
        counts: tally.counts,
        sha256: tally.sha256(),
        ranked_by: tally.ranked_by,
        ids,
        is_uniform: tally.is_uniform(),
        limits: tally.limits,
        worst: pictures
            .worst
            .iter()
            .map(|(input, ..)| input.clone())
            .collect(),
        unlike_count: tally.unlike_count,
        other_units_count: tally.other_units_count,
        units: tally.units,
        truncated_count: tally.truncated_count,
        first_truncated: tally.first_truncated,
        other_ids: tally.other_ids,
        unlike: tally.unlike,
        lacks_scores: tally.lacks_scores,
        failed: tally.failed,
        many: tally.many,
        input_files: read.input_files,
        file_warnings: read.warnings,
        missing_glyphs: pictures.missing_glyphs.clone(),
        files,
    }
}

/// Writes the page piece by piece, since it lists every input that could not be
/// compared, and returns its SHA-256.
fn streamed(
    staged: &StagedFolder,
    content: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> io::Result<String> {
    let file = BufWriter::new(staged.create_file(PAGE)?);
    let mut writer = HashingWriter::new(file);
    content(&mut writer)?;
    let (writer, sha256) = writer.finish();
    staged.sync_before(writer.into_inner()?)?;
    Ok(sha256)
}

/// What is said of a file that is not in its place yet.
fn at(name: &str) -> impl Fn(io::Error) -> WriteError {
    let path = PathBuf::from(name);
    move |source| WriteError {
        path: path.clone(),
        source,
    }
}

fn written_file(
    options: &ManyOptions,
    staged: &StagedFolder,
    name: &str,
    bytes: &[u8],
) -> Result<FileRecord, WriteError> {
    let digest = staged.write(name, bytes)?;
    Ok(FileRecord {
        name: digest.name,
        sha256: digest.sha256,
        options: options.record(),
    })
}

/// The ids of the inputs in which some head differs most, by their place: nobody
/// has kept all of them.
fn ids_of_worst(
    many: &ManyDifferences,
    staged: &StagedFolder,
) -> Result<BTreeMap<u64, String>, WriteError> {
    let worst = Quantity::all().flat_map(|quantity| many.of(quantity));
    let wanted: BTreeSet<u64> = worst.map(|found| found.worst_index).collect();
    let results = ResultReader::open(&staged.path().join(RESULTS)).map_err(at(RESULTS))?;
    let mut ids = BTreeMap::new();
    for (index, record) in (0..).zip(results) {
        let record = record.map_err(at(RESULTS))?;
        if wanted.contains(&index) {
            ids.insert(index, record.id);
        }
    }
    Ok(ids)
}
