//! The folder of a check and its reports.

use std::collections::BTreeSet;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::CheckError;
use super::looks::Looks;
use super::options::CheckOptions;
use super::pictures::Shown;
use crate::batch::report::{
    CheckLook, write_check_junit, write_check_page, write_check_summary, write_error_junit,
    write_error_summary,
};
use crate::batch::{BatchError, ReportFile, Reports};
use crate::store::batch_records::PAGE;
use crate::store::check_record::{CHECK_KIND, CHECK_SCHEMA_VERSION, CheckRecord};
use crate::store::folder::folder_name;
use crate::store::write::{Change, StagedFolder, WriteError, beneath, check_root, report};
use crate::store::{MANIFEST, manifest_json};

/// What may become of the folder.
pub(super) enum Claim {
    /// There is none yet.
    Free,
    /// An earlier check's, whose files go where they are not written again.
    Own(Box<CheckRecord>),
    /// Nothing is in it, or what is stays.
    Other,
}

/// Whether the check may have its folder; asked before any work is done.
pub(super) fn claim(options: &CheckOptions) -> Result<Claim, CheckError> {
    let path = &options.output;
    check_root(path)?;
    let Ok(mut entries) = fs::read_dir(path) else {
        return Ok(Claim::Free);
    };
    if entries.next().is_none() {
        return Ok(Claim::Other);
    }
    let bytes = beneath::read(path, MANIFEST).ok();
    let record = bytes.and_then(|bytes| serde_json::from_slice::<CheckRecord>(&bytes).ok());
    match record {
        Some(record)
            if record.kind == CHECK_KIND
                && (is_of_the_same_rules(&record, options) || options.overwrite) =>
        {
            Ok(Claim::Own(Box::new(record)))
        }
        Some(_) | None if options.overwrite => Ok(Claim::Other),
        Some(_) | None => Err(CheckError::Taken { path: path.clone() }),
    }
}

/// Whether a check is one of this rules file: of the same name, and in the same
/// place or, where that has been moved, of the same content.
fn is_of_the_same_rules(record: &CheckRecord, options: &CheckOptions) -> bool {
    record.rules_file == options.rules_name()
        && (record.rules_place_sha256 == options.rules_place()
            || record.rules_sha256 == options.rules_sha256)
}

/// So many digits of a hash tell two rules files apart.
const HASH_LENGTH: usize = 8;

/// The folder of a check that names none: called after the rules file, and,
/// where that one holds something else, with a hash of the file's place
/// behind.
pub fn default_output(options: &CheckOptions, root: &Path) -> PathBuf {
    let stem = options.rules_path.file_stem();
    let stem = stem.map_or_else(String::new, |stem| stem.to_string_lossy().into_owned());
    let name = format!("check-{}", folder_name(&[&stem]));
    let plain = CheckOptions {
        output: root.join(&name),
        ..options.clone()
    };
    match claim(&plain) {
        Err(CheckError::Taken { .. }) => {
            let place = options.rules_place();
            let hash = place.get(..HASH_LENGTH).unwrap_or_default();
            root.join(format!("{name}-{hash}"))
        }
        Ok(_) | Err(_) => plain.output,
    }
}

/// Writes everything: pictures, the page, the manifest last; then the reports.
pub(super) fn publish(
    options: &CheckOptions,
    claim: Claim,
    record: &mut CheckRecord,
    shown: Vec<Shown>,
    looks: Looks,
) -> Result<(), CheckError> {
    write_folder(options, claim, record, shown, looks)?;
    write_reports(
        &options.reports,
        |out| write_check_summary(record, out),
        |out| write_check_junit(record, out),
    )
}

/// Writes both reports, where they were asked for: one that cannot be written is
/// no reason for the other to say what it said before.
fn write_reports(
    reports: &Reports,
    summary: impl FnOnce(&mut dyn Write) -> io::Result<()>,
    junit: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> Result<(), CheckError> {
    let summary = match &reports.summary {
        Some(file) => report::append(&file.path, summary).map_err(failed(file)),
        None => Ok(()),
    };
    let junit = match &reports.junit {
        Some(file) => report::replace(&file.path, junit).map_err(failed(file)),
        None => Ok(()),
    };
    Ok(summary.and(junit)?)
}

/// Writes the folder: pictures, the page, the manifest last.
fn write_folder(
    options: &CheckOptions,
    claim: Claim,
    record: &mut CheckRecord,
    shown: Vec<Shown>,
    looks: Looks,
) -> Result<(), CheckError> {
    let root = match options.output.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    let staged = StagedFolder::create(root)?;
    let mut look = CheckLook {
        inputs: looks.inputs,
        ..CheckLook::default()
    };
    for (rule, shown) in record.rules.iter_mut().zip(shown) {
        look.rules.push(shown.look);
        rule.tokens = shown.tokens;
        rule.notes = shown.notes;
        for (picture, bytes) in shown.pictures {
            record.files.push(staged.write(&picture.file, &bytes)?);
            look.pictures.insert(picture.file.clone(), bytes);
            rule.pictures.push(picture);
        }
    }
    let page = write_check_page(record, &look);
    let page = staged.write(PAGE, page.as_bytes())?;
    record.files.insert(0, page);
    staged.write(MANIFEST, &manifest_json(record)?)?;
    let change = change(options, claim, record)?;
    staged.publish(&options.output, change.as_ref())?;
    Ok(())
}

/// Says in the reports that were asked for that a check did not come to its end,
/// and in the folder of an earlier one, whose page would say that all is well.
///
/// # Errors
/// When one of them cannot be written.
pub fn report_error(options: &CheckOptions, error: &str) -> Result<(), CheckError> {
    let rules = options.rules_name();
    let reports = write_reports(
        &options.reports,
        |out| write_error_summary(&rules, error, out),
        |out| write_error_junit(&rules, error, out),
    );
    error_in_folder(options, error).and(reports)
}

/// Says it in the folder of an earlier check of these rules.
fn error_in_folder(options: &CheckOptions, error: &str) -> Result<(), CheckError> {
    // What is somebody else's stays.
    let Ok(Claim::Own(earlier)) = claim(options) else {
        return Ok(());
    };
    let mut record = CheckRecord {
        check_schema_version: CHECK_SCHEMA_VERSION,
        attnviz_version: env!("CARGO_PKG_VERSION").to_owned(),
        rules_sha256: options.rules_sha256.clone(),
        rules_place_sha256: options.rules_place(),
        error: Some(error.to_owned()),
        baseline: None,
        truncate: options.truncate,
        cut: 0,
        checked: 0,
        failed: 0,
        holding: 0,
        broken: 0,
        rules: Vec::new(),
        failures: Vec::new(),
        files: Vec::new(),
        ..(*earlier).clone()
    };
    let claim = Claim::Own(earlier);
    write_folder(options, claim, &mut record, Vec::new(), Looks::default())
}

fn failed(file: &ReportFile) -> impl FnOnce(WriteError) -> BatchError {
    let option = file.option;
    move |source| BatchError::Report { option, source }
}

/// What becomes of what is in the folder.
fn change(
    options: &CheckOptions,
    claim: Claim,
    record: &CheckRecord,
) -> Result<Option<Change>, CheckError> {
    let interim = CheckRecord {
        files: Vec::new(),
        ..record.clone()
    };
    let interim_manifest = Some(manifest_json(&interim)?);
    Ok(match claim {
        Claim::Free => None,
        Claim::Other => Some(Change {
            interim_manifest,
            outdated: Vec::new(),
        }),
        Claim::Own(earlier) => {
            let written: BTreeSet<&str> =
                record.files.iter().map(|file| file.name.as_str()).collect();
            // What somebody has changed since is somebody's.
            let outdated = earlier
                .files
                .iter()
                .filter(|file| !written.contains(file.name.as_str()))
                .filter(|file| beneath::is_as_listed(&options.output, &file.name, &file.sha256));
            Some(Change {
                interim_manifest,
                outdated: outdated.map(|file| PathBuf::from(&file.name)).collect(),
            })
        }
    })
}
